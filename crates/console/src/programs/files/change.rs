//! `cp`, `mv`, `rm`, `mkdir`, `touch`, `chmod`: what changes a disk.

use crate::disk::{self, Disk, Inode, Refusal};
use crate::env::Host;
use crate::programs::feed;
use crate::programs::options::{Misuse, Options, Spec};
use crate::shell::program::{Cx, Started};
use sim::files::{clean_path, file_name, parent};

/// The exit code: 1 if anything was said.
fn done(cx: &mut Cx<'_>, err: &str) -> Started {
    cx.world.settle();
    cx.err(err);
    Started::Done(i32::from(!err.is_empty()))
}

fn missing(program: &'static str, what: &str) -> Misuse {
    let text = format!("{program}: missing {what}\nTry '{program} --help' for more information.\n");
    Misuse { text, code: 1 }
}

/// Where a source goes, and the sources themselves.
struct Moves {
    sources: Vec<String>,
    target: String,
    /// The target is a directory, into which they go.
    into: bool,
}

fn moves(cx: &Cx<'_>, program: &'static str, options: &Options) -> Result<Moves, Misuse> {
    let mut operands = options.operands.clone();
    let target = match options.value('t') {
        Some(directory) => directory.to_owned(),
        None => operands.pop().ok_or_else(|| missing(program, "file operand"))?,
    };
    if operands.is_empty() {
        return Err(missing(program, &format!("destination file operand after '{target}'")));
    }
    let into = cx.disk().is_directory(&cx.absolute(&target)) && !options.has('T');
    if (operands.len() > 1 || options.value('t').is_some() || target.ends_with('/')) && !into {
        let why =
            match cx.disk().exists(&cx.absolute(&target)) || (operands.len() == 1 && target.ends_with('/')) {
                true => "Not a directory",
                false => "No such file or directory",
            };
        let text = match (program, operands.first()) {
            ("cp", Some(_)) if operands.len() == 1 => {
                format!("cp: cannot create regular file '{target}': Not a directory\n")
            }
            _ => format!("{program}: target '{target}': {why}\n"),
        };
        return Err(Misuse { text, code: 1 });
    }
    Ok(Moves { sources: operands, target, into })
}

impl Moves {
    /// The path that a source gets, as it would be typed.
    fn place(&self, source: &str) -> String {
        match self.into {
            true => {
                format!("{}/{}", self.target.trim_end_matches('/'), file_name(source.trim_end_matches('/')))
            }
            false => self.target.clone(),
        }
    }
}

/// Why a file cannot be made at a path.
fn cannot_make(disk: &Disk<'_>, path: &str) -> Option<Refusal> {
    match disk.get(parent(path)) {
        Some(Inode::Directory) => None,
        Some(_) => Some("Not a directory"),
        None => Some("No such file or directory"),
    }
}

const CP: Spec = Spec {
    long: &[
        ("recursive", 'r'),
        ("archive", 'a'),
        ("force", 'f'),
        ("no-clobber", 'n'),
        ("verbose", 'v'),
        ("preserve", 'P'),
        ("target-directory", 't'),
        ("backup", 'b'),
    ],
    ..Spec::new("cp", "rRafinvpuP::t:Tb::L")
};

