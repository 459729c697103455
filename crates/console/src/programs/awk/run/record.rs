//! The record that awk looks at, and its fields.

use std::rc::Rc;

use super::super::value::Value;
use super::variable::Slot;
use super::{Ran, Run, Stop};

impl Run {
    // ---- records and fields ----

    pub(super) fn set_record(&mut self, line: &str) -> Ran<()> {
        self.record = line.into();
        let separator = self.get("FS").text();
        let parts = self.split(line, &separator)?;
        self.fields = parts.iter().map(|part| Value::input(part)).collect();
        self.set("NF", Value::Number(self.fields.len() as f64));
        Ok(())
    }

    pub(super) fn split(&mut self, text: &str, separator: &str) -> Ran<Vec<String>> {
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

    pub(super) fn join_record(&mut self) {
        let between = self.get("OFS").text();
        let texts: Vec<Rc<str>> = self.fields.iter().map(Value::text).collect();
        self.record = texts.join(&*between).into();
    }

    pub(super) fn field(&self, at: usize) -> Value {
        match at {
            0 => Value::input(&self.record),
            at => self.fields.get(at - 1).cloned().unwrap_or(Value::Unset),
        }
    }

    pub(super) fn set_field(&mut self, at: usize, value: Value) -> Ran<()> {
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
}
