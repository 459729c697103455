//! awk's statements.

use super::super::syntax::{Expression, Statement};
use super::super::value::Value;
use super::variable::Key;
use super::{LONGEST, MAX_STEPS, Ran, Run, Stop};

impl Run {
    // ---- statements ----

    pub(super) fn block(&mut self, statements: &[Statement]) -> Ran<()> {
        statements.iter().try_for_each(|statement| self.statement(statement))
    }

    pub(super) fn count(&mut self) -> Ran<()> {
        self.steps += 1;
        if self.steps > MAX_STEPS || self.out.text.len() > LONGEST {
            return Err(Stop::Failed("the program does not come to an end".to_owned()));
        }
        Ok(())
    }

    /// A loop's body; false when the loop is left.
    pub(super) fn round(&mut self, body: &[Statement]) -> Ran<bool> {
        match self.block(body) {
            Ok(()) | Err(Stop::Continue) => Ok(true),
            Err(Stop::Break) => Ok(false),
            Err(stop) => Err(stop),
        }
    }

    fn statement(&mut self, statement: &Statement) -> Ran<()> {
        self.count()?;
        match statement {
            Statement::Expression(expression) => {
                self.evaluate(expression)?;
            }
            Statement::Print(all) => self.print(all)?,
            Statement::Printf(all) => {
                let text = self.formatted(all)?;
                self.out.text += &text;
            }
            Statement::Block(block) => self.block(block)?,
            Statement::If(condition, yes, no) => match self.evaluate(condition)?.holds() {
                true => self.block(yes)?,
                false => self.block(no)?,
            },
            Statement::While(condition, body) => {
                while self.evaluate(condition)?.holds() {
                    self.count()?;
                    if !self.round(body)? {
                        break;
                    }
                }
            }
            Statement::DoWhile(body, condition) => loop {
                self.count()?;
                if !self.round(body)? || !self.evaluate(condition)?.holds() {
                    break;
                }
            },
            Statement::For(start, condition, step, body) => {
                if let Some(start) = start {
                    self.statement(start)?;
                }
                loop {
                    self.count()?;
                    let goes_on = match condition {
                        Some(condition) => self.evaluate(condition)?.holds(),
                        None => true,
                    };
                    if !goes_on || !self.round(body)? {
                        break;
                    }
                    if let Some(step) = step {
                        self.statement(step)?;
                    }
                }
            }
            Statement::ForIn(name, array, body) => {
                let keys: Vec<Key> = self.array(array)?.keys().cloned().collect();
                for key in keys {
                    self.count()?;
                    self.set(name, Value::input(&key.text()));
                    if !self.round(body)? {
                        break;
                    }
                }
            }
            Statement::Delete(name, None) => self.array(name)?.clear(),
            Statement::Delete(name, Some(index)) => {
                let key = self.key(index)?;
                self.array(name)?.remove(&key);
            }
            Statement::Next => return Err(Stop::Next),
            Statement::Exit(code) => {
                let code = match code {
                    Some(code) => self.evaluate(code)?.number() as i32,
                    None => 0,
                };
                return Err(Stop::Exit(code));
            }
            Statement::Return(value) => {
                let value = match value {
                    Some(value) => self.evaluate(value)?,
                    None => Value::Unset,
                };
                return Err(Stop::Return(value));
            }
            Statement::Break => return Err(Stop::Break),
            Statement::Continue => return Err(Stop::Continue),
        }
        Ok(())
    }

    pub(super) fn print(&mut self, all: &[Expression]) -> Ran<()> {
        let text = match all {
            [] => self.record.to_string(),
            all => {
                let between = self.get("OFS").text();
                let mut texts = Vec::new();
                for expression in all {
                    texts.push(self.evaluate(expression)?.text());
                }
                texts.join(&*between)
            }
        };
        let end = self.get("ORS").text();
        self.out.text += &text;
        self.out.text += &end;
        Ok(())
    }
}
