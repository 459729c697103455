//! What the readers of awk's and jq's programs share: where numbers, names and operators end, and a place in a list
//! of tokens.

/// Whether a name can begin with it.
pub(super) fn begins_name(c: char) -> bool {
    c.is_ascii_alphabetic() || c == '_'
}

/// The name that begins at a place; empty if none does.
pub(super) fn name_at(chars: &[char], at: usize) -> String {
    let rest = chars.get(at..).unwrap_or_default();
    match rest.first() {
        Some(c) if begins_name(*c) => {
            rest.iter().take_while(|c| c.is_ascii_alphanumeric() || **c == '_').collect()
        }
        _ => String::new(),
    }
}

/// The number that begins at a place, with its exponent. `1..5` is no number: it ends before the two points.
pub(super) fn number_at(chars: &[char], start: usize) -> String {
    let is_digit = |at: usize| chars.get(at).is_some_and(char::is_ascii_digit);
    let is_point = |at: usize| chars.get(at) == Some(&'.');
    let mut at = start;
    while is_digit(at) || (is_point(at) && !is_point(at + 1)) {
        at += 1;
    }
    if matches!(chars.get(at), Some('e' | 'E')) {
        let signed = usize::from(matches!(chars.get(at + 1), Some('+' | '-')));
        if is_digit(at + 1 + signed) {
            at += 1 + signed;
            while is_digit(at) {
                at += 1;
            }
        }
    }
    chars.get(start..at).unwrap_or_default().iter().collect()
}

/// The first of these operators that stands at a place; a list has the longer ones first.
pub(super) fn operator_at(chars: &[char], at: usize, operators: &[&'static str]) -> Option<&'static str> {
    let stands = |operator: &&&str| operator.chars().zip(at..).all(|(c, at)| chars.get(at) == Some(&c));
    operators.iter().find(stands).copied()
}

/// A token that may be an operator.
pub(super) trait Operator {
    fn operator(&self) -> Option<&'static str>;
}

/// A list of tokens and the next one to be read.
pub(super) struct Tokens<T> {
    all: Vec<T>,
    pub(super) at: usize,
}

impl<T: Operator> Tokens<T> {
    pub(super) fn new(all: Vec<T>) -> Tokens<T> {
        Tokens { all, at: 0 }
    }

    pub(super) fn is_empty(&self) -> bool {
        self.all.is_empty()
    }

    /// The token so many places ahead.
    pub(super) fn ahead(&self, by: usize) -> Option<&T> {
        self.all.get(self.at + by)
    }

    pub(super) fn peek(&self) -> Option<&T> {
        self.ahead(0)
    }

    pub(super) fn is(&self, operator: &str) -> bool {
        self.peek().and_then(T::operator).is_some_and(|found| found == operator)
    }

    /// Goes past the operator, if it is the next token.
    pub(super) fn take(&mut self, operator: &str) -> bool {
        let there = self.is(operator);
        self.at += usize::from(there);
        there
    }
}
