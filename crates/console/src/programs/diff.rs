//! `diff`, `cmp`.

use super::feed;
use super::options::Spec;
use super::whole::{self, Work};
use crate::disk::Inode;
use crate::shell::program::{Cx, Started};
use cli_runtime::line_diff::{Change, changes, marked, unified};
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
