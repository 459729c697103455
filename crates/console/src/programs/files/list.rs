//! `ls`.

use super::{human_size, size_of};
use crate::disk::Inode;
use crate::programs::feed;
use crate::programs::options::{Options, Spec};
use crate::shell::program::{Cx, Started};
use cli_runtime::time::ls_date;
use sim::Time;
use sim::order::SortShared;

const SPEC: Spec = Spec {
    long: &[
        ("all", 'a'),
        ("almost-all", 'A'),
        ("directory", 'd'),
        ("reverse", 'r'),
        ("recursive", 'R'),
        ("human-readable", 'h'),
        ("classify", 'F'),
        ("color", 'K'),
        ("no-group", 'G'),
    ],
    code: 2,
    ..Spec::new("ls", "1aAdlrRthSFpGogCnK::Z")
};

/// The width of `ls -C` that goes to no screen.
const WIDTH: usize = 80;

pub(in crate::programs) fn ll(cx: &mut Cx<'_>, args: &[String]) -> Started {
    let mut all = vec!["-alF".to_owned()];
    all.extend(args.iter().cloned());
    ls(cx, &all)
}

pub(in crate::programs) fn ls(cx: &mut Cx<'_>, args: &[String]) -> Started {
    let options = match SPEC.parse(args) {
        Ok(options) => options,
        Err(misuse) => return feed::misuse(cx, &misuse),
    };
    let mut named = options.operands.clone();
    if named.is_empty() {
        named.push(".".to_owned());
    }
    let (mut plain, mut directories, mut missing) = (Vec::new(), Vec::new(), false);
    for path in &named {
        let whole = cx.absolute(path);
        let found = match options.has('l') && !path.ends_with('/') {
            true => cx.disk().look(&whole),
            false => cx.disk().get(&whole),
        };
        let wrong_kind = path.ends_with('/') && !matches!(found, Some(Inode::Directory) | None);
        match found {
            _ if wrong_kind => {
                cx.err(&format!("ls: cannot access '{path}': Not a directory\n"));
                missing = true;
            }
            None => {
                cx.err(&format!("ls: cannot access '{path}': No such file or directory\n"));
                missing = true;
            }
            Some(Inode::Directory) if !options.has('d') => directories.push((path.clone(), whole)),
            Some(node) => plain.push((path.clone(), node)),
        }
    }
    let style = Style::of(cx, &options);
    let mut out = style.listing(style.sorted(plain), false);
    directories.sort_shared();
    let titled = named.len() > 1 || options.has('R');
    let mut left: Vec<(String, String)> = directories.into_iter().rev().collect();
    while let Some((path, whole)) = left.pop() {
        if titled {
            let gap = if out.is_empty() { "" } else { "\n" };
            out += &format!("{gap}{path}:\n");
        }
        let mut inside = cx.disk().list(&whole);
        inside.retain(|(name, _)| style.hidden || !name.starts_with('.'));
        if options.has('a') {
            let dots = [".", ".."].map(|name| (name.to_owned(), Inode::Directory));
            inside.splice(0..0, dots);
        }
        let inside = style.sorted(inside);
        if options.has('R') {
            let below = inside
                .iter()
                .rev()
                .filter(|(name, node)| *node == Inode::Directory && name != "." && name != "..");
            let prefix = path.trim_end_matches('/').to_owned();
            left.extend(below.map(|(name, _)| (format!("{prefix}/{name}"), format!("{whole}/{name}"))));
        }
        out += &style.listing(inside, true);
    }
    cx.out(&out);
    Started::Done(if missing { 2 } else { 0 })
}

struct Style {
    long: bool,
    hidden: bool,
    human: bool,
    by_time: bool,
    by_size: bool,
    reverse: bool,
    marks: bool,
    slashes: bool,
    no_group: bool,
    /// Names stand in columns, in so much room.
    columns: Option<usize>,
}

pub(super) fn date_of(node: &Inode) -> Time {
    match node {
        Inode::File { modified, .. } => *modified,
        _ => Time::START,
    }
}

/// `-rw-r--r--`
pub(in crate::programs) fn mode_text(node: &Inode) -> String {
    let (kind, mode) = match node {
        Inode::Directory => ('d', 0o755),
        Inode::File { mode, .. } => ('-', *mode),
        Inode::Link(_) => ('l', 0o777),
        Inode::Device => ('c', 0o666),
    };
    let bits = (0..9).rev().map(|bit| {
        let letter = ['x', 'w', 'r'].get(bit % 3).copied().unwrap_or('-');
        if mode >> bit & 1 == 1 { letter } else { '-' }
    });
    std::iter::once(kind).chain(bits).collect()
}

