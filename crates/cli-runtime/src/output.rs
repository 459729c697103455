//! `-o json|name|jsonpath=…|custom-columns=…`: objects in other forms than tables.
//!
//! Kubernetes: cli-runtime/pkg/printers (json.go, name.go), kubectl/pkg/cmd/get/customcolumn.go.

use std::rc::Rc;

use serde_json::Value;

use crate::job::{Failure, Io};
use api::field::go_quote;
use api::object::{Kind, Object};

use super::jsonpath::{Execution, JsonPath, relaxed_jsonpath_expression};
use super::tabwriter::TabWriter;
use crate::kyaml::kyaml;
use crate::template::Template;
use golang::GoError;
use golang::value::GoValue;

/// What `-o` asks for, other than a table.
#[derive(Clone, Debug)]
pub enum Format {
    /// `json`.
    Json,
    /// `yaml`.
    Yaml,
    /// `kyaml`.
    Kyaml,
    /// `name`: `pod/web`.
    Name,
    /// `jsonpath=…`, `jsonpath-as-json=…`, `jsonpath-file=…`.
    JsonPath {
        /// The template as it was understood.
        path: JsonPath,
        /// The template as it was written.
        template: String,
        /// Print what was found as one JSON list.
        as_json: bool,
        /// A key that is not there is an error (`--allow-missing-template-keys=false`).
        forbid_missing_keys: bool,
    },
    /// `go-template=…`, `go-template-file=…`.
    GoTemplate(Template),
    /// `custom-columns=…`, `custom-columns-file=…`.
    CustomColumns(CustomColumns),
}

/// Headings and where their values are; what is wrong with a path is said once the headings stand there.
#[derive(Clone, Debug)]
pub struct CustomColumns {
    columns: Vec<(String, String)>,
    /// Leave the headings out (`--no-headers`).
    pub no_headers: bool,
}

/// What a command line says of the form that its output should have.
#[derive(Clone, Copy, Debug, Default)]
pub struct PrintFlags<'a> {
    /// `-o`.
    pub output: &'a str,
    /// `--template`.
    pub template: &'a str,
    /// `--allow-missing-template-keys=false`.
    pub forbid_missing_keys: bool,
    /// `--no-headers`.
    pub no_headers: bool,
}

type ReadFile<'a> = &'a dyn Fn(&str) -> Option<Rc<[u8]>>;

const ALLOWED: &str = "custom-columns,custom-columns-file,go-template,go-template-file,json,jsonpath,jsonpath-as-json,jsonpath-file,kyaml,name,template,templatefile,wide,yaml";

/// The forms of commands that change something: the sentence of the command, or the object.
const ALLOWED_OF_CHANGES: &str = "go-template,go-template-file,json,jsonpath,jsonpath-as-json,jsonpath-file,kyaml,name,template,templatefile,yaml";

const JSON_PATHS: &[&str] = &["jsonpath", "jsonpath-file", "jsonpath-as-json"];
const TEMPLATES: &[&str] = &["template", "go-template", "go-template-file", "templatefile"];
const COLUMNS: &[&str] = &["custom-columns", "custom-columns-file"];

