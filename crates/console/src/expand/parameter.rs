//! `$name`, `${name…}`, `$@` and the other parameters.

use std::rc::Rc;

use super::{Expanded, Expander, Fields, Pause};
use crate::env::Value;
use crate::glob::Pattern;
use crate::syntax::{Operation, Parameter, Replace, Word};

/// What a parameter stands for.
enum Found {
    Unset,
    One(String),
    /// `$@`, `${name[@]}`: each a field of its own; `star`: `$*`, joined by the first character of IFS.
    Many {
        items: Vec<String>,
        star: bool,
    },
}

impl Expander<'_> {
    pub(super) fn parameter(
        &mut self,
        parameter: &Parameter,
        quoted: bool,
        splits: bool,
        fields: &mut Fields,
    ) -> Expanded<()> {
        let found = match &parameter.operation {
            Operation::Indirect => {
                let name = self.env.get(&parameter.name).unwrap_or_default();
                self.find(&name, None)?
            }
            Operation::Keys => self.keys(&parameter.name),
            _ => self.find(&parameter.name, parameter.index.as_ref())?,
        };
        let found = self.operate(parameter, found)?;
        match found {
            Found::Unset => {
                if self.env.options.nounset && matches!(parameter.operation, Operation::None) {
                    return Err(Pause::Failed(format!("{}: unbound variable", parameter.name)));
                }
                if quoted {
                    fields.push("", true);
                }
            }
            Found::One(text) => self.value(&text, quoted, splits, fields),
            Found::Many { items, star } if star && quoted => {
                let separators = self.separators();
                let between: String = separators.chars().take(1).collect();
                fields.push(&items.join(&between), true);
            }
            Found::Many { items, .. } => {
                for (at, item) in items.iter().enumerate() {
                    if at > 0 {
                        fields.end();
                    }
                    match quoted || !splits {
                        true => fields.push(item, quoted),
                        false => self.value(item, false, true, fields),
                    }
                }
            }
        }
        Ok(())
    }

    fn find(&mut self, name: &str, index: Option<&Word>) -> Expanded<Found> {
        if let Some(index) = index {
            return self.element(name, index);
        }
        let arguments = &self.env.arguments;
        Ok(match name {
            "@" | "*" => Found::Many { items: arguments.to_vec(), star: name == "*" },
            "#" => Found::One(arguments.len().to_string()),
            "?" => Found::One(self.status.to_string()),
            "$" => Found::One("2149".to_owned()),
            "!" => self.background.map_or(Found::Unset, |pid| Found::One(pid.to_string())),
            "-" => Found::One(self.option_letters()),
            "0" => Found::One(self.env.name.to_string()),
            "RANDOM" => Found::One(self.env.next_random().to_string()),
            name if name.starts_with(|c: char| c.is_ascii_digit()) => {
                let at = name.parse::<usize>().unwrap_or(0).checked_sub(1);
                at.and_then(|at| arguments.get(at)).map_or(Found::Unset, |text| Found::One(text.clone()))
            }
            name => self.env.get(name).map_or(Found::Unset, |text| Found::One(text.to_string())),
        })
    }

    fn option_letters(&self) -> String {
        let options = &self.env.options;
        let all = [
            ('e', options.errexit),
            ('f', options.noglob),
            ('h', true),
            ('u', options.nounset),
            ('x', options.xtrace),
            ('B', true),
            ('C', options.noclobber),
        ];
        all.iter().filter(|(_, on)| *on).map(|(letter, _)| *letter).collect()
    }

    fn items(&self, name: &str) -> Vec<(usize, Rc<str>)> {
        match self.env.variable(name).and_then(|variable| variable.value.as_ref()) {
            Some(Value::Array(items)) => {
                let items = items.iter().enumerate();
                items.filter_map(|(at, item)| Some((at, item.clone()?))).collect()
            }
            Some(Value::Text(text)) => vec![(0, text.clone())],
            None => Vec::new(),
        }
    }

    fn element(&mut self, name: &str, index: &Word) -> Expanded<Found> {
        if let Some(all @ ("@" | "*")) = index.plain() {
            let items = self.items(name).into_iter().map(|(_, item)| item.to_string()).collect();
            return Ok(Found::Many { items, star: all == "*" });
        }
        let wanted = self.number(index)?;
        let items = self.items(name);
        let wanted = match items.last() {
            Some((last, _)) if wanted < 0 => *last as i64 + 1 + wanted,
            _ => wanted,
        };
        let found = items.into_iter().find(|(at, _)| *at as i64 == wanted);
        Ok(found.map_or(Found::Unset, |(_, item)| Found::One(item.to_string())))
    }

    fn keys(&self, name: &str) -> Found {
        let items = self.items(name).into_iter().map(|(at, _)| at.to_string()).collect();
        Found::Many { items, star: false }
    }

    fn operate(&mut self, parameter: &Parameter, found: Found) -> Expanded<Found> {
        let missing = |empty: bool| match &found {
            Found::Unset => true,
            Found::One(text) => empty && text.is_empty(),
            Found::Many { items, .. } => items.is_empty() || (empty && items.iter().all(String::is_empty)),
        };
        match &parameter.operation {
            Operation::None | Operation::Indirect | Operation::Keys => Ok(found),
            Operation::Length => Ok(Found::One(match found {
                Found::Unset => "0".to_owned(),
                Found::One(text) => text.chars().count().to_string(),
                Found::Many { items, .. } => items.len().to_string(),
            })),
            Operation::Default { empty, word } if missing(*empty) => Ok(Found::One(self.text(word)?)),
            Operation::Instead { empty, word } => match missing(*empty) {
                true => Ok(Found::One(String::new())),
                false => Ok(Found::One(self.text(word)?)),
            },
            Operation::Assign { empty, word } if missing(*empty) => {
                let text = self.text(word)?;
                let value = Value::Text(text.as_str().into());
                self.env.assign(&parameter.name, value).map_err(Pause::Failed)?;
                Ok(Found::One(text))
            }
            Operation::Fail { empty, word } if missing(*empty) => {
                let text = self.text(word)?;
                let text = match text.as_str() {
                    "" if *empty => "parameter null or not set",
                    "" => "parameter not set",
                    text => text,
                };
                Err(Pause::Failed(format!("{}: {text}", parameter.name)))
            }
            Operation::Default { .. } | Operation::Assign { .. } | Operation::Fail { .. } => Ok(found),
            Operation::CutStart { longest, pattern } => {
                let pattern = Pattern::new(&self.pattern(pattern)?);
                Ok(each(found, |text| {
                    let from = pattern.prefix(&text, *longest).unwrap_or(0);
                    text.get(from..).unwrap_or_default().to_owned()
                }))
            }
            Operation::CutEnd { longest, pattern } => {
                let pattern = Pattern::new(&self.pattern(pattern)?);
                Ok(each(found, |text| {
                    let to = pattern.suffix(&text, *longest).unwrap_or(text.len());
                    text.get(..to).unwrap_or_default().to_owned()
                }))
            }
            Operation::Replace { which, pattern, with } => {
                let pattern = Pattern::new(&self.pattern(pattern)?);
                let with = self.text(with)?;
                Ok(each(found, |text| replace(&text, *which, &pattern, &with)))
            }
            Operation::Part { from, length } => {
                let from = self.number(from)?;
                let length = length.as_ref().map(|length| self.number(length)).transpose()?;
                part(found, from, length)
            }
            Operation::Case { upper, all } => Ok(each(found, |text| change_case(&text, *upper, *all))),
        }
    }
}

