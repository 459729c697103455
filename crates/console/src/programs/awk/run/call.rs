//! Calls of awk's own functions and of those that it brings along.

use super::super::function::{self, Argument};
use super::super::syntax::Expression;
use super::super::value::Value;
use super::variable::{Key, Slot};
use super::{MAX_CALLS, Ran, Run, Stop};
use sim::SortedMap;

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

impl Run {
    pub(super) fn formatted(&mut self, all: &[Expression]) -> Ran<String> {
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

    pub(super) fn call(&mut self, name: &str, arguments: &[Expression]) -> Ran<Value> {
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
        let mut locals = SortedMap::new();
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

    pub(super) fn builtin(&mut self, name: &str, arguments: &[Expression]) -> Ran<Value> {
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
