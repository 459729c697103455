//! A command that only a node's computer can carry out.

use super::host_error::HostError;
use super::power::{self, PowerVerb};
use super::{Machines, absent, crictl, curl, processes, systemd};
use cli_runtime::job::{Client, HostCommand, Outcome};

/// Carries out a [`HostCommand`]: the words are a program and its arguments. No words at all only ask whether the
/// node answers. Without a node it is `virsh` on the person's own computer.
pub fn node_shell(machines: &mut dyn Machines, command: &HostCommand) -> Outcome {
    let node = command.node.as_str();
    if let Some((name, args)) = command.words.split_first()
        && node.is_empty()
        && name == "virsh"
    {
        return power::virsh(machines, args);
    }
    if !machines.names().iter().any(|name| name == node) {
        return Outcome::fail(255, format!("{}\n", HostError::UnknownHost(node.to_owned())));
    }
    if !machines.is_reachable(node) {
        return Outcome::fail(255, format!("{}\n", HostError::NoRoute(node.to_owned())));
    }
    let Some((name, args)) = command.words.split_first() else { return Outcome::default() };
    match name.as_str() {
        "poweroff" | "halt" => power::power(machines, node, PowerVerb::Off),
        "reboot" => power::power(machines, node, PowerVerb::Reboot),
        "shutdown" => power::shutdown(machines, node, args),
        "ip" => power::ip(machines, node, args),
        "systemctl" => systemd::systemctl(machines, node, args),
        "service" => systemd::service(machines, node, args),
        "journalctl" => systemd::journalctl(machines, node, args),
        "crictl" => crictl::crictl(machines, node, args),
        "kill" => crictl::kill(machines, node, args),
        "curl" => curl::curl(machines, node, args),
        "netstat" => processes::netstat(machines, node, args),
        "pgrep" => processes::pgrep(machines, node, args),
        "ps" => processes::ps(machines, node, args),
        "ss" => processes::ss(machines, node, args),
        "uptime" => processes::uptime(machines, node, args),
        "kubelet" if args.first().is_some_and(|flag| flag == "--version") => {
            Outcome::out(format!("Kubernetes {}\n", Client::default().version))
        }
        "df" | "free" | "hostnamectl" | "kubelet" | "lsof" | "nproc" | "pkill" => {
            let why = "of a node's processes there are ps, ss, systemctl status kubelet and crictl ps";
            Outcome::fail(127, absent::sentence(name, why))
        }
        name => match absent::absent(name) {
            Some(text) => Outcome::fail(127, text),
            None => Outcome::fail(127, format!("bash: line 1: {name}: command not found\n")),
        },
    }
}
