//! Tokens become a tree.
//!
//! Go: text/template/parse/parse.go. The functions have its names.

use super::NAME;
use super::funcs;
use super::lex::{Kind, Token, lex};
use super::node::{Branch, Command, Control, List, Node, Operand, Pipe, Term};
use golang::strconv::{quote, unquote, unquote_rune};
use sim::SortedMap;

/// Nesting beyond this is no template that a person wrote.
const MAX_DEPTH: usize = 60;

/// The bodies of a template by their names.
pub(super) fn parse(text: &str) -> Result<SortedMap<String, List>, String> {
    let mut parser = Parser {
        tokens: lex(text),
        at: 0,
        read: 0,
        vars: vec!["$".to_owned()],
        range_depth: 0,
        action_line: 0,
        depth: 0,
        bodies: SortedMap::new(),
    };
    let root = parser.parse()?;
    parser.add(NAME.to_owned(), root)?;
    Ok(parser.bodies)
}

struct Parser {
    tokens: Vec<Token>,
    at: usize,
    /// How many tokens were looked at so far: the last of them gives an error its line.
    read: usize,
    vars: Vec<String>,
    range_depth: usize,
    /// The line of the action that is being read; 0: none.
    action_line: usize,
    depth: usize,
    bodies: SortedMap<String, List>,
}

type Parsed<T> = Result<T, String>;

/// What a list ends with.
enum End {
    End,
    Else,
}

/// What an action is.
enum Read {
    Node(Node),
    End(End),
}

impl Parser {
    fn token(&mut self, at: usize) -> Token {
        let at = at.min(self.tokens.len().saturating_sub(1));
        self.read = self.read.max(at + 1);
        let end = Token { kind: Kind::Eof, pos: 0, text: "EOF".to_owned(), line: 1 };
        self.tokens.get(at).cloned().unwrap_or(end)
    }

    fn next(&mut self) -> Token {
        let token = self.token(self.at);
        self.at += 1;
        token
    }

    fn backup(&mut self) {
        self.at -= 1;
    }

    fn peek(&mut self) -> Token {
        self.token(self.at)
    }

    fn next_non_space(&mut self) -> Token {
        loop {
            let token = self.next();
            if token.kind != Kind::Space {
                return token;
            }
        }
    }

    /// The next token that is no space, not consumed; the spaces are.
    fn peek_non_space(&mut self) -> Token {
        let token = self.next_non_space();
        self.backup();
        token
    }

    fn error<T>(&self, text: &str) -> Parsed<T> {
        let line = self.read.checked_sub(1).and_then(|at| self.tokens.get(at)).map_or(1, |token| token.line);
        Err(format!("template: {NAME}:{line}: {text}"))
    }

    fn expect(&mut self, kind: Kind, context: &str) -> Parsed<Token> {
        let token = self.next_non_space();
        if token.kind == kind { Ok(token) } else { self.unexpected(&token, context) }
    }

    fn unexpected<T>(&self, token: &Token, context: &str) -> Parsed<T> {
        if token.kind != Kind::Error {
            return self.error(&format!("unexpected {} in {context}", token.describe()));
        }
        if self.action_line == 0 || self.action_line == token.line {
            return self.error(&token.text);
        }
        let what = if token.text.ends_with(" action") { "" } else { " in action" };
        self.error(&format!("{}{what} started at {NAME}:{}", token.text, self.action_line))
    }

    fn deeper<T>(&mut self, read: impl FnOnce(&mut Self) -> Parsed<T>) -> Parsed<T> {
        if self.depth >= MAX_DEPTH {
            return self.error("the template is nested too deeply to be simulated");
        }
        self.depth += 1;
        let result = read(self);
        self.depth -= 1;
        result
    }

    fn add(&mut self, name: String, list: List) -> Parsed<()> {
        let empty = |list: &List| {
            list.nodes.iter().all(|node| matches!(node, Node::Text { text, .. } if text.trim().is_empty()))
        };
        if self.bodies.get(&name).is_none_or(empty) {
            self.bodies.insert(name, list);
        } else if !empty(&list) {
            return self.error(&format!("template: multiple definition of template {}", quote(&name)));
        }
        Ok(())
    }

    fn parse(&mut self) -> Parsed<List> {
        let mut root = List { pos: self.peek().pos, nodes: Vec::new() };
        loop {
            match self.peek().kind {
                Kind::Eof => return Ok(root),
                Kind::LeftDelim => {
                    let start = self.at;
                    self.next();
                    if self.next_non_space().kind == Kind::Define {
                        self.parse_definition()?;
                        continue;
                    }
                    self.at = start;
                }
                _ => {}
            }
            match self.text_or_action()? {
                Read::Node(node) => root.nodes.push(node),
                Read::End(end) => return self.error(&format!("unexpected {}", end.text())),
            }
        }
    }

