//! `>`, `<`, `2>&1` and their like.

use super::assign::{Opening, OpeningKind};
use super::program::Cx;
use super::streams::{Fd, Fds, OpenId};
use super::thread::{Frame, Thread};
use super::{Machines, Shell};
use crate::disk::{Disk, Inode, NOT_FOUND};
use cli_runtime::job::Stream;
use sim::files::parent;

impl Shell {
    /// Opens what redirections name; the frame that puts everything back. Nothing changes on an error,
    /// which is a sentence.
    pub(super) fn open(
        &mut self,
        thread: &mut Thread,
        openings: &[Opening],
        world: &mut dyn Machines,
    ) -> Result<Frame, String> {
        let before = thread.fds;
        let mut fds = before;
        let mut opened = Vec::new();
        for opening in openings {
            if let Err(text) = self.open_one(thread, opening, &mut fds, &mut opened, world) {
                for id in opened {
                    // What was opened before the mistake stays as it is now: empty, as in bash.
                    let _ = self.streams.close(id, world);
                }
                return Err(text);
            }
        }
        thread.fds = fds;
        Ok(Frame::Restore { fds: before, opened })
    }

    fn open_one(
        &mut self,
        thread: &mut Thread,
        opening: &Opening,
        fds: &mut Fds,
        opened: &mut Vec<OpenId>,
        world: &mut dyn Machines,
    ) -> Result<(), String> {
        let fd = |default: u8| opening.fd.unwrap_or(default);
        match &opening.kind {
            OpeningKind::Here(bytes) => {
                let id = self.streams.input(bytes.clone());
                opened.push(id);
                fds.set(fd(0), Fd::File(id));
            }
            OpeningKind::Read(path) => {
                let to = self.open_input(thread, path, fds, opened, world)?;
                fds.set(fd(0), to);
            }
            OpeningKind::Write(path) => {
                if thread.env.options.noclobber && is_file(thread, path, world) {
                    return Err(format!("{path}: cannot overwrite existing file"));
                }
                let to = self.open_output(thread, path, false, fds, opened, world)?;
                fds.set(fd(1), to);
            }
            OpeningKind::Clobber(path) | OpeningKind::ReadWrite(path) => {
                let append = matches!(opening.kind, OpeningKind::ReadWrite(_));
                let to = self.open_output(thread, path, append, fds, opened, world)?;
                fds.set(fd(1), to);
            }
            OpeningKind::Append(path) => {
                let to = self.open_output(thread, path, true, fds, opened, world)?;
                fds.set(fd(1), to);
            }
            OpeningKind::Both { path, append } => {
                let to = self.open_output(thread, path, *append, fds, opened, world)?;
                fds.set(1, to);
                fds.set(2, to);
            }
            OpeningKind::Duplicate(target) => {
                let to = match target.as_str() {
                    "-" => Fd::Closed,
                    text => match text.parse::<u8>() {
                        Ok(from) if fds.get(from) != Fd::Closed => fds.get(from),
                        Ok(from) => return Err(format!("{from}: Bad file descriptor")),
                        Err(_) => return Err(format!("{text}: ambiguous redirect")),
                    },
                };
                fds.set(fd(1), to);
            }
        }
        Ok(())
    }

    fn open_input(
        &mut self,
        thread: &mut Thread,
        path: &str,
        fds: &Fds,
        opened: &mut Vec<OpenId>,
        world: &mut dyn Machines,
    ) -> Result<Fd, String> {
        match path {
            "" => return Err(format!(": {NOT_FOUND}")),
            "/dev/stdin" => return Ok(fds.get(0)),
            "/dev/tty" => return Ok(Fd::Terminal(Stream::Out)),
            "/dev/null" => return Ok(Fd::Null),
            _ => {}
        }
        let bytes =
            Cx { shell: self, thread, world }.read_file(path).map_err(|why| format!("{path}: {why}"))?;
        let id = self.streams.input(bytes);
        opened.push(id);
        Ok(Fd::File(id))
    }

    fn open_output(
        &mut self,
        thread: &mut Thread,
        path: &str,
        append: bool,
        fds: &Fds,
        opened: &mut Vec<OpenId>,
        world: &mut dyn Machines,
    ) -> Result<Fd, String> {
        match path {
            "" => return Err(format!(": {NOT_FOUND}")),
            "/dev/null" => return Ok(Fd::Null),
            "/dev/stdout" => return Ok(fds.get(1)),
            "/dev/stderr" => return Ok(fds.get(2)),
            "/dev/tty" => return Ok(Fd::Terminal(Stream::Out)),
            _ => {}
        }
        let whole = thread.env.absolute(path);
        let host = thread.env.host.clone();
        let cx = Cx { shell: self, thread, world };
        let disk = cx.disk();
        let mut bytes = Vec::new();
        match disk.get(&whole) {
            Some(Inode::Directory) => return Err(format!("{path}: Is a directory")),
            Some(Inode::File { bytes: there, .. }) if append => bytes.extend(there.iter()),
            _ => {}
        }
        match disk.get(parent(&whole)) {
            Some(Inode::Directory) if !path.ends_with('/') => {}
            Some(Inode::Directory) => return Err(format!("{path}: Is a directory")),
            Some(_) => return Err(format!("{path}: Not a directory")),
            None => return Err(format!("{path}: {NOT_FOUND}")),
        }
        drop(disk);
        let id = self.streams.output(host, whole, bytes);
        opened.push(id);
        Ok(Fd::File(id))
    }
}

fn is_file(thread: &Thread, path: &str, world: &dyn Machines) -> bool {
    let disk = Disk::new(world, &thread.env.host, &thread.extra);
    matches!(disk.get(&thread.env.absolute(path)), Some(Inode::File { .. }))
}
