//! The tokens of jq.

use std::rc::Rc;

use crate::programs::tokens::{Operator, begins_name, name_at, number_at, operator_at};

#[derive(Clone, Debug, PartialEq)]
pub(super) enum Token {
    Number(f64),
    /// Texts and the sources of the filters between them.
    Text(Vec<Piece>),
    /// `.name`
    Field(Rc<str>),
    /// `$name`
    Variable(Rc<str>),
    /// `@name`
    Format(Rc<str>),
    Name(Rc<str>),
    Operator(&'static str),
}

impl Operator for Token {
    fn operator(&self) -> Option<&'static str> {
        match self {
            Token::Operator(operator) => Some(operator),
            _ => None,
        }
    }
}

#[derive(Clone, Debug, PartialEq)]
pub(super) enum Piece {
    Text(String),
    /// What stands in `\(…)`.
    Filter(Vec<Token>),
}

/// The longer ones first.
const OPERATORS: [&str; 36] = [
    "?//", "//=", "|=", "+=", "-=", "*=", "/=", "%=", "==", "!=", "<=", ">=", "//", "..", "?", "[", "]", "{",
    "}", "(", ")", "|", ",", ":", ";", "=", "<", ">", "+", "-", "*", "/", "%", ".", "$", "@",
];

const MAX_DEPTH: u32 = 20;

/// # Errors
///
/// A sentence.
pub(super) fn tokens(text: &str) -> Result<Vec<Token>, String> {
    let chars: Vec<char> = text.chars().collect();
    let mut reader = Reader { chars: &chars, at: 0 };
    let tokens = reader.tokens(0)?;
    match reader.at < chars.len() {
        true => Err("syntax error, unexpected ')'".to_owned()),
        false => Ok(tokens),
    }
}

struct Reader<'c> {
    chars: &'c [char],
    at: usize,
}

impl Reader<'_> {
    fn peek(&self, ahead: usize) -> Option<char> {
        self.chars.get(self.at + ahead).copied()
    }

    fn name(&mut self) -> Option<Rc<str>> {
        let name = name_at(self.chars, self.at);
        self.at += name.len();
        (!name.is_empty()).then(|| name.into())
    }

    /// Tokens up to the end, or, inside of a text, up to the parenthesis that closes.
    fn tokens(&mut self, depth: u32) -> Result<Vec<Token>, String> {
        let mut found = Vec::new();
        let mut open = 0_u32;
        while let Some(c) = self.peek(0) {
            match c {
                c if c.is_whitespace() => self.at += 1,
                '#' => {
                    while self.peek(0).is_some_and(|c| c != '\n') {
                        self.at += 1;
                    }
                }
                '"' => {
                    self.at += 1;
                    found.push(Token::Text(self.text(depth)?));
                }
                '.' if self.peek(1).is_some_and(begins_name) => {
                    self.at += 1;
                    found.extend(self.name().map(Token::Field));
                }
                c if c.is_ascii_digit() || (c == '.' && self.peek(1).is_some_and(|c| c.is_ascii_digit())) => {
                    found.push(self.number()?);
                }
                '$' if self.peek(1).is_some_and(begins_name) => {
                    self.at += 1;
                    found.extend(self.name().map(Token::Variable));
                }
                '@' => {
                    self.at += 1;
                    let name = self.name().ok_or("syntax error, unexpected '@'")?;
                    found.push(Token::Format(name));
                }
                c if begins_name(c) => {
                    found.extend(self.name().map(Token::Name));
                }
                _ => {
                    let Some(operator) = operator_at(self.chars, self.at, &OPERATORS) else {
                        return Err(format!("syntax error, unexpected INVALID_CHARACTER {c}"));
                    };
                    match operator {
                        "(" => open += 1,
                        ")" if open == 0 => return Ok(found),
                        ")" => open -= 1,
                        _ => {}
                    }
                    self.at += operator.len();
                    found.push(Token::Operator(operator));
                }
            }
        }
        Ok(found)
    }

    fn number(&mut self) -> Result<Token, String> {
        let text = number_at(self.chars, self.at);
        self.at += text.len();
        text.parse().map(Token::Number).map_err(|_| format!("syntax error, unexpected {text}"))
    }

    fn text(&mut self, depth: u32) -> Result<Vec<Piece>, String> {
        let unterminated = || "syntax error, unexpected end of file in a string".to_owned();
        let mut pieces = Vec::new();
        let mut plain = String::new();
        loop {
            let c = self.peek(0).ok_or_else(unterminated)?;
            self.at += 1;
            match c {
                '"' => break,
                '\\' => {
                    let next = self.peek(0).ok_or_else(unterminated)?;
                    self.at += 1;
                    match next {
                        '(' => {
                            if depth >= MAX_DEPTH {
                                return Err("strings are nested too deeply".to_owned());
                            }
                            if !plain.is_empty() {
                                pieces.push(Piece::Text(std::mem::take(&mut plain)));
                            }
                            pieces.push(Piece::Filter(self.tokens(depth + 1)?));
                            if self.peek(0) != Some(')') {
                                return Err(unterminated());
                            }
                            self.at += 1;
                        }
                        'n' => plain.push('\n'),
                        't' => plain.push('\t'),
                        'r' => plain.push('\r'),
                        'b' => plain.push('\x08'),
                        'f' => plain.push('\x0c'),
                        '"' | '\\' | '/' => plain.push(next),
                        'u' => {
                            let digits: String = self.chars.iter().skip(self.at).take(4).collect();
                            let unit =
                                u32::from_str_radix(&digits, 16).map_err(|_| "invalid escape".to_owned())?;
                            self.at += 4;
                            plain.push(char::from_u32(unit).unwrap_or('\u{fffd}'));
                        }
                        other => return Err(format!("syntax error, invalid escape \\{other}")),
                    }
                }
                c => plain.push(c),
            }
        }
        if !plain.is_empty() {
            pieces.push(Piece::Text(plain));
        }
        Ok(pieces)
    }
}
