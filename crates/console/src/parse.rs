//! A shell's text taken apart, one line (with all that belongs to it) at a time, as bash reads it.
//!
//! Line by line, since an alias that a line defines holds for the next one. What bash has and this parser
//! has not (`select`, `coproc`, extended patterns) is a syntax error with a sentence of its own.

mod compound;
mod word;

use std::cell::OnceCell;
use std::rc::Rc;

use super::syntax::{
    AndOr, Assigned, Assignment, Command, Join, List, Pipeline, PipelineCommand, Redirect, RedirectKind,
    Simple, Word,
};
use sim::SortedMap;

/// Names and the text that stands for them.
pub(super) type Aliases = SortedMap<Rc<str>, Rc<str>>;

#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum ParseError {
    /// In bash's words.
    Syntax(String),
    /// As before, where more lines could complete the command.
    Incomplete(String),
}

impl ParseError {
    pub(super) fn text(&self) -> &str {
        match self {
            ParseError::Syntax(text) | ParseError::Incomplete(text) => text,
        }
    }
}

type Parsed<T> = Result<T, ParseError>;

/// Commands inside of commands go no deeper: the native stack has an end.
const MAX_DEPTH: u32 = 60;

/// An alias whose text begins with its own name would go on for ever without this.
const MAX_ALIASES: usize = 1_000;

/// A here-document whose lines have not come yet.
#[derive(Clone, Debug)]
struct Pending {
    text: Rc<OnceCell<Word>>,
    mark: String,
    /// The mark was quoted: the lines are taken as they are.
    quoted: bool,
    /// `<<-`: tabs before the lines are dropped.
    strip: bool,
}

/// A text being read.
#[derive(Clone, Debug)]
pub(super) struct Parser {
    chars: Vec<char>,
    pos: usize,
    aliases: Rc<Aliases>,
    /// Aliases whose text is being read, and how many characters are left behind it.
    replaced: Vec<(Rc<str>, usize)>,
    /// The word that begins behind this many characters from the end may be an alias, too.
    alias_next: Option<usize>,
    aliases_done: usize,
    /// No alias is replaced while the end of a `$(…)` is looked for.
    frozen: u32,
    pending: Vec<Pending>,
    depth: u32,
    /// The mark of a here-document that the text ended in.
    open_mark: Option<String>,
    /// A place and the newlines before it.
    counted: (usize, usize),
    start_line: usize,
}

impl Parser {
    pub(super) fn new(text: &str) -> Parser {
        Parser {
            chars: text.chars().filter(|c| *c != '\r').collect(),
            pos: 0,
            aliases: Rc::default(),
            replaced: Vec::new(),
            alias_next: None,
            aliases_done: 0,
            frozen: 0,
            pending: Vec::new(),
            depth: 0,
            open_mark: None,
            counted: (0, 0),
            start_line: 1,
        }
    }

    /// The next line's commands; `None` at the end of the text.
    pub(super) fn next(&mut self, aliases: &Rc<Aliases>) -> Parsed<Option<Rc<List>>> {
        self.aliases = aliases.clone();
        loop {
            self.skip_blanks();
            match self.peek() {
                None => return Ok(None),
                Some('\n') => self.newline()?,
                Some(_) => break,
            }
        }
        self.start_line = self.line();
        let list = self.list(true)?;
        if list.items.is_empty() {
            return Err(self.unexpected());
        }
        self.skip_blanks();
        match self.peek() {
            None => self.newline()?,
            Some(_) if self.before_newline() => {}
            Some(_) => return Err(self.unexpected()),
        }
        Ok(Some(Rc::new(list)))
    }

    fn before_newline(&self) -> bool {
        self.pos > 0 && self.chars.get(self.pos - 1) == Some(&'\n')
    }

    /// The mark of a here-document that the text ended in, if it did.
    pub(super) fn open_mark(&self) -> Option<&str> {
        self.open_mark.as_deref()
    }

    /// The number of the line on which the last command began, from 1.
    pub(super) fn start_line(&self) -> usize {
        self.start_line
    }

