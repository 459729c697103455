//! A template's text cut into tokens.
//!
//! Go: text/template/parse/lex.go.

use golang::strconv::{quote, unicode};

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Kind {
    /// The text of the token is what is wrong.
    Error,
    Bool,
    Char,
    CharConstant,
    Complex,
    Assign,
    Declare,
    Eof,
    Field,
    Identifier,
    LeftDelim,
    LeftParen,
    Number,
    Pipe,
    RawString,
    RightDelim,
    RightParen,
    Space,
    String,
    Text,
    Variable,
    // Keywords.
    Dot,
    Block,
    Break,
    Continue,
    Define,
    Else,
    End,
    If,
    Nil,
    Range,
    Template,
    With,
}

#[derive(Clone, Debug)]
pub(super) struct Token {
    pub(super) kind: Kind,
    /// Where it begins, in bytes.
    pub(super) pos: usize,
    pub(super) text: String,
    /// The line that it begins on, from 1.
    pub(super) line: usize,
}

impl Token {
    /// As an error shows it.
    pub(super) fn describe(&self) -> String {
        match self.kind {
            Kind::Eof => "EOF".to_owned(),
            Kind::Error => self.text.clone(),
            kind if keyword_of(&self.text) == Some(kind) => format!("<{}>", self.text),
            _ if self.text.len() > 10 => {
                let start: String = self.text.chars().take(10).collect();
                format!("{}...", quote(&start))
            }
            _ => quote(&self.text),
        }
    }
}

fn keyword_of(word: &str) -> Option<Kind> {
    Some(match word {
        "." => Kind::Dot,
        "block" => Kind::Block,
        "break" => Kind::Break,
        "continue" => Kind::Continue,
        "define" => Kind::Define,
        "else" => Kind::Else,
        "end" => Kind::End,
        "if" => Kind::If,
        "range" => Kind::Range,
        "nil" => Kind::Nil,
        "template" => Kind::Template,
        "with" => Kind::With,
        _ => return None,
    })
}

const LEFT_DELIM: &str = "{{";
const RIGHT_DELIM: &str = "}}";
const LEFT_COMMENT: &str = "/*";
const RIGHT_COMMENT: &str = "*/";

struct Lexer<'t> {
    input: &'t str,
    pos: usize,
    start: usize,
    paren_depth: usize,
    tokens: Vec<Token>,
    /// The line of `start`.
    line: usize,
}

/// All tokens; the last is the end or an error.
pub(super) fn lex(text: &str) -> Vec<Token> {
    let mut lexer = Lexer { input: text, pos: 0, start: 0, paren_depth: 0, tokens: Vec::new(), line: 1 };
    if let Err(error) = lexer.run() {
        lexer.tokens.push(Token { kind: Kind::Error, pos: lexer.start, text: error, line: lexer.line });
    }
    lexer.tokens
}

type Lexed = Result<(), String>;

impl<'t> Lexer<'t> {
    fn run(&mut self) -> Lexed {
        loop {
            let Some(at) = self.rest().find(LEFT_DELIM) else {
                self.pos = self.input.len();
                if self.pos > self.start {
                    self.emit(Kind::Text);
                }
                self.emit(Kind::Eof);
                return Ok(());
            };
            self.text_before(self.pos + at);
            self.left_delim()?;
        }
    }

    /// The text before an action, without the space that a marker trims off.
    fn text_before(&mut self, delim: usize) {
        let after = self.input.get(delim + LEFT_DELIM.len()..).unwrap_or_default();
        let text = self.input.get(self.start..delim).unwrap_or_default();
        let kept = if has_left_trim_marker(after) { text.trim_end_matches(is_space) } else { text };
        self.pos = self.start + kept.len();
        if !kept.is_empty() {
            self.emit(Kind::Text);
        }
        self.pos = delim;
        self.ignore();
    }

    /// From `{{` to behind its `}}`.
    fn left_delim(&mut self) -> Lexed {
        self.pos += LEFT_DELIM.len();
        let marker = if has_left_trim_marker(self.rest()) { 2 } else { 0 };
        if self.rest().get(marker..).is_some_and(|rest| rest.starts_with(LEFT_COMMENT)) {
            self.pos += marker;
            self.ignore();
            return self.comment();
        }
        self.emit(Kind::LeftDelim);
        self.pos += marker;
        self.ignore();
        self.paren_depth = 0;
        while self.inside_action()? {}
        Ok(())
    }