pub(in crate::programs) fn cp(cx: &mut Cx<'_>, args: &[String]) -> Started {
    let options = match CP.parse(args) {
        Ok(options) => options,
        Err(misuse) => return feed::misuse(cx, &misuse),
    };
    let moves = match moves(cx, "cp", &options) {
        Ok(moves) => moves,
        Err(misuse) => return feed::misuse(cx, &misuse),
    };
    let recursive = ['r', 'R', 'a'].iter().any(|letter| options.has(*letter));
    let mut err = String::new();
    for source in &moves.sources {
        let to = moves.place(source);
        let (from_path, to_path) = (cx.absolute(source), cx.absolute(&to));
        let node = cx.disk().get(&from_path);
        match node {
            None => err += &format!("cp: cannot stat '{source}': No such file or directory\n"),
            Some(_) if from_path == to_path => {
                err += &format!("cp: '{source}' and '{to}' are the same file\n")
            }
            Some(Inode::Directory) if !recursive => {
                err += &format!("cp: -r not specified; omitting directory '{source}'\n");
            }
            Some(Inode::Directory)
                if to_path.starts_with(&format!("{}/", from_path.trim_end_matches('/'))) =>
            {
                err += &format!("cp: cannot copy a directory, '{source}', into itself, '{to}'\n");
            }
            Some(Inode::Directory) => copy_tree(cx, &from_path, &to_path, &mut err),
            Some(_) if options.has('n') && cx.disk().exists(&to_path) => {}
            Some(Inode::Device) => err += &format!("cp: cannot copy the device '{source}'\n"),
            Some(node) => {
                if options.has('b') && cx.disk().exists(&to_path) {
                    let backup = cx.read_file(&to).map(|bytes| bytes.to_vec());
                    if let Ok(bytes) = backup {
                        let _ = cx.write_file(&format!("{to}~"), &bytes);
                    }
                }
                copy_file(cx, &node, &to, &to_path, &mut err);
            }
        }
        if options.has('v') && err.is_empty() {
            cx.out(&format!("'{source}' -> '{to}'\n"));
        }
    }
    done(cx, &err)
}

fn copy_file(cx: &mut Cx<'_>, node: &Inode, to: &str, to_path: &str, err: &mut String) {
    let Inode::File { bytes, mode, .. } = node else { return };
    if cx.disk().is_directory(to_path) {
        *err += &format!("cp: cannot overwrite directory '{to}' with non-directory\n");
        return;
    }
    let new = !cx.disk().exists(to_path);
    let why = cannot_make(&cx.disk(), to_path);
    let written = match why {
        Some(why) => Err(why),
        None => disk::write(cx.world, &cx.thread.env.host, to_path, bytes),
    };
    if let Err(why) = written {
        *err += &format!("cp: cannot create regular file '{to}': {why}\n");
    } else if new {
        let _ = disk::set_mode(cx.world, &cx.thread.env.host, to_path, *mode);
    }
}

fn copy_tree(cx: &mut Cx<'_>, from: &str, to: &str, err: &mut String) {
    for (path, node) in cx.disk().tree(from) {
        let copy = format!("{to}{}", path.get(from.len()..).unwrap_or_default());
        match node {
            Inode::Directory => {
                if let Err(why) = disk::make_directory(cx.world, &cx.thread.env.host, &copy) {
                    *err += &format!("cp: cannot create directory '{copy}': {why}\n");
                }
            }
            Inode::File { .. } => copy_file(cx, &node, &copy, &copy, err),
            Inode::Link(_) | Inode::Device => {}
        }
    }
}

const MV: Spec = Spec {
    long: &[("force", 'f'), ("no-clobber", 'n'), ("verbose", 'v'), ("target-directory", 't')],
    ..Spec::new("mv", "finvut:T")
};

pub(in crate::programs) fn mv(cx: &mut Cx<'_>, args: &[String]) -> Started {
    let options = match MV.parse(args) {
        Ok(options) => options,
        Err(misuse) => return feed::misuse(cx, &misuse),
    };
    let moves = match moves(cx, "mv", &options) {
        Ok(moves) => moves,
        Err(misuse) => return feed::misuse(cx, &misuse),
    };
    let mut err = String::new();
    for source in &moves.sources {
        let to = moves.place(source);
        let (from_path, to_path) = (cx.absolute(source), cx.absolute(&to));
        let (from_node, to_node) = (cx.disk().look(&from_path), cx.disk().get(&to_path));
        let host = cx.host();
        let moved = match (from_node, to_node) {
            (None, _) => {
                err += &format!("mv: cannot stat '{source}': No such file or directory\n");
                continue;
            }
            (Some(_), Some(_)) if from_path == to_path => {
                err += &format!("mv: '{source}' and '{to}' are the same file\n");
                continue;
            }
            (Some(_), Some(_)) if options.has('n') => Ok(()),
            (Some(Inode::Directory), Some(Inode::File { .. })) => {
                err += &format!("mv: cannot overwrite non-directory '{to}' with directory '{source}'\n");
                continue;
            }
            (Some(Inode::Directory), _) if to_path.starts_with(&format!("{from_path}/")) => {
                err += &format!("mv: cannot move '{source}' to a subdirectory of itself, '{to}'\n");
                continue;
            }
            (Some(Inode::Directory), _) => move_tree(cx, &host, &from_path, &to_path),
            (Some(_), _) => disk::rename(cx.world, &host, &from_path, &to_path),
        };
        match moved {
            Ok(()) if options.has('v') => cx.out(&format!("renamed '{source}' -> '{to}'\n")),
            Ok(()) => {}
            Err(why) => err += &format!("mv: cannot move '{source}' to '{to}': {why}\n"),
        }
    }
    done(cx, &err)
}

