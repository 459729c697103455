//! Every manifest of the corpus through the YAML reader: what must read reads, what must not says why,
//! in the real program's words and at the right line.

use std::collections::BTreeMap;
use std::fs;
use std::path::PathBuf;

use api::schema::{self, KindInfo};
use codec::{Decoded, decode};
use serde_json::Value;
use yaml::{Diagnostic, Document, Documents, Reader, locate_bad_value, read_documents, to_yaml};

fn corpus() -> PathBuf {
    std::env::var_os("CORPUS_DIR").map_or_else(
        || PathBuf::from(concat!(env!("CARGO_MANIFEST_DIR"), "/../shared/corpus")),
        PathBuf::from,
    )
}

struct File {
    name: String,
    category: String,
    bytes: Vec<u8>,
    entry: Value,
}

/// The files of the index; the directories are left to the kubelet's tests.
fn files() -> Vec<File> {
    let index = fs::read(corpus().join("index.json")).expect("the corpus has an index");
    let index: Value = serde_json::from_slice(&index).expect("the index is JSON");
    let entries = index["files"].as_array().expect("the index lists files");
    let text = |value: &Value| value.as_str().unwrap_or_default().to_owned();
    entries
        .iter()
        .filter(|entry| entry["category"] != "directories")
        .map(|entry| File {
            name: text(&entry["name"]),
            category: text(&entry["category"]),
            bytes: fs::read(corpus().join(text(&entry["file"]))).expect("the file is there"),
            entry: entry.clone(),
        })
        .collect()
}

fn reader(file: &File) -> Reader {
    let via = if file.category == "broken" { &file.entry["broken"]["via"] } else { &file.entry["category"] };
    if via == "staticPodPath" || via == "staticpods" { Reader::Kubelet } else { Reader::Kubectl }
}

fn read(file: &File) -> Documents {
    read_documents(&file.bytes, reader(file))
}

/// What is wrong with a diagnostic where the index says `fails_at`, or nothing.
fn compare(broken: &Value, found: &Diagnostic) -> Vec<String> {
    let mut wrong = Vec::new();
    for piece in broken["message_contains"].as_array().into_iter().flatten().filter_map(Value::as_str) {
        if !found.message.contains(piece) {
            wrong.push(format!("message {:?} lacks {piece:?}", found.message));
        }
    }
    let line = u64::from(found.span.start.line);
    let mut lines: Vec<u64> =
        broken["lines"].as_array().into_iter().flatten().filter_map(Value::as_u64).collect();
    lines.extend(broken["line"].as_u64());
    if !lines.is_empty() && !lines.contains(&line) {
        wrong.push(format!("line {line} is not in {lines:?}"));
    }
    wrong
}

fn report(wrong: &BTreeMap<String, Vec<String>>) {
    assert!(wrong.is_empty(), "{wrong:#?}");
}

#[test]
fn every_good_file_reads() {
    let mut wrong = BTreeMap::new();
    for file in files().iter().filter(|f| f.category != "broken") {
        if let Some(error) = read(file).error {
            wrong.insert(file.name.clone(), vec![format!("{error:?}")]);
        }
    }
    report(&wrong);
}

#[test]
fn broken_yaml_says_why_and_where() {
    let mut wrong = BTreeMap::new();
    let mut seen = 0;
    for file in files().iter().filter(|f| f.entry["broken"]["fails_at"] == "yaml") {
        seen += 1;
        let broken = &file.entry["broken"];
        let complaints = match read(file).error {
            None => vec!["no error".to_owned()],
            Some(error) => {
                let mut complaints = compare(broken, &error);
                let real = broken["real_message"].as_str().unwrap_or_default();
                if !real.contains(&error.message) {
                    complaints.push(format!("{:?} is not in {real:?}", error.message));
                }
                complaints
            }
        };
        if !complaints.is_empty() {
            wrong.insert(file.name.clone(), complaints);
        }
    }
    report(&wrong);
    assert!(seen > 10, "{seen} files");
}

#[test]
fn other_mistakes_leave_the_yaml_readable() {
    let mut wrong = BTreeMap::new();
    for file in files().iter().filter(|f| f.category == "broken" && f.entry["broken"]["fails_at"] != "yaml") {
        if let Some(error) = read(file).error {
            wrong.insert(file.name.clone(), vec![format!("{error:?}")]);
        }
    }
    report(&wrong);
}

