//! JSONPath templates: `{.items[*].metadata.name}`, `{range .items[*]}{.metadata.name}{"\n"}{end}`.
//!
//! Kubernetes: client-go/util/jsonpath/jsonpath.go. The functions have its names. What looks odd is upstream's:
//! a range that is never ended goes on after its last round, `$` is no root but whatever is looked at, and a
//! filter that only asks whether something is there lets an item pass whose path fails.

use std::cmp::Ordering;

use serde_json::Value;

use golang::value::GoValue;
use golang::{GoError, json};

mod parse;

/// A template, ready to be filled in.
#[derive(Clone, Debug, PartialEq)]
pub struct JsonPath {
    root: Vec<Node>,
}

#[derive(Clone, Debug, PartialEq)]
enum Node {
    /// What stands between braces.
    List(Vec<Node>),
    Text(String),
    Field(String),
    /// `[from:to:step]`; an index is a slice of one.
    Array([Param; 3]),
    Filter {
        left: Vec<Node>,
        operator: String,
        right: Vec<Node>,
    },
    Int(i64),
    Float(f64),
    Bool(bool),
    Wildcard,
    Recursive,
    Union(Vec<Vec<Node>>),
    /// `range`, `end`, or a word that the language does not have.
    Identifier(String),
}

#[derive(Clone, Copy, Debug, Default, PartialEq)]
struct Param {
    value: i64,
    known: bool,
    /// It follows from the one before it.
    derived: bool,
}

/// Ranges within each other beyond this, and values beyond that, are no template that a person wrote.
const MAX_RANGES: usize = 50;
const MAX_VALUES: usize = 5_000_000;

/// How a template is filled in, and what is left over from the last time.
///
/// Upstream's parser loses the nodes before a range once it has gone through it, so that a second object
/// (of `-w`, or of custom columns) is printed with the rest of the template only.
#[derive(Clone, Debug, Default)]
pub struct Execution {
    /// Whether a field that is not there is an error.
    pub forbid_missing_keys: bool,
    begin_range: usize,
    in_range: usize,
    end_range: usize,
    last_end_node: Option<usize>,
    /// The first of the nodes that are left.
    start: usize,
    depth: usize,
    values: usize,
}

type Found<'v> = Vec<GoValue<'v>>;
/// Upstream goes on with some of the values that come with an error.
type Walked<'v> = Result<Found<'v>, (Found<'v>, String)>;

impl JsonPath {
    /// Reads a template: text with paths in braces. The error is upstream's sentence.
    pub fn parse(template: &str) -> Result<JsonPath, GoError> {
        Ok(JsonPath { root: parse::parse(template).map_err(GoError)? })
    }

    /// One path as `--sort-by` and custom columns take it: with or without braces and leading dot.
    pub fn relaxed(path: &str) -> Result<JsonPath, GoError> {
        JsonPath::parse(&relaxed_jsonpath_expression(path)?)
    }

    /// What each text and action of the template finds.
    pub fn find_results<'v>(
        &self,
        execution: &mut Execution,
        value: GoValue<'v>,
    ) -> Result<Vec<Found<'v>>, GoError> {
        execution.values = 0;
        execution.depth = 0;
        execution.find_results(&self.root, value).map_err(GoError)
    }

    /// The first action's values alone: that of a path for sorting, a column or a condition.
    pub fn find<'v>(&self, value: &'v Value) -> Result<Found<'v>, GoError> {
        let results = self.find_results(&mut Execution::default(), GoValue::from(value))?;
        Ok(results.into_iter().next().unwrap_or_default())
    }

    /// The template filled in; a key that is not there prints nothing, an index beyond a list is an error.
    pub fn print(&self, value: &Value) -> Result<String, GoError> {
        self.execute(&mut Execution::default(), value)
    }

    /// The template filled in, with an execution that goes on from one object to the next.
    pub fn execute(&self, execution: &mut Execution, value: &Value) -> Result<String, GoError> {
        let results = self.find_results(execution, GoValue::from(value))?;
        Ok(results.iter().map(|values| print_results(values)).collect())
    }

    /// `-o jsonpath-as-json`: what each action finds as a list.
    pub fn execute_as_json(&self, execution: &mut Execution, value: &Value) -> Result<String, GoError> {
        let results = self.find_results(execution, GoValue::from(value))?;
        Ok(results.iter().map(|values| json::marshal_indent_values(values) + "\n").collect())
    }
}

