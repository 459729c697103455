//! Runs real and hand-written manifests through the whole cluster, and compares what happens to each.
//!
//! The hand-written ones lie in `tests/data/corpus` (format in its README). Those of other projects may not be
//! copied into the repository: they run where they are (`CORPUS_DIR`, default beside the repository), and
//! otherwise it is said that they were skipped, which fails only with `REQUIRE_CORPUS=1`. A folder with an
//! index of its own is read instead of all this. Every entry gets a fresh standard cluster. Prints `corpus: N
//! of M files hold`, and each that newly does not with what was expected and what came out. `ONLY=words` runs
//! the entries whose names contain it.

#[path = "corpus/broken.rs"]
mod broken;
#[path = "corpus/daemonsets.rs"]
mod daemonsets;
#[path = "support/data.rs"]
mod data;
#[path = "corpus/directories.rs"]
mod directories;
#[path = "corpus/expect.rs"]
mod expect;
#[path = "corpus/facts.rs"]
mod facts;
#[path = "corpus/manifest_file.rs"]
mod manifest_file;
#[path = "corpus/reading.rs"]
mod reading;
#[path = "corpus/staticpods.rs"]
mod staticpods;
#[path = "corpus/world.rs"]
mod world;

use std::panic::{self, AssertUnwindSafe};
use std::path::Path;
use std::process::ExitCode;

use serde_json::Value;

use data::Outcome;
use expect::Complaints;
use world::World;

/// An entry of the index, and the bytes of its file; for a directory, of all its files in order of names.
pub struct CorpusEntry {
    pub name: String,
    pub value: Value,
    pub files: Vec<(String, Vec<u8>)>,
}

impl CorpusEntry {
    fn read(folder: &Path, value: &Value) -> std::io::Result<CorpusEntry> {
        let text = |key: &str| value[key].as_str().unwrap_or_default();
        let path = folder.join(text("file"));
        let files = match value["files"].as_object() {
            Some(files) => {
                files.keys().map(|name| Ok((name.clone(), std::fs::read(path.join(name))?))).collect()
            }
            None => std::fs::read(path).map(|bytes| vec![(text("name").to_owned(), bytes)]),
        };
        Ok(CorpusEntry { name: text("name").to_owned(), value: value.clone(), files: files? })
    }

    pub fn category(&self) -> &str {
        self.value["category"].as_str().unwrap_or_default()
    }

    /// The one file of an entry that is not a directory.
    pub fn bytes(&self) -> &[u8] {
        self.files.first().map_or(&[], |(_, bytes)| bytes)
    }
}

/// What does not hold of an entry.
fn run(entry: &CorpusEntry, standard: &World) -> Option<String> {
    let mut complaints = Complaints::default();
    let checked = panic::catch_unwind(AssertUnwindSafe(|| {
        reading::check(entry, &mut complaints);
        manifest_file::check(entry, &mut complaints);
        match entry.category() {
            "daemonsets" => daemonsets::check(entry, standard, &mut complaints),
            "staticpods" => staticpods::check(entry, standard, &mut complaints),
            "broken" => broken::check(entry, standard, &mut complaints),
            "directories" => directories::check(entry, standard, &mut complaints),
            other => complaints.say(format!("unknown category {other}")),
        }
    }));
    if checked.is_err() {
        complaints.say("panicked".to_owned());
    }
    let list = complaints.into_list();
    (!list.is_empty()).then(|| list.join("\n"))
}

/// The entries of an index.
fn entries(index: &Path) -> Vec<Value> {
    let bytes = std::fs::read(index).unwrap_or_default();
    let index: Value = serde_json::from_slice(&bytes).unwrap_or_default();
    index["files"].as_array().cloned().unwrap_or_default()
}

/// The manifests of other projects that are there; says how many are not.
fn third_party(folder: &Path, outcome: &mut Outcome) -> Vec<CorpusEntry> {
    let all = entries(&data::ours("corpus/third-party.json"));
    let mut found = Vec::new();
    for value in &all {
        match CorpusEntry::read(folder, value) {
            Ok(entry) => found.push(entry),
            Err(_) => outcome.skip(value["name"].as_str().unwrap_or_default().to_owned()),
        }
    }
    if outcome.skipped() > 0 {
        println!(
            "corpus: skipped {} of {} manifests of other projects, which are not in {}: `make corpus` fetches them",
            outcome.skipped(),
            all.len(),
            folder.display()
        );
    }
    found
}

/// The entries of a folder that must all be there.
fn whole_folder(folder: &Path, outcome: &mut Outcome) -> Vec<CorpusEntry> {
    let mut found = Vec::new();
    for value in entries(&folder.join("index.json")) {
        match CorpusEntry::read(folder, &value) {
            Ok(entry) => found.push(entry),
            Err(error) => outcome.add(value["file"].to_string(), Some(error.to_string())),
        }
    }
    found
}

fn main() -> ExitCode {
    let mut outcome = Outcome::default();
    let given = data::given("CORPUS_DIR").filter(|folder| folder.join("index.json").is_file());
    let is_ours = given.is_none();
    let chosen = match given {
        Some(folder) => whole_folder(&folder, &mut outcome),
        None => {
            let mut chosen = whole_folder(&data::ours("corpus"), &mut outcome);
            chosen.extend(third_party(&data::third_party(), &mut outcome));
            chosen
        }
    };
    let only = data::only().unwrap_or_default();
    let standard = World::standard();
    for entry in chosen.iter().filter(|entry| entry.name.contains(&only)) {
        outcome.add(entry.name.clone(), run(entry, &standard));
    }
    let fine = outcome.is_as_known("corpus", is_ours);
    println!("corpus: {} of {} files hold", outcome.agree(), outcome.all());
    let required = std::env::var("REQUIRE_CORPUS").is_ok_and(|value| value == "1");
    let lacks = required && outcome.skipped() > 0;
    if lacks {
        println!("corpus: REQUIRE_CORPUS=1 asks for the manifests of other projects");
    }
    if fine && outcome.all() > 0 && !lacks { ExitCode::SUCCESS } else { ExitCode::FAILURE }
}
