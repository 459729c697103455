//! What a shell has elsewhere and this one has not: a sentence instead of silence.

/// What to say of a command that is not simulated; `None`: nobody would expect it here.
pub(super) fn absent(name: &str) -> Option<String> {
    let why = match name {
        "for" | "while" | "until" | "if" | "case" | "select" | "function" => {
            "this console reads one command after the other, with |, &&, || and ;"
        }
        "awk" | "jq" | "less" | "more" | "paste" | "perl" | "python3" | "xargs" | "yq" => {
            "grep, head, tail, cut, sed, sort and wc are, and kubectl get -o jsonpath=… picks values"
        }
        "curl" | "dig" | "netstat" | "nc" | "nslookup" | "ping" | "ss" | "traceroute" | "wget" => {
            "no traffic flows here"
        }
        "df" | "dmesg" | "du" | "free" | "htop" | "lsof" | "mount" | "nproc" | "ps" | "top" | "uname"
        | "uptime" => "of a node's computer there are files, systemd, the kubelet's journal and crictl",
        "ctr" | "docker" | "nerdctl" | "podman" => "the runtime is containerd, and crictl talks to it",
        "helm" | "k9s" | "kind" | "kubeadm" | "kustomize" | "minikube" | "stern" => {
            "kubectl and the nodes' own tools are"
        }
        "emacs" | "nano" | "vi" | "vim" => {
            "edit the file in the editor, or a node's with sed -i, tee or cat <<EOF"
        }
        "man" => "kubectl COMMAND --help and help say what is there",
        name if is_assignment(name) => {
            return Some("(variables are not simulated: write out the value where it is used)\n".to_owned());
        }
        _ => return None,
    };
    Some(format!("({name} is not simulated: {why})\n"))
}

/// `NS=kube-system`.
fn is_assignment(word: &str) -> bool {
    let is_name = |name: &str| {
        let starts = name.starts_with(|c: char| c.is_ascii_alphabetic() || c == '_');
        starts && name.chars().all(|c| c.is_ascii_alphanumeric() || c == '_')
    };
    word.split_once('=').is_some_and(|(name, _)| is_name(name))
}

/// The words that go on with a loop or a condition whose beginning was refused already.
pub(super) fn goes_on(name: &str) -> bool {
    matches!(name, "do" | "done" | "then" | "elif" | "else" | "fi" | "esac")
}