/// A path with its braces and dot, whichever of them it was given with.
///
/// Kubernetes: kubectl/pkg/cmd/get/customcolumn.go, RelaxedJSONPathExpression.
pub fn relaxed_jsonpath_expression(path: &str) -> Result<String, GoError> {
    if path.is_empty() {
        return Ok(String::new());
    }
    let inner = path.strip_prefix('{').and_then(|path| path.strip_suffix('}')).unwrap_or(path);
    if inner.is_empty() || inner.contains(['{', '}']) {
        return Err(GoError(
            "unexpected path string, expected a 'name1.name2' or '.name1.name2' or '{name1.name2}' or '{.name1.name2}'"
                .to_owned(),
        ));
    }
    let field = inner.strip_prefix('.').filter(|rest| !rest.is_empty()).unwrap_or(inner);
    Ok(format!("{{.{field}}}"))
}

/// Kubernetes: jsonpath.go, PrintResults.
fn print_results(values: &[GoValue<'_>]) -> String {
    let texts: Vec<String> = values.iter().map(text_of).collect();
    texts.join(" ")
}

/// A value as the template prints it: lists and maps as JSON.
pub fn text_of(value: &GoValue<'_>) -> String {
    match value {
        GoValue::List(_) | GoValue::Map(_) => json::marshal_value(value),
        GoValue::Nil => "null".to_owned(),
        GoValue::Invalid => "<no value>".to_owned(),
        plain => plain.sprint(),
    }
}

impl Execution {
    fn find_results<'v>(&mut self, root: &[Node], value: GoValue<'v>) -> Result<Vec<Found<'v>>, String> {
        let value = if value == GoValue::Nil { GoValue::Invalid } else { value };
        let start = self.start;
        let mut full = Vec::new();
        let mut at = start;
        while let Some(node) = root.get(at) {
            let results = self.walk(vec![value.clone()], node).map_err(|(_, error)| error)?;
            if self.end_range > 0 && self.end_range <= self.in_range {
                self.end_range -= 1;
                self.last_end_node = Some(at);
                break;
            }
            if self.begin_range > 0 {
                self.begin_range -= 1;
                full.extend(self.range(root, at + 1, results)?);
                at = self.last_end_node.filter(|end| *end > at).unwrap_or(at);
            } else {
                full.push(results);
            }
            at += 1;
        }
        Ok(full)
    }

    /// The nodes from `start` for each of the values; once for nothing, so that the end is found.
    fn range<'v>(
        &mut self,
        root: &[Node],
        start: usize,
        values: Found<'v>,
    ) -> Result<Vec<Found<'v>>, String> {
        if self.depth >= MAX_RANGES {
            return Err("ranges are nested too deeply to be simulated".to_owned());
        }
        self.in_range += 1;
        self.depth += 1;
        let mut full = Vec::new();
        if values.is_empty() {
            self.start = start;
            self.find_results(root, GoValue::Invalid)?;
        }
        for value in values {
            self.start = start;
            full.extend(self.find_results(root, value)?);
        }
        self.depth -= 1;
        self.in_range -= 1;
        Ok(full)
    }

    fn walk<'v>(&mut self, input: Found<'v>, node: &Node) -> Walked<'v> {
        let for_each = |value: GoValue<'v>| input.iter().map(|_| value.clone()).collect();
        let found = match node {
            Node::List(nodes) => self.eval_list(input, nodes)?,
            Node::Text(text) => vec![GoValue::text(text.clone())],
            Node::Field(name) => self.eval_field(&input, name)?,
            Node::Array(params) => eval_array(input, params)?,
            Node::Filter { left, operator, right } => self.eval_filter(input, left, operator, right)?,
            Node::Int(number) => for_each(GoValue::Int(*number)),
            Node::Float(number) => for_each(GoValue::Float(*number)),
            Node::Bool(flag) => for_each(GoValue::Bool(*flag)),
            Node::Wildcard => input.iter().flat_map(GoValue::elements).collect(),
            Node::Recursive => eval_recursive(&input),
            Node::Union(lists) => {
                let mut found = Vec::new();
                for list in lists {
                    match self.eval_list(input.clone(), list) {
                        Ok(more) => found.extend(more),
                        Err((_, error)) => return Err((input, error)),
                    }
                }
                found
            }
            Node::Identifier(word) => self.eval_identifier(input, word)?,
        };
        self.values += found.len();
        if self.values > MAX_VALUES {
            return Err((Vec::new(), "the template finds too much to be simulated".to_owned()));
        }
        Ok(found)
    }

    fn eval_list<'v>(&mut self, mut values: Found<'v>, nodes: &[Node]) -> Walked<'v> {
        for node in nodes {
            values = self.walk(values, node)?;
        }
        Ok(values)
    }

    fn eval_identifier<'v>(&mut self, input: Found<'v>, word: &str) -> Walked<'v> {
        match word {
            "range" => {
                self.begin_range += 1;
                Ok(input)
            }
            "end" if self.in_range > 0 => {
                self.end_range += 1;
                Ok(Vec::new())
            }
            "end" => Err((Vec::new(), "not in range, nothing to end".to_owned())),
            word => Err((input, format!("unrecognized identifier {word}"))),
        }
    }

    fn eval_field<'v>(&self, input: &[GoValue<'v>], name: &str) -> Walked<'v> {
        let member = |value: &GoValue<'v>| match value {
            GoValue::Map(map) => map.get(name).map(GoValue::from),
            _ => None,
        };
        let found: Found<'v> = input.iter().filter_map(member).collect();
        if found.is_empty() && !input.is_empty() && self.forbid_missing_keys {
            return Err((found, format!("{name} is not found")));
        }
        Ok(found)
    }

    fn eval_filter<'v>(
        &mut self,
        input: Found<'v>,
        left: &[Node],
        operator: &str,
        right: &[Node],
    ) -> Walked<'v> {
        let mut found = Vec::new();
        for value in &input {
            let GoValue::List(list) = value else {
                let error = format!("{} is not array or slice and cannot be filtered", value.sprint());
                return Err((input, error));
            };
            for item in list.iter().map(GoValue::from) {
                let lefts = self.eval_list(vec![item.clone()], left);
                if operator == "exists" {
                    let lefts = lefts.unwrap_or_else(|(values, _)| values);
                    found.extend((!lefts.is_empty()).then_some(item));
                    continue;
                }
                let lefts = match lefts {
                    Ok(lefts) => lefts,
                    Err((_, error)) => return Err((input, error)),
                };
                let Some(left) = (match only(lefts) {
                    Ok(left) => left,
                    Err(error) => return Err((input, error)),
                }) else {
                    continue;
                };
                let rights = match self.eval_list(vec![item.clone()], right) {
                    Ok(rights) => rights,
                    Err((_, error)) => return Err((input, error)),
                };
                let Some(right) = (match only(rights) {
                    Ok(right) => right,
                    Err(error) => return Err((input, error)),
                }) else {
                    continue;
                };
                match compare(operator, &left, &right) {
                    Ok(true) => found.push(item),
                    Ok(false) => {}
                    Err(error) => return Err((found, error)),
                }
            }
        }
        Ok(found)
    }
}

