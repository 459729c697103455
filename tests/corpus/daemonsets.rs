//! DaemonSet files: applied with kubectl as they are, and once more with what they need beside them.

use std::collections::{BTreeMap, BTreeSet};

use api::pod::{ConditionType, Phase, Pod};
use serde_json::{Value, json};

use super::CorpusEntry;
use super::expect::{Complaints, sorted, strings};
use super::facts;
use super::world::{Said, World, target};

pub fn check(entry: &CorpusEntry, standard: &World, complaints: &mut Complaints) {
    let mut world = standard.clone();
    let said = world.apply(&entry.name, entry.bytes());
    check_created(&strings(&entry.value["apply"]["created"]), &said, &world, complaints);
    let rejected = entry.value["apply"]["rejected"].as_array().map_or(&[][..], Vec::as_slice);
    for one in rejected {
        complaints.contains("what kubectl reports", &one["because"], &said.text);
    }
    complaints.same("exit code", &Some(i32::from(!rejected.is_empty())), &said.exit_code);
    let also = &entry.value["also"];
    complaints.contains("what kubectl reports", &also["warning"], &said.text);
    check_warn_line(also, &world, entry.bytes(), complaints);
    if let Some(reason) = also["pods_fail"].as_str() {
        return check_pods_fail(entry, reason, &mut world, complaints);
    }
    world.settle();
    for expected in daemonsets(entry) {
        check_nodes("nodesWhenAppliedAlone", expected, &world, complaints);
        check_blocked(expected, also, &world, complaints);
        if expected.get("blockedBy").is_none() {
            check_placed(expected, also, &world, complaints);
        }
    }
    if daemonsets(entry).any(|expected| expected.get("blockedBy").is_some()) {
        check_with_prerequisites(entry, standard, complaints);
    }
}

fn daemonsets(entry: &CorpusEntry) -> impl Iterator<Item = &Value> {
    entry.value["daemonsets"].as_array().into_iter().flatten()
}

fn check_with_prerequisites(entry: &CorpusEntry, standard: &World, complaints: &mut Complaints) {
    let mut world = standard.clone();
    create_prerequisites(entry, &mut world, complaints);
    world.apply(&entry.name, entry.bytes());
    world.settle();
    for expected in daemonsets(entry) {
        check_placed(expected, &entry.value["also"], &world, complaints);
    }
}

/// What kubectl says it has created is what is expected, no more and no less, and is there.
pub fn check_created(expected: &[String], said: &Said, world: &World, complaints: &mut Complaints) {
    let created = said.text.lines().filter_map(|line| line.strip_suffix(" created"));
    let created = created.filter_map(|line| {
        let (resource, name) = line.split_once('/')?;
        Some(format!("{} {name}", resource.split('.').next().unwrap_or(resource)))
    });
    let wanted = expected.iter().filter_map(|object| {
        let (kind, name) = object.split_once(' ')?;
        Some(format!("{} {name}", kind.to_lowercase()))
    });
    let (wanted, created) = (sorted(wanted.collect()), sorted(created.collect()));
    if wanted != created {
        complaints
            .say(format!("created: expected {wanted:?}, got {created:?}; kubectl said {:?}", said.text));
    }
    for object in expected {
        let (kind, name) = object.split_once(' ').unwrap_or_default();
        complaints.holds(&format!("{object} is not there"), world.has(kind, name));
    }
}

pub fn check_warn_line(also: &Value, world: &World, bytes: &[u8], complaints: &mut Complaints) {
    if let Some(line) = also["warn_line"].as_u64() {
        let warned: Vec<u64> =
            world.stage.check_apply(bytes).iter().map(|found| u64::from(found.span.start.line)).collect();
        complaints.holds(&format!("warn_line: expected {line}, got {warned:?}"), warned.contains(&line));
    }
}

/// What stands between quotes after a word.
fn quoted<'a>(text: &'a str, word: &str) -> Option<&'a str> {
    let at = text.to_lowercase().find(word)?;
    text.get(at..)?.split('"').nth(1)
}