    fn line(&mut self) -> usize {
        let (pos, line) = self.counted;
        let since = self.chars.get(pos..self.pos).unwrap_or_default();
        self.counted = (self.pos.max(pos), line + since.iter().filter(|c| **c == '\n').count());
        self.counted.1 + 1
    }

    /// The text of the line in which the reading stopped.
    pub(super) fn current_line(&self) -> String {
        let before = self.chars.get(..self.pos).unwrap_or_default();
        let start = before.iter().rposition(|c| *c == '\n').map_or(0, |at| at + 1);
        let rest = self.chars.get(start..).unwrap_or_default();
        rest.iter().take_while(|c| **c != '\n').collect()
    }

    fn peek(&self) -> Option<char> {
        self.chars.get(self.pos).copied()
    }

    fn peek_at(&self, ahead: usize) -> Option<char> {
        self.chars.get(self.pos + ahead).copied()
    }

    fn starts_with(&self, text: &str) -> bool {
        text.chars().enumerate().all(|(at, c)| self.peek_at(at) == Some(c))
    }

    fn take(&mut self, text: &str) -> bool {
        let there = self.starts_with(text);
        if there {
            self.pos += text.chars().count();
        }
        there
    }

    fn text(&self, from: usize, to: usize) -> String {
        self.chars.get(from..to).unwrap_or_default().iter().collect()
    }

    /// Runs a part that may nest in itself.
    fn deeper<T>(&mut self, part: impl FnOnce(&mut Parser) -> Parsed<T>) -> Parsed<T> {
        if self.depth >= MAX_DEPTH {
            return Err(ParseError::Syntax("nested too deeply".to_owned()));
        }
        self.depth += 1;
        let parsed = part(self);
        self.depth -= 1;
        parsed
    }

    /// Blanks, continued lines and a comment.
    fn skip_blanks(&mut self) {
        loop {
            match self.peek() {
                Some(' ' | '\t') => self.pos += 1,
                Some('\\') if self.peek_at(1) == Some('\n') => self.pos += 2,
                Some('#') if self.at_word_start() => {
                    while self.peek().is_some_and(|c| c != '\n') {
                        self.pos += 1;
                    }
                }
                _ => return,
            }
        }
    }

    fn at_word_start(&self) -> bool {
        let before = self.pos.checked_sub(1).and_then(|at| self.chars.get(at));
        before.is_none_or(|c| matches!(c, ' ' | '\t' | '\n' | ';' | '&' | '|' | '(' | ')'))
    }

    /// Blanks and newlines.
    fn skip_lines(&mut self) -> Parsed<()> {
        loop {
            self.skip_blanks();
            if self.peek() != Some('\n') {
                return Ok(());
            }
            self.newline()?;
        }
    }

    /// The end of a line; the here-documents that began on it follow. At the end of the text, too.
    fn newline(&mut self) -> Parsed<()> {
        if self.peek() == Some('\n') {
            self.pos += 1;
        }
        for pending in std::mem::take(&mut self.pending) {
            let body = self.here_lines(&pending);
            let word = match pending.quoted {
                true => Word::literal(body),
                false => self.deeper(|parser| parser.here_word(&body))?,
            };
            // Each cell is filled once, by the line that ends the command.
            let _ = pending.text.set(word);
        }
        Ok(())
    }

    /// The lines up to the mark.
    fn here_lines(&mut self, pending: &Pending) -> String {
        let mut body = String::new();
        while self.pos < self.chars.len() {
            let rest = self.chars.get(self.pos..).unwrap_or_default();
            let end = rest.iter().position(|c| *c == '\n').unwrap_or(rest.len());
            let line: String = rest.iter().take(end).collect();
            self.pos = (self.pos + end + 1).min(self.chars.len());
            let line = if pending.strip { line.trim_start_matches('\t') } else { &line };
            if line == pending.mark {
                return body;
            }
            body.push_str(line);
            body.push('\n');
        }
        self.open_mark = Some(pending.mark.clone());
        body
    }

    // ---- lists ----

