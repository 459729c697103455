//! What fits at the cursor: fields of the map it is in, values of the field before it.

use api::schema::{Field, StructId, Type, descriptions, kinds, structure};
use sim::SortedSet;

use crate::Known;
use crate::cursor::{Cursor, Place};
use crate::resolve::{Found, item, kind_of, resolve};
use crate::values::{Offer, offered};

/// What fits at a place.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Completions {
    /// The byte at which the word begins that is completed.
    pub from: usize,
    /// What may stand there.
    pub options: Vec<Completion>,
}

/// One thing that may stand at the cursor.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Completion {
    /// What is written.
    pub label: String,
    /// A field's type as `kubectl explain` writes it; of a value what it is: `Node`, `label`, `image`.
    pub detail: String,
    /// Whether it is a field that has to be there.
    pub is_required: bool,
    /// One sentence of what the API says of it; empty while that is not loaded.
    pub text: String,
    /// What is put in, with line breaks where more follows below.
    pub apply: String,
    /// Higher comes first, -99 to 99.
    pub boost: i32,
}

/// What fits at byte `at` of a text. Unless it is `asked` for, an empty word is completed behind a colon only.
pub fn complete(text: &str, at: usize, asked: bool, known: &dyn Known) -> Option<Completions> {
    let cursor = Cursor::at(text, at)?;
    let options = match (cursor.steps.as_slice(), cursor.place) {
        (_, Place::Key) if cursor.word.is_empty() && !asked => return None,
        ([crate::cursor::PathElement::Key(key)], Place::Value) if key == "kind" => kind_names(&cursor),
        ([crate::cursor::PathElement::Key(key)], Place::Value) if key == "apiVersion" => versions(&cursor),
        (steps, place) => match kind_of(&cursor) {
            Some(info) => {
                let found = resolve(info, steps)?;
                match place {
                    Place::Key => keys(&found, &cursor, known),
                    Place::Value => values(&found, &cursor, known),
                }
            }
            None if steps.is_empty() && place == Place::Key => first_keys(&cursor),
            None => return None,
        },
    };
    (!options.is_empty()).then_some(Completions { from: cursor.from, options })
}

fn value(label: &str, detail: &str) -> Completion {
    Completion {
        label: label.to_owned(),
        detail: detail.to_owned(),
        apply: label.to_owned(),
        ..Completion::default()
    }
}

fn kind_names(cursor: &Cursor) -> Vec<Completion> {
    let fits = |version: &str| cursor.api_version.is_none_or(|wanted| wanted == version);
    let fitting = kinds().iter().filter(|info| fits(info.api_version));
    fitting
        .map(|info| Completion {
            text: first_sentence(descriptions::of_struct(info.root)),
            ..value(info.kind, info.api_version)
        })
        .collect()
}

fn versions(cursor: &Cursor) -> Vec<Completion> {
    let fits = |kind: &str| cursor.kind.is_none_or(|wanted| wanted == kind);
    let all: SortedSet<&str> =
        kinds().iter().filter(|info| fits(info.kind)).map(|info| info.api_version).collect();
    all.into_iter().map(|version| value(version, "")).collect()
}

/// What every object begins with.
fn first_keys(cursor: &Cursor) -> Vec<Completion> {
    let free = ["apiVersion", "kind"].into_iter().filter(|key| !cursor.siblings.contains(key));
    free.map(|key| Completion {
        is_required: true,
        apply: if has_colon(cursor) { key.to_owned() } else { format!("{key}: ") },
        ..value(key, "string")
    })
    .collect()
}

fn keys(found: &Found, cursor: &Cursor, known: &dyn Known) -> Vec<Completion> {
    // A list whose dash is not there yet.
    let dash = if matches!(found.ty, Type::List(_)) { "- " } else { "" };
    match item(&found.ty) {
        Type::Struct(id) => fields(*id, cursor, dash),
        Type::Map(of) => map_keys(found, of, cursor, known),
        _ => offered(found, cursor, known).iter().map(|offer| offer_of(offer, dash)).collect(),
    }
}

fn values(found: &Found, cursor: &Cursor, known: &dyn Known) -> Vec<Completion> {
    if matches!(found.ty, Type::Struct(_) | Type::List(_) | Type::Map(_)) {
        return Vec::new();
    }
    offered(found, cursor, known).iter().map(|offer| offer_of(offer, "")).collect()
}

