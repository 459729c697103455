//! Runs real and hand-written manifests through the whole cluster, and compares what happens to each.
//!
//! The files lie in the folder that `CORPUS_DIR` names (default `../shared/corpus`, format in its README).
//! Every entry gets a fresh standard cluster. Prints `corpus: N of M files hold`, and each file that does not
//! with what was expected and what came out. `CORPUS_ONLY=words` runs the entries whose names contain it.

#[path = "corpus/broken.rs"]
mod broken;
#[path = "corpus/daemonsets.rs"]
mod daemonsets;
#[path = "corpus/directories.rs"]
mod directories;
#[path = "corpus/expect.rs"]
mod expect;
#[path = "corpus/facts.rs"]
mod facts;
#[path = "corpus/staticpods.rs"]
mod staticpods;
#[path = "corpus/world.rs"]
mod world;

use std::panic::{self, AssertUnwindSafe};
use std::path::{Path, PathBuf};
use std::process::ExitCode;

use serde_json::Value;

use expect::Complaints;
use world::World;

/// How many held when this was last raised: what must not get fewer.
const HELD: usize = 173;

/// An entry of the index, and the bytes of its file; for a directory, of all its files in order of names.
pub struct Entry {
    pub name: String,
    pub value: Value,
    pub files: Vec<(String, Vec<u8>)>,
}

impl Entry {
    fn read(folder: &Path, value: &Value) -> Entry {
        let text = |key: &str| value[key].as_str().unwrap_or_default();
        let path = folder.join(text("file"));
        let read = |path: &Path| std::fs::read(path).unwrap_or_default();
        let files = match value["files"].as_object() {
            Some(files) => files.keys().map(|name| (name.clone(), read(&path.join(name)))).collect(),
            None => vec![(text("name").to_owned(), read(&path))],
        };
        Entry { name: text("name").to_owned(), value: value.clone(), files }
    }

    /// The one file of an entry that is not a directory.
    pub fn bytes(&self) -> &[u8] {
        self.files.first().map_or(&[], |(_, bytes)| bytes)
    }
}

/// What does not hold of an entry.
fn run(entry: &Entry, standard: &World) -> Vec<String> {
    let mut complaints = Complaints::default();
    let checked = panic::catch_unwind(AssertUnwindSafe(|| {
        match entry.value["category"].as_str().unwrap_or_default() {
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
    complaints.into_list()
}

fn folder() -> PathBuf {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    match std::env::var_os("CORPUS_DIR") {
        Some(given) => root.join(given),
        None => root.join("../shared/corpus"),
    }
}

fn main() -> ExitCode {
    let folder = folder();
    if !folder.is_dir() {
        println!("corpus: skipped, there is no folder {}", folder.display());
        return ExitCode::SUCCESS;
    }
    let index = std::fs::read(folder.join("index.json")).unwrap_or_default();
    let index: Value = match serde_json::from_slice(&index) {
        Ok(index) => index,
        Err(error) => {
            println!("corpus: index.json: {error}");
            return ExitCode::FAILURE;
        }
    };
    let only = std::env::var("CORPUS_ONLY").unwrap_or_default();
    let standard = World::standard();
    let (mut held, mut all) = (0, 0);
    for value in index["files"].as_array().into_iter().flatten() {
        let entry = Entry::read(&folder, value);
        if !entry.name.contains(&only) {
            continue;
        }
        all += 1;
        let complaints = run(&entry, &standard);
        if complaints.is_empty() {
            held += 1;
            continue;
        }
        println!("FAILED {}", entry.name);
        for complaint in complaints {
            println!("    {}", complaint.replace('\n', "\n    "));
        }
    }
    println!("corpus: {held} of {all} files hold");
    if held >= all.min(HELD) { ExitCode::SUCCESS } else { ExitCode::FAILURE }
}
