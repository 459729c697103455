//! `-o json|name|jsonpath=…|custom-columns=…`: objects in other forms than tables.
//!
//! Kubernetes: cli-runtime/pkg/printers (json.go, name.go), kubectl/pkg/cmd/get/customcolumn.go.

use serde_json::Value;

use crate::job::Failure;
use api::field::go_quote;
use api::object::{Kind, Object};
use yaml::gosyntax::json_float;

use super::jsonpath::{JsonPath, go_syntax, text_of};
use super::tabwriter::TabWriter;

/// What `-o` asks for, other than a table.
#[derive(Clone, Debug, PartialEq)]
pub enum Format {
    Json,
    Yaml,
    Name,
    JsonPath(JsonPath, String),
    /// Headings and where their values are.
    CustomColumns(Vec<(String, JsonPath)>),
}

const ALLOWED: &str = "custom-columns,custom-columns-file,go-template,go-template-file,json,jsonpath,jsonpath-as-json,jsonpath-file,kyaml,name,template,templatefile,wide,yaml";

impl Format {
    /// Reads the value of `-o`; `None` means a table.
    pub fn parse(output: &str) -> Result<Option<Format>, Failure> {
        let (name, argument) = output.split_once('=').unwrap_or((output, ""));
        match name {
            "" | "wide" => Ok(None),
            "json" => Ok(Some(Format::Json)),
            "yaml" => Ok(Some(Format::Yaml)),
            "name" => Ok(Some(Format::Name)),
            "jsonpath" if argument.is_empty() => {
                Err(Failure::message("template format specified but no template given"))
            }
            "jsonpath" => match JsonPath::parse(argument) {
                Ok(path) => Ok(Some(Format::JsonPath(path, argument.to_owned()))),
                Err(error) => Err(Failure::Message(format!("error parsing jsonpath {argument}, {error}"))),
            },
            "custom-columns" => custom_columns(argument).map(|columns| Some(Format::CustomColumns(columns))),
            "go-template"
            | "go-template-file"
            | "template"
            | "templatefile"
            | "custom-columns-file"
            | "jsonpath-as-json"
            | "jsonpath-file"
            | "kyaml" => Err(Failure::Message(format!(
                "-o {name} is not simulated: use -o yaml, json, jsonpath=… or custom-columns=…"
            ))),
            _ => Err(Failure::Message(format!(
                "unable to match a printer suitable for the output format {}, allowed formats are: {ALLOWED}",
                go_quote(name)
            ))),
        }
    }
}

/// The forms of commands that change something: the sentence of the command, or the object.
const ALLOWED_OF_CHANGES: &str = "go-template,go-template-file,json,jsonpath,jsonpath-as-json,jsonpath-file,kyaml,name,template,templatefile,yaml";

impl Format {
    /// As [`Format::parse`], for a command that changes something: it knows no tables.
    ///
    /// Kubernetes: cli-runtime/pkg/genericclioptions/print_flags.go, ToPrinter.
    pub fn parse_of_change(output: &str) -> Result<Option<Format>, Failure> {
        let name = output.split_once('=').map_or(output, |(name, _)| name);
        if output == "wide" || name == "custom-columns" {
            return Err(Failure::Message(format!(
                "unable to match a printer suitable for the output format {}, allowed formats are: {ALLOWED_OF_CHANGES}",
                go_quote(name)
            )));
        }
        Format::parse(output)
    }

    /// One value, an object or a List, in this form; `names` is what `-o name` prints of it.
    pub fn print(&self, value: &Value, names: impl FnOnce() -> String) -> Result<String, Failure> {
        Ok(match self {
            Format::Json => json(value),
            Format::Yaml => yaml(value),
            Format::Name => names(),
            Format::JsonPath(path, template) => {
                path.print(value).map_err(|error| execution_error(&error, template, value))?
            }
            Format::CustomColumns(columns) => {
                custom_columns_table(columns, std::slice::from_ref(value), true)?
            }
        })
    }
}

/// Kubernetes: cli-runtime/pkg/printers/jsonpath.go, PrintObj.
fn execution_error(error: &str, template: &str, value: &Value) -> Failure {
    let object = go_syntax(value);
    Failure::Message(format!(
        "error executing jsonpath {}: Error executing template: {error}. Printing more information for debugging the template:\n\ttemplate was:\n\t\t{template}\n\tobject given to jsonpath engine was:\n\t\t{object}\n\n\n",
        go_quote(template)
    ))
}

fn custom_columns(spec: &str) -> Result<Vec<(String, JsonPath)>, Failure> {
    if spec.is_empty() {
        return Err(Failure::message("custom-columns format specified but no custom columns given"));
    }
    let column = |part: &str| {
        let (heading, path) = part.split_once(':').ok_or_else(|| {
            Failure::Message(format!(
                "unexpected custom-columns spec: {part}, expected <header>:<json-path-expr>"
            ))
        })?;
        let path = JsonPath::relaxed(path).map_err(Failure::Message)?;
        Ok((heading.to_owned(), path))
    };
    spec.split(',').map(column).collect()
}

/// `pod/web`, `daemonset.apps/agent` (CLI-023).
pub fn name(kind: Kind, name: &str) -> String {
    format!("{}/{name}", kind.info().qualified_singular())
}

/// As [`name`], of an object.
pub fn name_of(object: &Object) -> String {
    name(object.kind(), &object.key().name)
}

/// As `-o yaml` prints it.
pub fn yaml(value: &Value) -> String {
    yaml::to_yaml(value)
}

/// JSON as Go indents it: four spaces, keys in order, `<`, `>` and `&` escaped.
pub fn json(value: &Value) -> String {
    let mut out = String::new();
    write_json(value, 0, &mut out);
    out.push('\n');
    out
}

