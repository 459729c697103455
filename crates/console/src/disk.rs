//! The files that a shell sees on its computer: the disk, the logs of containers, `/dev`.
//!
//! The logs are not kept on the nodes' disks: what lies in `/var/log/pods` and `/var/log/containers` follows
//! from what the runtime knows, and is made when somebody looks.

mod logs;

use std::cell::OnceCell;
use std::rc::Rc;

use super::Machines;
use super::env::Host;
use sim::files::{Entry, FileError, Files, clean_path, file_name, parent};
use sim::{SortedMap, Time};

/// Why something cannot be done to a file, in the words of GNU coreutils.
pub(super) type Refusal = &'static str;

pub(super) const NOT_FOUND: Refusal = "No such file or directory";
const NOT_PERMITTED: Refusal = "Operation not permitted";

/// What the shell of one command holds besides the disk: the outputs of `<(…)` by their paths.
pub(super) type Extra = Rc<SortedMap<String, Rc<[u8]>>>;

/// What lies at a path.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Inode {
    Directory,
    File {
        bytes: Rc<[u8]>,
        modified: Time,
        mode: u16,
    },
    /// A symbolic link; what it points to.
    Link(String),
    /// `/dev/null` and its like.
    Device,
}

/// A computer's files, to be looked at.
pub(super) struct Disk<'a> {
    machines: &'a dyn Machines,
    host: &'a Host,
    extra: &'a SortedMap<String, Rc<[u8]>>,
    logs: OnceCell<logs::Logs>,
}

const DEVICES: [&str; 6] = ["/dev/null", "/dev/zero", "/dev/tty", "/dev/stdin", "/dev/stdout", "/dev/stderr"];

impl<'a> Disk<'a> {
    pub(super) fn new(
        machines: &'a dyn Machines,
        host: &'a Host,
        extra: &'a SortedMap<String, Rc<[u8]>>,
    ) -> Disk<'a> {
        Disk { machines, host, extra, logs: OnceCell::new() }
    }

    /// `None`: its computer was taken away.
    fn files(&self) -> Option<&'a Files> {
        match self.host {
            Host::Desk => Some(self.machines.home()),
            Host::Node(name) => self.machines.files(name),
        }
    }

    /// The container logs, where the path can lie among them.
    fn logs_for(&self, path: &str) -> Option<&logs::Logs> {
        let node = self.host.node()?;
        path.starts_with("/var/log").then(|| self.logs.get_or_init(|| logs::Logs::of(self.machines, node)))
    }

    /// What lies at a whole path; links are not followed.
    pub(super) fn look(&self, path: &str) -> Option<Inode> {
        let path = clean_path(path);
        if let Some(found) = self.logs_for(&path).and_then(|logs| logs.look(&path)) {
            return Some(found);
        }
        if let Some(bytes) = self.extra.get(&path) {
            return Some(Inode::File { bytes: bytes.clone(), modified: self.machines.now(), mode: 0o600 });
        }
        match self.files().and_then(|files| files.get(&path)) {
            Some(Entry::Directory) => Some(Inode::Directory),
            Some(Entry::File(file)) => {
                Some(Inode::File { bytes: file.bytes.clone(), modified: file.modified, mode: file.mode })
            }
            None if path == "/dev" => Some(Inode::Directory),
            None => DEVICES.contains(&path.as_str()).then_some(Inode::Device),
        }
    }

    /// What lies at a whole path, links followed.
    pub(super) fn get(&self, path: &str) -> Option<Inode> {
        match self.look(path)? {
            Inode::Link(to) => self.look(&to),
            node => Some(node),
        }
    }

    pub(super) fn exists(&self, path: &str) -> bool {
        self.get(path).is_some()
    }

    pub(super) fn is_directory(&self, path: &str) -> bool {
        self.get(path) == Some(Inode::Directory)
    }

    /// A file's bytes.
    pub(super) fn read(&self, path: &str) -> Result<Rc<[u8]>, Refusal> {
        match self.get(path) {
            Some(Inode::File { bytes, .. }) => Ok(bytes),
            Some(Inode::Device) => Ok(Rc::default()),
            Some(Inode::Directory) => Err(FileError::IsADirectory.text()),
            Some(Inode::Link(_)) | None => Err(self.missing(path)),
        }
    }

    /// Why there is nothing at a path.
    fn missing(&self, path: &str) -> Refusal {
        let above = parent(&clean_path(path)).to_owned();
        match self.get(&above) {
            Some(Inode::File { .. }) => FileError::NotADirectory.text(),
            _ => NOT_FOUND,
        }
    }

    /// The names in a directory, in order, and whether each is a directory, too.
    pub(super) fn names(&self, directory: &str) -> Vec<(String, bool)> {
        self.list(directory).into_iter().map(|(name, node)| (name, node == Inode::Directory)).collect()
    }

    /// What lies directly in a directory, in order of names.
    pub(super) fn list(&self, directory: &str) -> Vec<(String, Inode)> {
        let directory = clean_path(directory);
        let mut found: SortedMap<String, Inode> = SortedMap::new();
        for (name, entry) in self.files().into_iter().flat_map(|files| files.list(&directory)) {
            let node = match entry {
                Entry::Directory => Inode::Directory,
                Entry::File(file) => {
                    Inode::File { bytes: file.bytes.clone(), modified: file.modified, mode: file.mode }
                }
            };
            found.insert(name.to_owned(), node);
        }
        if let Some(logs) = self.logs_for(&directory) {
            found.extend(logs.list(&directory));
        }
        if directory == "/dev" {
            found.extend(DEVICES.iter().map(|path| (file_name(path).to_owned(), Inode::Device)));
        }
        found.into_iter().collect()
    }

    /// Everything below a path and the path itself, parents before what lies in them.
    pub(super) fn tree(&self, path: &str) -> Vec<(String, Inode)> {
        let path = clean_path(path);
        let Some(node) = self.look(&path) else { return Vec::new() };
        let mut found = vec![(path, node)];
        let mut at = 0;
        while let Some((path, node)) = found.get(at) {
            if *node == Inode::Directory {
                let path = path.trim_end_matches('/').to_owned();
                let inside = self.list(&path);
                let inside = inside.into_iter().map(|(name, node)| (format!("{path}/{name}"), node));
                let behind: Vec<_> = inside.collect();
                found.splice(at + 1..at + 1, behind);
            }
            at += 1;
        }
        found
    }
}

