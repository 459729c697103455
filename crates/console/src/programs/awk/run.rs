//! A program of awk at work.

use std::collections::BTreeMap;
use std::rc::Rc;

use super::function::{self, Argument};
use super::syntax::{Expression, Program, Statement, When};
use super::value::{Value, number_text};
use crate::programs::feed::Out;
use crate::regex::Pattern;

/// What keeps a program from going on.
enum Stop {
    Next,
    Exit(i32),
    Break,
    Continue,
    Return(Value),
    Failed(String),
}

type Ran<T> = Result<T, Stop>;

/// Steps of a program on one record; more, and it does not end.
const MAX_STEPS: u32 = 2_000_000;
const MAX_CALLS: u32 = 100;
const LONGEST: usize = 4 << 20;

type Array = BTreeMap<Key, Value>;

/// An index. Numbers come before texts and in their order, so that `for (i in a)` goes through an array in a
/// way that is always the same.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
enum Key {
    Number(i64),
    Text(Rc<str>),
}

impl Key {
    fn of(text: &str) -> Key {
        match text.parse::<i64>() {
            Ok(number) if number.to_string() == text => Key::Number(number),
            _ => Key::Text(text.into()),
        }
    }

    fn text(&self) -> String {
        match self {
            Key::Number(number) => number.to_string(),
            Key::Text(text) => text.to_string(),
        }
    }
}

/// A name's value.
#[derive(Clone, Debug)]
enum Slot {
    Value(Value),
    Array(Array),
    /// An array of the caller's.
    Alias(Rc<str>),
}

#[derive(Clone)]
pub(super) struct Run {
    program: Rc<Program>,
    globals: BTreeMap<Rc<str>, Slot>,
    locals: Vec<BTreeMap<Rc<str>, Slot>>,
    /// The record and its fields, from 1.
    record: Rc<str>,
    fields: Vec<Value>,
    /// Which of the rules `from, to` are between the two.
    between: Vec<bool>,
    patterns: BTreeMap<Rc<str>, Rc<Pattern>>,
    random: u32,
    steps: u32,
    out: Out,
}

impl Run {
    pub(super) fn new(program: Program) -> Run {
        let between = vec![false; program.rules.len()];
        let mut run = Run {
            program: Rc::new(program),
            globals: BTreeMap::new(),
            locals: Vec::new(),
            record: "".into(),
            fields: Vec::new(),
            between,
            patterns: BTreeMap::new(),
            random: 1,
            steps: 0,
            out: Out::default(),
        };
        for (name, value) in
            [("FS", " "), ("OFS", " "), ("ORS", "\n"), ("RS", "\n"), ("SUBSEP", "\x1c"), ("OFMT", "%.6g")]
        {
            run.set(name, Value::Text(value.into()));
        }
        for name in ["NR", "NF", "FNR", "RSTART"] {
            run.set(name, Value::Number(0.0));
        }
        run.set("RLENGTH", Value::Number(-1.0));
        run
    }

    pub(super) fn set_text(&mut self, name: &str, text: &str) {
        let text = crate::escape::unescape(text, crate::escape::Style::Quoted).text();
        self.set(name, Value::input(&text));
    }

    pub(super) fn set_environment(&mut self, name: &str, value: &str) {
        let entry = self.globals.entry("ENVIRON".into()).or_insert_with(|| Slot::Array(Array::new()));
        if let Slot::Array(array) = entry {
            array.insert(Key::of(name), Value::input(value));
        }
    }

    pub(super) fn has_end(&self) -> bool {
        !self.program.end.is_empty()
    }

    /// Whether it looks at any input.
    pub(super) fn reads(&self) -> bool {
        !self.program.rules.is_empty() || self.has_end()
    }

    // ---- what the input brings ----

    fn take(&mut self, ran: Ran<()>, out: &mut Out) -> Option<i32> {
        let mut said = std::mem::take(&mut self.out);
        let code = match ran {
            Ok(()) | Err(Stop::Next | Stop::Break | Stop::Continue | Stop::Return(_)) => None,
            Err(Stop::Exit(code)) => Some(code),
            Err(Stop::Failed(text)) => {
                said.err += &format!("awk: {text}\n");
                Some(2)
            }
        };
        out.text += &said.text;
        out.err += &said.err;
        self.steps = 0;
        self.locals.clear();
        code
    }

