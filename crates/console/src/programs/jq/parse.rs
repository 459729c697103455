//! Tokens become a filter. Names are looked up here, so that an unknown one is an error before anything runs.

use std::rc::Rc;

use super::builtin;
use super::json::Json;
use super::syntax::{Filter, Function, Part, Pattern};
use super::token::{Piece, Token, tokens};
use crate::programs::tokens::Tokens;

type Parsed<T> = Result<T, String>;

/// Filters inside of filters go no deeper.
const MAX_DEPTH: u32 = 60;

/// # Errors
///
/// In jq's words, as far as these are known.
pub(super) fn parse(text: &str, variables: &[Rc<str>]) -> Parsed<Rc<Filter>> {
    let mut scope = Scope::default();
    scope.variables.extend(["ENV".into(), "__prog_args".into()]);
    scope.variables.extend(variables.iter().cloned());
    let mut parser = Parser { tokens: Tokens::new(tokens(text)?), depth: 0, scope };
    if parser.tokens.is_empty() {
        return Ok(Rc::new(Filter::Identity));
    }
    let filter = parser.pipe()?;
    match parser.tokens.peek() {
        None => Ok(Rc::new(filter)),
        Some(_) => Err(parser.wrong()),
    }
}

/// What a name can stand for at a place.
#[derive(Default)]
struct Scope {
    variables: Vec<Rc<str>>,
    /// With the number of parameters.
    functions: Vec<(Rc<str>, usize)>,
    labels: Vec<Rc<str>>,
}

struct Parser {
    tokens: Tokens<Token>,
    depth: u32,
    scope: Scope,
}

fn boxed(filter: Filter) -> Box<Filter> {
    Box::new(filter)
}

const KEYWORDS: [&str; 15] = [
    "as",
    "then",
    "elif",
    "else",
    "end",
    "and",
    "or",
    "not_a_keyword",
    "catch",
    "def",
    "reduce",
    "foreach",
    "if",
    "try",
    "label",
];

impl Parser {
    fn is_word(&self, word: &str) -> bool {
        matches!(self.tokens.peek(), Some(Token::Name(found)) if **found == *word)
    }

    fn take_word(&mut self, word: &str) -> bool {
        let there = self.is_word(word);
        self.tokens.at += usize::from(there);
        there
    }

    fn expect(&mut self, operator: &str) -> Parsed<()> {
        if self.tokens.take(operator) { Ok(()) } else { Err(self.wrong()) }
    }

    fn expect_word(&mut self, word: &str) -> Parsed<()> {
        if self.take_word(word) { Ok(()) } else { Err(self.wrong()) }
    }

    fn wrong(&self) -> String {
        let what = match self.tokens.peek() {
            None => "end of file".to_owned(),
            Some(Token::Operator(text)) => format!("'{text}'"),
            Some(Token::Name(name)) if KEYWORDS.contains(&&**name) => (**name).to_owned(),
            Some(Token::Name(_)) => "IDENT".to_owned(),
            Some(Token::Field(_)) => "FIELD".to_owned(),
            Some(Token::Number(_)) => "LITERAL".to_owned(),
            Some(Token::Text(_)) => "QQSTRING_START".to_owned(),
            Some(Token::Variable(_)) => "BINDING".to_owned(),
            Some(Token::Format(_)) => "FORMAT".to_owned(),
        };
        format!("syntax error, unexpected {what} at <top-level>, line 1")
    }

    fn deeper<T>(&mut self, part: impl FnOnce(&mut Parser) -> Parsed<T>) -> Parsed<T> {
        if self.depth >= MAX_DEPTH {
            return Err("the filter is nested too deeply".to_owned());
        }
        self.depth += 1;
        let parsed = part(self);
        self.depth -= 1;
        parsed
    }

    // ---- by how loosely operators bind ----

    fn pipe(&mut self) -> Parsed<Filter> {
        self.deeper(Parser::pipe_inner)
    }

