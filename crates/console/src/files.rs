//! GNU coreutils on a node's disk, as far as manifests need them.

use super::Machines;
use super::regex::Regex;
use cli_runtime::job::Outcome;
use cli_runtime::time::ls_date;
use sim::files::{Entry, FileError, Files, clean_path, file_name, parent};

/// Options (as one string of letters) and the rest. A path is read from root's home.
struct Args<'a> {
    options: String,
    paths: Vec<&'a str>,
}

fn args(words: &[String]) -> Args<'_> {
    let mut found = Args { options: String::new(), paths: Vec::new() };
    let mut only_paths = false;
    for word in words {
        match word.as_str() {
            "--" => only_paths = true,
            "--all" if !only_paths => found.options.push('a'),
            "--recursive" if !only_paths => found.options.push('r'),
            "--force" if !only_paths => found.options.push('f'),
            "--parents" if !only_paths => found.options.push('p'),
            "--append" if !only_paths => found.options.push('a'),
            option if !only_paths && option.starts_with("--") => {}
            option if !only_paths && option.len() > 1 && option.starts_with('-') => {
                found.options.push_str(&option[1..]);
            }
            path => found.paths.push(path),
        }
    }
    found
}

impl Args<'_> {
    fn has(&self, letters: &[char]) -> bool {
        self.options.contains(letters)
    }
}

/// The whole path of one that may be relative to root's home directory.
pub(super) fn absolute(path: &str) -> String {
    if path.starts_with('/') {
        return clean_path(path);
    }
    clean_path(&format!("/root/{}", path.strip_prefix("~/").unwrap_or(path)))
}

fn exists(files: &Files, path: &str) -> bool {
    files.get(path).is_some()
}

/// Paths with `*` in their last part stand for what matches, if anything does.
fn globbed(files: &Files, paths: &[&str]) -> Vec<String> {
    let mut all = Vec::new();
    for path in paths {
        let whole = absolute(path);
        if !whole.contains(['*', '?']) {
            all.push((*path).to_owned());
            continue;
        }
        let pattern = file_name(&whole).to_owned();
        let directory = parent(&whole).to_owned();
        let matches = files
            .list(&directory)
            .filter(|(name, _)| glob(&pattern, name) && (pattern.starts_with('.') || !name.starts_with('.')));
        let found: Vec<String> =
            matches.map(|(name, _)| clean_path(&format!("{directory}/{name}"))).collect();
        if found.is_empty() {
            all.push((*path).to_owned());
        }
        all.extend(found);
    }
    all
}

fn glob(pattern: &str, name: &str) -> bool {
    let mut regex = String::from("^");
    for c in pattern.chars() {
        match c {
            '*' => regex.push_str(".*"),
            '?' => regex.push('.'),
            c => regex.extend(['\\', c]),
        }
    }
    regex.push('$');
    // Letters behind a backslash stand for themselves except these.
    let regex = regex.replace("\\s", "[s]").replace("\\d", "[d]");
    Regex::new(&regex, false, false).is_match(name)
}

pub(super) fn outcome(out: String, err: String, bad_code: i32) -> Outcome {
    let exit_code = if err.is_empty() { 0 } else { bad_code };
    Outcome { stdout: out.into_bytes(), stderr: err, exit_code, ..Outcome::default() }
}

fn missing_operand(program: &str, what: &str) -> Outcome {
    let text = format!("{program}: missing {what}\nTry '{program} --help' for more information.\n");
    Outcome::fail(1, text)
}

pub(super) fn ls(machines: &mut dyn Machines, node: &str, words: &[String]) -> Outcome {
    let parsed = args(words);
    let files = machines.files(node);
    let named = if parsed.paths.is_empty() { vec!["/root"] } else { parsed.paths.clone() };
    let paths = globbed(files, &named);
    let (mut out, mut err) = (String::new(), String::new());
    let (mut plain, mut directories) = (Vec::new(), Vec::new());
    for path in &paths {
        let whole = absolute(path);
        match files.get(&whole) {
            None => err += &format!("ls: cannot access '{path}': No such file or directory\n"),
            Some(Entry::Directory) if !parsed.has(&['d']) => directories.push((path, whole)),
            Some(entry) => plain.push((path.clone(), entry)),
        }
    }
    let long = parsed.has(&['l']);
    out += &listing(&plain, long, false);
    let titled = paths.len() > 1;
    for (path, whole) in directories {
        if titled {
            out += &format!("{}{path}:\n", if out.is_empty() { "" } else { "\n" });
        }
        let hidden = parsed.has(&['a', 'A']);
        let mut entries: Vec<(String, &Entry)> = Vec::new();
        if parsed.has(&['a']) {
            entries.extend([(".".to_owned(), &Entry::Directory), ("..".to_owned(), &Entry::Directory)]);
        }
        let inside = files.list(&whole).filter(|(name, _)| hidden || !name.starts_with('.'));
        entries.extend(inside.map(|(name, entry)| (name.to_owned(), entry)));
        if parsed.has(&['t']) {
            let time = |entry: &Entry| match entry {
                Entry::File(file) => file.modified.0,
                Entry::Directory => 0,
            };
            entries.sort_by_key(|(_, entry)| std::cmp::Reverse(time(entry)));
        }
        if parsed.has(&['r']) {
            entries.reverse();
        }
        out += &listing(&entries, long, true);
    }
    outcome(out, err, 2)
}