    fn parse_definition(&mut self) -> Parsed<()> {
        const CONTEXT: &str = "define clause";
        let token = self.next_non_space();
        let name = self.parse_template_name(&token, CONTEXT)?;
        self.expect(Kind::RightDelim, CONTEXT)?;
        let list = self.body(CONTEXT)?;
        self.add(name, list)
    }

    /// The body of a template of its own, which sees no variable from outside.
    fn body(&mut self, context: &str) -> Parsed<List> {
        let vars = std::mem::replace(&mut self.vars, vec!["$".to_owned()]);
        let range_depth = std::mem::take(&mut self.range_depth);
        let (list, end) = self.item_list()?;
        if matches!(end, End::Else) {
            return self.error(&format!("unexpected {} in {context}", end.text()));
        }
        (self.vars, self.range_depth) = (vars, range_depth);
        Ok(list)
    }

    fn item_list(&mut self) -> Parsed<(List, End)> {
        self.deeper(|parser| {
            let mut list = List { pos: parser.peek_non_space().pos, nodes: Vec::new() };
            while parser.peek_non_space().kind != Kind::Eof {
                match parser.text_or_action()? {
                    Read::Node(node) => list.nodes.push(node),
                    Read::End(end) => return Ok((list, end)),
                }
            }
            parser.error("unexpected EOF")
        })
    }

    fn text_or_action(&mut self) -> Parsed<Read> {
        let token = self.next_non_space();
        match token.kind {
            Kind::Text => Ok(Read::Node(Node::Text { pos: token.pos, text: token.text })),
            Kind::LeftDelim => {
                self.action_line = token.line;
                let read = self.action()?;
                self.action_line = 0;
                Ok(read)
            }
            _ => self.unexpected(&token, "input"),
        }
    }

    fn action(&mut self) -> Parsed<Read> {
        let token = self.next_non_space();
        Ok(Read::Node(match token.kind {
            Kind::Block => self.block_control()?,
            Kind::Break => {
                self.loop_control("{{break}}")?;
                Node::Break(token.pos)
            }
            Kind::Continue => {
                self.loop_control("{{continue}}")?;
                Node::Continue(token.pos)
            }
            Kind::Else => {
                let next = self.peek_non_space();
                if !matches!(next.kind, Kind::If | Kind::With) {
                    self.expect(Kind::RightDelim, "else")?;
                }
                return Ok(Read::End(End::Else));
            }
            Kind::End => {
                self.expect(Kind::RightDelim, "end")?;
                return Ok(Read::End(End::End));
            }
            Kind::If => self.parse_control(Control::If)?,
            Kind::Range => self.parse_control(Control::Range)?,
            Kind::Template => self.template_control()?,
            Kind::With => self.parse_control(Control::With)?,
            _ => {
                self.backup();
                Node::Action(self.pipeline("command", Kind::RightDelim)?)
            }
        }))
    }

    fn loop_control(&mut self, word: &str) -> Parsed<()> {
        self.expect(Kind::RightDelim, word)?;
        match self.range_depth {
            0 => self.error(&format!("{word} outside {{{{range}}}}")),
            _ => Ok(()),
        }
    }

    fn pipeline(&mut self, context: &str, end: Kind) -> Parsed<Pipe> {
        let mut pipe = Pipe { pos: self.peek_non_space().pos, ..Pipe::default() };
        self.declarations(&mut pipe, context)?;
        loop {
            let token = self.next_non_space();
            if token.kind == end {
                self.check_pipeline(&pipe, context)?;
                return Ok(pipe);
            }
            match token.kind {
                Kind::Bool
                | Kind::CharConstant
                | Kind::Complex
                | Kind::Dot
                | Kind::Field
                | Kind::Identifier
                | Kind::Number
                | Kind::Nil
                | Kind::RawString
                | Kind::String
                | Kind::Variable
                | Kind::LeftParen => {
                    self.backup();
                    let command = self.command()?;
                    pipe.cmds.push(command);
                }
                _ => return self.unexpected(&token, context),
            }
        }
    }

