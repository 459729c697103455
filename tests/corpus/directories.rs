//! Whole manifest directories, read in one scan: written while worker-1's kubelet is stopped.

use std::collections::BTreeMap;

use serde_json::Value;
use stage::Command;

use super::CorpusEntry;
use super::expect::{Complaints, strings};
use super::staticpods::check_fails;
use super::world::World;

const NODE: &str = "worker-1";

pub fn check(entry: &CorpusEntry, standard: &World, complaints: &mut Complaints) {
    let mut world = standard.clone();
    world.stage.perform(Command::StopKubelet { node: NODE.to_owned() });
    for (name, bytes) in &entry.files {
        world.put(NODE, name, bytes);
    }
    world.stage.perform(Command::StartKubelet { node: NODE.to_owned() });
    world.settle();
    let failing = entry.value["podFails"]["file"].as_str().unwrap_or_default();
    let expected: BTreeMap<String, String> = entry.value["pods"]
        .as_object()
        .into_iter()
        .flatten()
        .map(|(pod, file)| {
            let id = if pod.contains('/') { pod.clone() } else { format!("default/{pod}") };
            (id, file.as_str().unwrap_or_default().to_owned())
        })
        .collect();
    for (id, _) in expected.iter().filter(|(_, file)| *file == failing) {
        let name = id.rsplit('/').next().unwrap_or(id);
        check_fails(&entry.value["podFails"], name, &world, complaints);
    }
    let running: BTreeMap<String, String> =
        expected.into_iter().filter(|(_, file)| file != failing).collect();
    let got: BTreeMap<String, String> = world
        .static_pods(NODE)
        .into_iter()
        .map(|(id, path)| (id, path.rsplit('/').next().unwrap_or(&path).to_owned()))
        .collect();
    complaints.same("pods", &running, &got);
    check_log(entry, &world, complaints);
}

fn check_log(entry: &CorpusEntry, world: &World, complaints: &mut Complaints) {
    let journal = world.journal(NODE);
    for (file, piece) in entry.value["refused"].as_object().into_iter().flatten() {
        let of_file: String = journal.lines().filter(|line| line.contains(file.as_str())).collect();
        complaints.contains(&format!("journal about {file}"), piece, &of_file);
    }
    let ignored: Vec<String> = match &entry.value["ignored"] {
        Value::Object(files) => files.keys().cloned().collect(),
        other => strings(other),
    };
    for file in ignored {
        complaints.holds(&format!("the kubelet looked at {file}"), !journal.contains(&format!("/{file}\"")));
    }
}
