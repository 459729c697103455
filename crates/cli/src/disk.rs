//! The files on the disk that a line names.

use std::path::Path;

use sim::SortedMap;
use stage::Bytes;

use crate::args::{Misuse, read};
use crate::script::names;

/// The files that a line names, each by the name that it has there. One that is missing is left to the
/// command, which says so itself.
pub(crate) fn files_of(line: &str) -> Result<SortedMap<String, Bytes>, Misuse> {
    let mut files = SortedMap::new();
    let (names, deep) = names(line);
    for name in names {
        gather(name, deep, &mut files)?;
    }
    Ok(files)
}

/// Directories in directories beyond this are no manifests that a person keeps.
const MAX_DEPTH: usize = 8;

/// A file by its name; a directory by the manifests in it, and `deep` also by those that lie deeper.
pub(crate) fn gather(name: &str, deep: bool, files: &mut SortedMap<String, Bytes>) -> Result<(), Misuse> {
    let path = Path::new(name);
    if path.is_file() {
        files.insert(name.to_owned(), read(name)?.into());
    } else if path.is_dir() && name != "/" {
        gather_directory(path, if deep { MAX_DEPTH } else { 1 }, files)?;
    }
    Ok(())
}

fn gather_directory(path: &Path, depth: usize, files: &mut SortedMap<String, Bytes>) -> Result<(), Misuse> {
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
    fn a_file_that_is_missing_is_left_to_the_command() {
        assert!(files_of("kubectl apply -f nowhere.yaml").unwrap().is_empty());
        let there = files_of("kubectl apply --filename=Cargo.toml").unwrap();
        assert_eq!(there.keys().collect::<Vec<_>>(), ["Cargo.toml"]);
    }
}