    /// Commands up to what ends them; with `one_line`, up to the end of the line.
    fn list(&mut self, one_line: bool) -> Parsed<List> {
        let mut list = List::default();
        loop {
            if one_line {
                self.skip_blanks();
            } else {
                self.skip_lines()?;
            }
            if self.at_list_end() {
                return Ok(list);
            }
            let mut and_or = self.and_or()?;
            self.skip_blanks();
            match self.peek() {
                Some(';') if self.peek_at(1) != Some(';') && self.peek_at(1) != Some('&') => self.pos += 1,
                Some('&') if self.peek_at(1) != Some('&') => {
                    self.pos += 1;
                    and_or.background = true;
                }
                Some('\n') => {
                    list.items.push(Rc::new(and_or));
                    self.newline()?;
                    if one_line {
                        return Ok(list);
                    }
                    continue;
                }
                _ if self.at_list_end() => {
                    list.items.push(Rc::new(and_or));
                    return Ok(list);
                }
                _ => return Err(self.unexpected()),
            }
            list.items.push(Rc::new(and_or));
            if one_line {
                self.skip_blanks();
                if self.peek() == Some('\n') {
                    self.newline()?;
                    return Ok(list);
                }
            }
        }
    }

    /// Whether nothing more of a list can follow.
    fn at_list_end(&self) -> bool {
        match self.peek() {
            None | Some(')') => true,
            Some(';') => matches!(self.peek_at(1), Some(';' | '&')),
            _ => self.peek_word().is_some_and(|word| ends_list(&word)),
        }
    }

    fn and_or(&mut self) -> Parsed<AndOr> {
        let mut pipelines = vec![(Join::Always, Rc::new(self.pipeline()?))];
        loop {
            self.skip_blanks();
            let join = match () {
                () if self.take("&&") => Join::IfGood,
                () if self.take("||") => Join::IfBad,
                () => return Ok(AndOr { pipelines, background: false }),
            };
            self.skip_lines()?;
            pipelines.push((join, Rc::new(self.pipeline()?)));
        }
    }

    fn pipeline(&mut self) -> Parsed<Pipeline> {
        let mut pipeline = Pipeline { negated: false, timed: false, commands: Vec::new() };
        loop {
            self.skip_blanks();
            match self.peek_word().as_deref() {
                Some("!") => {
                    self.pos += 1;
                    pipeline.negated = !pipeline.negated;
                }
                Some("time") => {
                    self.pos += 4;
                    pipeline.timed = true;
                }
                _ => break,
            }
        }
        loop {
            let command = Rc::new(self.deeper(Parser::command)?);
            self.skip_blanks();
            let piped = self.peek() == Some('|') && self.peek_at(1) != Some('|');
            let errors = piped && self.peek_at(1) == Some('&');
            pipeline.commands.push(PipelineCommand { command, errors });
            if !piped {
                return Ok(pipeline);
            }
            self.pos += 1 + usize::from(errors);
            self.skip_lines()?;
        }
    }

    // ---- simple commands ----

    fn simple(&mut self) -> Parsed<Command> {
        let mut simple = Simple::default();
        loop {
            self.skip_blanks();
            if let Some(redirect) = self.redirect()? {
                simple.redirects.push(redirect);
                continue;
            }
            if self.at_word_end() {
                break;
            }
            if simple.words.is_empty()
                && let Some(assignment) = self.assignment()?
            {
                simple.assignments.push(assignment);
                continue;
            }
            if self.replace_alias(simple.words.is_empty()) {
                // The text may begin with anything, a reserved word or an assignment too.
                if simple.words.is_empty() && simple.assignments.is_empty() && simple.redirects.is_empty() {
                    return self.deeper(Parser::command);
                }
                continue;
            }
            simple.words.push(self.word()?);
        }
        if simple.words.is_empty() && simple.assignments.is_empty() && simple.redirects.is_empty() {
            return Err(self.unexpected());
        }
        // `name (` begins a function, so what follows is what is wrong.
        if self.peek() == Some('(') && simple.words.len() == 1 && simple.assignments.is_empty() {
            self.pos += 1;
            self.skip_blanks();
            return Err(self.unexpected());
        }
        Ok(Command::Simple(Rc::new(simple)))
    }

    /// Whether a word cannot begin here.
    fn at_word_end(&self) -> bool {
        match self.peek() {
            None | Some(' ' | '\t' | '\n' | ';' | '|' | '&' | '(' | ')') => true,
            Some('<') => self.peek_at(1) != Some('('),
            Some('>') => true,
            Some(_) => false,
        }
    }

