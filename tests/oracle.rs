//! Compares what this cluster answers with what a real one of v1.36.2 did, step by step.
//!
//! Transcripts lie in `tests/data/oracle` or where `ORACLE_DIR` says, single answers in
//! `tests/data/differential` or where `DIFFERENTIAL_DIR` says; the READMEs there have the formats. Prints how
//! many agree of each kind, and what differs that is not known to (`tests/data/README.md`). `ONLY=words`
//! plays the cases whose names contain it.

#[path = "support/data.rs"]
mod data;
#[path = "oracle/diff.rs"]
mod diff;
#[path = "oracle/differential.rs"]
mod differential;
#[path = "oracle/normalise.rs"]
mod normalise;
#[path = "oracle/pattern.rs"]
mod pattern;
#[path = "oracle/placement.rs"]
mod placement;
#[path = "oracle/readme.rs"]
mod readme;
#[path = "oracle/scenario.rs"]
mod scenario;
#[allow(dead_code, reason = "the native program uses all of it")]
#[path = "../crates/cli/src/script.rs"]
mod script;
#[path = "oracle/session.rs"]
mod session;
#[path = "oracle/transcript.rs"]
mod transcript;

use std::collections::BTreeMap;
use std::panic::{self, AssertUnwindSafe};
use std::path::{Path, PathBuf};
use std::process::ExitCode;
use std::sync::Mutex;
use std::sync::atomic::{AtomicUsize, Ordering};

use data::Outcome;
use serde_json::{Value, json};
use transcript::Transcript;

/// The worker nodes of the recorded cluster.
const WORKERS: u32 = 3;

/// Cases that are played one after the other; each kind's are many pieces of work.
enum Work {
    Transcript(String, Transcript),
    Validation(Value),
    Placement(Value),
    /// All typed into one session.
    Printing(Vec<Value>, String),
}

/// What differs of each case.
type Found = Vec<(String, Option<String>)>;

impl Work {
    fn kind(&self) -> &'static str {
        match self {
            Work::Transcript(name, _) if name.starts_with("kubelet-") => "kubelets",
            Work::Transcript(..) => "transcripts",
            Work::Validation(_) => "validation",
            Work::Placement(_) => "placement",
            Work::Printing(..) => "printing",
        }
    }

    fn play(&self) -> Found {
        match self {
            Work::Transcript(name, transcript) => scenario::check(transcript)
                .into_iter()
                .map(|(step, difference)| (format!("{name}:{step}"), difference))
                .collect(),
            Work::Validation(case) => vec![(id(case), differential::validation(case))],
            Work::Placement(case) => vec![(id(case), placement::check(case))],
            Work::Printing(cases, setup) => differential::printing(cases, setup),
        }
    }

    /// The cases' names, without playing them.
    fn names(&self) -> Vec<String> {
        match self {
            Work::Transcript(name, transcript) => {
                let steps =
                    transcript.steps.iter().enumerate().filter(|(_, step)| step.is_compared && !step.waits());
                steps.map(|(at, _)| format!("{name}:{}", at + 1)).collect()
            }
            Work::Validation(case) | Work::Placement(case) => vec![id(case)],
            Work::Printing(cases, _) => cases.iter().map(id).collect(),
        }
    }

    /// The same; a panic is a difference too.
    fn play_safely(&self) -> Found {
        panic::catch_unwind(AssertUnwindSafe(|| self.play())).unwrap_or_else(|_| {
            self.names().into_iter().map(|name| (name, Some("it panics".to_owned()))).collect()
        })
    }
}

fn id(case: &Value) -> String {
    case["id"].as_str().unwrap_or("?").to_owned()
}

fn read(path: &Path) -> String {
    std::fs::read_to_string(path).unwrap_or_default()
}

/// The cases of a file that another run would not decide differently.
fn cases(path: &Path) -> Vec<Value> {
    let text = read(path);
    let cases = text.lines().map(|line| serde_json::from_str(line).expect("each line is JSON"));
    cases.filter(|case: &Value| matches!(case["chance"], Value::Null | Value::Bool(false))).collect()
}

fn work(transcripts: &Path, differential: &Path) -> Vec<Work> {
    let mut all = Vec::new();
    let printing = cases(&differential.join("printing.jsonl"));
    if !printing.is_empty() {
        all.push(Work::Printing(printing, read(&differential.join("printing-setup.json"))));
    }
    let name = |path: &PathBuf| path.file_name().unwrap_or_default().to_string_lossy().into_owned();
    let transcripts = data::files(transcripts, "txt").into_iter();
    all.extend(transcripts.map(|path| Work::Transcript(name(&path), Transcript::parse(&read(&path)))));
    all.extend(cases(&differential.join("placement.jsonl")).into_iter().map(Work::Placement));
    all.extend(cases(&differential.join("validation.jsonl")).into_iter().map(Work::Validation));
    if let Some(only) = data::only() {
        all.retain(|work| work.names().iter().any(|name| name.contains(&only)));
    }
    all
}

