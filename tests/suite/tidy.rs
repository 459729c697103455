//! House rules that no compiler checks. Which crate may use which stands in the crates' manifests, and what the
//! core must not use of the standard library in `.clippy.toml`; two modules are left that Clippy cannot forbid.

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

/// The check itself must be able to fail.
#[test]
fn words_are_found_as_whole_names() {
    assert!(names("let text = std::fs::read(path);", "std::fs"));
    assert!(!names("let text = my_std::fs::read(path);", "std::fs"));
}
