//! What a file says to kubectl and to the kubelet, and where its parts are.

use expect_test::expect;
use serde_json::{Value, json};

use super::{Document, read_documents};
use crate::{Diagnostic, Part, Reader, locate};

fn kubectl(text: &str) -> Result<Vec<Value>, String> {
    values(text, Reader::Kubectl)
}

fn kubelet(text: &str) -> Result<Value, String> {
    values(text, Reader::Kubelet).map(|mut all| all.remove(0))
}

fn values(text: &str, reader: Reader) -> Result<Vec<Value>, String> {
    let found = read_documents(text.as_bytes(), reader);
    match found.error {
        Some(error) => Err(error.message),
        None => Ok(found.documents.iter().map(|d| d.tree.to_value()).collect()),
    }
}

fn error(text: &str) -> Diagnostic {
    read_documents(text.as_bytes(), Reader::Kubectl).error.expect("an error")
}

fn one(text: &str) -> Document {
    read_documents(text.as_bytes(), Reader::Kubectl).documents.remove(0)
}

/// The text under a span.
fn under<'t>(text: &'t str, document: &Document, path: &str, part: Part) -> &'t str {
    let span = locate(&document.tree, path, part);
    &text[span.start.offset as usize..span.end.offset as usize]
}

#[test]
fn kubectl_cuts_a_file_at_its_separators() {
    assert_eq!(kubectl("a: 1\n---\nb: 2\n"), Ok(vec![json!({"a": 1}), json!({"b": 2})]));
    assert_eq!(kubectl("---\na: 1\n--- # two\r\nb: 2"), Ok(vec![json!({"a": 1}), json!({"b": 2})]));
    assert_eq!(kubectl("---\n---\n# nothing\n---\n\n"), Ok(vec![]));
    assert_eq!(kubectl(""), Ok(vec![]));
    assert_eq!(kubectl("a: |\n  ---\n  x\n"), Ok(vec![json!({"a": "---\nx\n"})]));
    assert_eq!(kubectl("a: 1\n...\nb: 2\n"), Ok(vec![json!({"a": 1})]), "behind the dots nobody reads");
    assert_eq!(kubectl("a: |\n  x"), Ok(vec![json!({"a": "x\n"})]), "kubectl ends the last line");
}

#[test]
fn kl_009_the_kubelet_reads_the_first_document_only() {
    assert_eq!(kubelet("a: 1\n---\nb: [\n"), Ok(json!({"a": 1})));
    assert_eq!(kubelet("---\n---\na: 1\n"), Ok(Value::Null));
    assert_eq!(kubelet(""), Ok(Value::Null));
    assert_eq!(kubelet("a: |\n  x"), Ok(json!({"a": "x"})));
    assert_eq!(kubelet("%YAML 1.1\n---\na: 1\n"), Ok(json!({"a": 1})));
    let found = read_documents(b"a: 1\n\n# next\n---\nb: 2\n", Reader::Kubelet);
    let warnings: Vec<(u32, &str)> =
        found.documents[0].warnings.iter().map(|w| (w.span.start.line, w.message.as_str())).collect();
    assert_eq!(warnings.len(), 1);
    assert_eq!(warnings[0].0, 4);
    assert!(read_documents(b"a: 1\n---\n# end\n", Reader::Kubelet).documents[0].warnings.is_empty());
}

#[test]
fn kl_010_broken_yaml_has_the_bare_words_for_the_kubelet() {
    assert_eq!(kubelet("a: b: c"), Err("yaml: mapping values are not allowed in this context".to_owned()));
    assert_eq!(
        kubelet("x: 1\na: b: c"),
        Err("yaml: line 2: mapping values are not allowed in this context".to_owned())
    );
    assert_eq!(kubelet("a: \u{1}"), Err("yaml: control characters are not allowed".to_owned()));
    let latin = read_documents(b"a: caf\xe9\n", Reader::Kubelet);
    assert_eq!(latin.error.map(|e| e.message).as_deref(), Some("yaml: incomplete UTF-8 octet sequence"));
    let large = vec![b' '; 10 << 20];
    let large = read_documents(&large, Reader::Kubelet);
    assert_eq!(large.error.map(|e| e.message).as_deref(), Some("the read limit is reached"));
}

