//! Words: quotes, variables, substitutions.

use std::rc::Rc;

use super::{ParseError, Parsed, Parser, is_meta, unclosed};
use crate::syntax::{Operation, Parameter, Piece, Quoting, Replace, Word};

/// The text of a word whose pieces are text.
pub(super) fn text_of(word: &Word) -> String {
    let texts = word.pieces.iter().map(|piece| match piece {
        Piece::Text(text) | Piece::Quoted(text) => text.as_str(),
        _ => "",
    });
    texts.collect()
}

impl Word {
    fn push(&mut self, c: char) {
        match self.pieces.last_mut() {
            Some(Piece::Text(text)) => text.push(c),
            _ => self.pieces.push(Piece::Text(c.into())),
        }
    }

    fn push_quoted(&mut self, c: char) {
        match self.pieces.last_mut() {
            Some(Piece::Quoted(text)) => text.push(c),
            _ => self.pieces.push(Piece::Quoted(c.into())),
        }
    }

    fn push_as(&mut self, c: char, quoted: Quoting) {
        if quoted { self.push_quoted(c) } else { self.push(c) }
    }
}

/// Names of a single character that are no variable's.
fn is_special(c: char) -> bool {
    matches!(c, '@' | '*' | '#' | '?' | '-' | '$' | '!')
}

impl Parser {
    pub(super) fn word(&mut self) -> Parsed<Word> {
        let mut word = Word::default();
        while let Some(c) = self.peek() {
            if c == '<' && self.peek_at(1) == Some('(') {
                self.pos += 2;
                word.pieces.push(Piece::Process(self.command_text()?));
                continue;
            }
            if is_meta(c) {
                break;
            }
            self.word_char(c, &mut word)?;
        }
        Ok(word)
    }

    /// What one character begins in a word outside of quotes.
    fn word_char(&mut self, c: char, word: &mut Word) -> Parsed<()> {
        self.pos += 1;
        match c {
            '\'' => self.single_quoted(word),
            '"' => self.double_quoted(word),
            '\\' => {
                match self.peek() {
                    Some('\n') => {}
                    Some(next) => word.push_quoted(next),
                    None => word.push_quoted('\\'),
                }
                self.pos = (self.pos + 1).min(self.chars.len());
                Ok(())
            }
            '$' => self.dollar(word, false),
            '`' => self.backtick(word, false),
            c => {
                word.push(c);
                Ok(())
            }
        }
    }

    fn single_quoted(&mut self, word: &mut Word) -> Parsed<()> {
        let start = self.pos;
        while let Some(c) = self.peek() {
            self.pos += 1;
            if c == '\'' {
                word.pieces.push(Piece::Quoted(self.text(start, self.pos - 1)));
                return Ok(());
            }
        }
        Err(unclosed('\''))
    }

    fn double_quoted(&mut self, word: &mut Word) -> Parsed<()> {
        word.pieces.push(Piece::Quoted(String::new()));
        while let Some(c) = self.peek() {
            self.pos += 1;
            match c {
                '"' => return Ok(()),
                '\\' => match self.peek() {
                    Some(next @ ('"' | '\\' | '$' | '`')) => {
                        self.pos += 1;
                        word.push_quoted(next);
                    }
                    Some('\n') => self.pos += 1,
                    _ => word.push_quoted('\\'),
                },
                '$' => self.dollar(word, true)?,
                '`' => self.backtick(word, true)?,
                c => word.push_quoted(c),
            }
        }
        Err(unclosed('"'))
    }

    /// The body of a here-document, in which only `$`, backticks and `\` mean something.
    pub(super) fn here_word(&self, body: &str) -> Parsed<Word> {
        let mut parser = Parser::new(body);
        parser.depth = self.depth;
        let mut word = Word { pieces: vec![Piece::Quoted(String::new())] };
        while let Some(c) = parser.peek() {
            parser.pos += 1;
            match c {
                '\\' => match parser.peek() {
                    Some(next @ ('\\' | '$' | '`')) => {
                        parser.pos += 1;
                        word.push_quoted(next);
                    }
                    Some('\n') => parser.pos += 1,
                    _ => word.push_quoted('\\'),
                },
                '$' => parser.dollar(&mut word, true)?,
                '`' => parser.backtick(&mut word, true)?,
                c => word.push_quoted(c),
            }
        }
        Ok(word)
    }

