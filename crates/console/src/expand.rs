//! Words become arguments: braces, `~`, variables, substitutions, splitting, patterns.
//!
//! A substitution's command must run before the word is whole. So an expansion is tried with the outputs
//! that are there, stops at the first one that is missing, and is tried again when it has come. What it
//! changes (`${x:=1}`, `$((i++))`) it changes in its own copy of the environment, which counts once all is
//! whole.

mod brace;
mod parameter;

use std::rc::Rc;

use super::arith;
use super::disk::Disk;
use super::env::{Env, HOME, Value};
use super::glob;
use super::syntax::{Piece, Word};

/// Why an expansion is not whole.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Pause {
    /// This command's output is needed.
    Command(Rc<str>),
    /// This command's output is needed as a file; its path is then the substitution's text.
    Process(Rc<str>),
    /// In bash's words.
    Failed(String),
}

pub(super) type Expanded<T> = Result<T, Pause>;

/// A word does not grow beyond this: a loop could fill the memory.
const LONGEST: usize = 4 << 20;

/// A piece of a field, with whether it stands for itself.
#[derive(Clone, Debug, Default)]
struct Segment {
    text: String,
    quoted: bool,
}

/// A word that is becoming one or more arguments.
#[derive(Default)]
struct Fields {
    done: Vec<Vec<Segment>>,
    current: Option<Vec<Segment>>,
}

impl Fields {
    fn push(&mut self, text: &str, quoted: bool) {
        let current = self.current.get_or_insert_default();
        match current.last_mut() {
            Some(last) if last.quoted == quoted => last.text.push_str(text),
            _ => current.push(Segment { text: text.to_owned(), quoted }),
        }
    }

    fn end(&mut self) {
        self.done.extend(self.current.take());
    }

    /// Text that comes of something without quotes: it is split where IFS says so.
    fn push_split(&mut self, text: &str, separators: &str) {
        let is_space = |c: char| separators.contains(c) && c.is_whitespace();
        let mut part = String::new();
        let mut chars = text.chars().peekable();
        while let Some(c) = chars.next() {
            if !separators.contains(c) {
                part.push(c);
                continue;
            }
            if !part.is_empty() {
                self.push(&part, false);
                part.clear();
            }
            if is_space(c) {
                // Blanks around a hard separator belong to it.
                while chars.peek().copied().is_some_and(is_space) {
                    chars.next();
                }
                if chars.next_if(|c| separators.contains(*c)).is_some() {
                    self.current.get_or_insert_default();
                    while chars.peek().copied().is_some_and(is_space) {
                        chars.next();
                    }
                }
                self.end();
            } else {
                self.current.get_or_insert_default();
                self.end();
                while chars.peek().copied().is_some_and(is_space) {
                    chars.next();
                }
            }
        }
        if !part.is_empty() {
            self.push(&part, false);
        }
    }
}

/// An expansion under way.
pub(super) struct Expander<'a> {
    pub(super) env: Env,
    /// `$?`
    pub(super) status: i32,
    /// `$!`
    pub(super) background: Option<u32>,
    pub(super) disk: &'a Disk<'a>,
    /// The outputs of the substitutions that have been run, in the order in which they are met.
    outputs: &'a [String],
    used: usize,
}

impl<'a> Expander<'a> {
    pub(super) fn new(env: Env, status: i32, disk: &'a Disk<'a>, outputs: &'a [String]) -> Expander<'a> {
        Expander { env, status, background: None, disk, outputs, used: 0 }
    }

    fn output(&mut self, pause: Pause) -> Expanded<&'a str> {
        let output = self.outputs.get(self.used).ok_or(pause)?;
        self.used += 1;
        Ok(output)
    }

    /// Arguments: split, and with the paths that match.
    pub(super) fn words(&mut self, words: &[Word]) -> Expanded<Vec<String>> {
        let mut all = Vec::new();
        let mut declares = false;
        for word in words {
            if declares && is_declaration(word) {
                all.push(self.text(word)?);
                continue;
            }
            for word in brace::expand(word).map_err(Pause::Failed)? {
                let fields = self.fields(&word)?;
                for field in fields {
                    self.finish(&field, &mut all);
                }
            }
            if all.len() == 1 {
                declares = matches!(
                    all.first().map(String::as_str),
                    Some("export" | "local" | "declare" | "typeset" | "readonly" | "alias")
                );
            }
        }
        Ok(all)
    }

    /// A field's text, or the paths that it matches.
    fn finish(&self, field: &[Segment], all: &mut Vec<String>) {
        let plain: String = field.iter().map(|segment| segment.text.as_str()).collect();
        let wild = |segment: &Segment| !segment.quoted && segment.text.contains(['*', '?', '[']);
        if self.env.options.noglob || !field.iter().any(wild) {
            all.push(plain);
            return;
        }
        let pattern = pattern_of(field);
        if !glob::Pattern::new(&pattern).is_pattern() {
            all.push(plain);
            return;
        }
        let found = glob::paths(&pattern, &self.env.cwd, self.disk, self.env.options.dotglob);
        if found.is_empty() && !self.env.options.nullglob {
            all.push(plain);
        }
        all.extend(found);
    }

    /// One text, neither split nor a pattern: what assignments and redirections take.
    pub(super) fn text(&mut self, word: &Word) -> Expanded<String> {
        let segments = self.joined(word)?;
        Ok(segments.into_iter().map(|segment| segment.text).collect())
    }

    /// A pattern, in which what was quoted stands for itself.
    pub(super) fn pattern(&mut self, word: &Word) -> Expanded<String> {
        Ok(pattern_of(&self.joined(word)?))
    }