#[test]
fn messages_keep_go_yaml_s_lines_and_spans_tell_the_truth() {
    let cases = [
        "a: 1\n  b: 2\n",
        "a:\n  - x\n b: 1\n",
        "a: 'x\nb: 1\n",
        "a: [1, 2\nb: 1\n",
        "a: {x: 1\n",
        "a:\n\tb: 1\n",
        "a: *nobody\n",
        "a: {{ .Values.x }}\n",
        "a\nb: 1\n",
        "a: \"\\q\"\n",
        "a: 1\n--- two\n",
        "a: @x\n",
        "%YAML 1.1\n---\na: 1\n",
        "a: !!int x\n",
        "<<: 1\n",
        "~: 1\n",
        "a: .nan\n",
        "a: &a [*a]\n",
    ];
    let shown: Vec<String> = cases
        .iter()
        .map(|text| {
            let Diagnostic { message, span, .. } = error(text);
            let message = message.trim_start_matches("error converting YAML to JSON: ");
            format!(
                "{text:?}\n  {}:{}-{}:{} {message}\n",
                span.start.line, span.start.column, span.end.line, span.end.column
            )
        })
        .collect();
    expect![[r#"
        "a: 1\n  b: 2\n"
          2:4-2:5 yaml: line 2: mapping values are not allowed in this context
        "a:\n  - x\n b: 1\n"
          3:2-3:3 yaml: line 2: did not find expected key
        "a: 'x\nb: 1\n"
          1:4-1:5 yaml: line 3: found unexpected end of stream
        "a: [1, 2\nb: 1\n"
          2:2-2:3 yaml: line 1: did not find expected ',' or ']'
        "a: {x: 1\n"
          1:4-1:5 yaml: line 1: did not find expected ',' or '}'
        "a:\n\tb: 1\n"
          2:1-2:2 yaml: line 2: found character that cannot start any token
        "a: *nobody\n"
          1:4-1:11 yaml: unknown anchor 'nobody' referenced
        "a: {{ .Values.x }}\n"
          1:5-1:18 yaml: invalid map key: map[interface {}]interface {}{".Values.x":interface {}(nil)}
        "a\nb: 1\n"
          2:2-2:3 yaml: line 2: mapping values are not allowed in this context
        "a: \"\\q\"\n"
          1:5-1:6 yaml: found unknown escape character
        "a: 1\n--- two\n"
          2:1-2:8 invalid Yaml document separator: two
        "a: @x\n"
          1:4-1:5 yaml: found character that cannot start any token
        "%YAML 1.1\n---\na: 1\n"
          1:9-1:10 yaml: line 1: did not find expected <document start>
        "a: !!int x\n"
          1:4-1:11 yaml: cannot decode !!str `x` as a !!int
        "<<: 1\n"
          1:5-1:6 yaml: map merge requires map or sequence of maps as the value
        "~: 1\n"
          1:1-1:2 unsupported map key of type: %!s(<nil>), key: <nil>, value: 1
        "a: .nan\n"
          1:4-1:8 json: unsupported value: NaN
        "a: &a [*a]\n"
          1:8-1:10 yaml: anchor 'a' value contains itself
    "#]]
    .assert_eq(&shown.concat());
}

#[test]
fn anchors_aliases_and_merges() {
    let text = "base: &b {x: 1, w: 2}\nuse: *b\nmore:\n  <<: *b\n  w: 3\nlist:\n  <<: [{x: 5, z: 6}, *b]\n";
    assert_eq!(
        kubectl(text),
        Ok(vec![json!({
            "base": {"x": 1, "w": 2},
            "use": {"x": 1, "w": 2},
            "more": {"x": 1, "w": 3},
            "list": {"x": 5, "w": 2, "z": 6},
        })])
    );
    let document = one(text);
    assert_eq!(document.tree.get("more").and_then(|m| m.get("x")).map(|n| n.span.start.line), Some(1));
    assert_eq!(under(text, &document, "use", Part::Value), "use");
    assert_eq!(kubectl("w: 1\n<<: {w: 2}\n"), Ok(vec![json!({"w": 2})]), "a later merge overrides");
    assert_eq!(kubectl("'<<': 1\n"), Ok(vec![json!({"<<": 1})]));
    assert_eq!(kubectl("a: &x 1\nb: &x 2\nc: *x\n"), Ok(vec![json!({"a": 1, "b": 2, "c": 2})]));
    assert_eq!(kubectl("&k a: 1\nb: *k\n"), Ok(vec![json!({"a": 1, "b": "a"})]));
}

#[test]
fn keys_become_strings_as_in_json() {
    assert_eq!(
        kubectl("1: a\ntrue: b\ny: c\n1.5: d\n0x10: e\n2026-01-02: f\n"),
        Ok(vec![json!({"1": "a", "true": "c", "1.5": "d", "16": "e", "2026-01-02": "f"})])
    );
}

#[test]
fn keys_written_twice_are_warned_of() {
    let text = "spec:\n  containers:\n  - name: a\n    env: []\n    name: b\n  x.y/z: 1\n  x.y/z: 2\n";
    let found = one(text);
    let shown: Vec<String> = found
        .warnings
        .iter()
        .map(|w| {
            format!(
                "{}:{} {:?} {} | {:?}\n",
                w.span.start.line, w.span.start.column, w.path, w.message, w.help
            )
        })
        .collect();
    expect![[r#"
        5:5 Some("spec.containers[0].name") key "name" already set in map | Some("The last one wins without a word; delete this line or line 3.")
        7:3 Some("spec[x.y/z]") key "x.y/z" already set in map | Some("The last one wins without a word; delete this line or line 6.")
    "#]].assert_eq(&shown.concat());
    assert_eq!(found.tree.get("spec").and_then(|s| s.get("x.y/z")).map(|n| n.to_value()), Some(json!(2)));
}

#[test]
fn json_is_read_as_json_first() {
    assert_eq!(
        kubectl(" {\"a\": \"\\/\\ud83d\\ude00\"}\n{\"b\": 2}"),
        Ok(vec![json!({"a": "/😀"}), json!({"b": 2})])
    );
    assert_eq!(kubectl("{\"a\": [1, 2,],}"), Ok(vec![json!({"a": [1, 2]})]), "as YAML");
    assert_eq!(kubectl("{\"a\": 1}\n---\nb: 2\n"), Ok(vec![json!({"a": 1}), json!({"b": 2})]));
    assert_eq!(kubectl("{a: 1}"), Ok(vec![json!({"a": 1})]));
    assert_eq!(
        kubectl("{\"a\": 1"),
        Err("unexpected EOF".to_owned()),
        "if it is no YAML either, the JSON decoder's words count"
    );
    assert_eq!(
        kubectl("{\"a\": [1}"),
        Err("json: offset 9: invalid character '}' after array element".to_owned())
    );
    assert_eq!(
        kubectl("{}{}{x}"),
        Err("invalid character 'x' looking for beginning of object key string".to_owned())
    );
    assert_eq!(
        kubelet("{\"a\": 1,}"),
        Err("couldn't get version/kind; json parse error: invalid character '}' looking for beginning of object key string".to_owned())
    );
}

#[test]
fn paths_lead_to_keys_values_and_what_is_nearest() {
    let text = "\
metadata:
  annotations:
    kubernetes.io/x: why
    a: b
spec:
  containers:
  - name: main
    image: nginx
    env: [{name: A, value: 8080}]
  empty:
";
    let document = one(text);
    for (path, part, expected) in [
        ("spec.containers[0].image", Part::Value, "nginx"),
        ("spec.containers[0].image", Part::Key, "image"),
        ("spec.containers[0].env[0].value", Part::Value, "8080"),
        ("metadata.annotations[kubernetes.io/x]", Part::Value, "why"),
        ("metadata.annotations.kubernetes.io/x", Part::Key, "kubernetes.io/x"),
        ("metadata.annotations[a]", Part::Value, "b"),
        ("spec.containers", Part::Value, "containers"),
        ("spec.containers[0]", Part::Value, "name"),
        ("spec.containers[0].resources.limits", Part::Value, "name"),
        ("spec.empty", Part::Value, "empty"),
        ("spec.selector.matchLabels", Part::Value, "spec"),
        ("status", Part::Value, "metadata"),
        ("", Part::Value, "metadata"),
        ("spec.containers[7].image", Part::Value, "containers"),
        ("spec.containers[x", Part::Value, "containers"),
    ] {
        assert_eq!(under(text, &document, path, part), expected, "{path}");
    }
}

#[test]
fn positions_hold_in_later_documents_and_with_any_line_ends() {
    let text = "a: 1\r\n---\r\n# 주석\r\nb:\r\n  데몬: [x, 'y']\r\n";
    let found = read_documents(text.as_bytes(), Reader::Kubectl);
    let list = found.documents[1].tree.get("b").and_then(|b| b.get("데몬")).expect("there");
    let second = &list.items()[1];
    let place = |pos: crate::Pos| (pos.line, pos.column);
    assert_eq!((place(second.span.start), place(second.span.end)), ((5, 11), (5, 14)));
    assert_eq!(&text[second.span.start.offset as usize..second.span.end.offset as usize], "'y'");
    assert_eq!(found.documents[1].start_line, 4);
}

#[test]
fn nothing_deep_wide_or_repeated_takes_long() {
    let wide = "- {a: [1, 2, three], b: \"x y\"}\n".repeat(20_000);
    let hostile = [
        "[".repeat(200_000),
        "{a: ".repeat(100_000),
        "- ".repeat(100_000),
        "? ".repeat(50_000),
        (0..3_000).map(|n| format!("{}a:\n", " ".repeat(n))).collect(),
        format!("a: [{}]", "[],".repeat(200_000)),
        format!("{}x", "[".repeat(9_000)) + &",x".repeat(200_000),
        "&a ".repeat(100_000),
        "x".repeat(500_000),
        format!("\"{}\"", "\\n".repeat(200_000)),
        format!("{{\"a\": \"{}\"}}", "x".repeat(200_000)),
        format!("{{\"a\": [{}1]}}", "{\"데\": [1, \"y\"]}, ".repeat(20_000)),
        format!("[{}1]", "{데: [1, y]}, ".repeat(20_000)),
        (0..20_000).map(|n| format!("k{n}: &a{n} [*a{}]\n", n - n.min(1))).collect(),
        format!("a: &a [{}]\n", "x,".repeat(1000)) + &"b: [*a,*a,*a,*a]\n".repeat(1000),
        wide,
    ];
    for text in hostile {
        for reader in [Reader::Kubectl, Reader::Kubelet] {
            // A quadratic reader would not end within the test's patience.
            let found = read_documents(text.as_bytes(), reader);
            assert!(found.error.is_some() || found.documents.len() <= 1);
        }
    }
}

#[test]
fn depth_within_the_limit_is_read_and_beyond_it_refused() {
    let nested = |levels: usize| format!("{}{}", "[".repeat(levels), "]".repeat(levels));
    assert!(kubectl(&nested(500)).is_ok());
    let message = "error unmarshaling JSON: while decoding JSON: invalid character '[' exceeded max depth";
    assert_eq!(kubectl(&nested(501)), Err(message.to_owned()));
    assert_eq!(kubectl(&nested(9_000)), Err(message.to_owned()));
    let too_deep = "error converting YAML to JSON: yaml: exceeded max depth of 10000";
    assert_eq!(kubectl(&nested(10_001)), Err(too_deep.to_owned()));
    let by_alias: String = (1..=600).map(|n| format!("a{n}: &a{n} [*a{}]\n", n - 1)).collect();
    assert_eq!(kubectl(&format!("a0: &a0 []\n{by_alias}")), Err(message.to_owned()));
}