    pub(super) fn begin(&mut self, out: &mut Out) -> Option<i32> {
        let program = self.program.clone();
        let ran = program.begin.iter().try_for_each(|block| self.block(block));
        self.take(ran, out)
    }

    pub(super) fn begin_file(&mut self, name: &str) {
        self.set("FILENAME", Value::Text(name.into()));
        self.set("FNR", Value::Number(0.0));
    }

    pub(super) fn record(&mut self, line: &str, out: &mut Out) -> Option<i32> {
        for name in ["NR", "FNR"] {
            let number = self.get(name).number() + 1.0;
            self.set(name, Value::Number(number));
        }
        let ran = self.set_record(line).and_then(|()| self.rules());
        self.take(ran, out)
    }

    pub(super) fn finish(&mut self, ended: Option<i32>, out: &mut Out) -> i32 {
        let program = self.program.clone();
        let failed = ended == Some(2);
        if failed {
            return 2;
        }
        let ran = program.end.iter().try_for_each(|block| self.block(block));
        self.take(ran, out).or(ended).unwrap_or(0)
    }

    fn rules(&mut self) -> Ran<()> {
        let program = self.program.clone();
        for (at, rule) in program.rules.iter().enumerate() {
            let fits = match &rule.when {
                When::Always => true,
                When::Holds(expression) => self.evaluate(expression)?.holds(),
                When::Between(from, to) => {
                    let inside = self.between.get(at).copied().unwrap_or(false);
                    let fits = inside || self.evaluate(from)?.holds();
                    let stays = fits && !self.evaluate(to)?.holds();
                    if let Some(slot) = self.between.get_mut(at) {
                        *slot = stays;
                    }
                    fits
                }
            };
            match (&rule.action, fits) {
                (_, false) => {}
                (Some(action), true) => self.block(action)?,
                (None, true) => self.print(&[])?,
            }
        }
        Ok(())
    }

    // ---- records and fields ----

    fn set_record(&mut self, line: &str) -> Ran<()> {
        self.record = line.into();
        let separator = self.get("FS").text();
        let parts = self.split(line, &separator)?;
        self.fields = parts.iter().map(|part| Value::input(part)).collect();
        self.set("NF", Value::Number(self.fields.len() as f64));
        Ok(())
    }

    fn split(&mut self, text: &str, separator: &str) -> Ran<Vec<String>> {
        if text.is_empty() {
            return Ok(Vec::new());
        }
        if separator == " " {
            return Ok(text.split_whitespace().map(str::to_owned).collect());
        }
        if separator.is_empty() {
            return Ok(text.chars().map(String::from).collect());
        }
        let mut chars = separator.chars();
        if let (Some(c), None) = (chars.next(), chars.next())
            && c != '\\'
        {
            return Ok(text.split(c).map(str::to_owned).collect());
        }
        let pattern = self.pattern(separator)?;
        let (mut parts, mut at) = (Vec::new(), 0);
        for (from, to) in pattern.all(text).into_iter().filter(|(from, to)| to > from) {
            parts.push(text.get(at..from).unwrap_or_default().to_owned());
            at = to;
        }
        parts.push(text.get(at..).unwrap_or_default().to_owned());
        Ok(parts)
    }

    fn join_record(&mut self) {
        let between = self.get("OFS").text();
        let texts: Vec<Rc<str>> = self.fields.iter().map(Value::text).collect();
        self.record = texts.join(&*between).into();
    }

    fn field(&self, at: usize) -> Value {
        match at {
            0 => Value::input(&self.record),
            at => self.fields.get(at - 1).cloned().unwrap_or(Value::Unset),
        }
    }

    fn set_field(&mut self, at: usize, value: Value) -> Ran<()> {
        if at == 0 {
            return self.set_record(&value.text());
        }
        if at > 10_000 {
            return Err(Stop::Failed(format!("trying to access out of range field {at}")));
        }
        if self.fields.len() < at {
            self.fields.resize(at, Value::Text("".into()));
        }
        if let Some(field) = self.fields.get_mut(at - 1) {
            *field = value;
        }
        self.globals.insert("NF".into(), Slot::Value(Value::Number(self.fields.len() as f64)));
        self.join_record();
        Ok(())
    }

