//! What a template is made of, and how an error shows it.
//!
//! Go: text/template/parse/node.go. Positions are bytes from the template's beginning.

use std::fmt;

use golang::strconv::quote;

#[derive(Clone, Debug, Default)]
pub(super) struct List {
    pub(super) pos: usize,
    pub(super) nodes: Vec<Node>,
}

#[derive(Clone, Debug)]
pub(super) enum Node {
    Text { pos: usize, text: String },
    Action(Pipe),
    Branch(Box<Branch>),
    Template { pos: usize, name: String, pipe: Option<Pipe> },
    Break(usize),
    Continue(usize),
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Control {
    If,
    Range,
    With,
}

#[derive(Clone, Debug)]
pub(super) struct Branch {
    pub(super) control: Control,
    pub(super) pipe: Pipe,
    pub(super) list: List,
    pub(super) else_list: Option<List>,
}

#[derive(Clone, Debug, Default)]
pub(super) struct Pipe {
    pub(super) pos: usize,
    pub(super) is_assign: bool,
    /// The variables that it declares or sets, with their `$`.
    pub(super) decl: Vec<String>,
    pub(super) cmds: Vec<Command>,
}

#[derive(Clone, Debug)]
pub(super) struct Command {
    pub(super) pos: usize,
    pub(super) args: Vec<Operand>,
}

#[derive(Clone, Debug)]
pub(super) struct Operand {
    pub(super) pos: usize,
    pub(super) term: Term,
}

#[derive(Clone, Debug)]
pub(super) enum Term {
    Dot,
    Nil,
    Bool(bool),
    Int {
        text: String,
        value: i64,
    },
    Float {
        text: String,
        value: f64,
    },
    /// A whole number that no `int` holds.
    Overflow {
        text: String,
    },
    String {
        quoted: String,
        text: String,
    },
    Field(Vec<String>),
    /// `$x.a.b`: the variable first.
    Variable(Vec<String>),
    /// `(…).a.b`.
    Chain {
        of: Box<Operand>,
        fields: Vec<String>,
    },
    Function(String),
    Pipe(Pipe),
}

impl Node {
    pub(super) fn pos(&self) -> usize {
        match self {
            Self::Text { pos, .. } | Self::Template { pos, .. } | Self::Break(pos) | Self::Continue(pos) => {
                *pos
            }
            Self::Action(pipe) => pipe.pos,
            Self::Branch(branch) => branch.pipe.pos,
        }
    }
}

impl fmt::Display for Operand {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.term {
            Term::Dot => f.write_str("."),
            Term::Nil => f.write_str("nil"),
            Term::Bool(flag) => write!(f, "{flag}"),
            Term::Int { text, .. } | Term::Float { text, .. } | Term::Overflow { text } => f.write_str(text),
            Term::String { quoted, .. } => f.write_str(quoted),
            Term::Field(names) => names.iter().try_for_each(|name| write!(f, ".{name}")),
            Term::Variable(names) => f.write_str(&names.join(".")),
            Term::Chain { of, fields } => {
                match &of.term {
                    Term::Pipe(pipe) => write!(f, "({pipe})")?,
                    _ => write!(f, "{of}")?,
                }
                fields.iter().try_for_each(|name| write!(f, ".{name}"))
            }
            Term::Function(name) => f.write_str(name),
            Term::Pipe(pipe) => write!(f, "{pipe}"),
        }
    }
}

impl fmt::Display for Command {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (at, arg) in self.args.iter().enumerate() {
            if at > 0 {
                f.write_str(" ")?;
            }
            match &arg.term {
                Term::Pipe(pipe) => write!(f, "({pipe})")?,
                _ => write!(f, "{arg}")?,
            }
        }
        Ok(())
    }
}

impl fmt::Display for Pipe {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if !self.decl.is_empty() {
            write!(f, "{} {} ", self.decl.join(", "), if self.is_assign { "=" } else { ":=" })?;
        }
        for (at, command) in self.cmds.iter().enumerate() {
            if at > 0 {
                f.write_str(" | ")?;
            }
            write!(f, "{command}")?;
        }
        Ok(())
    }
}

impl fmt::Display for List {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.nodes.iter().try_for_each(|node| write!(f, "{node}"))
    }
}

impl fmt::Display for Node {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Text { text, .. } => f.write_str(text),
            Self::Action(pipe) => write!(f, "{{{{{pipe}}}}}"),
            Self::Branch(branch) => {
                let word = match branch.control {
                    Control::If => "if",
                    Control::Range => "range",
                    Control::With => "with",
                };
                write!(f, "{{{{{word} {}}}}}{}", branch.pipe, branch.list)?;
                if let Some(list) = &branch.else_list {
                    write!(f, "{{{{else}}}}{list}")?;
                }
                f.write_str("{{end}}")
            }
            Self::Template { name, pipe: None, .. } => write!(f, "{{{{template {}}}}}", quote(name)),
            Self::Template { name, pipe: Some(pipe), .. } => {
                write!(f, "{{{{template {} {pipe}}}}}", quote(name))
            }
            Self::Break(_) => f.write_str("{{break}}"),
            Self::Continue(_) => f.write_str("{{continue}}"),
        }
    }
}
