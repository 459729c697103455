//! What is told of an object that was decoded: sentences and places in the text.

use api::schema::KindInfo;
use golang::strconv::quote;
use yaml::locate::{Part, locate};
use yaml::{Diagnostic, Node};

use super::{DecodeError, Decoded, UnknownField};

/// A path below another; either may be empty.
pub(crate) fn join(prefix: &str, path: &str) -> String {
    match (prefix, path) {
        ("", path) => path.to_owned(),
        (prefix, "") => prefix.to_owned(),
        (prefix, path) => format!("{prefix}.{path}"),
    }
}

/// Go's messages name a map of strings as a whole: `spec.selector.matchLabels`, not the key in it.
pub(crate) fn without_key(path: &str) -> &str {
    match path.strip_suffix(']').and_then(|rest| rest.rsplit_once('[')) {
        Some((map, key)) if key.parse::<usize>().is_err() => map,
        _ => path,
    }
}

impl UnknownField {
    /// `unknown field "spec.foo"`
    pub fn message(&self) -> String {
        format!("unknown field {}", quote(&self.path))
    }

    pub(super) fn help(&self) -> Option<String> {
        self.nearest.map(|name| format!("Did you mean {name}?"))
    }

    fn diagnostic(&self, tree: &Node) -> Diagnostic {
        let span = locate(tree, &self.path, Part::Key);
        let diagnostic = Diagnostic::error(self.message(), span).with_path(&self.path);
        Diagnostic { help: self.help(), ..diagnostic }
    }
}

impl Decoded {
    /// Why a strict API server answers 400, behind `Error from server (BadRequest): error when creating
    /// "FILE": `; `None` if it takes the object.
    ///
    /// Rules: API-034, API-036.
    pub fn bad_request(&self, kind: &KindInfo) -> Option<String> {
        let (name, version) = (kind.kind, kind.version);
        let why = self.problem()?;
        Some(format!("{name} in version \"{version}\" cannot be handled as a {name}: {why}"))
    }

    /// What a strict decoder finds wrong.
    pub fn problem(&self) -> Option<String> {
        match (&self.error, self.unknown.is_empty()) {
            (Some(error), _) => Some(error.message.clone()),
            (None, true) => None,
            (None, false) => {
                let all: Vec<String> = self.unknown.iter().map(UnknownField::message).collect();
                Some(format!("strict decoding error: {}", all.join(", ")))
            }
        }
    }

    /// The mistakes with their places in the text: what a strict API server refuses.
    pub fn strict_diagnostics(&self, tree: &Node) -> Vec<Diagnostic> {
        match &self.error {
            Some(error) => vec![error.diagnostic(tree)],
            None => self.unknown.iter().map(|field| field.diagnostic(tree)).collect(),
        }
    }

    /// The same for a reader that silently drops unknown fields, as the kubelet does: they are
    /// warnings. Rules: KL-011, CMP-026.
    pub fn lenient_diagnostics(&self, tree: &Node) -> Vec<Diagnostic> {
        let warn = |field: &UnknownField| {
            let Diagnostic { message, span, help, .. } = field.diagnostic(tree);
            let dropped = "The kubelet drops it without a word.";
            let help = help.map_or(dropped.to_owned(), |nearest| format!("{nearest} {dropped}"));
            Diagnostic::warning(message, span).with_path(&field.path).with_help(help)
        };
        let error = self.error.as_ref().map(|error| error.diagnostic(tree));
        error.into_iter().chain(self.unknown.iter().map(warn)).collect()
    }
}

impl DecodeError {
    /// The error at its place in the tree that was decoded.
    pub fn diagnostic(&self, tree: &Node) -> Diagnostic {
        self.diagnostic_below(tree, "")
    }

    /// The same for an object that is below a path of the tree, such as an item of a list.
    pub(crate) fn diagnostic_below(&self, tree: &Node, prefix: &str) -> Diagnostic {
        let span = locate(tree, &join(prefix, &self.path), Part::Value);
        let diagnostic = Diagnostic::error(&self.message, span).with_path(without_key(&self.path));
        Diagnostic { help: self.help.clone(), ..diagnostic }
    }
}
