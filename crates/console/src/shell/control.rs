//! Builtins that change how the shell itself goes on: `exit`, `break`, `eval`, `source`, `local` …

use std::rc::Rc;

use super::launch::{script_body, script_env};
use super::program::Cx;
use super::thread::{Block, Body, Frame, Origin, Thread};
use super::{Machines, Shell, steps};
use crate::env::{Env, Host, Value, is_name};

/// Whether this was one of them, which has been seen to.
pub(super) fn run(
    shell: &mut Shell,
    thread: &mut Thread,
    name: &str,
    args: &[String],
    world: &mut dyn Machines,
) -> bool {
    match name {
        "exit" | "logout" => {
            let code = args.first().map_or(Some(thread.status), |text| text.parse().ok());
            let code = code.unwrap_or_else(|| {
                let text = format!("exit: {}: numeric argument required", args.first().map_or("", |a| a));
                Cx { shell, thread, world }.complain(&text);
                2
            });
            shell.leave(thread, code, world);
        }
        "break" | "continue" => shell.leave_loop(thread, name, args, world),
        "return" => {
            let code = args.first().and_then(|text| text.parse().ok()).unwrap_or(thread.status);
            shell.return_from(thread, code, world);
        }
        "exec" if args.is_empty() => thread.status = 0,
        "exec" => {
            thread.frames.push(Frame::Exit);
            shell.launch_command(thread, args, world);
        }
        "eval" => {
            thread.status = 0;
            thread.frames.push(steps::source(&args.join(" ")));
        }
        "source" | "." => shell.source_file(thread, name, args, world),
        "command" if matches!(args.first().map(String::as_str), Some("-v" | "-V")) => return false,
        "command" | "builtin" => {
            let args = args.strip_prefix(&["--".to_owned()][..]).unwrap_or(args);
            thread.status = 0;
            shell.launch_command(thread, args, world);
        }
        "local" => shell.local(thread, args, world),
        "wait" => {
            let mut running: Vec<u32> = shell.children(thread.id).collect();
            running.retain(|id| shell.threads.get(id).is_some_and(|child| child.background));
            thread.status = 0;
            if !running.is_empty() {
                thread.block = Some(Block::Children(running));
            }
        }
        "trap" => trap(shell, thread, args, world),
        "sudo" => shell.sudo(thread, args, world),
        "su" => shell.new_shell(
            thread,
            &[],
            args.iter().any(|arg| matches!(arg.as_str(), "-" | "-l" | "--login")),
            world,
        ),
        "bash" | "sh" => shell.new_shell(thread, args, false, world),
        "env" => return shell.env_command(thread, args, world),
        "nohup" | "nice" => {
            let skip = if args.first().is_some_and(|arg| arg == "-n") { 2 } else { 0 };
            shell.launch_command(thread, args.get(skip..).unwrap_or_default(), world);
        }
        "kill" => return shell.kill_job(thread, args, world),
        _ => return false,
    }
    true
}

impl Shell {
    /// `exit`: ends the shell that the thread is; a login shell on the person's computer begins again.
    pub(super) fn leave(&mut self, thread: &mut Thread, code: i32, world: &mut dyn Machines) {
        let interactive = matches!(thread.frames.first(), Some(Frame::Interactive));
        if interactive {
            Cx { shell: self, thread, world }.err("logout\n");
        }
        if interactive && thread.parent.is_none() {
            while thread.frames.len() > 1 {
                self.pop_frame(thread, world);
            }
            thread.env = Env::login(Host::Desk, None);
            thread.status = code;
            return;
        }
        self.finish(thread, code, world);
    }

    fn leave_loop(&mut self, thread: &mut Thread, name: &str, args: &[String], world: &mut dyn Machines) {
        let count =
            args.first().map_or(Some(1), |text| text.parse::<usize>().ok().filter(|count| *count > 0));
        let Some(mut count) = count else {
            let text = format!("{name}: {}: loop count out of range", args.first().map_or("", |a| a));
            thread.status = Cx { shell: self, thread, world }.complain(&text);
            return;
        };
        let is_loop =
            |frame: &Frame| matches!(frame, Frame::While { .. } | Frame::For { .. } | Frame::Count { .. });
        let is_end =
            |frame: &Frame| matches!(frame, Frame::Call { .. } | Frame::Interactive | Frame::Sourced { .. });
        let reach = thread.frames.iter().rev().take_while(|frame| !is_end(frame));
        let loops = reach.filter(|frame| is_loop(frame)).count();
        if loops == 0 {
            let text = format!("{name}: only meaningful in a `for', `while', or `until' loop");
            Cx { shell: self, thread, world }.complain(&text);
            thread.status = 0;
            return;
        }
        count = count.min(loops);
        thread.status = 0;
        loop {
            let Some(frame) = thread.frames.last() else { return };
            if is_loop(frame) {
                count -= 1;
                if count == 0 {
                    break;
                }
            }
            self.pop_frame(thread, world);
        }
        if name == "break" {
            self.pop_frame(thread, world);
        } else if let Some(Frame::While { in_condition, .. }) = thread.frames.last_mut() {
            *in_condition = false;
        }
    }