impl Style {
    fn of(cx: &Cx<'_>, options: &Options) -> Style {
        let has = |letter| options.has(letter);
        Style {
            long: has('l') || has('o') || has('g') || has('n'),
            hidden: has('a') || has('A'),
            human: has('h'),
            by_time: has('t'),
            by_size: has('S'),
            reverse: has('r'),
            marks: has('F'),
            slashes: has('p'),
            no_group: has('G') || has('o'),
            columns: cx.screen().or(has('C').then_some(WIDTH)).filter(|_| !has('1')),
        }
    }

    fn sorted(&self, mut all: Vec<(String, Inode)>) -> Vec<(String, Inode)> {
        match () {
            () if self.by_time => all.sort_shared_by_key(|(_, node)| std::cmp::Reverse(date_of(node))),
            () if self.by_size => all.sort_shared_by_key(|(_, node)| std::cmp::Reverse(size_of(node))),
            () => all.sort_shared_by(|(left, _), (right, _)| left.cmp(right)),
        }
        if self.reverse {
            all.reverse();
        }
        all
    }

    fn name(&self, name: &str, node: &Inode) -> String {
        let mark = match node {
            Inode::Directory if self.marks || self.slashes => "/",
            Inode::Link(_) if self.marks && !self.long => "@",
            Inode::File { mode, .. } if self.marks && mode & 0o111 != 0 => "*",
            _ => "",
        };
        match node {
            Inode::Link(to) if self.long => format!("{name} -> {to}"),
            _ => format!("{name}{mark}"),
        }
    }

    fn listing(&self, all: Vec<(String, Inode)>, total: bool) -> String {
        if self.long {
            return self.long_listing(&all, total);
        }
        let names: Vec<String> = all.iter().map(|(name, node)| self.name(name, node)).collect();
        match self.columns {
            Some(width) => in_columns(&names, width),
            None => names.iter().map(|name| format!("{name}\n")).collect(),
        }
    }

    fn long_listing(&self, all: &[(String, Inode)], total: bool) -> String {
        let mut out = String::new();
        if total {
            let blocks: usize = all
                .iter()
                .map(|(_, node)| match node {
                    Inode::Link(_) => 0,
                    node => size_of(node).div_ceil(4096) * 4,
                })
                .sum();
            let blocks = if self.human { human_size(blocks * 1024) } else { blocks.to_string() };
            out += &format!("total {blocks}\n");
        }
        let size =
            |node: &Inode| if self.human { human_size(size_of(node)) } else { size_of(node).to_string() };
        let width = all.iter().map(|(_, node)| size(node).len()).max().unwrap_or(0);
        for (name, node) in all {
            let links = if *node == Inode::Directory { 2 } else { 1 };
            let owner = if self.no_group { "root" } else { "root root" };
            out += &format!(
                "{} {links} {owner} {:>width$} {} {}\n",
                mode_text(node),
                size(node),
                ls_date(date_of(node)),
                self.name(name, node)
            );
        }
        out
    }
}

/// Names in columns as wide as a terminal has room for, filled from above.
fn in_columns(names: &[String], screen: usize) -> String {
    let width = |name: &String| name.chars().count();
    for rows in 1..=names.len() {
        let columns: Vec<&[String]> = names.chunks(rows).collect();
        let widths: Vec<usize> =
            columns.iter().map(|column| column.iter().map(width).max().unwrap_or(0)).collect();
        if widths.iter().map(|width| width + 2).sum::<usize>() > screen + 2 && rows < names.len() {
            continue;
        }
        let mut out = String::new();
        for row in 0..rows {
            let cells: Vec<(&String, usize)> = columns
                .iter()
                .zip(&widths)
                .filter_map(|(column, width)| Some((column.get(row)?, *width)))
                .collect();
            for (at, (name, wide)) in cells.iter().enumerate() {
                let last = at + 1 == cells.len();
                let padding = if last { 0 } else { wide + 2 - width(name) };
                out += &format!("{name}{}", " ".repeat(padding));
            }
            out.push('\n');
        }
        return out;
    }
    String::new()
}
