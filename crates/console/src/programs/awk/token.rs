//! The tokens of awk.

use std::rc::Rc;

use crate::programs::tokens::{Operator, begins_name, name_at, number_at, operator_at};

#[derive(Clone, Debug, PartialEq)]
pub(super) enum Token {
    Number(f64),
    Text(Rc<str>),
    Regex(String),
    Name(Rc<str>),
    /// A name with `(` directly behind it.
    Function(Rc<str>),
    Keyword(&'static str),
    Operator(&'static str),
    Newline,
}

impl Operator for Token {
    fn operator(&self) -> Option<&'static str> {
        match self {
            Token::Operator(operator) => Some(operator),
            _ => None,
        }
    }
}

const KEYWORDS: [&str; 17] = [
    "BEGIN", "END", "function", "func", "if", "else", "while", "for", "do", "in", "delete", "next", "exit",
    "return", "break", "continue", "print",
];

/// The longer ones first.
const OPERATORS: [&str; 43] = [
    "**=", "&&", "||", "++", "--", "+=", "-=", "*=", "/=", "%=", "^=", "==", "!=", "<=", ">=", "!~", ">>",
    "**", "{", "}", "(", ")", "[", "]", ";", ",", "+", "-", "*", "/", "%", "^", "!", ">", "<", "|", "?", ":",
    "~", "$", "=", "&", "@",
];

/// # Errors
///
/// A sentence.
pub(super) fn tokens(text: &str) -> Result<Vec<Token>, String> {
    let chars: Vec<char> = text.chars().collect();
    let mut found: Vec<Token> = Vec::new();
    let mut at = 0;
    while let Some(c) = chars.get(at).copied() {
        match c {
            '\n' => {
                found.push(Token::Newline);
                at += 1;
            }
            c if c.is_whitespace() => at += 1,
            '#' => {
                while chars.get(at).is_some_and(|c| *c != '\n') {
                    at += 1;
                }
            }
            '\\' if chars.get(at + 1) == Some(&'\n') => at += 2,
            '"' => {
                let (text, end) = text_token(&chars, at + 1)?;
                found.push(Token::Text(text.into()));
                at = end;
            }
            '/' if !divides(found.last()) => {
                let (text, end) = regex_token(&chars, at + 1)?;
                found.push(Token::Regex(text));
                at = end;
            }
            c if c.is_ascii_digit() || (c == '.' && chars.get(at + 1).is_some_and(char::is_ascii_digit)) => {
                let text = number_at(&chars, at);
                at += text.len();
                found.push(Token::Number(text.parse().map_err(|_| format!("syntax error at {text}"))?));
            }
            c if begins_name(c) => {
                let name = name_at(&chars, at);
                at += name.len();
                found.push(match name.as_str() {
                    "printf" => Token::Keyword("printf"),
                    name => match KEYWORDS.iter().find(|keyword| **keyword == name) {
                        Some(keyword) => Token::Keyword(keyword),
                        None if chars.get(at) == Some(&'(') => Token::Function(name.into()),
                        None => Token::Name(name.into()),
                    },
                });
            }
            _ => {
                let Some(operator) = operator_at(&chars, at, &OPERATORS) else {
                    return Err(format!("syntax error at source character {c}"));
                };
                found.push(Token::Operator(match operator {
                    "**" => "^",
                    "**=" => "^=",
                    operator => operator,
                }));
                at += operator.len();
            }
        }
    }
    Ok(found)
}

/// Whether a slash behind this token divides.
fn divides(before: Option<&Token>) -> bool {
    matches!(
        before,
        Some(
            Token::Number(_)
                | Token::Text(_)
                | Token::Name(_)
                | Token::Operator(")" | "]" | "$" | "++" | "--")
        )
    )
}

fn text_token(chars: &[char], start: usize) -> Result<(String, usize), String> {
    let mut text = String::new();
    let mut at = start;
    while let Some(c) = chars.get(at).copied() {
        at += 1;
        match c {
            '"' => return Ok((text, at)),
            '\n' => break,
            '\\' => {
                let next = chars.get(at).copied();
                at += 1;
                match next {
                    Some('n') => text.push('\n'),
                    Some('t') => text.push('\t'),
                    Some('r') => text.push('\r'),
                    Some('\\') => text.push('\\'),
                    Some('"') => text.push('"'),
                    Some('/') => text.push('/'),
                    Some('a') => text.push('\x07'),
                    Some('\n') | None => {}
                    Some(digit @ '0'..='7') => {
                        let mut value = digit.to_digit(8).unwrap_or(0);
                        while let Some(digit) =
                            chars.get(at).and_then(|c| c.to_digit(8)).filter(|_| value < 0o40)
                        {
                            value = value * 8 + digit;
                            at += 1;
                        }
                        text.extend(char::from_u32(value));
                    }
                    Some(other) => text.extend(['\\', other]),
                }
            }
            c => text.push(c),
        }
    }
    Err("unterminated string".to_owned())
}

fn regex_token(chars: &[char], start: usize) -> Result<(String, usize), String> {
    let mut text = String::new();
    let mut at = start;
    let mut in_class = false;
    while let Some(c) = chars.get(at).copied() {
        at += 1;
        match c {
            '/' if !in_class => return Ok((text, at)),
            '\n' => break,
            '\\' if chars.get(at) == Some(&'/') => {
                text.push('/');
                at += 1;
            }
            '\\' => {
                text.push('\\');
                text.extend(chars.get(at));
                at += 1;
            }
            '[' if !in_class => {
                in_class = true;
                text.push(c);
                if chars.get(at) == Some(&'^') {
                    text.push('^');
                    at += 1;
                }
                if chars.get(at) == Some(&']') {
                    text.push(']');
                    at += 1;
                }
            }
            ']' => {
                in_class = false;
                text.push(c);
            }
            c => text.push(c),
        }
    }
    Err("unterminated regexp".to_owned())
}
