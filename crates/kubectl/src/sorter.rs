//! `get --sort-by`.
//!
//! Kubernetes: kubectl/pkg/cmd/get/sorter.go.

use std::cmp::Ordering;

use serde_json::Value;

use api::quantity::Quantity;
use cli_runtime::job::{Failure, Io, Stop};
use cli_runtime::jsonpath::{Execution, JsonPath, relaxed_jsonpath_expression};
use cli_runtime::time::klog_head;
use golang::GoError;
use golang::sort::{Interface, sort};
use golang::strconv::quote;
use golang::value::GoValue;

/// What the rows or objects of an error are to Go.
#[derive(Clone, Copy, PartialEq)]
pub(crate) enum Sorted {
    /// The rows of a table that the API server made.
    Rows,
    /// Objects as they are.
    Objects,
}

/// The order of the objects by what the path finds in each: the places where they stand now.
pub(crate) fn order(io: &mut Io, path: &str, values: &[Value], sorted: Sorted) -> Result<Vec<usize>, Stop> {
    let order: Vec<usize> = (0..values.len()).collect();
    if values.is_empty() {
        return Ok(order);
    }
    let field = match (relaxed_jsonpath_expression(path), sorted) {
        (Ok(field), _) => field,
        (Err(_), Sorted::Rows) => path.to_owned(),
        (Err(error), Sorted::Objects) => return Err(Failure::from(error).into()),
    };
    let parsed = JsonPath::parse(&field).map_err(|error| match sorted {
        Sorted::Rows => Failure::Message(format!("sorting error: {error}")),
        Sorted::Objects => Failure::from(error),
    })?;
    let mut keys = Vec::with_capacity(values.len());
    let mut execution = Execution::default();
    for value in values {
        let found = match sorted {
            Sorted::Rows => parsed.find_results(&mut execution, GoValue::from(value)),
            // Each comparison reads the path again.
            Sorted::Objects => parsed.find_results(&mut Execution::default(), GoValue::from(value)),
        };
        keys.push(found.map(|found| found.into_iter().next().and_then(|first| first.into_iter().next())));
    }
    check_found(&field, &keys, sorted)?;
    let mut sorter = Sorter { order, keys: &keys, values, field: &field, sorted };
    if let Err(fatal) = sort(&mut sorter) {
        let head = klog_head(io.now(), 'F', 1, &format!("sorter.go:{}", fatal.line));
        let text = format!("{head} {}\n", fatal.text);
        io.err(text);
        return Err(Failure::Exit(fatal.code).into());
    }
    Ok(sorter.order)
}

/// What a path finds first in an object, or why it finds nothing.
type Key<'v> = Result<Option<GoValue<'v>>, GoError>;

/// A field that no object has is refused, as is a path that fails before one is found.
fn check_found(field: &str, keys: &[Key<'_>], sorted: Sorted) -> Result<(), String> {
    let mut found = false;
    for key in keys {
        match (key, sorted) {
            (Ok(key), _) => found |= key.is_some(),
            (Err(error), Sorted::Objects) => return Err(error.to_string()),
            (Err(error), Sorted::Rows) => {
                return Err(format!(
                    "Failed to get values for [][]reflect.Value(nil) using {field} ({})",
                    error_syntax(error)
                ));
            }
        }
        if found && sorted == Sorted::Objects {
            break;
        }
    }
    if found {
        return Ok(());
    }
    Err(format!("couldn't find any field with path {} in the list of objects", quote(field)))
}

/// An error as `%#v` prints it.
fn error_syntax(error: &GoError) -> String {
    format!("&errors.errorString{{s:{}}}", quote(&error.to_string()))
}

/// What ends kubectl at once, with a line of its log.
struct Fatal {
    text: String,
    line: u32,
    code: i32,
}

struct Sorter<'a, 'v> {
    order: Vec<usize>,
    keys: &'a [Key<'v>],
    values: &'a [Value],
    field: &'a str,
    sorted: Sorted,
}

impl<'v> Sorter<'_, 'v> {
    /// The key of what stands at a place; `side` is what the log calls it.
    fn key(&self, at: usize, side: char) -> Result<Option<&GoValue<'v>>, Fatal> {
        let index = self.order.get(at).copied().unwrap_or_default();
        let error = match self.keys.get(index) {
            None | Some(Ok(None)) => return Ok(None),
            Some(Ok(Some(key))) => return Ok(Some(key)),
            Some(Err(error)) => error,
        };
        let object = self.values.get(index).map(|value| GoValue::from(value).go_syntax()).unwrap_or_default();
        let error = if side == 'i' { error_syntax(error) } else { error.to_string() };
        let text = format!(
            "Failed to get {side} values for &unstructured.Unstructured{{Object:{object}}} using {} ({error})",
            self.field
        );
        Err(Fatal { text, line: if side == 'i' { 310 } else { 315 }, code: 255 })
    }
}