    fn pipe_inner(&mut self) -> Parsed<Filter> {
        if self.is_word("def") {
            let function = self.function()?;
            self.scope.functions.push((function.name.clone(), function.parameters.len()));
            let rest = self.pipe();
            self.scope.functions.pop();
            return Ok(Filter::Define(Rc::new(function), boxed(rest?)));
        }
        if self.take_word("label") {
            let Some(Token::Variable(name)) = self.tokens.peek().cloned() else { return Err(self.wrong()) };
            self.tokens.at += 1;
            self.expect("|")?;
            self.scope.labels.push(name.clone());
            let rest = self.pipe();
            self.scope.labels.pop();
            return Ok(Filter::Label(name, boxed(rest?)));
        }
        let left = self.comma()?;
        if self.take_word("as") {
            let pattern = self.pattern()?;
            self.expect("|")?;
            let before = self.scope.variables.len();
            pattern.names(&mut self.scope.variables);
            let rest = self.pipe();
            self.scope.variables.truncate(before);
            return Ok(Filter::Bind(boxed(left), pattern, boxed(rest?)));
        }
        match self.tokens.take("|") {
            true => Ok(Filter::Pipe(boxed(left), boxed(self.pipe()?))),
            false => Ok(left),
        }
    }

    fn comma(&mut self) -> Parsed<Filter> {
        let mut left = self.alternative()?;
        while self.tokens.take(",") {
            left = Filter::Comma(boxed(left), boxed(self.alternative()?));
        }
        Ok(left)
    }

    fn alternative(&mut self) -> Parsed<Filter> {
        let left = self.assignment()?;
        match self.tokens.take("//") {
            true => Ok(Filter::Alternative(boxed(left), boxed(self.deeper(Parser::alternative)?))),
            false => Ok(left),
        }
    }

    fn assignment(&mut self) -> Parsed<Filter> {
        let left = self.or()?;
        for operator in ["=", "|=", "+=", "-=", "*=", "/=", "%=", "//="] {
            if self.tokens.take(operator) {
                let right = self.deeper(Parser::alternative)?;
                return Ok(Filter::Assign(boxed(left), operator, boxed(right)));
            }
        }
        Ok(left)
    }

    fn or(&mut self) -> Parsed<Filter> {
        let mut left = self.and()?;
        while self.take_word("or") {
            left = Filter::Or(boxed(left), boxed(self.and()?));
        }
        Ok(left)
    }

    fn and(&mut self) -> Parsed<Filter> {
        let mut left = self.comparison()?;
        while self.take_word("and") {
            left = Filter::And(boxed(left), boxed(self.comparison()?));
        }
        Ok(left)
    }

    fn comparison(&mut self) -> Parsed<Filter> {
        let left = self.sum()?;
        for operator in ["==", "!=", "<=", ">=", "<", ">"] {
            if self.tokens.take(operator) {
                return Ok(Filter::Binary(operator, boxed(left), boxed(self.sum()?)));
            }
        }
        Ok(left)
    }

    fn sum(&mut self) -> Parsed<Filter> {
        let mut left = self.product()?;
        loop {
            let operator = match self.tokens.peek() {
                Some(Token::Operator(operator @ ("+" | "-"))) => *operator,
                _ => return Ok(left),
            };
            self.tokens.at += 1;
            left = Filter::Binary(operator, boxed(left), boxed(self.product()?));
        }
    }

    fn product(&mut self) -> Parsed<Filter> {
        let mut left = self.unary()?;
        loop {
            let operator = match self.tokens.peek() {
                Some(Token::Operator(operator @ ("*" | "/" | "%"))) => *operator,
                _ => return Ok(left),
            };
            self.tokens.at += 1;
            left = Filter::Binary(operator, boxed(left), boxed(self.unary()?));
        }
    }

    fn unary(&mut self) -> Parsed<Filter> {
        match self.tokens.take("-") {
            true => Ok(Filter::Negate(boxed(self.deeper(Parser::postfix)?))),
            false => self.postfix(),
        }
    }

    // ---- terms ----

