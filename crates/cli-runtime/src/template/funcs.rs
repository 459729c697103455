//! The functions of templates: Go's, and kubectl's `exists` and `base64decode`.
//!
//! Go: text/template/funcs.go; Kubernetes: cli-runtime/pkg/printers/template.go and jsonpath.go.

use std::cmp::Ordering;

use super::exec::{Seen, is_true, printable};
use golang::printf::{sprint, sprintf, sprintln};
use golang::value::GoValue;

/// What a parameter takes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Parameter {
    Any,
    String,
}

pub(super) struct Function {
    pub(super) fixed: &'static [Parameter],
    pub(super) variadic: Option<Parameter>,
    pub(super) call: for<'v> fn(&[GoValue<'v>]) -> Result<Seen<'v>, String>,
}

use Parameter::{Any, String as Text};

/// The function of that name.
pub(super) fn find(name: &str) -> Option<Function> {
    let function = |fixed, variadic, call| Some(Function { fixed, variadic, call });
    match name {
        // The evaluation of these two is the executor's.
        "and" | "or" => function(&[Any], Some(Any), |_| Ok(Seen::plain(GoValue::Invalid))),
        // The executor knows what was called.
        "call" => function(&[Any], Some(Any), |_| Ok(Seen::plain(GoValue::Invalid))),
        "html" => function(&[], Some(Any), |args| text(html(&eval_args(args)))),
        "index" => function(&[Any], Some(Any), index),
        "slice" => function(&[Any], Some(Any), slice),
        "js" => function(&[], Some(Any), |args| text(js(&eval_args(args)))),
        "len" => function(&[Any], None, length),
        "not" => function(&[Any], None, |args| flag(!args.iter().all(is_true))),
        "print" => function(&[], Some(Any), |args| text(sprint(args))),
        "printf" => function(&[Text], Some(Any), printf),
        "println" => function(&[], Some(Any), |args| text(sprintln(args))),
        "urlquery" => function(&[], Some(Any), |args| text(urlquery(&eval_args(args)))),
        "eq" => function(&[Any], Some(Any), |args| flag(eq(args)?)),
        "ne" => function(&[Any, Any], None, |args| flag(!eq(args)?)),
        "lt" => function(&[Any, Any], None, |args| flag(lt(args)?)),
        "ge" => function(&[Any, Any], None, |args| flag(!lt(args)?)),
        "le" => function(&[Any, Any], None, |args| flag(le(args)?)),
        "gt" => function(&[Any, Any], None, |args| flag(!le(args)?)),
        "exists" => function(&[Any], Some(Any), |args| flag(exists(args))),
        "base64decode" => function(&[Text], None, base64decode),
        _ => None,
    }
}

type Result1<'v> = Result<Seen<'v>, String>;

fn text<'v>(text: String) -> Result1<'v> {
    Ok(Seen::plain(GoValue::text(text)))
}

fn flag<'v>(flag: bool) -> Result1<'v> {
    Ok(Seen::plain(GoValue::Bool(flag)))
}

/// What reflection panics with where there is no value to ask.
const NO_TYPE: &str = "reflect: call of reflect.Value.Type on zero Value";

fn first<'a, 'v>(args: &'a [GoValue<'v>]) -> (&'a GoValue<'v>, &'a [GoValue<'v>]) {
    args.split_first().unwrap_or((&GoValue::Invalid, &[]))
}

/// Nothing in a template's data is a function. `name`: how the template names what it calls.
pub(super) fn call<'v>(name: &str, args: &[GoValue<'v>]) -> Result1<'v> {
    match first(args).0 {
        GoValue::Invalid => Err("call of nil".to_owned()),
        value => Err(format!("non-function {name} of type {}", value.type_name())),
    }
}

/// What `reflect.Value.String` makes of a value.
pub(super) fn reflected(value: &GoValue<'_>) -> String {
    match value {
        GoValue::String(text) => text.to_string(),
        GoValue::Invalid => "<invalid Value>".to_owned(),
        value => format!("<{} Value>", value.type_name()),
    }
}

fn length<'v>(args: &[GoValue<'v>]) -> Result1<'v> {
    let length = match first(args).0 {
        GoValue::String(text) => text.len(),
        GoValue::List(list) => list.len(),
        GoValue::Map(map) => map.len(),
        GoValue::Invalid | GoValue::Nil => return Err(NO_TYPE.to_owned()),
        other => return Err(format!("len of type {}", other.type_name())),
    };
    Ok(Seen::plain(GoValue::Int(i64::try_from(length).unwrap_or(i64::MAX))))
}

