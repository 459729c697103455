//! awk's variables and arrays.

use std::rc::Rc;

use super::super::syntax::Expression;
use super::super::value::{Value, number_text};
use super::{Ran, Run, Stop};
use sim::SortedMap;

pub(super) type Array = SortedMap<Key, Value>;

/// An index. Numbers come before texts and in their order, so that `for (i in a)` goes through an array in a
/// way that is always the same.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Key {
    Number(i64),
    Text(Rc<str>),
}

impl Key {
    pub(super) fn of(text: &str) -> Key {
        match text.parse::<i64>() {
            Ok(number) if number.to_string() == text => Key::Number(number),
            _ => Key::Text(text.into()),
        }
    }

    pub(super) fn text(&self) -> String {
        match self {
            Key::Number(number) => number.to_string(),
            Key::Text(text) => text.to_string(),
        }
    }
}

/// A name's value.
#[derive(Clone, Debug)]
pub(super) enum Slot {
    Value(Value),
    Array(Array),
    /// An array of the caller's.
    Alias(Rc<str>),
}

impl Run {
    // ---- variables ----

    pub(super) fn slot(&self, name: &str) -> Option<&Slot> {
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

    pub(super) fn get(&self, name: &str) -> Value {
        match self.slot(name) {
            Some(Slot::Value(value)) => value.clone(),
            _ => Value::Unset,
        }
    }

    pub(super) fn set(&mut self, name: &str, value: Value) {
        *self.slot_mut(name) = Slot::Value(value);
    }

    /// An array, which a name without a value becomes.
    pub(super) fn array(&mut self, name: &str) -> Ran<&mut Array> {
        let slot = self.slot_mut(name);
        if matches!(slot, Slot::Value(Value::Unset)) {
            *slot = Slot::Array(Array::new());
        }
        match slot {
            Slot::Array(array) => Ok(array),
            _ => Err(Stop::Failed(format!("can't use {name} as array: it is a value"))),
        }
    }

    pub(super) fn key(&mut self, index: &[Expression]) -> Ran<Key> {
        let mut parts = Vec::new();
        for expression in index {
            let value = self.evaluate(expression)?;
            parts.push(value.text());
        }
        let between = self.get("SUBSEP").text();
        Ok(Key::of(&parts.join(&*between)))
    }

    pub(super) fn assign(&mut self, place: &Expression, value: Value) -> Ran<Value> {
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

    pub(super) fn index(&mut self, expression: &Expression) -> Ran<usize> {
        let number = self.evaluate(expression)?.number();
        if number < 0.0 {
            return Err(Stop::Failed(format!("trying to access out of range field {}", number_text(number))));
        }
        Ok(number as usize)
    }
}