/// The value that is to be compared, if there is one.
fn only(mut values: Found<'_>) -> Result<Option<GoValue<'_>>, String> {
    match values.len() {
        0 | 1 => Ok(values.pop()),
        _ => Err("can only compare one element at a time".to_owned()),
    }
}

fn eval_array<'v>(input: Found<'v>, params: &[Param; 3]) -> Walked<'v> {
    let mut found = Vec::new();
    for value in &input {
        let list = match value {
            GoValue::List(list) => *list,
            GoValue::Nil => continue,
            other => {
                let error = format!("{} is not array or slice", other.type_name());
                return Err((input, error));
            }
        };
        match slice(list, params) {
            Ok(Some(part)) => found.extend(part),
            Ok(None) => return Ok(found),
            Err(error) => return Err((input, error)),
        }
    }
    Ok(found)
}

/// The elements that are asked for; `None` where none are, which ends the search.
fn slice<'v>(
    list: &'v [Value],
    [from, to, step]: &[Param; 3],
) -> Result<Option<impl Iterator<Item = GoValue<'v>> + use<'v>>, String> {
    let length = i64::try_from(list.len()).unwrap_or(i64::MAX);
    let mut first = if from.known { from.value } else { 0 };
    if first < 0 {
        first = first.saturating_add(length);
    }
    let mut last = if to.known { to.value } else { length };
    if last < 0 || (last == 0 && to.derived) {
        last = last.saturating_add(length);
    }
    if first == last {
        return Ok(None);
    }
    let beyond = |index: i64| Err(format!("array index out of bounds: index {index}, length {length}"));
    if first >= length || first < 0 {
        return beyond(first);
    }
    if last > length || last < 0 {
        return beyond(last.saturating_sub(1));
    }
    if first > last {
        return Err(format!("starting index {first} is greater than ending index {last}"));
    }
    if step.known && step.value <= 0 {
        return Err("step must be > 0".to_owned());
    }
    let step = if step.known { usize::try_from(step.value).unwrap_or(usize::MAX) } else { 1 };
    let range = usize::try_from(first).unwrap_or_default()..usize::try_from(last).unwrap_or_default();
    Ok(Some(list.get(range).unwrap_or_default().iter().step_by(step).map(GoValue::from)))
}