    // ---- variables ----

    fn slot(&self, name: &str) -> Option<&Slot> {
        let local = self.locals.last().and_then(|locals| locals.get(name));
        match local {
            Some(Slot::Alias(global)) => self.globals.get(global),
            Some(slot) => Some(slot),
            None => self.globals.get(name),
        }
    }

    fn slot_mut(&mut self, name: &str) -> &mut Slot {
        let alias = match self.locals.last().and_then(|locals| locals.get(name)) {
            Some(Slot::Alias(global)) => Some(global.clone()),
            _ => None,
        };
        let name = alias.as_deref().unwrap_or(name);
        match self.locals.last_mut().filter(|locals| alias.is_none() && locals.contains_key(name)) {
            Some(locals) => locals.entry(name.into()).or_insert(Slot::Value(Value::Unset)),
            None => self.globals.entry(name.into()).or_insert(Slot::Value(Value::Unset)),
        }
    }

    fn get(&self, name: &str) -> Value {
        match self.slot(name) {
            Some(Slot::Value(value)) => value.clone(),
            _ => Value::Unset,
        }
    }

    fn set(&mut self, name: &str, value: Value) {
        *self.slot_mut(name) = Slot::Value(value);
    }

    /// An array, which a name without a value becomes.
    fn array(&mut self, name: &str) -> Ran<&mut Array> {
        let slot = self.slot_mut(name);
        if matches!(slot, Slot::Value(Value::Unset)) {
            *slot = Slot::Array(Array::new());
        }
        match slot {
            Slot::Array(array) => Ok(array),
            _ => Err(Stop::Failed(format!("can't use {name} as array: it is a value"))),
        }
    }

    fn key(&mut self, index: &[Expression]) -> Ran<Key> {
        let mut parts = Vec::new();
        for expression in index {
            let value = self.evaluate(expression)?;
            parts.push(value.text());
        }
        let between = self.get("SUBSEP").text();
        Ok(Key::of(&parts.join(&*between)))
    }

    fn assign(&mut self, place: &Expression, value: Value) -> Ran<Value> {
        match place {
            Expression::Variable(name) => {
                self.set(name, value.clone());
                if **name == *"NF" {
                    let count = (value.number().max(0.0) as usize).min(10_000);
                    self.fields.resize(count, Value::Text("".into()));
                    self.join_record();
                }
            }
            Expression::Element(name, index) => {
                let key = self.key(index)?;
                let array = self.array(name)?;
                if array.len() > 100_000 {
                    return Err(Stop::Failed(format!("the array {name} grows too large")));
                }
                array.insert(key, value.clone());
            }
            Expression::Field(index) => {
                let at = self.index(index)?;
                self.set_field(at, value.clone())?;
            }
            _ => return Err(Stop::Failed("assignment to something that is no variable".to_owned())),
        }
        Ok(value)
    }

    fn index(&mut self, expression: &Expression) -> Ran<usize> {
        let number = self.evaluate(expression)?.number();
        if number < 0.0 {
            return Err(Stop::Failed(format!("trying to access out of range field {}", number_text(number))));
        }
        Ok(number as usize)
    }

