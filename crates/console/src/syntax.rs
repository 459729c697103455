//! What the parser makes of a shell's text: commands, words and their pieces, as plain data.
//!
//! Bodies are shared (`Rc`), since a loop runs the same one many times and a job may be cloned.

use std::cell::OnceCell;
use std::rc::Rc;

/// Commands one after the other.
#[derive(Debug, Default)]
pub(super) struct List {
    pub items: Vec<Rc<AndOr>>,
}

/// Pipelines joined by `&&` and `||`.
#[derive(Debug)]
pub(super) struct AndOr {
    pub pipelines: Vec<(Join, Rc<Pipeline>)>,
    /// Followed by `&`.
    pub background: bool,
}

/// When a pipeline runs.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Join {
    Always,
    /// `&&`
    IfGood,
    /// `||`
    IfBad,
}

/// Commands joined by `|`; each one's output is the next one's input.
#[derive(Debug)]
pub(super) struct Pipeline {
    pub negated: bool,
    /// `time`
    pub timed: bool,
    pub commands: Vec<PipelineCommand>,
}

/// A command of a pipeline.
#[derive(Debug)]
pub(super) struct PipelineCommand {
    pub command: Rc<Command>,
    /// Followed by `|&`: its errors go into the pipe, too.
    pub errors: bool,
}

#[derive(Debug)]
pub(super) enum Command {
    Simple(Rc<Simple>),
    Compound(Rc<Compound>),
    /// `name() { …; }`
    Function(Rc<str>, Rc<Compound>),
}

/// A compound command with the redirections behind it.
#[derive(Debug)]
pub(super) struct Compound {
    pub kind: CompoundKind,
    pub redirects: Vec<Redirect>,
}

#[derive(Debug)]
pub(super) enum CompoundKind {
    /// `{ …; }`
    Group(Rc<List>),
    /// `( … )`
    Subshell(Rc<List>),
    If {
        /// Conditions and what is done if they hold.
        branches: Vec<(Rc<List>, Rc<List>)>,
        otherwise: Option<Rc<List>>,
    },
    While {
        condition: Rc<List>,
        /// `until`: goes on as long as the condition fails.
        until: bool,
        body: Rc<List>,
    },
    For {
        name: Rc<str>,
        /// `None`: the arguments of the shell or function.
        words: Option<Rc<[Word]>>,
        body: Rc<List>,
    },
    /// `for ((start; condition; step))`
    Count {
        start: Word,
        condition: Word,
        step: Word,
        body: Rc<List>,
    },
    Case {
        word: Word,
        arms: Vec<Arm>,
    },
    /// `[[ … ]]`
    Test(Rc<Test>),
    /// `(( … ))`
    Arithmetic(Word),
}

#[derive(Debug)]
pub(super) struct Arm {
    pub patterns: Vec<Word>,
    pub body: Rc<List>,
    pub then: AfterArm,
}

/// What follows a matched arm of `case`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum AfterArm {
    /// `;;`
    End,
    /// `;&`: the next arm's commands run as well.
    FallThrough,
    /// `;;&`: the next patterns are tried as well.
    TryOthers,
}

/// What stands between `[[` and `]]`.
#[derive(Debug)]
pub(super) enum Test {
    Not(Box<Test>),
    And(Box<Test>, Box<Test>),
    Or(Box<Test>, Box<Test>),
    Unary(String, Word),
    Binary(Word, String, Word),
    /// Holds if the word is not empty.
    Word(Word),
}

/// A command with its arguments.
#[derive(Debug, Default)]
pub(super) struct Simple {
    pub assignments: Vec<Assignment>,
    pub words: Vec<Word>,
    pub redirects: Vec<Redirect>,
}

/// `name=value`, `name+=value`, `name[index]=value`, `name=(a b)`.
#[derive(Debug)]
pub(super) struct Assignment {
    pub name: Rc<str>,
    pub index: Option<Word>,
    pub append: bool,
    pub value: Assigned,
}