    /// Puts an alias's text in the place of its name.
    fn replace_alias(&mut self, first: bool) -> bool {
        let left = |parser: &Parser| parser.chars.len() - parser.pos;
        let now = left(self);
        while self.replaced.last().is_some_and(|(_, behind)| *behind >= now) {
            self.replaced.pop();
        }
        let next = self.alias_next.is_some_and(|behind| now <= behind);
        if next {
            self.alias_next = None;
        }
        if !(first || next) || self.frozen > 0 || self.aliases_done >= MAX_ALIASES {
            return false;
        }
        let Some(name) = self.peek_word() else { return false };
        if self.replaced.iter().any(|(used, _)| **used == *name) {
            return false;
        }
        let Some((name, text)) = self.aliases.get_key_value(name.as_str()) else { return false };
        let (name, text) = (name.clone(), text.clone());
        let end = self.pos + name.chars().count();
        let behind = self.chars.len() - end;
        self.chars.splice(self.pos..end, text.chars());
        if text.ends_with([' ', '\t']) {
            self.alias_next = Some(behind);
        }
        self.replaced.push((name, behind));
        self.aliases_done += 1;
        true
    }

    fn assignment(&mut self) -> Parsed<Option<Assignment>> {
        let start = self.pos;
        let Some(name) = self.identifier() else { return Ok(None) };
        let mut index = None;
        if self.peek() == Some('[') {
            self.pos += 1;
            let word = self.inner_word(&[']'], false)?;
            if self.peek() != Some(']') {
                self.pos = start;
                return Ok(None);
            }
            self.pos += 1;
            index = Some(word);
        }
        let append = self.take("+=");
        if !append && !self.take("=") {
            self.pos = start;
            return Ok(None);
        }
        let value = match self.peek() {
            Some('(') => {
                self.pos += 1;
                Assigned::Array(self.array()?)
            }
            _ if self.at_word_end() => Assigned::Text(Word::default()),
            _ => Assigned::Text(self.word()?),
        };
        Ok(Some(Assignment { name: name.into(), index, append, value }))
    }

    /// The words up to `)`.
    fn array(&mut self) -> Parsed<Vec<Word>> {
        let mut words = Vec::new();
        loop {
            self.skip_lines()?;
            match self.peek() {
                Some(')') => {
                    self.pos += 1;
                    return Ok(words);
                }
                None => return Err(unclosed(')')),
                Some(_) if self.at_word_end() => return Err(self.unexpected()),
                Some(_) => words.push(self.word()?),
            }
        }
    }

    /// A variable's name.
    fn identifier(&mut self) -> Option<String> {
        let start = self.pos;
        if !self.peek().is_some_and(|c| c.is_ascii_alphabetic() || c == '_') {
            return None;
        }
        while self.peek().is_some_and(|c| c.is_ascii_alphanumeric() || c == '_') {
            self.pos += 1;
        }
        Some(self.text(start, self.pos))
    }

    // ---- redirections ----

    fn redirect(&mut self) -> Parsed<Option<Redirect>> {
        let start = self.pos;
        let mut fd = None;
        if let Some(digit) = self.peek().and_then(|c| c.to_digit(10))
            && matches!(self.peek_at(1), Some('<' | '>'))
        {
            self.pos += 1;
            fd = Some(digit as u8);
        }
        let Some(operator) = self.redirect_operator() else {
            self.pos = start;
            return Ok(None);
        };
        if operator == "<<" || operator == "<<-" {
            let kind = self.here(operator == "<<-")?;
            return Ok(Some(Redirect { fd, kind }));
        }
        self.skip_blanks();
        if self.at_word_end() {
            return Err(self.unexpected());
        }
        let word = self.word()?;
        let kind = match operator {
            "<" => RedirectKind::Read(word),
            ">" => RedirectKind::Write(word),
            ">|" => RedirectKind::Clobber(word),
            ">>" => RedirectKind::Append(word),
            "<>" => RedirectKind::ReadWrite(word),
            "&>" => RedirectKind::Both(word),
            "&>>" => RedirectKind::AppendBoth(word),
            "<<<" => RedirectKind::HereWord(word),
            // `>& file` is an old way to write `&> file`.
            ">&" if fd.is_none() && !is_descriptor(&word) => RedirectKind::Both(word),
            _ => RedirectKind::Duplicate(word),
        };
        // `<&` reads, all others of this kind write.
        let fd = if operator == "<&" { fd.or(Some(0)) } else { fd };
        Ok(Some(Redirect { fd, kind }))
    }

