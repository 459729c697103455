//! Carrying out a shell line.

use std::rc::Rc;

use super::sed::Sed;
use super::shell::{self, Join, List, Piece, Pipeline, Redirect, Simple, Word};
use super::{absent, filters};
use cli_runtime::flags::parse_duration;
use cli_runtime::job::{Chunk, Deed, FileSet, Io, Outcome, Stop, Stream};
use sim::Duration;

/// Where a command runs.
#[derive(Clone, Debug, PartialEq, Eq)]
enum Place {
    /// On the person's own computer.
    Here,
    Node(String),
}

/// What a command stands in: where it runs, and how deep in other commands.
#[derive(Clone, Debug)]
struct Shell {
    place: Place,
    depth: u32,
    /// How the last command ended.
    last: std::cell::Cell<i32>,
}

/// Substitutions and `ssh` inside `ssh` go no deeper than a person would.
const MAX_DEPTH: u32 = 8;

type Bytes = Option<Rc<[u8]>>;

/// The program of every job that begins with a typed line.
pub(super) fn program(io: &mut Io) -> Result<i32, Stop> {
    let line = io.line();
    Shell::new(Place::Here, 0).run_line(io, &line, None)
}

impl Shell {
    fn new(place: Place, depth: u32) -> Shell {
        Shell { place, depth, last: std::cell::Cell::new(0) }
    }

    fn run_line(&self, io: &mut Io, line: &str, stdin: Bytes) -> Result<i32, Stop> {
        if self.depth > MAX_DEPTH {
            io.err("bash: nested too deeply\n");
            return Ok(2);
        }
        let parsed = io.once(|_| Ok(shell::parse(line)))?;
        match &*parsed {
            Ok(list) => self.run_list(io, list, stdin),
            Err(error) => {
                let at = if self.place == Place::Here { "" } else { "-c: line 1: " };
                io.err(format!("bash: {at}{error}\n"));
                Ok(2)
            }
        }
    }

    fn run_list(&self, io: &mut Io, list: &List, stdin: Bytes) -> Result<i32, Stop> {
        let mut code = 0;
        for (join, pipeline) in &list.items {
            let runs = match join {
                Join::Always => true,
                Join::IfGood => code == 0,
                Join::IfBad => code != 0,
            };
            if runs {
                code = *io.once(|io| self.run_pipeline(io, pipeline, stdin.clone()))?;
                self.last.set(code);
            }
        }
        Ok(code)
    }

    fn run_pipeline(&self, io: &mut Io, pipeline: &Pipeline, stdin: Bytes) -> Result<i32, Stop> {
        let mut input = stdin;
        let Some((last, before)) = pipeline.stages.split_last() else { return Ok(0) };
        for stage in before {
            let piped = io.once(|io| captured(io, |io| self.run_redirected(io, stage, input.clone())))?;
            input = Some(piped.as_bytes().into());
        }
        self.run_redirected(io, last, input)
    }

    /// One command, with its redirections seen to.
    fn run_redirected(&self, io: &mut Io, simple: &Simple, stdin: Bytes) -> Result<i32, Stop> {
        let words = self.expand_all(io, &simple.words)?;
        let mut input = stdin;
        let mut outputs = Vec::new();
        for redirect in &simple.redirects {
            match redirect {
                Redirect::Here { text } => input = Some(text.as_bytes().into()),
                Redirect::HereWord { word } => {
                    let text = self.expand(io, word)?.join(" ") + "\n";
                    input = Some(text.into_bytes().into());
                }
                Redirect::In { file } => {
                    let path = self.expand(io, file)?.concat();
                    match self.read(io, &path)? {
                        Some(bytes) => input = Some(bytes),
                        None => {
                            io.err(format!("bash: {path}: No such file or directory\n"));
                            return Ok(1);
                        }
                    }
                }
                Redirect::Out { file, append } => {
                    outputs.push(Output::Out(self.expand(io, file)?.concat(), *append));
                }
                Redirect::Err { file } => outputs.push(Output::Err(self.expand(io, file)?.concat())),
                Redirect::Both { file } => {
                    outputs.push(Output::Out(self.expand(io, file)?.concat(), false));
                    outputs.push(Output::ErrToOut);
                }
                Redirect::ErrToOut => outputs.push(Output::ErrToOut),
            }
        }
        if outputs.is_empty() {
            return self.run_words(io, &words, input);
        }
        let (result, chunks) = io.capture(|io| self.run_words(io, &words, input));
        let code = result?;
        self.deliver(io, chunks, &outputs, code)
    }

