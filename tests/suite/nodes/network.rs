//! A node whose network plugin is gone, or not there yet.

use stage::Command;

use crate::suite::person::Person;

const CONFIG: &str = "/etc/cni/net.d/10-bridge.conflist";

fn condition(person: &mut Person, node: &str) -> [String; 3] {
    ["status", "reason", "message"].map(|field| {
        person.field(&format!("node {node}"), &format!(".status.conditions[?(@.type==\"Ready\")].{field}"))
    })
}

/// Seconds until the node's Ready condition is this, looked at each second.
fn seconds_until(person: &mut Person, node: &str, status: &str) -> u64 {
    let start = person.stage.now();
    while condition(person, node)[0] != status {
        person.wait(1);
        assert!(person.stage.now().since(start).as_secs() < 60, "{node} never becomes {status}");
    }
    person.stage.now().since(start).as_secs()
}

#[test]
fn nd_013_a_node_that_loses_its_network_plugin_says_so_itself() {
    let mut person = Person::new();
    assert_eq!(person.run(&format!("ssh worker-1 sudo mv {CONFIG} /root/")), "");
    // No grace period: the kubelet is alive.
    assert!(seconds_until(&mut person, "worker-1", "False") <= 12);
    let [_, reason, message] = condition(&mut person, "worker-1");
    assert_eq!(reason, "KubeletNotReady");
    assert!(message.ends_with("Network plugin returns error: cni plugin not initialized"), "{message}");
    assert!(person.run("kubectl get events").contains("Node worker-1 status is now: NodeNotReady"));
    assert_eq!(person.run(&format!("ssh worker-1 sudo mv /root/10-bridge.conflist {CONFIG}")), "");
    assert!(seconds_until(&mut person, "worker-1", "True") <= 12);
}

/// What kubeadm leaves behind: no plugin. What brings one is a DaemonSet that needs no network itself.
#[test]
fn cp_010_a_node_without_a_network_plugin_runs_only_what_shares_its_own_network() {
    let mut person = Person::new();
    for line in ["sudo rm /etc/cni/net.d/10-bridge.conflist", "sudo systemctl restart kubelet"] {
        assert_eq!(person.run(&format!("ssh worker-1 {line}")), "");
    }
    seconds_until(&mut person, "worker-1", "False");
    let spec = |name: &str, more: &str| {
        format!(
            "apiVersion: v1\nkind: Pod\nmetadata:\n  name: {name}\nspec:\n  nodeName: worker-1\n{more}  containers:\n  \
             - name: app\n    image: nginx\n"
        )
    };
    person.apply(&spec("web", ""));
    person.apply(&spec("host", "  hostNetwork: true\n"));
    person.wait(10);
    assert_eq!(person.field("pod host", ".status.phase"), "Running");
    assert_eq!(person.field("pod web", ".status.phase"), "Pending");
    assert!(person.run("kubectl describe pod web").contains("NetworkNotReady"));
    person.wait(10);
    assert_eq!(person.field("pod web", ".status.phase"), "Pending");
    let path = "/etc/cni/net.d/10-mine.conf".to_owned();
    let text = r#"{"type": "bridge"}"#.into();
    person.stage.perform(Command::WriteFile { node: "worker-1".to_owned(), path, text });
    person.wait(10);
    assert_eq!(person.field("pod web", ".status.phase"), "Running");
    seconds_until(&mut person, "worker-1", "True");
}
