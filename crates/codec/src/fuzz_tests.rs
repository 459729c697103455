//! Whatever the bytes: nothing panics, nothing hangs, every span lies in the text.

use proptest::prelude::*;
use serde_json::Value;

use super::decode;
use api::schema;
use yaml::{Node, NodeValue, Part, Reader, Span, locate, locate_bad_value, read_documents, to_yaml};

const PIECES: &[&str] = &[
    "apiVersion: apps/v1\n",
    "kind: DaemonSet\n",
    "metadata:\n",
    "  name: a\n",
    "  labels: {a: b}\n",
    "spec:\n",
    "  template:\n",
    "    spec:\n",
    "      containers:\n",
    "      - name: x\n",
    "        image: [y]\n",
    "a",
    "b c",
    ": ",
    ":",
    "- ",
    "-",
    "\n",
    "\n  ",
    "\n- ",
    " ",
    "[",
    "]",
    "{",
    "}",
    "{{ .X }}",
    ", ",
    "'x y'",
    "'",
    "\"y\\n\"",
    "\"",
    "\\",
    "\\u12",
    "|\n",
    "|-\n  ",
    ">\n  ",
    "|9",
    "# c\n",
    "&a ",
    "*a",
    "<<: ",
    "<<: *a\n",
    "---\n",
    "\n---\n",
    "...\n",
    "~",
    "1",
    "0x",
    "1e9",
    ".nan",
    "\t",
    "\r\n",
    "\r",
    "데",
    "%YAML 1.1\n",
    "%TAG ! !x\n",
    "!",
    "!!int ",
    "!<x> ",
    "!e!%c3%28 ",
    "!a,b",
    "@",
    "`",
    "?",
    "? ",
    "\u{85}",
    "\u{2028}",
    "\u{feff}",
    "\0",
    "\u{9f}",
    "🎉",
    "{\"a\":",
    "[1,",
    "null",
    "true",
    "2026-01-02",
    "---x\n",
];

fn bytes() -> impl Strategy<Value = Vec<u8>> {
    let pieces = prop::collection::vec(prop::sample::select(PIECES), 0..40)
        .prop_map(|pieces| pieces.concat().into_bytes());
    let broken = (pieces.clone(), prop::collection::vec((any::<prop::sample::Index>(), any::<u8>()), 0..4))
        .prop_map(|(mut bytes, changes)| {
            for (at, byte) in changes {
                if !bytes.is_empty() {
                    let at = at.index(bytes.len());
                    bytes[at] = byte;
                }
            }
            bytes
        });
    let utf16 = pieces.clone().prop_map(|bytes| {
        let text = String::from_utf8_lossy(&bytes).into_owned();
        let units = std::iter::once(0xfeff).chain(text.encode_utf16()).flat_map(u16::to_le_bytes);
        units.collect()
    });
    prop_oneof![4 => pieces, 2 => broken, 1 => utf16, 1 => prop::collection::vec(any::<u8>(), 0..200)]
}

fn check_span(span: Span) {
    assert!(span.start <= span.end, "{span:?}");
    assert!(span.start.line >= 1 && span.start.column >= 1);
}

fn check_spans(node: &Node) {
    check_span(node.span);
    match &node.value {
        NodeValue::List(items) => items.iter().for_each(check_spans),
        NodeValue::Map(entries) => entries.iter().for_each(|entry| {
            check_span(entry.key_span);
            check_spans(&entry.value);
        }),
        NodeValue::Shared(target) => check_spans(target),
        _ => {}
    }
}

proptest! {
    #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn any_bytes_are_read_or_refused(bytes in bytes(), path in "[a-z.\\[\\]0-9]{0,12}") {
        for reader in [Reader::Kubectl, Reader::Kubelet] {
            let found = read_documents(&bytes, reader);
            found.diagnostics().iter().for_each(|d| check_span(d.span));
            for document in &found.documents {
                check_spans(&document.tree);
                check_span(locate(&document.tree, &path, Part::Value));
                check_span(locate_bad_value(&document.tree, &path, "x"));
                let value = document.tree.to_value();
                let text = to_yaml(&value);
                prop_assert!(text.ends_with('\n') || value == Value::Null);
                for kind in schema::kinds().iter().filter(|k| matches!(k.kind, "DaemonSet" | "Pod" | "Secret")) {
                    let decoded = decode(&value, kind);
                    decoded.strict_diagnostics(&document.tree).iter().for_each(|d| check_span(d.span));
                    decoded.lenient_diagnostics(&document.tree).iter().for_each(|d| check_span(d.span));
                }
            }
        }
    }
}
