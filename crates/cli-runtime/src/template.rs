//! `-o go-template`: Go's text/template over decoded objects.
//!
//! Go: text/template. Not simulated: complex numbers, methods, and functions that a program adds, but for
//! kubectl's own two.

use serde_json::Value;
use sim::SortedMap;

use golang::GoError;
use golang::value::GoValue;
use node::List;

mod exec;
mod funcs;
mod lex;
mod node;
mod parse;

/// A template that was read.
#[derive(Clone, Debug)]
pub struct Template {
    text: String,
    /// The bodies by their names: `output` is the template itself.
    bodies: SortedMap<String, List>,
    /// Whether a key that is not there is an error (`missingkey=error`).
    forbid_missing_keys: bool,
}

/// The name that kubectl gives a template.
const NAME: &str = "output";

impl Template {
    /// Reads a template; the error is Go's sentence.
    pub fn parse(text: &str, forbid_missing_keys: bool) -> Result<Template, GoError> {
        let bodies = parse::parse(text).map_err(GoError)?;
        Ok(Template { text: text.to_owned(), bodies, forbid_missing_keys })
    }

    /// The template as it was written.
    pub fn text(&self) -> &str {
        &self.text
    }

    /// Fills it in. What was printed before a mistake showed stays in `out`.
    pub fn execute(&self, value: &Value, out: &mut String) -> Result<(), GoError> {
        exec::execute(self, GoValue::from(value), out).map_err(GoError)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    fn filled(template: &str) -> String {
        let value = json!({"kind": "List", "n": null, "f": 1.5, "items": [
            {"metadata": {"name": "a", "labels": {"x": "1", "y": "<2>"}}, "spec": {"n": 1, "on": true}},
            {"metadata": {"name": "b"}, "spec": {"n": 2}}]});
        match Template::parse(template, false) {
            Err(error) => error.to_string(),
            Ok(template) => {
                let mut out = String::new();
                let result = template.execute(&value, &mut out);
                out + &result.err().map_or_else(String::new, |error| error.to_string())
            }
        }
    }

    #[test]
    fn templates_are_filled_in() {
        for (template, expected) in [
            ("{{range .items}}{{.metadata.name}}{{\"\\n\"}}{{end}}", "a\nb\n"),
            ("{{len .items}} {{(index .items 0).metadata.name}} {{.nope}}", "2 a <no value>"),
            ("{{range $i, $p := .items}}{{$i}}={{$p.metadata.name}} {{end}}", "0=a 1=b "),
            ("{{range .items}}{{if .spec.on}}on{{else if eq .spec.n 2}}two{{end}};{{end}}", "on;two;"),
            ("{{range $k, $v := (index .items 0).metadata.labels}}{{$k}}:{{$v}} {{end}}", "x:1 y:<2> "),
            ("{{with .nope}}x{{else}}none{{end}}", "none"),
            ("{{with .kind}}{{.}}{{end}} {{.items | len}}", "List 2"),
            ("{{printf \"%-5s|%03d|%q|%v\" .kind 7 .kind .f}}", "List |007|\"List\"|1.5"),
            ("a {{- /* c */ -}} b{{- 1 }}", "ab1"),
            ("{{define \"t\"}}<{{.}}>{{end}}{{template \"t\" .kind}}", "<List>"),
            ("{{block \"b\" .}}{{.kind}}{{end}}", "List"),
            ("{{$x := 1}}{{range .items}}{{$x = .spec.n}}{{end}}{{$x}}", "2"),
            ("{{range .items}}{{if eq .metadata.name \"b\"}}{{break}}{{end}}{{.metadata.name}}{{end}}", "a"),
            ("{{range 3}}{{.}}{{end}}{{range .nope}}x{{else}}-{{end}}", "012-"),
            ("{{and .kind 0}} {{or 0 \"\" .kind}} {{not .kind}}", "0 List false"),
            ("{{html \"<a>\"}} {{js \"'\"}} {{urlquery \"a b&\"}}", "&lt;a&gt; \\' a+b%26"),
            ("{{print 1 2 \"a\" \"b\" 3}} {{println 1 \"x\"}}", "1 2ab3 1 x\n"),
            ("{{index .items 0 \"metadata\" \"labels\" \"x\"}}{{slice .kind 1 3}}", "1is"),
            (
                "{{exists . \"items\" 0 \"spec\"}} {{exists . \"x\" \"y\"}} {{base64decode \"aGk=\"}}",
                "true false hi",
            ),
            ("{{.n}} {{eq .n nil}} {{lt 1 2}} {{ne .kind \"x\"}}", "<no value> true true true"),
            ("{{(index .items 1).spec}}", "map[n:2]"),
            ("{{'a'}} {{1e3}} {{0x10}} {{1.50}}", "97 1000 16 1.5"),
        ] {
            assert_eq!(filled(template), expected, "{template}");
        }
    }

    #[test]
    fn mistakes_are_told_in_gos_words() {
        for (template, expected) in [
            ("{{end}}", "template: output:1: unexpected {{end}}"),
            ("{{.a", "template: output:1: unclosed action"),
            ("{{range .items}}", "template: output:1: unexpected EOF"),
            ("{{foo}}", "template: output:1: function \"foo\" not defined"),
            ("{{}}", "template: output:1: missing value for command"),
            ("{{.a/b}}", "template: output:1: bad character U+002F '/'"),
            ("{{$x}}", "template: output:1: undefined variable \"$x\""),
            ("{{if}}x{{end}}", "template: output:1: missing value for if"),
            ("{{(.a}}", "template: output:1: unclosed left paren"),
            ("{{\"a}}", "template: output:1: unterminated quoted string"),
            ("{{.kind | 1}}", "template: output:1: non executable command in pipeline stage 2"),
            ("{{1.x}}", "template: output:1: bad number syntax: \"1.x\""),
            ("{{break}}", "template: output:1: {{break}} outside {{range}}"),
            (
                "{{.kind.x}}",
                "template: output:1:7: executing \"output\" at <.kind.x>: can't evaluate field x in type interface {}",
            ),
            (
                "{{.n.x}}",
                "template: output:1:4: executing \"output\" at <.n.x>: nil pointer evaluating interface {}.x",
            ),
            (
                "{{index .items 9}}",
                "template: output:1:2: executing \"output\" at <index .items 9>: error calling index: index out of range: 9",
            ),
            (
                "x{{len .nope}}",
                "xtemplate: output:1:3: executing \"output\" at <len .nope>: error calling len: reflect: call of reflect.Value.Type on zero Value",
            ),
            (
                "{{range .kind}}x{{end}}",
                "template: output:1:8: executing \"output\" at <.kind>: range can't iterate over List",
            ),
            (
                "{{eq .kind 1}}",
                "template: output:1:2: executing \"output\" at <eq .kind 1>: error calling eq: incompatible types for comparison: string and int",
            ),
            ("{{printf 1}}", "template: output:1:9: executing \"output\" at <1>: expected string; found 1"),
            (
                "{{lt 1}}",
                "template: output:1:2: executing \"output\" at <lt>: wrong number of args for lt: want 2 got 1",
            ),
            (
                "{{template \"x\"}}",
                "template: output:1:11: executing \"output\" at <{{template \"x\"}}>: template \"x\" not defined",
            ),
        ] {
            assert_eq!(filled(template), expected, "{template}");
        }
    }

    #[test]
    fn endless_templates_end() {
        for template in [
            "{{define \"a\"}}{{template \"a\"}}{{end}}{{template \"a\"}}".to_owned(),
            "{{range 1000000000}}{{range 1000000000}}x{{end}}{{end}}".to_owned(),
            "{{if 1}}".repeat(5000),
            "(".repeat(5000),
            format!("{{{{{}", "(".repeat(5000)),
        ] {
            let _ = filled(&template);
        }
    }

    #[test]
    fn a_missing_key_can_be_an_error() {
        let template = Template::parse("{{.nope}}", true).unwrap();
        let mut out = String::new();
        assert_eq!(
            template.execute(&json!({}), &mut out).unwrap_err().to_string(),
            "template: output:1:2: executing \"output\" at <.nope>: map has no entry for key \"nope\""
        );
    }
}