/// A size and a block count as `ls -l` prints them: a directory is one block.
fn size_of(entry: &Entry) -> usize {
    match entry {
        Entry::Directory => 4096,
        Entry::File(file) => file.bytes.len(),
    }
}

fn listing(entries: &[(String, &Entry)], long: bool, total: bool) -> String {
    if !long {
        return entries.iter().map(|(name, _)| format!("{name}\n")).collect();
    }
    let mut out = String::new();
    if total {
        let blocks: usize = entries.iter().map(|(_, entry)| size_of(entry).div_ceil(4096) * 4).sum();
        out += &format!("total {blocks}\n");
    }
    let width = entries.iter().map(|(_, entry)| size_of(entry).to_string().len()).max().unwrap_or(0);
    for (name, entry) in entries {
        let (mode, links, time) = match entry {
            Entry::Directory => ("drwxr-xr-x", 2, sim::Time::START),
            Entry::File(file) => ("-rw-------", 1, file.modified),
        };
        let size = size_of(entry);
        out += &format!("{mode} {links} root root {size:>width$} {} {name}\n", ls_date(time));
    }
    out
}

pub(super) fn cat(machines: &mut dyn Machines, node: &str, words: &[String], stdin: &[u8]) -> Outcome {
    let parsed = args(words);
    if parsed.paths.is_empty() {
        return Outcome { stdout: stdin.to_vec(), ..Outcome::default() };
    }
    let files = machines.files(node);
    let mut result = Outcome::default();
    for path in globbed(files, &parsed.paths) {
        match files.get(&absolute(&path)) {
            _ if path == "-" => result.stdout.extend(stdin),
            Some(Entry::File(file)) => result.stdout.extend(file.bytes.iter()),
            found => {
                let error = if found.is_some() { FileError::IsADirectory } else { FileError::NotFound };
                result.stderr += &format!("cat: {path}: {}\n", error.text());
                result.exit_code = 1;
            }
        }
    }
    result
}

pub(super) fn mv(machines: &mut dyn Machines, node: &str, words: &[String]) -> Outcome {
    let parsed = args(words);
    let Some((target, named)) = parsed.paths.split_last() else {
        return missing_operand("mv", "file operand");
    };
    let sources = globbed(machines.files(node), named);
    if sources.is_empty() {
        return missing_operand("mv", &format!("destination file operand after '{target}'"));
    }
    let to = absolute(target);
    if sources.len() > 1 && !machines.files(node).is_directory(&to) {
        return Outcome::fail(1, format!("mv: target '{target}': No such file or directory\n"));
    }
    let mut err = String::new();
    for source in &sources {
        let from = absolute(source);
        let files = machines.files(node);
        let inside = clean_path(&format!("{to}/{}", file_name(&from)));
        let whole_to = if files.is_directory(&to) { inside } else { to.clone() };
        if !exists(files, &from) {
            err += &format!("mv: cannot stat '{source}': No such file or directory\n");
        } else if from == whole_to {
            err += &format!("mv: '{source}' and '{target}' are the same file\n");
        } else if files.is_directory(&from) {
            if let Err(error) = move_directory(machines, node, &from, &whole_to) {
                err += &format!("mv: cannot move '{source}' to '{target}': {}\n", error.text());
            }
        } else if let Err(error) = machines.rename(node, &from, &to) {
            err += &format!("mv: cannot move '{source}' to '{target}': {}\n", error.text());
        }
    }
    outcome(String::new(), err, 1)
}

/// Everything below a path, the path itself first.
fn tree(files: &Files, path: &str) -> Vec<(String, bool)> {
    let inside = format!("{}/", path.trim_end_matches('/'));
    let all = files.iter().filter(|(name, _)| *name == path || name.starts_with(&inside));
    all.map(|(name, entry)| (name.to_owned(), matches!(entry, Entry::Directory))).collect()
}

