//! `diff`, `cmp`.

use super::feed;
use super::options::Spec;
use super::whole::{self, Work};
use crate::disk::Inode;
use crate::shell::program::{Cx, Started};
use sim::files::file_name;

const SPEC: Spec = Spec {
    long: &[
        ("unified", 'u'),
        ("brief", 'q'),
        ("report-identical-files", 's'),
        ("ignore-case", 'i'),
        ("ignore-space-change", 'b'),
        ("ignore-all-space", 'w'),
        ("ignore-blank-lines", 'B'),
        ("recursive", 'r'),
        ("new-file", 'N'),
        ("side-by-side", 'y'),
        ("color", 'K'),
    ],
    code: 2,
    ..Spec::new("diff", "uU:qsibwBrNyK::")
};

/// Tables of more cells than this are not made: the files are told to differ, without how.
const MOST_CELLS: usize = 25_000_000;

pub(super) fn start(cx: &mut Cx<'_>, args: &[String]) -> Started {
    let options = match SPEC.parse(args) {
        Ok(options) => options,
        Err(misuse) => return feed::misuse(cx, &misuse),
    };
    if options.has('y') || options.has('r') {
        return feed::refuse(cx, "diff: -y and -r are not simulated: compare two files with -u\n", 2);
    }
    let [left, right] = options.operands.as_slice() else {
        let what = match options.operands.last() {
            None => "diff: missing operand after 'diff'",
            Some(last) if options.operands.len() == 1 => &format!("diff: missing operand after '{last}'"),
            Some(last) => &format!("diff: extra operand '{last}'"),
        };
        return feed::refuse(cx, &format!("{what}\ndiff: Try 'diff --help' for more information.\n"), 2);
    };
    // A directory stands for the file of the other's name in it.
    let inside = |cx: &Cx<'_>, path: &String, other: &String| match cx.disk().get(&cx.absolute(path)) {
        Some(Inode::Directory) => format!("{}/{}", path.trim_end_matches('/'), file_name(other)),
        _ => path.clone(),
    };
    let names = [inside(cx, left, right), inside(cx, right, left)];
    let context = match options.value('U') {
        Some(text) => match text.parse() {
            Ok(count) => Some(count),
            Err(_) => return feed::refuse(cx, &format!("diff: invalid context length '{text}'\n"), 2),
        },
        None => options.has('u').then_some(3),
    };
    let times = names.clone().map(|name| match cx.disk().get(&cx.absolute(&name)) {
        Some(Inode::File { modified, .. }) => modified,
        _ => cx.now(),
    });
    let labels = [0, 1].map(|at| {
        let (name, time) =
            (names.get(at).cloned().unwrap_or_default(), times.get(at).map(|time| time.stamp().to_string()));
        let time = time.unwrap_or_default().replace('T', " ").replace('Z', ".000000000 +0000");
        format!("{name}\t{time}")
    });
    let work = Diff {
        labels,
        names: names.clone(),
        context,
        brief: options.has('q'),
        same: options.has('s'),
        fold: options.has('i'),
        spaces: options.has('b') || options.has('w'),
        all_spaces: options.has('w'),
    };
    whole::start("diff", work, names.to_vec(), 2)
}

#[derive(Clone)]
struct Diff {
    labels: [String; 2],
    names: [String; 2],
    /// `-u`: so many lines around.
    context: Option<usize>,
    brief: bool,
    same: bool,
    fold: bool,
    spaces: bool,
    all_spaces: bool,
}

/// A part in which the files differ: lines from and to, of each.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Change {
    left: (usize, usize),
    right: (usize, usize),
}

impl Diff {
    fn key(&self, line: &str) -> String {
        let mut key = if self.fold { line.to_lowercase() } else { line.to_owned() };
        if self.all_spaces {
            key.retain(|c| !c.is_whitespace());
        } else if self.spaces {
            key = key.split_whitespace().collect::<Vec<_>>().join(" ");
        }
        key
    }
}

