//! Tokens become a program.

use std::rc::Rc;

use super::function;
use super::syntax::{Expression, Function, Program, Rule, Statement, When};
use super::token::{Token, tokens};
use crate::programs::tokens::Tokens;
use crate::regex::Pattern;

type Parsed<T> = Result<T, String>;

/// Expressions and statements inside of others go no deeper.
const MAX_DEPTH: u32 = 60;

struct Parser {
    tokens: Tokens<Token>,
    depth: u32,
    /// Inside of `print …`, `>` is no comparison.
    in_print: bool,
    /// In the head of `for`, `in` belongs to the loop.
    no_in: bool,
}

/// # Errors
///
/// A sentence.
pub(super) fn parse(text: &str) -> Parsed<Program> {
    let mut parser = Parser { tokens: Tokens::new(tokens(text)?), depth: 0, in_print: false, no_in: false };
    let mut program = Program::default();
    loop {
        parser.skip_ends();
        let Some(token) = parser.tokens.peek().cloned() else { return Ok(program) };
        match token {
            Token::Keyword("BEGIN") => {
                parser.tokens.at += 1;
                program.begin.push(parser.block()?);
            }
            Token::Keyword("END") => {
                parser.tokens.at += 1;
                program.end.push(parser.block()?);
            }
            Token::Keyword("function" | "func") => {
                parser.tokens.at += 1;
                program.functions.push(parser.function()?);
            }
            Token::Operator("{") => {
                let action = Some(parser.block()?);
                program.rules.push(Rule { when: When::Always, action });
            }
            _ => {
                let first = parser.expression()?;
                let when = match parser.tokens.take(",") {
                    true => {
                        parser.skip_newlines();
                        When::Between(first, parser.expression()?)
                    }
                    false => When::Holds(first),
                };
                let action = match parser.tokens.peek() {
                    Some(Token::Operator("{")) => Some(parser.block()?),
                    _ => None,
                };
                program.rules.push(Rule { when, action });
            }
        }
    }
}

impl Parser {
    fn take_keyword(&mut self, keyword: &str) -> bool {
        let there = matches!(self.tokens.peek(), Some(Token::Keyword(found)) if *found == keyword);
        self.tokens.at += usize::from(there);
        there
    }

    fn expect(&mut self, operator: &str) -> Parsed<()> {
        if self.tokens.take(operator) { Ok(()) } else { Err(self.wrong()) }
    }

    fn wrong(&self) -> String {
        match self.tokens.peek() {
            None => "syntax error: unexpected end of program".to_owned(),
            Some(Token::Newline) => "syntax error: unexpected newline".to_owned(),
            Some(Token::Operator(text) | Token::Keyword(text)) => format!("syntax error at or near {text}"),
            Some(Token::Name(text) | Token::Function(text) | Token::Text(text)) => {
                format!("syntax error at or near {text}")
            }
            Some(Token::Number(number)) => format!("syntax error at or near {number}"),
            Some(Token::Regex(text)) => format!("syntax error at or near /{text}/"),
        }
    }

    fn skip_newlines(&mut self) {
        while self.tokens.peek() == Some(&Token::Newline) {
            self.tokens.at += 1;
        }
    }

    fn skip_ends(&mut self) {
        while matches!(self.tokens.peek(), Some(Token::Newline | Token::Operator(";"))) {
            self.tokens.at += 1;
        }
    }

    fn deeper<T>(&mut self, part: impl FnOnce(&mut Parser) -> Parsed<T>) -> Parsed<T> {
        if self.depth >= MAX_DEPTH {
            return Err("the program is nested too deeply".to_owned());
        }
        self.depth += 1;
        let parsed = part(self);
        self.depth -= 1;
        parsed
    }

