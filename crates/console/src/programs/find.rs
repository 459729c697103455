//! `find`.

use super::feed;
use crate::disk::{self, Inode};
use crate::glob::Pattern;
use crate::shell::program::{Cx, Program, Started, StepResult};
use crate::shell::thread::{Block, Body, ThreadId};
use sim::Time;
use sim::files::file_name;

/// What a found path is asked, or what is done with it.
#[derive(Clone, Debug)]
enum Test {
    Name(Pattern),
    Path(Pattern),
    Kind(char),
    Empty,
    /// Changed within so many minutes (`-`), before (`+`), or exactly then.
    Age {
        minutes: u64,
        sign: char,
        unit: u64,
    },
    Newer(Time),
    Not(Box<Test>),
    And(Vec<Test>),
    Or(Vec<Test>),
    Print(char),
    Delete,
    Prune,
    Exec {
        words: Vec<String>,
        together: bool,
    },
}

#[derive(Clone, Debug, Default)]
struct Limits {
    least: usize,
    most: Option<usize>,
}

struct Reader<'a> {
    words: &'a [String],
    at: usize,
    limits: Limits,
    acts: bool,
    depth: u32,
}

pub(super) fn start(cx: &mut Cx<'_>, args: &[String]) -> Started {
    let is_path = |arg: &&String| !arg.starts_with('-') && !matches!(arg.as_str(), "(" | "!" | ")");
    let count = args.iter().take_while(is_path).count();
    let (paths, words) = args.split_at(count);
    let mut paths = paths.to_vec();
    if paths.is_empty() {
        paths.push(".".to_owned());
    }
    let mut reader = Reader { words, at: 0, limits: Limits::default(), acts: false, depth: 0 };
    let test = match reader.or(cx) {
        Ok(test) if reader.at >= words.len() => test,
        Ok(_) => return feed::refuse(cx, "find: invalid expression; you have used a ')' too many\n", 1),
        Err(text) => return feed::refuse(cx, &format!("find: {text}\n"), 1),
    };
    let test = if reader.acts { test } else { Test::And(vec![test, Test::Print('\n')]) };
    let mut found =
        Found { out: String::new(), err: String::new(), code: 0, runs: Vec::new(), batch: Vec::new() };
    for path in &paths {
        let whole = cx.absolute(path);
        if !cx.disk().exists(&whole) {
            found.err += &format!("find: ‘{path}’: No such file or directory\n");
            found.code = 1;
            continue;
        }
        walk(cx, path, &whole, &test, &reader.limits, &mut found);
    }
    cx.err(&found.err);
    cx.out(&found.out);
    for (words, paths) in std::mem::take(&mut found.batch) {
        let mut all = words.iter().filter(|word| *word != "{}").cloned().collect::<Vec<_>>();
        all.extend(paths);
        found.runs.push(all);
    }
    if found.runs.is_empty() {
        return Started::Done(found.code);
    }
    found.runs.reverse();
    Started::runs(Runs { left: found.runs, child: None, code: found.code })
}

struct Found {
    out: String,
    err: String,
    code: i32,
    /// Commands to be run, in order.
    runs: Vec<Vec<String>>,
    /// `-exec … +`: the commands and the paths that each is given.
    batch: Vec<(Vec<String>, Vec<String>)>,
}

fn walk(cx: &mut Cx<'_>, named: &str, whole: &str, test: &Test, limits: &Limits, found: &mut Found) {
    let tree = cx.disk().tree(whole);
    let mut pruned: Option<String> = None;
    let mut deletes = Vec::new();
    for (path, node) in tree {
        if pruned.as_ref().is_some_and(|pruned| path.starts_with(pruned)) {
            continue;
        }
        let rest = path.strip_prefix(whole.trim_end_matches('/')).unwrap_or_default();
        let depth = rest.matches('/').count();
        if depth < limits.least || limits.most.is_some_and(|most| depth > most) {
            continue;
        }
        let shown = format!("{}{rest}", if named == "/" { "" } else { named.trim_end_matches('/') });
        let shown = if shown.is_empty() { "/".to_owned() } else { shown };
        let mut seen = Seen { path: &shown, whole: &path, node: &node, prunes: false, deletes: false };
        let inside = cx.disk().list(&path).len();
        let now = cx.now();
        holds(test, &mut seen, inside, now, found);
        if seen.prunes {
            pruned = Some(format!("{path}/"));
        }
        if seen.deletes {
            deletes.push((path.clone(), shown.clone()));
        }
    }
    for (path, shown) in deletes.into_iter().rev() {
        if let Err(why) = disk::remove(cx.world, &cx.thread.env.host, &path) {
            found.err += &format!("find: cannot delete ‘{shown}’: {why}\n");
            found.code = 1;
        }
    }
    cx.world.settle();
}