/// A place in a list or string of that length.
fn index_arg(index: &GoValue<'_>, length: usize) -> Result<usize, String> {
    let number = match index {
        GoValue::Invalid | GoValue::Nil => return Err("cannot index slice/array with nil".to_owned()),
        other => other
            .as_int()
            .ok_or_else(|| format!("cannot index slice/array with type {}", other.type_name()))?,
    };
    let at = usize::try_from(number).ok().filter(|at| *at <= length);
    at.ok_or_else(|| format!("index out of range: {number}"))
}

fn index<'v>(args: &[GoValue<'v>]) -> Result1<'v> {
    let (item, indexes) = first(args);
    if matches!(item, GoValue::Invalid) {
        return Err("index of untyped nil".to_owned());
    }
    let mut item = Seen::plain(item.clone());
    for index in indexes {
        item = match &item.value {
            GoValue::Invalid | GoValue::Nil => return Err("index of nil pointer".to_owned()),
            GoValue::List(list) => {
                let at = index_arg(index, list.len())?;
                let found = list.get(at).ok_or("reflect: slice index out of range")?;
                Seen::member(found.into())
            }
            GoValue::String(text) => {
                let at = index_arg(index, text.len())?;
                let found = text.as_bytes().get(at).ok_or("reflect: string index out of range")?;
                Seen::plain(GoValue::Uint8(*found))
            }
            GoValue::Map(map) => match index {
                GoValue::String(key) => Seen::member(map.get(&**key).map_or(GoValue::Nil, GoValue::from)),
                GoValue::Invalid | GoValue::Nil => {
                    return Err("value is nil; should be of type string".to_owned());
                }
                other => return Err(format!("value has type {}; should be string", other.type_name())),
            },
            other => return Err(format!("can't index item of type {}", other.type_name())),
        };
    }
    Ok(item)
}

fn slice<'v>(args: &[GoValue<'v>]) -> Result1<'v> {
    let (item, indexes) = first(args);
    let length = match item {
        GoValue::Invalid | GoValue::Nil => return Err("slice of untyped nil".to_owned()),
        _ if indexes.len() > 3 => return Err(format!("too many slice indexes: {}", indexes.len())),
        GoValue::String(_) if indexes.len() == 3 => return Err("cannot 3-index slice a string".to_owned()),
        GoValue::String(text) => text.len(),
        GoValue::List(list) => list.len(),
        other => return Err(format!("can't slice item of type {}", other.type_name())),
    };
    let mut bounds = [0, length, length];
    for (bound, index) in bounds.iter_mut().zip(indexes) {
        *bound = index_arg(index, length)?;
    }
    let [from, to, most] = bounds;
    for (low, high) in [(from, to), (to, most)] {
        if low > high {
            return Err(format!("invalid slice index: {low} > {high}"));
        }
    }
    Ok(Seen::plain(match item {
        GoValue::List(list) => GoValue::List(list.get(from..to).unwrap_or_default()),
        GoValue::String(text) => {
            let part = text.as_bytes().get(from..to).unwrap_or_default();
            GoValue::text(String::from_utf8_lossy(part).into_owned())
        }
        other => other.clone(),
    }))
}

fn printf<'v>(args: &[GoValue<'v>]) -> Result1<'v> {
    match args.split_first() {
        Some((GoValue::String(format), args)) => text(sprintf(format, args)),
        _ => text(String::new()),
    }
}

/// How two values of one basic kind stand to each other; `None`: they are of different kinds.
fn order(left: &GoValue<'_>, right: &GoValue<'_>) -> Option<Ordering> {
    match (left, right) {
        (GoValue::String(left), GoValue::String(right)) => Some(left.cmp(right)),
        (GoValue::Bool(left), GoValue::Bool(right)) => Some(left.cmp(right)),
        (GoValue::Float(left), GoValue::Float(right)) => left.partial_cmp(right),
        (left, right) => left.as_int().zip(right.as_int()).map(|(left, right)| left.cmp(&right)),
    }
}

fn is_basic(value: &GoValue<'_>) -> bool {
    !matches!(value, GoValue::Invalid | GoValue::Nil | GoValue::List(_) | GoValue::Map(_))
}

fn incompatible(left: &GoValue<'_>, right: &GoValue<'_>) -> String {
    format!("incompatible types for comparison: {} and {}", left.type_name(), right.type_name())
}