    fn postfix(&mut self) -> Parsed<Filter> {
        let mut term = self.deeper(Parser::term)?;
        loop {
            term = match self.tokens.peek().cloned() {
                Some(Token::Field(name)) => {
                    self.tokens.at += 1;
                    Filter::Index(boxed(term), boxed(Filter::Literal(Json::Text(name))))
                }
                Some(Token::Operator(".")) if matches!(self.tokens.ahead(1), Some(Token::Text(_))) => {
                    self.tokens.at += 1;
                    let key = self.deeper(Parser::term)?;
                    Filter::Index(boxed(term), boxed(key))
                }
                Some(Token::Operator(".")) if matches!(self.tokens.ahead(1), Some(Token::Operator("["))) => {
                    self.tokens.at += 1;
                    term
                }
                Some(Token::Operator("[")) => {
                    self.tokens.at += 1;
                    self.bracket(term)?
                }
                Some(Token::Operator("?")) => {
                    self.tokens.at += 1;
                    Filter::Try(boxed(term), None)
                }
                _ => return Ok(term),
            };
        }
    }

    /// What stands in `[…]` behind a term.
    fn bracket(&mut self, term: Filter) -> Parsed<Filter> {
        if self.tokens.take("]") {
            return Ok(Filter::Each(boxed(term)));
        }
        if self.tokens.take(":") {
            let to = self.pipe()?;
            self.expect("]")?;
            return Ok(Filter::Slice(boxed(term), None, Some(boxed(to))));
        }
        let from = self.pipe()?;
        if self.tokens.take(":") {
            let to = if self.tokens.is("]") { None } else { Some(boxed(self.pipe()?)) };
            self.expect("]")?;
            return Ok(Filter::Slice(boxed(term), Some(boxed(from)), to));
        }
        self.expect("]")?;
        Ok(Filter::Index(boxed(term), boxed(from)))
    }

    fn term(&mut self) -> Parsed<Filter> {
        let Some(token) = self.tokens.peek().cloned() else { return Err(self.wrong()) };
        self.tokens.at += 1;
        match token {
            Token::Number(number) => Ok(Filter::Literal(Json::Number(number))),
            Token::Text(pieces) => self.text("text".into(), pieces),
            Token::Format(name) => {
                if !builtin::is_format(&name) {
                    return Err(format!("{name} is not a valid format"));
                }
                match self.tokens.peek().cloned() {
                    Some(Token::Text(pieces)) => {
                        self.tokens.at += 1;
                        self.text(name, pieces)
                    }
                    _ => Ok(Filter::Format(name)),
                }
            }
            Token::Field(name) => {
                Ok(Filter::Index(boxed(Filter::Identity), boxed(Filter::Literal(Json::Text(name)))))
            }
            Token::Operator("..") => Ok(Filter::Recurse),
            Token::Operator(".") => match self.tokens.peek().cloned() {
                Some(Token::Text(pieces)) => {
                    self.tokens.at += 1;
                    let key = self.text("text".into(), pieces)?;
                    Ok(Filter::Index(boxed(Filter::Identity), boxed(key)))
                }
                _ => Ok(Filter::Identity),
            },
            Token::Operator("(") => {
                let inner = self.pipe()?;
                self.expect(")")?;
                Ok(inner)
            }
            Token::Operator("[") => {
                if self.tokens.take("]") {
                    return Ok(Filter::Collect(None));
                }
                let inner = self.pipe()?;
                self.expect("]")?;
                Ok(Filter::Collect(Some(boxed(inner))))
            }
            Token::Operator("{") => self.object(),
            Token::Operator("-") => Ok(Filter::Negate(boxed(self.deeper(Parser::postfix)?))),
            Token::Variable(name) => match &*name {
                "__loc__" => Err("$__loc__ is not simulated".to_owned()),
                _ if self.scope.variables.contains(&name) => Ok(Filter::Variable(name)),
                _ => Err(format!("${name} is not defined at <top-level>, line 1")),
            },
            Token::Name(name) => self.named(&name),
            _ => {
                self.tokens.at -= 1;
                Err(self.wrong())
            }
        }
    }

    fn text(&mut self, format: Rc<str>, pieces: Vec<Piece>) -> Parsed<Filter> {
        let mut parts = Vec::new();
        for piece in pieces {
            parts.push(match piece {
                Piece::Text(text) => Part::Text(text.into()),
                Piece::Filter(tokens) => {
                    let outer = std::mem::replace(&mut self.tokens, Tokens::new(tokens));
                    let inner = self.pipe().and_then(|filter| match self.tokens.peek() {
                        None => Ok(filter),
                        Some(_) => Err(self.wrong()),
                    });
                    self.tokens = outer;
                    Part::Filter(inner?)
                }
            });
        }
        match parts.as_slice() {
            [] => Ok(Filter::Literal(Json::text(""))),
            [Part::Text(text)] => Ok(Filter::Literal(Json::Text(text.clone()))),
            _ => Ok(Filter::Text(format, parts)),
        }
    }