fn move_directory(machines: &mut dyn Machines, node: &str, from: &str, to: &str) -> Result<(), FileError> {
    if to.starts_with(&format!("{from}/")) {
        return Err(FileError::NotADirectory);
    }
    if !machines.files(node).is_directory(parent(to)) {
        return Err(FileError::NotFound);
    }
    let all = tree(machines.files(node), from);
    let moved = |path: &str| format!("{to}{}", path.get(from.len()..).unwrap_or_default());
    for (path, is_directory) in &all {
        if *is_directory {
            machines.make_directory(node, &moved(path))?;
        } else {
            machines.rename(node, path, &moved(path))?;
        }
    }
    for (path, _) in all.iter().filter(|(_, is_directory)| *is_directory).rev() {
        machines.remove(node, path)?;
    }
    Ok(())
}

pub(super) fn cp(machines: &mut dyn Machines, node: &str, words: &[String]) -> Outcome {
    let parsed = args(words);
    let Some((target, named)) = parsed.paths.split_last() else {
        return missing_operand("cp", "file operand");
    };
    let sources = globbed(machines.files(node), named);
    if sources.is_empty() {
        return missing_operand("cp", &format!("destination file operand after '{target}'"));
    }
    let to = absolute(target);
    let mut err = String::new();
    for source in &sources {
        let from = absolute(source);
        let files = machines.files(node);
        let into = if files.is_directory(&to) {
            clean_path(&format!("{to}/{}", file_name(&from)))
        } else {
            to.clone()
        };
        match files.get(&from) {
            None => err += &format!("cp: cannot stat '{source}': No such file or directory\n"),
            Some(_) if from == into => err += &format!("cp: '{source}' and '{target}' are the same file\n"),
            Some(Entry::Directory) if !parsed.has(&['r', 'R', 'a']) => {
                err += &format!("cp: -r not specified; omitting directory '{source}'\n");
            }
            Some(Entry::Directory) => {
                for (path, is_directory) in tree(machines.files(node), &from) {
                    let copy = format!("{into}{}", path.get(from.len()..).unwrap_or_default());
                    let bytes = machines.files(node).file(&path).map(|file| file.bytes.clone());
                    let done = match bytes {
                        Some(bytes) if !is_directory => machines.write(node, &copy, &bytes),
                        _ => machines.make_directory(node, &copy),
                    };
                    if let Err(error) = done {
                        err += &format!("cp: cannot create '{copy}': {}\n", error.text());
                    }
                }
            }
            Some(Entry::File(file)) => {
                let bytes = file.bytes.clone();
                if let Err(error) = machines.write(node, &into, &bytes) {
                    err += &format!("cp: cannot create regular file '{target}': {}\n", error.text());
                }
            }
        }
    }
    outcome(String::new(), err, 1)
}

pub(super) fn rm(machines: &mut dyn Machines, node: &str, words: &[String]) -> Outcome {
    let parsed = args(words);
    let force = parsed.has(&['f']);
    if parsed.paths.is_empty() {
        return if force { Outcome::default() } else { missing_operand("rm", "operand") };
    }
    let mut err = String::new();
    for path in globbed(machines.files(node), &parsed.paths) {
        let whole = absolute(&path);
        match machines.files(node).get(&whole) {
            None if force => {}
            None => err += &format!("rm: cannot remove '{path}': No such file or directory\n"),
            Some(Entry::Directory) if whole == "/" => {
                err += "rm: it is dangerous to operate recursively on '/'\n";
            }
            Some(Entry::Directory) if !parsed.has(&['r', 'R']) => {
                err += &format!("rm: cannot remove '{path}': Is a directory\n");
            }
            Some(_) => {
                for (inner, _) in tree(machines.files(node), &whole).iter().rev() {
                    if let Err(error) = machines.remove(node, inner) {
                        err += &format!("rm: cannot remove '{inner}': {}\n", error.text());
                    }
                }
            }
        }
    }
    outcome(String::new(), err, 1)
}

pub(super) fn rmdir(machines: &mut dyn Machines, node: &str, words: &[String]) -> Outcome {
    let parsed = args(words);
    let mut err = String::new();
    for path in &parsed.paths {
        let whole = absolute(path);
        let done = match machines.files(node).get(&whole) {
            Some(Entry::File(_)) => Err(FileError::NotADirectory),
            _ => machines.remove(node, &whole),
        };
        if let Err(error) = done {
            err += &format!("rmdir: failed to remove '{path}': {}\n", error.text());
        }
    }
    outcome(String::new(), err, 1)
}

/// A file that is there keeps its bytes and gets a new time.
pub(super) fn touch(machines: &mut dyn Machines, node: &str, words: &[String]) -> Outcome {
    let parsed = args(words);
    if parsed.paths.is_empty() {
        return missing_operand("touch", "file operand");
    }
    let mut err = String::new();
    for path in &parsed.paths {
        let whole = absolute(path);
        let files = machines.files(node);
        if files.is_directory(&whole) {
            continue;
        }
        let bytes = files.file(&whole).map(|file| file.bytes.clone()).unwrap_or_default();
        if let Err(error) = machines.write(node, &whole, &bytes) {
            err += &format!("touch: cannot touch '{path}': {}\n", error.text());
        }
    }
    outcome(String::new(), err, 1)
}

