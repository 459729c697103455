//! Files: `ls`, `cp`, `mv`, `rm` and their like, as GNU coreutils do it.

mod change;
mod list;

use crate::disk::{Disk, Inode};
use crate::programs::feed;
use crate::programs::options::Spec;
use crate::shell::program::{Cx, Started};

pub(super) use change::{chmod, chown, cp, ln, mkdir, mktemp, mv, rm, rmdir, touch};
pub(super) use list::{ll, ls, mode_text};

/// A size as `ls -l` prints it: a directory is one block.
pub(super) fn size_of(node: &Inode) -> usize {
    match node {
        Inode::Directory => 4096,
        Inode::File { bytes, .. } => bytes.len(),
        Inode::Link(to) => to.len(),
        Inode::Device => 0,
    }
}

/// `4.0K`, `12K`, `1.3M`
pub(super) fn human_size(bytes: usize) -> String {
    let mut value = bytes as f64;
    let mut unit = ' ';
    for next in ['K', 'M', 'G', 'T'] {
        if value < 1024.0 {
            break;
        }
        value /= 1024.0;
        unit = next;
    }
    match unit {
        ' ' => bytes.to_string(),
        unit if value < 10.0 => format!("{:.1}{unit}", (value * 10.0).ceil() / 10.0),
        unit => format!("{:.0}{unit}", value.ceil()),
    }
}

pub(super) fn stat(cx: &mut Cx<'_>, args: &[String]) -> Started {
    let spec = Spec { long: &[("format", 'c'), ("printf", 'c')], ..Spec::new("stat", "c:Lf") };
    let options = match spec.parse(args) {
        Ok(options) => options,
        Err(misuse) => return feed::misuse(cx, &misuse),
    };
    if options.operands.is_empty() {
        return feed::refuse(cx, "stat: missing operand\nTry 'stat --help' for more information.\n", 1);
    }
    let mut code = 0;
    for path in &options.operands {
        let whole = cx.absolute(path);
        let Some(node) = cx.disk().get(&whole) else {
            cx.err(&format!("stat: cannot statx '{path}': No such file or directory\n"));
            code = 1;
            continue;
        };
        let (kind, mode) = match &node {
            Inode::Directory => ("directory", 0o755),
            Inode::File { bytes, mode, .. } if bytes.is_empty() => ("regular empty file", *mode),
            Inode::File { mode, .. } => ("regular file", *mode),
            Inode::Link(_) => ("symbolic link", 0o777),
            Inode::Device => ("character special file", 0o666),
        };
        let size = size_of(&node);
        let time = list::date_of(&node);
        let text = match options.value('c') {
            Some(format) => {
                let text = format
                    .replace("%n", path)
                    .replace("%s", &size.to_string())
                    .replace("%a", &format!("{mode:o}"))
                    .replace("%A", &mode_text(&node))
                    .replace("%U", "root")
                    .replace("%G", "root")
                    .replace("%F", kind)
                    .replace("%Y", &time.stamp().0.to_string());
                if text.contains('%') {
                    return feed::refuse(
                        cx,
                        "stat: of the formats %n %s %a %A %U %G %F %Y are simulated\n",
                        1,
                    );
                }
                text + "\n"
            }
            None => format!(
                "  File: {path}\n  Size: {size}\t\tBlocks: {}\tIO Block: 4096   {kind}\nAccess: ({mode:04o}/{})  Uid: (    0/    root)   Gid: (    0/    root)\nModify: {}\n",
                size.div_ceil(4096) * 8,
                mode_text(&node),
                time.stamp().to_string().replace('T', " ").replace('Z', " +0000"),
            ),
        };
        cx.out(&text);
    }
    Started::Done(code)
}

pub(super) fn file(cx: &mut Cx<'_>, args: &[String]) -> Started {
    for path in args.iter().filter(|arg| !arg.starts_with('-')) {
        let whole = cx.absolute(path);
        let kind = match cx.disk().get(&whole) {
            None => "cannot open (No such file or directory)".replace("open", &format!("open `{path}'")),
            Some(Inode::Directory) => "directory".to_owned(),
            Some(Inode::File { bytes, .. }) if bytes.is_empty() => "empty".to_owned(),
            Some(Inode::File { bytes, .. }) => match std::str::from_utf8(&bytes) {
                Ok(text) if text.starts_with("-----BEGIN CERTIFICATE") => "PEM certificate".to_owned(),
                Ok(text) if text.is_ascii() => "ASCII text".to_owned(),
                Ok(_) => "Unicode text, UTF-8 text".to_owned(),
                Err(_) => "data".to_owned(),
            },
            Some(Inode::Link(to)) => format!("symbolic link to {to}"),
            Some(Inode::Device) => "character special".to_owned(),
        };
        cx.out(&format!("{path}: {kind}\n"));
    }
    Started::Done(0)
}

