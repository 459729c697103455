//! `paste`.

use crate::escape::{Style, unescape};
use crate::programs::feed;
use crate::programs::options::Spec;
use crate::programs::whole::{self, Work};
use crate::shell::program::{Cx, Started};

const SPEC: Spec = Spec { long: &[("delimiters", 'd'), ("serial", 's')], ..Spec::new("paste", "d:s") };

pub(in crate::programs) fn start(cx: &mut Cx<'_>, args: &[String]) -> Started {
    let options = match SPEC.parse(args) {
        Ok(options) => options,
        Err(misuse) => return feed::misuse(cx, &misuse),
    };
    let delimiters = unescape(options.value('d').unwrap_or("\t"), Style::Quoted).text();
    let mut files = options.operands.clone();
    // The standard input several times: its lines go round.
    let mut share = 1;
    if files.len() > 1 && files.iter().all(|file| file == "-") {
        share = files.len();
        files.truncate(1);
    }
    let work = Paste { delimiters: delimiters.chars().collect(), serial: options.has('s'), share };
    whole::start("paste", work, files, 1)
}

#[derive(Clone)]
struct Paste {
    delimiters: Vec<char>,
    serial: bool,
    /// So many lines of the one input make a row.
    share: usize,
}

impl Paste {
    fn join(&self, parts: &[&str]) -> String {
        let mut out = String::new();
        for (at, part) in parts.iter().enumerate() {
            if at > 0 && !self.delimiters.is_empty() {
                out.extend(self.delimiters.get((at - 1) % self.delimiters.len()));
            }
            out += part;
        }
        out + "\n"
    }
}

impl Work for Paste {
    fn run(&mut self, cx: &mut Cx<'_>, inputs: Vec<Vec<u8>>) -> i32 {
        let texts: Vec<String> =
            inputs.iter().map(|input| String::from_utf8_lossy(input).into_owned()).collect();
        let columns: Vec<Vec<&str>> = texts.iter().map(|text| text.lines().collect()).collect();
        let out: String = match self.serial {
            false if self.share > 1 => {
                let lines = columns.into_iter().flatten().collect::<Vec<_>>();
                lines.chunks(self.share).map(|row| self.join(row)).collect()
            }
            true => columns.iter().map(|column| self.join(column)).collect(),
            false => {
                let rows = columns.iter().map(Vec::len).max().unwrap_or(0);
                let row = |at: usize| -> Vec<&str> {
                    columns.iter().map(|column| column.get(at).copied().unwrap_or_default()).collect()
                };
                (0..rows).map(|at| self.join(&row(at))).collect()
            }
        };
        cx.out(&out);
        0
    }
}