    /// Puts what a command printed where its redirections say.
    fn deliver(&self, io: &mut Io, chunks: Vec<Chunk>, outputs: &[Output], code: i32) -> Result<i32, Stop> {
        // Where the two streams go; `None` is the terminal.
        let mut out: Option<(String, bool)> = None;
        let mut err: Option<(String, bool)> = None;
        for output in outputs {
            match output {
                Output::Out(file, append) => out = Some((file.clone(), *append)),
                Output::Err(file) => err = Some((file.clone(), false)),
                Output::ErrToOut => err.clone_from(&out),
            }
        }
        // `2>&1` in a pipe: errors travel with the rest.
        let merged = outputs.contains(&Output::ErrToOut) && out.is_none();
        let (mut to_out, mut to_err) = (String::new(), String::new());
        for Chunk { stream, text } in chunks {
            match (stream, &out, &err) {
                (Stream::Out, Some(_), _) => to_out += &text,
                (Stream::Err, _, Some(target)) if Some(target) == out.as_ref() => to_out += &text,
                (Stream::Err, _, Some(_)) => to_err += &text,
                (Stream::Err, ..) if merged => io.out(text),
                (stream, ..) => io.write(stream, text),
            }
        }
        let mut failed = 0;
        if let Some((file, append)) = &out {
            failed = self.write(io, file, &to_out, *append)?;
        }
        if let Some((file, _)) = err.filter(|target| Some(target) != out.as_ref()) {
            failed = self.write(io, &file, &to_err, false)?.max(failed);
        }
        Ok(if failed != 0 { failed } else { code })
    }

    fn write(&self, io: &mut Io, file: &str, text: &str, append: bool) -> Result<i32, Stop> {
        if file == "/dev/null" {
            return Ok(0);
        }
        match &self.place {
            Place::Here => {
                io.err(format!(
                    "bash: {file}: Read-only file system\n(To write on a node, quote the redirection: ssh NODE 'COMMAND > FILE')\n"
                ));
                Ok(1)
            }
            Place::Node(node) => {
                let mut words = vec!["tee".to_owned()];
                words.extend(append.then(|| "-a".to_owned()));
                words.push(file.to_owned());
                let stdin = Some(text.as_bytes().into());
                let outcome = io.act(Deed { node: node.clone(), words, stdin })?;
                if outcome.exit_code != 0 {
                    io.err(outcome.stderr.replace("tee: ", "bash: "));
                }
                Ok(outcome.exit_code)
            }
        }
    }

    fn read(&self, io: &mut Io, path: &str) -> Result<Bytes, Stop> {
        match &self.place {
            Place::Here => Ok(io.file(path)),
            Place::Node(node) => {
                let words = vec!["cat".to_owned(), path.to_owned()];
                let outcome = io.act(Deed { node: node.clone(), words, stdin: None })?;
                Ok((outcome.exit_code == 0).then(|| outcome.stdout.into()))
            }
        }
    }

    fn expand_all(&self, io: &mut Io, words: &[Word]) -> Result<Vec<String>, Stop> {
        let mut all = Vec::new();
        for word in words {
            all.extend(self.expand(io, word)?);
        }
        Ok(all)
    }

    /// A word with its substitutions carried out; one that is not quoted may become several or none.
    fn expand(&self, io: &mut Io, word: &Word) -> Result<Vec<String>, Stop> {
        let mut words: Vec<String> = Vec::new();
        // Whether the last word goes on with the next piece.
        let mut open = false;
        for piece in &word.pieces {
            let (text, splits) = match piece {
                Piece::Text(text) => (text.clone(), false),
                Piece::Status => (self.last.get().to_string(), false),
                Piece::Substitution { line, quoted } => {
                    let inner = Shell::new(self.place.clone(), self.depth + 1);
                    let text = io.once(|io| captured(io, |io| inner.run_line(io, line, None)))?;
                    (text.trim_end_matches('\n').to_owned(), !quoted)
                }
            };
            let parts: Vec<&str> = if splits { text.split_whitespace().collect() } else { vec![&text] };
            for (at, part) in parts.iter().enumerate() {
                match words.last_mut() {
                    Some(last) if open && at == 0 => last.push_str(part),
                    _ => words.push((*part).to_owned()),
                }
            }
            open = open || !parts.is_empty();
        }
        Ok(words)
    }

