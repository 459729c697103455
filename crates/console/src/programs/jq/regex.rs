//! `test`, `match`, `capture`, `scan`, `sub`, `gsub`, `split` with a pattern.

use std::rc::Rc;

use super::json::Json;
use super::run::{Env, Machine, Ran, failed};
use super::syntax::Filter;
use crate::regex::Pattern;

/// A pattern with what its flags say.
pub(super) struct Search {
    pattern: Pattern,
    global: bool,
}

impl Search {
    /// `flags`: `g` all matches, `i` whatever the case, `x` and others are refused.
    pub(super) fn new(pattern: &Json, flags: &Json) -> Ran<Search> {
        let (pattern, flags) = match (pattern, flags) {
            // `test(["a", "i"])`
            (Json::Array(items), Json::Null) => match items.as_slice() {
                [pattern] => (pattern.clone(), Json::Null),
                [pattern, flags] => (pattern.clone(), flags.clone()),
                _ => return failed("a pattern is one text, or a text and its flags"),
            },
            (pattern, flags) => (pattern.clone(), flags.clone()),
        };
        let Json::Text(text) = &pattern else {
            return failed(format!(
                "{} cannot be matched, as it is not a string",
                super::builtin::described(&pattern)
            ));
        };
        let flags = match &flags {
            Json::Text(flags) => flags.to_string(),
            _ => String::new(),
        };
        if let Some(strange) = flags.chars().find(|c| !matches!(c, 'g' | 'i' | 'n' | 's')) {
            return failed(format!("the flag {strange} is not simulated"));
        }
        match Pattern::perl(text, flags.contains('i')) {
            Ok(pattern) => Ok(Search { pattern, global: flags.contains('g') }),
            Err(error) => failed(format!("{text} (at offset 0) is not a valid regex: {error}")),
        }
    }

    pub(super) fn all(mut self) -> Search {
        self.global = true;
        self
    }

    pub(super) fn is_match(&self, text: &str) -> bool {
        self.pattern.is_match(text)
    }

    /// The matches: the whole and its groups, in bytes.
    fn found(&self, text: &str) -> Vec<Vec<Option<(usize, usize)>>> {
        let (mut all, mut at) = (Vec::new(), 0);
        while let Some(groups) = self.pattern.captures(text, at) {
            let Some((from, to)) = groups.first().copied().flatten() else { break };
            all.push(groups);
            if !self.global {
                break;
            }
            at = to;
            if to == from {
                let Some(c) = text.get(to..).and_then(|rest| rest.chars().next()) else { break };
                at += c.len_utf8();
            }
        }
        all
    }

    /// As `match` gives them.
    pub(super) fn matches(&self, text: &str) -> Vec<Json> {
        let names = self.pattern.group_names();
        let chars = |to: usize| text.get(..to).unwrap_or_default().chars().count() as f64;
        let piece = |range: Option<(usize, usize)>| -> Vec<(Rc<str>, Json)> {
            match range {
                Some((from, to)) => vec![
                    ("offset".into(), Json::Number(chars(from))),
                    ("length".into(), Json::Number(chars(to) - chars(from))),
                    ("string".into(), Json::text(text.get(from..to).unwrap_or_default())),
                ],
                None => vec![
                    ("offset".into(), Json::Number(-1.0)),
                    ("length".into(), Json::Number(0.0)),
                    ("string".into(), Json::Null),
                ],
            }
        };
        let one = |groups: Vec<Option<(usize, usize)>>| {
            let mut fields = piece(groups.first().copied().flatten());
            let captures = groups.iter().zip(&names).skip(1).map(|(range, name)| {
                let mut fields = piece(*range);
                let name = name.as_ref().map_or(Json::Null, |name| Json::text(name));
                fields.push(("name".into(), name));
                Json::object(fields)
            });
            fields.push(("captures".into(), Json::array(captures.collect())));
            Json::object(fields)
        };
        self.found(text).into_iter().map(one).collect()
    }

    /// Each match's named groups.
    fn named(&self, text: &str, groups: &[Option<(usize, usize)>]) -> Json {
        let names = self.pattern.group_names();
        let fields = groups.iter().zip(names).filter_map(|(range, name)| {
            let value = match range {
                Some((from, to)) => Json::text(text.get(*from..*to).unwrap_or_default()),
                None => Json::Null,
            };
            Some((name?.into(), value))
        });
        Json::object(fields.collect())
    }

    pub(super) fn captures(&self, text: &str) -> Vec<Json> {
        self.found(text).iter().map(|groups| self.named(text, groups)).collect()
    }

    /// Texts, or lists of the groups' texts if there are groups.
    pub(super) fn scan(&self, text: &str) -> Vec<Json> {
        let value = |range: &Option<(usize, usize)>| match range {
            Some((from, to)) => Json::text(text.get(*from..*to).unwrap_or_default()),
            None => Json::Null,
        };
        let one = |groups: &Vec<Option<(usize, usize)>>| match groups.as_slice() {
            [whole] => value(whole),
            [_, rest @ ..] => Json::array(rest.iter().map(value).collect()),
            [] => Json::Null,
        };
        self.found(text).iter().map(one).collect()
    }

    pub(super) fn split(&self, text: &str) -> Vec<Json> {
        let (mut parts, mut at) = (Vec::new(), 0);
        for (from, to) in self.found(text).iter().filter_map(|groups| groups.first().copied().flatten()) {
            parts.push(Json::text(text.get(at..from).unwrap_or_default()));
            at = to;
        }
        parts.push(Json::text(text.get(at..).unwrap_or_default()));
        parts
    }

    /// Each match replaced by what the filter makes of its named groups.
    pub(super) fn replace(&self, machine: &mut Machine, text: &str, with: &Filter, env: &Env) -> Ran<Json> {
        let (mut out, mut at) = (String::new(), 0);
        for groups in self.found(text) {
            let Some((from, to)) = groups.first().copied().flatten() else { continue };
            out += text.get(at..from).unwrap_or_default();
            match machine.first(with, &self.named(text, &groups), env)? {
                Some(Json::Text(text)) => out += &text,
                Some(other) => {
                    return failed(format!(
                        "{} cannot be added to a string",
                        super::builtin::described(&other)
                    ));
                }
                None => {}
            }
            at = to;
        }
        out += text.get(at..).unwrap_or_default();
        Ok(Json::text(&out))
    }
}