    fn return_from(&mut self, thread: &mut Thread, code: i32, world: &mut dyn Machines) {
        let is_end = |frame: &Frame| matches!(frame, Frame::Call { .. } | Frame::Sourced { .. });
        if !thread.frames.iter().any(is_end) {
            let text = "return: can only `return' from a function or sourced script";
            thread.status = Cx { shell: self, thread, world }.complain(text);
            return;
        }
        while thread.frames.last().is_some_and(|frame| !is_end(frame)) {
            self.pop_frame(thread, world);
        }
        thread.status = code;
    }

    fn source_file(&mut self, thread: &mut Thread, name: &str, args: &[String], world: &mut dyn Machines) {
        let mut cx = Cx { shell: self, thread, world };
        let Some((path, rest)) = args.split_first() else {
            cx.complain(&format!("{name}: filename argument required"));
            cx.thread.status = 2;
            return;
        };
        match cx.read_file(path) {
            // `source <(kubectl completion bash)`, which this console needs not.
            Ok(bytes) => {
                let text = String::from_utf8_lossy(&bytes).into_owned();
                let arguments = (!rest.is_empty())
                    .then(|| std::mem::replace(&mut thread.env.arguments, rest.to_vec().into()));
                thread.status = 0;
                thread.frames.push(Frame::Sourced { arguments });
                thread.frames.push(steps::source(&text));
            }
            Err(why) => thread.status = cx.complain(&format!("{path}: {why}")),
        }
    }

    fn local(&mut self, thread: &mut Thread, args: &[String], world: &mut dyn Machines) {
        if !thread.frames.iter().any(|frame| matches!(frame, Frame::Call { .. })) {
            let text = "local: can only be used in a function";
            thread.status = Cx { shell: self, thread, world }.complain(text);
            return;
        }
        thread.status = 0;
        for arg in args.iter().filter(|arg| !arg.starts_with('-')) {
            let (name, value) = match arg.split_once('=') {
                Some((name, value)) => (name, Some(value)),
                None => (arg.as_str(), None),
            };
            if !is_name(name) {
                let text = format!("local: `{arg}': not a valid identifier");
                thread.status = Cx { shell: self, thread, world }.complain(&text);
                continue;
            }
            let before = thread.env.variable(name).cloned();
            let call = thread.frames.iter_mut().rev().find(|frame| matches!(frame, Frame::Call { .. }));
            if let Some(Frame::Call { locals, .. }) = call {
                locals.push((name.into(), before));
            }
            thread.env.restore(name, None);
            if let Some(value) = value {
                // It is new, so nothing keeps it from being set.
                let _ = thread.env.assign(name, Value::Text(value.into()));
            }
        }
    }

    /// `sudo`: everybody is root already.
    fn sudo(&mut self, thread: &mut Thread, args: &[String], world: &mut dyn Machines) {
        let mut rest = args;
        let mut login = false;
        while let Some((word, after)) = rest.split_first() {
            let skip = match word.as_str() {
                "-u" | "-g" | "--user" | "--group" => 1,
                "-i" | "-s" | "--login" | "--shell" => {
                    login = true;
                    0
                }
                "--" => {
                    rest = after;
                    break;
                }
                option if option.starts_with('-') => 0,
                // `sudo NAME=value command`
                word if word.split_once('=').is_some_and(|(name, _)| is_name(name)) => {
                    if let Some((name, value)) = word.split_once('=') {
                        let saved = vec![(name.into(), thread.env.variable(name).cloned())];
                        thread.frames.push(Frame::RestoreVariables(saved));
                        if thread.env.assign(name, Value::Text(value.into())).is_ok() {
                            thread.env.mark(name, |variable| variable.exported = true);
                        }
                    }
                    0
                }
                _ => break,
            };
            rest = after.get(skip..).unwrap_or_default();
        }
        match rest.first() {
            None if login => self.new_shell(thread, &[], true, world),
            None => {
                let text = "usage: sudo [-u user] [-i] command [arg ...]\n";
                Cx { shell: self, thread, world }.err(text);
                thread.status = 1;
            }
            Some(_) if login => {
                let env = Env::login(thread.env.host.clone(), thread.env.booted);
                self.run_child(thread, Body::Words(rest.to_vec()), env, thread.fds);
            }
            Some(name) if super::builtins::is_only_builtin(name) => {
                let text = format!("sudo: {name}: command not found\n");
                Cx { shell: self, thread, world }.err(&text);
                thread.status = 1;
            }
            Some(_) => self.launch_command(thread, rest, world),
        }
    }

