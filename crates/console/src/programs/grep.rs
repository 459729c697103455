//! `grep`, `egrep`, `fgrep`.

use std::collections::VecDeque;

use super::feed::{self, Lines, Out, Wants};
use super::options::{Options, Spec};
use crate::disk::Inode;
use crate::glob;
use crate::regex::Pattern;
use crate::shell::program::{Cx, Started};
use sim::order::SortShared;

const SPEC: Spec = Spec {
    long: &[
        ("extended-regexp", 'E'),
        ("fixed-strings", 'F'),
        ("basic-regexp", 'G'),
        ("perl-regexp", 'P'),
        ("regexp", 'e'),
        ("file", 'f'),
        ("ignore-case", 'i'),
        ("invert-match", 'v'),
        ("word-regexp", 'w'),
        ("line-regexp", 'x'),
        ("count", 'c'),
        ("color", 'K'),
        ("colour", 'K'),
        ("files-without-match", 'L'),
        ("files-with-matches", 'l'),
        ("max-count", 'm'),
        ("only-matching", 'o'),
        ("quiet", 'q'),
        ("silent", 'q'),
        ("no-messages", 's'),
        ("with-filename", 'H'),
        ("no-filename", 'h'),
        ("line-number", 'n'),
        ("after-context", 'A'),
        ("before-context", 'B'),
        ("context", 'C'),
        ("recursive", 'r'),
        ("dereference-recursive", 'R'),
        ("include", 'I'),
        ("exclude", 'X'),
        ("exclude-dir", 'D'),
        ("text", 'a'),
        ("line-buffered", 'U'),
    ],
    code: 2,
    ..Spec::new("grep", "EFGPe:f:ivwxcK::Llm:oqsHhnA:B:C:rRI:X:D:aUyb")
};

const USAGE: &str = "Usage: grep [OPTION]... PATTERNS [FILE]...\nTry 'grep --help' for more information.\n";

pub(super) fn start(cx: &mut Cx<'_>, args: &[String]) -> Started {
    begin(cx, args, None)
}

pub(super) fn extended(cx: &mut Cx<'_>, args: &[String]) -> Started {
    begin(cx, args, Some('E'))
}

pub(super) fn fixed(cx: &mut Cx<'_>, args: &[String]) -> Started {
    begin(cx, args, Some('F'))
}

/// `-5` is `-C 5`.
fn with_context(args: &[String]) -> Vec<String> {
    let is_count = |arg: &str| {
        let digits = arg.strip_prefix('-').unwrap_or_default();
        !digits.is_empty() && digits.bytes().all(|byte| byte.is_ascii_digit())
    };
    let takes_value = |arg: &str| matches!(arg, "-A" | "-B" | "-C" | "-e" | "-f" | "-m");
    let mut after_option = false;
    let mut all = Vec::new();
    for arg in args {
        if is_count(arg) && !after_option {
            all.push(format!("-C{}", arg.trim_start_matches('-')));
        } else {
            all.push(arg.clone());
        }
        after_option = takes_value(arg);
    }
    all
}

