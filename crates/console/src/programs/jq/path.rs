//! Places in a value: looking there, changing what is there, taking it away.

use std::rc::Rc;

use super::builtin::{self, described};
use super::json::Json;
use super::run::{Env, Machine, Ran, Stop, failed};
use super::syntax::Filter;
use sim::order::SortShared;

/// A way into a value: names, numbers and `{"start":…,"end":…}`.
pub(super) type Path = Vec<Json>;

/// Where a place and the value there go.
type PathSink<'s> = dyn FnMut(&Path, Json) -> Ran<()> + 's;

/// An array that would be longer is refused.
const LONGEST: usize = 1_000_000;

fn place(index: f64, length: usize) -> Option<usize> {
    let index = index.floor();
    let at = if index < 0.0 { index + length as f64 } else { index };
    (at >= 0.0).then_some(at as usize)
}

/// `value[index]`
pub(super) fn index(value: &Json, index: &Json) -> Ran<Json> {
    match (value, index) {
        (Json::Null, Json::Text(_) | Json::Number(_) | Json::Null) => Ok(Json::Null),
        (Json::Object(_), Json::Text(name)) => Ok(value.field(name).cloned().unwrap_or(Json::Null)),
        (Json::Array(items), Json::Number(at)) => {
            let found = place(*at, items.len()).and_then(|at| items.get(at).cloned());
            Ok(found.unwrap_or(Json::Null))
        }
        (Json::Array(items), Json::Array(wanted)) => Ok(builtin::indices(items, wanted)),
        (_, Json::Object(_)) => slice(value, index.field("start"), index.field("end")),
        (value, Json::Text(name)) => failed(format!("Cannot index {} with \"{name}\"", value.kind())),
        (value, index) => failed(format!("Cannot index {} with {}", value.kind(), index.kind())),
    }
}

fn bounds(length: usize, from: Option<&Json>, to: Option<&Json>) -> Ran<(usize, usize)> {
    let bound = |bound: Option<&Json>, default: usize, up: bool| match bound {
        None | Some(Json::Null) => Ok(default),
        Some(Json::Number(number)) => {
            let number = if up { number.ceil() } else { number.floor() };
            let at = if number < 0.0 { number + length as f64 } else { number };
            Ok((at.max(0.0) as usize).min(length))
        }
        Some(_) => failed("Start and end indices of an array slice must be numbers"),
    };
    let (from, to) = (bound(from, 0, false)?, bound(to, length, true)?);
    Ok((from, to.max(from)))
}

/// `value[from:to]`
pub(super) fn slice(value: &Json, from: Option<&Json>, to: Option<&Json>) -> Ran<Json> {
    match value {
        Json::Null => Ok(Json::Null),
        Json::Array(items) => {
            let (from, to) = bounds(items.len(), from, to)?;
            Ok(Json::array(items.get(from..to).unwrap_or_default().to_vec()))
        }
        Json::Text(text) => {
            let (from, to) = bounds(text.chars().count(), from, to)?;
            Ok(Json::text(&text.chars().skip(from).take(to - from).collect::<String>()))
        }
        other => failed(format!("Cannot index {} with object", other.kind())),
    }
}

/// `value[]`
pub(super) fn items(value: &Json) -> Ran<Vec<Json>> {
    match value {
        Json::Array(items) => Ok((**items).clone()),
        Json::Object(fields) => Ok(fields.iter().map(|(_, value)| value.clone()).collect()),
        other => failed(format!("Cannot iterate over {}", described(other))),
    }
}

fn keys(value: &Json) -> Ran<Vec<Json>> {
    match value {
        Json::Array(items) => Ok((0..items.len()).map(|at| Json::Number(at as f64)).collect()),
        Json::Object(fields) => Ok(fields.iter().map(|(name, _)| Json::Text(name.clone())).collect()),
        Json::Null => Ok(Vec::new()),
        other => failed(format!("Cannot iterate over {}", described(other))),
    }
}