impl Work for Diff {
    fn run(&mut self, cx: &mut Cx<'_>, inputs: Vec<Vec<u8>>) -> i32 {
        let texts: Vec<String> =
            inputs.iter().map(|input| String::from_utf8_lossy(input).into_owned()).collect();
        let [left, right] = texts.as_slice() else { return 2 };
        let [left_name, right_name] = &self.names;
        let lines: [Vec<&str>; 2] = [left, right].map(|text| text.split_inclusive('\n').collect());
        let [left_lines, right_lines] = &lines;
        let keys = [left_lines, right_lines]
            .map(|lines| lines.iter().map(|line| self.key(line)).collect::<Vec<_>>());
        let [left_keys, right_keys] = &keys;
        if left_keys == right_keys {
            if self.same {
                cx.out(&format!("Files {left_name} and {right_name} are identical\n"));
            }
            return 0;
        }
        let changes = changes(left_keys, right_keys);
        let Some(changes) = changes.filter(|_| !self.brief) else {
            cx.out(&format!("Files {left_name} and {right_name} differ\n"));
            return 1;
        };
        let text = match self.context {
            Some(context) => unified(&self.labels, left_lines, right_lines, &changes, context),
            None => changes.iter().map(|change| normal(change, left_lines, right_lines)).collect(),
        };
        cx.out(&text);
        1
    }
}

/// The changes that lead from one to the other, as few as possible; `None` if the files are too large.
fn changes(left: &[String], right: &[String]) -> Option<Vec<Change>> {
    let start = left.iter().zip(right).take_while(|(a, b)| a == b).count();
    let rest = |all: &[String]| all.get(start..).unwrap_or_default().to_vec();
    let (a, b) = (rest(left), rest(right));
    let end = a.iter().rev().zip(b.iter().rev()).take_while(|(a, b)| a == b).count();
    let (n, m) = (a.len() - end, b.len() - end);
    if (n + 1).checked_mul(m + 1)? > MOST_CELLS {
        return None;
    }
    // The length of the longest common part of what follows each place.
    let width = m + 1;
    let mut table = vec![0_u32; (n + 1) * width];
    let at = |i: usize, j: usize| i * width + j;
    for i in (0..n).rev() {
        for j in (0..m).rev() {
            let value = match a.get(i) == b.get(j) {
                true => table.get(at(i + 1, j + 1)).copied().unwrap_or(0) + 1,
                false => {
                    let below = table.get(at(i + 1, j)).copied().unwrap_or(0);
                    below.max(table.get(at(i, j + 1)).copied().unwrap_or(0))
                }
            };
            if let Some(cell) = table.get_mut(at(i, j)) {
                *cell = value;
            }
        }
    }
    let mut found: Vec<Change> = Vec::new();
    let (mut i, mut j) = (0, 0);
    while i < n || j < m {
        if i < n && j < m && a.get(i) == b.get(j) {
            i += 1;
            j += 1;
            continue;
        }
        let (from_i, from_j) = (i, j);
        while i < n || j < m {
            if i < n && j < m && a.get(i) == b.get(j) {
                break;
            }
            let below = table.get(at(i + 1, j)).copied().filter(|_| i < n);
            let beside = table.get(at(i, j + 1)).copied().filter(|_| j < m);
            if below >= beside {
                i += 1;
            } else {
                j += 1;
            }
        }
        found.push(Change { left: (start + from_i, start + i), right: (start + from_j, start + j) });
    }
    Some(found)
}

const NO_NEWLINE: &str = "\n\\ No newline at end of file\n";

fn marked(mark: &str, lines: &[&str]) -> String {
    let line = |line: &&str| format!("{mark}{line}{}", if line.ends_with('\n') { "" } else { NO_NEWLINE });
    lines.iter().map(line).collect()
}

