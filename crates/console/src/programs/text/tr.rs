//! `tr`.

use crate::escape::{Style, unescape};
use crate::glob::named_class;
use crate::programs::feed;
use crate::programs::options::Spec;
use crate::shell::program::{Cx, Program, Started, StepResult};
use crate::shell::streams::Input;

const SPEC: Spec = Spec {
    long: &[("delete", 'd'), ("squeeze-repeats", 's'), ("complement", 'c'), ("truncate-set1", 't')],
    stops: true,
    ..Spec::new("tr", "dscCt")
};

pub(in crate::programs) fn start(cx: &mut Cx<'_>, args: &[String]) -> Started {
    let options = match SPEC.parse(args) {
        Ok(options) => options,
        Err(misuse) => return feed::misuse(cx, &misuse),
    };
    let delete = options.has('d');
    let squeeze = options.has('s');
    let (from, to) = match options.operands.as_slice() {
        [from] if delete || squeeze => (from.clone(), None),
        [from, to] => (from.clone(), Some(to.clone())),
        [from] => {
            let text = format!(
                "tr: missing operand after ‘{from}’\nTwo strings must be given when translating.\nTry 'tr --help' for more information.\n"
            );
            return feed::refuse(cx, &text, 1);
        }
        [] => return feed::refuse(cx, "tr: missing operand\nTry 'tr --help' for more information.\n", 1),
        [_, _, extra, ..] => {
            let text = format!("tr: extra operand ‘{extra}’\nTry 'tr --help' for more information.\n");
            return feed::refuse(cx, &text, 1);
        }
    };
    let complement = options.has('c') || options.has('C');
    let tr = Tr {
        from: set(&from),
        to: to.as_deref().map(set).unwrap_or_default(),
        delete,
        squeeze,
        complement,
        last: None,
        partial: Vec::new(),
    };
    if !delete && !squeeze && tr.to.is_empty() {
        return feed::refuse(cx, "tr: when not truncating set1, string2 must be non-empty\n", 1);
    }
    Started::runs(tr)
}

/// The characters of `a-z`, `[:upper:]`, `\n`.
fn set(text: &str) -> Vec<char> {
    let chars: Vec<char> = unescape(text, Style::Quoted).text().chars().collect();
    let mut found = Vec::new();
    let mut at = 0;
    while let Some(c) = chars.get(at).copied() {
        at += 1;
        if c == '[' && chars.get(at) == Some(&':') {
            let rest = chars.get(at + 1..).unwrap_or_default();
            if let Some(end) = rest.iter().position(|c| *c == ':')
                && rest.get(end + 1) == Some(&']')
                && let Some(test) = named_class(&rest.iter().take(end).collect::<String>())
            {
                found.extend((0_u8..=127).map(char::from).filter(|c| test(*c)));
                at += end + 3;
                continue;
            }
        }
        match (chars.get(at), chars.get(at + 1)) {
            (Some('-'), Some(to)) if *to >= c => {
                found.extend(c..=*to);
                at += 2;
            }
            _ => found.push(c),
        }
        if found.len() > 70_000 {
            break;
        }
    }
    found
}

#[derive(Clone)]
struct Tr {
    from: Vec<char>,
    to: Vec<char>,
    delete: bool,
    squeeze: bool,
    complement: bool,
    last: Option<char>,
    /// The beginning of a character whose rest has not come yet.
    partial: Vec<u8>,
}

impl Tr {
    fn change(&mut self, text: &str) -> String {
        let mut out = String::with_capacity(text.len());
        for c in text.chars() {
            let place = self.from.iter().position(|known| *known == c);
            let is_in = place.is_some() != self.complement;
            if self.delete && is_in {
                continue;
            }
            let mut changed = c;
            if !self.delete && is_in && !self.to.is_empty() {
                let at = if self.complement { usize::MAX } else { place.unwrap_or(0) };
                changed = self.to.get(at).or(self.to.last()).copied().unwrap_or(c);
            }
            let squeezes = match (self.delete, self.to.is_empty()) {
                (false, true) => is_in,
                _ => self.to.contains(&changed),
            };
            if self.squeeze && squeezes && self.last == Some(changed) {
                continue;
            }
            self.last = Some(changed);
            out.push(changed);
        }
        out
    }
}

impl Program for Tr {
    fn step(&mut self, cx: &mut Cx<'_>) -> StepResult {
        match cx.read() {
            Input::Bytes(bytes) => {
                self.partial.extend(bytes);
                let whole = match std::str::from_utf8(&self.partial) {
                    Err(error) if error.error_len().is_none() => error.valid_up_to(),
                    _ => self.partial.len(),
                };
                let bytes: Vec<u8> = self.partial.drain(..whole).collect();
                let text = self.change(&String::from_utf8_lossy(&bytes));
                cx.out(&text);
                StepResult::Again
            }
            Input::Wait => cx.waits_for_input(0),
            Input::End => StepResult::Done(0),
        }
    }
}
