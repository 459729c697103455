//! Where the recordings and cases lie that tests compare with, and which of them do not agree yet.
//!
//! Included by path where it is needed: `tests/oracle.rs`, `tests/conformance.rs`, `tests/corpus.rs`.

#![allow(dead_code, reason = "not everybody who includes this file needs all of it")]

use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};

/// Where manifests of other projects lie if nothing else is said; they may not be copied into the repository.
const THIRD_PARTY: &str = "../shared/corpus";

/// The root of the repository.
pub fn root() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR"))
}

/// A file or folder of `tests/data`.
pub fn ours(name: &str) -> PathBuf {
    root().join("tests/data").join(name)
}

/// The folder that a variable names, or the one of that name in `tests/data`; whether it is the latter.
pub fn folder(variable: &str, name: &str) -> (PathBuf, bool) {
    match given(variable) {
        Some(folder) => (folder, false),
        None => (ours(name), true),
    }
}

/// The folder that a variable names. A relative path counts from the root of the repository.
pub fn given(variable: &str) -> Option<PathBuf> {
    std::env::var_os(variable).filter(|value| !value.is_empty()).map(|value| root().join(value))
}

/// Where the manifests of other projects lie, if they do.
pub fn third_party() -> PathBuf {
    given("CORPUS_DIR").unwrap_or_else(|| root().join(THIRD_PARTY))
}

/// Whether only the cases whose names contain `ONLY` are played.
pub fn only() -> Option<String> {
    std::env::var("ONLY").ok().filter(|words| !words.is_empty())
}

/// Whether expected texts are written again (`make golden`).
pub fn updates() -> bool {
    std::env::var_os("UPDATE_EXPECT").is_some()
}

/// The files of a folder whose names have this ending, in order of name.
pub fn files(folder: &Path, ending: &str) -> Vec<PathBuf> {
    let entries = std::fs::read_dir(folder).into_iter().flatten().flatten();
    let mut files: Vec<PathBuf> =
        entries.map(|e| e.path()).filter(|p| p.extension().is_some_and(|e| e == ending)).collect();
    files.sort();
    files
}

/// What came of all cases of one kind.
#[derive(Debug, Default)]
pub struct Outcome {
    /// In order of the cases: what differs of each, or nothing.
    played: Vec<(String, Option<String>)>,
    skipped: BTreeSet<String>,
}

impl Outcome {
    pub fn add(&mut self, case: String, difference: Option<String>) {
        self.played.push((case, difference));
    }

    /// A case that cannot be played here: neither held nor failed, and whatever is known of it stays known.
    pub fn skip(&mut self, case: String) {
        self.skipped.insert(case);
    }

    pub fn agree(&self) -> usize {
        self.played.iter().filter(|(_, difference)| difference.is_none()).count()
    }

    pub fn skipped(&self) -> usize {
        self.skipped.len()
    }

    /// Whether all cases of a group agree, by group.
    pub fn groups(&self, group: impl Fn(&str) -> &str) -> BTreeMap<String, bool> {
        let mut groups = BTreeMap::new();
        for (case, difference) in &self.played {
            *groups.entry(group(case).to_owned()).or_insert(true) &= difference.is_none();
        }
        groups
    }

    /// How many were played.
    pub fn all(&self) -> usize {
        self.played.len()
    }

    /// Prints what is not as it is known to be; whether all is.
    ///
    /// Of another folder than the repository's, everything has to agree.
    pub fn is_as_known(&self, kind: &str, is_ours: bool) -> bool {
        if !is_ours || only().is_some() {
            self.print_differences(kind, &BTreeSet::new());
            return self.agree() == self.all();
        }
        let differ: BTreeSet<&str> =
            self.played.iter().filter(|(_, said)| said.is_some()).map(|(case, _)| case.as_str()).collect();
        if updates() {
            self.write_known(kind, &differ);
            return true;
        }
        let known = known_differences().remove(kind).unwrap_or_default();
        self.print_differences(kind, &known);
        let over =
            known.iter().filter(|case| !differ.contains(case.as_str()) && !self.skipped.contains(*case));
        let over: Vec<&String> = over.collect();
        for case in &over {
            let played = self.played.iter().any(|(name, _)| name == *case);
            let why = if played { "agrees now" } else { "is no case any more" };
            println!("{kind} {case}: {why}, and is still in {KNOWN}: run `make golden`");
        }
        if !known.is_empty() {
            println!("{kind}: known differences: {}, listed in {KNOWN}", known.len());
        }
        over.is_empty() && differ.iter().all(|case| known.contains(*case))
    }

    /// The differences that are not known, each as the list names it and with what was said.
    fn print_differences(&self, kind: &str, known: &BTreeSet<String>) {
        for (case, said) in self.played.iter().filter(|(case, _)| !known.contains(case)) {
            let Some(said) = said else { continue };
            println!("DIFFERS {kind} {case}");
            said.lines().for_each(|line| println!("    {line}"));
        }
    }

    /// Writes the list again with these differences of a kind.
    fn write_known(&self, kind: &str, differ: &BTreeSet<&str>) {
        let mut known = known_differences();
        let before = known.remove(kind).unwrap_or_default();
        for case in differ.iter().filter(|case| !before.contains(**case)) {
            println!("{kind} {case} differs, and is known from now on");
        }
        let kept = before.into_iter().filter(|case| self.skipped.contains(case));
        known.insert(kind.to_owned(), kept.chain(differ.iter().map(|case| (*case).to_owned())).collect());
        let mut text = HEAD.to_owned();
        for (kind, cases) in known {
            cases.iter().for_each(|case| text += &format!("{kind} {case}\n"));
        }
        std::fs::write(root().join(KNOWN), text).expect("the list can be written");
    }
}

/// Where the known differences stand, seen from the repository's root.
const KNOWN: &str = "tests/data/known-differences.txt";

const HEAD: &str = "\
# What does not agree yet with what the tests compare with, one case a line; `make golden` writes it anew.
# This list is there to get shorter: README.md beside it says how.
";

/// The known differences by kind.
pub fn known_differences() -> BTreeMap<String, BTreeSet<String>> {
    let text = std::fs::read_to_string(root().join(KNOWN)).unwrap_or_default();
    let mut known: BTreeMap<String, BTreeSet<String>> = BTreeMap::new();
    for line in text.lines().filter(|line| !line.starts_with('#')) {
        if let Some((kind, case)) = line.split_once(' ') {
            known.entry(kind.to_owned()).or_default().insert(case.to_owned());
        }
    }
    known
}