    fn dollar(&mut self, word: &mut Word, quoted: Quoting) -> Parsed<()> {
        match self.peek() {
            Some('(') => {
                self.pos += 1;
                if self.peek() == Some('(') {
                    let start = self.pos;
                    self.pos += 1;
                    if let Some(inner) = self.deeper(Parser::arithmetic_word)? {
                        word.pieces.push(Piece::Arithmetic(Rc::new(inner), quoted));
                        return Ok(());
                    }
                    self.pos = start;
                }
                word.pieces.push(Piece::Command(self.command_text()?, quoted));
            }
            Some('{') => {
                self.pos += 1;
                let parameter = self.deeper(|parser| parser.parameter(quoted))?;
                word.pieces.push(Piece::Parameter(Rc::new(parameter), quoted));
            }
            Some('\'') if !quoted => {
                self.pos += 1;
                self.ansi_quoted(word)?;
            }
            Some('"') if !quoted => {
                self.pos += 1;
                self.double_quoted(word)?;
            }
            Some(c) if is_special(c) || c.is_ascii_digit() => {
                self.pos += 1;
                word.pieces.push(plain_parameter(c.to_string(), quoted));
            }
            _ => match self.identifier() {
                Some(name) => word.pieces.push(plain_parameter(name, quoted)),
                None => word.push_as('$', quoted),
            },
        }
        Ok(())
    }

    /// The text of a command up to its `)`.
    fn command_text(&mut self) -> Parsed<Rc<str>> {
        let start = self.pos;
        self.frozen += 1;
        let parsed = self.deeper(|parser| parser.list(false));
        self.frozen -= 1;
        parsed?;
        match self.peek() {
            Some(')') => {
                self.pos += 1;
                Ok(self.text(start, self.pos - 1).into())
            }
            None => Err(unclosed(')')),
            Some(_) => Err(self.unexpected()),
        }
    }

    fn backtick(&mut self, word: &mut Word, quoted: Quoting) -> Parsed<()> {
        let mut text = String::new();
        while let Some(c) = self.peek() {
            self.pos += 1;
            match (c, self.peek()) {
                ('`', _) => {
                    word.pieces.push(Piece::Command(text.into(), quoted));
                    return Ok(());
                }
                ('\\', Some(next @ ('`' | '\\' | '$'))) => {
                    self.pos += 1;
                    text.push(next);
                }
                ('\\', Some('"')) if quoted => {
                    self.pos += 1;
                    text.push('"');
                }
                (c, _) => text.push(c),
            }
        }
        Err(unclosed('`'))
    }

    /// `$'…'`
    fn ansi_quoted(&mut self, word: &mut Word) -> Parsed<()> {
        let start = self.pos;
        while let Some(c) = self.peek() {
            self.pos += 1;
            match c {
                '\\' => self.pos = (self.pos + 1).min(self.chars.len()),
                '\'' => {
                    let text = self.text(start, self.pos - 1);
                    let text = crate::escape::unescape(&text, crate::escape::Style::Quoted);
                    word.pieces.push(Piece::Quoted(text.text()));
                    return Ok(());
                }
                _ => {}
            }
        }
        Err(unclosed('\''))
    }

    /// What stands between `((` and `))`, which is taken as well; `None` if it does not end in `))`.
    pub(super) fn arithmetic_word(&mut self) -> Parsed<Option<Word>> {
        let mut word = Word { pieces: vec![Piece::Quoted(String::new())] };
        let mut open = 0_u32;
        while let Some(c) = self.peek() {
            self.pos += 1;
            match c {
                '(' => {
                    open += 1;
                    word.push_quoted(c);
                }
                ')' if open > 0 => {
                    open -= 1;
                    word.push_quoted(c);
                }
                ')' if self.peek() == Some(')') => {
                    self.pos += 1;
                    return Ok(Some(word));
                }
                ')' => return Ok(None),
                '$' => self.dollar(&mut word, true)?,
                '`' => self.backtick(&mut word, true)?,
                '"' | '\'' => {}
                c => word.push_quoted(c),
            }
        }
        Err(unclosed(')'))
    }

    /// A word inside of `${…}` and its like, up to one of `ends`, which is not taken.
    pub(super) fn inner_word(&mut self, ends: &[char], quoted: Quoting) -> Parsed<Word> {
        let mut word = Word::default();
        while let Some(c) = self.peek() {
            if ends.contains(&c) {
                break;
            }
            match c {
                '\\' if quoted => {
                    self.pos += 1;
                    match self.peek() {
                        Some(next @ ('"' | '\\' | '$' | '`' | '}' | '/')) => {
                            self.pos += 1;
                            word.push_quoted(next);
                        }
                        Some('\n') => self.pos += 1,
                        _ => word.push_quoted('\\'),
                    }
                }
                '\'' if quoted => {
                    self.pos += 1;
                    word.push_quoted(c);
                }
                '$' | '`' if quoted => {
                    self.pos += 1;
                    if c == '$' { self.dollar(&mut word, true)? } else { self.backtick(&mut word, true)? }
                }
                c if quoted && c != '"' => {
                    self.pos += 1;
                    word.push(c);
                }
                c => self.word_char(c, &mut word)?,
            }
        }
        Ok(word)
    }

    /// The pattern behind `=~`: parentheses and bars belong to it.
    pub(super) fn regex_word(&mut self) -> Parsed<Word> {
        let mut word = Word::default();
        let mut open = 0_u32;
        while let Some(c) = self.peek() {
            match c {
                '(' => open += 1,
                ')' if open == 0 => break,
                ')' => open -= 1,
                ' ' | '\t' | '\n' if open == 0 => break,
                '&' if self.peek_at(1) == Some('&') => break,
                _ => {
                    self.word_char(c, &mut word)?;
                    continue;
                }
            }
            self.pos += 1;
            word.push(c);
        }
        Ok(word)
    }

