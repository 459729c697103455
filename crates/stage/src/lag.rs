//! Whether a kubelet runs what its file says: between the two may be a kubelet that is stopped, a text that it cannot
//! read, and the time that a pod takes to end.

use api::object::Key;
use cluster::Cluster;
use cluster::machine::Machine;
use kubelet::manifest::read_manifest;
use kubelet::runtime::sandbox::{Container, Sandbox};
use sim::Time;
use sim::files::{file_name, parent};

use crate::drift::{Difference, Sides, differences};

/// Why a kubelet runs something else than its file says.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Cause {
    /// It is stopped. What it has started goes on.
    KubeletStopped,
    /// It cannot read the file, and keeps what it has read before until it looks through its directory again.
    Unreadable,
    /// It has not heard of the change yet, or what it ran before is still ending.
    NotYet,
}

/// How what a kubelet runs differs from its file.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Lag {
    /// Why it does.
    pub cause: Cause,
    /// The pod that runs: `default/web-worker-1`.
    pub pod: String,
    /// The fields that have other values there (as `cluster`); none where the file cannot be read.
    pub differences: Vec<Difference>,
}

/// How the pod that runs differs from the file it comes from; `None` where nothing runs of it, or just what it says.
pub(crate) fn of_file(cluster: &Cluster, node: &str, path: &str) -> Option<Lag> {
    let machine = cluster.machine(node)?;
    let is_stopped = !machine.kubelet.is_running();
    let directory = machine.manifest_directory();
    if directory != parent(path) || file_name(path).starts_with('.') {
        return None;
    }
    let wanted = read_manifest(&machine.files.file(path)?.bytes, path, node, Time::START).ok();
    let own = wanted.as_ref().map(|manifest| Key::of(&manifest.pod.meta));
    let running = running_of(machine, &directory, path, own.as_ref())?;
    let cause = match wanted {
        _ if is_stopped => Cause::KubeletStopped,
        None => Cause::Unreadable,
        Some(_) => Cause::NotYet,
    };
    let pod = format!("{}/{}", running.namespace(), running.name);
    let Some(wanted) = wanted else { return Some(Lag { cause, pod, differences: Vec::new() }) };
    let found = differences(&written(&wanted.pod), &written(&running.as_pod()), Sides::Both);
    // Another pod than the one that runs is told though their fields are the same.
    let is_other = own.is_some_and(|own| own != key_of(running));
    (is_other || !found.is_empty()).then_some(Lag { cause, pod, differences: found })
}

/// A pod without what its kubelet has put in.
fn written(pod: &api::pod::Pod) -> serde_json::Value {
    let mut value = pod.to_value();
    if let Some(spec) = value["spec"].as_object_mut() {
        spec.remove("nodeName");
    }
    if let Some(annotations) = value["metadata"]["annotations"].as_object_mut() {
        annotations.retain(|key, _| !key.starts_with("kubernetes.io/config."));
        if annotations.is_empty() {
            value["metadata"]["annotations"] = serde_json::Value::Null;
        }
    }
    value
}

fn key_of(sandbox: &Sandbox) -> Key {
    Key::new(sandbox.namespace(), &sandbox.name)
}

