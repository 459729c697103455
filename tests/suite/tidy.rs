//! House rules that no compiler checks. Which crate may use which stands in the crates' manifests, and what the
//! core must not use of the standard library in `.clippy.toml`; two modules are left that Clippy cannot forbid.

use std::collections::BTreeSet;
use std::fs;
use std::path::{Path, PathBuf};

/// The only crate under `crates/` that runs in a terminal and may touch its files.
const NATIVE: &str = "cli";

/// The `.rs` files below a folder, sorted.
pub fn rust_files(root: &Path) -> Vec<PathBuf> {
    let mut files = Vec::new();
    let mut folders = vec![root.to_path_buf()];
    while let Some(folder) = folders.pop() {
        let mut entries: Vec<_> = fs::read_dir(&folder).unwrap().map(|entry| entry.unwrap().path()).collect();
        entries.sort();
        for path in entries {
            if path.is_dir() {
                folders.push(path);
            } else if path.extension().is_some_and(|ext| ext == "rs") {
                files.push(path);
            }
        }
    }
    files
}

/// The `src` folder of each crate of the core, and the page's own.
fn sources() -> Vec<PathBuf> {
    let top = Path::new(env!("CARGO_MANIFEST_DIR"));
    let crates = fs::read_dir(top.join("crates")).unwrap().map(|entry| entry.unwrap().path());
    let mut sources: Vec<_> =
        crates.filter(|path| !path.ends_with(NATIVE)).map(|path| path.join("src")).collect();
    sources.push(top.join("src"));
    sources.sort();
    sources
}

/// Whether the code holds the word, and not only as the end of a longer name.
fn names(code: &str, word: &str) -> bool {
    let is_name = |c: char| c.is_ascii_alphanumeric() || c == '_';
    code.match_indices(word).any(|(at, _)| !code[..at].ends_with(is_name))
}