    /// A regular expression, in which what was quoted stands for itself.
    pub(super) fn regex(&mut self, word: &Word) -> Expanded<String> {
        let escape = |text: &str| {
            let special = |c: char| !c.is_alphanumeric() && c.is_ascii_punctuation();
            text.chars().flat_map(|c| special(c).then_some('\\').into_iter().chain([c])).collect()
        };
        let segments = self.joined(word)?.into_iter();
        Ok(segments
            .map(|segment| if segment.quoted { escape(&segment.text) } else { segment.text })
            .collect())
    }

    /// The value of an arithmetic expression.
    pub(super) fn number(&mut self, word: &Word) -> Expanded<i64> {
        let text = self.text(word)?;
        self.arithmetic(&text)
    }

    fn arithmetic(&mut self, text: &str) -> Expanded<i64> {
        let mut variables = InEnv { env: &mut self.env, failed: None };
        let value = arith::evaluate(text, &mut variables).map_err(Pause::Failed)?;
        match variables.failed {
            Some(error) => Err(Pause::Failed(error)),
            None => Ok(value),
        }
    }

    /// All of a word as one field.
    fn joined(&mut self, word: &Word) -> Expanded<Vec<Segment>> {
        let mut fields = Fields::default();
        for (at, piece) in word.pieces.iter().enumerate() {
            self.piece(piece, at == 0, word.pieces.len() == 1, false, &mut fields)?;
        }
        fields.end();
        let mut all = Vec::new();
        for (at, field) in fields.done.into_iter().enumerate() {
            if at > 0 {
                all.push(Segment { text: " ".to_owned(), quoted: true });
            }
            all.extend(field);
        }
        Ok(all)
    }

    fn fields(&mut self, word: &Word) -> Expanded<Vec<Vec<Segment>>> {
        let mut fields = Fields::default();
        for (at, piece) in word.pieces.iter().enumerate() {
            self.piece(piece, at == 0, word.pieces.len() == 1, true, &mut fields)?;
        }
        fields.end();
        Ok(fields.done)
    }

    fn separators(&self) -> Rc<str> {
        self.env.get("IFS").unwrap_or_else(|| " \t\n".into())
    }

    fn piece(
        &mut self,
        piece: &Piece,
        first: bool,
        only: bool,
        splits: bool,
        fields: &mut Fields,
    ) -> Expanded<()> {
        let grown = fields.current.iter().flatten().map(|segment| segment.text.len()).sum::<usize>();
        if grown > LONGEST {
            return Err(Pause::Failed("cannot allocate memory: a word of more than 4 MiB".to_owned()));
        }
        let (text, quoted) = match piece {
            Piece::Text(text) => {
                match home_prefix(text).filter(|(rest, _)| first && (only || rest.starts_with('/'))) {
                    Some((rest, home)) => {
                        fields.push(&home, true);
                        fields.push(rest, false);
                    }
                    None => fields.push(text, false),
                }
                return Ok(());
            }
            Piece::Quoted(text) => {
                fields.push(text, true);
                return Ok(());
            }
            Piece::Parameter(parameter, quoted) => {
                return self.parameter(parameter, *quoted, splits, fields);
            }
            Piece::Command(command, quoted) => {
                let output = self.output(Pause::Command(command.clone()))?;
                (output.trim_end_matches('\n').to_owned(), *quoted)
            }
            Piece::Process(command) => (self.output(Pause::Process(command.clone()))?.to_owned(), true),
            Piece::Arithmetic(word, quoted) => (self.number(word)?.to_string(), *quoted),
        };
        self.value(&text, quoted, splits, fields);
        Ok(())
    }

    /// Puts what came of a variable or substitution into the fields.
    fn value(&self, text: &str, quoted: bool, splits: bool, fields: &mut Fields) {
        match quoted || !splits {
            true => fields.push(text, quoted),
            false => fields.push_split(text, &self.separators()),
        }
    }
}

/// `name=…`, as behind `export`.
fn is_declaration(word: &Word) -> bool {
    let Some(Piece::Text(text)) = word.pieces.first() else { return false };
    text.split_once('=').is_some_and(|(name, _)| super::env::is_name(name.trim_end_matches('+')))
}

/// The home directory for a leading `~`, and what follows it.
fn home_prefix(text: &str) -> Option<(&str, String)> {
    let rest = text.strip_prefix('~')?;
    let rest = rest.strip_prefix("root").unwrap_or(rest);
    (rest.is_empty() || rest.starts_with('/')).then(|| (rest, HOME.to_owned()))
}

fn pattern_of(segments: &[Segment]) -> String {
    let texts = segments.iter().map(|segment| match segment.quoted {
        true => glob::escape(&segment.text),
        false => segment.text.clone(),
    });
    texts.collect()
}

/// Arithmetic's view of the variables.
struct InEnv<'e> {
    env: &'e mut Env,
    failed: Option<String>,
}

impl arith::Variables for InEnv<'_> {
    fn get(&mut self, name: &str) -> String {
        if name == "RANDOM" {
            return self.env.next_random().to_string();
        }
        let found = self.env.get(name);
        if found.is_none() && self.env.options.nounset {
            self.failed.get_or_insert_with(|| format!("{name}: unbound variable"));
        }
        found.map_or(String::new(), |text| text.to_string())
    }

    fn set(&mut self, name: &str, value: i64) {
        if let Err(error) = self.env.assign(name, Value::Text(value.to_string().into())) {
            self.failed.get_or_insert(error);
        }
    }
}