/// What runs of a file: the static pod of the name it gives, else the one that it gave when it was read last. A
/// stopped kubelet has forgotten that; then it is the one that no other file gives.
fn running_of<'a>(
    machine: &'a Machine,
    directory: &str,
    path: &str,
    own: Option<&Key>,
) -> Option<&'a Sandbox> {
    let is_running = |sandbox: &&Sandbox| sandbox.containers.iter().any(Container::is_running);
    let runs = || {
        let sandboxes = machine.kubelet.runtime.sandboxes().iter();
        sandboxes.filter(is_running).filter(|sandbox| sandbox.as_pod().is_static())
    };
    if let Some(found) = runs().find(|sandbox| own.is_some_and(|own| key_of(sandbox) == *own)) {
        return Some(found);
    }
    if machine.kubelet.is_running() {
        return runs().find(|sandbox| machine.file_of(sandbox.namespace(), &sandbox.name) == Some(path));
    }
    let others = machine.files.list(directory).filter_map(|(name, _)| {
        let other = format!("{directory}/{name}");
        let text = &machine.files.file(&other).filter(|_| other != path)?.bytes;
        let manifest = read_manifest(text, &other, &machine.name, Time::START).ok()?;
        Some(Key::of(&manifest.pod.meta))
    });
    let others: Vec<Key> = others.collect();
    let mut left = runs().filter(|sandbox| !others.contains(&key_of(sandbox)));
    let found = left.next();
    found.filter(|_| left.next().is_none())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{Command, DEMO_STATIC_POD, Options, Stage};
    use sim::Duration;

    const NODE: &str = "worker-1";
    const WEB: &str = "/etc/kubernetes/manifests/web.yaml";

    fn write(stage: &mut Stage, text: &str) {
        let (node, path) = (NODE.to_owned(), WEB.to_owned());
        stage.perform(Command::WriteFile { node, path, text: text.into() });
    }

    fn wait(stage: &mut Stage, millis: u64) {
        let until = stage.now() + Duration::from_millis(millis);
        stage.run_until(until);
    }

    /// A path, what the file has there, and what runs.
    type Row = (String, String, String);

    fn lag(stage: &Stage) -> Option<(Cause, Vec<Row>)> {
        let lag = stage.lag(NODE, WEB)?;
        assert_eq!(lag.pod, "default/web-worker-1");
        let row =
            |found: &Difference| (found.path.clone(), found.file.to_string(), found.cluster.to_string());
        Some((lag.cause, lag.differences.iter().map(row).collect()))
    }

    fn image(now: &str, before: &str) -> Vec<Row> {
        vec![("spec.containers[0].image".to_owned(), format!("{now:?}"), format!("{before:?}"))]
    }

    #[test]
    fn a_change_lags_until_the_former_pod_has_ended() {
        let mut stage = Stage::new(Options::default());
        assert_eq!(lag(&stage), None);
        write(&mut stage, &DEMO_STATIC_POD.replace("1.29", "1.30"));
        assert_eq!(lag(&stage), Some((Cause::NotYet, image("nginx:1.30", "nginx:1.29"))));
        wait(&mut stage, 60_000);
        assert_eq!(lag(&stage), None);
    }

    #[test]
    fn a_stopped_kubelet_runs_what_it_has_read() {
        let mut stage = Stage::new(Options::default());
        stage.perform(Command::StopKubelet { node: NODE.to_owned() });
        assert_eq!(lag(&stage), None);
        write(&mut stage, &DEMO_STATIC_POD.replace("1.29", "1.30"));
        wait(&mut stage, 60_000);
        assert_eq!(lag(&stage), Some((Cause::KubeletStopped, image("nginx:1.30", "nginx:1.29"))));
        // Under another name it is still the only pod that no other file gives.
        write(&mut stage, &DEMO_STATIC_POD.replace("name: web", "name: other"));
        assert_eq!(stage.lag(NODE, WEB).unwrap().cause, Cause::KubeletStopped);
        write(&mut stage, "kind: [");
        assert_eq!(lag(&stage), Some((Cause::KubeletStopped, vec![])));
        stage.perform(Command::StartKubelet { node: NODE.to_owned() });
        wait(&mut stage, 60_000);
        assert_eq!(stage.lag(NODE, WEB), None);
    }

    #[test]
    fn what_cannot_be_read_takes_nothing_away_until_the_next_scan() {
        let mut stage = Stage::new(Options::default());
        write(&mut stage, "kind: [");
        wait(&mut stage, 500);
        assert_eq!(lag(&stage), Some((Cause::Unreadable, vec![])));
        wait(&mut stage, 60_000);
        assert_eq!(lag(&stage), None);
    }

    #[test]
    fn a_field_that_the_file_has_lost_is_told_too() {
        let mut stage = Stage::new(Options::default());
        write(&mut stage, &DEMO_STATIC_POD.replace("  labels:\n    app: web\n", ""));
        let lost = ("metadata.labels".to_owned(), "null".to_owned(), r#"{"app":"web"}"#.to_owned());
        assert_eq!(lag(&stage), Some((Cause::NotYet, vec![lost])));
    }

    #[test]
    fn files_that_no_kubelet_reads_have_no_pod() {
        let stage = Stage::new(Options::default());
        assert_eq!(stage.lag(NODE, "/tmp/web.yaml"), None);
        assert_eq!(stage.lag(NODE, "/etc/kubernetes/manifests/none.yaml"), None);
        assert_eq!(stage.lag("nobody", WEB), None);
    }
}