    /// `$x :=`, `$x =`, or `$i, $x :=` of a range.
    fn declarations(&mut self, pipe: &mut Pipe, context: &str) -> Parsed<()> {
        loop {
            let variable = self.peek_non_space();
            if variable.kind != Kind::Variable {
                return Ok(());
            }
            let start = self.at;
            self.next();
            let next = self.peek_non_space();
            let declare = |parser: &mut Self, pipe: &mut Pipe| {
                parser.next_non_space();
                let name = variable.text.split('.').next().unwrap_or_default().to_owned();
                pipe.decl.push(name);
                parser.vars.push(variable.text.clone());
            };
            match next.kind {
                Kind::Assign | Kind::Declare => {
                    pipe.is_assign = next.kind == Kind::Assign;
                    declare(self, pipe);
                    return Ok(());
                }
                Kind::Char if next.text == "," => {
                    declare(self, pipe);
                    if context != "range" || pipe.decl.len() >= 2 {
                        return self.error(&format!("too many declarations in {context}"));
                    }
                    if !matches!(
                        self.peek_non_space().kind,
                        Kind::Variable | Kind::RightDelim | Kind::RightParen
                    ) {
                        return self.error("range can only initialize variables");
                    }
                }
                _ => {
                    self.at = start;
                    return Ok(());
                }
            }
        }
    }

    fn check_pipeline(&self, pipe: &Pipe, context: &str) -> Parsed<()> {
        if pipe.cmds.is_empty() {
            return self.error(&format!("missing value for {context}"));
        }
        for (at, command) in pipe.cmds.iter().enumerate().skip(1) {
            let first = command.args.first().map(|arg| &arg.term);
            if matches!(
                first,
                Some(
                    Term::Bool(_)
                        | Term::Dot
                        | Term::Nil
                        | Term::Int { .. }
                        | Term::Float { .. }
                        | Term::Overflow { .. }
                        | Term::String { .. }
                )
            ) {
                return self.error(&format!("non executable command in pipeline stage {}", at + 1));
            }
        }
        Ok(())
    }

    fn parse_control(&mut self, control: Control) -> Parsed<Node> {
        let context = match control {
            Control::If => "if",
            Control::Range => "range",
            Control::With => "with",
        };
        let vars = self.vars.len();
        let pipe = self.pipeline(context, Kind::RightDelim)?;
        let in_range = usize::from(control == Control::Range);
        self.range_depth += in_range;
        let (list, end) = self.item_list()?;
        self.range_depth -= in_range;
        let else_list = match end {
            End::End => None,
            End::Else => Some(self.else_list(control)?),
        };
        self.vars.truncate(vars);
        Ok(Node::Branch(Box::new(Branch { control, pipe, list, else_list })))
    }

    /// `{{else if …}}` and `{{else with …}}` share the end with what they belong to.
    fn else_list(&mut self, control: Control) -> Parsed<List> {
        let next = self.peek();
        if matches!((control, next.kind), (Control::If, Kind::If) | (Control::With, Kind::With)) {
            self.next();
            let node = self.deeper(|parser| parser.parse_control(control))?;
            return Ok(List { pos: next.pos, nodes: vec![node] });
        }
        let (list, end) = self.item_list()?;
        match end {
            End::End => Ok(list),
            End::Else => self.error(&format!("expected end; found {}", end.text())),
        }
    }

    fn block_control(&mut self) -> Parsed<Node> {
        const CONTEXT: &str = "block clause";
        let token = self.next_non_space();
        let name = self.parse_template_name(&token, CONTEXT)?;
        let pipe = self.pipeline(CONTEXT, Kind::RightDelim)?;
        let list = self.body(CONTEXT)?;
        self.add(name.clone(), list)?;
        Ok(Node::Template { pos: token.pos, name, pipe: Some(pipe) })
    }

    fn template_control(&mut self) -> Parsed<Node> {
        const CONTEXT: &str = "template clause";
        let token = self.next_non_space();
        let name = self.parse_template_name(&token, CONTEXT)?;
        let mut pipe = None;
        if self.next_non_space().kind != Kind::RightDelim {
            self.backup();
            pipe = Some(self.pipeline(CONTEXT, Kind::RightDelim)?);
        }
        Ok(Node::Template { pos: token.pos, name, pipe })
    }

    fn parse_template_name(&mut self, token: &Token, context: &str) -> Parsed<String> {
        match token.kind {
            Kind::String | Kind::RawString => self.unquote(&token.text),
            _ => self.unexpected(token, context),
        }
    }

    fn unquote(&self, literal: &str) -> Parsed<String> {
        match unquote(literal) {
            Some(text) => Ok(text),
            None => self.error("invalid syntax"),
        }
    }

    fn command(&mut self) -> Parsed<Command> {
        let mut command = Command { pos: self.peek_non_space().pos, args: Vec::new() };
        loop {
            self.peek_non_space();
            command.args.extend(self.operand()?);
            let token = self.next();
            match token.kind {
                Kind::Space => continue,
                Kind::RightDelim | Kind::RightParen => self.backup(),
                Kind::Pipe => {}
                _ => return self.unexpected(&token, "operand"),
            }
            break;
        }
        if command.args.is_empty() {
            return self.error("empty command");
        }
        Ok(command)
    }

