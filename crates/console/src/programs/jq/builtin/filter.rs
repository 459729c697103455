//! jq's functions whose argument is run for each value: `map`, `select`, `sort_by` and the others.

use super::super::json::Json;
use super::super::path;
use super::super::run::{Env, Failure, Machine, Ran, Sink, Stop, failed};
use super::super::syntax::Filter;
use super::collection::{entries, from_entries, sum};
use super::{array, truth};
use sim::order::SortShared;

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

/// Functions whose argument is a filter that they run themselves; `None` for others.
pub(super) fn with_filter(
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
