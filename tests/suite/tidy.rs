//! House rules that a machine can check: which way modules point, what the core must not touch, how the
//! page may change the world.

use std::fs;
use std::path::{Path, PathBuf};

/// The modules in reading order. Those on one line are siblings and do not know each other.
const LAYERS: &[&[&str]] = &[
    &["sim"],
    &["api"],
    &["yaml"],
    &["manifest"],
    &["wire"],
    &["apiserver", "client"],
    &["controllers", "scheduler", "kubelet", "job"],
    &["kubectl"],
    &["console"],
    &["cluster"],
    &["view"],
    &["stage"],
];

/// What the page may use of the library: the door, what comes out of it, and plain types.
const FOR_THE_PAGE: &[&str] = &["stage", "view", "sim", "yaml", "wire", "api", "console"];

fn rust_files(root: &Path) -> Vec<PathBuf> {
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

fn source() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("src")
}

/// The top-level module a file of `src` belongs to: `kubelet` for `crates/kubelet/src/mirror.rs`.
fn module_of(path: &Path) -> String {
    let relative = path.strip_prefix(source()).unwrap();
    let first = relative.components().next().unwrap().as_os_str().to_string_lossy().into_owned();
    first.trim_end_matches(".rs").to_owned()
}

fn is_core(module: &str) -> bool {
    !matches!(module, "ui" | "main" | "bin" | "lib")
}

/// The modules named after `prefix` in a file's code: `crate::{a::b, c}` gives a and c.
fn modules_used(text: &str, prefix: &str) -> Vec<(usize, String)> {
    let mut used = Vec::new();
    for (number, line) in text.lines().enumerate() {
        let code = line.split("//").next().unwrap_or("");
        for rest in code.split(prefix).skip(1) {
            let name: String = rest.chars().take_while(|c| c.is_ascii_alphanumeric() || *c == '_').collect();
            if !name.is_empty() {
                used.push((number + 1, name));
            }
        }
    }
    used
}

fn layer(module: &str) -> Option<usize> {
    LAYERS.iter().position(|layer| layer.contains(&module))
}

#[test]
fn modules_use_only_earlier_ones() {
    let mut wrong = Vec::new();
    for path in rust_files(&source()) {
        let module = module_of(&path);
        if !is_core(&module) {
            continue;
        }
        let Some(mine) = layer(&module) else {
            wrong.push(format!("{}: module {module} stands in no layer", path.display()));
            continue;
        };
        for (line, used) in modules_used(&fs::read_to_string(&path).unwrap(), "crate::") {
            let theirs = layer(&used);
            if used != module && theirs.is_some_and(|theirs| theirs >= mine) {
                wrong.push(format!("{}:{line}: {module} must not use {used}", path.display()));
            }
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

/// Whether the code holds the word, and not only as the end of a longer name.
fn names(code: &str, word: &str) -> bool {
    let is_name = |c: char| c.is_ascii_alphanumeric() || c == '_';
    code.match_indices(word).any(|(at, _)| !code[..at].ends_with(is_name))
}

#[test]
fn the_core_touches_no_browser_no_clock_and_no_chance_of_its_own() {
    let banned = [
        "web_sys",
        "wasm_bindgen",
        "js_sys",
        "yew::",
        "gloo",
        "std::time::",
        "Instant::now",
        "SystemTime",
        "std::thread",
        "std::env",
        "std::fs",
        "rand::",
        "HashSet<",
        "std::collections::HashMap",
        "RandomState",
    ];
    let mut wrong = Vec::new();
    for path in rust_files(&source()) {
        if !is_core(&module_of(&path)) {
            continue;
        }
        for (number, line) in fs::read_to_string(&path).unwrap().lines().enumerate() {
            let code = line.split("//").next().unwrap_or("");
            for word in banned {
                if names(code, word) {
                    wrong.push(format!("{}:{}: the core must not use {word}", path.display(), number + 1));
                }
            }
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

#[test]
fn the_page_reaches_the_world_only_through_the_stage() {
    let mut wrong = Vec::new();
    for path in rust_files(&source()) {
        if module_of(&path) != "ui" && module_of(&path) != "main" {
            continue;
        }
        for (line, used) in modules_used(&fs::read_to_string(&path).unwrap(), "kubestage::") {
            if !FOR_THE_PAGE.contains(&used.as_str()) {
                wrong.push(format!("{}:{line}: the page must not use {used}", path.display()));
            }
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

/// The check itself must be able to fail.
#[test]
fn uses_are_found_in_code_and_not_in_comments() {
    let text = "use crate::sim::Time; // crate::ui\nlet x = crate::stage::Stage::new();";
    let found = modules_used(text, "crate::");
    assert_eq!(found, [(1, "sim".to_owned()), (2, "stage".to_owned())]);
    assert!(layer("sim") < layer("kubelet") && layer("kubelet") < layer("stage"));
}
