//! A template is filled in.
//!
//! Go: text/template/exec.go. The functions have its names.

use std::fmt::Display;

use super::funcs::{self, Parameter};
use super::node::{Branch, Command, Control, List, Node, Operand, Pipe, Term};
use super::{NAME, Template};
use golang::strconv::quote;
use golang::value::GoValue;

/// A value, and whether it is seen through an `interface {}`: an error names the type that is seen.
#[derive(Clone, Debug)]
pub(super) struct Seen<'v> {
    pub(super) value: GoValue<'v>,
    pub(super) interface: bool,
}

impl<'v> Seen<'v> {
    pub(super) fn plain(value: GoValue<'v>) -> Self {
        Self { value, interface: false }
    }

    /// A member of a list or map.
    pub(super) fn member(value: GoValue<'v>) -> Self {
        Self { value, interface: true }
    }

    fn type_name(&self) -> &'static str {
        if self.interface { "interface {}" } else { self.value.type_name() }
    }

    /// The concrete value.
    pub(super) fn concrete(self) -> GoValue<'v> {
        match self.value {
            GoValue::Nil => GoValue::Invalid,
            value => value,
        }
    }
}

/// Steps, characters and calls beyond these are no template that a person wrote.
const MAX_STEPS: usize = 2_000_000;
const MAX_OUTPUT: usize = 16 << 20;
const MAX_DEPTH: usize = 150;

pub(super) fn execute<'v>(template: &Template, data: GoValue<'v>, out: &mut String) -> Result<(), String> {
    let data = Seen::plain(data);
    let mut state =
        State { template, name: NAME, out, at: None, vars: vec![("$", data.clone())], depth: 0, steps: 0 };
    match template.bodies.get(NAME) {
        Some(root) => state.walk_list(&data, root).map(drop),
        None => state.error(&format!("{} is an incomplete or empty template", quote(NAME))),
    }
}

/// What comes after a node.
#[derive(PartialEq)]
enum Flow {
    Next,
    Break,
    Continue,
}