#[test]
fn documents_have_the_kinds_the_index_counts() {
    let mut wrong = BTreeMap::new();
    for file in files().iter().filter(|f| f.category == "daemonsets") {
        let kinds = |value: &Value| -> Vec<String> {
            value.as_array().into_iter().flatten().filter_map(Value::as_str).map(str::to_owned).collect()
        };
        let expected = kinds(&file.entry["yaml"]["kinds"]);
        let documents = read(file).documents;
        let found: Vec<String> =
            documents.iter().filter_map(|d| d.tree.get("kind")?.as_str().map(str::to_owned)).collect();
        if !expected.is_empty() && expected != found {
            wrong.insert(file.name.clone(), vec![format!("{expected:?} {found:?}")]);
        }
    }
    report(&wrong);
}

#[test]
fn warnings_stand_at_their_lines() {
    let mut wrong = BTreeMap::new();
    let mut seen = 0;
    for file in files() {
        // An unknown field is found by the decoder, not here.
        let Some(line) = file.entry["also"]["warn_line"].as_u64() else { continue };
        if file.name == "static-unknown-field.yaml" {
            continue;
        }
        seen += 1;
        let lines: Vec<u32> = read(&file).diagnostics().iter().map(|d| d.span.start.line).collect();
        if lines != [line as u32] {
            wrong.insert(file.name.clone(), vec![format!("{lines:?}, not {line}")]);
        }
    }
    report(&wrong);
    assert!(seen >= 3, "{seen} files");
}

fn kind_of(document: &Document) -> Option<&'static KindInfo> {
    schema::kind(document.tree.get("apiVersion")?.as_str()?, document.tree.get("kind")?.as_str()?)
}

/// The documents of known kinds, decoded; the items of a list one by one.
fn decoded(file: &File) -> Vec<(Document, &'static KindInfo, Decoded)> {
    let mut all = Vec::new();
    for document in read(file).documents {
        let items = document.tree.get("items").map(|items| items.items().to_vec());
        for tree in items.unwrap_or_else(|| vec![document.tree.clone()]) {
            let document = Document { tree, ..document.clone() };
            if let Some(kind) = kind_of(&document) {
                let decoded = decode(&document.tree.to_value(), kind);
                all.push((document, kind, decoded));
            }
        }
    }
    all
}

#[test]
fn every_good_file_decodes_strictly() {
    let mut wrong = BTreeMap::new();
    let mut seen = 0;
    for file in files().iter().filter(|f| f.category != "broken" && f.name != "static-unknown-field.yaml") {
        for (document, kind, decoded) in decoded(file) {
            seen += 1;
            if let Some(message) = decoded.bad_request(kind) {
                wrong.insert(file.name.clone(), vec![message, format!("{:?}", document.start_line)]);
            }
        }
    }
    report(&wrong);
    assert!(seen >= 300, "{seen} objects");
}

#[test]
fn api_034_and_036_wrong_fields_and_types_are_refused_in_go_s_words() {
    let mut wrong = BTreeMap::new();
    let mut seen = 0;
    for file in files().iter().filter(|f| f.category == "broken" && reader(f) == Reader::Kubectl) {
        let broken = &file.entry["broken"];
        let messages: Vec<(String, Vec<Diagnostic>)> = decoded(file)
            .into_iter()
            .filter_map(|(doc, kind, found)| {
                Some((found.bad_request(kind)?, found.strict_diagnostics(&doc.tree)))
            })
            .collect();
        let real = broken["real_message"].as_str().unwrap_or_default();
        let expected = real.contains("cannot be handled as a");
        let complaints = match messages.as_slice() {
            [] if !expected => continue,
            [(message, diagnostics)] if expected => {
                seen += 1;
                let mut complaints = Vec::new();
                if !real.ends_with(message.as_str()) {
                    complaints.push(format!("{message:?} is not the end of {real:?}"));
                }
                let lines: Vec<u64> = diagnostics.iter().map(|d| u64::from(d.span.start.line)).collect();
                let known: Vec<u64> = broken["lines"]
                    .as_array()
                    .into_iter()
                    .flatten()
                    .chain([&broken["line"]])
                    .filter_map(Value::as_u64)
                    .collect();
                if !lines.iter().all(|line| known.contains(line)) {
                    complaints.push(format!("{lines:?} are not {known:?}"));
                }
                complaints
            }
            other => vec![format!("{other:?}, but really {real:?}")],
        };
        if !complaints.is_empty() {
            wrong.insert(file.name.clone(), complaints);
        }
    }
    report(&wrong);
    assert!(seen >= 7, "{seen} files");
}