    fn run_words(&self, io: &mut Io, words: &[String], stdin: Bytes) -> Result<i32, Stop> {
        let Some((name, args)) = words.split_first() else { return Ok(0) };
        match name.as_str() {
            "sudo" => self.run_words(io, without_options(args, &["-u", "-g"]), stdin),
            "bash" | "sh" if args.first().is_some_and(|arg| arg.ends_with('c')) && args.len() > 1 => {
                let inner = Shell::new(self.place.clone(), self.depth + 1);
                inner.run_line(io, args.get(1).map_or("", String::as_str), stdin)
            }
            "kubectl" | "k" => self.kubectl(io, args, stdin),
            "echo" => Ok(echo(io, args)),
            "printf" => Ok(printf(io, args)),
            "true" | ":" | "clear" | "reset" | "export" | "alias" | "unset" | "set" | "exit" | "cd" => Ok(0),
            "false" => Ok(1),
            "sleep" => self.sleep(io, args),
            name if filters::is_filter(name) => self.filter(io, words, stdin),
            _ => match &self.place {
                Place::Here => self.run_here(io, words, stdin),
                Place::Node(node) => on_node(io, node, words, stdin),
            },
        }
    }

    /// Commands of the person's own computer.
    fn run_here(&self, io: &mut Io, words: &[String], stdin: Bytes) -> Result<i32, Stop> {
        let Some((name, args)) = words.split_first() else { return Ok(0) };
        match name.as_str() {
            "ssh" => self.ssh(io, args, stdin),
            "scp" => scp(io, args),
            "virsh" => on_node(io, "", words, stdin),
            "cat" => Ok(cat(io, args, stdin)),
            "sed" => Ok(sed(io, args, stdin)),
            "tee" => {
                io.out(text_of(stdin));
                match args.iter().find(|arg| !arg.starts_with('-')) {
                    Some(file) => self.write(io, file, "", false),
                    None => Ok(0),
                }
            }
            "ls" => {
                let names: String =
                    io.files().keys().filter(|name| *name != "-").map(|n| format!("{n}\n")).collect();
                io.out(names);
                Ok(0)
            }
            "date" => {
                io.out(format!("{}\n", cli_runtime::time::unix_date(io.now())));
                Ok(0)
            }
            "pwd" => print(io, "/root\n"),
            "whoami" => print(io, "root\n"),
            "hostname" => print(io, "desk\n"),
            "help" => print(io, HELP),
            "crictl" | "systemctl" | "journalctl" => {
                io.err(format!(
                    "bash: {name}: command not found\n({name} is on the nodes: ssh NODE sudo {name} …)\n"
                ));
                Ok(127)
            }
            "watch" => {
                io.err("bash: watch: command not found\n(kubectl get … -w shows changes as they happen)\n");
                Ok(127)
            }
            name if absent::goes_on(name) => Ok(1),
            name => match absent::absent(name) {
                Some(text) => {
                    io.err(text);
                    Ok(1)
                }
                None => {
                    io.err(format!("bash: {name}: command not found\n"));
                    Ok(127)
                }
            },
        }
    }

    fn sleep(&self, io: &mut Io, args: &[String]) -> Result<i32, Stop> {
        let text = args.first().map_or("", String::as_str);
        let span = text.parse::<u64>().ok().map(Duration::from_secs).or_else(|| parse_duration(text));
        match span {
            Some(span) => {
                io.sleep(span)?;
                Ok(0)
            }
            None if text.is_empty() => misuse(io, "sleep: missing operand\n"),
            None => misuse(io, &format!("sleep: invalid time interval ‘{text}’\n")),
        }
    }

    fn filter(&self, io: &mut Io, words: &[String], stdin: Bytes) -> Result<i32, Stop> {
        let files = filters::files_of(words);
        let name = words.first().map_or("", String::as_str);
        let mut input = String::new();
        let mut missing = 0;
        if files.is_empty() {
            input = text_of(stdin);
        }
        for file in &files {
            match self.read(io, file)? {
                Some(bytes) => input += &String::from_utf8_lossy(&bytes),
                None => {
                    io.err(format!("{name}: {file}: No such file or directory\n"));
                    missing = 2;
                }
            }
        }
        let Some(filtered) = filters::filter(words, &input) else { return Ok(127) };
        io.out(filtered.text);
        io.err(filtered.err);
        Ok(if missing != 0 { missing } else { filtered.exit_code })
    }

    fn kubectl(&self, io: &mut Io, args: &[String], stdin: Bytes) -> Result<i32, Stop> {
        let files = match &self.place {
            Place::Here => None,
            // On a node, the files are the node's.
            Place::Node(node) => Some(fetch_files(io, node, args)?),
        };
        io.with_input(stdin, files, |io| kubectl::run(io, args))
    }

