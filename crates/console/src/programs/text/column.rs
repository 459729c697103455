//! `column -t`.

use crate::programs::feed;
use crate::programs::options::Spec;
use crate::programs::whole::{self, Work};
use crate::shell::program::{Cx, Started};

const SPEC: Spec = Spec {
    long: &[("table", 't'), ("separator", 's'), ("output-separator", 'o')],
    ..Spec::new("column", "ts:o:")
};

pub(in crate::programs) fn start(cx: &mut Cx<'_>, args: &[String]) -> Started {
    let options = match SPEC.parse(args) {
        Ok(options) => options,
        Err(misuse) => return feed::misuse(cx, &misuse),
    };
    let work = Table {
        table: options.has('t'),
        separator: options.value('s').map(str::to_owned),
        join: options.value('o').unwrap_or("  ").to_owned(),
    };
    whole::start("column", work, options.operands, 1)
}

#[derive(Clone)]
struct Table {
    table: bool,
    separator: Option<String>,
    join: String,
}

impl Work for Table {
    fn run(&mut self, cx: &mut Cx<'_>, inputs: Vec<Vec<u8>>) -> i32 {
        let text: Vec<String> =
            inputs.iter().map(|input| String::from_utf8_lossy(input).into_owned()).collect();
        let lines = text.iter().flat_map(|text| text.lines()).filter(|line| !line.trim().is_empty());
        if !self.table {
            let all: String = lines.map(|line| format!("{line}\n")).collect();
            cx.out(&all);
            return 0;
        }
        let rows: Vec<Vec<&str>> = lines
            .map(|line| match &self.separator {
                Some(separator) => line.split(|c| separator.contains(c)).collect(),
                None => line.split_whitespace().collect(),
            })
            .collect();
        let columns = rows.iter().map(Vec::len).max().unwrap_or(0);
        let widths: Vec<usize> = (0..columns)
            .map(|at| {
                rows.iter().filter_map(|row| row.get(at)).map(|cell| cell.chars().count()).max().unwrap_or(0)
            })
            .collect();
        let mut out = String::new();
        for row in rows {
            let last = row.len().saturating_sub(1);
            for (at, (cell, width)) in row.iter().zip(&widths).enumerate() {
                let padding = if at == last { 0 } else { width - cell.chars().count() };
                out += cell;
                out += &" ".repeat(padding);
                out += if at == last { "\n" } else { &self.join };
            }
        }
        cx.out(&out);
        0
    }
}