/// Each value that has parts, before its parts.
fn eval_recursive<'v>(input: &[GoValue<'v>]) -> Found<'v> {
    let mut found = Vec::new();
    let mut open: Vec<GoValue<'v>> = input.iter().rev().cloned().collect();
    while let Some(value) = open.pop() {
        let parts = value.elements();
        if !parts.is_empty() {
            found.push(value);
            open.extend(parts.into_iter().rev());
        }
    }
    found
}

/// Kubernetes: client-go/third_party/forked/golang/template/funcs.go.
fn compare(operator: &str, left: &GoValue<'_>, right: &GoValue<'_>) -> Result<bool, String> {
    match operator {
        "==" => equal(left, right),
        "!=" => equal(left, right).map(|equal| !equal),
        "<" => less(left, right),
        ">=" => less(left, right).map(|less| !less),
        "<=" => less_equal(left, right),
        ">" => less_equal(left, right).map(|less| !less),
        other => Err(format!("unrecognized filter operator {other}")),
    }
}

fn less_equal(left: &GoValue<'_>, right: &GoValue<'_>) -> Result<bool, String> {
    Ok(less(left, right)? || equal(left, right)?)
}

/// How two values of one kind stand to each other; `None`: they are of different kinds.
fn order(left: &GoValue<'_>, right: &GoValue<'_>) -> Result<Option<Ordering>, String> {
    let basic = |value: &GoValue<'_>| {
        !matches!(value, GoValue::Invalid | GoValue::Nil | GoValue::List(_) | GoValue::Map(_))
    };
    if !basic(left) || !basic(right) {
        return Err("invalid type for comparison".to_owned());
    }
    Ok(match (left, right) {
        (GoValue::String(left), GoValue::String(right)) => Some(left.cmp(right)),
        (GoValue::Bool(left), GoValue::Bool(right)) => Some(left.cmp(right)),
        (GoValue::Float(left), GoValue::Float(right)) => left.partial_cmp(right),
        (left, right) => left.as_int().zip(right.as_int()).map(|(left, right)| left.cmp(&right)),
    })
}

const INCOMPATIBLE: &str = "incompatible types for comparison";

fn equal(left: &GoValue<'_>, right: &GoValue<'_>) -> Result<bool, String> {
    Ok(order(left, right)?.ok_or(INCOMPATIBLE)?.is_eq())
}

