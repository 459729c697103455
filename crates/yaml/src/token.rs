//! What passes between the scanner, the parser and the tree builder.

use std::borrow::Cow;

/// A place in the text, as go-yaml counts it. Lines and columns start at 0; all counts but `offset` are
/// of characters.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(super) struct Mark {
    /// Bytes from the start of the text.
    pub(crate) offset: u32,
    pub(crate) index: u32,
    pub(crate) line: u32,
    pub(crate) column: u32,
}

/// Which part of go-yaml found the problem; it decides how the line is counted in the message.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum ErrorType {
    /// A byte that may not stand in YAML. Has no line in the message.
    Reader,
    Scanner,
    Parser,
}

/// Why a text is no YAML, in go-yaml's words.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Problem {
    pub(crate) error_type: ErrorType,
    pub(crate) what: &'static str,
    /// Where it was noticed.
    pub(crate) at: Mark,
    /// Where the construct began that is broken.
    pub(crate) context: Option<Mark>,
}

pub(super) type Result<T> = std::result::Result<T, Problem>;

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Style {
    Plain,
    Quoted,
    Block,
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum TokenKind<'a> {
    StreamStart,
    StreamEnd,
    VersionDirective(u8, u8),
    TagDirective { handle: String, prefix: String },
    DocumentStart,
    DocumentEnd,
    BlockSequenceStart,
    BlockMappingStart,
    BlockEnd,
    FlowSequenceStart,
    FlowSequenceEnd,
    FlowMappingStart,
    FlowMappingEnd,
    BlockEntry,
    FlowEntry,
    Key,
    Value,
    Alias(&'a str),
    Anchor(&'a str),
    Tag { handle: String, suffix: String },
    Scalar { value: Cow<'a, str>, style: Style },
}

#[derive(Debug, Clone)]
pub(super) struct Token<'a> {
    pub(crate) kind: TokenKind<'a>,
    pub(crate) start: Mark,
    pub(crate) end: Mark,
}
