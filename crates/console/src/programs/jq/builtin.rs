//! jq's own functions, operators and formats.

use std::cmp::Ordering;
use std::rc::Rc;

use super::json::{self, Json};
use super::path;
use super::regex::Search;
use super::run::{Env, Failure, Machine, Ran, Sink, Stop, failed, recurse};
use super::syntax::Filter;
use crate::programs::text::base64;
use sim::order::SortShared;

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

pub(super) fn binary(operator: &str, left: &Json, right: &Json) -> Ran<Json> {
    let order = || left.compare(right);
    Ok(match operator {
        "==" => Json::Bool(order() == Ordering::Equal),
        "!=" => Json::Bool(order() != Ordering::Equal),
        "<" => Json::Bool(order() == Ordering::Less),
        "<=" => Json::Bool(order() != Ordering::Greater),
        ">" => Json::Bool(order() == Ordering::Greater),
        ">=" => Json::Bool(order() != Ordering::Less),
        operator => return arithmetic(operator, left, right),
    })
}

/// A text that would be longer is refused.
const LONGEST: usize = 4 << 20;

fn arithmetic(operator: &str, left: &Json, right: &Json) -> Ran<Json> {
    match (operator, left, right) {
        ("+", Json::Null, other) | ("+", other, Json::Null) => Ok(other.clone()),
        ("+", Json::Number(left), Json::Number(right)) => Ok(Json::Number(left + right)),
        ("+", Json::Text(left), Json::Text(right)) if left.len() + right.len() <= LONGEST => {
            Ok(Json::text(&format!("{left}{right}")))
        }
        ("+", Json::Array(left), Json::Array(right)) => Ok(Json::array([&left[..], &right[..]].concat())),
        ("+", Json::Object(left), Json::Object(right)) => Ok(Json::object([&left[..], &right[..]].concat())),
        ("-", Json::Number(left), Json::Number(right)) => Ok(Json::Number(left - right)),
        ("-", Json::Array(left), Json::Array(right)) => {
            let kept = left.iter().filter(|item| !right.iter().any(|gone| gone.equals(item)));
            Ok(Json::array(kept.cloned().collect()))
        }
        ("*", Json::Number(left), Json::Number(right)) => Ok(Json::Number(left * right)),
        ("*", Json::Text(text), Json::Number(times)) | ("*", Json::Number(times), Json::Text(text)) => {
            let times = times.max(0.0).ceil() as usize;
            if text.len().saturating_mul(times) > LONGEST {
                return failed("Repeat string result too long");
            }
            Ok(if times == 0 { Json::Null } else { Json::text(&text.repeat(times)) })
        }
        ("*", Json::Object(_), Json::Object(_)) => Ok(merged(left, right, 0)),
        ("/" | "%", Json::Number(_), Json::Number(right_number)) if *right_number == 0.0 => failed(format!(
            "{} and {} cannot be divided because the divisor is zero",
            described(left),
            described(right)
        )),
        ("/", Json::Number(left), Json::Number(right)) => Ok(Json::Number(left / right)),
        ("%", Json::Number(left), Json::Number(right)) => {
            Ok(Json::Number((left.trunc() % right.trunc()).trunc()))
        }
        ("/", Json::Text(text), Json::Text(separator)) => Ok(split(text, separator)),
        _ => {
            let verb = match operator {
                "+" => "added",
                "-" => "subtracted",
                "*" => "multiplied",
                _ => "divided",
            };
            failed(format!("{} and {} cannot be {verb}", described(left), described(right)))
        }
    }
}

/// Objects put together, those inside of them as well.
fn merged(left: &Json, right: &Json, depth: u32) -> Json {
    match (left, right) {
        (Json::Object(fields), Json::Object(others)) if depth < 100 => {
            let mut fields = (**fields).clone();
            for (name, value) in others.iter() {
                match fields.iter_mut().find(|(known, _)| known == name) {
                    Some((_, slot)) => *slot = merged(slot, value, depth + 1),
                    None => fields.push((name.clone(), value.clone())),
                }
            }
            Json::Object(Rc::new(fields))
        }
        (_, right) => right.clone(),
    }
}