fn offer_of(offer: &Offer, before: &str) -> Completion {
    // Of these YAML would make something else than a text.
    let needs_quotes = !offer.is.is_empty() && reads_otherwise(&offer.value);
    let shown = if needs_quotes { format!("\"{}\"", offer.value) } else { offer.value.clone() };
    Completion { apply: format!("{before}{shown}"), ..value(&offer.value, offer.is) }
}

fn reads_otherwise(text: &str) -> bool {
    let is_number = text.parse::<f64>().is_ok();
    is_number
        || text.is_empty()
        || matches!(text, "true" | "false" | "yes" | "no" | "on" | "off" | "null" | "~" | "y" | "n")
}

/// Whether the key at the cursor has its colon already.
fn has_colon(cursor: &Cursor) -> bool {
    let word_end =
        cursor.behind.find(|letter: char| !letter.is_alphanumeric()).unwrap_or(cursor.behind.len());
    cursor.behind.get(word_end..).unwrap_or_default().starts_with(':')
}

fn fields(id: StructId, cursor: &Cursor, dash: &str) -> Vec<Completion> {
    let all = structure(id).fields.iter();
    let free = all.filter(|field| !cursor.siblings.contains(&field.name));
    free.map(|field| Completion {
        is_required: field.required,
        text: first_sentence(descriptions::of_field(id, field.name)),
        apply: if has_colon(cursor) {
            field.name.to_owned()
        } else {
            begun(field, cursor.column + dash.len(), dash)
        },
        boost: boost(structure(id).name, field),
        ..value(field.name, &field.ty.to_string())
    })
    .collect()
}

/// A field up to where its value begins.
fn begun(field: &Field, column: usize, dash: &str) -> String {
    let blanks = " ".repeat(column);
    match &field.ty {
        Type::Struct(_) | Type::Map(_) => format!("{dash}{}:\n{blanks}  ", field.name),
        Type::List(_) => format!("{dash}{}:\n{blanks}- ", field.name),
        _ => format!("{dash}{}: ", field.name),
    }
}

/// What the API server writes by itself comes last, what must be there first.
fn boost(owner: &str, field: &Field) -> i32 {
    let by_server = match owner {
        "ObjectMeta" => {
            !matches!(field.name, "annotations" | "generateName" | "labels" | "name" | "namespace")
        }
        _ => field.name == "status",
    };
    match (by_server, field.required) {
        (true, _) => -50,
        (_, true) => 50,
        (_, false) => 0,
    }
}

/// Resources that nodes have by default.
const RESOURCES: [&str; 3] = ["cpu", "memory", "ephemeral-storage"];

fn map_keys(found: &Found, of: &Type, cursor: &Cursor, known: &dyn Known) -> Vec<Completion> {
    let Some((id, field)) = found.field else { return Vec::new() };
    let (keys, detail): (Vec<String>, _) = match (structure(id).name, field.name, of) {
        (_, "limits" | "requests", Type::Quantity) => (RESOURCES.map(str::to_owned).to_vec(), "Quantity"),
        ("PodSpec", "nodeSelector", _) => (known.node_labels().into_keys().collect(), "label"),
        _ => return Vec::new(),
    };
    let free = keys.into_iter().filter(|key| !cursor.siblings.contains(&key.as_str()));
    free.map(|key| Completion {
        apply: if has_colon(cursor) { key.clone() } else { format!("{key}: ") },
        ..value(&key, detail)
    })
    .collect()
}

/// Where a text is cut that has no early end of a sentence.
const LONGEST: usize = 200;

fn first_sentence(text: Option<String>) -> String {
    let text = text.unwrap_or_default();
    let line = text.lines().next().unwrap_or_default();
    let end = line.find(". ").map_or(line.len(), |at| at + 1);
    let sentence = line.get(..end).unwrap_or(line);
    match sentence.char_indices().nth(LONGEST) {
        Some((at, _)) => format!("{}…", sentence.get(..at).unwrap_or_default()),
        None => sentence.to_owned(),
    }
}

#[cfg(test)]
mod tests;