/// Plays all of it on as many threads as there are processors; in order of the work.
fn play(all: &[Work]) -> Vec<Found> {
    let next = AtomicUsize::new(0);
    let found = Mutex::new(vec![Found::new(); all.len()]);
    let worker = || {
        while let Some((at, work)) = {
            let at = next.fetch_add(1, Ordering::Relaxed);
            all.get(at).map(|work| (at, work))
        } {
            let of_work = work.play_safely();
            found.lock().expect("no thread panics with it")[at] = of_work;
        }
    };
    let threads = std::thread::available_parallelism().map_or(1, usize::from);
    std::thread::scope(|scope| {
        for _ in 0..threads {
            scope.spawn(worker);
        }
    });
    found.into_inner().expect("no thread panics with it")
}

/// The comparison itself must be able to fail: a wrong recording of each kind.
fn wrong_recordings_differ() -> bool {
    let transcript = |said: &str| scenario::check(&Transcript::parse(&format!("$ echo a\n{said}\n")));
    let manifest = "apiVersion: v1\nkind: ConfigMap\nmetadata:\n  name: a\n";
    let real = json!({"command": "kubectl apply -f f.yaml", "stdout": "configmap/a created", "stderr": "", "exit": 1});
    let applied = json!({"input": {"files": {"f.yaml": manifest}}, "real": [real]});
    let said = json!({"stdout": "b", "stderr": "", "exit": 0});
    let printed = json!({"id": "printed", "input": {"command": "echo a"}, "real": said});
    let nowhere =
        json!({"input": {"nodes": [], "pods": [], "daemonset": {}}, "real": {"first": {"desired": 1}}});
    transcript("a")[0].1.is_none()
        && transcript("b")[0].1.is_some()
        && differential::validation(&applied).is_some()
        && differential::printing(&[printed], "{}")[0].1.is_some()
        && placement::check(&nowhere).is_some()
}

fn figure(kind: &str, outcome: &Outcome) -> String {
    let (agree, all) = (outcome.agree(), outcome.all());
    match kind {
        "transcripts" | "kubelets" => {
            let scenarios = outcome.groups(|case| case.rsplit_once(':').map_or(case, |(file, _)| file));
            let whole = scenarios.values().filter(|agrees| **agrees).count();
            format!("{kind}: {agree} of {all} steps agree, {whole} of {} scenarios whole", scenarios.len())
        }
        _ => format!("{kind}: {agree} of {all} agree"),
    }
}

/// Whether what is compared are the steps of a transcript, of a kubeadm cluster or of kubelets alone.
fn is_of_transcripts(kind: &str) -> bool {
    matches!(kind, "transcripts" | "kubelets")
}

/// Whether there was anything to compare: a folder without cases must not pass.
fn there_are_cases(outcomes: &BTreeMap<&str, Outcome>, transcripts: &Path, differential: &Path) -> bool {
    if let Some(only) = data::only() {
        if outcomes.is_empty() {
            println!("oracle: there is no case {only}");
        }
        return !outcomes.is_empty();
    }
    let mut fine = true;
    for (folder, is_transcripts) in [(transcripts, true), (differential, false)] {
        if !outcomes.keys().any(|kind| is_of_transcripts(kind) == is_transcripts) {
            println!("oracle: there are no recordings in {}", folder.display());
            fine = false;
        }
    }
    fine
}

fn main() -> ExitCode {
    let (transcripts, has_our_transcripts) = data::folder("ORACLE_DIR", "oracle");
    let (differential, has_our_answers) = data::folder("DIFFERENTIAL_DIR", "differential");
    let all = work(&transcripts, &differential);
    let only = data::only().unwrap_or_default();
    let mut outcomes: BTreeMap<&str, Outcome> = BTreeMap::new();
    for (work, found) in all.iter().zip(play(&all)) {
        let outcome = outcomes.entry(work.kind()).or_default();
        found
            .into_iter()
            .filter(|(case, _)| case.contains(&only))
            .for_each(|(case, said)| outcome.add(case, said));
    }
    let mut fine = there_are_cases(&outcomes, &transcripts, &differential);
    if !wrong_recordings_differ() {
        println!("oracle: a wrong recording passes");
        fine = false;
    }
    for (kind, outcome) in &outcomes {
        let is_ours = if is_of_transcripts(kind) { has_our_transcripts } else { has_our_answers };
        fine &= outcome.is_as_known(kind, is_ours);
    }
    for (kind, outcome) in &outcomes {
        println!("{}", figure(kind, outcome));
    }
    if has_our_transcripts && has_our_answers && only.is_empty() {
        fine &= readme::says(&outcomes);
    }
    if fine { ExitCode::SUCCESS } else { ExitCode::FAILURE }
}