    fn function(&mut self) -> Parsed<Function> {
        let name = match self.tokens.peek().cloned() {
            Some(Token::Name(name) | Token::Function(name)) => name,
            _ => return Err(self.wrong()),
        };
        self.tokens.at += 1;
        self.expect("(")?;
        let mut parameters = Vec::new();
        while !self.tokens.take(")") {
            match self.tokens.peek().cloned() {
                Some(Token::Name(parameter)) => parameters.push(parameter),
                _ => return Err(self.wrong()),
            }
            self.tokens.at += 1;
            if !self.tokens.is(")") {
                self.expect(",")?;
                self.skip_newlines();
            }
        }
        self.skip_newlines();
        Ok(Function { name, parameters, body: self.block()? })
    }

    // ---- statements ----

    fn block(&mut self) -> Parsed<Rc<[Statement]>> {
        self.skip_newlines();
        self.expect("{")?;
        let mut statements = Vec::new();
        loop {
            self.skip_ends();
            if self.tokens.take("}") {
                return Ok(statements.into());
            }
            if self.tokens.peek().is_none() {
                return Err(self.wrong());
            }
            statements.push(self.deeper(Parser::statement)?);
        }
    }

    /// One statement, or a block of them.
    fn body(&mut self) -> Parsed<Rc<[Statement]>> {
        self.skip_newlines();
        if self.tokens.is("{") {
            return self.block();
        }
        if self.tokens.take(";") {
            return Ok(Rc::default());
        }
        Ok([self.deeper(Parser::statement)?].into())
    }

    fn end_of_statement(&mut self) -> Parsed<()> {
        match self.tokens.peek() {
            Some(Token::Newline | Token::Operator(";")) => {
                self.tokens.at += 1;
                Ok(())
            }
            None | Some(Token::Operator("}")) => Ok(()),
            Some(Token::Operator(">" | ">>" | "|")) => {
                Err("pipes and output to files are not simulated: redirect awk itself".to_owned())
            }
            _ => Err(self.wrong()),
        }
    }

    fn statement(&mut self) -> Parsed<Statement> {
        let Some(token) = self.tokens.peek().cloned() else { return Err(self.wrong()) };
        let statement = match token {
            Token::Operator("{") => return Ok(Statement::Block(self.block()?)),
            Token::Keyword("if") => return self.conditional(),
            Token::Keyword("while") => {
                self.tokens.at += 1;
                let condition = self.in_parentheses()?;
                return Ok(Statement::While(condition, self.body()?));
            }
            Token::Keyword("do") => {
                self.tokens.at += 1;
                let body = self.body()?;
                self.skip_ends();
                if !self.take_keyword("while") {
                    return Err(self.wrong());
                }
                Statement::DoWhile(body, self.in_parentheses()?)
            }
            Token::Keyword("for") => return self.loop_statement(),
            Token::Keyword("next") => self.plain(Statement::Next),
            Token::Keyword("break") => self.plain(Statement::Break),
            Token::Keyword("continue") => self.plain(Statement::Continue),
            Token::Keyword("exit") => {
                self.tokens.at += 1;
                Statement::Exit(self.optional()?)
            }
            Token::Keyword("return") => {
                self.tokens.at += 1;
                Statement::Return(self.optional()?)
            }
            _ => self.simple()?,
        };
        self.end_of_statement()?;
        Ok(statement)
    }

    fn plain(&mut self, statement: Statement) -> Statement {
        self.tokens.at += 1;
        statement
    }

    fn optional(&mut self) -> Parsed<Option<Expression>> {
        match self.tokens.peek() {
            None | Some(Token::Newline | Token::Operator(";" | "}")) => Ok(None),
            _ => Ok(Some(self.expression()?)),
        }
    }

    fn in_parentheses(&mut self) -> Parsed<Expression> {
        self.expect("(")?;
        let expression = self.expression()?;
        self.skip_newlines();
        self.expect(")")?;
        Ok(expression)
    }

    fn conditional(&mut self) -> Parsed<Statement> {
        self.tokens.at += 1;
        let condition = self.in_parentheses()?;
        let yes = self.body()?;
        let before = self.tokens.at;
        self.skip_ends();
        if self.take_keyword("else") {
            return Ok(Statement::If(condition, yes, self.body()?));
        }
        self.tokens.at = before;
        Ok(Statement::If(condition, yes, Rc::default()))
    }