    fn redirect_operator(&mut self) -> Option<&'static str> {
        if self.starts_with("<(") || self.starts_with(">(") {
            return None;
        }
        let all = ["<<<", "<<-", "&>>", "<<", "<>", "<&", ">>", ">&", ">|", "&>", "<", ">"];
        all.into_iter().find(|operator| self.take(operator))
    }

    /// What follows `<<`: the mark. Its lines come with the end of this one.
    fn here(&mut self, strip: bool) -> Parsed<RedirectKind> {
        self.skip_blanks();
        if self.at_word_end() {
            return Err(self.unexpected());
        }
        let start = self.pos;
        let word = self.word()?;
        let raw = self.text(start, self.pos);
        let quoted = raw.contains(['\'', '"', '\\']);
        let mark = if quoted { word::text_of(&word) } else { raw };
        let text = Rc::new(OnceCell::new());
        self.pending.push(Pending { text: text.clone(), mark, quoted, strip });
        Ok(RedirectKind::Here(text))
    }

    // ---- mistakes ----

    /// What is wrong with the token that stands here.
    fn unexpected(&self) -> ParseError {
        let Some(c) = self.peek() else {
            return ParseError::Incomplete("syntax error: unexpected end of file".to_owned());
        };
        let operators = ["<<<", ";;&", ";;", ";&", "&&", "||", "|&", "<<", ">>", "&>", ">&", "<&"];
        let token = match operators.iter().find(|operator| self.starts_with(operator)) {
            Some(operator) => (*operator).to_owned(),
            None if c == '\n' => "newline".to_owned(),
            None => self.peek_word().filter(|word| !word.is_empty()).unwrap_or_else(|| c.to_string()),
        };
        ParseError::Syntax(format!("syntax error near unexpected token `{token}'"))
    }

    /// The word that begins here, if nothing in it is quoted or to be expanded.
    fn peek_word(&self) -> Option<String> {
        let rest = self.chars.get(self.pos..).unwrap_or_default();
        let end = rest.iter().position(|c| is_meta(*c)).unwrap_or(rest.len());
        let word = rest.get(..end).unwrap_or_default();
        let plain = !word.is_empty() && !word.iter().any(|c| matches!(c, '\'' | '"' | '\\' | '$' | '`'));
        plain.then(|| word.iter().collect())
    }
}

fn is_descriptor(word: &Word) -> bool {
    word.plain().is_some_and(|text| text == "-" || text.bytes().all(|byte| byte.is_ascii_digit()))
}

/// Reserved words that end what stands before them.
fn ends_list(word: &str) -> bool {
    matches!(word, "then" | "do" | "done" | "fi" | "elif" | "else" | "esac" | "}")
}

fn is_meta(c: char) -> bool {
    matches!(c, ' ' | '\t' | '\n' | ';' | '|' | '&' | '(' | ')' | '<' | '>')
}

fn unclosed(quote: char) -> ParseError {
    ParseError::Incomplete(format!("unexpected EOF while looking for matching `{quote}'"))
}

/// Whether a text could be completed by more lines: an open quote, loop or here-document, a `\` or `|` at
/// the end.
pub(super) fn is_incomplete(text: &str, aliases: &Rc<Aliases>) -> bool {
    if text.ends_with('\\') && !text.ends_with("\\\\") {
        return true;
    }
    let mut parser = Parser::new(text);
    loop {
        match parser.next(aliases) {
            Ok(Some(_)) => {}
            Ok(None) => return parser.open_mark().is_some(),
            Err(ParseError::Incomplete(_)) => return true,
            Err(ParseError::Syntax(_)) => return false,
        }
    }
}
