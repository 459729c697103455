//! The actions of a person: the only way to change the world.

use serde::{Deserialize, Serialize};
use sim::SortedMap;

use super::bytes::Bytes;
use console::{Edited, quoted};

/// One action. What it brings about takes virtual time like everything else.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "do", rename_all = "camelCase")]
pub enum Command {
    /// A line typed in a shell: `kubectl …`, `crictl …`, `ssh NODE sudo …`. `files` are the files of the
    /// person's own directory that the line names.
    Exec {
        /// The line.
        line: String,
        /// The files, by their names in that directory.
        #[serde(default, skip_serializing_if = "SortedMap::is_empty")]
        files: SortedMap<String, Bytes>,
    },
    /// A line entered in a terminal, whose shell keeps its variables, directory and sessions from line to
    /// line. While a command runs there, it is what that command reads. `files` are put into the home
    /// directory first.
    Enter {
        /// The terminal's number.
        #[serde(default, skip_serializing_if = "is_zero")]
        terminal: u32,
        /// The line.
        line: String,
        /// How many characters wide the terminal is. 0: the output goes elsewhere than to a screen, so
        /// nothing is laid out in columns and no screen is cleared.
        #[serde(default, skip_serializing_if = "is_nothing")]
        columns: u16,
        /// The files, by their paths in the home directory.
        #[serde(default, skip_serializing_if = "SortedMap::is_empty")]
        files: SortedMap<String, Bytes>,
    },
    /// Ctrl-D in a terminal: nothing more is typed for the command that runs; at the prompt, the shell ends.
    EndInput {
        /// The terminal's number.
        #[serde(default, skip_serializing_if = "is_zero")]
        terminal: u32,
    },
    /// Ctrl-C: ends a running command, by the number that its start returned, with exit code 130.
    Interrupt {
        /// The number of the command.
        job: u32,
    },
    /// How the editing ended that a running command asked for.
    Edited {
        /// The number of the command.
        job: u32,
        /// How.
        outcome: EditOutcome,
    },
    /// Saves a file on a node's disk; its directory is made if it is missing.
    WriteFile {
        /// The node.
        node: String,
        /// The absolute path of the file.
        path: String,
        /// What the file holds.
        text: Bytes,
    },
    /// Removes a file from a node's disk.
    RemoveFile {
        /// The node.
        node: String,
        /// The absolute path of the file.
        path: String,
    },
    /// Moves a file on a node's disk.
    MoveFile {
        /// The node.
        node: String,
        /// Where it is.
        from: String,
        /// Where it goes; into it, where it is a directory.
        to: String,
    },
    /// Copies a file on a node's disk.
    CopyFile {
        /// The node.
        node: String,
        /// The file.
        from: String,
        /// The path of its copy, which is no directory.
        to: String,
    },
    /// Stops a kubelet's process. Its containers go on.
    StopKubelet {
        /// The node.
        node: String,
    },
    /// Starts a kubelet's process.
    StartKubelet {
        /// The node.
        node: String,
    },
    /// Stops a kubelet's process and starts another one, which reads its configuration again.
    RestartKubelet {
        /// The node.
        node: String,
    },
    /// A container's program ends with this exit code, as if it had crashed.
    CrashContainer {
        /// The node that it runs on.
        node: String,
        /// The pod's namespace.
        namespace: String,
        /// The pod's name.
        pod: String,
        /// The container's name.
        container: String,
        /// The exit code.
        exit_code: i32,
    },
    /// Switches a machine off at once: its kubelet and all its containers are gone, its disk stays.
    PowerOff {
        /// The machine.
        node: String,
    },
    /// Switches a machine on. It boots, and its kubelet starts.
    PowerOn {
        /// The machine.
        node: String,
    },
    /// Pulls a machine's network cable out.
    CutNetwork {
        /// The machine.
        node: String,
    },
    /// Puts a machine's network cable in again.
    RestoreNetwork {
        /// The machine.
        node: String,
    },
    /// A new machine boots and joins the cluster as a worker.
    AddMachine {
        /// The new machine's name.
        node: String,
        /// The labels of its Node.
        #[serde(default, skip_serializing_if = "SortedMap::is_empty")]
        labels: SortedMap<String, String>,
    },
    /// Takes a machine away for good; its Node stays until it is deleted.
    RemoveMachine {
        /// The machine.
        node: String,
    },
    /// Moves kube-apiserver's manifest out of the control plane's manifest directory, or back (CP-020).
    SetApiServer {
        /// Whether it goes back.
        up: bool,
    },
}

/// How a person's editing of a file ended.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub enum EditOutcome {
    /// The file was saved with these bytes.
    Saved(Bytes),
    /// Left without saving.
    Left,
    /// There is no editor.
    NoEditor,
}

impl From<EditOutcome> for Edited {
    fn from(outcome: EditOutcome) -> Edited {
        match outcome {
            EditOutcome::Saved(text) => Edited::Saved(text.into_bytes()),
            EditOutcome::Left => Edited::Left,
            EditOutcome::NoEditor => Edited::NoEditor,
        }
    }
}

fn is_zero(number: &u32) -> bool {
    *number == 0
}

fn is_nothing(number: &u16) -> bool {
    *number == 0
}

impl Command {
    /// Whether it is for a shell, which needs its programs.
    pub fn needs_programs(&self) -> bool {
        use Command::*;
        matches!(self, Exec { .. } | Enter { .. } | EndInput { .. } | Interrupt { .. } | Edited { .. })
    }