    fn loop_statement(&mut self) -> Parsed<Statement> {
        self.tokens.at += 1;
        self.expect("(")?;
        if let [
            Some(Token::Name(name)),
            Some(Token::Keyword("in")),
            Some(Token::Name(array)),
            Some(Token::Operator(")")),
        ] = [0, 1, 2, 3].map(|ahead| self.tokens.ahead(ahead))
        {
            let (name, array) = (name.clone(), array.clone());
            self.tokens.at += 4;
            return Ok(Statement::ForIn(name, array, self.body()?));
        }
        let start = self.loop_part(";")?;
        let condition = if self.tokens.is(";") { None } else { Some(self.expression()?) };
        self.expect(";")?;
        self.skip_newlines();
        let step = self.loop_part(")")?;
        Ok(Statement::For(start, condition, step, self.body()?))
    }

    fn loop_part(&mut self, end: &str) -> Parsed<Option<Box<Statement>>> {
        if self.tokens.take(end) {
            return Ok(None);
        }
        let part = self.simple()?;
        self.expect(end)?;
        Ok(Some(Box::new(part)))
    }

    /// An expression, `print`, `printf` or `delete`.
    fn simple(&mut self) -> Parsed<Statement> {
        match self.tokens.peek() {
            Some(Token::Keyword("print")) => {
                self.tokens.at += 1;
                Ok(Statement::Print(self.printed()?))
            }
            Some(Token::Keyword("printf")) => {
                self.tokens.at += 1;
                let printed = self.printed()?;
                if printed.is_empty() {
                    return Err("printf: no format".to_owned());
                }
                Ok(Statement::Printf(printed))
            }
            Some(Token::Keyword("delete")) => {
                self.tokens.at += 1;
                let Some(Token::Name(name)) = self.tokens.peek().cloned() else { return Err(self.wrong()) };
                self.tokens.at += 1;
                let index = if self.tokens.take("[") { Some(self.list("]")?) } else { None };
                Ok(Statement::Delete(name, index))
            }
            _ => Ok(Statement::Expression(self.expression()?)),
        }
    }

    fn printed(&mut self) -> Parsed<Vec<Expression>> {
        let before = std::mem::replace(&mut self.in_print, true);
        let printed = self.printed_list();
        self.in_print = before;
        printed
    }

    fn printed_list(&mut self) -> Parsed<Vec<Expression>> {
        let mut all = Vec::new();
        if matches!(
            self.tokens.peek(),
            None | Some(Token::Newline | Token::Operator(";" | "}" | ">" | ">>" | "|"))
        ) {
            return Ok(all);
        }
        // `print (a, b)`
        if self.tokens.is("(") {
            let start = self.tokens.at;
            self.tokens.at += 1;
            let outer = std::mem::replace(&mut self.in_print, false);
            let list = self.list(")");
            self.in_print = outer;
            let ends = matches!(
                self.tokens.peek(),
                None | Some(Token::Newline | Token::Operator(";" | "}" | ">" | ">>" | "|"))
            );
            if let Ok(list) = list
                && ends
            {
                return Ok(list);
            }
            self.tokens.at = start;
        }
        loop {
            all.push(self.expression()?);
            if !self.tokens.take(",") {
                return Ok(all);
            }
            self.skip_newlines();
        }
    }

    fn list(&mut self, end: &str) -> Parsed<Vec<Expression>> {
        let mut all = Vec::new();
        self.skip_newlines();
        if self.tokens.take(end) {
            return Ok(all);
        }
        loop {
            all.push(self.expression()?);
            self.skip_newlines();
            if self.tokens.take(end) {
                return Ok(all);
            }
            self.expect(",")?;
            self.skip_newlines();
        }
    }

    // ---- expressions ----

    fn expression(&mut self) -> Parsed<Expression> {
        self.deeper(Parser::assignment)
    }