fn create_prerequisites(entry: &CorpusEntry, world: &mut World, complaints: &mut Complaints) {
    let blocked: Vec<String> = daemonsets(entry).flat_map(|ds| strings(&ds["blockedBy"])).collect();
    let all = |word: &'static str| -> BTreeSet<&str> {
        blocked.iter().filter_map(|text| quoted(text, word)).collect()
    };
    let (namespaces, accounts) = (all("namespaces \""), all("serviceaccount \""));
    let mut objects: Vec<Value> = Vec::new();
    for name in namespaces {
        objects.push(json!({"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": name}}));
    }
    for account in accounts {
        let (namespace, name) = account.split_once('/').unwrap_or(("default", account));
        let metadata = json!({"name": name, "namespace": namespace});
        objects.push(json!({"apiVersion": "v1", "kind": "ServiceAccount", "metadata": metadata}));
    }
    for name in all("priorityclass") {
        let (version, kind) = ("scheduling.k8s.io/v1", "PriorityClass");
        objects.push(json!({"apiVersion": version, "kind": kind, "metadata": {"name": name}, "value": 1000}));
    }
    for name in all("runtimeclass") {
        let (version, kind) = ("node.k8s.io/v1", "RuntimeClass");
        objects.push(
            json!({"apiVersion": version, "kind": kind, "metadata": {"name": name}, "handler": "runc"}),
        );
    }
    for object in objects {
        let said = world.apply("needed.json", object.to_string().as_bytes());
        complaints.holds(&format!("what it needs cannot be made: {}", said.text), said.exit_code == Some(0));
    }
    world.settle();
}

fn key(expected: &Value) -> (&str, &str) {
    let text = |key: &str| expected[key].as_str();
    (text("namespace").unwrap_or("default"), text("name").unwrap_or_default())
}

/// One pod for each node expected, and none elsewhere.
pub fn check_nodes(field: &str, expected: &Value, world: &World, complaints: &mut Complaints) {
    let Some(nodes) = expected.get(field) else { return };
    let (namespace, name) = key(expected);
    let pods = world.daemon_pods(namespace, name);
    let got = sorted(pods.iter().map(|pod| target(pod)).collect());
    complaints.same(&format!("{field} of {name}"), &sorted(strings(nodes)), &got);
}

/// The DaemonSet with all it needs: where its pods are, in which state, and whether it is what the file says.
fn check_placed(expected: &Value, also: &Value, world: &World, complaints: &mut Complaints) {
    check_nodes("nodes", expected, world, complaints);
    let (namespace, name) = key(expected);
    let Some(object) = world.object("DaemonSet", namespace, name) else {
        complaints.say(format!("DaemonSet {namespace}/{name} is not there"));
        return;
    };
    check_object(expected, &object, complaints);
    check_annotations(also, &object, complaints);
    for pod in world.daemon_pods(namespace, name) {
        check_pod(expected, also, &pod, world, complaints);
    }
}

fn check_object(expected: &Value, object: &Value, complaints: &mut Complaints) {
    let spec = &object["spec"];
    let same = |key: &str, got: &Value, complaints: &mut Complaints| {
        if let Some(expected) = expected.get(key)
            && !super::expect::is_part_of(expected, got)
        {
            complaints.say(format!("{key}: expected {expected}, got {got}"));
        }
    };
    same("apiVersion", &object["apiVersion"], complaints);
    same("selector", &spec["selector"], complaints);
    same("updateStrategy", &spec["updateStrategy"], complaints);
    same("podLabels", &spec["template"]["metadata"]["labels"], complaints);
    facts::check_spec(expected, &spec["template"]["spec"], complaints);
}

fn check_annotations(also: &Value, object: &Value, complaints: &mut Complaints) {
    let template = &object["spec"]["template"];
    for (key, value) in also["annotations"].as_object().into_iter().flatten() {
        let got = [&object["metadata"]["annotations"][key], &template["metadata"]["annotations"][key]];
        complaints.holds(&format!("annotation {key}: expected {value}, got {got:?}"), got.contains(&value));
    }
    if let Some(mode) = also.get("mode") {
        let volume = &template["spec"]["volumes"][0];
        let sources = volume.as_object().into_iter().flatten().map(|(_, source)| &source["defaultMode"]);
        let got: Vec<&Value> = sources.filter(|mode| !mode.is_null()).collect();
        complaints.same("mode", &vec![mode], &got);
    }
    if let Some(host_network) = also.get("hostNetwork") {
        complaints.same("hostNetwork", host_network, &template["spec"]["hostNetwork"]);
    }
    for (resource, amount) in also["requests"].as_object().into_iter().flatten() {
        let got = &template["spec"]["containers"][0]["resources"]["requests"][resource];
        complaints.same(&format!("requests.{resource}"), amount, got);
    }
}