    /// The shell line that a person would type to do the same: what the console shows.
    pub fn shell_line(&self) -> String {
        let ssh = |node: &str, command: String| format!("ssh {node} {command}");
        match self {
            Command::Exec { line, .. } | Command::Enter { line, .. } => line.clone(),
            Command::EndInput { .. } => "exit".to_owned(),
            Command::Interrupt { .. } => "^C".to_owned(),
            Command::Edited { .. } => ":wq".to_owned(),
            Command::WriteFile { node, path, .. } => ssh(node, format!("sudo tee {}", quoted(path))),
            Command::RemoveFile { node, path } => ssh(node, format!("sudo rm {}", quoted(path))),
            Command::MoveFile { node, from, to } => {
                ssh(node, format!("sudo mv {} {}", quoted(from), quoted(to)))
            }
            Command::CopyFile { node, from, to } => {
                ssh(node, format!("sudo cp {} {}", quoted(from), quoted(to)))
            }
            Command::StopKubelet { node } => ssh(node, "sudo systemctl stop kubelet".to_owned()),
            Command::StartKubelet { node } => ssh(node, "sudo systemctl start kubelet".to_owned()),
            Command::RestartKubelet { node } => ssh(node, "sudo systemctl restart kubelet".to_owned()),
            Command::CrashContainer { node, namespace, pod, container, exit_code } => {
                let find = format!(
                    "crictl ps -q --name '^{container}$' --label io.kubernetes.pod.name={pod} --label io.kubernetes.pod.namespace={namespace}"
                );
                if *exit_code == 137 {
                    ssh(node, format!("sudo crictl stop --timeout 0 \"$({find})\""))
                } else {
                    ssh(
                        node,
                        format!(
                            "sudo kill -9 \"$(sudo crictl inspect -o go-template --template '{{{{.info.pid}}}}' \"$({find})\")\""
                        ),
                    )
                }
            }
            Command::PowerOff { node } => ssh(node, "sudo poweroff -f".to_owned()),
            Command::PowerOn { node } => format!("virsh start {node}"),
            Command::CutNetwork { node } => format!("virsh domif-setlink {node} eth0 down"),
            Command::RestoreNetwork { node } => format!("virsh domif-setlink {node} eth0 up"),
            Command::AddMachine { node, labels } if labels.is_empty() => {
                ssh(node, "sudo kubeadm join control-plane:6443".to_owned())
            }
            Command::AddMachine { node, labels } => {
                let labels: Vec<String> =
                    labels.iter().map(|(key, value)| format!("{key}={value}")).collect();
                let extra = format!("KUBELET_EXTRA_ARGS=--node-labels={}", labels.join(","));
                let tee = format!("echo {extra} | sudo tee /etc/default/kubelet");
                ssh(node, format!("'{tee} && sudo kubeadm join control-plane:6443'"))
            }
            Command::RemoveMachine { node } => {
                format!("virsh destroy {node}; virsh undefine {node} --remove-all-storage")
            }
            Command::SetApiServer { up } => {
                let (inside, outside) =
                    ("/etc/kubernetes/manifests/kube-apiserver.yaml", "/tmp/kube-apiserver.yaml");
                let (from, to) = if *up { (outside, inside) } else { (inside, outside) };
                ssh("control-plane", format!("sudo mv {from} {to}"))
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use expect_test::expect;

    use super::*;

    #[test]
    fn deeds_to_machines_have_lines_and_survive_as_text() {
        let node = || "worker-4".to_owned();
        let labels =
            [("disk", "ssd"), ("pool", "blue")].map(|(key, value)| (key.to_owned(), value.to_owned()));
        let commands = [
            Command::PowerOff { node: node() },
            Command::PowerOn { node: node() },
            Command::CutNetwork { node: node() },
            Command::RestoreNetwork { node: node() },
            Command::AddMachine { node: node(), labels: SortedMap::new() },
            Command::AddMachine { node: node(), labels: labels.into() },
            Command::RemoveMachine { node: node() },
        ];
        let mut text = String::new();
        for command in commands {
            let written = serde_json::to_string(&command).unwrap();
            text += &format!("{}\n  {written}\n", command.shell_line());
            assert_eq!(serde_json::from_str::<Command>(&written).unwrap(), command);
        }
        expect![[r#"
            ssh worker-4 sudo poweroff -f
              {"do":"powerOff","node":"worker-4"}
            virsh start worker-4
              {"do":"powerOn","node":"worker-4"}
            virsh domif-setlink worker-4 eth0 down
              {"do":"cutNetwork","node":"worker-4"}
            virsh domif-setlink worker-4 eth0 up
              {"do":"restoreNetwork","node":"worker-4"}
            ssh worker-4 sudo kubeadm join control-plane:6443
              {"do":"addMachine","node":"worker-4"}
            ssh worker-4 'echo KUBELET_EXTRA_ARGS=--node-labels=disk=ssd,pool=blue | sudo tee /etc/default/kubelet && sudo kubeadm join control-plane:6443'
              {"do":"addMachine","node":"worker-4","labels":{"disk":"ssd","pool":"blue"}}
            virsh destroy worker-4; virsh undefine worker-4 --remove-all-storage
              {"do":"removeMachine","node":"worker-4"}
        "#]].assert_eq(&text);
    }
}