    /// A term, perhaps with fields behind it; `None`: what follows is none.
    fn operand(&mut self) -> Parsed<Option<Operand>> {
        let Some(operand) = self.term()? else { return Ok(None) };
        let first = self.peek();
        if first.kind != Kind::Field {
            return Ok(Some(operand));
        }
        let mut fields = Vec::new();
        while self.peek().kind == Kind::Field {
            let token = self.next();
            fields.push(token.text.trim_start_matches('.').to_owned());
        }
        let term = match operand.term {
            Term::Field(mut names) => {
                names.extend(fields);
                Term::Field(names)
            }
            Term::Variable(mut names) => {
                names.extend(fields);
                Term::Variable(names)
            }
            Term::Chain { .. } | Term::Function(_) | Term::Pipe(_) => {
                Term::Chain { of: Box::new(operand), fields }
            }
            _ => return self.error(&format!("unexpected . after term {}", quote(&operand.to_string()))),
        };
        Ok(Some(Operand { pos: first.pos, term }))
    }

    fn term(&mut self) -> Parsed<Option<Operand>> {
        let token = self.next_non_space();
        let term = match token.kind {
            Kind::Identifier if funcs::find(&token.text).is_none() => {
                return self.error(&format!("function {} not defined", quote(&token.text)));
            }
            Kind::Identifier => Term::Function(token.text),
            Kind::Dot => Term::Dot,
            Kind::Nil => Term::Nil,
            Kind::Variable => {
                if !self.vars.contains(&token.text) {
                    return self.error(&format!("undefined variable {}", quote(&token.text)));
                }
                Term::Variable(vec![token.text])
            }
            Kind::Field => Term::Field(vec![token.text.trim_start_matches('.').to_owned()]),
            Kind::Bool => Term::Bool(token.text == "true"),
            Kind::CharConstant | Kind::Complex | Kind::Number => match number(&token) {
                Ok(term) => term,
                Err(error) => return self.error(&error),
            },
            Kind::LeftParen => {
                let pipe =
                    self.deeper(|parser| parser.pipeline("parenthesized pipeline", Kind::RightParen))?;
                return Ok(Some(Operand { pos: pipe.pos, term: Term::Pipe(pipe) }));
            }
            Kind::String | Kind::RawString => {
                let text = self.unquote(&token.text)?;
                Term::String { quoted: token.text, text }
            }
            _ => {
                self.backup();
                return Ok(None);
            }
        };
        Ok(Some(Operand { pos: token.pos, term }))
    }
}

impl End {
    fn text(&self) -> &'static str {
        match self {
            Self::End => "{{end}}",
            Self::Else => "{{else}}",
        }
    }
}

/// Go: node.go, newNumber and exec.go, idealConstant.
fn number(token: &Token) -> Result<Term, String> {
    let text = token.text.clone();
    if token.kind == Kind::CharConstant {
        return Ok(Term::Int { value: unquote_rune(&text).map_err(|error| error.0)?, text });
    }
    if token.kind == Kind::Complex || text.ends_with('i') {
        return Err(format!("complex numbers are not simulated: {}", quote(&text)));
    }
    if let Some(value) = whole_number(&text) {
        return Ok(match i64::try_from(value) {
            Ok(value) => Term::Int { text, value },
            Err(_) => Term::Overflow { text },
        });
    }
    let decimal = !text.contains(['x', 'X', '_']);
    match text.parse::<f64>() {
        Ok(_) if decimal && !text.contains(['.', 'e', 'E']) => {
            Err(format!("integer overflow: {}", quote(&text)))
        }
        Ok(value) if decimal && value.is_finite() => Ok(Term::Float { text, value }),
        _ => Err(format!("illegal number syntax: {}", quote(&text))),
    }
}

/// A whole number as `strconv.ParseInt` and `ParseUint` read it with base 0.
fn whole_number(text: &str) -> Option<i128> {
    let (sign, digits) = match text.strip_prefix('-') {
        Some(digits) => (-1, digits),
        None => (1, text.strip_prefix('+').unwrap_or(text)),
    };
    let lower = digits.to_lowercase();
    let (radix, body) = match lower.as_bytes() {
        [b'0', b'x', ..] => (16, lower.get(2..)?),
        [b'0', b'o', ..] => (8, lower.get(2..)?),
        [b'0', b'b', ..] => (2, lower.get(2..)?),
        [b'0', _, ..] => (8, lower.get(1..)?),
        _ => (10, lower.as_str()),
    };
    // An underscore stands between digits, or behind the letter of the base.
    if body.is_empty() || body.ends_with('_') || body.contains("__") {
        return None;
    }
    let value = i128::from_str_radix(&body.replace('_', ""), radix).ok()?;
    let value = sign * value;
    (value >= i128::from(i64::MIN) && value <= i128::from(u64::MAX)).then_some(value)
}
