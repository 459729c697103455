//! `sort`.

use std::cmp::Ordering;

use crate::programs::feed;
use crate::programs::options::Spec;
use crate::programs::whole::{self, Work};
use crate::shell::program::{Cx, Started};

const SPEC: Spec = Spec {
    long: &[
        ("numeric-sort", 'n'),
        ("reverse", 'r'),
        ("unique", 'u'),
        ("key", 'k'),
        ("field-separator", 't'),
        ("human-numeric-sort", 'h'),
        ("version-sort", 'V'),
        ("ignore-case", 'f'),
        ("ignore-leading-blanks", 'b'),
        ("general-numeric-sort", 'g'),
        ("stable", 's'),
        ("output", 'o'),
        ("check", 'c'),
        ("random-sort", 'R'),
    ],
    code: 2,
    ..Spec::new("sort", "nruk:t:hVfbgdisMo:cR")
};

/// How two texts are compared.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
struct How {
    numeric: bool,
    human: bool,
    version: bool,
    fold: bool,
    blanks: bool,
    reverse: bool,
}

impl How {
    fn of(letters: &str) -> How {
        let has = |letter| letters.contains(letter);
        How {
            numeric: has('n') || has('g'),
            human: has('h'),
            version: has('V'),
            fold: has('f'),
            blanks: has('b'),
            reverse: has('r'),
        }
    }

    fn compare(&self, left: &str, right: &str) -> Ordering {
        let order = match self {
            How { human: true, .. } => human(left).total_cmp(&human(right)),
            How { numeric: true, .. } => number(left).total_cmp(&number(right)),
            How { version: true, .. } => version(left, right),
            How { fold: true, .. } => left.to_uppercase().cmp(&right.to_uppercase()),
            _ => left.cmp(right),
        };
        if self.reverse { order.reverse() } else { order }
    }
}

/// `-k 2,3n`: fields and characters count from 1; an end of 0 characters is the field's end.
#[derive(Clone, Copy, Debug)]
struct Key {
    start: (usize, usize),
    end: Option<(usize, usize)>,
    how: Option<How>,
}

fn key(text: &str) -> Option<Key> {
    let (start, end) = match text.split_once(',') {
        Some((start, end)) => (start, Some(end)),
        None => (text, None),
    };
    let mut letters = String::new();
    let mut place = |text: &str| -> Option<(usize, usize)> {
        let digits = text.trim_end_matches(|c: char| c.is_ascii_alphabetic());
        letters.push_str(text.get(digits.len()..)?);
        match digits.split_once('.') {
            Some((field, at)) => Some((field.parse().ok()?, at.parse().ok()?)),
            None => Some((digits.parse().ok()?, 0)),
        }
    };
    let start = place(start).filter(|(field, _)| *field > 0)?;
    let end = match end {
        Some(end) => Some(place(end)?),
        None => None,
    };
    let how = (!letters.is_empty()).then(|| How::of(&letters));
    Some(Key { start, end, how })
}

pub(in crate::programs) fn start(cx: &mut Cx<'_>, args: &[String]) -> Started {
    let options = match SPEC.parse(args) {
        Ok(options) => options,
        Err(misuse) => return feed::misuse(cx, &misuse),
    };
    if options.has('R') || options.has('M') {
        return feed::refuse(cx, "sort: -R and -M are not simulated\n", 2);
    }
    let letters: String = options.in_order().map(|(letter, _)| letter).collect();
    let separator = match options.value('t') {
        None => None,
        Some("\\0") => Some('\0'),
        Some(text) => match text.chars().collect::<Vec<_>>().as_slice() {
            [c] => Some(*c),
            [] => return feed::refuse(cx, "sort: empty tab\n", 2),
            _ => return feed::refuse(cx, &format!("sort: multi-character tab ‘{text}’\n"), 2),
        },
    };
    let mut keys = Vec::new();
    for text in options.values('k') {
        match key(text) {
            Some(key) => keys.push(key),
            None => {
                let said =
                    format!("sort: invalid number at field start: invalid count at start of ‘{text}’\n");
                return feed::refuse(cx, &said, 2);
            }
        }
    }
    let sort = Sort {
        how: How::of(&letters),
        keys,
        separator,
        unique: options.has('u'),
        stable: options.has('s'),
        check: options.has('c'),
        output: options.value('o').map(str::to_owned),
    };
    whole::start("sort", sort, options.operands, 2)
}

#[derive(Clone)]
struct Sort {
    how: How,
    keys: Vec<Key>,
    separator: Option<char>,
    unique: bool,
    stable: bool,
    check: bool,
    output: Option<String>,
}

/// Where each field of a line begins and ends; without a separator, fields begin with their blanks.
fn fields(line: &str, separator: Option<char>) -> Vec<(usize, usize)> {
    let mut found = Vec::new();
    let mut start = 0;
    match separator {
        Some(separator) => {
            for (at, c) in line.char_indices().filter(|(_, c)| *c == separator) {
                found.push((start, at));
                start = at + c.len_utf8();
            }
            found.push((start, line.len()));
        }
        None => {
            let mut filled = false;
            for (at, c) in line.char_indices() {
                let blank = c == ' ' || c == '\t';
                if blank && filled {
                    found.push((start, at));
                    start = at;
                    filled = false;
                }
                filled |= !blank;
            }
            found.push((start, line.len()));
        }
    }
    found
}

