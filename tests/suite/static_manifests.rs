//! The static pods of the corpus, read as the kubelet reads its manifest directory.
//!
//! `CORPUS_DIR` names the corpus (default `../shared/corpus`); without one the tests pass by.

use std::path::{Path, PathBuf};

use kubelet::manifest::read_manifest;
use serde_json::Value;
use sim::Time;

fn corpus() -> Option<(PathBuf, Value)> {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let folder = root.join(std::env::var_os("CORPUS_DIR").unwrap_or_else(|| "../shared/corpus".into()));
    let index = std::fs::read(folder.join("index.json")).ok()?;
    Some((folder, serde_json::from_slice(&index).ok()?))
}

fn read(folder: &Path, entry: &Value) -> Result<kubelet::manifest::Manifest, String> {
    let bytes = std::fs::read(folder.join(entry["file"].as_str().unwrap())).unwrap();
    let file = format!("/etc/kubernetes/manifests/{}", entry["name"].as_str().unwrap());
    read_manifest(&bytes, &file, "worker-1", Time::START).map_err(|error| {
        let lines: Vec<u32> = error.diagnostics.iter().map(|d| d.span.start.line).collect();
        format!("{lines:?} {}", error.message)
    })
}

#[test]
fn kl_009_kl_011_sound_static_pods_are_taken() {
    let Some((folder, index)) = corpus() else { return };
    let mut wrong = Vec::new();
    for entry in index["files"].as_array().unwrap().iter().filter(|entry| entry["category"] == "staticpods") {
        let name = entry["name"].as_str().unwrap();
        let refused = entry["pod"]["kubelet"].is_string() || entry["pod"]["apiReferences"].is_string();
        match read(&folder, entry) {
            Ok(manifest) => {
                let expected = entry["pod"]["mirrorPodOnWorker1"].as_str().unwrap_or("?");
                if *manifest.pod.meta.name != *expected {
                    wrong.push(format!("{name}: {} instead of {expected}", manifest.pod.meta.name));
                }
                let line = entry["also"]["warn_line"].as_u64();
                let warned = manifest.warnings.iter().map(|warning| u64::from(warning.span.start.line));
                if let Some(line) = line
                    && !warned.into_iter().any(|warned| warned == line)
                {
                    wrong.push(format!("{name}: no warning at line {line}: {:?}", manifest.warnings));
                }
            }
            Err(why) if refused => drop(why),
            Err(why) => wrong.push(format!("{name}: {why}")),
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

#[test]
fn kl_010_kl_012_kl_014_broken_static_pods_are_refused_in_the_kubelets_words() {
    let Some((folder, index)) = corpus() else { return };
    let mut wrong = Vec::new();
    for entry in index["files"].as_array().unwrap().iter().filter(|e| e["broken"]["via"] == "staticPodPath") {
        let (name, broken) = (entry["name"].as_str().unwrap(), &entry["broken"]);
        let Err(got) = read(&folder, entry) else {
            if !broken["fails_at"].is_null() {
                wrong.push(format!("{name}: it is taken"));
            }
            continue;
        };
        for piece in broken["message_contains"].as_array().into_iter().flatten().filter_map(Value::as_str) {
            if !got.contains(piece) {
                wrong.push(format!("{name}: {piece} is not in {got}"));
            }
        }
        let real = broken["real_message"].as_str().unwrap_or_default();
        if real.len() < 600 && !got.ends_with(real) {
            wrong.push(format!("{name}:\n  got  {got}\n  real {real}"));
        }
        let lines = broken["lines"].as_array().cloned().unwrap_or_else(|| vec![broken["line"].clone()]);
        let found = lines.iter().filter_map(Value::as_u64).any(|line| got.starts_with(&format!("[{line}")));
        if !broken["line"].is_null() && !found {
            wrong.push(format!("{name}: not at line {lines:?}: {got}"));
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}
