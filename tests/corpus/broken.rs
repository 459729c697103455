//! Files with a mistake: refused in the real system's words, marked at the right line, nothing else harmed.

use serde_json::Value;
use yaml::{Diagnostic, Severity};

use super::CorpusEntry;
use super::daemonsets::{check_created, check_nodes};
use super::expect::{Complaints, strings};
use super::world::World;

const NODE: &str = "worker-1";

pub fn check(entry: &CorpusEntry, standard: &World, complaints: &mut Complaints) {
    let broken = &entry.value["broken"];
    match broken["via"].as_str().unwrap_or_default() {
        "kubectl apply" => check_applied(entry, broken, standard, complaints),
        "staticPodPath" => check_static(entry, broken, standard, complaints),
        other => complaints.say(format!("unknown way {other}")),
    }
}

fn check_applied(entry: &CorpusEntry, broken: &Value, standard: &World, complaints: &mut Complaints) {
    let mut world = standard.clone();
    let found = world.stage.check_apply(entry.bytes());
    check_diagnostics(broken, &found, complaints);
    let said = world.apply(&entry.name, entry.bytes());
    complaints.contains("what kubectl reports", &broken["message_contains"], &said.text);
    check_real_message(broken, &said.text, complaints);
    complaints.same("exit code", &Some(i32::from(!broken["fails_at"].is_null())), &said.exit_code);
    check_created(&strings(&broken["created"]), &said, &world, complaints);
    world.settle();
    for expected in entry.value["daemonsets"].as_array().into_iter().flatten() {
        check_nodes("nodes", expected, &world, complaints);
    }
    if broken["fails_at"].is_string() {
        check_still_works(&mut world, complaints);
    }
}

/// The whole message of the real program; it is cut after 700 characters.
fn check_real_message(broken: &Value, text: &str, complaints: &mut Complaints) {
    let Some(real) = broken["real_message"].as_str() else { return };
    let cut: String = real.chars().take(690).collect();
    complaints
        .holds(&format!("real_message: expected {real:?}, got {text:?}"), text.contains(cut.trim_end()));
}

fn check_static(entry: &CorpusEntry, broken: &Value, standard: &World, complaints: &mut Complaints) {
    let mut world = standard.clone();
    let found = world.stage.check_static(NODE, &entry.name, entry.bytes());
    check_diagnostics(broken, &found, complaints);
    world.put(NODE, &entry.name, entry.bytes());
    world.settle();
    complaints.contains("journal", &broken["message_contains"], &world.journal(NODE));
    let pods: Vec<String> = world.static_pods(NODE).into_keys().collect();
    complaints.same("pods", &strings(&broken["created"]), &pods);
    let mirrors = world.pods().iter().filter(|pod| pod.node_name.as_deref() == Some(NODE)).count();
    complaints.same("mirror pods", &strings(&broken["created"]).len(), &mirrors);
}

/// Some mark stands at an expected line, and names the expected field.
fn check_diagnostics(broken: &Value, found: &[Diagnostic], complaints: &mut Complaints) {
    let wanted = if broken["fails_at"].is_null() { Severity::Warning } else { Severity::Error };
    let marks: Vec<&Diagnostic> = found.iter().filter(|mark| mark.severity == wanted).collect();
    if marks.is_empty() {
        complaints.say(format!("an editor marks nothing as {wanted:?}: {found:?}"));
        return;
    }
    let shown: Vec<String> = marks
        .iter()
        .map(|mark| {
            let path = mark.path.as_deref().unwrap_or("-");
            format!("{}:{} {path}: {}", mark.span.start.line, mark.span.start.column, mark.message)
        })
        .collect();
    let mut lines: Vec<u64> =
        broken["lines"].as_array().into_iter().flatten().filter_map(Value::as_u64).collect();
    lines.extend(broken["line"].as_u64());
    let on_line = |mark: &&&Diagnostic| lines.is_empty() || lines.contains(&u64::from(mark.span.start.line));
    complaints.holds(
        &format!("line: expected one of {lines:?}, got {shown:#?}"),
        marks.iter().any(|m| on_line(&m)),
    );
    if let Some(field) = broken["field"].as_str() {
        let named = marks.iter().any(|mark| mark.path.as_deref().is_some_and(|path| path.ends_with(field)));
        complaints.holds(&format!("field: expected {field}, got {shown:#?}"), named);
    }
    let all: String = marks.iter().map(|mark| mark.message.as_str()).collect::<Vec<_>>().join("\n");
    complaints.contains("diagnostics", &broken["message_contains"], &all);
}

/// What ran before goes on: a sound manifest is taken afterwards.
fn check_still_works(world: &mut World, complaints: &mut Complaints) {
    let sound = b"apiVersion: v1\nkind: ConfigMap\nmetadata:\n  name: sound\n";
    let said = world.apply("sound.yaml", sound);
    complaints.same("a sound manifest afterwards", &"configmap/sound created\n", &said.text.as_str());
}