fn write_json(value: &Value, level: usize, out: &mut String) {
    let indent = |out: &mut String, level: usize| {
        out.push('\n');
        out.extend(std::iter::repeat_n("    ", level));
    };
    match value {
        Value::Array(list) if !list.is_empty() => {
            out.push('[');
            for (at, item) in list.iter().enumerate() {
                if at > 0 {
                    out.push(',');
                }
                indent(out, level + 1);
                write_json(item, level + 1, out);
            }
            indent(out, level);
            out.push(']');
        }
        Value::Object(map) if !map.is_empty() => {
            out.push('{');
            for (at, (key, item)) in map.iter().enumerate() {
                if at > 0 {
                    out.push(',');
                }
                indent(out, level + 1);
                out.push_str(&json_string(key));
                out.push_str(": ");
                write_json(item, level + 1, out);
            }
            indent(out, level);
            out.push('}');
        }
        Value::Array(_) | Value::Object(_) => out.push_str(&value.to_string()),
        plain => out.push_str(&compact_json(plain)),
    }
}

/// Go: encoding/json, with HTML escaping.
fn json_string(text: &str) -> String {
    let quoted = Value::String(text.to_owned()).to_string();
    let mut out = String::with_capacity(quoted.len());
    for c in quoted.chars() {
        match c {
            '<' => out.push_str("\\u003c"),
            '>' => out.push_str("\\u003e"),
            '&' => out.push_str("\\u0026"),
            '\u{2028}' => out.push_str("\\u2028"),
            '\u{2029}' => out.push_str("\\u2029"),
            c => out.push(c),
        }
    }
    out
}

/// JSON without any space, keys in order: as it is stored in an annotation.
pub fn compact_json(value: &Value) -> String {
    match value {
        Value::Array(list) => {
            let items: Vec<String> = list.iter().map(compact_json).collect();
            format!("[{}]", items.join(","))
        }
        Value::Object(map) => {
            let pairs: Vec<String> = map
                .iter()
                .map(|(key, item)| format!("{}:{}", json_string(key), compact_json(item)))
                .collect();
            format!("{{{}}}", pairs.join(","))
        }
        Value::String(text) => json_string(text),
        Value::Number(n) => n.as_f64().filter(|_| n.is_f64()).map_or_else(|| n.to_string(), json_float),
        other => other.to_string(),
    }
}

/// The rows of `-o custom-columns`.
pub fn custom_columns_table(
    columns: &[(String, JsonPath)],
    values: &[Value],
    headers: bool,
) -> Result<String, Failure> {
    let mut lines = Vec::new();
    if headers {
        lines.push(columns.iter().map(|(heading, _)| heading.clone()).collect::<Vec<_>>().join("\t"));
    }
    for value in values {
        let cell = |path: &JsonPath| {
            let found: Vec<String> = path.find(value)?.into_iter().map(text_of).collect();
            Ok(if found.is_empty() { "<none>".to_owned() } else { found.join(",") })
        };
        let cells: Result<Vec<String>, String> = columns.iter().map(|(_, path)| cell(path)).collect();
        lines.push(cells.map_err(Failure::Message)?.join("\t"));
    }
    Ok(TabWriter::for_tables().format(&(lines.join("\n") + "\n")))
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn json_is_indented_and_escaped_as_go_does() {
        let value = json!({"b": [1, {"c": []}], "a": "<x>&\"y\""});
        assert_eq!(
            json_text(&value),
            "{\n    \"a\": \"\\u003cx\\u003e\\u0026\\\"y\\\"\",\n    \"b\": [\n        1,\n        {\n            \
             \"c\": []\n        }\n    ]\n}\n"
        );
        assert_eq!(compact_json(&value), "{\"a\":\"\\u003cx\\u003e\\u0026\\\"y\\\"\",\"b\":[1,{\"c\":[]}]}");
    }

    fn json_text(value: &Value) -> String {
        super::json(value)
    }

    #[test]
    fn cli_023_objects_are_named_by_kind_and_group() {
        let kind = |api_version, kind| Kind::of(api_version, kind).unwrap();
        assert_eq!(name(Kind::DaemonSet, "x"), "daemonset.apps/x");
        assert_eq!(name(Kind::Pod, "x"), "pod/x");
        assert_eq!(
            name(kind("rbac.authorization.k8s.io/v1", "ClusterRole"), "x"),
            "clusterrole.rbac.authorization.k8s.io/x"
        );
    }

    #[test]
    fn formats_are_read_and_others_refused() {
        assert_eq!(Format::parse("wide").unwrap(), None);
        assert_eq!(Format::parse("json").unwrap(), Some(Format::Json));
        let refused = |text: &str| match Format::parse(text) {
            Err(Failure::Message(text)) => text,
            other => panic!("{other:?}"),
        };
        assert!(
            refused("xml")
                .starts_with("unable to match a printer suitable for the output format \"xml\", allowed")
        );
        assert_eq!(
            refused("custom-columns=NAME"),
            "unexpected custom-columns spec: NAME, expected <header>:<json-path-expr>"
        );
        assert_eq!(refused("jsonpath={.a"), "error parsing jsonpath {.a, unclosed action");
    }

    #[test]
    fn custom_columns_show_what_is_found() {
        let Some(Format::CustomColumns(columns)) =
            Format::parse("custom-columns=NAME:.metadata.name,IMAGES:.spec.images[*]").unwrap()
        else {
            panic!("custom columns")
        };
        let values = [json!({"metadata": {"name": "agent"}, "spec": {"images": ["a", "b"]}}), json!({})];
        assert_eq!(
            custom_columns_table(&columns, &values, true).unwrap(),
            "NAME     IMAGES\nagent    a,b\n<none>   <none>\n"
        );
    }
}
