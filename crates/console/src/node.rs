//! A simple command on a node.

use super::power::{self, PowerVerb};
use super::{Machines, absent, crictl, files, sed, systemd};
use cli_runtime::job::{Deed, Outcome};
use cli_runtime::time::unix_date;

/// Carries out a [`Deed`]: the words are a program and its arguments. No words at all only knock. Without a
/// node it is `virsh` on the person's own computer.
pub fn node_shell(machines: &mut dyn Machines, deed: &Deed) -> Outcome {
    let node = deed.node.as_str();
    if let Some((name, args)) = deed.words.split_first()
        && node.is_empty()
        && name == "virsh"
    {
        return power::virsh(machines, args);
    }
    if !machines.names().iter().any(|name| name == node) {
        let text = format!("ssh: Could not resolve hostname {node}: Name or service not known\n");
        return Outcome::fail(255, text);
    }
    if !machines.is_reachable(node) {
        return Outcome::fail(255, format!("ssh: connect to host {node} port 22: No route to host\n"));
    }
    let Some((name, args)) = deed.words.split_first() else { return Outcome::default() };
    let stdin = deed.stdin.as_deref().unwrap_or_default();
    match name.as_str() {
        "ls" => files::ls(machines, node, args),
        "cat" => files::cat(machines, node, args, stdin),
        "mv" => files::mv(machines, node, args),
        "cp" => files::cp(machines, node, args),
        "rm" => files::rm(machines, node, args),
        "rmdir" => files::rmdir(machines, node, args),
        "touch" => files::touch(machines, node, args),
        "mkdir" => files::mkdir(machines, node, args),
        "tee" => files::tee(machines, node, args, stdin),
        "sed" => sed::sed(machines, node, args, stdin),
        "stat" => files::stat(machines, node, args),
        "test" | "[" => files::test(machines, node, args),
        "find" => files::find(machines, node, args),
        "poweroff" | "halt" => power::power(machines, node, PowerVerb::Off),
        "reboot" => power::power(machines, node, PowerVerb::Reboot),
        "shutdown" => power::shutdown(machines, node, args),
        "ip" => power::ip(machines, node, args),
        "systemctl" => systemd::systemctl(machines, node, args),
        "service" => systemd::service(machines, node, args),
        "journalctl" => systemd::journalctl(machines, node, args),
        "crictl" => crictl::crictl(machines, node, args),
        "kill" => crictl::kill(machines, node, args),
        "hostname" => Outcome::out(format!("{node}\n")),
        "whoami" => Outcome::out("root\n"),
        "pwd" => Outcome::out("/root\n"),
        "date" => Outcome::out(format!("{}\n", unix_date(machines.now()))),
        "ssh" | "scp" => Outcome::fail(1, format!("({name} from a node to another is not simulated)\n")),
        name if absent::goes_on(name) => Outcome::fail(1, ""),
        name => match absent::absent(name) {
            Some(text) => Outcome::fail(1, text),
            None => Outcome::fail(127, format!("bash: line 1: {name}: command not found\n")),
        },
    }
}