    // ---- ${…} ----

    fn parameter(&mut self, quoted: Quoting) -> Parsed<Parameter> {
        let start = self.pos;
        let bad = |parser: &Parser| {
            let rest = parser.chars.get(start..).unwrap_or_default();
            let inside: String = rest.iter().take_while(|c| !matches!(c, '}' | '\n')).collect();
            ParseError::Syntax(format!("${{{inside}}}: bad substitution"))
        };
        let mut prefix = Operation::None;
        match (self.peek(), self.peek_at(1)) {
            (Some('#'), Some(next))
                if next != '}' && (is_special(next) || next.is_alphanumeric() || next == '_') =>
            {
                self.pos += 1;
                prefix = Operation::Length;
            }
            (Some('!'), Some(next)) if next.is_alphabetic() || next == '_' => {
                self.pos += 1;
                prefix = Operation::Indirect;
            }
            _ => {}
        }
        let name = self.parameter_name().ok_or_else(|| bad(self))?;
        let mut index = None;
        if self.peek() == Some('[') {
            self.pos += 1;
            index = Some(self.inner_word(&[']'], quoted)?);
            if self.peek() != Some(']') {
                return Err(bad(self));
            }
            self.pos += 1;
        }
        let operation = match (&prefix, self.peek()) {
            (_, None) => return Err(unclosed('}')),
            (Operation::Indirect, Some('}')) if index.is_some() => Operation::Keys,
            (_, Some('}')) => prefix,
            (Operation::None, _) => self.operation(quoted)?.ok_or_else(|| bad(self))?,
            _ => return Err(bad(self)),
        };
        match self.peek() {
            Some('}') => self.pos += 1,
            None => return Err(unclosed('}')),
            Some(_) => return Err(bad(self)),
        }
        Ok(Parameter { name: name.into(), index, operation })
    }

    fn parameter_name(&mut self) -> Option<String> {
        let start = self.pos;
        match self.peek()? {
            c if c.is_ascii_digit() => {
                while self.peek().is_some_and(|c| c.is_ascii_digit()) {
                    self.pos += 1;
                }
                Some(self.text(start, self.pos))
            }
            c if is_special(c) => {
                self.pos += 1;
                Some(c.to_string())
            }
            _ => self.identifier(),
        }
    }

    fn operation(&mut self, quoted: Quoting) -> Parsed<Option<Operation>> {
        let empty = self.peek() == Some(':') && matches!(self.peek_at(1), Some('-' | '=' | '?' | '+'));
        self.pos += usize::from(empty);
        let Some(operator) = self.peek() else { return Err(unclosed('}')) };
        self.pos += 1;
        let doubled = self.peek() == Some(operator) && matches!(operator, '#' | '%' | '^' | ',');
        self.pos += usize::from(doubled);
        Ok(Some(match operator {
            '-' => Operation::Default { empty, word: self.inner_word(&['}'], quoted)? },
            '=' => Operation::Assign { empty, word: self.inner_word(&['}'], quoted)? },
            '?' => Operation::Fail { empty, word: self.inner_word(&['}'], quoted)? },
            '+' => Operation::Instead { empty, word: self.inner_word(&['}'], quoted)? },
            '#' => Operation::CutStart { longest: doubled, pattern: self.inner_word(&['}'], false)? },
            '%' => Operation::CutEnd { longest: doubled, pattern: self.inner_word(&['}'], false)? },
            '^' => Operation::Case { upper: true, all: doubled },
            ',' => Operation::Case { upper: false, all: doubled },
            '/' => self.replacement(quoted)?,
            ':' => {
                let from = self.inner_word(&[':', '}'], true)?;
                let mut length = None;
                if self.peek() == Some(':') {
                    self.pos += 1;
                    length = Some(self.inner_word(&['}'], true)?);
                }
                Operation::Part { from, length }
            }
            _ => return Ok(None),
        }))
    }

    fn replacement(&mut self, quoted: Quoting) -> Parsed<Operation> {
        let which = match self.peek() {
            Some('/') => Replace::All,
            Some('#') => Replace::Start,
            Some('%') => Replace::End,
            _ => Replace::First,
        };
        self.pos += usize::from(which != Replace::First);
        let pattern = self.inner_word(&['/', '}'], false)?;
        let mut with = Word::default();
        if self.peek() == Some('/') {
            self.pos += 1;
            with = self.inner_word(&['}'], quoted)?;
        }
        Ok(Operation::Replace { which, pattern, with })
    }
}

fn plain_parameter(name: String, quoted: Quoting) -> Piece {
    Piece::Parameter(
        Rc::new(Parameter { name: name.into(), index: None, operation: Operation::None }),
        quoted,
    )
}