fn begin(cx: &mut Cx<'_>, args: &[String], flavour: Option<char>) -> Started {
    let mut options = match SPEC.parse(&with_context(args)) {
        Ok(options) => options,
        Err(misuse) => return feed::misuse(cx, &misuse),
    };
    let mut texts: Vec<String> = options.values('e').map(str::to_owned).collect();
    for file in options.values('f').map(str::to_owned).collect::<Vec<_>>() {
        match cx.read_file(&file) {
            Ok(bytes) => texts.extend(String::from_utf8_lossy(&bytes).lines().map(str::to_owned)),
            Err(why) => return feed::refuse(cx, &format!("grep: {file}: {why}\n"), 2),
        }
    }
    if texts.is_empty() && !options.has('f') {
        if options.operands.is_empty() {
            return feed::refuse(cx, USAGE, 2);
        }
        texts.push(options.operands.remove(0));
    }
    // A newline parts patterns.
    let texts: Vec<&str> = texts.iter().flat_map(|text| text.split('\n')).collect();
    let flavour = options
        .in_order()
        .map(|(letter, _)| letter)
        .filter(|letter| "EFGP".contains(*letter))
        .last()
        .or(flavour);
    let ignore_case = options.has('i') || options.has('y');
    let mut patterns = Vec::new();
    for text in texts {
        let pattern = match flavour {
            Some('E') => Pattern::extended(text, ignore_case),
            Some('F') => Pattern::fixed(text, ignore_case),
            Some('P') => Pattern::perl(text, ignore_case),
            _ => Pattern::basic(text, ignore_case),
        };
        match pattern {
            Ok(pattern) => patterns.push(pattern),
            Err(error) => return feed::refuse(cx, &format!("grep: {error}\n"), 2),
        }
    }
    let count = |letter: char| -> Result<Option<usize>, String> {
        match options.value(letter) {
            None => Ok(None),
            Some(text) => text.parse().map(Some).map_err(|_| match letter {
                'm' => "grep: invalid max count\n".to_owned(),
                _ => format!("grep: {text}: invalid context length argument\n"),
            }),
        }
    };
    let counts = (|| Ok::<_, String>((count('A')?, count('B')?, count('C')?, count('m')?)))();
    let (after, before, around, most) = match counts {
        Ok(counts) => counts,
        Err(text) => return feed::refuse(cx, &text, 2),
    };
    let recursive = options.has('r') || options.has('R');
    let named = options.operands.len();
    let mut quiet_errors = String::new();
    let files = files_of(cx, &options, recursive, &mut quiet_errors);
    if !options.has('s') {
        cx.err(&quiet_errors);
    }
    let failed = !quiet_errors.is_empty();
    let shows_name = options.has('H') || (!options.has('h') && (recursive || named > 1));
    if files.is_empty() && (named > 0 || recursive) {
        return Started::Done(if failed { 2 } else { 1 });
    }
    let contexts = after.is_some() || before.is_some() || around.is_some();
    let grep = Grep {
        patterns,
        invert: options.has('v'),
        word: options.has('w'),
        line: options.has('x'),
        only: options.has('o'),
        number: options.has('n'),
        count: options.has('c'),
        list: if options.has('L') { Some(false) } else { options.has('l').then_some(true) },
        quiet: options.has('q'),
        silent: options.has('s'),
        before: before.or(around).unwrap_or(0),
        after: after.or(around).unwrap_or(0),
        most,
        shows_name,
        contexts,
        ..Grep::default()
    };
    let grep = Grep { failed, ..grep };
    feed::start("grep", grep, files, 0)
}

/// The files to look into: directories are walked through, or are a mistake.
fn files_of(cx: &Cx<'_>, options: &Options, recursive: bool, errors: &mut String) -> Vec<String> {
    let disk = cx.disk();
    let mut files = Vec::new();
    let here = [".".to_owned()];
    let named: &[String] = if options.operands.is_empty() && recursive { &here } else { &options.operands };
    let fits = |letter: char, name: &str| {
        options.values(letter).any(|pattern| glob::Pattern::new(pattern).matches(name))
    };
    for name in named {
        let whole = cx.absolute(name);
        if name == "-" || !disk.is_directory(&whole) {
            files.push(name.clone());
            continue;
        }
        if !recursive {
            *errors += &format!("grep: {name}: Is a directory\n");
            continue;
        }
        for (path, node) in disk.tree(&whole) {
            let rest = path.strip_prefix(&whole).unwrap_or_default().trim_start_matches('/');
            let file = rest.rsplit('/').next().unwrap_or(rest);
            // Without -R links are not followed.
            let is_file =
                matches!(node, Inode::File { .. }) || (matches!(node, Inode::Link(_)) && options.has('R'));
            let included = options.value('I').is_none() || fits('I', file);
            let excluded = fits('X', file) || rest.split('/').any(|part| fits('D', part));
            if is_file && included && !excluded {
                let prefix = if named.len() == 1 && options.operands.is_empty() {
                    String::new()
                } else {
                    format!("{}/", name.trim_end_matches('/'))
                };
                files.push(format!("{prefix}{rest}"));
            }
        }
    }
    files
}

/// A grep under way.
#[derive(Clone, Default)]
struct Grep {
    patterns: Vec<Pattern>,
    invert: bool,
    word: bool,
    line: bool,
    only: bool,
    number: bool,
    count: bool,
    /// `-l`: names of files with a match; `-L` (`false`): of those without.
    list: Option<bool>,
    quiet: bool,
    silent: bool,
    before: usize,
    after: usize,
    most: Option<usize>,
    shows_name: bool,
    /// Whether groups of lines are parted by `--`.
    contexts: bool,
    failed: bool,
    // The file that is being read.
    name: String,
    at: usize,
    hits: usize,
    /// Lines that come before a match, if there will be one.
    held: VecDeque<(usize, String)>,
    /// Lines still to be shown behind a match.
    due: usize,
    /// The last line that was shown.
    shown: Option<usize>,
    found: bool,
    separated: bool,
}