impl PrintFlags<'_> {
    /// The name and the argument of one of these formats: `jsonpath={.kind}`, or `--template` beside the name.
    fn split(&self, output: &str, names: &[&str]) -> Option<(String, String)> {
        if !self.template.is_empty() {
            return names.contains(&output).then(|| (output.to_owned(), self.template.to_owned()));
        }
        let (name, argument) = output.split_once('=').unwrap_or((output, ""));
        names.contains(&name).then(|| (name.to_owned(), argument.to_owned()))
    }

    fn unmatched(&self, allowed: &str) -> Failure {
        Failure::Message(format!(
            "unable to match a printer suitable for the output format {}, allowed formats are: {allowed}",
            go_quote(self.output)
        ))
    }

    /// Kubernetes: cli-runtime/pkg/genericclioptions/kube_template_flags.go, ToPrinter.
    fn templates(&self, output: &str, read: ReadFile<'_>) -> Result<Option<Format>, Failure> {
        let none = || Failure::message("template format specified but no template given");
        if let Some((name, template)) = self.split(output, JSON_PATHS) {
            let template = match name.as_str() {
                _ if template.is_empty() => return Err(none()),
                "jsonpath-file" => file(&template, read)?,
                _ => template,
            };
            let path = JsonPath::parse(&template)
                .map_err(|error| Failure::Message(format!("error parsing jsonpath {template}, {error}")))?;
            let (as_json, forbid_missing_keys) = (name == "jsonpath-as-json", self.forbid_missing_keys);
            return Ok(Some(Format::JsonPath { path, template, as_json, forbid_missing_keys }));
        }
        let Some((name, template)) = self.split(output, TEMPLATES) else { return Ok(None) };
        let template = match name.as_str() {
            _ if template.is_empty() => return Err(none()),
            "go-template-file" | "templatefile" => file(&template, read)?,
            _ => template,
        };
        let parsed = Template::parse(&template, self.forbid_missing_keys)
            .map_err(|error| Failure::Message(format!("error parsing template {template}, {error}")))?;
        Ok(Some(Format::GoTemplate(parsed)))
    }

    fn json_or_yaml(output: &str) -> Result<Option<Format>, Failure> {
        Ok(match output.to_lowercase().as_str() {
            "json" => Some(Format::Json),
            "yaml" => Some(Format::Yaml),
            "kyaml" => Some(Format::Kyaml),
            _ => None,
        })
    }

    /// The format of `get`; `None` means a table.
    ///
    /// Kubernetes: kubectl/pkg/cmd/get/get_flags.go, ToPrinter.
    pub fn to_printer(&self, read: ReadFile<'_>) -> Result<Option<Format>, Failure> {
        let output =
            if self.output.is_empty() && !self.template.is_empty() { "go-template" } else { self.output };
        if let Some(format) = self.templates(output, read)? {
            return Ok(Some(format));
        }
        if let Some(format) = Self::json_or_yaml(output)? {
            return Ok(Some(format));
        }
        if matches!(output, "" | "wide") {
            return Ok(None);
        }
        if let Some((name, spec)) = self.split(output, COLUMNS) {
            let mut columns = match name.as_str() {
                _ if spec.is_empty() => {
                    return Err(Failure::message(
                        "custom-columns format specified but no custom columns given",
                    ));
                }
                "custom-columns-file" => CustomColumns::from_template(&spec, read)?,
                _ => CustomColumns::from_spec(&spec)?,
            };
            columns.no_headers = self.no_headers && name == "custom-columns";
            return Ok(Some(Format::CustomColumns(columns)));
        }
        match output.to_lowercase().as_str() {
            "name" => Ok(Some(Format::Name)),
            _ => Err(self.unmatched(ALLOWED)),
        }
    }

    /// The format of a command that changes something; `None` means its sentence.
    ///
    /// Kubernetes: cli-runtime/pkg/genericclioptions/print_flags.go, ToPrinter.
    pub fn to_printer_of_change(&self, read: ReadFile<'_>) -> Result<Option<Format>, Failure> {
        let output =
            if self.output.is_empty() && !self.template.is_empty() { "go-template" } else { self.output };
        if let Some(format) = Self::json_or_yaml(output)? {
            return Ok(Some(format));
        }
        match output.to_lowercase().as_str() {
            "" => return Ok(None),
            "name" => return Ok(Some(Format::Name)),
            _ => {}
        }
        match self.templates(output, read)? {
            Some(format) => Ok(Some(format)),
            None => Err(self.unmatched(ALLOWED_OF_CHANGES)),
        }
    }
}

fn file(name: &str, read: ReadFile<'_>) -> Result<String, Failure> {
    let bytes = read(name).ok_or_else(|| {
        Failure::Message(format!("error reading --template {name}, open {name}: no such file or directory"))
    })?;
    Ok(String::from_utf8_lossy(&bytes).into_owned())
}

impl Format {
    /// Prints one value, an object or a List; `names` is what `-o name` prints of it.
    ///
    /// What was printed before something went wrong stays.
    pub fn print_obj(
        &self,
        io: &mut Io,
        value: &Value,
        names: impl FnOnce() -> String,
    ) -> Result<(), Failure> {
        self.print_again(io, &mut Execution::default(), value, names)
    }

