//! The sentence in the README that says how far the answers agree: kept true here.

use std::collections::BTreeMap;
use std::path::PathBuf;

use super::data::{self, Outcome};

/// What the paragraph with the figures begins with.
const BEGIN: &str = "Compared with a real kubeadm cluster and a real control plane of v1.36.2";

/// How long a line of the README may be.
const WIDTH: usize = 100;

/// Whether the README has today's figures; writes them where expected texts are written again.
pub fn says(outcomes: &BTreeMap<&str, Outcome>) -> bool {
    let path = data::root().join("README.md");
    let text = std::fs::read_to_string(&path).unwrap_or_default();
    let Some((before, rest)) = text.split_once(BEGIN) else {
        println!("README.md has no paragraph that begins with {BEGIN:?}");
        return false;
    };
    let (paragraph, after) = rest.split_once("\n\n").unwrap_or((rest, ""));
    let words = |text: &str| text.split_whitespace().collect::<Vec<_>>().join(" ");
    let expected = sentence(outcomes);
    if words(&format!("{BEGIN}{paragraph}")) == expected {
        return true;
    }
    if data::updates() {
        return write(path, &format!("{before}{}\n\n{after}", wrapped(&expected)));
    }
    println!("README.md has other figures; run `make golden`. It should say:\n{}", wrapped(&expected));
    false
}

fn sentence(outcomes: &BTreeMap<&str, Outcome>) -> String {
    let figure = |kind: &str| outcomes.get(kind).map_or((0, 0), |outcome| (outcome.agree(), outcome.all()));
    let of = |(agree, all): (usize, usize)| format!("{} of {}", grouped(agree), grouped(all));
    format!(
        "{BEGIN}, word by word: {} steps of what people type, {} answers to faulty manifests, {} texts that \
         kubectl prints and {} placements of a DaemonSet agree, and {} cases of Kubernetes' own unit tests hold \
         ([how](tests/data/README.md)).",
        of(figure("transcripts")),
        of(figure("validation")),
        of(figure("printing")),
        of(figure("placement")),
        of(conformance()),
    )
}

/// How many of the conformance cases hold: `tests/conformance.rs` sees to it that no others are known not to.
fn conformance() -> (usize, usize) {
    let mut all = 0;
    for file in data::files(&data::ours("conformance"), "json") {
        let text = std::fs::read_to_string(file).unwrap_or_default();
        let topic: serde_json::Value = serde_json::from_str(&text).unwrap_or_default();
        all += topic["cases"].as_array().map_or(0, Vec::len);
    }
    let known = data::known_differences().get("conformance").map_or(0, |cases| cases.len());
    (all.saturating_sub(known), all)
}

/// `1800` as `1,800`.
fn grouped(number: usize) -> String {
    let digits = number.to_string();
    let groups: Vec<&str> = digits
        .as_bytes()
        .rchunks(3)
        .rev()
        .map(|group| std::str::from_utf8(group).unwrap_or_default())
        .collect();
    groups.join(",")
}

fn wrapped(text: &str) -> String {
    let mut lines = vec![String::new()];
    for word in text.split(' ') {
        let line = lines.last_mut().expect("there is one");
        if line.is_empty() {
            line.push_str(word);
        } else if line.len() + 1 + word.len() <= WIDTH {
            line.push(' ');
            line.push_str(word);
        } else {
            lines.push(word.to_owned());
        }
    }
    lines.join("\n")
}

fn write(path: PathBuf, text: &str) -> bool {
    println!("README.md has the figures of today");
    std::fs::write(path, text).is_ok()
}
