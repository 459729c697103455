//! jq's operators: `+ - * / %` and the comparisons.

use std::cmp::Ordering;
use std::rc::Rc;

use super::super::json::Json;
use super::super::run::{Ran, failed};
use super::described;

pub(crate) fn binary(operator: &str, left: &Json, right: &Json) -> Ran<Json> {
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

pub(super) fn split(text: &str, separator: &str) -> Json {
    let parts: Vec<Json> = match (text, separator) {
        ("", _) => Vec::new(),
        (text, "") => text.chars().map(|c| Json::text(&c.to_string())).collect(),
        (text, separator) => text.split(separator).map(Json::text).collect(),
    };
    Json::array(parts)
}
