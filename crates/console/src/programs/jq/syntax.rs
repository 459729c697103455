//! A filter of jq, taken apart.

use std::rc::Rc;

use super::json::Json;

#[derive(Clone, Debug)]
pub(super) enum Filter {
    /// `.`
    Identity,
    /// `..`
    Recurse,
    Literal(Json),
    /// A text with filters in it, each printed as `@format` says.
    Text(Rc<str>, Vec<Part>),
    /// `f.name`, `f[i]`
    Index(Box<Filter>, Box<Filter>),
    /// `f[from:to]`
    Slice(Box<Filter>, Option<Box<Filter>>, Option<Box<Filter>>),
    /// `f[]`
    Each(Box<Filter>),
    /// `[f]`
    Collect(Option<Box<Filter>>),
    Object(Vec<(Filter, Filter)>),
    Pipe(Box<Filter>, Box<Filter>),
    Comma(Box<Filter>, Box<Filter>),
    Binary(&'static str, Box<Filter>, Box<Filter>),
    And(Box<Filter>, Box<Filter>),
    Or(Box<Filter>, Box<Filter>),
    /// `a // b`
    Alternative(Box<Filter>, Box<Filter>),
    Negate(Box<Filter>),
    /// `=`, `|=`, `+=` …
    Assign(Box<Filter>, &'static str, Box<Filter>),
    If(Box<Filter>, Box<Filter>, Option<Box<Filter>>),
    /// `try f catch g`, `f?`
    Try(Box<Filter>, Option<Box<Filter>>),
    Variable(Rc<str>),
    /// `f as $x | g`
    Bind(Box<Filter>, Pattern, Box<Filter>),
    /// `reduce f as $x (init; update)`
    Reduce(Box<Filter>, Pattern, Box<Filter>, Box<Filter>),
    /// `foreach f as $x (init; update; extract)`
    Foreach(Box<Filter>, Pattern, Box<Filter>, Box<Filter>, Option<Box<Filter>>),
    /// `def f: …; rest`
    Define(Rc<Function>, Box<Filter>),
    Call(Rc<str>, Rc<[Filter]>),
    /// `label $x | f`
    Label(Rc<str>, Box<Filter>),
    Break(Rc<str>),
    /// `@base64`
    Format(Rc<str>),
}

#[derive(Clone, Debug)]
pub(super) enum Part {
    Text(Rc<str>),
    Filter(Filter),
}

#[derive(Clone, Debug)]
pub(super) enum Pattern {
    Variable(Rc<str>),
    Array(Vec<Pattern>),
    Object(Vec<(Filter, Option<Rc<str>>, Option<Pattern>)>),
}

impl Pattern {
    /// The names that it gives values to.
    pub(super) fn names(&self, found: &mut Vec<Rc<str>>) {
        match self {
            Pattern::Variable(name) => found.push(name.clone()),
            Pattern::Array(items) => items.iter().for_each(|item| item.names(found)),
            Pattern::Object(fields) => {
                for (_, name, pattern) in fields {
                    found.extend(name.clone());
                    if let Some(pattern) = pattern {
                        pattern.names(found);
                    }
                }
            }
        }
    }
}

#[derive(Clone, Debug)]
pub(super) struct Function {
    pub name: Rc<str>,
    /// Those with `$` are values, the others filters.
    pub parameters: Vec<(Rc<str>, bool)>,
    pub body: Filter,
}
