//! jq's values. Objects keep the order in which their fields were written.

use std::cmp::Ordering;
use std::rc::Rc;

use serde::de::{Deserialize, Deserializer, MapAccess, SeqAccess, Visitor};
use sim::order::SortShared;

#[derive(Clone, Debug, PartialEq)]
pub(super) enum Json {
    Null,
    Bool(bool),
    Number(f64),
    Text(Rc<str>),
    Array(Rc<Vec<Json>>),
    Object(Rc<Vec<(Rc<str>, Json)>>),
}

/// How values are printed.
#[derive(Clone, Debug, Default)]
pub(super) struct Style {
    /// `None`: all on one line.
    pub indent: Option<String>,
    pub sorted: bool,
    pub ascii: bool,
}

impl Json {
    pub(super) fn text(text: &str) -> Json {
        Json::Text(text.into())
    }

    pub(super) fn array(items: Vec<Json>) -> Json {
        Json::Array(Rc::new(items))
    }

    /// An object; of fields with one name the last counts, at the place of the first.
    pub(super) fn object(fields: Vec<(Rc<str>, Json)>) -> Json {
        let mut all: Vec<(Rc<str>, Json)> = Vec::with_capacity(fields.len());
        let mut places = sim::SortedMap::new();
        for (name, value) in fields {
            match places.get(&name).copied().and_then(|at: usize| all.get_mut(at)) {
                Some(slot) => slot.1 = value,
                None => {
                    places.insert(name.clone(), all.len());
                    all.push((name, value));
                }
            }
        }
        Json::Object(Rc::new(all))
    }

    pub(super) fn kind(&self) -> &'static str {
        match self {
            Json::Null => "null",
            Json::Bool(_) => "boolean",
            Json::Number(_) => "number",
            Json::Text(_) => "string",
            Json::Array(_) => "array",
            Json::Object(_) => "object",
        }
    }

    pub(super) fn holds(&self) -> bool {
        !matches!(self, Json::Null | Json::Bool(false))
    }

    pub(super) fn field(&self, name: &str) -> Option<&Json> {
        match self {
            Json::Object(fields) => fields.iter().find(|(known, _)| **known == *name).map(|(_, value)| value),
            _ => None,
        }
    }

    /// The names of an object's fields, in order.
    pub(super) fn sorted_fields(&self) -> Vec<(Rc<str>, Json)> {
        match self {
            Json::Object(fields) => {
                let mut fields = (**fields).clone();
                fields.sort_shared_by(|(left, _), (right, _)| left.cmp(right));
                fields
            }
            _ => Vec::new(),
        }
    }

    /// jq's order: null, false, true, numbers, strings, arrays, objects.
    pub(super) fn compare(&self, other: &Json) -> Ordering {
        let rank = |value: &Json| match value {
            Json::Null => 0,
            Json::Bool(false) => 1,
            Json::Bool(true) => 2,
            Json::Number(_) => 3,
            Json::Text(_) => 4,
            Json::Array(_) => 5,
            Json::Object(_) => 6,
        };
        match (self, other) {
            (Json::Number(left), Json::Number(right)) => left.partial_cmp(right).unwrap_or(Ordering::Equal),
            (Json::Text(left), Json::Text(right)) => left.cmp(right),
            (Json::Array(left), Json::Array(right)) => {
                let pairs = left.iter().zip(right.iter()).map(|(left, right)| left.compare(right));
                pairs.fold(Ordering::Equal, Ordering::then).then(left.len().cmp(&right.len()))
            }
            (Json::Object(_), Json::Object(_)) => {
                let (left, right) = (self.sorted_fields(), other.sorted_fields());
                let names = left.iter().map(|(name, _)| name).cmp(right.iter().map(|(name, _)| name));
                let values = left.iter().zip(&right).map(|((_, left), (_, right))| left.compare(right));
                names.then(values.fold(Ordering::Equal, Ordering::then))
            }
            _ => rank(self).cmp(&rank(other)),
        }
    }

    pub(super) fn equals(&self, other: &Json) -> bool {
        self.compare(other) == Ordering::Equal
    }

    // ---- printing ----

    /// On one line.
    pub(super) fn compact(&self) -> String {
        self.print(&Style::default())
    }

    pub(super) fn print(&self, style: &Style) -> String {
        let mut out = String::new();
        self.write(style, 0, &mut out);
        out
    }

    fn write(&self, style: &Style, depth: usize, out: &mut String) {
        match self {
            Json::Null => out.push_str("null"),
            Json::Bool(value) => out.push_str(if *value { "true" } else { "false" }),
            Json::Number(number) => out.push_str(&number_text(*number)),
            Json::Text(text) => write_text(text, style.ascii, out),
            Json::Array(items) => {
                write_items(style, depth, ('[', ']'), items.iter(), out, |item, out| {
                    item.write(style, depth + 1, out);
                });
            }
            Json::Object(fields) => {
                let sorted;
                let fields: &[(Rc<str>, Json)] = match style.sorted {
                    true => {
                        sorted = self.sorted_fields();
                        &sorted
                    }
                    false => fields,
                };
                write_items(style, depth, ('{', '}'), fields.iter(), out, |(name, value), out| {
                    write_text(name, style.ascii, out);
                    out.push_str(if style.indent.is_some() { ": " } else { ":" });
                    value.write(style, depth + 1, out);
                });
            }
        }
    }
}