struct Seen<'s> {
    path: &'s str,
    whole: &'s str,
    node: &'s Inode,
    prunes: bool,
    deletes: bool,
}

fn holds(test: &Test, seen: &mut Seen<'_>, inside: usize, now: Time, found: &mut Found) -> bool {
    match test {
        Test::Name(pattern) => pattern.matches(file_name(seen.path)),
        Test::Path(pattern) => pattern.matches(seen.path),
        Test::Kind(kind) => match seen.node {
            Inode::Directory => *kind == 'd',
            Inode::File { .. } => *kind == 'f',
            Inode::Link(_) => *kind == 'l',
            Inode::Device => *kind == 'c',
        },
        Test::Empty => match seen.node {
            Inode::File { bytes, .. } => bytes.is_empty(),
            Inode::Directory => inside == 0,
            _ => false,
        },
        Test::Age { minutes, sign, unit } => {
            let Inode::File { modified, .. } = seen.node else { return false };
            let age = now.since(*modified).as_secs() / (60 * unit);
            match sign {
                '-' => age < *minutes,
                '+' => age > *minutes,
                _ => age == *minutes,
            }
        }
        Test::Newer(than) => matches!(seen.node, Inode::File { modified, .. } if modified > than),
        Test::Not(inner) => !holds(inner, seen, inside, now, found),
        Test::And(all) => all.iter().all(|test| holds(test, seen, inside, now, found)),
        Test::Or(all) => all.iter().any(|test| holds(test, seen, inside, now, found)),
        Test::Print(end) => {
            found.out += &format!("{}{end}", seen.path);
            true
        }
        Test::Delete => {
            seen.deletes = true;
            true
        }
        Test::Prune => {
            seen.prunes = *seen.node == Inode::Directory && !seen.whole.is_empty();
            true
        }
        Test::Exec { words, together: true } => {
            match found.batch.iter_mut().find(|(known, _)| known == words) {
                Some((_, paths)) => paths.push(seen.path.to_owned()),
                None => found.batch.push((words.clone(), vec![seen.path.to_owned()])),
            }
            true
        }
        Test::Exec { words, together: false } => {
            found.runs.push(words.iter().map(|word| word.replace("{}", seen.path)).collect());
            true
        }
    }
}

