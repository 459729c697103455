//! What a disk holds: a tree of files with the times of their last change.
//!
//! Paths are absolute and plain: `/etc/kubernetes/manifests/web.yaml`. `.`, `..` and doubled slashes are
//! resolved on the way in. Directories exist by themselves, so an empty one can be listed.

use std::rc::Rc;

use super::Time;
use crate::sorted::SortedMap;

/// A file or a directory.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Entry {
    /// A directory; what lies in it are the paths that begin with its own.
    Directory,
    /// A regular file.
    File(File),
}

/// A regular file's bytes, the time of their last change, and who may use it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct File {
    /// What is in it.
    pub bytes: Rc<[u8]>,
    /// When it was last written.
    pub modified: Time,
    /// The permission bits: `0o644` unless [`Files::set_mode`] says otherwise. Everybody here is root, so
    /// they only show, and decide what can be run.
    pub mode: u16,
}

/// The permission bits of a new file.
pub const NEW_FILE_MODE: u16 = 0o644;

/// Why a file operation did not happen; the words are those of GNU coreutils.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum FileError {
    /// There is nothing at the path.
    NotFound,
    /// A file is needed, and there is a directory.
    IsADirectory,
    /// A directory is needed, and there is a file.
    NotADirectory,
    /// The directory is to be removed, and something lies in it.
    NotEmpty,
}

impl FileError {
    /// The words, without the path: `No such file or directory`.
    pub fn text(self) -> &'static str {
        match self {
            FileError::NotFound => "No such file or directory",
            FileError::IsADirectory => "Is a directory",
            FileError::NotADirectory => "Not a directory",
            FileError::NotEmpty => "Directory not empty",
        }
    }
}

/// A disk: every path there is, in order. Copies share what they hold until one of them is written to.
#[derive(Clone, Debug, Default)]
pub struct Files {
    entries: Rc<SortedMap<Rc<str>, Entry>>,
}

/// The path without `.`, `..`, doubled or trailing slashes; `/` for the root.
pub fn clean_path(path: &str) -> String {
    let mut parts: Vec<&str> = Vec::new();
    for part in path.split('/') {
        match part {
            "" | "." => {}
            ".." => {
                parts.pop();
            }
            name => parts.push(name),
        }
    }
    format!("/{}", parts.join("/"))
}

/// The directory a clean path lies in.
pub fn parent(path: &str) -> &str {
    match path.rfind('/') {
        Some(0) | None => "/",
        Some(at) => &path[..at],
    }
}

/// The last part of a clean path.
pub fn file_name(path: &str) -> &str {
    path.rsplit('/').next().unwrap_or(path)
}

impl Files {
    fn entries_mut(&mut self) -> &mut SortedMap<Rc<str>, Entry> {
        Rc::make_mut(&mut self.entries)
    }

    /// What is at a clean path, if anything is.
    pub fn get(&self, path: &str) -> Option<&Entry> {
        if path == "/" {
            return Some(&Entry::Directory);
        }
        self.entries.get(path)
    }

    /// The file at `path`, if it is one.
    pub fn file(&self, path: &str) -> Option<&File> {
        match self.get(path) {
            Some(Entry::File(file)) => Some(file),
            _ => None,
        }
    }

    /// Whether there is a directory at a clean path.
    pub fn is_directory(&self, path: &str) -> bool {
        matches!(self.get(path), Some(Entry::Directory))
    }

    /// Makes a directory and all above it.
    pub fn make_directory(&mut self, path: &str) -> Result<(), FileError> {
        let mut at = clean_path(path);
        while at != "/" {
            match self.entries.get(at.as_str()) {
                Some(Entry::File(_)) => return Err(FileError::NotADirectory),
                Some(Entry::Directory) => {}
                None => {
                    self.entries_mut().insert(at.as_str().into(), Entry::Directory);
                }
            }
            at = parent(&at).to_owned();
        }
        Ok(())
    }

    /// Writes a whole file; its directory must exist.
    pub fn write(&mut self, path: &str, bytes: &[u8], now: Time) -> Result<(), FileError> {
        let path = clean_path(path);
        match self.get(parent(&path)) {
            Some(Entry::Directory) => {}
            Some(Entry::File(_)) => return Err(FileError::NotADirectory),
            None => return Err(FileError::NotFound),
        }
        if self.is_directory(&path) {
            return Err(FileError::IsADirectory);
        }
        let mode = self.file(&path).map_or(NEW_FILE_MODE, |file| file.mode);
        self.entries_mut()
            .insert(path.into(), Entry::File(File { bytes: bytes.into(), modified: now, mode }));
        Ok(())
    }

    /// Sets a file's permission bits; a directory keeps its own.
    pub fn set_mode(&mut self, path: &str, mode: u16) -> Result<(), FileError> {
        let path = clean_path(path);
        match self.get(&path) {
            None => Err(FileError::NotFound),
            Some(Entry::Directory) => Ok(()),
            Some(Entry::File(_)) => {
                if let Some(Entry::File(file)) = self.entries_mut().get_mut(path.as_str()) {
                    file.mode = mode;
                }
                Ok(())
            }
        }
    }

