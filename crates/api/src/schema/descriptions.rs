//! What Kubernetes' API says its structs and fields are for.
//!
//! The texts are a tenth of the page's download and seldom read, so they are a file of their own, which the page
//! fetches when an editor or `kubectl explain` needs it; a native program has them built in. `build.rs` writes
//! the file in the order of the table, with a tab behind each name:
//!
//! ```text
//! #PodSpec    PodSpec is a description of a pod.       a struct
//! affinity    If specified, the pod's …                its fields; "\n" and "\\" are escaped
//! #=t    Time is a wrapper …                            a type that is one letter in the table
//! ```

use std::sync::OnceLock;

use super::{StructId, Type};

/// The texts by their places in the file.
struct Texts {
    text: &'static str,
    /// Where each struct's line begins, in the order of the table.
    structs: Vec<usize>,
}

static TEXTS: OnceLock<Texts> = OnceLock::new();

#[cfg(not(target_family = "wasm"))]
fn texts() -> Option<&'static Texts> {
    const BUILT_IN: &str = include_str!(concat!(env!("OUT_DIR"), "/descriptions.txt"));
    Some(TEXTS.get_or_init(|| index(BUILT_IN)))
}

#[cfg(target_family = "wasm")]
fn texts() -> Option<&'static Texts> {
    TEXTS.get()
}

/// Takes the file's text, once for the whole life of the program; a second text is not looked at.
pub fn load(text: String) {
    if TEXTS.get().is_none() {
        let _ = TEXTS.set(index(text.leak()));
    }
}

/// Whether there is any text here.
pub fn are_loaded() -> bool {
    texts().is_some()
}

fn index(text: &'static str) -> Texts {
    let begins = text.match_indices('#').map(|(at, _)| at);
    let structs = begins.filter(|at| *at == 0 || text.as_bytes().get(at - 1) == Some(&b'\n')).collect();
    Texts { text, structs }
}

impl Texts {
    /// The lines of the struct: its own first.
    fn of(&self, id: StructId) -> Option<&'static str> {
        let start = *self.structs.get(usize::from(id.0))?;
        let end = self.structs.get(usize::from(id.0) + 1).copied().unwrap_or(self.text.len());
        self.text.get(start..end)
    }
}

/// What is said of a struct; `None` where nothing is, or the file is not loaded.
pub fn of_struct(id: StructId) -> Option<String> {
    let (_, text) = texts()?.of(id)?.lines().next()?.split_once('\t')?;
    said(text)
}

/// What is said of a field of a struct.
pub fn of_field(id: StructId, field: &str) -> Option<String> {
    let mut lines = texts()?.of(id)?.lines().skip(1);
    let text = lines.find_map(|line| line.strip_prefix(field)?.strip_prefix('\t'))?;
    said(text)
}

/// What is said of a type, whatever the field is.
pub fn of_type(ty: &Type) -> Option<String> {
    let letter = match ty {
        Type::Struct(id) => return of_struct(*id),
        Type::Time => "t",
        Type::MicroTime => "m",
        Type::Quantity => "q",
        Type::IntOrString => "x",
        _ => return None,
    };
    let texts = texts()?;
    let mut scalars = texts.text.lines().rev().take_while(|line| line.starts_with("#="));
    said(scalars.find_map(|line| line.strip_prefix("#=")?.strip_prefix(letter)?.strip_prefix('\t'))?)
}

fn said(escaped: &str) -> Option<String> {
    if escaped.is_empty() {
        return None;
    }
    let mut text = String::with_capacity(escaped.len());
    let mut letters = escaped.chars();
    while let Some(letter) = letters.next() {
        match letter {
            '\\' => text.push(letters.next().map_or('\\', |next| if next == 'n' { '\n' } else { next })),
            _ => text.push(letter),
        }
    }
    Some(text)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::schema::{kinds, structure, structure_by_name};

    fn id(name: &str) -> StructId {
        structure_by_name(name).expect("a struct")
    }

    #[test]
    fn structs_fields_and_types_have_their_texts() {
        assert_eq!(of_struct(id("PodSpec")).as_deref(), Some("PodSpec is a description of a pod."));
        let policy = of_field(id("Container"), "imagePullPolicy").expect("a text");
        assert!(policy.starts_with("Image pull policy. One of Always, Never, IfNotPresent."), "{policy}");
        assert!(of_type(&Type::Time).expect("a text").starts_with("Time is a wrapper"));
        assert!(of_type(&Type::Quantity).expect("a text").contains("\n"));
        assert_eq!(of_type(&Type::Bool), None);
        assert_eq!(of_field(id("Container"), "imagePull"), None);
    }

    #[test]
    fn the_texts_stand_in_the_order_of_the_table() {
        for kind in kinds() {
            let lines = texts().and_then(|texts| texts.of(kind.root)).expect("the struct's lines");
            let names: Vec<&str> = lines.lines().filter_map(|line| Some(line.split_once('\t')?.0)).collect();
            assert!(names[0].ends_with(kind.kind), "{names:?}");
            let mut fields: Vec<&str> = names[1..].to_vec();
            fields.sort_unstable();
            let known: Vec<&str> = structure(kind.root).fields.iter().map(|field| field.name).collect();
            assert_eq!(fields, known);
        }
    }

    #[test]
    fn escapes_are_undone() {
        assert_eq!(said("a\\nb\\\\n").as_deref(), Some("a\nb\\n"));
        assert_eq!(said(""), None);
    }
}