/// Whether the pod of this node cannot be scheduled: each text names its node, or means them all.
fn stays_pending(expected: &Value, node: &str) -> bool {
    let why = strings(&expected["podsStayPending"]);
    let names_nodes = |text: &String| text.contains("worker-") || text.contains("control-plane");
    why.iter().any(|text| !names_nodes(text) || text.contains(node))
}

fn check_pod(expected: &Value, also: &Value, pod: &Pod, world: &World, complaints: &mut Complaints) {
    let node = target(pod);
    let what = format!("pod {} of {node}", pod.meta.name);
    if stays_pending(expected, &node) {
        let message = pod.status.condition(ConditionType::PodScheduled).and_then(|c| c.reason.clone());
        let message = message.map_or(String::new(), |reason| reason.message.to_string());
        complaints.same(&format!("node of {what}"), &None, &pod.node_name);
        let (_, name) = key(expected);
        complaints.contains(&format!("what the scheduler says of {what}"), &also["pending"][name], &message);
        return;
    }
    complaints.same(&format!("node of {what}"), &Some(node.as_str().into()), &pod.node_name);
    let waits = expected.get("containersWaitFor").is_some();
    let wanted = if waits { Phase::Pending } else { Phase::Running };
    let no_image = pod.to_value()["status"].to_string().contains("InvalidImageName");
    if pod.status.phase != wanted && !has_unmet_host_path(expected) && !no_image {
        let status = &pod.to_value()["status"];
        let (init, main) = (&status["initContainerStatuses"], &status["containerStatuses"]);
        complaints
            .say(format!("{what}: expected phase {wanted:?}, got {:?}: {init} {main}", pod.status.phase));
    }
    for object in strings(&expected["containersWaitFor"]) {
        check_waits_for(&object, pod, world, complaints);
    }
}

/// A file or socket of the node that the file names and no standard node has.
fn has_unmet_host_path(expected: &Value) -> bool {
    strings(&expected["hostPathTypesChecked"]).iter().any(|path| {
        let kind = path.split(' ').next().unwrap_or_default();
        !kind.ends_with("OrCreate")
    })
}

/// An event or a container's state names what it waits for.
fn check_waits_for(object: &str, pod: &Pod, world: &World, complaints: &mut Complaints) {
    let name = object.rsplit('/').next().unwrap_or(object);
    let id = format!("pod/{}", pod.meta.name);
    let of_pod = world.events().into_iter().filter(|event| *event.object == *id);
    let told = of_pod.map(|event| event.message.to_string()).collect::<Vec<_>>().join("\n");
    let status = pod.to_value()["status"].to_string();
    let holds = told.contains(name) || status.contains(name);
    // A volume that waits keeps the whole pod from starting: what else is missing shows only afterwards.
    let masked = told.contains("MountVolume.SetUp failed");
    complaints.holds(&format!("{id} does not wait for {object}: {told}"), holds || masked);
}

fn check_blocked(expected: &Value, also: &Value, world: &World, complaints: &mut Complaints) {
    let (namespace, name) = key(expected);
    let Some(piece) = also["blocked"].get(name) else { return };
    let of_set = world.events().into_iter().filter(|event| {
        &*event.reason == "FailedCreate"
            && *event.namespace == *namespace
            && event.object.ends_with(&format!("/{name}"))
    });
    let told: Vec<String> = of_set.map(|event| event.message.to_string()).collect();
    complaints.contains(&format!("FailedCreate events of {name}"), piece, &told.join("\n"));
}

/// Each kubelet refuses its pod, and the DaemonSet controller tries again: looks while it happens.
fn check_pods_fail(entry: &CorpusEntry, reason: &str, world: &mut World, complaints: &mut Complaints) {
    let mut failed: BTreeMap<String, BTreeSet<String>> = BTreeMap::new();
    for _ in 0..120 {
        world.run_for(1);
        for expected in daemonsets(entry) {
            let (namespace, name) = key(expected);
            for pod in world.daemon_pods(namespace, name) {
                let why = pod.status.reason.as_ref().map(|reason| reason.reason.to_string());
                if pod.status.phase == Phase::Failed && why.as_deref() == Some(reason) {
                    failed.entry(name.to_owned()).or_default().insert(target(&pod));
                }
            }
        }
    }
    for expected in daemonsets(entry) {
        let (_, name) = key(expected);
        let got = failed.remove(name).unwrap_or_default().into_iter().collect();
        complaints.same(
            &format!("nodes on which pods of {name} fail"),
            &sorted(strings(&expected["nodes"])),
            &got,
        );
    }
}
