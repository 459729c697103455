//! The computers themselves: switching them off from within, and `virsh` on the person's own computer, whose
//! virtual machines they are.

use super::Machines;
use cli_runtime::job::Outcome;

/// What can be done to a computer's power.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum PowerVerb {
    /// Switch it on.
    On,
    /// Switch it off.
    Off,
    /// Off, and on again.
    Reboot,
}

/// The connection through which the command came goes with the computer.
fn closed(node: &str) -> Outcome {
    Outcome::fail(255, format!("Connection to {node} closed by remote host.\n"))
}

/// `poweroff`, `halt`, `reboot`; with `systemctl` before it too.
pub(super) fn power(machines: &mut dyn Machines, node: &str, verb: PowerVerb) -> Outcome {
    match machines.power(node, verb) {
        Ok(()) => closed(node),
        Err(why) => Outcome::fail(1, format!("{why}\n")),
    }
}

/// `shutdown -h now`, `shutdown -r now`.
pub(super) fn shutdown(machines: &mut dyn Machines, node: &str, words: &[String]) -> Outcome {
    let now = |word: &&String| matches!(word.as_str(), "now" | "+0" | "0");
    if !words.iter().any(|word| now(&word)) {
        return Outcome::fail(1, "(Only a shutdown now is simulated: shutdown -h now)\n");
    }
    let reboots = words.iter().any(|word| matches!(word.as_str(), "-r" | "--reboot"));
    power(machines, node, if reboots { PowerVerb::Reboot } else { PowerVerb::Off })
}

/// `ip link set [dev] eth0 down`.
pub(super) fn ip(machines: &mut dyn Machines, node: &str, words: &[String]) -> Outcome {
    let words: Vec<&str> = words.iter().map(String::as_str).filter(|word| *word != "dev").collect();
    match words.as_slice() {
        ["link" | "l", "set" | "s", "eth0", "up"] => Outcome::default(),
        ["link" | "l", "set" | "s", "eth0", "down"] => match machines.set_link(node, false) {
            Ok(()) => Outcome::fail(255, "client_loop: send disconnect: Broken pipe\n"),
            Err(why) => Outcome::fail(1, format!("{why}\n")),
        },
        ["link" | "l", "set" | "s", device, "up" | "down"] => {
            Outcome::fail(1, format!("Cannot find device \"{device}\"\n"))
        }
        _ => Outcome::fail(1, "(Of ip, only ip link set eth0 up|down is simulated)\n"),
    }
}

/// `virsh list --all`, `start`, `destroy`, `shutdown`, `reboot`, `domif-setlink NODE eth0 up|down`.
pub(super) fn virsh(machines: &mut dyn Machines, words: &[String]) -> Outcome {
    let all = words.iter().any(|word| word == "--all");
    let words: Vec<&str> = words.iter().map(String::as_str).filter(|word| !word.starts_with('-')).collect();
    let Some((verb, args)) = words.split_first() else {
        return Outcome::fail(
            1,
            "(virsh list, start, destroy, shutdown, reboot, domif-setlink NODE eth0 up|down)\n",
        );
    };
    if matches!(*verb, "list") {
        return list(machines, all);
    }
    let Some((node, args)) = args.split_first() else {
        return Outcome::fail(1, format!("error: command '{verb}' requires <domain> option\n"));
    };
    if !machines.names().iter().any(|name| name == node) {
        return Outcome::fail(1, format!("error: failed to get domain '{node}'\n"));
    }
    let (power, done, failed) = match *verb {
        "start" => (PowerVerb::On, "started", "start"),
        "destroy" => (PowerVerb::Off, "destroyed", "destroy"),
        "shutdown" => (PowerVerb::Off, "is being shutdown", "shutdown"),
        "reboot" | "reset" => (PowerVerb::Reboot, "is being rebooted", "reboot"),
        "domif-setlink" => return set_link(machines, node, args),
        verb => return Outcome::fail(1, format!("error: unknown command: '{verb}'\n")),
    };
    let running = machines.is_powered(node);
    if running == (power == PowerVerb::On) {
        let state = if running { "already running" } else { "not running" };
        return Outcome::fail(
            1,
            format!(
                "error: Failed to {failed} domain '{node}'\nerror: Requested operation is not valid: domain is {state}\n"
            ),
        );
    }
    match machines.power(node, power) {
        Ok(()) => Outcome::out(format!("Domain '{node}' {done}\n\n")),
        Err(why) => Outcome::fail(1, format!("error: {why}\n")),
    }
}

fn set_link(machines: &mut dyn Machines, node: &str, args: &[&str]) -> Outcome {
    let up = match args {
        ["eth0", "up"] => true,
        ["eth0", "down"] => false,
        ["eth0", other] => {
            let text = format!("error: invalid link state '{other}'\n");
            return Outcome::fail(1, text);
        }
        [other, _] => return Outcome::fail(1, format!("error: interface ({other}) not found\n")),
        _ => return Outcome::fail(1, "error: command 'domif-setlink' requires <interface> option\n"),
    };
    // A link that is in this state already is no mistake to virsh.
    let _ = machines.set_link(node, up);
    Outcome::out("Device updated successfully\n\n")
}

fn list(machines: &dyn Machines, all: bool) -> Outcome {
    let mut names: Vec<(String, bool)> = Vec::new();
    for name in machines.names() {
        let running = machines.is_powered(&name);
        if running || all {
            names.push((name, running));
        }
    }
    let width = names.iter().map(|(name, _)| name.len()).max().unwrap_or(0).max(4);
    let mut text = format!(" Id   {:width$}   State\n{}\n", "Name", "-".repeat(width + 20));
    for (at, (name, running)) in names.iter().enumerate() {
        let id = if *running { (at + 1).to_string() } else { "-".to_owned() };
        let state = if *running { "running" } else { "shut off" };
        text += &format!(" {id:<4} {name:width$}   {state}\n");
    }
    Outcome::out(text + "\n")
}
