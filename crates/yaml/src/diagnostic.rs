//! What is wrong with a text, and where.

use serde::{Deserialize, Serialize};

/// A place in the user's text. Line and column count from 1, the column in characters; the offset is in
/// bytes of the text without its byte order mark.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub struct Pos {
    /// Counts from 1.
    pub line: u32,
    /// In characters, from 1.
    pub column: u32,
    pub(crate) offset: u32,
}

impl Default for Pos {
    fn default() -> Self {
        Pos { line: 1, column: 1, offset: 0 }
    }
}

/// A piece of the user's text; `end` is behind its last character.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct Span {
    /// Its first character.
    pub start: Pos,
    /// The place behind its last character.
    pub end: Pos,
}

/// How bad something is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub enum Severity {
    /// The real system refuses this.
    Error,
    /// The real system silently accepts this, and a person would regret it.
    Warning,
}

/// Something that is wrong with a text, or worth a warning.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Diagnostic {
    /// Exactly the real program's words, its quirks with lines included.
    pub message: String,
    /// Where to underline: the truth.
    pub span: Span,
    /// `spec.template.spec.containers[0].image`, where there is a field to name.
    pub path: Option<String>,
    /// How bad it is.
    pub severity: Severity,
    /// One plain sentence that helps.
    pub help: Option<String>,
}

impl Diagnostic {
    /// Something that the real system refuses.
    pub fn error(message: impl Into<String>, span: Span) -> Diagnostic {
        Diagnostic { message: message.into(), span, path: None, severity: Severity::Error, help: None }
    }

    /// Something that the real system takes and a person would regret.
    pub fn warning(message: impl Into<String>, span: Span) -> Diagnostic {
        Diagnostic { severity: Severity::Warning, ..Diagnostic::error(message, span) }
    }

    /// The same with the field that it is about.
    pub fn with_path(self, path: impl Into<String>) -> Diagnostic {
        Diagnostic { path: Some(path.into()), ..self }
    }

    /// The same with a sentence that helps.
    pub fn with_help(self, help: impl Into<String>) -> Diagnostic {
        Diagnostic { help: Some(help.into()), ..self }
    }
}