    /// As [`Format::print_obj`], with what the printer keeps from one object to the next.
    pub fn print_again(
        &self,
        io: &mut Io,
        execution: &mut Execution,
        value: &Value,
        names: impl FnOnce() -> String,
    ) -> Result<(), Failure> {
        let mut out = String::new();
        let result = match self {
            Format::Json => {
                out = json(value);
                Ok(())
            }
            // The JSON that the YAML is made of is read as YAML, which has no place for these.
            Format::Yaml if compact_json(value).contains(is_control) => {
                Err(Failure::message("yaml: control characters are not allowed"))
            }
            Format::Yaml => {
                out = yaml(value);
                Ok(())
            }
            Format::Kyaml => {
                out = kyaml(value);
                Ok(())
            }
            Format::Name => {
                out = names();
                Ok(())
            }
            Format::JsonPath { path, template, as_json, forbid_missing_keys } => {
                execution.forbid_missing_keys = *forbid_missing_keys;
                let printed = match as_json {
                    true => path.execute_as_json(execution, value),
                    false => path.execute(execution, value),
                };
                printed.map(|text| out = text).map_err(|error| execution_error(&error, template, value))
            }
            Format::GoTemplate(template) => print_template(template, value, &mut out),
            Format::CustomColumns(columns) => {
                let result = columns.table(std::slice::from_ref(value), !columns.no_headers, &mut out);
                result.map_err(Failure::from)
            }
        };
        io.out(out);
        result
    }
}

/// Letters that a reader of YAML refuses, of those that JSON does not escape.
///
/// Upstream: go.yaml.in/yaml/v2/readerc.go, yaml_parser_update_buffer.
fn is_control(c: char) -> bool {
    matches!(c, '\u{7f}'..='\u{84}' | '\u{86}'..='\u{9f}' | '\u{fffe}' | '\u{ffff}')
}

/// Kubernetes: cli-runtime/pkg/printers/jsonpath.go, PrintObj.
fn execution_error(error: &GoError, template: &str, value: &Value) -> Failure {
    let object = GoValue::from(value).go_syntax();
    Failure::Message(format!(
        "error executing jsonpath {}: Error executing template: {error}. Printing more information for debugging the template:\n\ttemplate was:\n\t\t{template}\n\tobject given to jsonpath engine was:\n\t\t{object}\n\n\n",
        go_quote(template)
    ))
}

/// Kubernetes: cli-runtime/pkg/printers/template.go, PrintObj.
fn print_template(template: &Template, value: &Value, out: &mut String) -> Result<(), Failure> {
    let Err(error) = template.execute(value, out) else { return Ok(()) };
    out.push_str(&format!(
        "Error executing template: {error}. Printing more information for debugging the template:\n\ttemplate was:\n\t\t{}\n\traw data was:\n\t\t{}\n\tobject given to template engine was:\n\t\t{}\n\n",
        template.text(),
        golang::json::marshal(value),
        GoValue::from(value).sprint()
    ));
    Err(Failure::Message(format!("error executing template {}: {error}", go_quote(template.text()))))
}

impl CustomColumns {
    /// `NAME:.metadata.name,IMAGE:.spec.image`.
    ///
    /// Kubernetes: kubectl/pkg/cmd/get/customcolumn.go, NewCustomColumnsPrinterFromSpec.
    fn from_spec(spec: &str) -> Result<CustomColumns, Failure> {
        let column = |part: &str| {
            let (heading, path) = part.split_once(':').ok_or_else(|| {
                Failure::Message(format!(
                    "unexpected custom-columns spec: {part}, expected <header>:<json-path-expr>"
                ))
            })?;
            let path = relaxed_jsonpath_expression(path)?;
            Ok((heading.to_owned(), path))
        };
        let columns = spec.split(',').map(column).collect::<Result<_, Failure>>()?;
        Ok(CustomColumns { columns, no_headers: false })
    }

    /// A file of two lines: the headings, and below each where its values are.
    ///
    /// Kubernetes: customcolumn.go, NewCustomColumnsPrinterFromTemplate.
    fn from_template(name: &str, read: ReadFile<'_>) -> Result<CustomColumns, Failure> {
        let bytes = read(name).ok_or_else(|| {
            Failure::Message(format!(
                "error reading template {name}, open {name}: no such file or directory\n"
            ))
        })?;
        let text = String::from_utf8_lossy(&bytes);
        let mut lines = text.lines();
        let mut words = |what: &str| -> Result<Vec<String>, Failure> {
            let line = lines.next().ok_or_else(|| {
                Failure::Message(format!(
                    "invalid template, missing {what} line. Expected format is one line of space separated headers, one line of space separated column specs."
                ))
            })?;
            Ok(line.split_whitespace().map(str::to_owned).collect())
        };
        let (headings, specs) = (words("header")?, words("spec")?);
        if headings.len() != specs.len() {
            return Err(Failure::Message(format!(
                "number of headers ({}) and field specifications ({}) don't match",
                headings.len(),
                specs.len()
            )));
        }
        let column = |(heading, spec): (String, String)| Ok((heading, relaxed_jsonpath_expression(&spec)?));
        let columns = headings.into_iter().zip(specs).map(column).collect::<Result<_, Failure>>()?;
        Ok(CustomColumns { columns, no_headers: false })
    }