#[test]
fn the_core_and_the_page_touch_no_file_and_no_environment() {
    let files: Vec<_> = sources().iter().flat_map(|folder| rust_files(folder)).collect();
    assert!(files.len() > 300, "only {} files were found", files.len());
    let mut wrong = Vec::new();
    for path in files {
        for (number, line) in fs::read_to_string(&path).unwrap().lines().enumerate() {
            let code = line.split("//").next().unwrap_or("");
            for word in ["std::env", "std::fs", "std::process"] {
                if names(code, word) {
                    wrong.push(format!("{}:{}: {word} must not be used here", path.display(), number + 1));
                }
            }
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

/// The public functions of a source whose errors are bare texts or numbers: where they begin.
fn with_bare_errors(text: &str) -> Vec<usize> {
    let mut found = Vec::new();
    let mut head: Option<(usize, String)> = None;
    for (number, line) in text.lines().enumerate() {
        let start = line.trim_start();
        if head.is_none() && (start.starts_with("pub fn ") || start.starts_with("pub const fn ")) {
            head = Some((number + 1, String::new()));
        }
        let Some((begins, words)) = &mut head else { continue };
        words.push_str(line);
        if line.contains(['{', ';']) {
            let result = words.split('{').next().unwrap_or_default().rsplit("->").next().unwrap_or_default();
            if error_of(result).is_some_and(is_bare) {
                found.push(*begins);
            }
            head = None;
        }
    }
    found
}

/// What stands behind the last comma of a `Result<…>`.
fn error_of(result: &str) -> Option<&str> {
    let inside = result.trim().split_once("Result<")?.1.strip_suffix('>')?;
    let mut depth = 0_i32;
    let at = inside.char_indices().filter(|(_, letter)| {
        depth += i32::from(matches!(letter, '<' | '(' | '[')) - i32::from(matches!(letter, '>' | ')' | ']'));
        *letter == ',' && depth == 0
    });
    at.last().map(|(at, _)| inside[at + 1..].trim())
}

/// A text or a number says nothing that a caller could act on.
fn is_bare(error: &str) -> bool {
    let plain = error.trim_start_matches("Vec<").trim_end_matches('>').trim_start_matches('&');
    ["String", "str", "'static str", "Rc<str", "usize", "u64", "u32", "i64", "i32"].contains(&plain)
}

#[test]
fn errors_of_public_functions_are_types() {
    let mut wrong = Vec::new();
    for path in sources().iter().flat_map(|folder| rust_files(folder)) {
        let text = fs::read_to_string(&path).unwrap();
        wrong.extend(with_bare_errors(&text).into_iter().map(|line| format!("{}:{line}", path.display())));
    }
    assert!(wrong.is_empty(), "the error is a String:\n{}", wrong.join("\n"));
}

#[test]
fn bare_errors_are_found() {
    let text = "pub fn a(x: u8) -> Result<u8, String> {\n}\npub fn b() -> Result<String, E> {\n}\n\
        pub fn c(\n    f: fn() -> u8,\n) -> Result<Vec<String>, String> {\n}\nfn d() -> Result<u8, String> {\n}\n\
        pub fn e() -> Result<u8, usize> {\n}\npub const fn f() -> Result<(u8, u8), Vec<String>> {\n}\n\
        pub fn g() -> Result<(), Box<E>> {\n}\npub fn h() -> Result<u8, &'static str> {\n}";
    assert_eq!(with_bare_errors(text), [1, 5, 11, 13, 17]);
}

#[test]
fn words_are_found_as_whole_names() {
    assert!(names("let text = std::fs::read(path);", "std::fs"));
    assert!(!names("let text = my_std::fs::read(path);", "std::fs"));
}

// ---- rules ----

/// The families of rules, in the order of `tests/rules.md`.
const FAMILIES: [&str; 8] = ["API", "DS", "SCH", "KL", "ND", "CP", "CLI", "CMP"];

fn is_number(text: &str) -> bool {
    text.len() == 3 && text.bytes().all(|byte| byte.is_ascii_digit())
}

/// The rules of `tests/rules.md`: a line `- **DS-012** Sentence.`, and below it where it stands upstream.
fn rules(text: &str) -> Vec<(String, String)> {
    let mut rules: Vec<(String, String)> = Vec::new();
    for line in text.lines() {
        if let Some((id, sentence)) = line.strip_prefix("- **").and_then(|rest| rest.split_once("** ")) {
            rules.push((id.to_owned(), sentence.to_owned()));
        } else if let (Some(more), Some((_, words))) = (line.strip_prefix("  "), rules.last_mut()) {
            *words += " ";
            *words += more;
        }
    }
    rules
}

/// The ids in a function's name: `api_022_023_ds_004_…` has three.
fn ids_in_name(name: &str) -> Vec<String> {
    let mut ids = Vec::new();
    let mut family = None;
    for word in name.split('_') {
        match family {
            Some(family) if is_number(word) => ids.push(format!("{family}-{word}")),
            _ => family = FAMILIES.into_iter().find(|family| family.eq_ignore_ascii_case(word)),
        }
    }
    ids
}

/// The ids in a line of text: `KL-079`, wherever it stands.
fn ids_in_text(line: &str) -> Vec<String> {
    let mut ids = Vec::new();
    for (at, _) in line.match_indices('-') {
        let family = FAMILIES.into_iter().find(|family| {
            let before = line[..at].strip_suffix(family);
            before.is_some_and(|before| !before.ends_with(|c: char| c.is_ascii_alphanumeric() || c == '-'))
        });
        let number: String = line[at + 1..].chars().take_while(char::is_ascii_digit).collect();
        if let Some(family) = family
            && is_number(&number)
        {
            ids.push(format!("{family}-{number}"));
        }
    }
    ids
}

/// The names of the functions that are tests, and their lines.
fn tests_in(text: &str) -> Vec<(usize, &str)> {
    let mut tests = Vec::new();
    let mut is_test = false;
    for (number, line) in text.lines().enumerate() {
        let line = line.trim_start();
        if line == "#[test]" {
            is_test = true;
        } else if let Some(rest) = line.strip_prefix("fn ") {
            if is_test {
                tests.push((number + 1, rest.split('(').next().unwrap_or(rest)));
            }
            is_test = false;
        }
    }
    tests
}

/// Everything where rules are named: the sources, their tests, the documents.
fn files_that_name_rules() -> Vec<PathBuf> {
    let top = Path::new(env!("CARGO_MANIFEST_DIR"));
    let mut files: Vec<_> = ["crates", "src", "tests", "benches", "fuzz"]
        .iter()
        .map(|folder| top.join(folder))
        .filter(|folder| folder.is_dir())
        .flat_map(|folder| rust_files(&folder))
        .collect();
    let docs = fs::read_dir(top.join("docs")).unwrap().map(|entry| entry.unwrap().path());
    files.extend(docs.filter(|path| path.extension().is_some_and(|ext| ext == "md")));
    // This one's own examples are not meant.
    files.retain(|path| !path.ends_with("tests/suite/tidy.rs"));
    files
}

#[test]
fn every_rule_has_a_test_and_every_id_is_a_rule() {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/rules.md");
    let rules = rules(&fs::read_to_string(&path).unwrap());
    let mut wrong = Vec::new();
    let ids: BTreeSet<&str> = rules.iter().map(|(id, _)| id.as_str()).collect();
    for (at, (id, words)) in rules.iter().enumerate() {
        if !words.contains(". `") && !words.contains(". See ") {
            wrong.push(format!("{id}: want a sentence, and then `a file` and functions or See other rules"));
        }
        wrong.extend(
            ids_in_text(words)
                .into_iter()
                .filter(|other| !ids.contains(&**other))
                .map(|other| format!("{id} refers to {other}, which is no rule")),
        );
        let number = |id: &str| id.rsplit('-').next().and_then(|number| number.parse::<u32>().ok());
        let family = |id: &str| id.split('-').next().map(str::to_owned);
        if let Some((next, _)) = rules.get(at + 1)
            && family(next) == family(id)
            && number(next) != number(id).map(|number| number + 1)
        {
            wrong.push(format!("after {id} comes {next}"));
        }
    }
    let mut tested = BTreeSet::new();
    for path in files_that_name_rules() {
        let text = fs::read_to_string(&path).unwrap();
        let named = tests_in(&text)
            .into_iter()
            .flat_map(|(line, name)| ids_in_name(name).into_iter().map(move |id| (line, id)));
        let named: Vec<(usize, String)> = named.collect();
        let mentioned = text
            .lines()
            .enumerate()
            .flat_map(|(line, text)| ids_in_text(text).into_iter().map(move |id| (line + 1, id)));
        for (line, id) in named.iter().cloned().chain(mentioned) {
            if !ids.contains(&*id) {
                wrong.push(format!("{}:{line}: there is no rule {id}", path.display()));
            }
        }
        tested.extend(named.into_iter().map(|(_, id)| id));
    }
    for id in ids.iter().filter(|id| !tested.contains(**id)) {
        wrong.push(format!("no test has {id} in its name"));
    }
    assert!(wrong.is_empty(), "tests/rules.md:\n{}", wrong.join("\n"));
}

#[test]
fn ids_of_rules_are_found_in_names_and_in_text() {
    assert_eq!(ids_in_name("api_022_023_namespaces_decide"), ["API-022", "API-023"]);
    assert_eq!(ids_in_name("kl_076_ds_004_12_things_of_3_nodes"), ["KL-076", "DS-004"]);
    assert_eq!(ids_in_name("a_pod_of_100_cpu"), [""; 0]);
    assert_eq!(ids_in_text("// Rules: KL-079…086, ND-004. UTF-8, XDS-001, DS-1"), ["KL-079", "ND-004"]);
    let text = "#[test]\n#[ignore]\nfn ds_001_a() {}\nfn helper() {}\n    #[test]\n    fn ds_002_b() {";
    assert_eq!(tests_in(text), [(3, "ds_001_a"), (6, "ds_002_b")]);
    let text = "## DS\n\n- **DS-001** One\n  more.\n  `a.go` f\n- **DS-002** Two. See DS-001.\n";
    let expected = [("DS-001", "One more. `a.go` f"), ("DS-002", "Two. See DS-001.")];
    assert_eq!(rules(text), expected.map(|(id, words)| (id.to_owned(), words.to_owned())));
}