impl Reader<'_> {
    fn peek(&self) -> Option<&str> {
        self.words.get(self.at).map(String::as_str)
    }

    fn or(&mut self, cx: &Cx<'_>) -> Result<Test, String> {
        self.depth += 1;
        if self.depth > 50 {
            return Err("the expression is nested too deeply".to_owned());
        }
        let mut all = vec![self.and(cx)?];
        while matches!(self.peek(), Some("-o" | "-or")) {
            self.at += 1;
            all.push(self.and(cx)?);
        }
        self.depth -= 1;
        Ok(Test::Or(all))
    }

    fn and(&mut self, cx: &Cx<'_>) -> Result<Test, String> {
        let mut all = Vec::new();
        while let Some(word) = self.peek() {
            match word {
                "-o" | "-or" | ")" => break,
                "-a" | "-and" => self.at += 1,
                _ => all.extend(self.primary(cx)?),
            }
        }
        Ok(Test::And(all))
    }

    fn value(&mut self, option: &str) -> Result<String, String> {
        let value = self.words.get(self.at).cloned();
        self.at += 1;
        value.ok_or_else(|| format!("missing argument to `{option}'"))
    }

    fn primary(&mut self, cx: &Cx<'_>) -> Result<Option<Test>, String> {
        let Some(word) = self.words.get(self.at).cloned() else { return Ok(None) };
        self.at += 1;
        let number = |text: &str| {
            text.parse::<usize>().map_err(|_| {
                format!("Expected a positive decimal integer argument to {word}, but got ‘{text}’")
            })
        };
        Ok(Some(match word.as_str() {
            "(" => {
                let inner = self.or(cx)?;
                if self.peek() != Some(")") {
                    return Err(
                        "invalid expression; I was expecting to find a ')' somewhere but did not see one."
                            .to_owned(),
                    );
                }
                self.at += 1;
                inner
            }
            "!" | "-not" => {
                self.depth += 1;
                if self.depth > 50 {
                    return Err("the expression is nested too deeply".to_owned());
                }
                let inner = self.primary(cx)?;
                self.depth -= 1;
                Test::Not(Box::new(inner.ok_or("expected an expression after ‘!’")?))
            }
            "-name" => Test::Name(Pattern::new(&self.value(&word)?)),
            "-iname" => {
                let text = self.value(&word)?;
                let both: String = text
                    .chars()
                    .map(|c| match c.is_alphabetic() {
                        true => format!("[{}{}]", c.to_lowercase(), c.to_uppercase()),
                        false => c.to_string(),
                    })
                    .collect();
                Test::Name(Pattern::new(&both))
            }
            "-path" | "-wholename" => Test::Path(Pattern::new(&self.value(&word)?)),
            "-type" => {
                let text = self.value(&word)?;
                match text.chars().next() {
                    Some(kind) if text.len() == 1 && "fdlcbps".contains(kind) => Test::Kind(kind),
                    _ => return Err(format!("Unknown argument to -type: {text}")),
                }
            }
            "-maxdepth" => {
                let text = self.value(&word)?;
                self.limits.most = Some(number(&text)?);
                return Ok(None);
            }
            "-mindepth" => {
                let text = self.value(&word)?;
                self.limits.least = number(&text)?;
                return Ok(None);
            }
            "-empty" => Test::Empty,
            "-mmin" | "-mtime" => {
                let text = self.value(&word)?;
                let sign = text.chars().next().filter(|c| matches!(c, '+' | '-')).unwrap_or('=');
                let minutes = text.trim_start_matches(['+', '-']).parse();
                let minutes = minutes.map_err(|_| format!("invalid argument `{text}' to `{word}'"))?;
                Test::Age { minutes, sign, unit: if word == "-mtime" { 1440 } else { 1 } }
            }
            "-newer" => {
                let path = self.value(&word)?;
                match cx.disk().get(&cx.absolute(&path)) {
                    Some(Inode::File { modified, .. }) => Test::Newer(modified),
                    Some(_) => Test::Newer(Time::START),
                    None => return Err(format!("‘{path}’: No such file or directory")),
                }
            }
            "-print" => self.act(Test::Print('\n')),
            "-print0" => self.act(Test::Print('\0')),
            "-delete" => self.act(Test::Delete),
            "-prune" => Test::Prune,
            "-exec" | "-execdir" => {
                let rest = self.words.get(self.at..).unwrap_or_default();
                let end = rest.iter().position(|word| matches!(word.as_str(), ";" | "+"));
                let end = end.ok_or("missing argument to `-exec'")?;
                let together = rest.get(end).is_some_and(|word| word == "+");
                let words = rest.get(..end).unwrap_or_default().to_vec();
                self.at += end + 1;
                self.act(Test::Exec { words, together })
            }
            other if other.starts_with('-') => return Err(format!("unknown predicate `{other}'")),
            other => return Err(format!("paths must precede expression: `{other}'")),
        }))
    }

    fn act(&mut self, test: Test) -> Test {
        self.acts = true;
        test
    }
}

/// The commands of `-exec`, one after the other.
#[derive(Clone)]
struct Runs {
    /// The next one last.
    left: Vec<Vec<String>>,
    child: Option<ThreadId>,
    code: i32,
}

impl Program for Runs {
    fn step(&mut self, cx: &mut Cx<'_>) -> StepResult {
        if let Some(child) = self.child.take() {
            match cx.reap(child) {
                Some(code) => self.code = self.code.max(i32::from(code != 0)),
                None => {
                    self.child = Some(child);
                    return StepResult::Waits(Block::Children(vec![child]));
                }
            }
        }
        let Some(words) = self.left.pop() else { return StepResult::Done(self.code) };
        let (env, fds) = (cx.env().clone(), cx.thread.fds);
        self.child = cx.spawn(Body::Words(words), env, fds);
        match self.child {
            Some(child) => StepResult::Waits(Block::Children(vec![child])),
            None => StepResult::Done(1),
        }
    }
}
