//! What the texts of Kubernetes and kubectl owe to Go's library: fmt, strconv, time, encoding/json and base64, sort, and values as
//! reflection sees them. No Kubernetes word.
//!
//! Messages quote as `%q` does; the texts of `-o jsonpath`, `custom-columns`, `go-template` and the order of
//! `--sort-by` are whatever these packages make of them.

use std::fmt;

pub mod base64;
pub mod json;
pub mod printf;
pub mod sort;
pub mod strconv;
pub mod time;
pub mod value;

/// What a package of Go's library, or one that is built like them, says of a text that it cannot read or carry out.
/// Such packages have a sentence for an error, which depends on where they were, and nothing else.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct GoError(pub String);

impl fmt::Display for GoError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl std::error::Error for GoError {}