    fn ssh(&self, io: &mut Io, args: &[String], stdin: Bytes) -> Result<i32, Stop> {
        let args = without_options(args, &["-o", "-p", "-i", "-l", "-F", "-J"]);
        let Some((host, command)) = args.split_first() else {
            return misuse_code(io, "usage: ssh destination [command [argument ...]]\n", 255);
        };
        let node = host.rsplit('@').next().unwrap_or(host).to_owned();
        // Knocking: does it answer at all?
        let outcome = io.act(Deed { node: node.clone(), words: Vec::new(), stdin: None })?;
        if outcome.exit_code != 0 {
            io.err(outcome.stderr);
            return Ok(outcome.exit_code);
        }
        if command.is_empty() {
            io.err(format!(
                "(Sessions are not simulated: put the command behind the name, ssh {host} COMMAND)\n"
            ));
            return Ok(0);
        }
        let inner = Shell::new(Place::Node(node), self.depth + 1);
        inner.run_line(io, &command.join(" "), stdin)
    }
}

const HELP: &str = "kubectl …                 talk to the API server (kubectl --help)
ssh NODE COMMAND          run a command on a node: ls, cat, mv, rm, cp, tee, touch, mkdir, sed -i
ssh NODE sudo systemctl stop|start|restart|status kubelet
ssh NODE sudo journalctl -u kubelet
ssh NODE sudo crictl ps|pods|stop|rm|logs|inspect
ssh NODE sudo poweroff|reboot
virsh list --all          the nodes' computers; virsh start|destroy|domif-setlink NODE …
scp FILE NODE:PATH        copy a file to a node
grep, head, tail, wc, sort, sed, sleep, |, &&, ;, >, <<EOF work as in bash
";

#[derive(Clone, Debug, PartialEq)]
enum Output {
    Out(String, bool),
    Err(String),
    ErrToOut,
}

/// What went to stdout; the rest is shown.
/// What a command prints, for the next one; its errors are shown.
fn captured(io: &mut Io, run: impl FnOnce(&mut Io) -> Result<i32, Stop>) -> Result<String, Stop> {
    let (result, chunks) = io.capture(run);
    result?;
    let mut text = String::new();
    for chunk in chunks {
        match chunk.stream {
            Stream::Out => text += &chunk.text,
            Stream::Err => io.err(chunk.text),
        }
    }
    Ok(text)
}

fn print(io: &mut Io, text: &str) -> Result<i32, Stop> {
    io.out(text);
    Ok(0)
}

fn misuse(io: &mut Io, text: &str) -> Result<i32, Stop> {
    misuse_code(io, text, 1)
}

fn misuse_code(io: &mut Io, text: &str, code: i32) -> Result<i32, Stop> {
    io.err(text);
    Ok(code)
}

fn text_of(bytes: Bytes) -> String {
    bytes.map(|bytes| String::from_utf8_lossy(&bytes).into_owned()).unwrap_or_default()
}

/// The words behind the options; some options take a value.
fn without_options<'w>(words: &'w [String], with_value: &[&str]) -> &'w [String] {
    let mut rest = words;
    while let Some((word, after)) = rest.split_first() {
        if !word.starts_with('-') {
            break;
        }
        rest = after;
        if with_value.contains(&word.as_str()) {
            rest = rest.get(1..).unwrap_or_default();
        }
    }
    rest
}

fn echo(io: &mut Io, args: &[String]) -> i32 {
    let (mut newline, mut escapes) = (true, false);
    let mut rest = args;
    while let Some((option, after)) = rest.split_first() {
        match option.as_str() {
            "-n" => newline = false,
            "-e" => escapes = true,
            "-ne" | "-en" => (newline, escapes) = (false, true),
            "-E" => {}
            _ => break,
        }
        rest = after;
    }
    let text = rest.join(" ");
    let text = if escapes { unescape(&text) } else { text };
    io.out(if newline { text + "\n" } else { text });
    0
}

fn unescape(text: &str) -> String {
    let mut out = String::new();
    let mut chars = text.chars();
    while let Some(c) = chars.next() {
        match c {
            '\\' => match chars.next() {
                Some('n') => out.push('\n'),
                Some('t') => out.push('\t'),
                Some('r') => out.push('\r'),
                Some('\\') => out.push('\\'),
                Some(other) => out.extend(['\\', other]),
                None => out.push('\\'),
            },
            c => out.push(c),
        }
    }
    out
}

