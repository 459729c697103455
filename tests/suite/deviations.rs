//! docs/deviations.md says where the simulation departs from Kubernetes. Its last part is gathered from the notes in
//! the sources (`Differs: …`, `Not simulated: …`), so that none is missing there; `make golden` rewrites that part.

use super::tidy::rust_files;
use expect_test::expect_file;
use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::fs;
use std::path::{Path, PathBuf};

const HEADING: &str = "## Notes in the sources\n";

const MARKS: [&str; 2] = ["Differs:", "Not simulated:"];

fn top() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).to_path_buf()
}

/// A departure that a comment tells of.
#[derive(Debug, PartialEq)]
struct Note {
    text: String,
    /// The function or type that the comment stands at, if it is not the whole module's.
    item: Option<String>,
}

/// The notes of a file: each from its mark to the end of the comment, or to a blank line of it, or to the line that
/// names the source (`Kubernetes: …`, `Rule: …`).
fn notes(text: &str) -> Vec<Note> {
    let mut notes: Vec<Note> = Vec::new();
    // Of the notes, those before this one have their item, and whether the last one goes on.
    let (mut named, mut open) = (0, false);
    for line in text.lines() {
        let Some(said) = comment_of(line) else {
            let item = item_of(line);
            if item.is_some() || line.trim().is_empty() {
                notes[named..].iter_mut().for_each(|note| note.item.clone_from(&item));
                named = notes.len();
            }
            open = false;
            continue;
        };
        if let Some(at) = MARKS.iter().find_map(|mark| said.find(mark)) {
            notes.push(Note { text: said[at..].to_owned(), item: None });
            open = true;
        } else if said.is_empty()
            || ["Kubernetes:", "Rule:", "Rules:"].iter().any(|word| said.starts_with(word))
        {
            open = false;
        } else if let Some(note) = notes.last_mut().filter(|_| open) {
            note.text.push(' ');
            note.text.push_str(said);
        }
    }
    notes
}

/// What a line that is a comment says.
fn comment_of(line: &str) -> Option<&str> {
    let said = line.trim_start().strip_prefix("//")?;
    Some(said.trim_start_matches(['/', '!']).trim())
}

/// The name that a line of code defines.
fn item_of(line: &str) -> Option<String> {
    let mut words =
        line.split(|c: char| !c.is_ascii_alphanumeric() && c != '_').filter(|word| !word.is_empty());
    words.find(|word| ["fn", "struct", "enum", "const", "static", "type", "trait", "mod"].contains(word))?;
    words.next().map(str::to_owned)
}

#[test]
fn every_note_in_the_sources_is_in_the_deviations() {
    let top = top();
    let mut of_folder: BTreeMap<String, String> = BTreeMap::new();
    for path in ["crates", "src"].iter().flat_map(|folder| rust_files(&top.join(folder))) {
        let file = path.strip_prefix(&top).unwrap().to_str().unwrap().replace('\\', "/");
        let name = file.strip_prefix("crates/").unwrap_or("page").split('/').next().unwrap().to_owned();
        for note in notes(&fs::read_to_string(&path).unwrap()) {
            let Note { text, item } = note;
            assert!(text.ends_with('.'), "{file}: this note is no sentence: {text}");
            let short = file.split_once("src/").map_or(file.as_str(), |(_, short)| short);
            let item = item.map_or(String::new(), |item| format!(", `{item}`"));
            let list = of_folder.entry(name.clone()).or_default();
            writeln!(list, "- [{short}](../{file}){item}. {}", text.replace(" (docs/deviations.md)", ""))
                .unwrap();
        }
    }
    assert!(of_folder.len() > 5, "notes were found in {} crates only", of_folder.len());

    let document = fs::read_to_string(top.join("docs/deviations.md")).unwrap();
    let (written, _) =
        document.split_once(HEADING).expect("docs/deviations.md has the notes in its last part");
    let mut expected = format!("{written}{HEADING}\nGathered by `make golden`; a test compares.\n");
    for (name, list) in of_folder {
        write!(expected, "\n### {name}\n\n{list}").unwrap();
    }
    expect_file![top.join("docs/deviations.md")].assert_eq(&expected);
}

#[test]
fn a_note_ends_with_its_paragraph_and_knows_its_item() {
    let text = "\
//! One subject. Differs: it is
//! another one.
//!
//! More of it.

/// Not simulated: the rest.
///
/// Kubernetes: pkg/x.go
#[must_use]
pub(crate) fn first() {} // Differs: is looked for in lines of comment alone
// Differs: a.
// Differs: b.
struct Second;
";
    let found: Vec<_> =
        notes(text).into_iter().map(|note| (note.text, note.item.unwrap_or_default())).collect();
    let expected = [
        ("Differs: it is another one.", ""),
        ("Not simulated: the rest.", "first"),
        ("Differs: a.", "Second"),
        ("Differs: b.", "Second"),
    ];
    assert_eq!(found, expected.map(|(text, item)| (text.to_owned(), item.to_owned())));
}

/// The paths that a document names in backticks, if they look like those of this repository.
fn paths(document: &str) -> impl Iterator<Item = &str> {
    let known = ["crates/", "src/", "tests/", "benches/", "web/", "docs/", "scripts/", "static/", "fuzz/"];
    let word = |c: char| c.is_ascii_alphanumeric() || "/._-".contains(c);
    let quoted = document.split('`').skip(1).step_by(2);
    quoted.filter(move |text| known.iter().any(|folder| text.starts_with(folder)) && text.chars().all(word))
}

#[test]
fn the_documents_name_files_that_exist() {
    let top = top();
    let mut documents: Vec<_> =
        fs::read_dir(top.join("docs")).unwrap().map(|entry| entry.unwrap().path()).collect();
    documents.extend(["README.md", "CONTRIBUTING.md", "ARCHITECTURE.md"].map(|name| top.join(name)));
    let (mut found, mut wrong) = (0, Vec::new());
    for document in documents.iter().filter(|path| path.extension().is_some_and(|ext| ext == "md")) {
        for path in paths(&fs::read_to_string(document).unwrap()) {
            found += 1;
            if !top.join(path).exists() && !is_made(path) {
                wrong.push(format!("{}: {path}", document.display()));
            }
        }
    }
    assert!(found > 10, "only {found} paths were found");
    assert!(wrong.is_empty(), "these files do not exist:\n{}", wrong.join("\n"));
}

/// Folders that a build or a test makes.
fn is_made(path: &str) -> bool {
    ["static/generated", "tests/e2e/artifacts", "fuzz/artifacts", "fuzz/target"]
        .iter()
        .any(|made| path.starts_with(made))
}
