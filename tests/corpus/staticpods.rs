//! Static pod files: put into worker-1's manifest directory under their own names.

use serde_json::Value;

use super::CorpusEntry;
use super::expect::{Complaints, is_part_of, strings};
use super::facts;
use super::world::World;

const NODE: &str = "worker-1";

pub fn check(entry: &CorpusEntry, standard: &World, complaints: &mut Complaints) {
    let mut world = standard.clone();
    world.put(NODE, &entry.name, entry.bytes());
    world.settle();
    let expected = &entry.value["pod"];
    if let Some(what) = expected.get("apiReferences").filter(|what| !what.is_null()) {
        let journal = world.journal(NODE);
        complaints.contains("journal", &expected["kubelet"], &journal);
        complaints.holds(
            &format!("the kubelet took a file that refers to {what}"),
            static_ids(&mut world).is_empty(),
        );
        return;
    }
    check_pod(expected, &mut world, complaints);
    check_warning(entry, &world, complaints);
}

fn static_ids(world: &mut World) -> Vec<String> {
    world.static_pods(NODE).into_keys().collect()
}

fn check_pod(expected: &Value, world: &mut World, complaints: &mut Complaints) {
    let text = |key: &str| expected[key].as_str().unwrap_or_default().to_owned();
    let (namespace, name) = (text("namespace"), text("mirrorPodOnWorker1"));
    let running = world.running(NODE, &namespace, &name);
    let mirror = world.object("Pod", &namespace, &name);
    complaints.same("mirrorPodCreated", &(expected["mirrorPodCreated"] == true), &mirror.is_some());
    if let Some(fails) = expected.get("podFails").filter(|fails| !fails.is_null()) {
        complaints.same("running containers", &Vec::new(), &running);
        check_fails(fails, &name, world, complaints);
        return;
    }
    // A placeholder instead of an image: the file is taken, and the container waits for a name that can be.
    let no_image =
        mirror.as_ref().is_some_and(|mirror| mirror["status"].to_string().contains("InvalidImageName"));
    let mut wanted = if no_image { Vec::new() } else { strings(&expected["containers"]) };
    wanted.sort();
    let mut running = running;
    running.sort();
    complaints.same("running containers", &wanted, &running);
    let file_of = world.static_pods(NODE).remove(&format!("{namespace}/{name}"));
    complaints.holds("the pod names no file", file_of.is_some());
    if let Some(mirror) = mirror {
        complaints.holds(
            "it is no mirror pod",
            mirror["metadata"]["annotations"]["kubernetes.io/config.mirror"].is_string(),
        );
        complaints.holds(
            "labels",
            is_part_of(&expected["labels"], &mirror["metadata"]["labels"])
                || expected["labels"] == serde_json::json!({}),
        );
        complaints.same("nodeName", &NODE, &mirror["spec"]["nodeName"].as_str().unwrap_or_default());
        let phase = if no_image { "Pending" } else { "Running" };
        complaints.same("phase", &phase, &mirror["status"]["phase"].as_str().unwrap_or_default());
        facts::check_spec(expected, &mirror["spec"], complaints);
    }
}

/// The kubelet of worker-1 has refused the pod at admission.
pub fn check_fails(fails: &Value, name: &str, world: &World, complaints: &mut Complaints) {
    let reason = fails["reason"].as_str().unwrap_or_default();
    let id = format!("pod/{name}");
    let events: Vec<_> = world.events().into_iter().filter(|event| *event.object == *id).collect();
    let told = events.iter().filter(|event| *event.reason == *reason);
    let told: Vec<String> = told.map(|event| event.message.to_string()).collect();
    let all: Vec<String> =
        events.iter().map(|event| format!("{}: {}", event.reason, event.message)).collect();
    complaints.holds(&format!("expected an event {reason} of {name}, got {all:?}"), !told.is_empty());
    complaints.contains(&format!("event {reason} of {name}"), &fails["message_contains"], &told.join("\n"));
}

fn check_warning(entry: &CorpusEntry, world: &World, complaints: &mut Complaints) {
    if let Some(line) = entry.value["also"]["warn_line"].as_u64() {
        let found = world.stage.check_static(NODE, &entry.name, entry.bytes());
        let warned: Vec<u64> = found.iter().map(|found| u64::from(found.span.start.line)).collect();
        complaints.holds(&format!("warn_line: expected {line}, got {warned:?}"), warned.contains(&line));
    }
}
