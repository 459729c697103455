//! A command's name becomes a function, a builtin or a program.

use std::rc::Rc;

use super::program::{Cx, Started};
use super::streams::Fds;
use super::thread::{Body, Frame, Origin, Thread, ThreadId};
use super::{Machines, Shell, builtins, control};
use crate::disk::Inode;
use crate::env::{Env, Host};
use crate::{absent, programs};
use sim::files::file_name;

/// Where programs lie.
const BIN: [&str; 6] = ["/usr/local/sbin", "/usr/local/bin", "/usr/sbin", "/usr/bin", "/sbin", "/bin"];

impl Shell {
    /// Starts a command. Its name is the first of the words.
    pub(super) fn launch(&mut self, thread: &mut Thread, words: &[String], world: &mut dyn Machines) {
        let Some((name, args)) = words.split_first() else { return };
        if let Some(body) = thread.env.functions.get(name.as_str()).cloned() {
            let arguments = std::mem::replace(&mut thread.env.arguments, args.into());
            thread.frames.push(Frame::Call { arguments, locals: Vec::new() });
            thread.frames.push(Frame::Run(Rc::new(crate::syntax::Command::Compound(body))));
            return;
        }
        self.launch_command(thread, words, world);
    }

    /// As [`Shell::launch`], functions aside.
    pub(super) fn launch_command(&mut self, thread: &mut Thread, words: &[String], world: &mut dyn Machines) {
        let Some((name, args)) = words.split_first() else { return };
        if control::run(self, thread, name, args, world) {
            return;
        }
        let mut cx = Cx { shell: self, thread, world };
        if let Some(code) = builtins::run(&mut cx, name, args) {
            cx.thread.status = code;
            return;
        }
        // What was written so far can be read.
        cx.shell.streams.flush(cx.world);
        let program = program_name(name);
        if program.contains('/') {
            self.run_file(thread, name, args, world);
            return;
        }
        if let Some(started) = programs::start(&mut cx, program, args) {
            match started {
                Started::Done(code) => cx.thread.status = code,
                Started::Runs(program) => thread.frames.push(Frame::Task(program)),
            }
            return;
        }
        cx.thread.status = match absent::absent(program) {
            Some(text) => {
                cx.err(&text);
                127
            }
            None => {
                cx.complain(&format!("{name}: command not found"));
                127
            }
        };
    }

    /// `./script.sh`
    fn run_file(&mut self, thread: &mut Thread, path: &str, args: &[String], world: &mut dyn Machines) {
        let mut cx = Cx { shell: self, thread, world };
        let whole = cx.absolute(path);
        let node = cx.disk().get(&whole);
        let (why, code) = match node {
            None => ("No such file or directory", 127),
            Some(Inode::Directory) => ("Is a directory", 126),
            Some(Inode::File { bytes, mode, .. }) if mode & 0o111 != 0 => {
                let env = script_env(cx.env(), path, args);
                let body = script_body(&String::from_utf8_lossy(&bytes), path);
                self.run_child(thread, body, env, thread.fds);
                return;
            }
            Some(_) => ("Permission denied", 126),
        };
        cx.complain(&format!("{path}: {why}"));
        thread.status = code;
    }

    /// Runs something in a thread of its own and waits for it.
    pub(super) fn run_child(
        &mut self,
        thread: &mut Thread,
        body: Body,
        env: Env,
        fds: Fds,
    ) -> Option<ThreadId> {
        let child = self.spawn(thread, body, env, fds)?;
        thread.block = Some(super::Block::Children(vec![child]));
        thread.frames.push(Frame::Child(child));
        Some(child)
    }
}

/// A new shell's environment for a script: what is exported, and its arguments.
pub(crate) fn script_env(from: &Env, name: &str, args: &[String]) -> Env {
    let mut env = from.for_program();
    env.name = name.into();
    env.arguments = args.into();
    env
}

/// The commands of a file.
pub(crate) fn script_body(text: &str, name: &str) -> Body {
    Body::Text { text: text.into(), origin: Origin::File(name.into()) }
}

/// The name of a program that is called by its path.
fn program_name(name: &str) -> &str {
    let directory = name.rsplit_once('/').map(|(directory, _)| directory);
    match directory {
        Some(directory) if BIN.contains(&directory) => file_name(name),
        _ => name,
    }
}

/// Where a program lies.
pub(crate) fn program_path(name: &str, host: &Host) -> Option<String> {
    let local = matches!(name, "kubectl" | "crictl" | "jq" | "yq");
    programs::is_program(name, host).then(|| {
        let directory = if local { "/usr/local/bin" } else { "/usr/bin" };
        format!("{directory}/{name}")
    })
}