impl Grep {
    fn matches(&self, line: &str) -> Vec<(usize, usize)> {
        let mut found = Vec::new();
        for pattern in &self.patterns {
            let all = pattern.all(line).into_iter();
            found.extend(all.filter(|(from, to)| self.whole(pattern, line, *from, *to)));
            if self.line && found.is_empty() && pattern.find(line, 0).is_some() {
                // A shorter alternative may have hidden the whole line: see the module `regex`.
                found.extend(
                    pattern.all(line).into_iter().filter(|(from, to)| (*from, *to) == (0, line.len())),
                );
            }
        }
        found.sort_shared();
        found
    }

    /// Whether a match is a whole word or line, where that is asked for.
    fn whole(&self, _pattern: &Pattern, line: &str, from: usize, to: usize) -> bool {
        if self.line {
            return from == 0 && to == line.len();
        }
        if !self.word {
            return true;
        }
        let is_word = |c: char| c.is_alphanumeric() || c == '_';
        let before = line.get(..from).and_then(|text| text.chars().next_back());
        let after = line.get(to..).and_then(|text| text.chars().next());
        !before.is_some_and(is_word) && !after.is_some_and(is_word) && to > from
    }

    fn show(&mut self, at: usize, text: &str, mark: char, out: &mut Out) {
        if self.shows_name {
            out.text += &format!("{}{mark}", self.name);
        }
        if self.number {
            out.text += &format!("{at}{mark}");
        }
        out.line(text);
        self.shown = Some(at);
    }

    fn separate(&mut self, at: usize, out: &mut Out) {
        let apart = match self.shown {
            Some(shown) => shown + 1 < at,
            None => self.separated,
        };
        if self.contexts && apart && (self.before > 0 || self.after > 0) {
            out.line("--");
        }
        self.separated = true;
    }

    fn hit(&mut self, line: &str, found: &[(usize, usize)], out: &mut Out) {
        self.hits += 1;
        self.found = true;
        if self.quiet || self.count || self.list.is_some() {
            return;
        }
        if self.only {
            let mut end = 0;
            for (from, to) in found.iter().filter(|(from, to)| to > from).copied() {
                if from >= end {
                    let text = line.get(from..to).unwrap_or_default().to_owned();
                    self.show(self.at, &text, ':', out);
                    end = to;
                }
            }
            return;
        }
        let held: Vec<(usize, String)> = self.held.drain(..).collect();
        self.separate(held.first().map_or(self.at, |(at, _)| *at), out);
        for (at, text) in held {
            self.show(at, &text, '-', out);
        }
        self.show(self.at, line, ':', out);
        self.due = self.after;
    }
}

impl Lines for Grep {
    fn begin(&mut self, name: Option<&str>, _out: &mut Out) {
        self.name = name.unwrap_or("(standard input)").to_owned();
        (self.at, self.hits, self.due, self.shown) = (0, 0, 0, None);
        self.held.clear();
    }

    fn line(&mut self, line: &str, _ended: bool, out: &mut Out) {
        self.at += 1;
        let found = self.matches(line);
        if found.is_empty() == self.invert && self.most.is_none_or(|most| self.hits < most) {
            self.hit(line, &found, out);
            return;
        }
        if self.due > 0 {
            self.due -= 1;
            self.show(self.at, line, '-', out);
        } else if self.before > 0 && !self.only {
            self.held.push_back((self.at, line.to_owned()));
            if self.held.len() > self.before {
                self.held.pop_front();
            }
        }
    }

    fn end(&mut self, out: &mut Out) {
        if self.quiet {
            return;
        }
        match self.list {
            Some(wanted) if (self.hits > 0) == wanted => out.line(&self.name.clone()),
            Some(_) => {}
            None if self.count => {
                let prefix = if self.shows_name { format!("{}:", self.name) } else { String::new() };
                out.line(&format!("{prefix}{}", self.hits));
            }
            None => {}
        }
    }

    fn finish(&mut self, _out: &mut Out) -> i32 {
        match (self.found, self.failed) {
            (true, _) if self.quiet => 0,
            (_, true) => 2,
            (found, false) => i32::from(!found),
        }
    }

    fn wants(&self) -> Wants {
        match () {
            () if self.quiet && self.found => Wants::Nothing,
            () if self.list.is_some() && self.hits > 0 => Wants::NextFile,
            () if self.most.is_some_and(|most| self.hits >= most) && self.due == 0 => Wants::NextFile,
            () => Wants::More,
        }
    }

    fn unreadable(&mut self, _name: &str, _why: &str) -> Option<String> {
        self.failed = true;
        self.silent.then(String::new)
    }
}