    fn object(&mut self) -> Parsed<Filter> {
        let mut fields = Vec::new();
        while !self.tokens.take("}") {
            let Some(token) = self.tokens.peek().cloned() else { return Err(self.wrong()) };
            self.tokens.at += 1;
            let (key, short) = match token {
                Token::Name(name) => {
                    let key = Filter::Literal(Json::Text(name));
                    (key.clone(), Some(Filter::Index(boxed(Filter::Identity), boxed(key))))
                }
                Token::Variable(name) => {
                    if !self.scope.variables.contains(&name) {
                        return Err(format!("${name} is not defined at <top-level>, line 1"));
                    }
                    (Filter::Literal(Json::Text(name.clone())), Some(Filter::Variable(name)))
                }
                Token::Number(_) => return Err(self.wrong()),
                Token::Text(pieces) => {
                    let key = self.text("text".into(), pieces)?;
                    (key.clone(), Some(Filter::Index(boxed(Filter::Identity), boxed(key))))
                }
                Token::Format(name) => {
                    let Some(Token::Text(pieces)) = self.tokens.peek().cloned() else {
                        return Err(self.wrong());
                    };
                    self.tokens.at += 1;
                    (self.text(name, pieces)?, None)
                }
                Token::Operator("(") => {
                    let key = self.pipe()?;
                    self.expect(")")?;
                    (key, None)
                }
                _ => {
                    self.tokens.at -= 1;
                    return Err(self.wrong());
                }
            };
            let value = match (self.tokens.take(":"), short) {
                (true, _) => self.object_value()?,
                (false, Some(short)) => short,
                (false, None) => return Err(self.wrong()),
            };
            fields.push((key, value));
            if !self.tokens.is("}") {
                self.expect(",")?;
            }
        }
        Ok(Filter::Object(fields))
    }

    /// A value in an object: commas part fields there.
    fn object_value(&mut self) -> Parsed<Filter> {
        let left = self.deeper(Parser::alternative)?;
        match self.tokens.take("|") {
            true => Ok(Filter::Pipe(boxed(left), boxed(self.deeper(Parser::object_value)?))),
            false => Ok(left),
        }
    }

    fn named(&mut self, name: &Rc<str>) -> Parsed<Filter> {
        match &**name {
            "null" => return Ok(Filter::Literal(Json::Null)),
            "true" => return Ok(Filter::Literal(Json::Bool(true))),
            "false" => return Ok(Filter::Literal(Json::Bool(false))),
            "if" => return self.conditional(),
            "try" => {
                let body = self.deeper(Parser::postfix)?;
                let catch =
                    if self.take_word("catch") { Some(boxed(self.deeper(Parser::postfix)?)) } else { None };
                return Ok(Filter::Try(boxed(body), catch));
            }
            "reduce" | "foreach" => return self.fold(name),
            "break" => {
                let Some(Token::Variable(label)) = self.tokens.peek().cloned() else {
                    return Err(self.wrong());
                };
                self.tokens.at += 1;
                return match self.scope.labels.contains(&label) {
                    true => Ok(Filter::Break(label)),
                    false => Err(format!("$*label-{label} is not defined at <top-level>, line 1")),
                };
            }
            "import" | "include" => return Err("modules are not simulated".to_owned()),
            word if KEYWORDS.contains(&word) => {
                self.tokens.at -= 1;
                return Err(self.wrong());
            }
            _ => {}
        }
        let mut arguments = Vec::new();
        if self.tokens.take("(") {
            loop {
                arguments.push(self.pipe()?);
                if self.tokens.take(")") {
                    break;
                }
                self.expect(";")?;
            }
        }
        let count = arguments.len();
        let defined = self.scope.functions.iter().any(|(known, arity)| known == name && *arity == count);
        if !defined && !builtin::is_known(name, count) {
            return Err(format!("{name}/{count} is not defined at <top-level>, line 1"));
        }
        Ok(Filter::Call(name.clone(), arguments.into()))
    }