pub(super) fn readlink(cx: &mut Cx<'_>, args: &[String]) -> Started {
    let follows = args.iter().any(|arg| matches!(arg.as_str(), "-f" | "-e" | "-m"));
    let mut code = 0;
    for path in args.iter().filter(|arg| !arg.starts_with('-')) {
        let whole = cx.absolute(path);
        match cx.disk().look(&whole) {
            Some(Inode::Link(to)) => cx.out(&format!("{to}\n")),
            _ if follows => cx.out(&format!("{whole}\n")),
            _ => code = 1,
        }
    }
    Started::Done(code)
}

pub(super) fn realpath(cx: &mut Cx<'_>, args: &[String]) -> Started {
    let mut code = 0;
    for path in args.iter().filter(|arg| !arg.starts_with('-')) {
        let whole = cx.absolute(path);
        let found = cx.disk().look(&whole);
        match found {
            Some(Inode::Link(to)) => cx.out(&format!("{to}\n")),
            Some(_) => cx.out(&format!("{whole}\n")),
            None => {
                cx.err(&format!("realpath: {path}: No such file or directory\n"));
                code = 1;
            }
        }
    }
    Started::Done(code)
}

pub(super) fn du(cx: &mut Cx<'_>, args: &[String]) -> Started {
    let spec = Spec {
        long: &[("human-readable", 'h'), ("summarize", 's'), ("all", 'a'), ("max-depth", 'd')],
        ..Spec::new("du", "hsad:kc")
    };
    let options = match spec.parse(args) {
        Ok(options) => options,
        Err(misuse) => return feed::misuse(cx, &misuse),
    };
    let mut paths = options.operands.clone();
    if paths.is_empty() {
        paths.push(".".to_owned());
    }
    let deepest = options.value('d').and_then(|text| text.parse::<usize>().ok());
    let deepest = if options.has('s') { Some(0) } else { deepest };
    let mut code = 0;
    for path in paths {
        let whole = cx.absolute(&path);
        let tree = cx.disk().tree(&whole);
        if tree.is_empty() {
            cx.err(&format!("du: cannot access '{path}': No such file or directory\n"));
            code = 1;
        }
        let blocks = |node: &Inode| size_of(node).div_ceil(4096) * 4;
        // Parents come last.
        for (at, node) in tree.iter().rev() {
            let rest = at.strip_prefix(&whole).unwrap_or_default();
            let depth = rest.matches('/').count();
            if (*node != Inode::Directory && !options.has('a') && !rest.is_empty())
                || deepest.is_some_and(|most| depth > most)
            {
                continue;
            }
            let inside = format!("{}/", at.trim_end_matches('/'));
            let sum: usize = tree
                .iter()
                .filter(|(other, _)| other == at || other.starts_with(&inside))
                .map(|(_, node)| blocks(node))
                .sum();
            let size = if options.has('h') { human_size(sum * 1024) } else { sum.to_string() };
            cx.out(&format!("{size}\t{path}{rest}\n"));
        }
    }
    Started::Done(code)
}

pub(super) fn tree(cx: &mut Cx<'_>, args: &[String]) -> Started {
    let options = match Spec::new("tree", "aL:d").parse(args) {
        Ok(options) => options,
        Err(misuse) => return feed::misuse(cx, &misuse),
    };
    let deepest = options.value('L').and_then(|text| text.parse::<usize>().ok()).unwrap_or(usize::MAX);
    let path = options.operands.first().map_or(".", String::as_str).to_owned();
    let whole = cx.absolute(&path);
    let mut drawing =
        Drawing { text: format!("{path}\n"), hidden: options.has('a'), deepest, directories: 0, files: 0 };
    let disk = cx.disk();
    if !disk.is_directory(&whole) {
        drop(disk);
        return feed::refuse(cx, &format!("{path}  [error opening dir]\n\n0 directories, 0 files\n"), 2);
    }
    drawing.draw(&disk, &whole, "", 1);
    drop(disk);
    let plural =
        |count: usize, one: &str, many: &str| format!("{count} {}", if count == 1 { one } else { many });
    let text = format!(
        "{}\n{}, {}\n",
        drawing.text,
        plural(drawing.directories, "directory", "directories"),
        plural(drawing.files, "file", "files")
    );
    cx.out(&text);
    Started::Done(0)
}

/// What `tree` draws.
struct Drawing {
    text: String,
    hidden: bool,
    deepest: usize,
    directories: usize,
    files: usize,
}

impl Drawing {
    fn draw(&mut self, disk: &Disk<'_>, directory: &str, indent: &str, depth: usize) {
        if depth > self.deepest.min(100) {
            return;
        }
        let mut inside = disk.list(directory);
        inside.retain(|(name, _)| self.hidden || !name.starts_with('.'));
        let count = inside.len();
        for (at, (name, node)) in inside.into_iter().enumerate() {
            let last = at + 1 == count;
            let link = if let Inode::Link(to) = &node { format!(" -> {to}") } else { String::new() };
            self.text += &format!("{indent}{} {name}{link}\n", if last { "└──" } else { "├──" });
            if node == Inode::Directory {
                self.directories += 1;
                let next = format!("{indent}{}", if last { "    " } else { "│   " });
                self.draw(disk, &format!("{directory}/{name}"), &next, depth + 1);
            } else {
                self.files += 1;
            }
        }
    }
}