#[test]
fn kl_011_the_kubelet_drops_unknown_fields_and_we_warn() {
    let file = files().into_iter().find(|f| f.name == "static-unknown-field.yaml").expect("in the corpus");
    let (document, kind, found) = decoded(&file).remove(0);
    let warnings = found.lenient_diagnostics(&document.tree);
    let shown: Vec<(u32, &str, Option<&str>)> =
        warnings.iter().map(|w| (w.span.start.line, w.message.as_str(), w.help.as_deref())).collect();
    assert_eq!(
        shown,
        [
            (
                9,
                "unknown field \"spec.containers[0].imagePulPolicy\"",
                Some("Did you mean imagePullPolicy? The kubelet drops it without a word.")
            ),
            (10, "unknown field \"spec.replicas\"", Some("The kubelet drops it without a word.")),
        ]
    );
    assert_eq!(kind.kind, "Pod");
    assert_eq!(found.value["spec"].get("replicas"), None);
    assert_eq!(file.entry["also"]["warn_line"], 9);
}

#[test]
fn values_arrive_as_the_index_says() {
    let mut seen = 0;
    for file in files() {
        let also = &file.entry["also"];
        let Some((_, _, found)) = decoded(&file).into_iter().next() else { continue };
        let spec = &found.value["spec"]["template"]["spec"];
        if let Some(annotations) = also["annotations"].as_object() {
            seen += 1;
            for (key, value) in annotations {
                assert_eq!(&found.value["metadata"]["annotations"][key], value, "{}", file.name);
            }
        }
        if also["mode"].is_number() {
            seen += 1;
            assert_eq!(spec["volumes"][0]["configMap"]["defaultMode"], also["mode"], "{}", file.name);
        }
        if also["hostNetwork"].is_boolean() {
            seen += 1;
            assert_eq!(spec["hostNetwork"], also["hostNetwork"], "{}", file.name);
        }
    }
    assert!(seen >= 4, "{seen} facts");
}

#[test]
fn paths_lead_to_the_lines_of_the_index() {
    let mut wrong = BTreeMap::new();
    let mut seen = 0;
    for file in files().iter().filter(|f| f.category == "broken") {
        let broken = &file.entry["broken"];
        let (Some(field), Some(line)) = (broken["field"].as_str(), broken["line"].as_u64()) else { continue };
        // A wrong type has its own path, down to the key.
        if broken["fails_at"] == "decode" {
            continue;
        }
        seen += 1;
        let mut lines: Vec<u64> =
            broken["lines"].as_array().into_iter().flatten().filter_map(Value::as_u64).collect();
        lines.push(line);
        let message = broken["real_message"].as_str().unwrap_or_default();
        let bad = message.split("Invalid value: \"").nth(1).and_then(|m| m.split('"').next()).unwrap_or("?");
        let found: Vec<u64> = read(file)
            .documents
            .iter()
            .flat_map(|d| d.tree.get("items").map_or(vec![&d.tree], |items| items.items().iter().collect()))
            .map(|tree| u64::from(locate_bad_value(tree, field, bad).start.line))
            .collect();
        if !found.iter().any(|line| lines.contains(line)) {
            wrong.insert(file.name.clone(), vec![format!("{field}: {found:?}, not {lines:?}")]);
        }
    }
    report(&wrong);
    assert!(seen > 40, "{seen} files");
}

#[test]
fn every_good_document_prints_and_reads_back() {
    for file in files().iter().filter(|f| f.category != "broken") {
        for document in read(file).documents {
            let value = document.tree.to_value();
            let text = to_yaml(&value);
            let again = read_documents(text.as_bytes(), Reader::Kubelet);
            assert_eq!(again.documents[0].tree.to_value(), value, "{}: {text}", file.name);
            assert_eq!(to_yaml(&value), text);
        }
    }
}

/// The deepest documents that are read fit into a browser's stack of 1 MiB, in a debug build too.
#[test]
fn the_deepest_document_fits_a_small_stack() {
    let lists = format!("apiVersion: v1\nkind: Pod\nspec: {}{}\n", "[".repeat(498), "]".repeat(498));
    let schema = format!(
        "apiVersion: apiextensions.k8s.io/v1\nkind: CustomResourceDefinition\nspec: {{versions: [{{schema: {{openAPIV3Schema: {}{}}}}}]}}\n",
        "{properties: {a: ".repeat(240),
        "{}".to_owned() + &"}}".repeat(240),
    );
    for text in [lists, schema] {
        let work = move || {
            let document = read_documents(text.as_bytes(), Reader::Kubectl).documents.remove(0);
            let kind = kind_of(&document).expect("a served kind");
            let value = document.tree.to_value();
            let decoded = decode(&value, kind);
            let printed = to_yaml(&value);
            assert_eq!(decoded.unknown, []);
            assert_eq!(
                read_documents(printed.as_bytes(), Reader::Kubectl).documents[0].tree.to_value(),
                value
            );
        };
        let thread = std::thread::Builder::new().stack_size(1 << 20).spawn(work).expect("a thread");
        thread.join().expect("no overflow");
    }
}