/// `%s` and `%d` take an argument each; the format is used again while there are any left.
fn printf(io: &mut Io, args: &[String]) -> i32 {
    let Some((format, mut values)) = args.split_first() else {
        io.err("printf: usage: printf [-v var] format [arguments]\n");
        return 2;
    };
    let format = unescape(format);
    let mut out = String::new();
    loop {
        let before = values.len();
        let mut chars = format.chars();
        while let Some(c) = chars.next() {
            match c {
                '%' => match chars.next() {
                    Some('%') | None => out.push('%'),
                    Some(_) => {
                        if let Some((value, rest)) = values.split_first() {
                            out.push_str(value);
                            values = rest;
                        }
                    }
                },
                c => out.push(c),
            }
        }
        if values.is_empty() || values.len() == before {
            break;
        }
    }
    io.out(out);
    0
}

fn cat(io: &mut Io, args: &[String], stdin: Bytes) -> i32 {
    let files: Vec<&String> = args.iter().filter(|arg| !arg.starts_with('-') || *arg == "-").collect();
    if files.is_empty() {
        io.out(text_of(stdin));
        return 0;
    }
    let mut code = 0;
    for file in files {
        let bytes = if file == "-" { stdin.clone() } else { io.file(file) };
        match bytes {
            Some(bytes) => io.out(String::from_utf8_lossy(&bytes).into_owned()),
            None => {
                io.err(format!("cat: {file}: No such file or directory\n"));
                code = 1;
            }
        }
    }
    code
}

/// The person's files are read-only here: they are edited in the editor.
fn sed(io: &mut Io, args: &[String], stdin: Bytes) -> i32 {
    let sed = match Sed::parse(args) {
        Ok(sed) => sed,
        Err(text) => {
            io.err(text);
            return 1;
        }
    };
    if sed.paths.is_empty() {
        io.out(sed.edit(text_of(stdin).as_bytes()));
        return 0;
    }
    let mut code = 0;
    for path in &sed.paths {
        match io.file(path) {
            Some(_) if sed.in_place => {
                io.err("sed: couldn't open temporary file ./sedJ7vXcE: Read-only file system\n");
                return 4;
            }
            Some(bytes) => io.out(sed.edit(&bytes)),
            None => {
                io.err(format!("sed: can't read {path}: No such file or directory\n"));
                code = 2;
            }
        }
    }
    code
}

/// `scp FILE NODE:PATH`.
fn scp(io: &mut Io, args: &[String]) -> Result<i32, Stop> {
    let args = without_options(args, &["-o", "-P", "-i"]);
    let [from, to] = args else {
        return misuse(io, "usage: scp source ... target\n");
    };
    let Some((host, path)) = to.split_once(':') else {
        return misuse(io, &format!("scp: {to}: Read-only file system\n"));
    };
    let node = host.rsplit('@').next().unwrap_or(host).to_owned();
    let Some(bytes) = io.file(from) else {
        return misuse(io, &format!("scp: stat local \"{from}\": No such file or directory\n"));
    };
    let name = from.rsplit('/').next().unwrap_or(from);
    let path = if path.ends_with('/') || path.is_empty() { format!("{path}{name}") } else { path.to_owned() };
    let outcome = io.act(Deed { node, words: vec!["tee".to_owned(), path], stdin: Some(bytes) })?;
    if outcome.exit_code != 0 {
        io.err(outcome.stderr.replace("tee: ", "scp: dest open "));
    }
    Ok(outcome.exit_code)
}

/// A command that only the node can carry out.
fn on_node(io: &mut Io, node: &str, words: &[String], stdin: Bytes) -> Result<i32, Stop> {
    let Outcome { stdout, stderr, exit_code, .. } =
        io.act(Deed { node: node.to_owned(), words: words.to_vec(), stdin })?;
    io.out(String::from_utf8_lossy(&stdout).into_owned());
    io.err(stderr);
    Ok(exit_code)
}

/// The files that a kubectl on a node names with -f.
fn fetch_files(io: &mut Io, node: &str, args: &[String]) -> Result<FileSet, Stop> {
    let mut files = FileSet::new();
    let mut words = args.iter();
    while let Some(word) = words.next() {
        let path = match word.as_str() {
            "-f" | "--filename" => words.next().map(String::as_str),
            word => word.strip_prefix("--filename=").or_else(|| word.strip_prefix("-f")),
        };
        let Some(path) = path.filter(|path| *path != "-") else { continue };
        let words = vec!["cat".to_owned(), path.to_owned()];
        let outcome = io.act(Deed { node: node.to_owned(), words, stdin: None })?;
        if outcome.exit_code == 0 {
            files.insert(path.to_owned(), outcome.stdout.into());
        }
    }
    Ok(files)
}
