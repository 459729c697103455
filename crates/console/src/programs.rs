//! The programs of a computer: text filters, files, sessions, and what only a node has.
//!
//! What is here does what the real program does, as far as people type it; an option that is not known is
//! refused in the program's own words.

mod awk;
mod diff;
mod edit;
mod feed;
mod files;
mod find;
mod grep;
mod jq;
mod nodes;
mod options;
mod remote;
mod repeat;
mod sed;
pub(super) mod sessions;
mod text;
mod time;
mod tokens;
mod whole;
mod xargs;

use super::env::Host;
use super::shell::kubectl;
use super::shell::program::{Cx, Started};

type Start = fn(&mut Cx<'_>, &[String]) -> Started;

/// Programs of every computer.
const EVERYWHERE: &[(&str, Start)] = &[
    ("awk", awk::start),
    ("base64", text::base64::start),
    ("basename", text::names::basename),
    ("bc", text::expr::bc),
    ("cat", text::cat::start),
    ("chmod", files::chmod),
    ("chown", files::chown),
    ("clear", text::screen::clear),
    ("cmp", diff::cmp),
    ("column", text::column::start),
    ("comm", text::comm::start),
    ("cp", files::cp),
    ("cut", text::cut::start),
    ("date", time::date),
    ("diff", diff::start),
    ("dirname", text::names::dirname),
    ("du", files::du),
    ("egrep", grep::extended),
    ("expr", text::expr::expr),
    ("fgrep", grep::fixed),
    ("file", files::file),
    ("find", find::start),
    ("fold", text::lines::fold),
    ("gawk", awk::start),
    ("grep", grep::start),
    ("head", text::head::start),
    ("hostname", text::who::hostname),
    ("id", text::who::id),
    ("jq", jq::start),
    ("kubectl", kubectl::start),
    ("less", text::cat::pager),
    ("ln", files::ln),
    ("ls", files::ls),
    ("ll", files::ll),
    ("mawk", awk::start),
    ("md5sum", text::sums::refuse),
    ("mkdir", files::mkdir),
    ("mktemp", files::mktemp),
    ("more", text::cat::pager),
    ("mv", files::mv),
    ("nano", edit::nano),
    ("nl", text::lines::nl),
    ("paste", text::paste::start),
    ("printenv", text::who::printenv),
    ("read", text::read::start),
    ("mapfile", text::read::mapfile),
    ("readarray", text::read::mapfile),
    ("readlink", files::readlink),
    ("realpath", files::realpath),
    ("reset", text::screen::clear),
    ("rev", text::lines::rev),
    ("rm", files::rm),
    ("rmdir", files::rmdir),
    ("scp", remote::scp),
    ("sed", sed::start),
    ("seq", text::seq::start),
    ("sha256sum", text::sums::refuse),
    ("sleep", time::sleep),
    ("sort", text::sort::start),
    ("ssh", remote::ssh),
    ("stat", files::stat),
    ("tac", text::lines::tac),
    ("tail", text::tail::start),
    ("tee", text::tee::start),
    ("timeout", repeat::timeout),
    ("touch", files::touch),
    ("tr", text::tr::start),
    ("tree", files::tree),
    ("tty", text::who::tty),
    ("uname", text::who::uname),
    ("uniq", text::uniq::start),
    ("vi", edit::vi),
    ("vim", edit::vi),
    ("watch", repeat::watch),
    ("wc", text::wc::start),
    ("whoami", text::who::whoami),
    ("xargs", xargs::start),
    ("yes", text::seq::yes),
];

/// Those that only the person's own computer has.
const DESK: &[(&str, Start)] = &[("help", nodes::help), ("virsh", nodes::virsh)];

/// Those that only a node has.
const NODE: &[&str] = &[
    "crictl",
    "curl",
    "df",
    "free",
    "halt",
    "hostnamectl",
    "ip",
    "journalctl",
    "kill",
    "kubeadm",
    "kubelet",
    "lsof",
    "netstat",
    "nproc",
    "pgrep",
    "pkill",
    "poweroff",
    "ps",
    "reboot",
    "service",
    "shutdown",
    "ss",
    "systemctl",
    "uptime",
];

/// Starts a program; `None` if there is none of this name.
pub(super) fn start(cx: &mut Cx<'_>, name: &str, args: &[String]) -> Option<Started> {
    let find = |table: &'static [(&'static str, Start)]| table.iter().find(|(known, _)| *known == name);
    if let Some((_, start)) = find(EVERYWHERE) {
        return Some(start(cx, args));
    }
    match (cx.host(), name) {
        (Host::Desk, "crictl" | "systemctl" | "journalctl" | "kubeadm") => Some(nodes::elsewhere(cx, name)),
        (Host::Desk, _) => find(DESK).map(|(_, start)| start(cx, args)),
        (Host::Node(_), "kubeadm") => Some(kubectl::start_kubeadm(cx, args)),
        (Host::Node(_), "journalctl") => Some(nodes::journalctl(cx, args)),
        (Host::Node(_), _) => NODE.contains(&name).then(|| nodes::start(cx, name, args)),
    }
}

pub(super) fn is_program(name: &str, host: &Host) -> bool {
    names(host).any(|known| known == name)
}

/// The names of a computer's programs.
pub(super) fn names(host: &Host) -> impl Iterator<Item = &'static str> {
    let plain = if host.node().is_some() { NODE } else { &[] };
    let desk = if host.node().is_none() { DESK } else { &[] };
    EVERYWHERE.iter().chain(desk).map(|(name, _)| *name).chain(plain.iter().copied())
}
