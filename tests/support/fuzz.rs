//! What must hold for any bytes: the targets of `make fuzz`, which the test suite replays over the corpora
//! that the fuzzer grew (`fuzz/corpus`).
//!
//! Nothing panics, spans lie in the text, what is written reads as it was, and work is bounded: the fuzzer
//! itself watches time and memory, these functions watch the steps of the simulation.

use std::cell::OnceCell;

use api::schema;
use codec::decode;
use codec::manifest::check_apply;
use kubelet::manifest::check_static;
use sim::{Duration, SortedMap};
use stage::{Bytes, Command, DEMO_DAEMONSET, DEMO_STATIC_POD, Options, Script, Stage, Start};
use yaml::{
    Diagnostic, Node, NodeValue, Part, Reader, Span, locate, locate_bad_value, read_documents, to_yaml,
};

/// Larger inputs are cut: what is slow shows itself below this, and a file may not be more than 1 MB anyway.
const LONGEST: usize = 64 << 10;

/// What a command of the console may bring about, and for how long the cluster is watched after it.
const STEPS: u32 = 50_000;
const WATCHED: Duration = Duration::from_secs(30);

/// A session may name any number of workers and run for years; such a one is cut to what can be played here.
const WORKERS: u32 = 3;
const ACTIONS: usize = 20;
const PLAYED: Duration = Duration::from_secs(3600);

/// An input that begins with this byte (which no UTF-8 text holds) is blown up: `REPEAT n body` stands for
/// the first n bytes of the body and then its rest, over and over. So the fuzzer finds quadratic work with
/// small inputs.
const REPEAT: u8 = 0xf8;

/// Repeated texts are shorter, so that a fuzzer still makes some hundreds a second.
const LONGEST_REPEATED: usize = 16 << 10;

fn blown_up(input: &[u8]) -> Vec<u8> {
    let [REPEAT, head, body @ ..] = input else { return input[..input.len().min(LONGEST)].to_vec() };
    let (head, unit) = body.split_at(usize::from(*head).min(body.len()));
    let mut bytes = head.to_vec();
    if !unit.is_empty() {
        while bytes.len() < LONGEST_REPEATED {
            bytes.extend_from_slice(unit);
        }
    }
    bytes
}

fn check_span(span: Span) {
    assert!(span.start <= span.end, "{span:?}");
    assert!(span.start.line >= 1 && span.start.column >= 1, "{span:?}");
}

fn check_spans(node: &Node) {
    check_span(node.span);
    match &node.value {
        NodeValue::List(items) => items.iter().for_each(check_spans),
        NodeValue::Map(entries) => entries.iter().for_each(|entry| {
            check_span(entry.key_span);
            check_spans(&entry.value);
        }),
        // The target has been seen where it stands; to follow every alias would be the bomb.
        _ => {}
    }
}

/// The YAML reader, strict decoding into the kinds of workloads, and the writer.
pub fn yaml(input: &[u8]) {
    let bytes = blown_up(input);
    for reader in [Reader::Kubectl, Reader::Kubelet] {
        let found = read_documents(&bytes, reader);
        found.diagnostics().iter().for_each(|d| check_span(d.span));
        for document in &found.documents {
            check_spans(&document.tree);
            check_span(locate(&document.tree, "spec.template.spec.containers[0].image", Part::Value));
            check_span(locate_bad_value(&document.tree, "metadata.labels", "x"));
            let value = document.tree.to_value();
            for (version, kind) in [("apps/v1", "DaemonSet"), ("v1", "Pod"), ("v1", "Secret")] {
                let Some(info) = schema::kind(version, kind) else { continue };
                let decoded = decode(&value, info);
                decoded.strict_diagnostics(&document.tree).iter().for_each(|d| check_span(d.span));
                decoded.lenient_diagnostics(&document.tree).iter().for_each(|d| check_span(d.span));
            }
            check_written(&value);
        }
    }
}

/// What `-o yaml` prints of a value is that value, for whoever pipes it back.
fn check_written(value: &serde_json::Value) {
    let written = to_yaml(value);
    let read = read_documents(written.as_bytes(), Reader::Kubelet);
    assert!(read.error.is_none(), "{:?} in\n{written}", read.error);
    let again = read.documents.first().map(|document| document.tree.to_value()).unwrap_or_default();
    assert_eq!(&again, value, "written as\n{written}");
}

/// A manifest on its two ways into a cluster, up to validation.
pub fn manifest(input: &[u8]) {
    let bytes = blown_up(input);
    let check = |found: Vec<Diagnostic>| {
        for diagnostic in found {
            check_span(diagnostic.span);
            assert!(!diagnostic.message.is_empty());
        }
    };
    check(check_apply(&bytes));
    check(check_static("worker-1", "web.yaml", &bytes));
}

/// A calm cluster of two workers with a DaemonSet and a static pod.
fn calm_cluster() -> Stage {
    thread_local! {
        static CALM: OnceCell<Stage> = const { OnceCell::new() };
    }
    let make = || Stage::new(Options { workers: 2, start: Start::Demo, ..Options::default() });
    CALM.with(|calm| calm.get_or_init(make).clone())
}

/// The files that lie beside the console.
fn files() -> SortedMap<String, Bytes> {
    let files = [("agent.yaml", DEMO_DAEMONSET), ("web.yaml", DEMO_STATIC_POD), ("-", DEMO_DAEMONSET)];
    files.map(|(name, text)| (name.to_owned(), Bytes::from(text))).into()
}

/// A line of the console, parsed and carried out in a calm cluster.
pub fn console(input: &[u8]) {
    let line = String::from_utf8_lossy(&blown_up(input)).into_owned();
    let mut stage = calm_cluster();
    let job = stage.perform(Command::Exec { line, files: files() });
    let end = stage.now() + WATCHED;
    assert!(stage.run_slice(end, STEPS), "the cluster does not come to rest");
    assert!(stage.job(job).is_some());
    stage.board();
}

/// A saved session: what is read is written as it was, and can be played.
pub fn session(input: &[u8]) {
    let text = String::from_utf8_lossy(&blown_up(input)).into_owned();
    let Ok(mut script) = Script::parse(&text) else { return };
    assert_eq!(Script::parse(&script.to_json()).as_ref(), Ok(&script));
    script.options.workers = script.options.workers.min(WORKERS);
    script.entries.truncate(ACTIONS);
    script.until = script.until.min(PLAYED.as_micros());
    for entry in &mut script.entries {
        entry.at = entry.at.min(PLAYED.as_micros());
    }
    let mut stage = Stage::from_script(&script);
    assert_eq!(Script::parse(&stage.script().to_json()).as_ref(), Ok(stage.script()));
    stage.board();
}

/// A function of a fuzz target.
pub type Target = fn(&[u8]);

/// Every target by its name, which is the name of its folder in `fuzz/corpus` too.
pub const TARGETS: [(&str, Target); 4] =
    [("yaml", yaml), ("manifest", manifest), ("console", console), ("session", session)];