pub(super) fn mkdir(machines: &mut dyn Machines, node: &str, words: &[String]) -> Outcome {
    let parsed = args(words);
    if parsed.paths.is_empty() {
        return missing_operand("mkdir", "operand");
    }
    let mut err = String::new();
    for path in &parsed.paths {
        let whole = absolute(path);
        let files = machines.files(node);
        let with_parents = parsed.has(&['p']);
        if exists(files, &whole) && !(with_parents && files.is_directory(&whole)) {
            err += &format!("mkdir: cannot create directory ‘{path}’: File exists\n");
        } else if !with_parents && !exists(files, parent(&whole)) {
            err += &format!("mkdir: cannot create directory ‘{path}’: No such file or directory\n");
        } else if let Err(error) = machines.make_directory(node, &whole) {
            err += &format!("mkdir: cannot create directory ‘{path}’: {}\n", error.text());
        }
    }
    outcome(String::new(), err, 1)
}

pub(super) fn tee(machines: &mut dyn Machines, node: &str, words: &[String], stdin: &[u8]) -> Outcome {
    let parsed = args(words);
    let mut err = String::new();
    for path in parsed.paths.iter().filter(|path| **path != "/dev/null") {
        let whole = absolute(path);
        let mut bytes = Vec::new();
        if parsed.has(&['a']) {
            bytes.extend(machines.files(node).file(&whole).into_iter().flat_map(|file| file.bytes.iter()));
        }
        bytes.extend(stdin);
        if let Err(error) = machines.write(node, &whole, &bytes) {
            err += &format!("tee: {path}: {}\n", error.text());
        }
    }
    let exit_code = i32::from(!err.is_empty());
    Outcome { stdout: stdin.to_vec(), stderr: err, exit_code, ..Outcome::default() }
}

pub(super) fn stat(machines: &mut dyn Machines, node: &str, words: &[String]) -> Outcome {
    let parsed = args(words);
    let files = machines.files(node);
    let (mut out, mut err) = (String::new(), String::new());
    for path in &parsed.paths {
        match files.get(&absolute(path)) {
            None => err += &format!("stat: cannot statx '{path}': No such file or directory\n"),
            Some(entry) => {
                let kind = if matches!(entry, Entry::Directory) { "directory" } else { "regular file" };
                out += &format!("  File: {path}\n  Size: {}\t{kind}\n", size_of(entry));
            }
        }
    }
    outcome(out, err, 1)
}

/// `test -f PATH`, `-d`, `-e`.
pub(super) fn test(machines: &mut dyn Machines, node: &str, words: &[String]) -> Outcome {
    let files = machines.files(node);
    let words: Vec<&str> = words.iter().map(String::as_str).filter(|word| *word != "]").collect();
    let (negated, words) = match words.split_first() {
        Some((&"!", rest)) => (true, rest),
        _ => (false, words.as_slice()),
    };
    let holds = match words {
        ["-f", path] => files.file(&absolute(path)).is_some(),
        ["-d", path] => files.is_directory(&absolute(path)),
        ["-e", path] => exists(files, &absolute(path)),
        ["-s", path] => files.file(&absolute(path)).is_some_and(|file| !file.bytes.is_empty()),
        [left, "=" | "==", right] => left == right,
        [left, "!=", right] => left != right,
        [word] => !word.is_empty(),
        _ => false,
    };
    Outcome { exit_code: i32::from(holds == negated), ..Outcome::default() }
}

/// `find PATH [-name GLOB] [-type f|d]`.
pub(super) fn find(machines: &mut dyn Machines, node: &str, words: &[String]) -> Outcome {
    let files = machines.files(node);
    let option = |name: &str| {
        let at = words.iter().position(|word| word == name)?;
        words.get(at + 1).map(String::as_str)
    };
    let paths: Vec<&String> = words.iter().take_while(|word| !word.starts_with('-')).collect();
    let (mut out, mut err) = (String::new(), String::new());
    for path in paths {
        let whole = absolute(path);
        if !exists(files, &whole) {
            err += &format!("find: ‘{path}’: No such file or directory\n");
        }
        for (inner, is_directory) in tree(files, &whole) {
            let named = option("-name").is_none_or(|pattern| glob(pattern, file_name(&inner)));
            let typed = option("-type").is_none_or(|kind| (kind == "d") == is_directory);
            if named && typed {
                out += &format!("{inner}\n");
            }
        }
    }
    outcome(out, err, 1)
}
