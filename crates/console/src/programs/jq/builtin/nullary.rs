//! jq's functions without arguments.

use super::super::json::{self, Json};
use super::super::path;
use super::super::run::{Failure, Machine, Ran, Stop, failed};
use super::collection::{entries, flatten, from_entries, sum};
use super::{array, described, number, text, truth};
use sim::order::SortShared;

/// Functions of the input alone; `None` for others.
pub(super) fn of_input(machine: &Machine, name: &str, input: &Json) -> Ran<Option<Json>> {
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
