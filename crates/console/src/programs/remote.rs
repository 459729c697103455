//! `ssh`, `scp`: from one computer to another.

use std::rc::Rc;

use super::feed;
use super::options::Spec;
use super::sessions::ScriptFromInput;
use crate::disk::{self, Disk, Inode};
use crate::env::{Env, Host};
use crate::shell::program::{Cx, Program, Started, StepResult};
use crate::shell::thread::{Block, Body, Origin, ThreadId};
use sim::files::{clean_path, file_name, parent};

const SSH: Spec =
    Spec { code: 255, stops: true, ..Spec::new("ssh", "tTqvnNfAaXxCo:p:i:l:F:J:L:R:D:E:b:c:m:") };

const USAGE: &str = "usage: ssh [-options] destination [command [argument ...]]\n";

pub(super) fn ssh(cx: &mut Cx<'_>, args: &[String]) -> Started {
    let options = match SSH.parse(args) {
        Ok(options) => options,
        Err(misuse) => return feed::misuse(cx, &misuse),
    };
    if ['L', 'R', 'D', 'N'].iter().any(|letter| options.has(*letter)) {
        return feed::refuse(cx, "ssh: forwarding is not simulated: no traffic flows here\n", 255);
    }
    let Some((destination, command)) = options.operands.split_first() else {
        return feed::refuse(cx, USAGE, 255);
    };
    // Options may follow the destination, too.
    let mut command = command;
    while let Some((word, rest)) = command.split_first()
        && matches!(word.as_str(), "-t" | "-tt" | "-q" | "-n")
    {
        command = rest;
    }
    let host = match reach(cx, destination) {
        Ok(host) => host,
        Err(text) => return feed::refuse(cx, &text, 255),
    };
    let env = Env::login(host.clone(), host.node().and_then(|node| cx.world.booted(node)));
    let body = match command {
        [] if cx.is_terminal(0) => Body::Interactive,
        [] => {
            cx.err("Pseudo-terminal will not be allocated because stdin is not a terminal.\n");
            return Started::runs(ScriptFromInput::new(env));
        }
        words => Body::Text { text: words.join(" ").into(), origin: Origin::Argument },
    };
    let session = matches!(body, Body::Interactive);
    match cx.spawn(body, env, cx.thread.fds) {
        Some(child) => Started::runs(Ssh { host, child, session }),
        None => Started::Done(255),
    }
}

/// The computer of a name that answers; why not, in ssh's words.
fn reach(cx: &Cx<'_>, destination: &str) -> Result<Host, String> {
    let destination = destination.strip_prefix("ssh://").unwrap_or(destination);
    let name = destination.rsplit('@').next().unwrap_or(destination);
    let user = destination.rsplit_once('@').map_or("root", |(user, _)| user);
    if name == Host::Desk.name() && cx.host() != Host::Desk {
        return Err("ssh: connect to host desktop port 22: Connection refused\n".to_owned());
    }
    if matches!(name, "localhost" | "127.0.0.1") {
        return Ok(cx.host());
    }
    let names = cx.world.names();
    let Some(node) = names.iter().find(|known| *known == name || cx.world.address(known) == name) else {
        return Err(format!("ssh: Could not resolve hostname {name}: Name or service not known\n"));
    };
    let itself = cx.host().node() == Some(node.as_str());
    if !cx.world.is_reachable(node) || !(itself || is_linked(cx)) {
        return Err(format!("ssh: connect to host {name} port 22: No route to host\n"));
    }
    if user.is_empty() {
        return Err(USAGE.to_owned());
    }
    Ok(Host::Node(node.as_str().into()))
}

/// Whether the computer that the shell is on has a network itself.
fn is_linked(cx: &Cx<'_>) -> bool {
    cx.host().node().is_none_or(|node| cx.world.is_reachable(node))
}

/// A connection to another computer.
#[derive(Clone)]
struct Ssh {
    host: Host,
    child: ThreadId,
    /// Somebody types there.
    session: bool,
}

impl Program for Ssh {
    fn step(&mut self, cx: &mut Cx<'_>) -> StepResult {
        let name = self.host.name().to_owned();
        if let Some(code) = cx.reap(self.child) {
            if self.session {
                cx.err(&format!("Connection to {name} closed.\n"));
            }
            return StepResult::Done(code);
        }
        StepResult::Waits(Block::Children(vec![self.child]))
    }
}

// ---- scp ----

const SCP: Spec = Spec { stops: false, ..Spec::new("scp", "rpqvCo:P:i:F:J:l:4") };