/// What lies at a path; null where nothing does.
pub(super) fn get(value: &Json, path: &[Json]) -> Ran<Json> {
    let mut value = value.clone();
    for step in path {
        value = match &value {
            Json::Null => Json::Null,
            value => index(value, step)?,
        };
    }
    Ok(value)
}

/// The value with something else at a path.
pub(super) fn set(value: &Json, path: &[Json], new: Json) -> Ran<Json> {
    let Some((step, rest)) = path.split_first() else { return Ok(new) };
    match (value, step) {
        (Json::Null | Json::Object(_), Json::Text(name)) => {
            let inner = set(value.field(name).unwrap_or(&Json::Null), rest, new)?;
            let mut fields = match value {
                Json::Object(fields) => (**fields).clone(),
                _ => Vec::new(),
            };
            match fields.iter_mut().find(|(known, _)| known == name) {
                Some((_, slot)) => *slot = inner,
                None => fields.push((name.clone(), inner)),
            }
            Ok(Json::Object(Rc::new(fields)))
        }
        (Json::Null | Json::Array(_), Json::Number(at)) => {
            let mut items = match value {
                Json::Array(items) => (**items).clone(),
                _ => Vec::new(),
            };
            let Some(at) = place(*at, items.len()).filter(|at| *at <= LONGEST) else {
                return failed("Out of bounds negative array index");
            };
            if items.len() <= at {
                items.resize(at + 1, Json::Null);
            }
            let inner = set(items.get(at).unwrap_or(&Json::Null), rest, new)?;
            if let Some(slot) = items.get_mut(at) {
                *slot = inner;
            }
            Ok(Json::array(items))
        }
        (Json::Null | Json::Array(_), Json::Object(_)) => {
            let items = match value {
                Json::Array(items) => (**items).clone(),
                _ => Vec::new(),
            };
            let (from, to) = bounds(items.len(), step.field("start"), step.field("end"))?;
            let part = Json::array(items.get(from..to).unwrap_or_default().to_vec());
            let Json::Array(inner) = set(&part, rest, new)? else {
                return failed("A slice of an array can only be assigned another array");
            };
            let all =
                [items.get(..from).unwrap_or_default(), &inner, items.get(to..).unwrap_or_default()].concat();
            Ok(Json::array(all))
        }
        (value, Json::Text(name)) => failed(format!("Cannot index {} with \"{name}\"", value.kind())),
        (value, step) => failed(format!("Cannot index {} with {}", value.kind(), step.kind())),
    }
}

/// The value without what lies at a path.
fn remove(value: &Json, path: &[Json]) -> Ran<Json> {
    match (value, path) {
        (_, []) | (Json::Null, _) => Ok(Json::Null),
        (Json::Object(fields), [Json::Text(name)]) => {
            let left = fields.iter().filter(|(known, _)| known != name).cloned().collect();
            Ok(Json::Object(Rc::new(left)))
        }
        (Json::Array(items), [Json::Number(at)]) => {
            let gone = place(*at, items.len());
            let left = items.iter().enumerate().filter(|(at, _)| Some(*at) != gone);
            Ok(Json::array(left.map(|(_, item)| item.clone()).collect()))
        }
        (Json::Array(items), [range @ Json::Object(_)]) => {
            let (from, to) = bounds(items.len(), range.field("start"), range.field("end"))?;
            let left = [items.get(..from).unwrap_or_default(), items.get(to..).unwrap_or_default()].concat();
            Ok(Json::array(left))
        }
        (value, [step]) => {
            failed(format!("Cannot delete field at {} index of {}", step.kind(), value.kind()))
        }
        (value, [step, rest @ ..]) => {
            let inner = index(value, step)?;
            if inner == Json::Null {
                return Ok(value.clone());
            }
            set(value, std::slice::from_ref(step), remove(&inner, rest)?)
        }
    }
}