    fn assignment(&mut self) -> Parsed<Expression> {
        let left = self.choice()?;
        let is_place =
            matches!(left, Expression::Variable(_) | Expression::Element(..) | Expression::Field(_));
        let operators = [
            ("=", None),
            ("+=", Some("+")),
            ("-=", Some("-")),
            ("*=", Some("*")),
            ("/=", Some("/")),
            ("%=", Some("%")),
            ("^=", Some("^")),
        ];
        for (sign, operator) in operators {
            if is_place && self.tokens.take(sign) {
                self.skip_newlines();
                let right = self.deeper(Parser::assignment)?;
                return Ok(Expression::Assign(Box::new(left), operator, Box::new(right)));
            }
        }
        Ok(left)
    }

    fn choice(&mut self) -> Parsed<Expression> {
        let condition = self.or()?;
        if !self.tokens.take("?") {
            return Ok(condition);
        }
        self.skip_newlines();
        let yes = self.deeper(Parser::assignment)?;
        self.skip_newlines();
        self.expect(":")?;
        self.skip_newlines();
        let no = self.deeper(Parser::assignment)?;
        Ok(Expression::Choose(Box::new(condition), Box::new(yes), Box::new(no)))
    }

    fn or(&mut self) -> Parsed<Expression> {
        let mut left = self.and()?;
        while self.tokens.take("||") {
            self.skip_newlines();
            left = Expression::Or(Box::new(left), Box::new(self.and()?));
        }
        Ok(left)
    }

    fn and(&mut self) -> Parsed<Expression> {
        let mut left = self.membership()?;
        while self.tokens.take("&&") {
            self.skip_newlines();
            left = Expression::And(Box::new(left), Box::new(self.membership()?));
        }
        Ok(left)
    }

    fn membership(&mut self) -> Parsed<Expression> {
        let mut left = self.matching()?;
        while !self.no_in && self.take_keyword("in") {
            let Some(Token::Name(array)) = self.tokens.peek().cloned() else { return Err(self.wrong()) };
            self.tokens.at += 1;
            left = Expression::In(vec![left], array);
        }
        Ok(left)
    }

    fn matching(&mut self) -> Parsed<Expression> {
        let mut left = self.comparison()?;
        loop {
            let negated = match () {
                () if self.tokens.take("~") => false,
                () if self.tokens.take("!~") => true,
                () => return Ok(left),
            };
            let pattern = Box::new(self.comparison()?);
            left = Expression::Match { text: Box::new(left), pattern, negated };
        }
    }

    fn comparison(&mut self) -> Parsed<Expression> {
        let left = self.concatenation()?;
        for operator in ["<=", ">=", "==", "!=", "<", ">"] {
            if operator == ">" && self.in_print {
                continue;
            }
            if self.tokens.take(operator) {
                let right = self.concatenation()?;
                return Ok(Expression::Binary(operator, Box::new(left), Box::new(right)));
            }
        }
        Ok(left)
    }

    fn concatenation(&mut self) -> Parsed<Expression> {
        let mut left = self.sum()?;
        while self.starts_operand() {
            left = Expression::Binary(" ", Box::new(left), Box::new(self.sum()?));
        }
        Ok(left)
    }

    fn starts_operand(&self) -> bool {
        matches!(
            self.tokens.peek(),
            Some(
                Token::Number(_)
                    | Token::Text(_)
                    | Token::Name(_)
                    | Token::Function(_)
                    | Token::Regex(_)
                    | Token::Operator("$" | "!" | "(" | "-" | "+" | "++" | "--")
            )
        )
    }

    fn sum(&mut self) -> Parsed<Expression> {
        let mut left = self.product()?;
        loop {
            let operator = match self.tokens.peek() {
                Some(Token::Operator(operator @ ("+" | "-"))) => *operator,
                _ => return Ok(left),
            };
            self.tokens.at += 1;
            left = Expression::Binary(operator, Box::new(left), Box::new(self.product()?));
        }
    }

    fn product(&mut self) -> Parsed<Expression> {
        let mut left = self.unary()?;
        loop {
            let operator = match self.tokens.peek() {
                Some(Token::Operator(operator @ ("*" | "/" | "%"))) => *operator,
                _ => return Ok(left),
            };
            self.tokens.at += 1;
            left = Expression::Binary(operator, Box::new(left), Box::new(self.unary()?));
        }
    }

