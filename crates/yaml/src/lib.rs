//! Manifests as Kubernetes reads and prints them.
//!
//! kubectl, the API server and the kubelet read YAML with go-yaml v2, turn it into JSON and decode that into
//! their types. So do we: [`read_documents`] gives trees with a place for every key and value,
//! the crate `codec` checks them against the API's fields, [`locate()`] leads from a field path back to the text, and
//! [`to_yaml`] prints values as `kubectl get -o yaml` does. Messages are the real programs', quirks with line
//! numbers included; the spans are the truth.

mod diagnostic;
mod directives;
mod events;
mod gosyntax;
mod help;
mod json;
mod key_order;
mod lines;
pub mod locate;
mod node;
mod reader;
mod resolve;
mod scalars;
mod scanner;
mod text;
mod token;
mod tree;
mod writer;

pub use diagnostic::{Diagnostic, Pos, Severity, Span};
pub use json::json_problem;
pub use locate::{Part, Path, locate, locate_bad_value};
pub use node::{MAX_TREE_DEPTH, MapItem, Node, NodeValue};
pub use reader::{Document, Documents, read_documents};
pub use writer::to_yaml;

/// Whose way of reading a file.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Reader {
    /// `kubectl apply -f`: all documents; text that is not UTF-8 is patched up.
    Kubectl,
    /// The kubelet's staticPodPath: the first document only, and nothing is patched up.
    Kubelet,
}
