//! The deeds of a person: the only way to change the world.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use super::bytes::Bytes;

/// One deed. What it brings about takes virtual time like everything else.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "do", rename_all = "camelCase")]
pub enum Command {
    /// A line typed in a shell: `kubectl …`, `crictl …`, `ssh NODE sudo …`. `files` are the files of the
    /// person's own directory that the line names.
    Exec {
        line: String,
        #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
        files: BTreeMap<String, Bytes>,
    },
    /// Saves a file on a node's disk; its directory is made if it is missing.
    WriteFile {
        node: String,
        path: String,
        text: Bytes,
    },
    RemoveFile {
        node: String,
        path: String,
    },
    MoveFile {
        node: String,
        from: String,
        to: String,
    },
    StopKubelet {
        node: String,
    },
    StartKubelet {
        node: String,
    },
    RestartKubelet {
        node: String,
    },
    /// A container's program ends with this exit code, as if it had crashed.
    CrashContainer {
        node: String,
        namespace: String,
        pod: String,
        container: String,
        exit_code: i32,
    },
    /// Moves kube-apiserver's manifest out of the control plane's manifest directory, or back (CP-020).
    SetApiServer {
        up: bool,
    },
}

impl Command {
    /// The shell line that a person would type to do the same: what the console shows.
    pub fn shell_line(&self) -> String {
        let ssh = |node: &str, command: String| format!("ssh {node} {command}");
        match self {
            Command::Exec { line, .. } => line.clone(),
            Command::WriteFile { node, path, .. } => ssh(node, format!("sudo tee {path}")),
            Command::RemoveFile { node, path } => ssh(node, format!("sudo rm {path}")),
            Command::MoveFile { node, from, to } => ssh(node, format!("sudo mv {from} {to}")),
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
            Command::SetApiServer { up } => {
                let (inside, outside) =
                    ("/etc/kubernetes/manifests/kube-apiserver.yaml", "/tmp/kube-apiserver.yaml");
                let (from, to) = if *up { (outside, inside) } else { (inside, outside) };
                ssh("control-plane", format!("sudo mv {from} {to}"))
            }
        }
    }
}
