//! `sed [-i] [-n] [-e] s/old/new/[g] FILE…`, `/pattern/d`, `Nd` and `Np`.

use super::Machines;
use super::files::{absolute, outcome};
use super::regex::Regex;
use cli_runtime::job::Outcome;

/// What a command line of sed asks for.
pub(super) struct Sed {
    edits: Vec<Edit>,
    quiet: bool,
    pub(super) in_place: bool,
    /// None: the input.
    pub(super) paths: Vec<String>,
}

impl Sed {
    /// The words after `sed`; else what it says of them.
    pub(super) fn parse(words: &[String]) -> Result<Sed, String> {
        let mut sed = Sed { edits: Vec::new(), quiet: false, in_place: false, paths: Vec::new() };
        let (mut scripts, mut extended) = (Vec::new(), false);
        let mut words = words.iter();
        while let Some(word) = words.next() {
            match word.as_str() {
                "-e" | "--expression" => scripts.extend(words.next().cloned()),
                "-n" | "--quiet" | "--silent" => sed.quiet = true,
                "-E" | "-r" | "--regexp-extended" => extended = true,
                option if option == "--in-place" || option.starts_with("-i") => sed.in_place = true,
                word if scripts.is_empty() => scripts.push(word.to_owned()),
                path => sed.paths.push(path.to_owned()),
            }
        }
        for script in scripts.iter().flat_map(|script| split_script(script)) {
            let unknown = || format!("sed: -e expression #1, char 1: unknown command: `{script}'\n");
            sed.edits.push(Edit::parse(&script, extended).ok_or_else(unknown)?);
        }
        if sed.edits.is_empty() {
            return Err(
                "Usage: sed [OPTION]... {script-only-if-no-other-script} [input-file]...\n".to_owned()
            );
        }
        Ok(sed)
    }

    pub(super) fn edit(&self, text: &[u8]) -> String {
        edit_text(&String::from_utf8_lossy(text), &self.edits, self.quiet)
    }
}

/// On a node.
pub(super) fn sed(machines: &mut dyn Machines, node: &str, words: &[String], stdin: &[u8]) -> Outcome {
    let sed = match Sed::parse(words) {
        Ok(sed) => sed,
        Err(text) => return Outcome::fail(1, text),
    };
    if sed.paths.is_empty() {
        return Outcome::out(sed.edit(stdin));
    }
    let (mut out, mut err) = (String::new(), String::new());
    for path in &sed.paths {
        let whole = absolute(path);
        let Some(file) = machines.files(node).file(&whole) else {
            err += &format!("sed: can't read {path}: No such file or directory\n");
            continue;
        };
        let text = sed.edit(&file.bytes);
        if !sed.in_place {
            out += &text;
        } else if let Err(error) = machines.write(node, &whole, text.as_bytes()) {
            err += &format!("sed: couldn't open file {path}: {}\n", error.text());
        }
    }
    outcome(out, err, 2)
}

/// Commands are separated by `;` outside of the patterns' delimiters.
fn split_script(script: &str) -> Vec<String> {
    if script.trim_start().starts_with('s') {
        return vec![script.trim().to_owned()];
    }
    script.split(';').map(|part| part.trim().to_owned()).filter(|part| !part.is_empty()).collect()
}

enum Edit {
    Substitute { pattern: Regex, with: String, global: bool },
    Delete(Which),
    Print(Which),
}

enum Which {
    Matching(Regex),
    Lines(usize, usize),
}

impl Edit {
    fn parse(script: &str, extended: bool) -> Option<Edit> {
        if let Some(rest) = script.strip_prefix('s') {
            let delimiter = rest.chars().next().filter(|c| !c.is_alphanumeric())?;
            let parts = split_at_delimiter(rest.get(delimiter.len_utf8()..)?, delimiter);
            let [old, new, flags] = parts.as_slice() else { return None };
            let pattern = Regex::new(old, extended, flags.contains(['i', 'I']));
            return Some(Edit::Substitute { pattern, with: new.clone(), global: flags.contains('g') });
        }
        let (address, verb) = script.split_at(script.char_indices().next_back()?.0);
        let which = if let Some(pattern) = address.strip_prefix('/').and_then(|rest| rest.strip_suffix('/')) {
            Which::Matching(Regex::new(pattern, extended, false))
        } else {
            let (from, to) = address.split_once(',').unwrap_or((address, address));
            let line = |text: &str| if text == "$" { Some(usize::MAX) } else { text.parse().ok() };
            Which::Lines(line(from)?, line(to)?)
        };
        match verb {
            "d" => Some(Edit::Delete(which)),
            "p" => Some(Edit::Print(which)),
            _ => None,
        }
    }
}

impl Which {
    fn is(&self, line: &str, number: usize) -> bool {
        match self {
            Which::Matching(pattern) => pattern.is_match(line),
            Which::Lines(from, to) => (*from..=*to).contains(&number),
        }
    }
}

/// The parts between delimiters; a backslash before one keeps it.
fn split_at_delimiter(text: &str, delimiter: char) -> Vec<String> {
    let mut parts = vec![String::new()];
    let mut chars = text.chars();
    while let Some(c) = chars.next() {
        let next = if c == '\\' { chars.next() } else { None };
        let Some(part) = parts.last_mut() else { break };
        match (c, next) {
            ('\\', Some(escaped)) if escaped == delimiter => part.push(escaped),
            ('\\', Some(escaped)) => part.extend(['\\', escaped]),
            (c, _) if c == delimiter => parts.push(String::new()),
            (c, _) => part.push(c),
        }
    }
    parts
}

fn edit_text(text: &str, edits: &[Edit], quiet: bool) -> String {
    let mut out = String::new();
    'lines: for (number, line) in (1..).zip(text.lines()) {
        let mut line = line.to_owned();
        let mut printed = false;
        for edit in edits {
            match edit {
                Edit::Delete(which) if which.is(&line, number) => continue 'lines,
                Edit::Print(which) if which.is(&line, number) => printed = true,
                Edit::Substitute { pattern, with, global } => {
                    line = substitute(&line, pattern, with, *global)
                }
                _ => {}
            }
        }
        let times = usize::from(printed) + usize::from(!quiet);
        for _ in 0..times {
            out += &line;
            out.push('\n');
        }
    }
    out
}

fn substitute(line: &str, pattern: &Regex, with: &str, global: bool) -> String {
    let (mut out, mut from) = (String::new(), 0);
    while let Some((start, end)) = pattern.find(line, from) {
        out += line.get(from..start).unwrap_or_default();
        let found = line.get(start..end).unwrap_or_default();
        let mut chars = with.chars();
        while let Some(c) = chars.next() {
            match c {
                '&' => out += found,
                '\\' => match chars.next() {
                    Some('n') => out.push('\n'),
                    Some(c) => out.push(c),
                    None => out.push('\\'),
                },
                c => out.push(c),
            }
        }
        from = end;
        if start == end {
            // An empty match moves on by a character.
            let Some(c) = line.get(end..).and_then(|rest| rest.chars().next()) else { break };
            out.push(c);
            from = end + c.len_utf8();
        }
        if !global || from >= line.len() {
            break;
        }
    }
    out + line.get(from..).unwrap_or_default()
}
