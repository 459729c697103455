//! A file of shell lines: which lines belong together, and which files they read.

use std::collections::BTreeMap;
use std::path::Path;

use stage::Bytes;

use crate::args::{Misuse, read};

/// The commands of a script: comments and empty lines are left out, a here-document stays with its
/// command, and a backslash at the end joins the next line.
pub(crate) fn lines(text: &str) -> Vec<String> {
    let mut commands = Vec::new();
    let mut lines = text.lines();
    while let Some(line) = lines.next() {
        let mut command = line.trim().to_owned();
        if command.is_empty() || command.starts_with('#') {
            continue;
        }
        while command.ends_with('\\') {
            command.pop();
            command += lines.next().unwrap_or_default().trim_start();
        }
        for (mark, indented) in marks(&command) {
            for line in lines.by_ref() {
                command += &format!("\n{line}");
                if mark == if indented { line.trim_start_matches('\t') } else { line } {
                    break;
                }
            }
        }
        commands.push(command);
    }
    commands
}

/// The marks of a line's here-documents, and whether tabs before them are dropped (`<<-`).
fn marks(line: &str) -> Vec<(String, bool)> {
    let mut found = Vec::new();
    let mut rest = line;
    while let Some(at) = rest.find("<<") {
        rest = &rest[at + 2..];
        // `<<<` takes a word and no lines.
        if let Some(word) = rest.strip_prefix('<') {
            rest = word;
            continue;
        }
        let word = rest.strip_prefix('-');
        let mark: String = word
            .unwrap_or(rest)
            .trim_start()
            .chars()
            .filter(|c| !matches!(c, '\'' | '"'))
            .take_while(|c| c.is_alphanumeric() || *c == '_')
            .collect();
        if !mark.is_empty() {
            found.push((mark, word.is_some()));
        }
    }
    found
}

/// The files on the disk that a line names, each by the name that it has there. One that is missing is left
/// to the command, which says so itself.
pub(crate) fn files_of(line: &str) -> Result<BTreeMap<String, Bytes>, Misuse> {
    let mut files = BTreeMap::new();
    let words = || line.lines().next().unwrap_or_default().split_whitespace();
    let deep = words().any(|word| matches!(word, "-R" | "--recursive" | "--recursive=true"));
    for word in words() {
        let word = word.trim_start_matches('<').trim_matches(|c| matches!(c, '\'' | '"' | ';'));
        let named = word.strip_prefix("-f").or_else(|| word.rsplit_once('=').map(|(_, name)| name));
        for name in named.into_iter().chain([word]).flat_map(|names| names.split(',')) {
            gather(name, deep, &mut files)?;
        }
    }
    Ok(files)
}

/// Directories in directories beyond this are no manifests that a person keeps.
const MAX_DEPTH: usize = 8;

/// A file by its name; a directory by the manifests in it, and `deep` also by those that lie deeper.
pub(crate) fn gather(name: &str, deep: bool, files: &mut BTreeMap<String, Bytes>) -> Result<(), Misuse> {
    let path = Path::new(name);
    if path.is_file() {
        files.insert(name.to_owned(), read(name)?.into());
    } else if path.is_dir() && name != "/" {
        gather_directory(path, if deep { MAX_DEPTH } else { 1 }, files)?;
    }
    Ok(())
}

fn gather_directory(path: &Path, depth: usize, files: &mut BTreeMap<String, Bytes>) -> Result<(), Misuse> {
    let failed = |error: std::io::Error| Misuse(format!("cannot read {}: {error}", path.display()));
    for entry in std::fs::read_dir(path).map_err(failed)? {
        let path = entry.map_err(failed)?.path();
        let is_manifest = path.extension().is_some_and(|e| e == "json" || e == "yaml" || e == "yml");
        if path.is_dir() && depth > 1 {
            gather_directory(&path, depth - 1, files)?;
        } else if let Some(name) = path.to_str().filter(|_| is_manifest && path.is_file()) {
            files.insert(name.trim_start_matches("./").to_owned(), read(name)?.into());
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn here_documents_and_continued_lines_stay_together() {
        let text = "# a comment\nkubectl get \\\n  pods\n\ncat <<'EOF' | kubectl apply -f -\n# kept\nEOF\nkubectl get ds <<< x\n";
        assert_eq!(
            lines(text),
            ["kubectl get pods", "cat <<'EOF' | kubectl apply -f -\n# kept\nEOF", "kubectl get ds <<< x"]
        );
    }

    #[test]
    fn a_file_that_is_missing_is_left_to_the_command() {
        assert!(files_of("kubectl apply -f nowhere.yaml").unwrap().is_empty());
        let there = files_of("kubectl apply --filename=Cargo.toml").unwrap();
        assert_eq!(there.keys().collect::<Vec<_>>(), ["Cargo.toml"]);
    }
}