    fn conditional(&mut self) -> Parsed<Filter> {
        let condition = self.pipe()?;
        self.expect_word("then")?;
        let yes = self.pipe()?;
        let no = match () {
            () if self.take_word("elif") => Some(boxed(self.deeper(Parser::conditional)?)),
            () if self.take_word("else") => {
                let no = self.pipe()?;
                self.expect_word("end")?;
                Some(boxed(no))
            }
            () => {
                self.expect_word("end")?;
                None
            }
        };
        Ok(Filter::If(boxed(condition), boxed(yes), no))
    }

    fn fold(&mut self, name: &str) -> Parsed<Filter> {
        let source = self.deeper(Parser::postfix)?;
        self.expect_word("as")?;
        let pattern = self.pattern()?;
        self.expect("(")?;
        let before = self.scope.variables.len();
        let start = self.pipe()?;
        self.expect(";")?;
        pattern.names(&mut self.scope.variables);
        let update = self.pipe();
        let extract = match (&update, self.tokens.take(";")) {
            (Ok(_), true) if name == "foreach" => Some(boxed(self.pipe()?)),
            _ => None,
        };
        self.scope.variables.truncate(before);
        let update = update?;
        self.expect(")")?;
        Ok(match name {
            "reduce" => Filter::Reduce(boxed(source), pattern, boxed(start), boxed(update)),
            _ => Filter::Foreach(boxed(source), pattern, boxed(start), boxed(update), extract),
        })
    }

    fn pattern(&mut self) -> Parsed<Pattern> {
        let Some(token) = self.tokens.peek().cloned() else { return Err(self.wrong()) };
        self.tokens.at += 1;
        match token {
            Token::Variable(name) => Ok(Pattern::Variable(name)),
            Token::Operator("[") => {
                let mut items = Vec::new();
                loop {
                    items.push(self.deeper(Parser::pattern)?);
                    if self.tokens.take("]") {
                        return Ok(Pattern::Array(items));
                    }
                    self.expect(",")?;
                }
            }
            Token::Operator("{") => {
                let mut fields = Vec::new();
                loop {
                    let Some(token) = self.tokens.peek().cloned() else { return Err(self.wrong()) };
                    self.tokens.at += 1;
                    let (key, name) = match token {
                        Token::Variable(name) => (Filter::Literal(Json::Text(name.clone())), Some(name)),
                        Token::Name(name) => (Filter::Literal(Json::Text(name)), None),
                        Token::Text(pieces) => (self.text("text".into(), pieces)?, None),
                        _ => return Err(self.wrong()),
                    };
                    let inner =
                        if self.tokens.take(":") { Some(self.deeper(Parser::pattern)?) } else { None };
                    fields.push((key, name, inner));
                    if self.tokens.take("}") {
                        return Ok(Pattern::Object(fields));
                    }
                    self.expect(",")?;
                }
            }
            _ => {
                self.tokens.at -= 1;
                Err(self.wrong())
            }
        }
    }

    /// `def name(parameters): body;`
    fn function(&mut self) -> Parsed<Function> {
        self.tokens.at += 1;
        let Some(Token::Name(name)) = self.tokens.peek().cloned() else { return Err(self.wrong()) };
        self.tokens.at += 1;
        let mut parameters = Vec::new();
        if self.tokens.take("(") {
            loop {
                match self.tokens.peek().cloned() {
                    Some(Token::Name(name)) => parameters.push((name, false)),
                    Some(Token::Variable(name)) => parameters.push((name, true)),
                    _ => return Err(self.wrong()),
                }
                self.tokens.at += 1;
                if self.tokens.take(")") {
                    break;
                }
                self.expect(";")?;
            }
        }
        self.expect(":")?;
        let (variables, functions) = (self.scope.variables.len(), self.scope.functions.len());
        self.scope.functions.push((name.clone(), parameters.len()));
        for (parameter, is_value) in &parameters {
            if *is_value {
                self.scope.variables.push(parameter.clone());
            }
            self.scope.functions.push((parameter.clone(), 0));
        }
        let body = self.pipe();
        self.scope.variables.truncate(variables);
        self.scope.functions.truncate(functions);
        let body = body?;
        self.expect(";")?;
        Ok(Function { name, parameters, body })
    }
}