/// A path with the computer that it is on.
struct Place {
    host: Host,
    path: String,
    /// As it was typed.
    shown: String,
}

pub(super) fn scp(cx: &mut Cx<'_>, args: &[String]) -> Started {
    let options = match SCP.parse(args) {
        Ok(options) => options,
        Err(misuse) => return feed::misuse(cx, &misuse),
    };
    let Some((target, sources)) = options.operands.split_last().filter(|(_, sources)| !sources.is_empty())
    else {
        return feed::refuse(cx, "usage: scp [-r] [-o ssh_option] [-P port] source ... target\n", 1);
    };
    let target = match place(cx, target) {
        Ok(place) => place,
        Err(text) => return feed::refuse(cx, &text, 255),
    };
    let mut code = 0;
    for source in sources {
        let done = place(cx, source)
            .and_then(|source| copy(cx, &source, &target, options.has('r'), sources.len() > 1));
        if let Err(text) = done {
            cx.err(&text);
            code = if text.starts_with("ssh:") { 255 } else { 1 };
        }
    }
    cx.world.settle();
    Started::Done(code)
}

fn place(cx: &Cx<'_>, text: &str) -> Result<Place, String> {
    let shown = text.to_owned();
    match text.split_once(':').filter(|(host, _)| !host.contains('/')) {
        None => Ok(Place { host: cx.host(), path: cx.absolute(text), shown }),
        Some((host, path)) => {
            let host = reach(cx, host).map_err(|text| format!("{text}scp: Connection closed\n"))?;
            let path = path.strip_prefix("~/").unwrap_or(path);
            let whole =
                if path.starts_with('/') { clean_path(path) } else { clean_path(&format!("/root/{path}")) };
            let whole = if path == "~" { "/root".to_owned() } else { whole };
            let whole = if path.ends_with('/') && whole != "/" { whole + "/" } else { whole };
            Ok(Place { host, path: whole, shown })
        }
    }
}

fn copy(cx: &mut Cx<'_>, from: &Place, to: &Place, recursive: bool, several: bool) -> Result<(), String> {
    let extra = Rc::clone(&cx.thread.extra);
    let disk_of = |cx: &Cx<'_>, host: &Host, path: &str| Disk::new(&*cx.world, host, &extra).get(path);
    let wanted = from.path.trim_end_matches('/');
    let wanted = if wanted.is_empty() { "/" } else { wanted };
    let node = disk_of(cx, &from.host, wanted).ok_or_else(|| {
        let kind = if from.host == cx.host() { "local" } else { "remote" };
        match kind {
            "local" => format!("scp: stat local \"{}\": No such file or directory\n", from.shown),
            _ => format!("scp: {wanted}: No such file or directory\n"),
        }
    })?;
    let target = to.path.trim_end_matches('/');
    let target = if target.is_empty() { "/" } else { target };
    let target_node = disk_of(cx, &to.host, target);
    let is_directory = target_node == Some(Inode::Directory);
    if (several || to.path.ends_with('/')) && !is_directory {
        return Err(format!(
            "scp: dest open \"{}\": {}\n",
            to.path,
            if target_node.is_some() { "Failure" } else { "No such file or directory" }
        ));
    }
    let place =
        if is_directory { clean_path(&format!("{target}/{}", file_name(wanted))) } else { target.to_owned() };
    match node {
        Inode::Directory if !recursive => Err(format!("scp: {wanted}: not a regular file\n")),
        Inode::Directory => {
            let tree = Disk::new(&*cx.world, &from.host, &extra).tree(wanted);
            for (path, node) in tree {
                let copy = format!("{place}{}", path.get(wanted.len()..).unwrap_or_default());
                let done = match node {
                    Inode::Directory => disk::make_directory(cx.world, &to.host, &copy),
                    Inode::File { bytes, .. } => disk::write(cx.world, &to.host, &copy, &bytes),
                    _ => Ok(()),
                };
                done.map_err(|why| format!("scp: {copy}: {why}\n"))?;
            }
            Ok(())
        }
        _ => {
            let bytes = Disk::new(&*cx.world, &from.host, &extra)
                .read(wanted)
                .map_err(|why| format!("scp: {wanted}: {why}\n"))?;
            let above = disk_of(cx, &to.host, parent(&place));
            if above != Some(Inode::Directory) {
                return Err(format!("scp: dest open \"{place}\": No such file or directory\n"));
            }
            disk::write(cx.world, &to.host, &place, &bytes)
                .map_err(|why| format!("scp: dest open \"{place}\": {why}\n"))
        }
    }
}
