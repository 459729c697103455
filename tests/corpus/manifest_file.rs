//! Static pod files as the kubelet reads its manifest directory, without a cluster around.

use kubelet::manifest::{Manifest, read_manifest};
use serde_json::Value;
use sim::Time;

use super::CorpusEntry;
use super::expect::Complaints;

const NODE: &str = "worker-1";

pub fn check(entry: &CorpusEntry, complaints: &mut Complaints) {
    if entry.category() == "staticpods" {
        kl_009_kl_011_sound_static_pods_are_taken(entry, complaints);
    } else if entry.value["broken"]["via"] == "staticPodPath" {
        kl_010_kl_012_kl_014_broken_ones_are_refused_in_the_kubelets_words(entry, complaints);
    }
}

/// What the kubelet makes of the file; or its message, and the lines that an editor marks.
fn read(entry: &CorpusEntry) -> Result<Manifest, (String, Vec<u64>)> {
    let file = format!("/etc/kubernetes/manifests/{}", entry.name);
    read_manifest(entry.bytes(), &file, NODE, Time::START).map_err(|error| {
        let lines = error.diagnostics.iter().map(|d| u64::from(d.span.start.line)).collect();
        (error.message, lines)
    })
}

fn kl_009_kl_011_sound_static_pods_are_taken(entry: &CorpusEntry, complaints: &mut Complaints) {
    let pod = &entry.value["pod"];
    let refused = pod["kubelet"].is_string() || pod["apiReferences"].is_string();
    let manifest = match read(entry) {
        Ok(manifest) => manifest,
        Err((message, _)) => {
            complaints.holds(&format!("the kubelet refuses the file: {message}"), refused);
            return;
        }
    };
    let expected = pod["mirrorPodOnWorker1"].as_str().unwrap_or("?");
    complaints.same("name of the static pod", &expected, &&*manifest.pod.meta.name);
    if let Some(line) = entry.value["also"]["warn_line"].as_u64() {
        let warned: Vec<u64> = manifest.warnings.iter().map(|w| u64::from(w.span.start.line)).collect();
        complaints.holds(
            &format!("the kubelet's warning: expected {line}, got {warned:?}"),
            warned.contains(&line),
        );
    }
}

fn kl_010_kl_012_kl_014_broken_ones_are_refused_in_the_kubelets_words(
    entry: &CorpusEntry,
    complaints: &mut Complaints,
) {
    let broken = &entry.value["broken"];
    let (message, lines) = match read(entry) {
        Ok(_) => {
            complaints.holds("the kubelet takes the file", broken["fails_at"].is_null());
            return;
        }
        Err(refused) => refused,
    };
    complaints.contains("the kubelet's message", &broken["message_contains"], &message);
    let real = broken["real_message"].as_str().unwrap_or_default();
    // The index cuts long messages.
    complaints.holds(
        &format!("the kubelet's message: expected {real:?}, got {message:?}"),
        real.len() >= 600 || message.ends_with(real),
    );
    let listed = broken["lines"].as_array().cloned().unwrap_or_else(|| vec![broken["line"].clone()]);
    let expected: Vec<u64> = listed.iter().filter_map(Value::as_u64).collect();
    complaints.holds(
        &format!("the kubelet's mark: expected one of {expected:?}, got {lines:?}"),
        broken["line"].is_null() || lines.first().is_some_and(|line| expected.contains(line)),
    );
}
