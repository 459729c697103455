//! What a shell has elsewhere and this one has not: a sentence instead of silence.

/// `(less is not simulated: …)`
pub(super) fn sentence(name: &str, why: &str) -> String {
    format!("({name} is not simulated: {why})\n")
}

/// What to say of a command that is not simulated; `None`: nobody would expect it here.
pub(super) fn absent(name: &str) -> Option<String> {
    let why = match name {
        "perl" | "python" | "python3" | "ruby" | "node" | "yq" => {
            "grep, sed, awk and jq are, and kubectl get -o jsonpath=… picks values"
        }
        "curl" => "only what listens on the nodes can be asked, and from there: ssh NODE",
        "dig" | "nc" | "netcat" | "nslookup" | "host" | "ping" | "telnet" | "traceroute" | "wget"
        | "tcpdump" | "iptables" | "ipvsadm" | "nft" | "openssl" | "etcdctl" | "etcdutl" | "rsync"
        | "git" => "no traffic flows here",
        "dmesg" | "htop" | "lsof" | "mount" | "umount" | "top" | "lsblk" | "lscpu" | "vmstat" | "iostat"
        | "sysctl" | "modprobe" | "swapoff" | "apt" | "apt-get" | "apt-mark" | "dnf" | "yum" | "useradd" => {
            "of a node's computer there are files, systemd, ip, the kubelet's journal and crictl"
        }
        "ip" | "service" | "poweroff" | "reboot" | "shutdown" | "halt" => "it is on the nodes: ssh NODE",
        "df" | "free" | "hostnamectl" | "netstat" | "nproc" | "ps" | "pgrep" | "pkill" | "ss" | "uptime"
        | "kubelet" => "it is on the nodes: ssh NODE",
        "containerd" | "ctr" | "docker" | "nerdctl" | "podman" => {
            "the runtime is containerd, and crictl talks to it"
        }
        "helm" | "k9s" | "kind" | "kustomize" | "minikube" | "stern" | "kubectx" | "kubens" => {
            "kubectl and the nodes' own tools are"
        }
        "emacs" | "ed" | "ex" => "vi and nano are, and sed -i",
        "tmux" | "screen" => "there is one screen here",
        "tar" | "gzip" | "gunzip" | "zip" | "unzip" | "xz" => "archives cannot be made or read here",
        "man" | "info" => "kubectl COMMAND --help and help say what is there",
        "su" | "passwd" | "chgrp" => "everybody is root here",
        "crontab" | "at" => "commands run when they are typed",
        _ => return None,
    };
    Some(sentence(name, why))
}