    /// Removes a file, or an empty directory.
    pub fn remove(&mut self, path: &str) -> Result<(), FileError> {
        let path = clean_path(path);
        match self.get(&path) {
            None => return Err(FileError::NotFound),
            Some(Entry::Directory) if self.list(&path).next().is_some() => return Err(FileError::NotEmpty),
            Some(_) => {}
        }
        self.entries_mut().remove(path.as_str());
        Ok(())
    }

    /// Moves a file; onto a directory, into it. The time of its last change stays, as with rename(2).
    ///
    /// Returns the path it has now.
    pub fn rename(&mut self, from: &str, to: &str) -> Result<String, FileError> {
        let from = clean_path(from);
        let file = match self.get(&from) {
            None => return Err(FileError::NotFound),
            Some(Entry::Directory) => return Err(FileError::IsADirectory),
            Some(Entry::File(file)) => file.clone(),
        };
        let mut to = clean_path(to);
        if self.is_directory(&to) {
            to = clean_path(&format!("{to}/{}", file_name(&from)));
        }
        if from == to {
            return Ok(to);
        }
        self.write(&to, &[], file.modified)?;
        self.entries_mut().insert(to.as_str().into(), Entry::File(file));
        self.entries_mut().remove(from.as_str());
        Ok(to)
    }

    /// The names directly in a directory, in order.
    pub fn list<'a>(&'a self, directory: &str) -> impl Iterator<Item = (&'a str, &'a Entry)> + use<'a> {
        let prefix = if directory == "/" { "/".to_owned() } else { format!("{directory}/") };
        let depth = prefix.len();
        let start: Rc<str> = prefix.as_str().into();
        self.entries.range(start..).take_while(move |(path, _)| path.starts_with(&prefix)).filter_map(
            move |(path, entry)| {
                let name = &path[depth..];
                (!name.is_empty() && !name.contains('/')).then_some((name, entry))
            },
        )
    }

    /// Everything on the disk, in order of paths.
    pub fn iter(&self) -> impl Iterator<Item = (&str, &Entry)> {
        self.entries.iter().map(|(path, entry)| (&**path, entry))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn disk() -> Files {
        let mut files = Files::default();
        files.make_directory("/etc/kubernetes/manifests").unwrap();
        files.write("/etc/kubernetes/manifests/b.yaml", b"b", Time(1)).unwrap();
        files.write("/etc/kubernetes/manifests//./a.yaml", b"a", Time(2)).unwrap();
        files
    }

    fn names(files: &Files, directory: &str) -> Vec<String> {
        files.list(directory).map(|(name, _)| name.to_owned()).collect()
    }

    #[test]
    fn lists_only_what_lies_directly_inside_in_order() {
        let files = disk();
        assert_eq!(names(&files, "/etc/kubernetes/manifests"), ["a.yaml", "b.yaml"]);
        assert_eq!(names(&files, "/etc"), ["kubernetes"]);
        assert_eq!(names(&files, "/"), ["etc"]);
    }

    #[test]
    fn moving_keeps_the_time_and_goes_into_directories() {
        let mut files = disk();
        files.make_directory("/tmp").unwrap();
        assert_eq!(files.rename("/etc/kubernetes/manifests/a.yaml", "/tmp"), Ok("/tmp/a.yaml".to_owned()));
        assert_eq!(files.file("/tmp/a.yaml").unwrap().modified, Time(2));
        assert_eq!(names(&files, "/etc/kubernetes/manifests"), ["b.yaml"]);
    }

    #[test]
    fn permission_bits_stay_when_a_file_is_written_again() {
        let mut files = disk();
        let path = "/etc/kubernetes/manifests/a.yaml";
        assert_eq!(files.file(path).unwrap().mode, NEW_FILE_MODE);
        assert_eq!(files.set_mode(path, 0o600), Ok(()));
        files.write(path, b"new", Time(3)).unwrap();
        assert_eq!(files.file(path).unwrap().mode, 0o600);
        assert_eq!(files.set_mode("/nowhere", 0o600), Err(FileError::NotFound));
    }

    #[test]
    fn refuses_what_a_disk_refuses() {
        let mut files = disk();
        assert_eq!(files.write("/nowhere/x", b"", Time(0)), Err(FileError::NotFound));
        assert_eq!(files.write("/etc", b"", Time(0)), Err(FileError::IsADirectory));
        assert_eq!(files.remove("/etc"), Err(FileError::NotEmpty));
        assert_eq!(files.remove("/etc/x"), Err(FileError::NotFound));
        assert_eq!(files.make_directory("/etc/kubernetes/manifests/a.yaml/x"), Err(FileError::NotADirectory));
    }
}