fn each(found: Found, change: impl Fn(String) -> String) -> Found {
    match found {
        Found::Unset => Found::Unset,
        Found::One(text) => Found::One(change(text)),
        Found::Many { items, star } => Found::Many { items: items.into_iter().map(change).collect(), star },
    }
}

fn replace(text: &str, which: Replace, pattern: &Pattern, with: &str) -> String {
    match which {
        Replace::Start => match pattern.prefix(text, true) {
            Some(end) => format!("{with}{}", text.get(end..).unwrap_or_default()),
            None => text.to_owned(),
        },
        Replace::End => match pattern.suffix(text, true) {
            Some(start) => format!("{}{with}", text.get(..start).unwrap_or_default()),
            None => text.to_owned(),
        },
        Replace::First | Replace::All => {
            let (mut out, mut at) = (String::new(), 0);
            while let Some((from, to)) = pattern.find(text, at) {
                if to == from {
                    break;
                }
                out += text.get(at..from).unwrap_or_default();
                out += with;
                at = to;
                if which == Replace::First {
                    break;
                }
            }
            out + text.get(at..).unwrap_or_default()
        }
    }
}

/// `${name:from:length}`, of a text or of a list.
fn part(found: Found, from: i64, length: Option<i64>) -> Expanded<Found> {
    let range = |count: usize| -> Expanded<(usize, usize)> {
        let count = count as i64;
        let start = if from < 0 { (count + from).max(0) } else { from.min(count) };
        let end = match length {
            None => count,
            Some(length) if length < 0 => count + length,
            Some(length) => start.saturating_add(length).min(count),
        };
        if end < start {
            let wrong = length.unwrap_or(0);
            return Err(Pause::Failed(format!("{wrong}: substring expression < 0")));
        }
        Ok((start as usize, end as usize))
    };
    Ok(match found {
        Found::Unset => Found::Unset,
        Found::One(text) => {
            let (start, end) = range(text.chars().count())?;
            Found::One(text.chars().skip(start).take(end - start).collect())
        }
        Found::Many { items, star } => {
            // `$@` counts from 1.
            let (start, end) = range(items.len())?;
            let skip = if star || from > 0 { start.saturating_sub(1) } else { start };
            Found::Many { items: items.into_iter().skip(skip).take(end - start).collect(), star }
        }
    })
}

fn change_case(text: &str, upper: bool, all: bool) -> String {
    let change =
        |c: char| -> String { if upper { c.to_uppercase().collect() } else { c.to_lowercase().collect() } };
    let mut chars = text.chars();
    match all {
        true => chars.map(change).collect(),
        false => chars.next().map(change).unwrap_or_default() + chars.as_str(),
    }
}
