//! jq's own functions, operators and formats.

mod collection;
mod filter;
mod format;
mod nullary;
mod operator;
mod values;

use self::filter::with_filter;
use self::nullary::of_input;
use self::values::with_values;
use super::json::Json;
use super::path;
use super::run::{Env, Machine, Ran, Sink, failed, recurse};
use super::syntax::Filter;

pub(super) use collection::indices;
pub(super) use format::formatted;
pub(super) use operator::binary;

/// Names and numbers of arguments.
const FUNCTIONS: &[(&str, usize)] = &[
    ("add", 0),
    ("add", 1),
    ("all", 0),
    ("all", 1),
    ("any", 0),
    ("any", 1),
    ("arrays", 0),
    ("ascii_downcase", 0),
    ("ascii_upcase", 0),
    ("booleans", 0),
    ("capture", 1),
    ("capture", 2),
    ("ceil", 0),
    ("contains", 1),
    ("debug", 0),
    ("del", 1),
    ("delpaths", 1),
    ("empty", 0),
    ("endswith", 1),
    ("env", 0),
    ("error", 0),
    ("error", 1),
    ("explode", 0),
    ("fabs", 0),
    ("first", 0),
    ("first", 1),
    ("flatten", 0),
    ("flatten", 1),
    ("floor", 0),
    ("from_entries", 0),
    ("fromjson", 0),
    ("getpath", 1),
    ("group_by", 1),
    ("gsub", 2),
    ("gsub", 3),
    ("halt", 0),
    ("has", 1),
    ("implode", 0),
    ("in", 1),
    ("index", 1),
    ("indices", 1),
    ("infinite", 0),
    ("inside", 1),
    ("isempty", 1),
    ("isvalid", 1),
    ("iterables", 0),
    ("join", 1),
    ("keys", 0),
    ("keys_unsorted", 0),
    ("last", 0),
    ("last", 1),
    ("leaf_paths", 0),
    ("length", 0),
    ("limit", 2),
    ("ltrimstr", 1),
    ("map", 1),
    ("map_values", 1),
    ("match", 1),
    ("match", 2),
    ("max", 0),
    ("max_by", 1),
    ("min", 0),
    ("min_by", 1),
    ("nan", 0),
    ("not", 0),
    ("nth", 1),
    ("nth", 2),
    ("nulls", 0),
    ("numbers", 0),
    ("objects", 0),
    ("path", 1),
    ("paths", 0),
    ("paths", 1),
    ("pick", 1),
    ("range", 1),
    ("range", 2),
    ("range", 3),
    ("recurse", 0),
    ("recurse", 1),
    ("reverse", 0),
    ("rindex", 1),
    ("round", 0),
    ("rtrimstr", 1),
    ("scalars", 0),
    ("scan", 1),
    ("scan", 2),
    ("select", 1),
    ("setpath", 2),
    ("sort", 0),
    ("sort_by", 1),
    ("split", 1),
    ("split", 2),
    ("sqrt", 0),
    ("startswith", 1),
    ("strings", 0),
    ("sub", 2),
    ("sub", 3),
    ("test", 1),
    ("test", 2),
    ("to_entries", 0),
    ("tojson", 0),
    ("tonumber", 0),
    ("tostring", 0),
    ("transpose", 0),
    ("trim", 0),
    ("ltrim", 0),
    ("rtrim", 0),
    ("type", 0),
    ("unique", 0),
    ("unique_by", 1),
    ("until", 2),
    ("values", 0),
    ("walk", 1),
    ("while", 2),
    ("with_entries", 1),
    ("splits", 1),
    ("ascii", 0),
    ("tojson", 0),
    ("abs", 0),
    ("toarray", 0),
    ("have_literal_numbers", 0),
];

pub(super) fn is_known(name: &str, count: usize) -> bool {
    FUNCTIONS.contains(&(name, count))
}

pub(super) fn is_format(name: &str) -> bool {
    matches!(name, "text" | "json" | "csv" | "tsv" | "html" | "uri" | "sh" | "base64" | "base64d")
}

/// A value as errors name it: `number (1)`.
pub(super) fn described(value: &Json) -> String {
    match value {
        Json::Null => "null".to_owned(),
        value => {
            let text = value.compact();
            let short: String = text.chars().take(11).collect();
            let text = if short.len() < text.len() { format!("{short}...") } else { text };
            format!("{} ({text})", value.kind())
        }
    }
}

fn truth(holds: bool) -> Json {
    Json::Bool(holds)
}

fn array<'j>(value: &'j Json, what: &str) -> Ran<&'j Vec<Json>> {
    match value {
        Json::Array(items) => Ok(items),
        other => failed(format!("{} cannot be {what}, as it is not an array", described(other))),
    }
}

fn text<'j>(value: &'j Json, what: &str) -> Ran<&'j str> {
    match value {
        Json::Text(text) => Ok(text),
        other => failed(format!("{} {what}", described(other))),
    }
}

fn number(value: &Json) -> Ran<f64> {
    match value {
        Json::Number(number) => Ok(*number),
        other => failed(format!("{} number required", described(other))),
    }
}

pub(super) fn call(
    machine: &mut Machine,
    name: &str,
    arguments: &[Filter],
    input: &Json,
    env: &Env,
    out: &mut Sink<'_>,
) -> Ran<()> {
    if arguments.is_empty() {
        if let Some(value) = of_input(machine, name, input)? {
            return out(value);
        }
        let wanted: fn(&Json) -> bool = match name {
            "empty" => return Ok(()),
            "recurse" => return recurse(input, out),
            "paths" | "leaf_paths" => {
                let leaves = name == "leaf_paths";
                for path in path::paths(machine, &Filter::Recurse, input, env)? {
                    let leaf = !matches!(path::get(input, &path)?, Json::Array(_) | Json::Object(_));
                    if !path.is_empty() && (!leaves || leaf) {
                        out(Json::array(path))?;
                    }
                }
                return Ok(());
            }
            "values" => |value| *value != Json::Null,
            "nulls" => |value| *value == Json::Null,
            "booleans" => |value| matches!(value, Json::Bool(_)),
            "numbers" => |value| matches!(value, Json::Number(_)),
            "strings" => |value| matches!(value, Json::Text(_)),
            "arrays" => |value| matches!(value, Json::Array(_)),
            "objects" => |value| matches!(value, Json::Object(_)),
            "iterables" => |value| matches!(value, Json::Array(_) | Json::Object(_)),
            "scalars" => |value| !matches!(value, Json::Array(_) | Json::Object(_)),
            _ => return failed(format!("{name}/0 is not simulated")),
        };
        return if wanted(input) { out(input.clone()) } else { Ok(()) };
    }
    if let [filter] = arguments
        && let Some(ended) = with_filter(machine, name, filter, input, env, out)
    {
        return ended;
    }
    with_values(machine, name, arguments, input, env, out)
}