fn write_items<T>(
    style: &Style,
    depth: usize,
    (open, close): (char, char),
    items: impl ExactSizeIterator<Item = T>,
    out: &mut String,
    write: impl Fn(T, &mut String),
) {
    out.push(open);
    let empty = items.len() == 0;
    let line = |out: &mut String, depth: usize| {
        if let Some(indent) = style.indent.as_deref().filter(|_| !empty) {
            out.push('\n');
            (0..depth).for_each(|_| out.push_str(indent));
        }
    };
    for (at, item) in items.enumerate() {
        if at > 0 {
            out.push(',');
        }
        line(out, depth + 1);
        write(item, out);
    }
    line(out, depth);
    out.push(close);
}

fn write_text(text: &str, ascii: bool, out: &mut String) {
    out.push('"');
    for c in text.chars() {
        match c {
            '"' => out.push_str("\\\""),
            '\\' => out.push_str("\\\\"),
            '\n' => out.push_str("\\n"),
            '\t' => out.push_str("\\t"),
            '\r' => out.push_str("\\r"),
            '\x08' => out.push_str("\\b"),
            '\x0c' => out.push_str("\\f"),
            c if c < ' ' || c == '\x7f' || (ascii && !c.is_ascii()) => {
                let mut units = [0; 2];
                for unit in c.encode_utf16(&mut units) {
                    out.push_str(&format!("\\u{unit:04x}"));
                }
            }
            c => out.push(c),
        }
    }
    out.push('"');
}

pub(super) fn number_text(number: f64) -> String {
    if number == number.trunc() && number.abs() < 1e17 {
        return format!("{}", number as i64);
    }
    match number {
        number if number.is_nan() => "null".to_owned(),
        number if number.is_infinite() => {
            if number > 0.0 { "1.7976931348623157e+308" } else { "-1.7976931348623157e+308" }.to_owned()
        }
        number => format!("{number}"),
    }
}

/// The values of a text, one after the other; a mistake ends them.
pub(super) fn read_all(bytes: &[u8]) -> Vec<Result<Json, String>> {
    let values = serde_json::Deserializer::from_slice(bytes).into_iter::<Json>();
    let mut all = Vec::new();
    for value in values {
        let failed = value.is_err();
        all.push(value.map_err(|error| error.to_string()));
        if failed {
            break;
        }
    }
    all
}

impl<'de> Deserialize<'de> for Json {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Json, D::Error> {
        deserializer.deserialize_any(AnyJson)
    }
}

struct AnyJson;

impl<'de> Visitor<'de> for AnyJson {
    type Value = Json;

    fn expecting(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("JSON")
    }

    fn visit_unit<E>(self) -> Result<Json, E> {
        Ok(Json::Null)
    }

    fn visit_bool<E>(self, value: bool) -> Result<Json, E> {
        Ok(Json::Bool(value))
    }

    fn visit_i64<E>(self, value: i64) -> Result<Json, E> {
        Ok(Json::Number(value as f64))
    }

    fn visit_u64<E>(self, value: u64) -> Result<Json, E> {
        Ok(Json::Number(value as f64))
    }

    fn visit_f64<E>(self, value: f64) -> Result<Json, E> {
        Ok(Json::Number(value))
    }

    fn visit_str<E>(self, value: &str) -> Result<Json, E> {
        Ok(Json::text(value))
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut items: A) -> Result<Json, A::Error> {
        let mut all = Vec::new();
        while let Some(item) = items.next_element()? {
            all.push(item);
        }
        Ok(Json::array(all))
    }

    fn visit_map<A: MapAccess<'de>>(self, mut fields: A) -> Result<Json, A::Error> {
        let mut all: Vec<(Rc<str>, Json)> = Vec::new();
        while let Some((name, value)) = fields.next_entry::<String, Json>()? {
            all.push((name.into(), value));
        }
        Ok(Json::object(all))
    }
}
