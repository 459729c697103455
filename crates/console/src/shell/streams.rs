//! Where commands read from and write to: the terminal, pipes, files.

use std::collections::VecDeque;
use std::rc::Rc;

use crate::Machines;
use crate::disk::{self, Refusal};
use crate::env::Host;
use cli_runtime::job::{Chunk, Stream};
use sim::SortedMap;

/// A number of something that is open: a pipe, a file, a captured output.
pub(crate) type OpenId = u32;

/// What a descriptor leads to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Fd {
    Closed,
    /// `/dev/null`
    Null,
    /// The terminal; written to, the text is shown as this stream's.
    Terminal(Stream),
    Pipe(OpenId),
    File(OpenId),
}

/// How many descriptors a command has: those that one digit names.
const COUNT: usize = 10;

/// A command's descriptors: 0 its input, 1 its output, 2 its errors.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Fds([Fd; COUNT]);

impl Fds {
    pub(crate) fn new(input: Fd) -> Fds {
        let mut fds = Fds([Fd::Closed; COUNT]);
        fds.set(0, input);
        fds.set(1, Fd::Terminal(Stream::Out));
        fds.set(2, Fd::Terminal(Stream::Err));
        fds
    }

    pub(crate) fn get(&self, fd: u8) -> Fd {
        self.0.get(usize::from(fd)).copied().unwrap_or(Fd::Closed)
    }

    pub(crate) fn set(&mut self, fd: u8, to: Fd) {
        if let Some(slot) = self.0.get_mut(usize::from(fd)) {
            *slot = to;
        }
    }

    fn uses(&self, pipe: OpenId, from: usize) -> bool {
        self.0.iter().skip(from).any(|fd| *fd == Fd::Pipe(pipe))
    }

    /// Whether the input is this pipe. (A pipe's reading end never has another number.)
    pub(super) fn reads(&self, pipe: OpenId) -> bool {
        self.get(0) == Fd::Pipe(pipe)
    }

    pub(super) fn writes(&self, pipe: OpenId) -> bool {
        self.uses(pipe, 1)
    }
}

/// So much a pipe holds before its writer waits.
const PIPE_HOLDS: usize = 64 << 10;

/// A file that would grow larger is refused: there is one memory for all disks.
const LARGEST_FILE: usize = 8 << 20;

#[derive(Clone, Debug, Default)]
struct Pipe {
    bytes: VecDeque<u8>,
    /// Nobody writes any more.
    ended: bool,
    /// Nobody reads any more.
    broken: bool,
}

#[derive(Clone, Debug)]
enum Open {
    /// Read from its beginning on; all who have it open share the place.
    Input {
        bytes: Rc<[u8]>,
        pos: usize,
    },
    Output {
        host: Host,
        path: String,
        bytes: Vec<u8>,
        dirty: bool,
    },
    /// What a substitution prints.
    Capture(Vec<u8>),
}

/// What reading gives.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Input {
    Bytes(Vec<u8>),
    /// Nothing yet.
    Wait,
    End,
}

/// Everything that is open in one job.
#[derive(Clone, Debug, Default)]
pub(crate) struct Streams {
    pipes: SortedMap<OpenId, Pipe>,
    opens: SortedMap<OpenId, Open>,
    last: OpenId,
    /// What was written to the terminal and not taken yet.
    shown: Vec<Chunk>,
    /// What was typed and not read yet.
    typed: VecDeque<u8>,
    /// Ctrl-D.
    typed_end: bool,
}

impl Streams {
    fn next(&mut self) -> OpenId {
        self.last += 1;
        self.last
    }

    pub(super) fn pipe(&mut self) -> OpenId {
        let id = self.next();
        self.pipes.insert(id, Pipe::default());
        id
    }

    pub(crate) fn input(&mut self, bytes: Rc<[u8]>) -> OpenId {
        let id = self.next();
        self.opens.insert(id, Open::Input { bytes, pos: 0 });
        id
    }

    pub(super) fn output(&mut self, host: Host, path: String, bytes: Vec<u8>) -> OpenId {
        let id = self.next();
        self.opens.insert(id, Open::Output { host, path, bytes, dirty: true });
        id
    }

