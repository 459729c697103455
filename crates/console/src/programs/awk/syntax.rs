//! A program of awk, taken apart.

use std::rc::Rc;

use crate::regex::Pattern;

#[derive(Clone, Debug, Default)]
pub(super) struct Program {
    pub begin: Vec<Rc<[Statement]>>,
    pub rules: Vec<Rule>,
    pub end: Vec<Rc<[Statement]>>,
    pub functions: Vec<Function>,
}

#[derive(Clone, Debug)]
pub(super) struct Rule {
    pub when: When,
    /// `None`: the record is printed.
    pub action: Option<Rc<[Statement]>>,
}

#[derive(Clone, Debug)]
pub(super) enum When {
    Always,
    Holds(Expression),
    /// `from, to`
    Between(Expression, Expression),
}

#[derive(Clone, Debug)]
pub(super) struct Function {
    pub name: Rc<str>,
    pub parameters: Vec<Rc<str>>,
    pub body: Rc<[Statement]>,
}

#[derive(Clone, Debug)]
pub(super) enum Statement {
    Expression(Expression),
    Print(Vec<Expression>),
    Printf(Vec<Expression>),
    Block(Rc<[Statement]>),
    If(Expression, Rc<[Statement]>, Rc<[Statement]>),
    While(Expression, Rc<[Statement]>),
    DoWhile(Rc<[Statement]>, Expression),
    For(Option<Box<Statement>>, Option<Expression>, Option<Box<Statement>>, Rc<[Statement]>),
    ForIn(Rc<str>, Rc<str>, Rc<[Statement]>),
    Delete(Rc<str>, Option<Vec<Expression>>),
    Next,
    Exit(Option<Expression>),
    Return(Option<Expression>),
    Break,
    Continue,
}

#[derive(Clone, Debug)]
pub(super) enum Expression {
    Number(f64),
    Text(Rc<str>),
    /// `/x/`: alone it is matched with the record.
    Regex(Rc<Pattern>),
    Variable(Rc<str>),
    Element(Rc<str>, Vec<Expression>),
    /// `$n`
    Field(Box<Expression>),
    Assign(Box<Expression>, Option<&'static str>, Box<Expression>),
    /// `++x`, `x--`: by how much, and whether the old value counts.
    Step(Box<Expression>, f64, bool),
    Binary(&'static str, Box<Expression>, Box<Expression>),
    And(Box<Expression>, Box<Expression>),
    Or(Box<Expression>, Box<Expression>),
    Not(Box<Expression>),
    Negative(Box<Expression>),
    Positive(Box<Expression>),
    Choose(Box<Expression>, Box<Expression>, Box<Expression>),
    Match {
        text: Box<Expression>,
        pattern: Box<Expression>,
        negated: bool,
    },
    In(Vec<Expression>, Rc<str>),
    Call(Rc<str>, Vec<Expression>),
    Builtin(&'static str, Vec<Expression>),
}
