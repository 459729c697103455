//! `wc`.

use crate::programs::feed;
use crate::programs::options::Spec;
use crate::programs::whole::{self, Work};
use crate::shell::program::{Cx, Started};

const SPEC: Spec = Spec {
    long: &[("lines", 'l'), ("words", 'w'), ("bytes", 'c'), ("chars", 'm'), ("max-line-length", 'L')],
    ..Spec::new("wc", "lwcmL")
};

pub(in crate::programs) fn start(cx: &mut Cx<'_>, args: &[String]) -> Started {
    let options = match SPEC.parse(args) {
        Ok(options) => options,
        Err(misuse) => return feed::misuse(cx, &misuse),
    };
    let mut wanted: Vec<char> = "lwmcL".chars().filter(|letter| options.has(*letter)).collect();
    if wanted.is_empty() {
        wanted = vec!['l', 'w', 'c'];
    }
    // A file that is missing does not keep the others back.
    let (names, missing): (Vec<String>, Vec<String>) =
        options.operands.iter().cloned().partition(|name| name == "-" || cx.read_file(name).is_ok());
    for name in &missing {
        let why = cx.read_file(name).err().unwrap_or_default();
        cx.err(&format!("wc: {name}: {why}\n"));
    }
    if names.is_empty() && !missing.is_empty() {
        return Started::Done(1);
    }
    let work = Wc {
        wanted,
        names: names.clone(),
        total: options.operands.len() > 1,
        code: i32::from(!missing.is_empty()),
    };
    whole::start("wc", work, names, 1)
}

#[derive(Clone)]
struct Wc {
    wanted: Vec<char>,
    names: Vec<String>,
    total: bool,
    code: i32,
}

fn counts(bytes: &[u8], wanted: &[char]) -> Vec<usize> {
    let text = String::from_utf8_lossy(bytes);
    let count = |letter: &char| match letter {
        'l' => bytes.iter().filter(|byte| **byte == b'\n').count(),
        'w' => text.split_whitespace().count(),
        'm' => text.chars().count(),
        'L' => text.lines().map(|line| line.chars().count()).max().unwrap_or(0),
        _ => bytes.len(),
    };
    wanted.iter().map(count).collect()
}

impl Work for Wc {
    fn run(&mut self, cx: &mut Cx<'_>, inputs: Vec<Vec<u8>>) -> i32 {
        let mut rows: Vec<(Vec<usize>, String)> = Vec::new();
        for (at, input) in inputs.iter().enumerate() {
            let name = self.names.get(at).cloned().unwrap_or_default();
            rows.push((counts(input, &self.wanted), name));
        }
        if self.total {
            let sum = |at: usize| rows.iter().filter_map(|(row, _)| row.get(at)).sum();
            let max = |at: usize| rows.iter().filter_map(|(row, _)| row.get(at)).copied().max().unwrap_or(0);
            let total = self
                .wanted
                .iter()
                .enumerate()
                .map(|(at, letter)| if *letter == 'L' { max(at) } else { sum(at) });
            let total: Vec<usize> = total.collect();
            rows.push((total, "total".to_owned()));
        }
        // As wide as all files' sizes together; the standard input's size is not known beforehand.
        let sizes: usize = inputs.iter().map(Vec::len).sum();
        let piped = self.names.is_empty() || self.names.iter().any(|name| name == "-");
        let width = match () {
            () if self.wanted.len() == 1 && rows.len() == 1 => 1,
            () if piped => 7,
            () => sizes.to_string().len(),
        };
        for (row, name) in rows {
            let numbers: Vec<String> = row.iter().map(|count| format!("{count:width$}")).collect();
            let name = if name.is_empty() { name } else { format!(" {name}") };
            cx.out(&format!("{}{name}\n", numbers.join(" ")));
        }
        self.code
    }
}