    /// `bash`, `bash -c COMMAND`, `bash FILE`, `bash -s`.
    fn new_shell(&mut self, thread: &mut Thread, args: &[String], login: bool, world: &mut dyn Machines) {
        let mut options = thread.env.for_program().options;
        let mut rest = args;
        let mut command = false;
        while let Some((word, after)) = rest.split_first() {
            match word.as_str() {
                "-s" | "--login" | "-l" | "-i" | "--norc" => {}
                option if option.len() > 1 && option.starts_with('-') && !option.starts_with("--") => {
                    for letter in option.chars().skip(1) {
                        match letter {
                            'c' => command = true,
                            'e' => options.errexit = true,
                            'u' => options.nounset = true,
                            'x' => options.xtrace = true,
                            _ => {}
                        }
                    }
                }
                _ => break,
            }
            rest = after;
        }
        let mut env = match login {
            true => Env::login(thread.env.host.clone(), thread.env.booted),
            false => thread.env.for_program(),
        };
        env.options = options;
        let mut cx = Cx { shell: self, thread, world };
        let body = match rest.split_first() {
            Some((text, after)) if command => {
                env.name = after.first().map_or("bash", String::as_str).into();
                env.arguments = after.get(1..).unwrap_or_default().into();
                Body::Text { text: text.as_str().into(), origin: Origin::Argument }
            }
            None if command => {
                cx.err("bash: -c: option requires an argument\n");
                thread.status = 2;
                return;
            }
            Some((path, after)) => match cx.read_file(path) {
                Ok(bytes) => {
                    env = script_env(&env, path, after);
                    env.options = options;
                    script_body(&String::from_utf8_lossy(&bytes), path)
                }
                Err(why) => {
                    cx.err(&format!("bash: {path}: {why}\n"));
                    thread.status = 127;
                    return;
                }
            },
            None if cx.is_terminal(0) => Body::Interactive,
            None => {
                let program = super::super::programs::sessions::ScriptFromInput::new(env);
                thread.frames.push(Frame::Task(Box::new(program)));
                return;
            }
        };
        self.run_child(thread, body, env, thread.fds);
    }

    /// `env NAME=value command`; without a command it prints, which a builtin does.
    fn env_command(&mut self, thread: &mut Thread, args: &[String], world: &mut dyn Machines) -> bool {
        let mut saved = Vec::new();
        let mut rest = args;
        while let Some((word, after)) = rest.split_first() {
            match word.split_once('=') {
                Some((name, value)) if is_name(name) => {
                    saved.push((Rc::from(name), thread.env.variable(name).cloned()));
                    if thread.env.assign(name, Value::Text(value.into())).is_ok() {
                        thread.env.mark(name, |variable| variable.exported = true);
                    }
                }
                _ if word == "-i" || word == "-" => {}
                _ => break,
            }
            rest = after;
        }
        thread.frames.push(Frame::RestoreVariables(saved));
        if rest.is_empty() {
            // The builtin prints them while they are set.
            return false;
        }
        self.launch_command(thread, rest, world);
        true
    }

    /// `kill %1`, `kill $!`: what the shell itself has started; other numbers are a node's processes.
    fn kill_job(&mut self, thread: &mut Thread, args: &[String], _world: &mut dyn Machines) -> bool {
        let targets: Vec<&String> = args.iter().filter(|arg| !arg.starts_with('-')).collect();
        let background = |shell: &Shell| -> Vec<u32> {
            shell.threads.values().filter(|other| other.background).map(|other| other.id).collect()
        };
        let mut killed = false;
        for target in targets {
            let wanted = match target.strip_prefix('%') {
                Some(_) => background(self).last().copied(),
                None => {
                    let number = target.parse::<u32>().ok();
                    background(self).into_iter().find(|id| number == Some(super::schedule::process_id(*id)))
                }
            };
            if let Some(id) = wanted {
                self.kill(id);
                killed = true;
            }
        }
        if killed {
            thread.status = 0;
        }
        killed
    }
}

fn trap(shell: &mut Shell, thread: &mut Thread, args: &[String], world: &mut dyn Machines) {
    thread.status = 0;
    let Some((action, signals)) = args.split_first() else { return };
    let exit = signals.iter().any(|signal| matches!(signal.as_str(), "EXIT" | "0"));
    match action.as_str() {
        _ if !exit => {
            let text = "trap: only EXIT can be trapped here: other signals are not simulated";
            thread.status = Cx { shell, thread, world }.complain(text);
        }
        "-" | "" => thread.exit_trap = None,
        action => thread.exit_trap = Some(action.into()),
    }
}