fn split(text: &str, separator: &str) -> Json {
    let parts: Vec<Json> = match (text, separator) {
        ("", _) => Vec::new(),
        (text, "") => text.chars().map(|c| Json::text(&c.to_string())).collect(),
        (text, separator) => text.split(separator).map(Json::text).collect(),
    };
    Json::array(parts)
}

/// Where one list begins in another.
pub(super) fn indices(items: &[Json], wanted: &[Json]) -> Json {
    if wanted.is_empty() {
        return Json::Null;
    }
    let fits = |at: &usize| {
        items
            .get(*at..at + wanted.len())
            .is_some_and(|part| part.iter().zip(wanted).all(|(a, b)| a.equals(b)))
    };
    let last = (items.len() + 1).saturating_sub(wanted.len());
    Json::array((0..last).filter(fits).map(|at| Json::Number(at as f64)).collect())
}

/// A value as `@name` prints it.
pub(super) fn formatted(format: &str, value: &Json) -> Ran<String> {
    let plain = |value: &Json| match value {
        Json::Text(text) => text.to_string(),
        other => other.compact(),
    };
    let row = |value: &Json, cell: &dyn Fn(&Json) -> Ran<String>, between: &str| -> Ran<String> {
        let Json::Array(items) = value else {
            return failed(format!(
                "{} cannot be {format}-formatted, only an array can be",
                described(value)
            ));
        };
        let cells: Ran<Vec<String>> = items.iter().map(cell).collect();
        Ok(cells?.join(between))
    };
    let simple = |value: &Json| -> Ran<String> {
        match value {
            Json::Array(_) | Json::Object(_) => {
                failed(format!("{} is not valid in a {format} row", described(value)))
            }
            Json::Null => Ok(String::new()),
            other => Ok(plain(other)),
        }
    };
    match format {
        "json" => Ok(value.compact()),
        "csv" => row(
            value,
            &|cell| match cell {
                Json::Text(text) => Ok(format!("\"{}\"", text.replace('"', "\"\""))),
                other => simple(other),
            },
            ",",
        ),
        "tsv" => row(
            value,
            &|cell| {
                let text = simple(cell)?;
                Ok(text.replace('\\', "\\\\").replace('\t', "\\t").replace('\n', "\\n").replace('\r', "\\r"))
            },
            "\t",
        ),
        "html" => Ok(plain(value)
            .replace('&', "&amp;")
            .replace('<', "&lt;")
            .replace('>', "&gt;")
            .replace('\'', "&#39;")
            .replace('"', "&quot;")),
        "uri" => {
            let keep = |byte: u8| byte.is_ascii_alphanumeric() || b"-_.~".contains(&byte);
            let text = plain(value);
            Ok(text
                .bytes()
                .map(|byte| if keep(byte) { char::from(byte).to_string() } else { format!("%{byte:02X}") })
                .collect())
        }
        "sh" => {
            let quoted = |value: &Json| -> Ran<String> {
                match value {
                    Json::Text(text) => Ok(format!("'{}'", text.replace('\'', "'\\''"))),
                    Json::Array(_) | Json::Object(_) => {
                        failed(format!("{} can not be escaped for shell", described(value)))
                    }
                    other => Ok(other.compact()),
                }
            };
            match value {
                Json::Array(items) => {
                    let words: Ran<Vec<String>> = items.iter().map(quoted).collect();
                    Ok(words?.join(" "))
                }
                value => quoted(value),
            }
        }
        "base64" => Ok(base64::encode(plain(value).as_bytes())),
        "base64d" => {
            let text = plain(value);
            let padded = format!("{}{}", text, "=".repeat((4 - text.len() % 4) % 4));
            match base64::decode(padded.as_bytes(), false) {
                (bytes, true) => Ok(String::from_utf8_lossy(&bytes).into_owned()),
                _ => failed(format!("{} is not valid base64 data", described(value))),
            }
        }
        _ => Ok(plain(value)),
    }
}

