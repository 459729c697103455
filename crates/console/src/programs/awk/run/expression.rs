//! awk's expressions and patterns.

use std::rc::Rc;

use super::super::syntax::Expression;
use super::super::value::Value;
use super::{LONGEST, Ran, Run, Stop};
use crate::regex::Pattern;

fn truth(holds: bool) -> Value {
    Value::Number(f64::from(u8::from(holds)))
}

fn arithmetic(operator: &str, left: f64, right: f64) -> Ran<f64> {
    Ok(match operator {
        "+" => left + right,
        "-" => left - right,
        "*" => left * right,
        // Whole exponents only: other powers differ in their last digits from machine to machine.
        "^" if right == right.trunc() && right.abs() <= 1e6 => left.powi(right as i32),
        "^" => return Err(Stop::Failed("^ with a fraction is not simulated".to_owned())),
        _ if right == 0.0 => {
            let sign = if operator == "/" { "division by zero" } else { "division by zero in %" };
            return Err(Stop::Failed(sign.to_owned()));
        }
        "/" => left / right,
        _ => left % right,
    })
}

impl Run {
    pub(super) fn pattern(&mut self, text: &str) -> Ran<Rc<Pattern>> {
        if let Some(pattern) = self.patterns.get(text) {
            return Ok(pattern.clone());
        }
        let pattern =
            Pattern::extended(text, false).map_err(|error| Stop::Failed(format!("/{text}/: {error}")))?;
        let pattern = Rc::new(pattern);
        if self.patterns.len() > 100 {
            self.patterns.clear();
        }
        self.patterns.insert(text.into(), pattern.clone());
        Ok(pattern)
    }

    /// An expression as a pattern: what stands between slashes is not matched with the record first.
    pub(super) fn pattern_of(&mut self, expression: &Expression) -> Ran<Rc<Pattern>> {
        match expression {
            Expression::Regex(pattern) => Ok(pattern.clone()),
            other => {
                let text = self.evaluate(other)?.text();
                self.pattern(&text)
            }
        }
    }

    // ---- expressions ----

    pub(super) fn evaluate(&mut self, expression: &Expression) -> Ran<Value> {
        Ok(match expression {
            Expression::Number(number) => Value::Number(*number),
            Expression::Text(text) => Value::Text(text.clone()),
            Expression::Regex(pattern) => truth(pattern.is_match(&self.record)),
            Expression::Variable(name) => self.get(name),
            Expression::Element(name, index) => {
                let key = self.key(index)?;
                // To look at an element makes it.
                self.array(name)?.entry(key).or_insert(Value::Unset).clone()
            }
            Expression::Field(index) => {
                let at = self.index(index)?;
                self.field(at)
            }
            Expression::Assign(place, operator, value) => {
                let value = self.evaluate(value)?;
                let value = match operator {
                    None => value,
                    Some(operator) => {
                        let before = self.evaluate(place)?.number();
                        Value::Number(arithmetic(operator, before, value.number())?)
                    }
                };
                self.assign(place, value)?
            }
            Expression::Step(place, by, old) => {
                let before = self.evaluate(place)?.number();
                self.assign(place, Value::Number(before + by))?;
                Value::Number(if *old { before } else { before + by })
            }
            Expression::Binary(operator, left, right) => {
                let left = self.evaluate(left)?;
                let right = self.evaluate(right)?;
                self.binary(operator, &left, &right)?
            }
            Expression::And(left, right) => {
                truth(self.evaluate(left)?.holds() && self.evaluate(right)?.holds())
            }
            Expression::Or(left, right) => {
                truth(self.evaluate(left)?.holds() || self.evaluate(right)?.holds())
            }
            Expression::Not(inner) => truth(!self.evaluate(inner)?.holds()),
            Expression::Negative(inner) => Value::Number(-self.evaluate(inner)?.number()),
            Expression::Positive(inner) => Value::Number(self.evaluate(inner)?.number()),
            Expression::Choose(condition, yes, no) => match self.evaluate(condition)?.holds() {
                true => self.evaluate(yes)?,
                false => self.evaluate(no)?,
            },
            Expression::Match { text, pattern, negated } => {
                let text = self.evaluate(text)?.text();
                let pattern = self.pattern_of(pattern)?;
                truth(pattern.is_match(&text) != *negated)
            }
            Expression::In(index, array) => {
                let key = self.key(index)?;
                truth(self.array(array)?.contains_key(&key))
            }
            Expression::Call(name, arguments) => self.call(name, arguments)?,
            Expression::Builtin(name, arguments) => self.builtin(name, arguments)?,
        })
    }

    fn binary(&mut self, operator: &str, left: &Value, right: &Value) -> Ran<Value> {
        Ok(match operator {
            " " => {
                let text = format!("{}{}", left.text(), right.text());
                if text.len() > LONGEST {
                    return Err(Stop::Failed("a text grows too long".to_owned()));
                }
                Value::Text(text.into())
            }
            "<" => truth(left.compare(right).is_lt()),
            "<=" => truth(left.compare(right).is_le()),
            "==" => truth(left.compare(right).is_eq()),
            "!=" => truth(left.compare(right).is_ne()),
            ">" => truth(left.compare(right).is_gt()),
            ">=" => truth(left.compare(right).is_ge()),
            operator => Value::Number(arithmetic(operator, left.number(), right.number())?),
        })
    }
}
