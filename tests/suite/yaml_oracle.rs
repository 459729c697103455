//! What the real go-yaml said: texts and values recorded from sigs.k8s.io/yaml with gopkg.in/yaml.v2 2.4.0,
//! which kubectl and the kubelet read and print with. No test rewrites the file.

use serde_json::Value;
use yaml::{Reader, read_documents, to_yaml};

fn recorded() -> Value {
    let path = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/oracle/go_yaml.json");
    serde_json::from_slice(&std::fs::read(path).expect("the file is there")).expect("the file is JSON")
}

/// Whole numbers as integers: the record has Go's JSON, which does not tell `1.0` from `1`.
fn whole(value: &Value) -> Value {
    match value {
        Value::Number(n) => match n.as_f64() {
            Some(f) if f.fract() == 0.0 && f.abs() < 9e15 => Value::from(f as i64),
            _ => value.clone(),
        },
        Value::Array(items) => items.iter().map(whole).collect(),
        Value::Object(map) => map.iter().map(|(k, v)| (k.clone(), whole(v))).collect(),
        _ => value.clone(),
    }
}

#[test]
fn texts_are_read_as_go_yaml_reads_them() {
    let mut wrong = Vec::new();
    let recorded = recorded();
    let cases = recorded["reads"].as_array().expect("a list");
    for case in cases {
        let text = case["text"].as_str().expect("a text");
        let found = read_documents(text.as_bytes(), Reader::Kubelet);
        let error = found.error.map(|e| e.message);
        let agrees = match case["error"].as_str() {
            Some(expected) => error.as_deref() == Some(expected),
            None => {
                let value = found.documents.first().map(|d| whole(&d.tree.to_value()));
                error.is_none() && value.as_ref() == Some(&whole(&case["value"]))
            }
        };
        if !agrees {
            wrong.push(format!(
                "{case}\n  {error:?} {:?}",
                found.documents.first().map(|d| d.tree.to_value())
            ));
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
    assert!(cases.len() > 300);
}

#[test]
fn values_are_printed_as_go_yaml_prints_them() {
    for case in recorded()["prints"].as_array().expect("a list") {
        assert_eq!(Some(to_yaml(&case["value"]).as_str()), case["yaml"].as_str(), "{}", case["value"]);
    }
}
