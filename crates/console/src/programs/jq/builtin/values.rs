//! jq's functions whose arguments are values: `split`, `has`, `range` and the others.

use super::super::json::Json;
use super::super::path;
use super::super::regex::Search;
use super::super::run::{Env, Machine, Ran, Sink, Stop, failed};
use super::super::syntax::Filter;
use super::collection::{contains, find_index, flatten, has};
use super::operator::split;
use super::{array, described, number, text, truth};

/// Functions of values; each combination of the arguments' values gives an output.
pub(super) fn with_values(
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

pub(super) fn range(machine: &mut Machine, row: &[Json], out: &mut Sink<'_>) -> Ran<()> {
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