/// `3,4c5`
fn normal(change: &Change, left: &[&str], right: &[&str]) -> String {
    let range = |(from, to): (usize, usize)| match to - from {
        0 => from.to_string(),
        1 => to.to_string(),
        _ => format!("{},{to}", from + 1),
    };
    let removed = left.get(change.left.0..change.left.1).unwrap_or_default();
    let added = right.get(change.right.0..change.right.1).unwrap_or_default();
    let verb = match (removed.is_empty(), added.is_empty()) {
        (true, _) => "a",
        (_, true) => "d",
        _ => "c",
    };
    let between = if verb == "c" { "---\n" } else { "" };
    format!(
        "{}{verb}{}\n{}{between}{}",
        range(change.left),
        range(change.right),
        marked("< ", removed),
        marked("> ", added)
    )
}

fn unified(
    labels: &[String; 2],
    left: &[&str],
    right: &[&str],
    changes: &[Change],
    context: usize,
) -> String {
    let [left_label, right_label] = labels;
    let mut out = format!("--- {left_label}\n+++ {right_label}\n");
    let mut at = 0;
    while let Some(first) = changes.get(at) {
        // Changes that are near to each other share a hunk.
        let mut last = *first;
        let mut count = 1;
        while let Some(next) = changes.get(at + count).filter(|next| next.left.0 <= last.left.1 + 2 * context)
        {
            last = *next;
            count += 1;
        }
        let before = context.min(first.left.0);
        let after = context.min(left.len() - last.left.1);
        let left_range = (first.left.0 - before, last.left.1 + after);
        let right_range = (first.right.0 - before, last.right.1 + after);
        let range = |(from, to): (usize, usize)| match to - from {
            0 => format!("{from},0"),
            1 => to.to_string(),
            count => format!("{},{count}", from + 1),
        };
        out += &format!("@@ -{} +{} @@\n", range(left_range), range(right_range));
        let mut line = left_range.0;
        for change in changes.iter().skip(at).take(count) {
            out += &marked(" ", left.get(line..change.left.0).unwrap_or_default());
            out += &marked("-", left.get(change.left.0..change.left.1).unwrap_or_default());
            out += &marked("+", right.get(change.right.0..change.right.1).unwrap_or_default());
            line = change.left.1;
        }
        out += &marked(" ", left.get(line..left_range.1).unwrap_or_default());
        at += count;
    }
    out
}

pub(super) fn cmp(cx: &mut Cx<'_>, args: &[String]) -> Started {
    let options = match Spec::new("cmp", "s").parse(args) {
        Ok(options) => options,
        Err(misuse) => return feed::misuse(cx, &misuse),
    };
    let silent = options.has('s');
    let mut files = options.operands;
    if files.len() == 1 {
        files.push("-".to_owned());
    }
    if files.len() != 2 {
        return feed::refuse(
            cx,
            "cmp: missing operand after 'cmp'\ncmp: Try 'cmp --help' for more information.\n",
            2,
        );
    }
    whole::start("cmp", Cmp { names: files.clone(), silent }, files, 2)
}

#[derive(Clone)]
struct Cmp {
    names: Vec<String>,
    silent: bool,
}

impl Work for Cmp {
    fn run(&mut self, cx: &mut Cx<'_>, inputs: Vec<Vec<u8>>) -> i32 {
        let ([left, right], [left_name, right_name]) = (inputs.as_slice(), self.names.as_slice()) else {
            return 2;
        };
        if left == right {
            return 0;
        }
        if self.silent {
            return 1;
        }
        let same = left.iter().zip(right).take_while(|(a, b)| a == b).count();
        let line = 1 + left.iter().take(same).filter(|byte| **byte == b'\n').count();
        match same == left.len() || same == right.len() {
            true => {
                let short = if left.len() < right.len() { left_name } else { right_name };
                cx.err(&format!("cmp: EOF on {short} after byte {same}, line {line}\n"));
            }
            false => cx.out(&format!("{left_name} {right_name} differ: byte {}, line {line}\n", same + 1)),
        }
        1
    }
}