fn eq(args: &[GoValue<'_>]) -> Result<bool, String> {
    let (left, rest) = first(args);
    if rest.is_empty() {
        return Err("missing argument for comparison".to_owned());
    }
    for right in rest {
        let equal = match (left, right) {
            (GoValue::Invalid, GoValue::Invalid) => true,
            (GoValue::Invalid, _) | (_, GoValue::Invalid) => false,
            (GoValue::List(_), GoValue::List(_)) | (GoValue::Map(_), GoValue::Map(_)) => {
                return Err(format!("non-comparable type {}: {}", right.sprint(), right.type_name()));
            }
            (left, right) if !is_basic(left) && !is_basic(right) => {
                return Err(format!(
                    "non-comparable types {}: {}, {}: {}",
                    left.sprint(),
                    left.type_name(),
                    right.type_name(),
                    right.sprint()
                ));
            }
            (left, right) => order(left, right).ok_or_else(|| incompatible(left, right))?.is_eq(),
        };
        if equal {
            return Ok(true);
        }
    }
    Ok(false)
}

fn lt(args: &[GoValue<'_>]) -> Result<bool, String> {
    let [left, right] = args else { return Err("missing argument for comparison".to_owned()) };
    let bad = || "invalid type for comparison".to_owned();
    if !is_basic(left) || !is_basic(right) {
        return Err(bad());
    }
    let order = order(left, right).ok_or_else(|| incompatible(left, right))?;
    if matches!(left, GoValue::Bool(_)) { Err(bad()) } else { Ok(order.is_lt()) }
}

fn le(args: &[GoValue<'_>]) -> Result<bool, String> {
    Ok(lt(args)? || eq(args)?)
}

fn exists(args: &[GoValue<'_>]) -> bool {
    let (item, indexes) = first(args);
    let mut item = item.clone();
    for index in indexes {
        let found = match &item {
            GoValue::List(list) => {
                let at = index.as_int().and_then(|at| usize::try_from(at).ok());
                at.and_then(|at| list.get(at)).map(GoValue::from)
            }
            GoValue::String(text) => {
                let at = index.as_int().and_then(|at| usize::try_from(at).ok());
                at.and_then(|at| text.as_bytes().get(at)).map(|byte| GoValue::Uint8(*byte))
            }
            GoValue::Map(map) => match index {
                GoValue::String(key) => Some(map.get(&**key).map_or(GoValue::Nil, GoValue::from)),
                GoValue::Invalid | GoValue::Nil => Some(map.get("").map_or(GoValue::Nil, GoValue::from)),
                _ => None,
            },
            _ => None,
        };
        let Some(found) = found else { return false };
        item = found;
    }
    !matches!(item, GoValue::Nil)
}

fn base64decode<'v>(args: &[GoValue<'v>]) -> Result1<'v> {
    let GoValue::String(encoded) = first(args).0 else { return text(String::new()) };
    match golang::base64::decode(encoded) {
        Ok(bytes) => text(String::from_utf8_lossy(&bytes).into_owned()),
        Err(error) => Err(format!("base64 decode failed: {error}")),
    }
}

/// The arguments as one text.
fn eval_args(args: &[GoValue<'_>]) -> String {
    match args {
        [GoValue::String(text)] => text.clone().into_owned(),
        args => {
            let shown: Vec<GoValue<'_>> = args
                .iter()
                .map(|arg| match arg {
                    GoValue::Invalid => GoValue::text(printable(arg)),
                    arg => arg.clone(),
                })
                .collect();
            sprint(&shown)
        }
    }
}

fn html(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    for c in text.chars() {
        match c {
            '\0' => out.push('\u{fffd}'),
            '"' => out.push_str("&#34;"),
            '\'' => out.push_str("&#39;"),
            '&' => out.push_str("&amp;"),
            '<' => out.push_str("&lt;"),
            '>' => out.push_str("&gt;"),
            c => out.push(c),
        }
    }
    out
}

fn js(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    for c in text.chars() {
        match c {
            '\\' | '\'' | '"' => out.extend(['\\', c]),
            '<' | '>' | '&' | '=' => out.push_str(&format!("\\u{:04X}", u32::from(c))),
            c if c < ' ' => out.push_str(&format!("\\u{:04X}", u32::from(c))),
            c => out.push(c),
        }
    }
    out
}

/// Go: net/url, QueryEscape.
fn urlquery(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    for byte in text.bytes() {
        match byte {
            b'a'..=b'z' | b'A'..=b'Z' | b'0'..=b'9' | b'-' | b'_' | b'.' | b'~' => out.push(char::from(byte)),
            b' ' => out.push('+'),
            byte => out.push_str(&format!("%{byte:02X}")),
        }
    }
    out
}