fn truth(holds: bool) -> Json {
    Json::Bool(holds)
}

fn entries(value: &Json) -> Ran<Json> {
    let Json::Object(fields) = value else {
        return failed(format!("{} has no keys", described(value)));
    };
    let entry = |(name, value): &(Rc<str>, Json)| {
        Json::object(vec![("key".into(), Json::Text(name.clone())), ("value".into(), value.clone())])
    };
    Ok(Json::array(fields.iter().map(entry).collect()))
}

fn from_entries(value: &Json) -> Ran<Json> {
    let mut fields = Vec::new();
    for entry in path::items(value)? {
        let find = |names: &[&str]| names.iter().find_map(|name| entry.field(name).cloned());
        let name = match find(&["key", "k", "name", "Name", "Key", "K"]) {
            Some(Json::Text(name)) => name,
            Some(Json::Null) | None => "null".into(),
            Some(other @ (Json::Number(_) | Json::Bool(_))) => other.compact().into(),
            Some(other) => return failed(format!("Cannot use {} as object key", described(&other))),
        };
        fields.push((name, find(&["value", "v", "Value", "V"]).unwrap_or(Json::Null)));
    }
    Ok(Json::object(fields))
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

/// Items with what a filter makes of each, in order of that.
fn keyed(machine: &mut Machine, filter: &Filter, input: &Json, env: &Env) -> Ran<Vec<(Json, Json)>> {
    let mut all = Vec::new();
    for item in array(input, "sorted")?.clone() {
        let key = Json::array(machine.all(filter, &item, env)?);
        all.push((key, item));
    }
    all.sort_shared_by(|(left, _), (right, _)| left.compare(right));
    Ok(all)
}

fn grouped(machine: &mut Machine, filter: &Filter, input: &Json, env: &Env) -> Ran<Vec<Vec<Json>>> {
    let mut groups: Vec<(Json, Vec<Json>)> = Vec::new();
    for (key, item) in keyed(machine, filter, input, env)? {
        match groups.last_mut() {
            Some((last, items)) if last.equals(&key) => items.push(item),
            _ => groups.push((key, vec![item])),
        }
    }
    Ok(groups.into_iter().map(|(_, items)| items).collect())
}

fn flatten(items: &[Json], depth: f64, out: &mut Vec<Json>) {
    for item in items {
        match item {
            Json::Array(inner) if depth > 0.0 => flatten(inner, depth - 1.0, out),
            other => out.push(other.clone()),
        }
    }
}

fn contains(value: &Json, part: &Json) -> Ran<bool> {
    match (value, part) {
        (Json::Text(value), Json::Text(part)) => Ok(value.contains(&**part)),
        (Json::Array(items), Json::Array(parts)) => {
            for part in parts.iter() {
                let mut found = false;
                for item in items.iter().filter(|item| item.kind() == part.kind()) {
                    found |= contains(item, part)?;
                }
                if !found {
                    return Ok(false);
                }
            }
            Ok(true)
        }
        (Json::Object(_), Json::Object(parts)) => {
            for (name, part) in parts.iter() {
                match value.field(name) {
                    Some(inner) if inner.kind() == part.kind() && contains(inner, part)? => {}
                    _ => return Ok(false),
                }
            }
            Ok(true)
        }
        (value, part) if value.kind() == part.kind() => Ok(value.equals(part)),
        (value, part) => failed(format!(
            "{} and {} cannot have their containment checked",
            described(value),
            described(part)
        )),
    }
}

fn sum(items: &[Json]) -> Ran<Json> {
    items.iter().try_fold(Json::Null, |sum, item| binary("+", &sum, item))
}

fn has(value: &Json, key: &Json) -> Ran<bool> {
    match (value, key) {
        (Json::Object(_), Json::Text(name)) => Ok(value.field(name).is_some()),
        (Json::Array(items), Json::Number(at)) => Ok(*at >= 0.0 && (*at as usize) < items.len()),
        (value, key) => failed(format!("Cannot check whether {} has a {} key", value.kind(), key.kind())),
    }
}

fn find_index(input: &Json, wanted: &Json) -> Ran<Vec<f64>> {
    match (input, wanted) {
        (Json::Null, _) => Ok(Vec::new()),
        (Json::Text(text), Json::Text(wanted)) => {
            let chars = |to: usize| text.get(..to).unwrap_or_default().chars().count() as f64;
            let starts = text.char_indices().filter(|(at, _)| {
                !wanted.is_empty() && text.get(*at..).is_some_and(|rest| rest.starts_with(&**wanted))
            });
            Ok(starts.map(|(at, _)| chars(at)).collect())
        }
        (Json::Array(items), Json::Array(wanted)) => match indices(items, wanted) {
            Json::Array(found) => found.iter().map(number).collect(),
            _ => Ok(Vec::new()),
        },
        (Json::Array(items), wanted) => {
            let found = items.iter().enumerate().filter(|(_, item)| item.equals(wanted));
            Ok(found.map(|(at, _)| at as f64).collect())
        }
        (input, wanted) => {
            failed(format!("Cannot determine indices of {} in {}", wanted.kind(), input.kind()))
        }
    }
}

/// Functions of the input alone; `None` for others.
fn of_input(machine: &Machine, name: &str, input: &Json) -> Ran<Option<Json>> {
    let trim = |value: &Json, start: bool, end: bool| -> Ran<Json> {
        let text = text(value, "cannot be trimmed")?;
        let text = if start { text.trim_start() } else { text };
        Ok(Json::text(if end { text.trim_end() } else { text }))
    };
    Ok(Some(match name {
        "length" => match input {
            Json::Null => Json::Number(0.0),
            Json::Bool(_) => return failed(format!("{} has no length", described(input))),
            Json::Number(number) => Json::Number(number.abs()),
            Json::Text(text) => Json::Number(text.chars().count() as f64),
            Json::Array(items) => Json::Number(items.len() as f64),
            Json::Object(fields) => Json::Number(fields.len() as f64),
        },
        "not" => truth(!input.holds()),
        "type" => Json::text(input.kind()),
        "keys" | "keys_unsorted" => match input {
            Json::Array(items) => Json::array((0..items.len()).map(|at| Json::Number(at as f64)).collect()),
            Json::Object(fields) => {
                let fields = if name == "keys" { input.sorted_fields() } else { (**fields).clone() };
                Json::array(fields.into_iter().map(|(name, _)| Json::Text(name)).collect())
            }
            other => return failed(format!("{} has no keys", described(other))),
        },
        "add" => sum(&path::items(input)?)?,
        "any" => truth(path::items(input)?.iter().any(Json::holds)),
        "all" => truth(path::items(input)?.iter().all(Json::holds)),
        "floor" => Json::Number(number(input)?.floor()),
        "ceil" => Json::Number(number(input)?.ceil()),
        "round" => Json::Number(number(input)?.round()),
        "sqrt" => Json::Number(number(input)?.sqrt()),
        "fabs" | "abs" => Json::Number(number(input)?.abs()),
        "infinite" => Json::Number(f64::INFINITY),
        "nan" => Json::Number(f64::NAN),
        "tostring" => match input {
            Json::Text(_) => input.clone(),
            other => Json::text(&other.compact()),
        },
        "tojson" => Json::text(&input.compact()),
        "fromjson" => {
            let source = text(input, "cannot be parsed")?;
            match json::read_all(source.as_bytes()).into_iter().next() {
                Some(Ok(value)) => value,
                Some(Err(error)) => return failed(format!("{error} (while parsing '{source}')")),
                None => Json::Null,
            }
        }
        "tonumber" => match input {
            Json::Number(_) => input.clone(),
            Json::Text(text) => match text.trim().parse::<f64>() {
                Ok(number) if text.trim().starts_with(|c: char| c.is_ascii_digit() || "-.+".contains(c)) => {
                    Json::Number(number)
                }
                _ => return failed(format!("{} cannot be parsed as a number", described(input))),
            },
            other => return failed(format!("{} cannot be parsed as a number", described(other))),
        },
        "toarray" => match input {
            Json::Array(_) => input.clone(),
            other => Json::array(vec![other.clone()]),
        },
        "ascii_downcase" => Json::text(&text(input, "cannot be lowercased")?.to_ascii_lowercase()),
        "ascii_upcase" => Json::text(&text(input, "cannot be uppercased")?.to_ascii_uppercase()),
        "trim" => trim(input, true, true)?,
        "ltrim" => trim(input, true, false)?,
        "rtrim" => trim(input, false, true)?,
        "explode" => {
            let text = text(input, "cannot be exploded")?;
            Json::array(text.chars().map(|c| Json::Number(f64::from(u32::from(c)))).collect())
        }
        "implode" => {
            let codes: Ran<Vec<f64>> = array(input, "imploded")?.iter().map(number).collect();
            Json::text(
                &codes?
                    .into_iter()
                    .map(|code| char::from_u32(code as u32).unwrap_or('\u{fffd}'))
                    .collect::<String>(),
            )
        }
        "ascii" => Json::text(&char::from_u32(number(input)? as u32).map_or(String::new(), String::from)),
        "reverse" => match input {
            Json::Null => Json::array(Vec::new()),
            Json::Text(text) => Json::text(&text.chars().rev().collect::<String>()),
            other => Json::array(array(other, "reversed")?.iter().rev().cloned().collect()),
        },
        "sort" => {
            let mut items = array(input, "sorted")?.clone();
            items.sort_shared_by(Json::compare);
            Json::array(items)
        }
        "unique" => {
            let mut items = array(input, "sorted")?.clone();
            items.sort_shared_by(Json::compare);
            items.dedup_by(|left, right| left.equals(right));
            Json::array(items)
        }
        "min" => array(input, "iterated")?.iter().min_by(|a, b| a.compare(b)).cloned().unwrap_or(Json::Null),
        "max" => array(input, "iterated")?.iter().max_by(|a, b| a.compare(b)).cloned().unwrap_or(Json::Null),
        "flatten" => {
            let mut out = Vec::new();
            flatten(&path::items(input)?, 1e9, &mut out);
            Json::array(out)
        }
        "to_entries" => entries(input)?,
        "from_entries" => from_entries(input)?,
        "first" => path::index(input, &Json::Number(0.0))?,
        "last" => path::index(input, &Json::Number(-1.0))?,
        "transpose" => {
            let rows = array(input, "transposed")?;
            let width = rows
                .iter()
                .map(|row| if let Json::Array(items) = row { items.len() } else { 0 })
                .max()
                .unwrap_or(0);
            let column = |at: usize| {
                let cells =
                    rows.iter().map(|row| path::index(row, &Json::Number(at as f64)).unwrap_or(Json::Null));
                Json::array(cells.collect())
            };
            Json::array((0..width).map(column).collect())
        }
        "env" => machine.environment.clone(),
        "debug" => input.clone(),
        "have_literal_numbers" => truth(true),
        "error" => return Err(Stop::Failed(Failure(input.clone()))),
        "halt" => return Err(Stop::Halt(0)),
        _ => return Ok(None),
    }))
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

/// Functions whose argument is a filter that they run themselves; `None` for others.
fn with_filter(
    machine: &mut Machine,
    name: &str,
    filter: &Filter,
    input: &Json,
    env: &Env,
    out: &mut Sink<'_>,
) -> Option<Ran<()>> {
    let mut run = || -> Ran<bool> {
        match name {
            "select" => {
                for holds in machine.all(filter, input, env)? {
                    if holds.holds() {
                        out(input.clone())?;
                    }
                }
            }
            "map" => {
                let mut all = Vec::new();
                for item in path::items(input)? {
                    all.extend(machine.all(filter, &item, env)?);
                }
                out(Json::array(all))?;
            }
            "map_values" => {
                let each = Filter::Each(Box::new(Filter::Identity));
                path::assign(machine, &each, "|=", filter, input, env, out)?;
            }
            "with_entries" => {
                let mut all = Vec::new();
                for entry in path::items(&entries(input)?)? {
                    all.extend(machine.all(filter, &entry, env)?);
                }
                out(from_entries(&Json::array(all))?)?;
            }
            "add" => {
                let all = machine.all(filter, input, env)?;
                out(sum(&all)?)?;
            }
            "any" | "all" => {
                let mut holds = Vec::new();
                for item in path::items(input)? {
                    holds.extend(machine.all(filter, &item, env)?);
                }
                let value =
                    if name == "any" { holds.iter().any(Json::holds) } else { holds.iter().all(Json::holds) };
                out(truth(value))?;
            }
            "first" => {
                if let Some(value) = machine.first(filter, input, env)? {
                    out(value)?;
                }
            }
            "last" => {
                if let Some(value) = machine.all(filter, input, env)?.pop() {
                    out(value)?;
                }
            }
            "isempty" => {
                let first = machine.first(filter, input, env)?;
                out(truth(first.is_none()))?;
            }
            "isvalid" => {
                let valid = machine.all(filter, input, env).is_ok();
                out(truth(valid))?;
            }
            "sort_by" => {
                let items = keyed(machine, filter, input, env)?;
                out(Json::array(items.into_iter().map(|(_, item)| item).collect()))?;
            }
            "group_by" => {
                let groups = grouped(machine, filter, input, env)?;
                out(Json::array(groups.into_iter().map(Json::array).collect()))?;
            }
            "unique_by" => {
                let groups = grouped(machine, filter, input, env)?;
                out(Json::array(groups.into_iter().filter_map(|group| group.into_iter().next()).collect()))?;
            }
            "min_by" | "max_by" => {
                let items = keyed(machine, filter, input, env)?;
                let found =
                    if name == "min_by" { items.into_iter().next() } else { items.into_iter().last() };
                out(found.map_or(Json::Null, |(_, item)| item))?;
            }
            "path" => {
                for path in path::paths(machine, filter, input, env)? {
                    out(Json::array(path))?;
                }
            }
            "paths" => {
                for path in path::paths(machine, &Filter::Recurse, input, env)? {
                    let value = path::get(input, &path)?;
                    let holds = machine.first(filter, &value, env)?.is_some_and(|value| value.holds());
                    if !path.is_empty() && holds {
                        out(Json::array(path))?;
                    }
                }
            }
            "del" => {
                let paths = path::paths(machine, filter, input, env)?;
                out(path::remove_all(input, paths)?)?;
            }
            "pick" => {
                let mut picked = Json::Null;
                for path in path::paths(machine, filter, input, env)? {
                    let value = path::get(input, &path)?;
                    picked = path::set(&picked, &path, value)?;
                }
                out(picked)?;
            }
            "recurse" => {
                let mut left = vec![input.clone()];
                while let Some(value) = left.pop() {
                    machine.count()?;
                    let next = machine.all(filter, &value, env)?;
                    out(value)?;
                    left.extend(next.into_iter().rev());
                }
            }
            "walk" => {
                let value = walked(machine, filter, input, env, 0)?;
                out(value)?;
            }
            "error" => {
                let error = machine.first(filter, input, env)?.unwrap_or(Json::Null);
                return Err(Stop::Failed(Failure(error)));
            }
            _ => return Ok(false),
        }
        Ok(true)
    };
    match run() {
        Ok(true) => Some(Ok(())),
        Ok(false) => None,
        Err(stop) => Some(Err(stop)),
    }
}

fn walked(machine: &mut Machine, filter: &Filter, value: &Json, env: &Env, depth: u32) -> Ran<Json> {
    if depth > 120 {
        return failed("the value is nested too deeply");
    }
    let inner = match value {
        Json::Array(items) => {
            let items: Ran<Vec<Json>> =
                items.iter().map(|item| walked(machine, filter, item, env, depth + 1)).collect();
            Json::array(items?)
        }
        Json::Object(fields) => {
            let mut all = Vec::new();
            for (name, value) in fields.iter() {
                all.push((name.clone(), walked(machine, filter, value, env, depth + 1)?));
            }
            Json::object(all)
        }
        other => other.clone(),
    };
    Ok(machine.first(filter, &inner, env)?.unwrap_or(Json::Null))
}

/// Functions of values; each combination of the arguments' values gives an output.
fn with_values(
    machine: &mut Machine,
    name: &str,
    arguments: &[Filter],
    input: &Json,
    env: &Env,
    out: &mut Sink<'_>,
) -> Ran<()> {
    match (name, arguments) {
        ("limit", [count, filter]) => {
            let count = machine.first(count, input, env)?.map_or(Ok(0.0), |value| number(&value))?;
            let (mut left, label) = (count, machine.label());
            if left < 1.0 {
                return Ok(());
            }
            let ended = machine.run(filter, input, env, &mut |value| {
                left -= 1.0;
                out(value)?;
                if left < 1.0 { Err(Stop::Break(label)) } else { Ok(()) }
            });
            return match ended {
                Err(Stop::Break(at)) if at == label => Ok(()),
                ended => ended,
            };
        }
        ("nth", [at, filter]) => {
            let at = machine.first(at, input, env)?.map_or(Ok(0.0), |value| number(&value))?;
            let all = machine.all(filter, input, env)?;
            return all.get(at.max(0.0) as usize).cloned().map_or(Ok(()), out);
        }
        ("until" | "while", [condition, update]) => {
            let mut state = input.clone();
            loop {
                machine.count()?;
                let holds = machine.first(condition, &state, env)?.is_some_and(|value| value.holds());
                match (name, holds) {
                    ("until", true) => return out(state),
                    ("while", false) => return Ok(()),
                    ("while", true) => out(state.clone())?,
                    _ => {}
                }
                match machine.first(update, &state, env)? {
                    Some(next) => state = next,
                    None => return Ok(()),
                }
            }
        }
        ("sub" | "gsub", [pattern, with, flags @ ..]) => {
            let source = text(input, "cannot be matched, as it is not a string")?.to_owned();
            let flags = machine.optional(flags.first(), input, env)?.unwrap_or(Json::Null);
            for pattern in machine.all(pattern, input, env)? {
                let search = Search::new(&pattern, &flags)?;
                let search = if name == "gsub" { search.all() } else { search };
                let replaced = search.replace(machine, &source, with, env)?;
                out(replaced)?;
            }
            return Ok(());
        }
        _ => {}
    }
    let mut rows: Vec<Vec<Json>> = vec![Vec::new()];
    for argument in arguments.iter().rev() {
        let values = machine.all(argument, input, env)?;
        let mut next = Vec::new();
        for row in &rows {
            for value in &values {
                let mut row = row.clone();
                row.insert(0, value.clone());
                next.push(row);
            }
        }
        rows = next;
    }
    for row in rows {
        of_values(machine, name, &row, input, out)?;
    }
    Ok(())
}

fn of_values(machine: &mut Machine, name: &str, row: &[Json], input: &Json, out: &mut Sink<'_>) -> Ran<()> {
    let first = row.first().cloned().unwrap_or(Json::Null);
    let second = row.get(1).cloned().unwrap_or(Json::Null);
    let matched = "cannot be matched, as it is not a string";
    let value = match name {
        "has" => truth(has(input, &first)?),
        "in" => truth(has(&first, input)?),
        "contains" => truth(contains(input, &first)?),
        "inside" => truth(contains(&first, input)?),
        "startswith" | "endswith" => {
            let (Json::Text(text), Json::Text(part)) = (input, &first) else {
                return failed(format!("{name}() requires string inputs"));
            };
            truth(if name == "startswith" { text.starts_with(&**part) } else { text.ends_with(&**part) })
        }
        "ltrimstr" | "rtrimstr" => match (input, &first) {
            (Json::Text(text), Json::Text(part)) => {
                let cut =
                    if name == "ltrimstr" { text.strip_prefix(&**part) } else { text.strip_suffix(&**part) };
                Json::text(cut.unwrap_or(text))
            }
            _ => input.clone(),
        },
        "split" if row.len() == 2 => {
            Json::array(Search::new(&first, &second)?.all().split(text(input, matched)?))
        }
        "split" => match (input, &first) {
            (Json::Text(text), Json::Text(separator)) => split(text, separator),
            _ => return failed("split input and separator must be strings"),
        },
        "splits" => {
            let parts = Search::new(&first, &Json::Null)?.all().split(text(input, matched)?);
            return parts.into_iter().try_for_each(out);
        }
        "join" => {
            let separator = text(&first, "cannot be used to join")?;
            let mut parts = Vec::new();
            for item in path::items(input)? {
                parts.push(match item {
                    Json::Null => String::new(),
                    Json::Text(text) => text.to_string(),
                    Json::Number(_) | Json::Bool(_) => item.compact(),
                    other => return failed(format!("{} cannot be added to a string", described(&other))),
                });
            }
            Json::text(&parts.join(separator))
        }
        "flatten" => {
            let mut all = Vec::new();
            flatten(&path::items(input)?, number(&first)?, &mut all);
            Json::array(all)
        }
        "range" => return range(machine, row, out),
        "index" | "rindex" | "indices" => {
            let found = find_index(input, &first)?;
            let number = |at: Option<&f64>| at.map_or(Json::Null, |at| Json::Number(*at));
            match name {
                "index" => number(found.first()),
                "rindex" => number(found.last()),
                _ if *input == Json::Null => Json::Null,
                _ => Json::array(found.into_iter().map(Json::Number).collect()),
            }
        }
        "nth" => path::index(input, &first)?,
        "getpath" => path::get(input, array(&first, "used as a path")?)?,
        "setpath" => path::set(input, array(&first, "used as a path")?, second)?,
        "delpaths" => {
            let paths: Ran<Vec<Vec<Json>>> = array(&first, "used as paths")?
                .iter()
                .map(|path| array(path, "used as a path").cloned())
                .collect();
            path::remove_all(input, paths?)?
        }
        "test" => truth(Search::new(&first, &second)?.is_match(text(input, matched)?)),
        "match" => {
            return Search::new(&first, &second)?
                .matches(text(input, matched)?)
                .into_iter()
                .try_for_each(out);
        }
        "capture" => {
            return Search::new(&first, &second)?
                .captures(text(input, matched)?)
                .into_iter()
                .try_for_each(out);
        }
        "scan" => {
            return Search::new(&first, &second)?
                .all()
                .scan(text(input, matched)?)
                .into_iter()
                .try_for_each(out);
        }
        _ => return failed(format!("{name}/{} is not simulated", row.len())),
    };
    out(value)
}

fn range(machine: &mut Machine, row: &[Json], out: &mut Sink<'_>) -> Ran<()> {
    let numbers: Ran<Vec<f64>> = row.iter().map(number).collect();
    let (from, to, by) = match numbers?.as_slice() {
        [to] => (0.0, *to, 1.0),
        [from, to] => (*from, *to, 1.0),
        [from, to, by, ..] => (*from, *to, *by),
        [] => return Ok(()),
    };
    let mut at = from;
    while (by > 0.0 && at < to) || (by < 0.0 && at > to) {
        machine.count()?;
        out(Json::Number(at))?;
        at += by;
    }
    Ok(())
}