fn move_tree(cx: &mut Cx<'_>, host: &Host, from: &str, to: &str) -> Result<(), Refusal> {
    if let Some(why) = cannot_make(&cx.disk(), to) {
        return Err(why);
    }
    let all = cx.disk().tree(from);
    let moved = |path: &str| format!("{to}{}", path.get(from.len()..).unwrap_or_default());
    for (path, node) in &all {
        match node {
            Inode::Directory => disk::make_directory(cx.world, host, &moved(path))?,
            _ => disk::rename(cx.world, host, path, &moved(path))?,
        }
    }
    for (path, _) in all.iter().filter(|(_, node)| *node == Inode::Directory).rev() {
        disk::remove(cx.world, host, path)?;
    }
    Ok(())
}

const RM: Spec = Spec {
    long: &[("recursive", 'r'), ("force", 'f'), ("verbose", 'v'), ("dir", 'd'), ("interactive", 'i')],
    ..Spec::new("rm", "rRfvdiI")
};

pub(in crate::programs) fn rm(cx: &mut Cx<'_>, args: &[String]) -> Started {
    let options = match RM.parse(args) {
        Ok(options) => options,
        Err(misuse) => return feed::misuse(cx, &misuse),
    };
    let force = options.has('f');
    let recursive = options.has('r') || options.has('R');
    if options.operands.is_empty() {
        return if force { Started::Done(0) } else { feed::misuse(cx, &missing("rm", "operand")) };
    }
    let mut err = String::new();
    for path in &options.operands {
        let whole = cx.absolute(path);
        let host = cx.host();
        let last = file_name(path.trim_end_matches('/'));
        match cx.disk().look(&whole) {
            None if force => {}
            None => err += &format!("rm: cannot remove '{path}': No such file or directory\n"),
            Some(Inode::Directory) if whole == "/" => {
                err += "rm: it is dangerous to operate recursively on '/'\nrm: use --no-preserve-root to override this failsafe\n";
            }
            Some(Inode::Directory) if matches!(last, "." | "..") => {
                err += &format!("rm: refusing to remove '.' or '..' directory: skipping '{path}'\n");
            }
            Some(Inode::Directory) if !recursive && !options.has('d') => {
                err += &format!("rm: cannot remove '{path}': Is a directory\n");
            }
            Some(Inode::Directory) if recursive => {
                for (inner, _) in cx.disk().tree(&whole).iter().rev() {
                    if let Err(why) = disk::remove(cx.world, &host, inner) {
                        err += &format!("rm: cannot remove '{inner}': {why}\n");
                    }
                }
            }
            Some(_) => match disk::remove(cx.world, &host, &whole) {
                Ok(()) if options.has('v') => cx.out(&format!("removed '{path}'\n")),
                Ok(()) => {}
                Err(why) => err += &format!("rm: cannot remove '{path}': {why}\n"),
            },
        }
    }
    done(cx, &err)
}