fn less(left: &GoValue<'_>, right: &GoValue<'_>) -> Result<bool, String> {
    let order = order(left, right)?.ok_or(INCOMPATIBLE)?;
    if matches!(left, GoValue::Bool(_)) {
        return Err("invalid type for comparison".to_owned());
    }
    Ok(order.is_lt())
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    fn list() -> Value {
        json!({"items": [
            {"metadata": {"name": "a", "labels": {"example.com/app": "x"}}, "spec": {"n": 1},
                "status": {"conditions": [{"type": "Ready", "status": "True"}, {"type": "Other"}]}},
            {"metadata": {"name": "b"}, "spec": {"n": 2}},
        ]})
    }

    #[test]
    fn templates_find_what_they_name() {
        for (template, expected) in [
            ("{.items[*].metadata.name}", "a b"),
            ("{.items[0].metadata.labels.example\\.com/app}", "x"),
            ("{.items[-1].metadata.name}", "b"),
            ("{.items[0:1].metadata.name}", "a"),
            ("{range .items[*]}{.metadata.name}{\"\\t\"}{.spec.n}{\"\\n\"}{end}", "a\t1\nb\t2\n"),
            ("{.items[?(@.spec.n>1)].metadata.name}", "b"),
            ("{.items[?(@.metadata.name==\"a\")].spec.n}", "1"),
            ("{.items[0].status.conditions[?(@.type=='Ready')].status}", "True"),
            ("{..name}", "a b"),
            ("{$.items[1]['metadata'].name}", "b"),
            ("name: {.items[0].metadata.name}!", "name: a!"),
            ("{.items[0].spec}", "{\"n\":1}"),
            ("{.nothing.here}", ""),
            ("{.items[*].spec.*}", "1 2"),
            ("{.items[0,1].metadata.name}", "a b"),
            ("{.items[*]['metadata.name','spec.n']}", "a b 1 2"),
            // A range without its end goes on once more behind its last round.
            ("{range .items[*]}{.metadata.name},", "a,b,,"),
            ("{range .nothing[*]}{.a[0]}{end}x", "x"),
            (
                "{range .items[*]}{range .status.conditions[*]}{.type} {end}{.metadata.name};{end}",
                "Ready Other a;b;",
            ),
            ("{true} {1} {1.5} {'it\\'s'} {\"\\u0041\"}", "true 1 1.5 it's A"),
            ("{.items[?(@.status)].metadata.name}", "a"),
            ("{.items[?(@.spec.n!=1)].metadata.name}", "b"),
            // The path of the filter fails, and the item passes.
            ("{.items[?(@.status.conditions[5])].metadata.name}", "a"),
            ("{.items[::2].metadata.name}", "a"),
        ] {
            assert_eq!(
                JsonPath::parse(template).unwrap().print(&list()).as_deref(),
                Ok(expected),
                "{template}"
            );
        }
    }

    #[test]
    fn absurd_templates_end() {
        for template in [
            "{range .items[*]}".repeat(10_000),
            "{range ..}".repeat(40),
            format!("{{.items{}}}", "[0,0,0,0]".repeat(100)),
            "{end}".repeat(10_000),
            "[?(".repeat(10_000),
        ] {
            let _ = JsonPath::parse(&template).and_then(|path| path.print(&list()));
        }
    }

    #[test]
    fn what_cannot_be_carried_out_is_told_in_jsonpaths_words() {
        for (template, expected) in [
            ("{.items[2].metadata}", "array index out of bounds: index 2, length 2"),
            ("{.items[-3]}", "array index out of bounds: index -1, length 2"),
            ("{.items[0:3]}", "array index out of bounds: index 2, length 2"),
            ("{.items[0].metadata[0]}", "map[string]interface {} is not array or slice"),
            ("{.items[0].metadata.name[0]}", "string is not array or slice"),
            ("{metadata.name}", "unrecognized identifier metadata"),
            ("{.items[?(@..name==\"a\")]}", "a"),
            ("{end}", "not in range, nothing to end"),
            ("{.items[1:0]}", "starting index 1 is greater than ending index 0"),
            ("{.items[0:2:0]}", "step must be > 0"),
            ("{.items[?(@.spec.n==\"1\")]}", "incompatible types for comparison"),
            ("{.items[?(@.spec==1)]}", "invalid type for comparison"),
            ("{.items[?(@.spec.n=1)]}", "unrecognized filter operator ="),
            ("{.items[?(@.spec.n==x)]}", "unrecognized identifier x"),
            (
                "{.items[0][?(@.a)]}",
                "map[metadata:map[labels:map[example.com/app:x] name:a] spec:map[n:1] \
                status:map[conditions:[map[status:True type:Ready] map[type:Other]]]] is not array or slice and \
                cannot be filtered",
            ),
        ] {
            let printed = JsonPath::parse(template).unwrap().print(&list());
            let said = printed.map_or_else(|error| error.to_string(), |_| "a".to_owned());
            assert_eq!(said, expected, "{template}");
        }
        for (template, expected) in [
            ("{.items[0", "unterminated array"),
            ("{.items", "unclosed action"),
            ("{\"a}", "unterminated quoted string"),
            ("{=}", "unrecognized character in action: U+003D '='"),
            ("{.a[}", "unterminated array"),
            ("{.a[x]}", "invalid array index x"),
            ("{.a[ 0 ]}", "invalid array index  0 "),
            ("{.a[\"b\"]}", "invalid array index \"b\""),
            ("{.a[-]}", "array index - is not a number"),
            ("{.a[1:2:3:4]}", "invalid array index 1:2:3:4"),
            ("{.a[?(@.b]}", "unterminated filter"),
            ("{.a[?(@.b)}", "unclosed array expect ]"),
            ("{....a}", "invalid multiple recursive descent"),
            ("{1.2.3}", "cannot parse number 1.2.3"),
            ("{'\\q'}", "unquote string '\\q' error invalid syntax"),
        ] {
            assert_eq!(JsonPath::parse(template).unwrap_err().to_string(), expected, "{template}");
        }
    }

    #[test]
    fn sort_keys_may_leave_out_braces_and_dot() {
        for path in [".spec.n", "spec.n", "{.spec.n}", "{spec.n}"] {
            let path = JsonPath::relaxed(path).unwrap();
            assert_eq!(path.find(&list()["items"][1]).unwrap(), [GoValue::Int64(2)]);
        }
        assert!(JsonPath::relaxed("{.a}{.b}").is_err());
    }
}
