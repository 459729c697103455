//! The bytes of a file through the YAML reader, the decoder and the writer: what must read reads, what must
//! not says why, in the real program's words and at the right line.

use api::schema::{self, KindInfo};
use codec::{Decoded, decode};
use serde_json::Value;
use yaml::{Diagnostic, Document, Reader, locate_bad_value, read_documents, to_yaml};

use super::CorpusEntry;
use super::expect::{Complaints, strings};

pub fn check(entry: &CorpusEntry, complaints: &mut Complaints) {
    let documents = read_documents(entry.bytes(), reader(entry));
    match entry.category() {
        "daemonsets" | "staticpods" => {
            complaints.same("the reader's error", &None, &documents.error);
            check_kinds(entry, &documents.documents, complaints);
            check_printed(&documents.documents, complaints);
            check_values(entry, &documents.documents, complaints);
            check_decodes(entry, &documents.documents, complaints);
        }
        "broken" if entry.value["broken"]["fails_at"] == "yaml" => {
            check_error(&entry.value["broken"], documents.error.as_ref(), complaints);
        }
        "broken" => {
            complaints.same("the reader's error", &None, &documents.error);
            check_path(&entry.value["broken"], &documents.documents, complaints);
            api_034_036_wrong_fields_and_types(entry, &documents.documents, complaints);
        }
        // Directories are left to the kubelet.
        _ => return,
    }
    check_warnings(entry, &documents.diagnostics(), complaints);
}

/// Whose reader a file meets.
fn reader(entry: &CorpusEntry) -> Reader {
    let is_static = entry.category() == "staticpods" || entry.value["broken"]["via"] == "staticPodPath";
    if is_static { Reader::Kubelet } else { Reader::Kubectl }
}

/// The lines that are as right as any, counted from 1; none where the whole document is meant.
fn lines(broken: &Value) -> Vec<u64> {
    let listed = broken["lines"].as_array().into_iter().flatten();
    listed.chain([&broken["line"]]).filter_map(Value::as_u64).collect()
}

fn check_error(broken: &Value, found: Option<&Diagnostic>, complaints: &mut Complaints) {
    let Some(found) = found else {
        complaints.say("the reader finds no error".to_owned());
        return;
    };
    complaints.contains("the reader's error", &broken["message_contains"], &found.message);
    let real = broken["real_message"].as_str().unwrap_or_default();
    complaints.holds(
        &format!("the reader's error {:?} is not in {real:?}", found.message),
        real.contains(&found.message),
    );
    let (line, lines) = (u64::from(found.span.start.line), lines(broken));
    complaints.holds(
        &format!("the reader's error: expected a line of {lines:?}, got {line}"),
        lines.is_empty() || lines.contains(&line),
    );
}

fn check_kinds(entry: &CorpusEntry, documents: &[Document], complaints: &mut Complaints) {
    let expected = strings(&entry.value["yaml"]["kinds"]);
    let kinds = documents.iter().filter_map(|d| d.tree.get("kind")?.as_str().map(str::to_owned));
    if entry.category() == "daemonsets" && !expected.is_empty() {
        complaints.same("kinds", &expected, &kinds.collect());
    }
}

/// What is printed of a document is that document.
fn check_printed(documents: &[Document], complaints: &mut Complaints) {
    for document in documents {
        let value = document.tree.to_value();
        let again = read_documents(to_yaml(&value).as_bytes(), Reader::Kubelet);
        let again = again.documents.first().map(|document| document.tree.to_value());
        complaints.same("printed and read again", &Some(value), &again);
    }
}

fn check_warnings(entry: &CorpusEntry, found: &[Diagnostic], complaints: &mut Complaints) {
    // An unknown field is found by the decoder.
    let by_the_decoder = entry.name == "static-unknown-field.yaml";
    if let Some(line) = entry.value["also"]["warn_line"].as_u64().filter(|_| !by_the_decoder) {
        let lines: Vec<u64> = found.iter().map(|d| u64::from(d.span.start.line)).collect();
        complaints.same("lines of the reader's warnings", &vec![line], &lines);
    }
}