    pub(crate) fn capture(&mut self) -> OpenId {
        let id = self.next();
        self.opens.insert(id, Open::Capture(Vec::new()));
        id
    }

    /// What a capture holds; it is closed.
    pub(crate) fn take_capture(&mut self, id: OpenId) -> Vec<u8> {
        match self.opens.remove(&id) {
            Some(Open::Capture(bytes)) => bytes,
            _ => Vec::new(),
        }
    }

    /// Writes, whether or not anything reads it. A pipe takes it even if it is full: see [`Streams::is_full`].
    pub(crate) fn write(&mut self, fd: Fd, bytes: &[u8]) -> Result<(), Refusal> {
        if bytes.is_empty() {
            return Ok(());
        }
        match fd {
            Fd::Null => {}
            Fd::Closed => return Err("Bad file descriptor"),
            Fd::Terminal(stream) => self.show(stream, &String::from_utf8_lossy(bytes)),
            Fd::Pipe(id) => {
                if let Some(pipe) = self.pipes.get_mut(&id).filter(|pipe| !pipe.broken) {
                    pipe.bytes.extend(bytes);
                }
            }
            Fd::File(id) => match self.opens.get_mut(&id) {
                Some(Open::Output { bytes: all, dirty, .. }) if all.len() + bytes.len() <= LARGEST_FILE => {
                    all.extend(bytes);
                    *dirty = true;
                }
                Some(Open::Output { .. }) => return Err("File too large"),
                Some(Open::Capture(all)) if all.len() + bytes.len() <= LARGEST_FILE => all.extend(bytes),
                Some(Open::Capture(_)) => return Err("Cannot allocate memory"),
                _ => return Err("Bad file descriptor"),
            },
        }
        Ok(())
    }

    fn show(&mut self, stream: Stream, text: &str) {
        match self.shown.last_mut() {
            Some(chunk) if chunk.stream == stream => chunk.text.push_str(text),
            _ => self.shown.push(Chunk { stream, text: text.to_owned() }),
        }
    }

    pub(super) fn take_shown(&mut self) -> Vec<Chunk> {
        std::mem::take(&mut self.shown)
    }

    /// Whether a writer has to wait.
    pub(super) fn is_full(&self, fd: Fd) -> bool {
        match fd {
            Fd::Pipe(id) => {
                self.pipes.get(&id).is_some_and(|pipe| pipe.bytes.len() >= PIPE_HOLDS && !pipe.broken)
            }
            _ => false,
        }
    }

    /// Whether a writer has nobody to write to.
    pub(super) fn is_broken(&self, fd: Fd) -> bool {
        match fd {
            Fd::Pipe(id) => self.pipes.get(&id).is_none_or(|pipe| pipe.broken),
            _ => false,
        }
    }

    /// Whether reading would give something, the end included.
    pub(super) fn is_ready(&self, fd: Fd) -> bool {
        match fd {
            Fd::Pipe(id) => self.pipes.get(&id).is_none_or(|pipe| pipe.ended || !pipe.bytes.is_empty()),
            Fd::Terminal(_) => self.typed_end || !self.typed.is_empty(),
            _ => true,
        }
    }

    /// Everything that can be read now.
    pub(crate) fn read(&mut self, fd: Fd) -> Input {
        self.read_up_to(fd, usize::MAX)
    }

