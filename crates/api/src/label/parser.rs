//! The text form of a label selector.
//!
//! Kubernetes: staging/src/k8s.io/apimachinery/pkg/labels/selector.go (Lexer, Parser).

use super::{Operator, Requirement, validate_label_key};
use crate::field::{FieldPath, to_aggregate};
use sim::SortedSet;

#[derive(Clone, Debug, PartialEq)]
enum Token {
    End,
    /// `(`, `)` and `,`, `!` and the operators.
    Symbol(&'static str),
    /// A key, a value, or the words `in` and `notin`.
    Word(String),
}

impl Token {
    /// How an error message shows it.
    fn literal(&self) -> &str {
        match self {
            Self::End => "",
            Self::Symbol(symbol) => symbol,
            Self::Word(word) => word,
        }
    }

    fn is(&self, symbol: &str) -> bool {
        matches!(self, Self::Symbol(own) if *own == symbol)
    }
}

/// Longest first: `==` is one symbol.
const SYMBOLS: [&str; 9] = ["==", "!=", "=", "!", "(", ")", ",", ">", "<"];

fn scan(text: &str) -> Vec<Token> {
    // Upstream's lexer reads a NUL as the end of the text.
    let mut rest = text.split('\0').next().unwrap_or("");
    let mut tokens = Vec::new();
    loop {
        rest = rest.trim_start_matches([' ', '\t', '\r', '\n']);
        if rest.is_empty() {
            tokens.push(Token::End);
            return tokens;
        }
        if let Some(symbol) = SYMBOLS.into_iter().find(|symbol| rest.starts_with(symbol)) {
            tokens.push(Token::Symbol(symbol));
            rest = &rest[symbol.len()..];
            continue;
        }
        let boundary = |c| "=!(),>< \t\r\n".contains(c);
        let (word, after) = rest.split_at(rest.find(boundary).unwrap_or(rest.len()));
        tokens.push(Token::Word(word.to_owned()));
        rest = after;
    }
}

struct Parser {
    tokens: Vec<Token>,
    position: usize,
}

/// The requirements in the order of the text.
pub(super) fn parse(text: &str) -> Result<Vec<Requirement>, String> {
    let mut parser = Parser { tokens: scan(text), position: 0 };
    let mut requirements = Vec::new();
    loop {
        let next = parser.lookahead();
        if *next == Token::End {
            return Ok(requirements);
        }
        if !parser.requirement_begins() {
            let found = next.literal();
            return Err(format!("found '{found}', expected: !, identifier, or 'end of string'"));
        }
        let requirement = parser.parse_requirement();
        requirements.push(requirement.map_err(|error| format!("unable to parse requirement: {error}"))?);
        let separator = parser.consume();
        if separator == Token::End {
            return Ok(requirements);
        }
        if !separator.is(",") {
            let found = separator.literal();
            return Err(format!("found '{found}', expected: ',' or 'end of string'"));
        }
        if !parser.requirement_begins() {
            let found = parser.lookahead().literal();
            return Err(format!("found '{found}', expected: identifier after ','"));
        }
    }
}

impl Parser {
    fn lookahead(&self) -> &Token {
        self.tokens.get(self.position).unwrap_or(&Token::End)
    }

    fn consume(&mut self) -> Token {
        let token = self.lookahead().clone();
        self.position += 1;
        token
    }

    fn requirement_begins(&self) -> bool {
        matches!(self.lookahead(), Token::Word(_)) || self.lookahead().is("!")
    }

    fn parse_requirement(&mut self) -> Result<Requirement, String> {
        let negated = self.lookahead().is("!");
        if negated {
            self.consume();
        }
        let key = match self.consume() {
            Token::Word(key) => key,
            other => return Err(format!("found '{}', expected: identifier", other.literal())),
        };
        if let Some(error) = validate_label_key(&key, &FieldPath::root()) {
            return Err(error.to_string());
        }
        let alone = *self.lookahead() == Token::End || self.lookahead().is(",");
        if negated || alone {
            let operator = if negated { Operator::DoesNotExist } else { Operator::Exists };
            return requirement(&key, operator, &SortedSet::new());
        }
        let operator = self.parse_operator()?;
        let values = match operator {
            Operator::In | Operator::NotIn => self.parse_values()?,
            _ => self.parse_exact_value()?,
        };
        requirement(&key, operator, &values)
    }

    fn parse_operator(&mut self) -> Result<Operator, String> {
        let token = self.consume();
        Ok(match token.literal() {
            "in" => Operator::In,
            "notin" => Operator::NotIn,
            "=" => Operator::Equals,
            "==" => Operator::DoubleEquals,
            "!=" => Operator::NotEquals,
            ">" => Operator::GreaterThan,
            "<" => Operator::LessThan,
            found => {
                let expected = Operator::BINARY.map(Operator::word).join(", ");
                return Err(format!("found '{found}', expected: {expected}"));
            }
        })
    }

    /// The values of a set: `(x,y,z)`.
    fn parse_values(&mut self) -> Result<SortedSet<String>, String> {
        let open = self.consume();
        if !open.is("(") {
            return Err(format!("found '{}' expected: '('", open.literal()));
        }
        if self.lookahead().is(")") {
            self.consume();
            return Ok(SortedSet::from([String::new()]));
        }
        if !matches!(self.lookahead(), Token::Word(_)) && !self.lookahead().is(",") {
            let found = self.lookahead().literal();
            return Err(format!("found '{found}', expected: ',', ')' or identifier"));
        }
        let values = self.parse_identifiers_list()?;
        // The list ends only before a closing bracket.
        self.consume();
        Ok(values)
    }

    fn parse_identifiers_list(&mut self) -> Result<SortedSet<String>, String> {
        let mut values = SortedSet::new();
        loop {
            let token = self.consume();
            let next = self.lookahead();
            match token {
                Token::Word(value) => {
                    values.insert(value);
                    if next.is(")") {
                        return Ok(values);
                    }
                    if !next.is(",") {
                        return Err(format!("found '{}', expected: ',' or ')'", next.literal()));
                    }
                }
                comma if comma.is(",") => {
                    if values.is_empty() || next.is(",") || next.is(")") {
                        values.insert(String::new());
                    }
                    if next.is(")") {
                        return Ok(values);
                    }
                }
                other => return Err(format!("found '{}', expected: ',', or identifier", other.literal())),
            }
        }
    }

    fn parse_exact_value(&mut self) -> Result<SortedSet<String>, String> {
        if *self.lookahead() == Token::End || self.lookahead().is(",") {
            return Ok(SortedSet::from([String::new()]));
        }
        match self.consume() {
            Token::Word(value) => Ok(SortedSet::from([value])),
            other => Err(format!("found '{}', expected: identifier", other.literal())),
        }
    }
}

fn requirement(key: &str, operator: Operator, values: &SortedSet<String>) -> Result<Requirement, String> {
    let values: Vec<&String> = values.iter().collect();
    Requirement::new(key, operator, &values, &FieldPath::root()).map_err(|errors| to_aggregate(&errors))
}