pub(in crate::programs) fn rmdir(cx: &mut Cx<'_>, args: &[String]) -> Started {
    let options = match Spec::new("rmdir", "pv").parse(args) {
        Ok(options) => options,
        Err(misuse) => return feed::misuse(cx, &misuse),
    };
    if options.operands.is_empty() {
        return feed::misuse(cx, &missing("rmdir", "operand"));
    }
    let mut err = String::new();
    for path in &options.operands {
        let whole = cx.absolute(path);
        let node = cx.disk().look(&whole);
        let removed = match node {
            Some(Inode::Directory) => disk::remove(cx.world, &cx.thread.env.host, &whole),
            Some(_) => Err("Not a directory"),
            None => Err("No such file or directory"),
        };
        if let Err(why) = removed {
            err += &format!("rmdir: failed to remove '{path}': {why}\n");
        }
    }
    done(cx, &err)
}

pub(in crate::programs) fn mkdir(cx: &mut Cx<'_>, args: &[String]) -> Started {
    let spec =
        Spec { long: &[("parents", 'p'), ("verbose", 'v'), ("mode", 'm')], ..Spec::new("mkdir", "pvm:") };
    let options = match spec.parse(args) {
        Ok(options) => options,
        Err(misuse) => return feed::misuse(cx, &misuse),
    };
    if options.operands.is_empty() {
        return feed::misuse(cx, &missing("mkdir", "operand"));
    }
    let mut err = String::new();
    for path in &options.operands {
        let whole = cx.absolute(path);
        let parents = options.has('p');
        let (there, above) = (cx.disk().get(&whole), cx.disk().get(parent(&whole)));
        let made = match (there, above) {
            (Some(Inode::Directory), _) if parents => continue,
            (Some(_), _) => Err("File exists"),
            (None, None) if !parents => Err("No such file or directory"),
            (None, Some(node)) if node != Inode::Directory => Err("Not a directory"),
            (None, _) => disk::make_directory(cx.world, &cx.thread.env.host, &whole),
        };
        match made {
            Ok(()) if options.has('v') => cx.out(&format!("mkdir: created directory '{path}'\n")),
            Ok(()) => {}
            Err(why) => err += &format!("mkdir: cannot create directory ‘{path}’: {why}\n"),
        }
    }
    done(cx, &err)
}

/// A file that is there keeps its bytes and gets a new time.
pub(in crate::programs) fn touch(cx: &mut Cx<'_>, args: &[String]) -> Started {
    let options = match Spec::new("touch", "acmt:d:r:").parse(args) {
        Ok(options) => options,
        Err(misuse) => return feed::misuse(cx, &misuse),
    };
    if ['t', 'd', 'r'].iter().any(|letter| options.has(*letter)) {
        return feed::refuse(cx, "touch: only the present time is simulated, without -d, -t and -r\n", 1);
    }
    if options.operands.is_empty() {
        return feed::misuse(cx, &missing("touch", "file operand"));
    }
    let mut err = String::new();
    for path in &options.operands {
        let whole = cx.absolute(path);
        let node = cx.disk().get(&whole);
        let written = match node {
            Some(Inode::Directory | Inode::Device) => Ok(()),
            None if options.has('c') => Ok(()),
            Some(Inode::File { bytes, .. }) => cx.write_file(path, &bytes),
            _ if path.ends_with('/') => Err("No such file or directory"),
            _ => cx.write_file(path, &[]),
        };
        if let Err(why) = written {
            err += &format!("touch: cannot touch '{path}': {why}\n");
        }
    }
    done(cx, &err)
}

