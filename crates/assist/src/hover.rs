//! What is said of the field under the pointer.

use api::schema::descriptions;

use crate::cursor::{Cursor, Line};
use crate::resolve::{kind_of, resolve};
use crate::values::supported;

/// What stands under the pointer.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Hover {
    /// Bytes of the text.
    pub from: usize,
    /// Where the word ends.
    pub to: usize,
    /// `imagePullPolicy`.
    pub name: String,
    /// As `kubectl explain` writes it: `string`, `[]Container`.
    pub ty: String,
    /// Whether it has to be there.
    pub is_required: bool,
    /// The values that the API server takes, if they are a few.
    pub values: Vec<String>,
    /// What the API says of it; empty while that is not loaded.
    pub text: String,
}

/// What is known of the key around byte `at`.
pub fn hover(text: &str, at: usize) -> Option<Hover> {
    let start = text.get(..at)?.rfind('\n').map_or(0, |end| end + 1);
    let line = text.get(start..)?.split('\n').next()?;
    let parts = Line::of(line);
    let (key, _) = parts.key()?;
    let from = start + line.find(key).filter(|found| *found >= parts.column)?;
    let to = from + key.len();
    if !(from..=to).contains(&at) {
        return None;
    }
    // Behind the colon and a blank the key is the last of the way.
    let colon = to + text.get(to..)?.find(':')? + 1;
    let (head, word) = (text.get(..colon)?, text.get(colon..)?);
    let mended = format!("{head} {word}");
    let cursor = Cursor::at(&mended, colon + 1)?;
    let found = resolve(kind_of(&cursor)?, &cursor.steps)?;
    let (id, field) = found.field?;
    let values = supported(&found, &cursor);
    if found.key.is_some() {
        return None;
    }
    let own = descriptions::of_field(id, field.name);
    let text = own.or_else(|| descriptions::of_type(&found.ty)).unwrap_or_default();
    let (name, ty) = (field.name.to_owned(), field.ty.to_string());
    Some(Hover { from, to, name, ty, is_required: field.required, values, text })
}

#[cfg(test)]
mod tests {
    use super::*;

    const POD: &str = "apiVersion: v1\nkind: Pod\nmetadata:\n  name: a\n  labels:\n    app: b\nspec:\n  containers:\n  - name: c\n    imagePullPolicy: Always\n";

    fn over(word: &str) -> Option<Hover> {
        hover(POD, POD.find(word).map(|at| at + 1)?)
    }

    #[test]
    fn a_field_says_its_type_and_what_it_is_for() {
        let policy = over("imagePullPolicy").expect("a field");
        assert_eq!(&POD[policy.from..policy.to], "imagePullPolicy");
        assert_eq!((policy.ty.as_str(), policy.is_required), ("string", false));
        assert_eq!(policy.values, ["Always", "IfNotPresent", "Never"]);
        assert!(policy.text.starts_with("Image pull policy."));
        let containers = over("containers").expect("a field");
        assert_eq!((containers.ty.as_str(), containers.is_required), ("[]Container", true));
    }

    #[test]
    fn values_and_free_keys_say_nothing() {
        assert_eq!(over("Always"), None);
        assert_eq!(over("app: b"), None);
        assert_eq!(hover("nonsense: 1\n", 2), None);
        assert_eq!(hover("", 0), None);
    }
}