/// The value without what lies at these paths; later places first, so that they stay where they are.
pub(super) fn remove_all(value: &Json, mut paths: Vec<Path>) -> Ran<Json> {
    paths.sort_shared_by(|left, right| Json::array(right.clone()).compare(&Json::array(left.clone())));
    paths.dedup();
    let mut value = value.clone();
    for path in paths {
        value = remove(&value, &path)?;
    }
    Ok(value)
}

/// The places that a filter points at.
pub(super) fn paths(machine: &mut Machine, filter: &Filter, input: &Json, env: &Env) -> Ran<Vec<Path>> {
    let mut found = Vec::new();
    walk(machine, filter, &Vec::new(), input, env, &mut |path, _| {
        found.push(path.clone());
        Ok(())
    })?;
    Ok(found)
}

fn beyond(path: &Path, step: Json) -> Path {
    let mut path = path.clone();
    path.push(step);
    path
}

/// `at`: where `input` lies.
fn walk(
    machine: &mut Machine,
    filter: &Filter,
    at: &Path,
    input: &Json,
    env: &Env,
    out: &mut PathSink<'_>,
) -> Ran<()> {
    machine.count()?;
    match filter {
        Filter::Identity => out(at, input.clone()),
        Filter::Recurse => {
            let mut left = vec![(at.clone(), input.clone())];
            while let Some((at, value)) = left.pop() {
                if matches!(value, Json::Array(_) | Json::Object(_)) {
                    for key in keys(&value)?.into_iter().rev() {
                        let inner = index(&value, &key)?;
                        left.push((beyond(&at, key), inner));
                    }
                }
                out(&at, value)?;
            }
            Ok(())
        }
        Filter::Index(of, key) => {
            let keys = machine.all(key, input, env)?;
            let mut places = Vec::new();
            walk(machine, of, at, input, env, &mut |path, value| {
                places.push((path.clone(), value));
                Ok(())
            })?;
            for key in keys {
                for (path, value) in &places {
                    out(&beyond(path, key.clone()), index(value, &key)?)?;
                }
            }
            Ok(())
        }
        Filter::Slice(of, from, to) => {
            let from = machine.optional(from.as_deref(), input, env)?;
            let to = machine.optional(to.as_deref(), input, env)?;
            let mut places = Vec::new();
            walk(machine, of, at, input, env, &mut |path, value| {
                places.push((path.clone(), value));
                Ok(())
            })?;
            for (path, value) in places {
                let fields = vec![
                    ("start".into(), from.clone().unwrap_or(Json::Null)),
                    ("end".into(), to.clone().unwrap_or(Json::Null)),
                ];
                out(&beyond(&path, Json::object(fields)), slice(&value, from.as_ref(), to.as_ref())?)?;
            }
            Ok(())
        }
        Filter::Each(of) => {
            let mut places = Vec::new();
            walk(machine, of, at, input, env, &mut |path, value| {
                places.push((path.clone(), value));
                Ok(())
            })?;
            for (path, value) in places {
                for key in keys(&value)? {
                    let inner = index(&value, &key)?;
                    out(&beyond(&path, key), inner)?;
                }
            }
            Ok(())
        }
        Filter::Pipe(left, right) => {
            let mut places = Vec::new();
            walk(machine, left, at, input, env, &mut |path, value| {
                places.push((path.clone(), value));
                Ok(())
            })?;
            places.into_iter().try_for_each(|(path, value)| walk(machine, right, &path, &value, env, out))
        }
        Filter::Comma(left, right) => {
            walk(machine, left, at, input, env, out)?;
            walk(machine, right, at, input, env, out)
        }
        Filter::If(condition, yes, no) => {
            for condition in machine.all(condition, input, env)? {
                match (condition.holds(), no) {
                    (true, _) => walk(machine, yes, at, input, env, out)?,
                    (false, Some(no)) => walk(machine, no, at, input, env, out)?,
                    (false, None) => out(at, input.clone())?,
                }
            }
            Ok(())
        }
        Filter::Alternative(left, right) => {
            let mut places = Vec::new();
            let ended = walk(machine, left, at, input, env, &mut |path, value| {
                places.push((path.clone(), value));
                Ok(())
            });
            if let Err(stop @ (Stop::Break(_) | Stop::Halt(_))) = ended {
                return Err(stop);
            }
            places.retain(|(_, value)| value.holds());
            match places.is_empty() {
                true => walk(machine, right, at, input, env, out),
                false => places.into_iter().try_for_each(|(path, value)| out(&path, value)),
            }
        }
        Filter::Try(body, _) => match walk(machine, body, at, input, env, out) {
            Err(Stop::Failed(_)) => Ok(()),
            ended => ended,
        },
        Filter::Call(name, arguments) => {
            if let Some((body, env)) = machine.unfolded(name, arguments, input, env)? {
                return walk(machine, &body, at, input, &env, out);
            }
            match (&**name, &**arguments) {
                ("empty", []) => Ok(()),
                ("select", [condition]) => {
                    for holds in machine.all(condition, input, env)? {
                        if holds.holds() {
                            out(at, input.clone())?;
                        }
                    }
                    Ok(())
                }
                ("recurse", []) => walk(machine, &Filter::Recurse, at, input, env, out),
                ("first", []) => walk(machine, &first_item(0.0), at, input, env, out),
                ("last", []) => walk(machine, &first_item(-1.0), at, input, env, out),
                ("first", [inner]) => {
                    let label = machine.label();
                    let ended = walk(machine, inner, at, input, env, &mut |path, value| {
                        out(path, value)?;
                        Err(Stop::Break(label))
                    });
                    match ended {
                        Err(Stop::Break(at)) if at == label => Ok(()),
                        ended => ended,
                    }
                }
                ("getpath", [path]) => {
                    for path in machine.all(path, input, env)? {
                        let Json::Array(steps) = path else {
                            return failed("Path must be specified as an array");
                        };
                        let whole = at.iter().chain(steps.iter()).cloned().collect();
                        out(&whole, get(input, &steps)?)?;
                    }
                    Ok(())
                }
                ("map", [inner]) => {
                    let filter = Filter::Pipe(
                        Box::new(Filter::Each(Box::new(Filter::Identity))),
                        Box::new(inner.clone()),
                    );
                    walk(machine, &filter, at, input, env, out)
                }
                (name, _) => failed(format!("Invalid path expression with result of {name}")),
            }
        }
        _ => failed("Invalid path expression"),
    }
}