impl Interface for Sorter<'_, '_> {
    type Error = Fatal;

    fn len(&self) -> usize {
        self.order.len()
    }

    fn swap(&mut self, i: usize, j: usize) {
        self.order.swap(i, j);
    }

    fn less(&mut self, i: usize, j: usize) -> Result<bool, Fatal> {
        let (left, right) = (self.key(i, 'i')?, self.key(j, 'j')?);
        let Some(left) = left else { return Ok(true) };
        let Some(right) = right else { return Ok(false) };
        is_less(left, right).map_err(|error| {
            let (of, line) = match self.sorted {
                Sorted::Rows => ("[][][]reflect.Value", 375),
                Sorted::Objects => ("*unstructured.Unstructured", 329),
            };
            let text = format!("Field {} in {of} is an unsortable type: interface, err: {error}", self.field);
            Fatal { text, line, code: 1 }
        })
    }
}

/// Kubernetes: sorter.go, isLess, of two interfaces.
fn is_less(left: &GoValue<'_>, right: &GoValue<'_>) -> Result<bool, String> {
    match (left, right) {
        (GoValue::Nil, GoValue::Nil) => Ok(false),
        (GoValue::Nil, _) => Ok(true),
        (_, GoValue::Nil) => Ok(false),
        (GoValue::Bool(_) | GoValue::List(_) | GoValue::Map(_) | GoValue::Invalid, _) => {
            Err(format!("unsortable type: {}", left.type_name()))
        }
        (GoValue::String(left), GoValue::String(right)) => {
            Ok(match (left.parse::<Quantity>(), right.parse::<Quantity>()) {
                (Ok(left), Ok(right)) => left < right,
                _ => left < right,
            })
        }
        (GoValue::Float(left), GoValue::Float(right)) => Ok(left.partial_cmp(right) == Some(Ordering::Less)),
        (GoValue::Int(left), GoValue::Int(right)) | (GoValue::Int64(left), GoValue::Int64(right)) => {
            Ok(left < right)
        }
        (GoValue::Uint8(left), GoValue::Uint8(right)) => Ok(left < right),
        _ => Err("unsortable interface: interface".to_owned()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn sorted(keys: &[&str]) -> String {
        let keys: Vec<Key<'_>> =
            keys.iter().map(|key| Ok((!key.is_empty()).then(|| GoValue::text((*key).to_owned())))).collect();
        let order = (0..keys.len()).collect();
        let mut sorter = Sorter { order, keys: &keys, values: &[], field: "", sorted: Sorted::Objects };
        assert!(sort(&mut sorter).is_ok());
        let places: Vec<String> = sorter.order.iter().map(usize::to_string).collect();
        places.join(" ")
    }

    #[test]
    fn equal_keys_end_where_gos_sort_leaves_them() {
        // What a real kubectl answered for 18 pods with these values.
        let app = [
            "cache", "db", "", "db", "", "web", "", "db", "api", "cache", "api", "api", "api", "web", "web",
            "web", "", "cache",
        ];
        assert_eq!(sorted(&app), "6 2 16 4 8 10 12 11 0 9 17 7 3 1 5 13 14 15");
        assert_eq!(sorted(&["", "", "b", "a"]), "1 0 3 2");
        assert_eq!(sorted(&["1Gi", "2", "500Mi", "10"]), "1 3 2 0");
    }

    #[test]
    fn what_cannot_be_compared_is_told() {
        let (map, flag) = (serde_json::json!({}), GoValue::Bool(true));
        assert_eq!(
            is_less(&GoValue::from(&map), &GoValue::Int64(1)).unwrap_err(),
            "unsortable type: map[string]interface {}"
        );
        assert_eq!(is_less(&flag, &flag).unwrap_err(), "unsortable type: bool");
        assert_eq!(
            is_less(&GoValue::Int64(1), &GoValue::text("a")).unwrap_err(),
            "unsortable interface: interface"
        );
        assert_eq!(is_less(&GoValue::Nil, &flag), Ok(true));
    }
}