    fn unary(&mut self) -> Parsed<Expression> {
        let make: fn(Box<Expression>) -> Expression = match self.tokens.peek() {
            Some(Token::Operator("!")) => Expression::Not,
            Some(Token::Operator("-")) => Expression::Negative,
            Some(Token::Operator("+")) => Expression::Positive,
            _ => return self.power(),
        };
        self.tokens.at += 1;
        Ok(make(Box::new(self.deeper(Parser::unary)?)))
    }

    fn power(&mut self) -> Parsed<Expression> {
        let base = self.postfix()?;
        if !self.tokens.take("^") {
            return Ok(base);
        }
        let exponent = self.deeper(Parser::unary)?;
        Ok(Expression::Binary("^", Box::new(base), Box::new(exponent)))
    }

    fn postfix(&mut self) -> Parsed<Expression> {
        for (sign, by) in [("++", 1.0), ("--", -1.0)] {
            if self.tokens.take(sign) {
                let place = self.deeper(Parser::primary)?;
                return Ok(Expression::Step(Box::new(place), by, false));
            }
        }
        let place = self.primary()?;
        if matches!(place, Expression::Variable(_) | Expression::Element(..) | Expression::Field(_)) {
            for (sign, by) in [("++", 1.0), ("--", -1.0)] {
                if self.tokens.take(sign) {
                    return Ok(Expression::Step(Box::new(place), by, true));
                }
            }
        }
        Ok(place)
    }

    fn primary(&mut self) -> Parsed<Expression> {
        let Some(token) = self.tokens.peek().cloned() else { return Err(self.wrong()) };
        self.tokens.at += 1;
        Ok(match token {
            Token::Number(number) => Expression::Number(number),
            Token::Text(text) => Expression::Text(text),
            Token::Regex(text) => Expression::Regex(Rc::new(
                Pattern::extended(&text, false).map_err(|error| format!("/{text}/: {error}"))?,
            )),
            Token::Operator("$") => {
                let index = match self.tokens.peek() {
                    Some(Token::Operator("++" | "--")) => self.deeper(Parser::postfix)?,
                    Some(Token::Operator("-")) => self.deeper(Parser::unary)?,
                    _ => self.deeper(Parser::primary)?,
                };
                Expression::Field(Box::new(index))
            }
            Token::Operator("(") => {
                let outer = (std::mem::take(&mut self.in_print), std::mem::take(&mut self.no_in));
                let list = self.list(")");
                (self.in_print, self.no_in) = outer;
                let mut list = list?;
                if list.len() > 1 {
                    if !self.take_keyword("in") {
                        return Err(self.wrong());
                    }
                    let Some(Token::Name(array)) = self.tokens.peek().cloned() else {
                        return Err(self.wrong());
                    };
                    self.tokens.at += 1;
                    return Ok(Expression::In(list, array));
                }
                match list.pop() {
                    Some(inner) => inner,
                    None => return Err(self.wrong()),
                }
            }
            Token::Name(name) if function::find(&name).is_some() && *name == *"length" => {
                Expression::Builtin("length", Vec::new())
            }
            Token::Name(name) if *name == *"getline" => {
                return Err("getline is not simulated: the input is what is piped in".to_owned());
            }
            Token::Name(name) => match self.tokens.take("[") {
                true => Expression::Element(name, self.list("]")?),
                false => Expression::Variable(name),
            },
            Token::Function(name) => {
                self.expect("(")?;
                let outer = (std::mem::take(&mut self.in_print), std::mem::take(&mut self.no_in));
                let arguments = self.list(")");
                (self.in_print, self.no_in) = outer;
                let arguments = arguments?;
                match function::find(&name) {
                    Some(function) => {
                        function::check(function, arguments.len())?;
                        Expression::Builtin(function, arguments)
                    }
                    None if matches!(&*name, "system" | "close" | "fflush" | "getline") => {
                        return Err(format!("{name} is not simulated: run commands beside awk"));
                    }
                    None => Expression::Call(name, arguments),
                }
            }
            _ => {
                self.tokens.at -= 1;
                return Err(self.wrong());
            }
        })
    }
}