fn kind_of(document: &Document) -> Option<&'static KindInfo> {
    schema::kind(document.tree.get("apiVersion")?.as_str()?, document.tree.get("kind")?.as_str()?)
}

/// The documents of known kinds, decoded; the items of a list one by one.
fn decoded(documents: &[Document]) -> Vec<(Document, &'static KindInfo, Decoded)> {
    let mut all = Vec::new();
    for document in documents {
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

fn check_decodes(entry: &CorpusEntry, documents: &[Document], complaints: &mut Complaints) {
    let decoded = decoded(documents);
    complaints.holds("nothing in it is of a known kind", !decoded.is_empty());
    // The kubelet drops unknown fields.
    if entry.name != "static-unknown-field.yaml" {
        let refused: Vec<String> =
            decoded.iter().filter_map(|(_, kind, decoded)| decoded.bad_request(kind)).collect();
        complaints.same("what the strict decoder says", &Vec::new(), &refused);
    }
}

/// What the strict decoder says, and where, is what the real message ends with.
fn api_034_036_wrong_fields_and_types(
    entry: &CorpusEntry,
    documents: &[Document],
    complaints: &mut Complaints,
) {
    let broken = &entry.value["broken"];
    if broken["via"] != "kubectl apply" {
        return;
    }
    let refused: Vec<(String, Vec<Diagnostic>)> = decoded(documents)
        .into_iter()
        .filter_map(|(document, kind, found)| {
            Some((found.bad_request(kind)?, found.strict_diagnostics(&document.tree)))
        })
        .collect();
    let real = broken["real_message"].as_str().unwrap_or_default();
    match (refused.as_slice(), real.contains("cannot be handled as a")) {
        ([], false) => {}
        ([(message, diagnostics)], true) => {
            complaints.holds(&format!("{message:?} is not the end of {real:?}"), real.ends_with(message));
            let known = lines(broken);
            let found: Vec<u64> = diagnostics.iter().map(|d| u64::from(d.span.start.line)).collect();
            complaints.holds(
                &format!("lines of the strict decoder: expected some of {known:?}, got {found:?}"),
                found.iter().all(|line| known.contains(line)),
            );
        }
        (other, _) => complaints.say(format!("the strict decoder says {other:?}, but really {real:?}")),
    }
}

fn check_values(entry: &CorpusEntry, documents: &[Document], complaints: &mut Complaints) {
    let also = &entry.value["also"];
    let Some((_, _, found)) = decoded(documents).into_iter().next() else { return };
    let spec = &found.value["spec"]["template"]["spec"];
    for (key, value) in also["annotations"].as_object().into_iter().flatten() {
        complaints.same(&format!("annotation {key}"), value, &found.value["metadata"]["annotations"][key]);
    }
    if also["mode"].is_number() {
        complaints.same("mode", &also["mode"], &spec["volumes"][0]["configMap"]["defaultMode"]);
    }
    if also["hostNetwork"].is_boolean() {
        complaints.same("hostNetwork", &also["hostNetwork"], &spec["hostNetwork"]);
    }
}

/// The path of the mistake leads to its line.
fn check_path(broken: &Value, documents: &[Document], complaints: &mut Complaints) {
    let (Some(field), Some(_)) = (broken["field"].as_str(), broken["line"].as_u64()) else { return };
    // A wrong type has its own path, down to the key.
    if broken["fails_at"] == "decode" {
        return;
    }
    let lines = lines(broken);
    let message = broken["real_message"].as_str().unwrap_or_default();
    let bad = message.split("Invalid value: \"").nth(1).and_then(|m| m.split('"').next()).unwrap_or("?");
    let found: Vec<u64> = documents
        .iter()
        .flat_map(|d| d.tree.get("items").map_or(vec![&d.tree], |items| items.items().iter().collect()))
        .map(|tree| u64::from(locate_bad_value(tree, field, bad).start.line))
        .collect();
    complaints.holds(
        &format!("line of {field}: expected one of {lines:?}, got {found:?}"),
        found.iter().any(|line| lines.contains(line)),
    );
}