#[derive(Debug)]
pub(super) enum Assigned {
    Text(Word),
    Array(Vec<Word>),
}

#[derive(Debug)]
pub(super) struct Redirect {
    /// The descriptor on the left, if one is written.
    pub fd: Option<u8>,
    pub kind: RedirectKind,
}

#[derive(Debug)]
pub(super) enum RedirectKind {
    /// `<`
    Read(Word),
    /// `>`
    Write(Word),
    /// `>|`: also where `set -C` forbids it
    Clobber(Word),
    /// `>>`
    Append(Word),
    /// `<>`
    ReadWrite(Word),
    /// `&>`
    Both(Word),
    /// `&>>`
    AppendBoth(Word),
    /// `>&`, `<&`: the word is a descriptor or `-`.
    Duplicate(Word),
    /// `<<`: the text comes with the lines that follow, and is filled in when they are read.
    Here(Rc<OnceCell<Word>>),
    /// `<<<`
    HereWord(Word),
}

/// A word before expansion.
#[derive(Clone, Debug, Default)]
pub(super) struct Word {
    pub pieces: Vec<Piece>,
}

#[derive(Clone, Debug)]
pub(super) enum Piece {
    /// Text without quotes: may be split by braces, start with `~`, or be a pattern.
    Text(String),
    /// Text in quotes or behind a backslash: stands for itself.
    Quoted(String),
    Parameter(Rc<Parameter>, Quoting),
    /// `$(…)` or backticks.
    Command(Rc<str>, Quoting),
    /// `$((…))`
    Arithmetic(Rc<Word>, Quoting),
    /// `<(…)`: stands for a file with the command's output.
    Process(Rc<str>),
}

/// Whether a piece stands in double quotes: what comes of it is then neither split nor a pattern.
pub(super) type Quoting = bool;

/// `$name` or `${…}`.
#[derive(Clone, Debug)]
pub(super) struct Parameter {
    /// A name, a digit, or one of `@*#?-$!`.
    pub name: Rc<str>,
    /// `[…]` behind the name; `@` and `*` stand for all.
    pub index: Option<Word>,
    pub operation: Operation,
}

#[derive(Clone, Debug)]
pub(super) enum Operation {
    None,
    /// `${#name}`
    Length,
    /// `${!name}`
    Indirect,
    /// `${!name[@]}`
    Keys,
    /// `${name:-word}`; `empty`: with the colon, an empty value counts as unset.
    Default {
        empty: bool,
        word: Word,
    },
    /// `${name:=word}`
    Assign {
        empty: bool,
        word: Word,
    },
    /// `${name:?word}`
    Fail {
        empty: bool,
        word: Word,
    },
    /// `${name:+word}`
    Instead {
        empty: bool,
        word: Word,
    },
    /// `${name#pattern}`, `##`
    CutStart {
        longest: bool,
        pattern: Word,
    },
    /// `${name%pattern}`, `%%`
    CutEnd {
        longest: bool,
        pattern: Word,
    },
    /// `${name/pattern/with}`
    Replace {
        which: Replace,
        pattern: Word,
        with: Word,
    },
    /// `${name:from:length}`
    Part {
        from: Word,
        length: Option<Word>,
    },
    /// `${name^^}`, `${name,,}` and their short forms
    Case {
        upper: bool,
        all: bool,
    },
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Replace {
    First,
    /// `//`
    All,
    /// `/#`
    Start,
    /// `/%`
    End,
}

impl Word {
    pub(super) fn literal(text: impl Into<String>) -> Word {
        Word { pieces: vec![Piece::Quoted(text.into())] }
    }

    /// The text of a word that holds nothing but plain text without quotes.
    pub(super) fn plain(&self) -> Option<&str> {
        match self.pieces.as_slice() {
            [Piece::Text(text)] => Some(text),
            _ => None,
        }
    }
}