/// The node that an error is shown at.
#[derive(Clone, Copy)]
enum At<'t> {
    Node(&'t Node),
    List(&'t List),
    Pipe(&'t Pipe),
    Command(&'t Command),
    Operand(&'t Operand),
}

impl At<'_> {
    fn place(&self) -> (usize, &dyn Display) {
        match self {
            Self::Node(node) => (node.pos(), node),
            Self::List(list) => (list.pos, list),
            Self::Pipe(pipe) => (pipe.pos, pipe),
            Self::Command(command) => (command.pos, command),
            Self::Operand(operand) => (operand.pos, operand),
        }
    }
}

pub(super) struct State<'t, 'o, 'v> {
    template: &'t Template,
    name: &'t str,
    out: &'o mut String,
    at: Option<At<'t>>,
    vars: Vec<(&'t str, Seen<'v>)>,
    depth: usize,
    steps: usize,
}

type Done<T> = Result<T, String>;

impl<'t, 'v> State<'t, '_, 'v> {
    pub(super) fn error<T>(&self, text: &str) -> Done<T> {
        let Some(at) = &self.at else { return Err(format!("template: {}: {text}", self.name)) };
        let (pos, context) = at.place();
        let before = self.template.text.get(..pos).unwrap_or_default();
        let line = 1 + before.matches('\n').count();
        let column = before.rfind('\n').map_or(pos, |newline| pos - newline - 1);
        Err(format!(
            "template: {NAME}:{line}:{column}: executing {} at <{context}>: {text}",
            quote(self.name)
        ))
    }

    fn step(&mut self) -> Done<()> {
        self.steps += 1;
        if self.steps > MAX_STEPS || self.out.len() > MAX_OUTPUT {
            return self.error("the template does too much to be simulated");
        }
        Ok(())
    }

    fn walk_list(&mut self, dot: &Seen<'v>, list: &'t List) -> Done<Flow> {
        self.at = Some(At::List(list));
        for node in &list.nodes {
            let flow = self.walk(dot, node)?;
            if flow != Flow::Next {
                return Ok(flow);
            }
        }
        Ok(Flow::Next)
    }

    fn walk(&mut self, dot: &Seen<'v>, node: &'t Node) -> Done<Flow> {
        self.at = Some(At::Node(node));
        self.step()?;
        match node {
            Node::Text { text, .. } => self.out.push_str(text),
            Node::Action(pipe) => {
                let value = self.eval_pipeline(dot, pipe)?;
                if pipe.decl.is_empty() {
                    self.at = Some(At::Node(node));
                    self.out.push_str(&printable(&value));
                }
            }
            Node::Branch(branch) if branch.control == Control::Range => {
                return self.walk_range(dot, branch);
            }
            Node::Branch(branch) => return self.walk_if_or_with(dot, branch),
            Node::Template { name, pipe, .. } => self.walk_template(dot, name, pipe.as_ref())?,
            Node::Break(_) => return Ok(Flow::Break),
            Node::Continue(_) => return Ok(Flow::Continue),
        }
        Ok(Flow::Next)
    }

    fn walk_if_or_with(&mut self, dot: &Seen<'v>, branch: &'t Branch) -> Done<Flow> {
        let mark = self.vars.len();
        let value = self.eval_pipeline(dot, &branch.pipe)?;
        let flow = if is_true(&value) {
            let value = Seen::plain(value);
            let dot = if branch.control == Control::With { &value } else { dot };
            self.walk_list(dot, &branch.list)?
        } else if let Some(list) = &branch.else_list {
            self.walk_list(dot, list)?
        } else {
            Flow::Next
        };
        self.vars.truncate(mark);
        Ok(flow)
    }

    fn walk_range(&mut self, dot: &Seen<'v>, branch: &'t Branch) -> Done<Flow> {
        let outer = self.vars.len();
        let value = self.eval_pipeline(dot, &branch.pipe)?;
        let index = |at: usize| GoValue::Int(i64::try_from(at).unwrap_or(i64::MAX));
        let mut empty = true;
        match &value {
            GoValue::List(list) => {
                for (at, item) in list.iter().enumerate() {
                    empty = false;
                    if !self.iteration(branch, index(at), Seen::member(item.into()))? {
                        break;
                    }
                }
            }
            GoValue::Map(map) => {
                for (key, item) in *map {
                    empty = false;
                    if !self.iteration(branch, GoValue::text(key.as_str()), Seen::member(item.into()))? {
                        break;
                    }
                }
            }
            GoValue::Invalid => {}
            number => match number.as_int() {
                Some(_) if branch.pipe.decl.len() > 1 => {
                    let text =
                        format!("can't use {} to iterate over more than one variable", number.sprint());
                    return self.error(&text);
                }
                Some(count) => {
                    for at in 0..count {
                        empty = false;
                        if !self.iteration(branch, GoValue::Invalid, Seen::plain(GoValue::Int(at)))? {
                            break;
                        }
                    }
                }
                None => return self.error(&format!("range can't iterate over {}", number.sprint())),
            },
        }
        let mut flow = Flow::Next;
        if empty && let Some(list) = &branch.else_list {
            flow = self.walk_list(dot, list)?;
        }
        self.vars.truncate(outer);
        Ok(flow)
    }

    /// One round of a range; whether it goes on.
    fn iteration(&mut self, branch: &'t Branch, index: GoValue<'v>, element: Seen<'v>) -> Done<bool> {
        let mark = self.vars.len();
        let (decl, index) = (&branch.pipe.decl, Seen::plain(index));
        match decl.as_slice() {
            [] => {}
            [only] if branch.pipe.is_assign => self.set_var(only, element.clone())?,
            [first, second, ..] if branch.pipe.is_assign => {
                self.set_var(first, index)?;
                self.set_var(second, element.clone())?;
            }
            [_] => self.set_top_var(1, element.clone()),
            _ => {
                self.set_top_var(1, element.clone());
                self.set_top_var(2, index);
            }
        }
        let flow = self.walk_list(&element, &branch.list)?;
        self.vars.truncate(mark);
        Ok(flow != Flow::Break)
    }

    fn walk_template(&mut self, dot: &Seen<'v>, name: &'t str, pipe: Option<&'t Pipe>) -> Done<()> {
        let Some(body) = self.template.bodies.get(name) else {
            return self.error(&format!("template {} not defined", quote(name)));
        };
        if self.depth >= MAX_DEPTH {
            return self.error("exceeded maximum template depth (100000)");
        }
        let dot = match pipe {
            Some(pipe) => self.eval_pipeline(dot, pipe)?,
            None => GoValue::Invalid,
        };
        let dot = Seen::plain(dot);
        let vars = std::mem::replace(&mut self.vars, vec![("$", dot.clone())]);
        let outer = std::mem::replace(&mut self.name, name);
        self.depth += 1;
        self.walk_list(&dot, body)?;
        self.depth -= 1;
        (self.vars, self.name) = (vars, outer);
        Ok(())
    }

    fn set_var(&mut self, name: &str, value: Seen<'v>) -> Done<()> {
        match self.vars.iter_mut().rev().find(|(own, _)| *own == name) {
            Some((_, own)) => *own = value,
            None => return self.error(&format!("undefined variable: {name}")),
        }
        Ok(())
    }

    fn set_top_var(&mut self, n: usize, value: Seen<'v>) {
        let at = self.vars.len().checked_sub(n);
        if let Some((_, own)) = at.and_then(|at| self.vars.get_mut(at)) {
            *own = value;
        }
    }

    fn eval_pipeline(&mut self, dot: &Seen<'v>, pipe: &'t Pipe) -> Done<GoValue<'v>> {
        self.at = Some(At::Pipe(pipe));
        self.step()?;
        let mut value = None;
        for command in &pipe.cmds {
            value = Some(self.eval_command(dot, command, value)?.concrete());
        }
        let value = value.unwrap_or(GoValue::Invalid);
        for name in &pipe.decl {
            if pipe.is_assign {
                self.set_var(name, Seen::plain(value.clone()))?;
            } else {
                self.vars.push((name, Seen::plain(value.clone())));
            }
        }
        Ok(value)
    }

    fn not_a_function(&self, args: &[Operand], piped: bool) -> Done<()> {
        match args {
            [first, rest @ ..] if !rest.is_empty() || piped => {
                self.error(&format!("can't give argument to non-function {first}"))
            }
            _ => Ok(()),
        }
    }

    fn eval_command(
        &mut self,
        dot: &Seen<'v>,
        command: &'t Command,
        piped: Option<GoValue<'v>>,
    ) -> Done<Seen<'v>> {
        let args = command.args.as_slice();
        let Some(first) = args.first() else { return self.error("empty command") };
        let is_piped = piped.is_some();
        match &first.term {
            Term::Function(name) => {
                self.at = Some(At::Operand(first));
                return self.eval_call(
                    dot,
                    At::Command(command),
                    name,
                    args.get(1..).unwrap_or_default(),
                    piped,
                );
            }
            Term::Field(_) | Term::Chain { .. } | Term::Variable(_) => {
                return self.eval_fields(dot, first, args, is_piped);
            }
            Term::Pipe(pipe) => {
                self.not_a_function(args, is_piped)?;
                return self.eval_pipeline(dot, pipe).map(Seen::plain);
            }
            _ => {}
        }
        self.at = Some(At::Operand(first));
        self.not_a_function(args, is_piped)?;
        match &first.term {
            Term::Dot => Ok(dot.clone()),
            Term::Nil => self.error("nil is not a command"),
            _ => self.constant(first),
        }
    }

    fn constant(&mut self, operand: &'t Operand) -> Done<Seen<'v>> {
        self.at = Some(At::Operand(operand));
        Ok(Seen::plain(match &operand.term {
            Term::Bool(flag) => GoValue::Bool(*flag),
            Term::Int { value, .. } => GoValue::Int(*value),
            Term::Float { value, .. } => GoValue::Float(*value),
            Term::String { text, .. } => GoValue::text(text.clone()),
            Term::Overflow { text } => return self.error(&format!("{text} overflows int")),
            _ => return self.error(&format!("can't evaluate command {}", quote(&operand.to_string()))),
        }))
    }

    /// `.a.b`, `$x.a.b` or `(…).a.b`.
    fn eval_fields(
        &mut self,
        dot: &Seen<'v>,
        operand: &'t Operand,
        args: &'t [Operand],
        piped: bool,
    ) -> Done<Seen<'v>> {
        self.at = Some(At::Operand(operand));
        let (mut receiver, fields) = match &operand.term {
            Term::Field(fields) => (dot.clone(), fields.as_slice()),
            Term::Variable(names) => {
                let (name, fields) = names.split_first().map_or(("$", [].as_slice()), |(n, f)| (n, f));
                let Some((_, value)) = self.vars.iter().rev().find(|(own, _)| *own == name) else {
                    return self.error(&format!("undefined variable: {name}"));
                };
                let value = value.clone();
                if fields.is_empty() {
                    self.not_a_function(args, piped)?;
                }
                (value, fields)
            }
            Term::Chain { of, fields } => {
                let value = self.eval_arg(dot, None, of)?;
                (Seen::plain(value), fields.as_slice())
            }
            _ => return self.error("no field"),
        };
        for (at, name) in fields.iter().enumerate() {
            let has_args = at + 1 == fields.len() && (args.len() > 1 || piped);
            receiver = self.eval_field(name, &receiver, has_args)?;
        }
        Ok(receiver)
    }

    fn eval_field(&mut self, name: &str, receiver: &Seen<'v>, has_args: bool) -> Done<Seen<'v>> {
        let forbid = self.template.forbid_missing_keys;
        match &receiver.value {
            GoValue::Invalid if forbid => self.error(&format!("nil data; no entry for key {}", quote(name))),
            GoValue::Invalid => Ok(Seen::plain(GoValue::Invalid)),
            GoValue::Nil => self.error(&format!("nil pointer evaluating interface {{}}.{name}")),
            GoValue::Map(_) if has_args => self.error(&format!("{name} is not a method but has arguments")),
            GoValue::Map(map) => match map.get(name) {
                Some(value) => Ok(Seen::member(value.into())),
                None if forbid => self.error(&format!("map has no entry for key {}", quote(name))),
                None => Ok(Seen::plain(GoValue::Invalid)),
            },
            _ => self.error(&format!("can't evaluate field {name} in type {}", receiver.type_name())),
        }
    }

    /// An argument for a parameter; `None`: whatever it is.
    fn eval_arg(
        &mut self,
        dot: &Seen<'v>,
        parameter: Option<Parameter>,
        operand: &'t Operand,
    ) -> Done<GoValue<'v>> {
        self.at = Some(At::Operand(operand));
        let value = match &operand.term {
            Term::Dot => dot.clone(),
            Term::Nil if parameter == Some(Parameter::String) => {
                return self.error("cannot assign nil to string");
            }
            Term::Nil => return Ok(GoValue::Invalid),
            Term::Field(_) | Term::Chain { .. } | Term::Variable(_) => {
                self.eval_fields(dot, operand, &[], false)?
            }
            Term::Pipe(pipe) => Seen::plain(self.eval_pipeline(dot, pipe)?),
            Term::Function(name) => self.eval_call(dot, At::Operand(operand), name, &[], None)?,
            Term::String { text, .. } => Seen::plain(GoValue::text(text.clone())),
            _ if parameter == Some(Parameter::String) => {
                return self.error(&format!("expected string; found {operand}"));
            }
            _ => self.constant(operand)?,
        };
        self.validate_type(value, parameter)
    }

    fn validate_type(&self, value: Seen<'v>, parameter: Option<Parameter>) -> Done<GoValue<'v>> {
        if parameter != Some(Parameter::String) {
            return Ok(value.concrete());
        }
        match &value.value {
            GoValue::String(_) => Ok(value.value),
            GoValue::Invalid => self.error("invalid value; expected string"),
            GoValue::Nil => self.error("wrong type for value; expected string; got interface {}"),
            other => self.error(&format!("wrong type for value; expected string; got {}", other.type_name())),
        }
    }

    fn eval_call(
        &mut self,
        dot: &Seen<'v>,
        node: At<'t>,
        name: &str,
        args: &'t [Operand],
        piped: Option<GoValue<'v>>,
    ) -> Done<Seen<'v>> {
        self.step()?;
        let Some(function) = funcs::find(name) else {
            return self.error(&format!("{} is not a defined function", quote(name)));
        };
        let count = args.len() + usize::from(piped.is_some());
        let fixed = function.fixed.len();
        if function.variadic.is_some() && count < fixed {
            let got = args.len();
            return self.error(&format!("wrong number of args for {name}: want at least {fixed} got {got}"));
        }
        if function.variadic.is_none() && count != fixed {
            return self.error(&format!("wrong number of args for {name}: want {fixed} got {count}"));
        }
        let parameter = |at: usize| function.fixed.get(at).copied().or(function.variadic);
        // The two that stop at the first argument that settles them.
        if matches!(name, "and" | "or") {
            let mut last = GoValue::Invalid;
            for (at, arg) in args.iter().enumerate() {
                last = self.eval_arg(dot, parameter(at), arg)?;
                if is_true(&last) == (name == "or") {
                    return Ok(Seen::plain(last));
                }
            }
            return Ok(Seen::plain(piped.unwrap_or(last)));
        }
        let mut values = Vec::with_capacity(count);
        for (at, arg) in args.iter().enumerate() {
            values.push(self.eval_arg(dot, parameter(at), arg)?);
        }
        if let Some(value) = piped {
            values.push(self.validate_type(Seen::plain(value), parameter(args.len()))?);
        }
        let answer = match (name, args.first(), values.first()) {
            ("call", Some(callee), _) => funcs::call(&callee.to_string(), &values),
            ("call", None, Some(callee)) => funcs::call(&funcs::reflected(callee), &values),
            _ => (function.call)(&values),
        };
        match answer {
            Ok(value) => {
                // A long text is as much work as many steps.
                if let GoValue::String(text) = &value.value {
                    self.steps += text.len() / 64;
                }
                Ok(value)
            }
            Err(error) => {
                self.at = Some(node);
                self.error(&format!("error calling {name}: {error}"))
            }
        }
    }
}

/// What `{{if}}` takes for true: whatever is not the zero of its type.
pub(super) fn is_true(value: &GoValue<'_>) -> bool {
    match value {
        GoValue::Invalid | GoValue::Nil => false,
        GoValue::Bool(flag) => *flag,
        GoValue::Int(number) | GoValue::Int64(number) => *number != 0,
        GoValue::Uint8(byte) => *byte != 0,
        GoValue::Float(number) => *number != 0.0,
        GoValue::String(text) => !text.is_empty(),
        GoValue::List(list) => !list.is_empty(),
        GoValue::Map(map) => !map.is_empty(),
    }
}

/// As an action prints it.
pub(super) fn printable(value: &GoValue<'_>) -> String {
    match value {
        GoValue::Invalid => "<no value>".to_owned(),
        value => value.sprint(),
    }
}