    /// The rows of the values, up to the first that cannot be shown.
    ///
    /// Kubernetes: customcolumn.go, PrintObj.
    pub fn table(&self, values: &[Value], headers: bool, out: &mut String) -> Result<(), GoError> {
        let mut lines = String::new();
        if headers {
            let headings: Vec<&str> = self.columns.iter().map(|(heading, _)| heading.as_str()).collect();
            lines = headings.join("\t") + "\n";
        }
        let result = self.rows(values, &mut lines);
        out.push_str(&TabWriter::for_tables().format(&lines));
        result
    }

    fn rows(&self, values: &[Value], lines: &mut String) -> Result<(), GoError> {
        let parse = |(_, path): &(String, String)| Ok((JsonPath::parse(path)?, Execution::default()));
        let mut paths = self.columns.iter().map(parse).collect::<Result<Vec<_>, GoError>>()?;
        for value in values {
            let mut cells = Vec::new();
            for (path, execution) in &mut paths {
                let found = path.find_results(execution, GoValue::from(value))?;
                let mut texts: Vec<String> = Vec::new();
                if found.first().is_none_or(Vec::is_empty) {
                    texts.push("<none>".to_owned());
                }
                texts.extend(found.iter().flatten().map(|value| escape_terminal(&value.sprint())));
                cells.push(texts.join(","));
            }
            lines.push_str(&cells.join("\t"));
            lines.push('\n');
        }
        Ok(())
    }
}

/// Kubernetes: cli-runtime/pkg/printers/terminal.go, EscapeTerminal.
fn escape_terminal(text: &str) -> String {
    text.replace('\u{1b}', "^[").replace('\r', "\\r")
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
    golang::json::marshal_indent(value, "    ") + "\n"
}

/// The same, indented by two spaces.
pub fn json_by_two(value: &Value) -> String {
    golang::json::marshal_indent(value, "  ") + "\n"
}

/// JSON without any space, keys in order: as it is stored in an annotation.
pub fn compact_json(value: &Value) -> String {
    golang::json::marshal(value)
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

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

    fn of(output: &str) -> Result<Option<Format>, Failure> {
        PrintFlags { output, ..PrintFlags::default() }.to_printer(&|_| None)
    }

    #[test]
    fn formats_are_read_and_others_refused() {
        assert!(matches!(of("wide"), Ok(None)));
        assert!(matches!(of("JSON"), Ok(Some(Format::Json))));
        let refused = |text: &str| match of(text) {
            Err(Failure::Message(text)) => text,
            other => panic!("{other:?}"),
        };
        for (output, expected) in [
            (
                "xml=x",
                "unable to match a printer suitable for the output format \"xml=x\", allowed formats are: ",
            ),
            (
                "custom-columns=NAME",
                "unexpected custom-columns spec: NAME, expected <header>:<json-path-expr>",
            ),
            ("jsonpath={.a", "error parsing jsonpath {.a, unclosed action"),
            ("go-template", "template format specified but no template given"),
            ("go-template={{.a", "error parsing template {{.a, template: output:1: unclosed action"),
        ] {
            assert!(refused(output).starts_with(expected), "{output}: {}", refused(output));
        }
    }

    #[test]
    fn custom_columns_show_what_is_found() {
        let table = |spec: &str| {
            let Ok(Some(Format::CustomColumns(columns))) = of(&format!("custom-columns={spec}")) else {
                panic!("custom columns")
            };
            let values = [
                json!({"metadata": {"name": "agent"}, "spec": {"images": ["a", "b"], "m": {"k": 1}}}),
                json!({}),
            ];
            let mut out = String::new();
            let result = columns.table(&values, true, &mut out);
            out + &result.err().map_or_else(String::new, |error| error.to_string())
        };
        assert_eq!(
            table("NAME:.metadata.name,IMAGES:.spec.images[*]"),
            "NAME     IMAGES\nagent    a,b\n<none>   <none>\n"
        );
        assert_eq!(table("M:spec.m,N:"), "M          N\nmap[k:1]   <none>\n<none>     <none>\n");
        assert_eq!(table("N:.metadata.name[0]"), "N\nstring is not array or slice");
        assert_eq!(table("N:.metadata["), "N\nunterminated array");
    }
}