    fn comment(&mut self) -> Lexed {
        self.pos += LEFT_COMMENT.len();
        let Some(at) = self.rest().find(RIGHT_COMMENT) else { return Err("unclosed comment".to_owned()) };
        self.pos += at + RIGHT_COMMENT.len();
        let Some(trim) = self.at_right_delim() else {
            return Err("comment ends before closing delimiter".to_owned());
        };
        self.pos += RIGHT_DELIM.len() + if trim { 2 } else { 0 };
        if trim {
            self.skip_spaces();
        }
        self.ignore();
        Ok(())
    }

    fn skip_spaces(&mut self) {
        let rest = self.rest();
        self.pos += rest.len() - rest.trim_start_matches(is_space).len();
    }

    /// Whether a right delimiter is next, and whether a marker stands before it.
    fn at_right_delim(&self) -> Option<bool> {
        let rest = self.rest();
        let marked = has_right_trim_marker(rest);
        if marked && rest.get(2..).is_some_and(|rest| rest.starts_with(RIGHT_DELIM)) {
            return Some(true);
        }
        rest.starts_with(RIGHT_DELIM).then_some(false)
    }

    fn right_delim(&mut self, trim: bool) {
        if trim {
            self.pos += 2;
            self.ignore();
        }
        self.pos += RIGHT_DELIM.len();
        self.emit(Kind::RightDelim);
        if trim {
            self.skip_spaces();
            self.ignore();
        }
    }

    /// One token of an action; whether the action goes on.
    fn inside_action(&mut self) -> Result<bool, String> {
        if let Some(trim) = self.at_right_delim() {
            if self.paren_depth > 0 {
                return Err("unclosed left paren".to_owned());
            }
            self.right_delim(trim);
            return Ok(false);
        }
        let Some(c) = self.next() else { return Err("unclosed action".to_owned()) };
        match c {
            c if is_space(c) => self.space(c),
            '=' => self.emit(Kind::Assign),
            ':' if self.next() == Some('=') => self.emit(Kind::Declare),
            ':' => return Err("expected :=".to_owned()),
            '|' => self.emit(Kind::Pipe),
            '"' => self.quoted('"', "unterminated quoted string", Kind::String)?,
            '\'' => self.quoted('\'', "unterminated character constant", Kind::CharConstant)?,
            '`' => {
                let end = self.rest().find('`').ok_or("unterminated raw quoted string")?;
                self.pos += end + 1;
                self.emit(Kind::RawString);
            }
            '$' => self.field_or_variable(Kind::Variable, Kind::Variable)?,
            '.' if !self.rest().starts_with(|c: char| c.is_ascii_digit()) && !self.rest().is_empty() => {
                self.field_or_variable(Kind::Field, Kind::Dot)?;
            }
            '.' | '+' | '-' | '0'..='9' => {
                self.pos = self.start;
                self.number()?;
            }
            c if is_alpha_numeric(c) => self.identifier()?,
            '(' => {
                self.paren_depth += 1;
                self.emit(Kind::LeftParen);
            }
            ')' => {
                self.paren_depth = self.paren_depth.checked_sub(1).ok_or("unexpected right paren")?;
                self.emit(Kind::RightParen);
            }
            ' '..='~' => self.emit(Kind::Char),
            c => return Err(format!("unrecognized character in action: {}", unicode(c))),
        }
        Ok(true)
    }

    /// A run of spaces; the last may belong to a marker before the right delimiter.
    fn space(&mut self, first: char) {
        let mut last = first;
        while let Some(c) = self.peek().filter(|c| is_space(*c)) {
            last = c;
            self.next();
        }
        let before_last = self.pos - last.len_utf8();
        let tail = self.input.get(before_last..).unwrap_or_default();
        if has_right_trim_marker(tail) && tail.get(2..).is_some_and(|rest| rest.starts_with(RIGHT_DELIM)) {
            self.pos = before_last;
        }
        if self.pos > self.start {
            self.emit(Kind::Space);
        }
    }

    fn identifier(&mut self) -> Lexed {
        self.alphanumerics()?;
        let word = self.input.get(self.start..self.pos).unwrap_or_default();
        self.emit(match word {
            "true" | "false" => Kind::Bool,
            word => keyword_of(word).unwrap_or(Kind::Identifier),
        });
        Ok(())
    }