fn first_item(at: f64) -> Filter {
    Filter::Index(Box::new(Filter::Identity), Box::new(Filter::Literal(Json::Number(at))))
}

/// `target = value`, `target |= value`, `target += value` …
pub(super) fn assign(
    machine: &mut Machine,
    target: &Filter,
    operator: &'static str,
    value: &Filter,
    input: &Json,
    env: &Env,
    out: &mut super::run::Sink<'_>,
) -> Ran<()> {
    let places = paths(machine, target, input, env)?;
    if operator == "|=" {
        let mut changed = input.clone();
        let mut gone = Vec::new();
        for path in places {
            let before = get(&changed, &path)?;
            match machine.first(value, &before, env)? {
                Some(new) => changed = set(&changed, &path, new)?,
                None => gone.push(path),
            }
        }
        return out(remove_all(&changed, gone)?);
    }
    for value in machine.all(value, input, env)? {
        let mut changed = input.clone();
        for path in &places {
            let before = get(&changed, path)?;
            let new = match operator.strip_suffix('=') {
                Some("") | None => value.clone(),
                Some("//") => {
                    if before.holds() {
                        before
                    } else {
                        value.clone()
                    }
                }
                Some(operator) => builtin::binary(operator, &before, &value)?,
            };
            changed = set(&changed, path, new)?;
        }
        out(changed)?;
    }
    Ok(())
}