    fn read_up_to(&mut self, fd: Fd, most: usize) -> Input {
        let taken = |bytes: &mut VecDeque<u8>| bytes.drain(..bytes.len().min(most)).collect::<Vec<u8>>();
        let (bytes, ended) = match fd {
            Fd::Pipe(id) => match self.pipes.get_mut(&id) {
                Some(pipe) => (taken(&mut pipe.bytes), pipe.ended),
                None => return Input::End,
            },
            Fd::Terminal(_) => {
                let bytes = taken(&mut self.typed);
                let ended = self.typed_end;
                if bytes.is_empty() {
                    // Ctrl-D ends one reading.
                    self.typed_end = false;
                }
                (bytes, ended)
            }
            Fd::File(id) => match self.opens.get_mut(&id) {
                Some(Open::Input { bytes, pos }) => {
                    let rest = bytes.get(*pos..).unwrap_or_default();
                    let part = rest.get(..rest.len().min(most)).unwrap_or_default().to_vec();
                    *pos += part.len();
                    (part, true)
                }
                _ => return Input::End,
            },
            Fd::Null | Fd::Closed => return Input::End,
        };
        match (bytes.is_empty(), ended) {
            (false, _) => Input::Bytes(bytes),
            (true, true) => Input::End,
            (true, false) => Input::Wait,
        }
    }

    /// The next line with its end, which only the last may lack.
    pub(super) fn read_line(&mut self, fd: Fd, end: u8) -> Input {
        let length = match fd {
            Fd::Pipe(id) => self.pipes.get(&id).and_then(|pipe| {
                pipe.bytes.iter().position(|byte| *byte == end).or(pipe.ended.then_some(usize::MAX - 1))
            }),
            Fd::Terminal(_) => {
                let found = self.typed.iter().position(|byte| *byte == end);
                found.or(self.typed_end.then_some(usize::MAX - 1))
            }
            Fd::File(id) => match self.opens.get(&id) {
                Some(Open::Input { bytes, pos }) => {
                    let rest = bytes.get(*pos..).unwrap_or_default();
                    Some(rest.iter().position(|byte| *byte == end).unwrap_or(usize::MAX - 1))
                }
                _ => Some(0),
            },
            Fd::Null | Fd::Closed => return Input::End,
        };
        match length {
            Some(length) => self.read_up_to(fd, length + 1),
            None => Input::Wait,
        }
    }

    // ---- the terminal ----

    pub(super) fn type_text(&mut self, text: &str) {
        self.typed.extend(text.as_bytes());
    }

    pub(super) fn type_end(&mut self) {
        self.typed_end = true;
    }

    /// A line that was typed while nobody read; the shell takes it.
    pub(super) fn take_typed_line(&mut self) -> Option<String> {
        let end = self.typed.iter().position(|byte| *byte == b'\n')?;
        let bytes: Vec<u8> = self.typed.drain(..=end).collect();
        let line = String::from_utf8_lossy(&bytes).into_owned();
        Some(line.trim_end_matches('\n').to_owned())
    }

    pub(super) fn forget_typed(&mut self) {
        self.typed.clear();
        self.typed_end = false;
    }

    // ---- closing ----

    /// Notes for each pipe whether anybody still reads or writes it.
    pub(super) fn note_ends<'f>(&mut self, all: impl Iterator<Item = &'f Fds> + Clone) {
        for (id, pipe) in &mut self.pipes {
            pipe.broken = !all.clone().any(|fds| fds.reads(*id));
            pipe.ended = !all.clone().any(|fds| fds.writes(*id));
            if pipe.broken {
                pipe.bytes.clear();
            }
        }
        self.pipes.retain(|_, pipe| !(pipe.broken && pipe.ended));
    }

    /// Writes to the disks what files have been given, and closes one.
    pub(super) fn close(&mut self, id: OpenId, world: &mut dyn Machines) -> Result<(), (String, Refusal)> {
        let flushed = self.flush_one(id, world);
        self.opens.remove(&id);
        flushed
    }

    fn flush_one(&mut self, id: OpenId, world: &mut dyn Machines) -> Result<(), (String, Refusal)> {
        let Some(Open::Output { host, path, bytes, dirty }) = self.opens.get_mut(&id) else { return Ok(()) };
        if !std::mem::take(dirty) {
            return Ok(());
        }
        disk::write(world, host, path, bytes).map_err(|why| (path.clone(), why))
    }

    /// Writes to the disks what files have been given so far.
    pub(super) fn flush(&mut self, world: &mut dyn Machines) {
        let ids: Vec<OpenId> = self.opens.keys().copied().collect();
        for id in ids {
            // The error is reported when the file is closed.
            let _ = self.flush_one(id, world);
        }
    }
}