    fn field_or_variable(&mut self, kind: Kind, alone: Kind) -> Lexed {
        if self.at_terminator() {
            self.emit(alone);
            return Ok(());
        }
        self.alphanumerics()?;
        self.emit(kind);
        Ok(())
    }

    fn alphanumerics(&mut self) -> Lexed {
        while self.peek().is_some_and(is_alpha_numeric) {
            self.next();
        }
        match self.peek() {
            Some(c) if !self.at_terminator() => Err(format!("bad character {}", unicode(c))),
            _ => Ok(()),
        }
    }

    fn at_terminator(&self) -> bool {
        match self.peek() {
            None | Some('.' | ',' | '|' | ':' | ')' | '(') => true,
            Some(c) => is_space(c) || self.rest().starts_with(RIGHT_DELIM),
        }
    }

    fn quoted(&mut self, quote: char, unterminated: &str, kind: Kind) -> Lexed {
        loop {
            match self.next() {
                Some('\\') if !matches!(self.next(), None | Some('\n')) => {}
                None | Some('\\' | '\n') => return Err(unterminated.to_owned()),
                Some(c) if c == quote => break,
                Some(_) => {}
            }
        }
        self.emit(kind);
        Ok(())
    }

    fn number(&mut self) -> Lexed {
        let bad = |lexer: &Lexer<'_>| {
            let text = lexer.input.get(lexer.start..lexer.pos).unwrap_or_default();
            Err(format!("bad number syntax: {}", quote(text)))
        };
        if !self.scan_number() {
            return bad(self);
        }
        if !matches!(self.peek(), Some('+' | '-')) {
            self.emit(Kind::Number);
            return Ok(());
        }
        if !self.scan_number() || !self.input.get(..self.pos).is_some_and(|text| text.ends_with('i')) {
            return bad(self);
        }
        self.emit(Kind::Complex);
        Ok(())
    }

    fn accept(&mut self, valid: &str) -> bool {
        let found = self.peek().is_some_and(|c| valid.contains(c));
        if found {
            self.next();
        }
        found
    }

    fn accept_run(&mut self, valid: &str) {
        while self.accept(valid) {}
    }

    fn scan_number(&mut self) -> bool {
        self.accept("+-");
        let mut digits = "0123456789_";
        if self.accept("0") {
            if self.accept("xX") {
                digits = "0123456789abcdefABCDEF_";
            } else if self.accept("oO") {
                digits = "01234567_";
            } else if self.accept("bB") {
                digits = "01_";
            }
        }
        self.accept_run(digits);
        if self.accept(".") {
            self.accept_run(digits);
        }
        let exponent = match digits.len() {
            11 => "eE",
            23 => "pP",
            _ => "",
        };
        if self.accept(exponent) {
            self.accept("+-");
            self.accept_run("0123456789_");
        }
        self.accept("i");
        if self.peek().is_some_and(is_alpha_numeric) {
            self.next();
            return false;
        }
        true
    }

    fn rest(&self) -> &'t str {
        self.input.get(self.pos..).unwrap_or_default()
    }

    fn peek(&self) -> Option<char> {
        self.rest().chars().next()
    }

    fn next(&mut self) -> Option<char> {
        let next = self.peek()?;
        self.pos += next.len_utf8();
        Some(next)
    }

    fn emit(&mut self, kind: Kind) {
        let text = self.input.get(self.start..self.pos).unwrap_or_default().to_owned();
        let lines = text.matches('\n').count();
        self.tokens.push(Token { kind, pos: self.start, text, line: self.line });
        self.line += lines;
        self.start = self.pos;
    }

    fn ignore(&mut self) {
        self.line += self.input.get(self.start..self.pos).unwrap_or_default().matches('\n').count();
        self.start = self.pos;
    }
}

fn is_space(c: char) -> bool {
    matches!(c, ' ' | '\t' | '\r' | '\n')
}

fn is_alpha_numeric(c: char) -> bool {
    c == '_' || c.is_alphabetic() || c.is_numeric()
}

fn has_left_trim_marker(text: &str) -> bool {
    let mut chars = text.chars();
    chars.next() == Some('-') && chars.next().is_some_and(is_space)
}

fn has_right_trim_marker(text: &str) -> bool {
    let mut chars = text.chars();
    chars.next().is_some_and(is_space) && chars.next() == Some('-')
}