/// Whether a path lies where files are made by looking at them.
fn is_made(host: &Host, path: &str) -> bool {
    let inside = |directory: &str| path.strip_prefix(directory).is_some_and(|rest| rest.starts_with('/'));
    let logs = host.node().is_some() && (inside("/var/log/pods") || inside("/var/log/containers"));
    logs || inside("/dev") || inside("/proc")
}

/// Writes a whole file; its directory must exist.
pub(super) fn write(
    machines: &mut dyn Machines,
    host: &Host,
    path: &str,
    bytes: &[u8],
) -> Result<(), Refusal> {
    let path = clean_path(path);
    if DEVICES.contains(&path.as_str()) {
        return Ok(());
    }
    if is_made(host, &path) {
        return Err(NOT_PERMITTED);
    }
    let now = machines.now();
    let done = match host {
        Host::Desk => machines.home_mut().write(&path, bytes, now),
        Host::Node(node) => machines.write(&node.clone(), &path, bytes),
    };
    done.map_err(FileError::text)
}

/// Removes a file or an empty directory.
pub(super) fn remove(machines: &mut dyn Machines, host: &Host, path: &str) -> Result<(), Refusal> {
    if is_made(host, &clean_path(path)) {
        return Err(NOT_PERMITTED);
    }
    let done = match host {
        Host::Desk => machines.home_mut().remove(path),
        Host::Node(node) => machines.remove(&node.clone(), path),
    };
    done.map_err(FileError::text)
}

/// Moves a file; its new directory must exist.
pub(super) fn rename(machines: &mut dyn Machines, host: &Host, from: &str, to: &str) -> Result<(), Refusal> {
    if is_made(host, &clean_path(from)) || is_made(host, &clean_path(to)) {
        return Err(NOT_PERMITTED);
    }
    let done = match host {
        Host::Desk => machines.home_mut().rename(from, to),
        Host::Node(node) => machines.rename(&node.clone(), from, to),
    };
    done.map(|_| ()).map_err(FileError::text)
}

/// Makes a directory and all above it.
pub(super) fn make_directory(machines: &mut dyn Machines, host: &Host, path: &str) -> Result<(), Refusal> {
    if is_made(host, &clean_path(path)) {
        return Err(NOT_PERMITTED);
    }
    let done = match host {
        Host::Desk => machines.home_mut().make_directory(path),
        Host::Node(node) => machines.make_directory(&node.clone(), path),
    };
    done.map_err(FileError::text)
}

/// Sets a file's permission bits.
pub(super) fn set_mode(
    machines: &mut dyn Machines,
    host: &Host,
    path: &str,
    mode: u16,
) -> Result<(), Refusal> {
    let done = match host {
        Host::Desk => machines.home_mut().set_mode(path, mode),
        Host::Node(node) => machines.set_mode(&node.clone(), path, mode),
    };
    done.map_err(FileError::text)
}