impl Sort {
    fn part<'l>(&self, line: &'l str, key: &Key, how: &How) -> &'l str {
        let fields = fields(line, self.separator);
        let from = |place: (usize, usize), skips: bool| -> usize {
            let Some((start, end)) = fields.get(place.0 - 1).copied() else { return line.len() };
            let text = line.get(start..end).unwrap_or_default();
            let blanks = if skips { text.len() - text.trim_start().len() } else { 0 };
            let rest = text.get(blanks..).unwrap_or_default();
            let chars: usize = rest.chars().take(place.1.saturating_sub(1)).map(char::len_utf8).sum();
            start + blanks + chars
        };
        let start = from(key.start, how.blanks || how.numeric || how.human);
        let end = match key.end {
            None => line.len(),
            Some((0, _)) => line.len(),
            Some((field, 0)) => fields.get(field - 1).map_or(line.len(), |(_, end)| *end),
            Some((field, at)) => from((field, at + 1), how.blanks),
        };
        line.get(start..end.max(start)).unwrap_or_default()
    }

    fn by_keys(&self, left: &str, right: &str) -> Ordering {
        if self.keys.is_empty() {
            return self.how.compare(left, right);
        }
        for key in &self.keys {
            let how = key.how.unwrap_or(self.how);
            let order = how.compare(self.part(left, key, &how), self.part(right, key, &how));
            if order != Ordering::Equal {
                return order;
            }
        }
        Ordering::Equal
    }

    fn compare(&self, left: &str, right: &str) -> Ordering {
        let order = self.by_keys(left, right);
        if order != Ordering::Equal || self.stable || self.unique {
            return order;
        }
        let last = left.cmp(right);
        if self.how.reverse { last.reverse() } else { last }
    }
}

impl Work for Sort {
    fn run(&mut self, cx: &mut Cx<'_>, inputs: Vec<Vec<u8>>) -> i32 {
        let text: String = inputs
            .iter()
            .map(|input| {
                let text = String::from_utf8_lossy(input).into_owned();
                if text.is_empty() || text.ends_with('\n') { text } else { text + "\n" }
            })
            .collect();
        let mut lines: Vec<&str> = text.split_terminator('\n').collect();
        if self.check {
            let wrong = lines.windows(2).position(|pair| match pair {
                [left, right] => self.compare(left, right) == Ordering::Greater,
                _ => false,
            });
            return match wrong.and_then(|at| lines.get(at + 1).map(|line| (at + 2, *line))) {
                Some((at, line)) => {
                    cx.err(&format!("sort: -:{at}: disorder: {line}\n"));
                    1
                }
                None => 0,
            };
        }
        lines.sort_by(|left, right| self.compare(left, right));
        if self.unique {
            lines.dedup_by(|left, right| self.by_keys(left, right) == Ordering::Equal);
        }
        let sorted: String = lines.iter().flat_map(|line| [*line, "\n"]).collect();
        match &self.output {
            None => cx.out(&sorted),
            Some(path) => {
                if let Err(why) = cx.write_file(path, sorted.as_bytes()) {
                    cx.err(&format!("sort: open failed: {path}: {why}\n"));
                    return 2;
                }
            }
        }
        0
    }
}

/// The number that a text begins with; 0 if it begins with none.
fn number(text: &str) -> f64 {
    let text = text.trim_start();
    let end = text
        .char_indices()
        .find(|(at, c)| !(c.is_ascii_digit() || *c == '.' || (*at == 0 && *c == '-')))
        .map_or(text.len(), |(at, _)| at);
    text.get(..end).and_then(|text| text.parse().ok()).unwrap_or(0.0)
}

/// As `number`, with K, M, G behind it.
fn human(text: &str) -> f64 {
    let trimmed = text.trim_start();
    let digits = trimmed.trim_start_matches(|c: char| c.is_ascii_digit() || c == '.' || c == '-');
    let unit = digits.chars().next().and_then(|c| "KMGTPE".find(c.to_ascii_uppercase()));
    number(trimmed) * unit.map_or(1.0, |at| 1024_f64.powi(at as i32 + 1))
}

/// Numbers inside of texts count as numbers: `v1.9` before `v1.10`.
fn version(left: &str, right: &str) -> Ordering {
    let (mut left_rest, mut right_rest) = (left, right);
    loop {
        let split = |text: &str, digits: bool| {
            text.find(|c: char| c.is_ascii_digit() != digits).unwrap_or(text.len())
        };
        let (a, b) = (split(left_rest, false), split(right_rest, false));
        let order = left_rest.get(..a).cmp(&right_rest.get(..b));
        if order != Ordering::Equal {
            return order;
        }
        left_rest = left_rest.get(a..).unwrap_or_default();
        right_rest = right_rest.get(b..).unwrap_or_default();
        if left_rest.is_empty() || right_rest.is_empty() {
            return left_rest.len().cmp(&right_rest.len());
        }
        let (a, b) = (split(left_rest, true), split(right_rest, true));
        let value = |text: Option<&str>| text.and_then(|text| text.parse::<u64>().ok()).unwrap_or(u64::MAX);
        let order = value(left_rest.get(..a)).cmp(&value(right_rest.get(..b)));
        if order != Ordering::Equal {
            return order;
        }
        left_rest = left_rest.get(a..).unwrap_or_default();
        right_rest = right_rest.get(b..).unwrap_or_default();
    }
}
