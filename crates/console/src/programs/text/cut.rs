//! `cut`.

use crate::programs::feed::{self, Lines, Out};
use crate::programs::options::Spec;
use crate::shell::program::{Cx, Started};

const SPEC: Spec = Spec {
    long: &[
        ("delimiter", 'd'),
        ("fields", 'f'),
        ("characters", 'c'),
        ("bytes", 'b'),
        ("only-delimited", 's'),
        ("output-delimiter", 'o'),
        ("complement", 'C'),
    ],
    ..Spec::new("cut", "d:f:c:b:so:Cn")
};

pub(in crate::programs) fn start(cx: &mut Cx<'_>, args: &[String]) -> Started {
    let options = match SPEC.parse(args) {
        Ok(options) => options,
        Err(misuse) => return feed::misuse(cx, &misuse),
    };
    let wrong = |cx: &mut Cx<'_>, text: &str| {
        feed::refuse(cx, &format!("cut: {text}\nTry 'cut --help' for more information.\n"), 1)
    };
    let (list, by_fields) = match (options.value('f'), options.value('c').or(options.value('b'))) {
        (Some(list), None) => (list, true),
        (None, Some(list)) => (list, false),
        (Some(_), Some(_)) => return wrong(cx, "only one type of list may be specified"),
        (None, None) => return wrong(cx, "you must specify a list of bytes, characters, or fields"),
    };
    let delimiter = match options.value('d').map(|text| text.chars().collect::<Vec<_>>()) {
        None => '\t',
        Some(chars) => match chars.as_slice() {
            [c] => *c,
            _ => return wrong(cx, "the delimiter must be a single character"),
        },
    };
    if options.value('d').is_some() && !by_fields {
        return wrong(cx, "an input delimiter may be specified only when operating on fields");
    }
    let ranges = match ranges(list) {
        Ok(ranges) => ranges,
        Err(what) if by_fields => return wrong(cx, &what),
        Err(what) => return wrong(cx, &what.replace("field", "byte/character position")),
    };
    let cut = Cut {
        ranges,
        delimiter,
        by_fields,
        only: options.has('s'),
        complement: options.has('C'),
        join: options.value('o').map(str::to_owned),
    };
    feed::start("cut", cut, options.operands, 1)
}

/// From and to, both counted from 1.
type Range = (usize, usize);

fn ranges(list: &str) -> Result<Vec<Range>, String> {
    let mut found = Vec::new();
    for part in list.split([',', ' ']) {
        let number = |text: &str| -> Result<usize, String> {
            match text.parse::<usize>() {
                Ok(0) => Err("fields are numbered from 1".to_owned()),
                Ok(number) => Ok(number),
                Err(_) => Err(format!("invalid field value ‘{text}’")),
            }
        };
        let range = match part.split_once('-') {
            None => (number(part)?, number(part)?),
            Some(("", "")) => return Err("invalid range with no endpoint: -".to_owned()),
            Some((from, "")) => (number(from)?, usize::MAX),
            Some(("", to)) => (1, number(to)?),
            Some((from, to)) => (number(from)?, number(to)?),
        };
        if range.0 > range.1 {
            return Err("invalid decreasing range".to_owned());
        }
        found.push(range);
    }
    Ok(found)
}

#[derive(Clone)]
struct Cut {
    ranges: Vec<Range>,
    delimiter: char,
    by_fields: bool,
    only: bool,
    complement: bool,
    join: Option<String>,
}

impl Cut {
    fn wants(&self, at: usize) -> bool {
        self.ranges.iter().any(|(from, to)| (*from..=*to).contains(&at)) != self.complement
    }
}

impl Lines for Cut {
    fn line(&mut self, line: &str, _ended: bool, out: &mut Out) {
        if !self.by_fields {
            let kept: String =
                (1..).zip(line.chars()).filter(|(at, _)| self.wants(*at)).map(|(_, c)| c).collect();
            out.line(&kept);
            return;
        }
        if !line.contains(self.delimiter) {
            if !self.only {
                out.line(line);
            }
            return;
        }
        let kept: Vec<&str> = (1..)
            .zip(line.split(self.delimiter))
            .filter(|(at, _)| self.wants(*at))
            .map(|(_, text)| text)
            .collect();
        let join = self.join.clone().unwrap_or_else(|| self.delimiter.to_string());
        out.line(&kept.join(&join));
    }
}