pub(in crate::programs) fn chmod(cx: &mut Cx<'_>, args: &[String]) -> Started {
    // `-x` is a mode here.
    let (options, words): (Vec<&String>, Vec<&String>) =
        args.iter().partition(|arg| matches!(arg.as_str(), "-R" | "-v" | "--recursive" | "-f" | "-c"));
    let Some((mode, paths)) = words.split_first().filter(|(_, paths)| !paths.is_empty()) else {
        return feed::misuse(cx, &missing("chmod", "operand"));
    };
    let recursive = options.iter().any(|option| matches!(option.as_str(), "-R" | "--recursive"));
    let mut err = String::new();
    for path in paths {
        let whole = cx.absolute(path);
        let all = match cx.disk().get(&whole) {
            None => {
                err += &format!("chmod: cannot access '{path}': No such file or directory\n");
                continue;
            }
            Some(Inode::Directory) if recursive => cx.disk().tree(&whole),
            Some(node) => vec![(whole, node)],
        };
        for (inner, node) in all {
            let before = if let Inode::File { mode, .. } = node { mode } else { 0o755 };
            let Some(new) = changed_mode(mode, before) else {
                return feed::refuse(
                    cx,
                    &format!("chmod: invalid mode: ‘{mode}’\nTry 'chmod --help' for more information.\n"),
                    1,
                );
            };
            if let Err(why) = disk::set_mode(cx.world, &cx.thread.env.host, &inner, new) {
                err += &format!("chmod: changing permissions of '{path}': {why}\n");
            }
        }
    }
    done(cx, &err)
}

/// `755`, `u+x`, `go-w`, `a=r`
fn changed_mode(text: &str, before: u16) -> Option<u16> {
    if let Ok(mode) = u16::from_str_radix(text, 8) {
        return (mode <= 0o7777).then_some(mode & 0o777);
    }
    let mut mode = before;
    for clause in text.split(',') {
        let at = clause.find(['+', '-', '='])?;
        let (who, rest) = clause.split_at(at);
        let mut mask = 0;
        for letter in who.chars() {
            mask |= match letter {
                'u' => 0o700,
                'g' => 0o070,
                'o' => 0o007,
                'a' => 0o777,
                _ => return None,
            };
        }
        let mask = if who.is_empty() { 0o777 } else { mask };
        let mut bits = 0;
        for letter in rest.chars().skip(1) {
            bits |= match letter {
                'r' => 0o444,
                'w' => 0o222,
                'x' | 'X' => 0o111,
                _ => return None,
            };
        }
        match rest.chars().next()? {
            '+' => mode |= bits & mask,
            '-' => mode &= !(bits & mask),
            _ => mode = (mode & !mask) | (bits & mask),
        }
    }
    Some(mode)
}

/// Everything belongs to root, so `root` is the only owner there can be.
pub(in crate::programs) fn chown(cx: &mut Cx<'_>, args: &[String]) -> Started {
    let words: Vec<&String> = args.iter().filter(|arg| !arg.starts_with('-')).collect();
    let Some((owner, paths)) = words.split_first().filter(|(_, paths)| !paths.is_empty()) else {
        return feed::misuse(cx, &missing("chown", "operand"));
    };
    let known = |name: &str| matches!(name, "" | "root" | "0");
    if !owner.split([':', '.']).all(known) {
        return feed::refuse(cx, &format!("chown: invalid user: ‘{owner}’\n"), 1);
    }
    let mut err = String::new();
    for path in paths {
        if !cx.disk().exists(&cx.absolute(path)) {
            err += &format!("chown: cannot access '{path}': No such file or directory\n");
        }
    }
    done(cx, &err)
}

pub(in crate::programs) fn ln(cx: &mut Cx<'_>, _args: &[String]) -> Started {
    feed::refuse(cx, "ln: links cannot be made on the simulated disks: copy the file with cp\n", 1)
}

pub(in crate::programs) fn mktemp(cx: &mut Cx<'_>, args: &[String]) -> Started {
    let directory = args.iter().any(|arg| arg == "-d");
    let number = cx.thread.env.next_random() * 32_768 + cx.thread.env.next_random();
    let path = clean_path(&format!("/tmp/tmp.{number:010}"));
    let host = cx.host();
    let made = match directory {
        true => disk::make_directory(cx.world, &host, &path),
        false => disk::write(cx.world, &host, &path, &[]),
    };
    match made {
        Ok(()) => cx.out(&format!("{path}\n")),
        Err(why) => return feed::refuse(cx, &format!("mktemp: failed to create file: {why}\n"), 1),
    }
    Started::Done(0)
}