    fn pattern(&mut self, text: &str) -> Ran<Rc<Pattern>> {
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
    fn pattern_of(&mut self, expression: &Expression) -> Ran<Rc<Pattern>> {
        match expression {
            Expression::Regex(pattern) => Ok(pattern.clone()),
            other => {
                let text = self.evaluate(other)?.text();
                self.pattern(&text)
            }
        }
    }

    // ---- statements ----

    fn block(&mut self, statements: &[Statement]) -> Ran<()> {
        statements.iter().try_for_each(|statement| self.statement(statement))
    }

    fn count(&mut self) -> Ran<()> {
        self.steps += 1;
        if self.steps > MAX_STEPS || self.out.text.len() > LONGEST {
            return Err(Stop::Failed("the program does not come to an end".to_owned()));
        }
        Ok(())
    }

    /// A loop's body; false when the loop is left.
    fn round(&mut self, body: &[Statement]) -> Ran<bool> {
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

    fn print(&mut self, all: &[Expression]) -> Ran<()> {
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

    fn formatted(&mut self, all: &[Expression]) -> Ran<String> {
        let mut values = Vec::new();
        for expression in all {
            values.push(self.evaluate(expression)?);
        }
        let Some((format, values)) = values.split_first() else { return Ok(String::new()) };
        let arguments: Vec<Argument> = values
            .iter()
            .map(|value| Argument {
                text: value.text().to_string(),
                number: value.number(),
                is_number: matches!(value, Value::Number(_)),
            })
            .collect();
        Ok(function::format(&format.text(), &arguments))
    }

    // ---- expressions ----

    fn evaluate(&mut self, expression: &Expression) -> Ran<Value> {
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

    fn call(&mut self, name: &str, arguments: &[Expression]) -> Ran<Value> {
        let program = self.program.clone();
        let Some(function) = program.functions.iter().find(|function| *function.name == *name) else {
            return Err(Stop::Failed(format!("function {name} not defined")));
        };
        if arguments.len() > function.parameters.len() {
            return Err(Stop::Failed(format!("function {name} called with too many arguments")));
        }
        if self.locals.len() as u32 >= MAX_CALLS {
            return Err(Stop::Failed(format!("function {name} calls itself without end")));
        }
        let mut locals = BTreeMap::new();
        for (at, parameter) in function.parameters.iter().enumerate() {
            let slot = match arguments.get(at) {
                None => Slot::Value(Value::Unset),
                // Arrays are passed as they are, values as copies.
                Some(Expression::Variable(name)) => match self.slot(name) {
                    Some(Slot::Array(array))
                        if self
                            .locals
                            .last()
                            .is_some_and(|locals| matches!(locals.get(name), Some(Slot::Array(_)))) =>
                    {
                        Slot::Array(array.clone())
                    }
                    Some(Slot::Array(_)) => match self.locals.last().and_then(|locals| locals.get(name)) {
                        Some(Slot::Alias(global)) => Slot::Alias(global.clone()),
                        _ => Slot::Alias(name.clone()),
                    },
                    _ => Slot::Value(self.get(name)),
                },
                Some(expression) => Slot::Value(self.evaluate(expression)?),
            };
            locals.insert(parameter.clone(), slot);
        }
        self.locals.push(locals);
        let ran = self.block(&function.body);
        self.locals.pop();
        match ran {
            Ok(()) => Ok(Value::Unset),
            Err(Stop::Return(value)) => Ok(value),
            Err(stop) => Err(stop),
        }
    }

    fn builtin(&mut self, name: &str, arguments: &[Expression]) -> Ran<Value> {
        match name {
            "split" => return self.split_into(arguments),
            "sub" | "gsub" => return self.substitute(arguments, name == "gsub"),
            "match" => return self.match_in(arguments),
            "sprintf" => return Ok(Value::Text(self.formatted(arguments)?.into())),
            "length" => {
                if let Some(Expression::Variable(name)) = arguments.first()
                    && let Some(Slot::Array(array)) = self.slot(name)
                {
                    return Ok(Value::Number(array.len() as f64));
                }
            }
            _ => {}
        }
        let mut values = Vec::new();
        for expression in arguments {
            values.push(self.evaluate(expression)?);
        }
        let value = |at: usize| values.get(at).cloned().unwrap_or(Value::Unset);
        let number = |at: usize| value(at).number();
        Ok(match name {
            "length" => {
                let text = if values.is_empty() { self.record.clone() } else { value(0).text() };
                Value::Number(text.chars().count() as f64)
            }
            "substr" => {
                let text = value(0).text();
                let start = number(1).round();
                let end = if values.len() > 2 { start + number(2).round() } else { f64::INFINITY };
                let inside = |at: &(usize, char)| (at.0 as f64 + 1.0) >= start && (at.0 as f64 + 1.0) < end;
                let part: String = text.chars().enumerate().filter(inside).map(|(_, c)| c).collect();
                Value::Text(part.into())
            }
            "index" => {
                let (text, wanted) = (value(0).text(), value(1).text());
                let at = text.find(&*wanted).map(|at| text.get(..at).unwrap_or_default().chars().count() + 1);
                Value::Number(at.unwrap_or(0) as f64)
            }
            "tolower" => Value::Text(value(0).text().to_lowercase().into()),
            "toupper" => Value::Text(value(0).text().to_uppercase().into()),
            "int" => Value::Number(number(0).trunc()),
            "sqrt" => Value::Number(number(0).sqrt()),
            "strtonum" => Value::Number(number(0)),
            "rand" => {
                self.random = self.random.wrapping_mul(1_103_515_245).wrapping_add(12_345);
                Value::Number(f64::from((self.random >> 16) & 0x7fff) / 32_768.0)
            }
            "srand" => {
                let before = self.random;
                self.random = number(0) as u32;
                Value::Number(f64::from(before))
            }
            _ => return Err(Stop::Failed(format!("{name} is not simulated"))),
        })
    }

    fn split_into(&mut self, arguments: &[Expression]) -> Ran<Value> {
        let [text, Expression::Variable(name), rest @ ..] = arguments else {
            return Err(Stop::Failed("split: the second argument is no array".to_owned()));
        };
        let text = self.evaluate(text)?.text();
        let parts = match rest.first() {
            None => {
                let separator = self.get("FS").text();
                self.split(&text, &separator)?
            }
            Some(Expression::Regex(pattern)) => {
                let (mut parts, mut at) = (Vec::new(), 0);
                for (from, to) in pattern.all(&text).into_iter().filter(|(from, to)| to > from) {
                    parts.push(text.get(at..from).unwrap_or_default().to_owned());
                    at = to;
                }
                if !text.is_empty() {
                    parts.push(text.get(at..).unwrap_or_default().to_owned());
                }
                parts
            }
            Some(separator) => {
                let separator = self.evaluate(separator)?.text();
                self.split(&text, &separator)?
            }
        };
        let count = parts.len();
        let array = self.array(name)?;
        array.clear();
        array.extend((1..).zip(parts).map(|(at, part)| (Key::Number(at), Value::input(&part))));
        Ok(Value::Number(count as f64))
    }

    fn substitute(&mut self, arguments: &[Expression], all: bool) -> Ran<Value> {
        let [pattern, with, rest @ ..] = arguments else { return Ok(Value::Number(0.0)) };
        let pattern = self.pattern_of(pattern)?;
        let with = self.evaluate(with)?.text();
        let record = Expression::Field(Box::new(Expression::Number(0.0)));
        let place = rest.first().unwrap_or(&record);
        let text = self.evaluate(place)?.text();
        let (mut out, mut at, mut count) = (String::new(), 0, 0);
        for (from, to) in pattern.all(&text) {
            out += text.get(at..from).unwrap_or_default();
            out += &replacement(&with, text.get(from..to).unwrap_or_default());
            at = to;
            count += 1;
            if !all {
                break;
            }
        }
        if count > 0 {
            out += text.get(at..).unwrap_or_default();
            self.assign(place, Value::input(&out))?;
        }
        Ok(Value::Number(f64::from(count)))
    }

    fn match_in(&mut self, arguments: &[Expression]) -> Ran<Value> {
        let [text, pattern] = arguments else { return Ok(Value::Number(0.0)) };
        let text = self.evaluate(text)?.text();
        let pattern = self.pattern_of(pattern)?;
        let chars = |to: usize| text.get(..to).unwrap_or_default().chars().count();
        let (start, length) = match pattern.find(&text, 0) {
            Some((from, to)) => (chars(from) as f64 + 1.0, (chars(to) - chars(from)) as f64),
            None => (0.0, -1.0),
        };
        self.set("RSTART", Value::Number(start));
        self.set("RLENGTH", Value::Number(length));
        Ok(Value::Number(start))
    }
}

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

/// `&` stands for what was found, `\\&` for itself.
fn replacement(with: &str, found: &str) -> String {
    let mut out = String::new();
    let mut chars = with.chars();
    while let Some(c) = chars.next() {
        match c {
            '\\' => match chars.next() {
                Some('&') => out.push('&'),
                Some('\\') => out.push('\\'),
                Some(other) => out.extend(['\\', other]),
                None => out.push('\\'),
            },
            '&' => out.push_str(found),
            c => out.push(c),
        }
    }
    out
}
