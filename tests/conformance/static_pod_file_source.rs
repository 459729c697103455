//! Topic static-pod-file-source: manifests, directories, mirror pods, and what the sources report.

use std::rc::Rc;

use api::field::FieldPath;
use api::label::{is_dns1123_label, is_dns1123_subdomain};
use api::meta::{Name, Uid};
use api::node::Node;
use api::pod::{CONFIG_HASH, Pod, PodSource};
use kubelet::FileChange;
use kubelet::admit::preemptable;
use kubelet::manifest::{generate_pod_name, read_manifest};
use kubelet::manifest_dir::{FileSource, Look};
use kubelet::mirror::{is_mirror_pod_of, mirror_actions, mirror_pod_of};
use kubelet::pod_config::{PodOperation, PodStorage};
use kubelet::pod_manager::{get_mirror_pod_by_pod, get_pod_by_mirror_pod, orphaned_mirror_pods};
use serde_json::{Value, json};
use sim::files::Files;
use sim::{Duration, Time};

use crate::expect::{contained, equal, errors, known_keys, list, member, needs, text};

/// On by default in the version that is simulated.
const GATES: [&str; 2] = ["PreventStaticPodAPIReferences", "ContainerRestartRules"];

pub fn run(case: &Value) -> Result<(), String> {
    needs(case, &GATES)?;
    let (input, expect) = (&case["input"], &case["expect"]);
    match text(case, "check") {
        "readFile" => read_file(input, expect),
        "readDirectory" => read_directory(input, expect),
        "directoryEvents" => directory_events(input, expect),
        "podName" => {
            known_keys("input", input, &["podName", "nodeName"])?;
            known_keys("expect", expect, &["name"])?;
            let name = generate_pod_name(text(input, "podName"), text(input, "nodeName"));
            equal("name", &expect["name"], &json!(name))
        }
        "validatePod" => validate_pod(input, expect),
        "parseFullName" => full_name(input, expect),
        "mirrorCreate" => mirror_create(input, expect),
        "mirrorSync" => mirror_sync(input, expect),
        "mirrorCleanup" => mirror_cleanup(input, expect),
        "isMirrorOf" => {
            known_keys("input", input, &["pod", "mirrorPod"])?;
            known_keys("expect", expect, &["isMirrorOf"])?;
            let (mirror, pod) = (Pod::from_value(&input["mirrorPod"]), Pod::from_value(&input["pod"]));
            equal("isMirrorOf", &expect["isMirrorOf"], &json!(is_mirror_pod_of(&mirror, &pod)))
        }
        "podManager" => pod_manager(input, expect),
        "validateSources" => validate_sources(input, expect),
        "podSource" => {
            known_keys("input", input, &["pod"])?;
            known_keys("expect", expect, &["source", "error"])?;
            let pod = Pod::from_value(&input["pod"]);
            equal("error", &json!(expect["error"] == true), &json!(pod.source().is_none()))?;
            equal("source", &expect["source"], &json!(pod.source()))
        }
        "configUpdates" => config_updates(input, expect),
        other => predicate(other, input, expect),
    }
}

/// Yes or no about a pod, or two of them.
fn predicate(check: &str, input: &Value, expect: &Value) -> Result<(), String> {
    known_keys("expect", expect, &["value"])?;
    let pod = Pod::from_value(&input["pod"]);
    let (known, got): (&[&str], bool) = match check {
        "isStatic" => (&["pod"], pod.is_static()),
        "isMirror" => (&["pod"], pod.is_mirror()),
        "isCritical" => (&["pod"], pod.is_critical()),
        "isNodeCritical" => {
            (&["pod"], pod.is_critical() && *pod.spec.priority_class_name == *"system-node-critical")
        }
        "isCriticalPriority" => {
            let of_that_priority = json!({"spec": {"priority": input["priority"]}});
            (&["priority"], Pod::from_value(&of_that_priority).is_critical())
        }
        "preemptable" => {
            let read = |key: &str| Pod::from_value(&input[key]);
            (&["preemptor", "preemptee"], preemptable(&read("preemptor"), &read("preemptee")))
        }
        other => return Err(format!("unknown check {other}")),
    };
    known_keys("input", input, known)?;
    equal("value", &expect["value"], &json!(got))
}

fn read_file(input: &Value, expect: &Value) -> Result<(), String> {
    known_keys("input", input, &["nodeName", "file", "manifest", "text"])?;
    known_keys("expect", expect, &["pod", "error", "uidGenerated", "annotationEqualsUid"])?;
    let content = match input["text"].as_str() {
        Some(text) => text.to_owned(),
        None => input["manifest"].to_string(),
    };
    let read = read_manifest(content.as_bytes(), text(input, "file"), text(input, "nodeName"), Time::START);
    let manifest = match (expect["error"].as_str(), read) {
        (None, Ok(manifest)) => manifest,
        (None, Err(error)) => return Err(error.message),
        (Some(wanted), Ok(_)) => return Err(format!("expected {wanted}, but it is taken")),
        (Some(wanted), Err(error)) => {
            // The kubelet names one thing; the page also shows what else is wrong (docs/deviations.md, KL-014).
            let mut all = error.diagnostics.iter().map(|found| &found.message).chain([&error.message]);
            let named = all.any(|message| message.contains(wanted));
            return if named { Ok(()) } else { Err(format!("expected {wanted}, got {}", error.message)) };
        }
    };
    let got = manifest.pod.to_value();
    let uid = manifest.pod.meta.uid;
    let annotation = |key: &str| got["metadata"]["annotations"][key].as_str().unwrap_or_default().to_owned();
    if let Some(generated) = expect["uidGenerated"].as_bool() {
        let hash = annotation(CONFIG_HASH);
        let given = input["manifest"]["metadata"]["uid"].is_string();
        equal("uidGenerated", &json!(generated), &json!(hash.len() == 32 && !given))?;
        // The same content, file and node give the same.
        let again =
            read_manifest(content.as_bytes(), text(input, "file"), text(input, "nodeName"), Time::START);
        equal(
            "the uid made again",
            &json!(uid.to_string()),
            &json!(again.ok().map(|m| m.pod.meta.uid.to_string())),
        )?;
    }
    if let Some(key) = expect["annotationEqualsUid"].as_str() {
        // A uid is 128 bits here, and is written in two ways.
        equal(key, &json!(uid.to_string()), &json!(Uid::from_text(&annotation(key)).to_string()))?;
    }
    match member(expect, "pod") {
        Some(pod) => contained(&FieldPath::new("pod"), &with_uids(pod), &got),
        None => Ok(()),
    }
}

/// A uid is 128 bits here: a text that is none stands for its hash.
fn with_uids(value: &Value) -> Value {
    match value {
        Value::Object(members) => {
            let member = |(key, value): (&String, &Value)| match (key.as_str(), value.as_str()) {
                ("uid", Some(text)) => (key.clone(), json!(Uid::from_text(text).to_string())),
                _ => (key.clone(), with_uids(value)),
            };
            members.iter().map(member).collect()
        }
        Value::Array(items) => items.iter().map(with_uids).collect(),
        other => other.clone(),
    }
}

const FOLDER: &str = "/etc/kubernetes/manifests";

fn names(pods: &[Rc<Pod>]) -> Value {
    pods.iter().map(|pod| json!(&*pod.meta.name)).collect()
}

fn read_directory(input: &Value, expect: &Value) -> Result<(), String> {
    known_keys("input", input, &["nodeName", "files"])?;
    known_keys("expect", expect, &["pods"])?;
    let mut files = Files::default();
    if let Some(given) = input["files"].as_object() {
        files.make_directory(FOLDER).map_err(|error| error.text().to_owned())?;
        for (name, content) in given {
            write(&mut files, &format!("{FOLDER}/{name}"), content.as_str().unwrap_or_default())?;
        }
    }
    let mut source = FileSource::new(FOLDER);
    let look = source.list_config(&files, text(input, "nodeName"), Time::START);
    let pods = look.pods.ok_or("nothing is reported")?;
    equal("pods", &expect["pods"], &names(&pods))
}

fn write(files: &mut Files, path: &str, content: &str) -> Result<(), String> {
    files.make_directory(sim::files::parent(path)).map_err(|error| error.text().to_owned())?;
    files.write(path, content.as_bytes(), Time::START).map_err(|error| error.text().to_owned())
}

fn directory_events(input: &Value, expect: &Value) -> Result<(), String> {
    known_keys("input", input, &["nodeName", "steps"])?;
    known_keys("expect", expect, &["podsAfter"])?;
    let node = text(input, "nodeName");
    let mut watched = Watched { files: Files::default(), source: None, now: Time::START, pods: Value::Null };
    watched.files.make_directory(FOLDER).map_err(|error| error.text().to_owned())?;
    let mut after = Vec::new();
    for step in list(input, "steps") {
        watched.now += Duration::from_secs(2);
        watched.step(step, node)?;
        after.push(watched.pods.clone());
    }
    equal("podsAfter", &expect["podsAfter"], &json!(after))
}

/// A directory, and what its source has reported last.
struct Watched {
    files: Files,
    source: Option<FileSource>,
    now: Time,
    pods: Value,
}

impl Watched {
    fn step(&mut self, step: &Value, node: &str) -> Result<(), String> {
        known_keys("a step", step, &["op", "watch", "file", "text", "from", "to"])?;
        let path = |key: &str| format!("{FOLDER}/{}", text(step, key));
        match text(step, "op") {
            "start" => {
                let at = if step["watch"] == "file" { path("file") } else { FOLDER.to_owned() };
                let mut source = FileSource::new(&at);
                source.start(&self.files, self.now);
                self.take(source.list_config(&self.files, node, self.now));
                self.source = Some(source);
            }
            // A file that is moved in has its content at once, as one that is written has here.
            "write" | "moveIn" => {
                write(&mut self.files, &path("file"), text(step, "text"))?;
                self.tell(&path("file"), FileChange::Written, node);
            }
            "touch" | "chmod" => self.tell(&path("file"), FileChange::Written, node),
            "remove" | "delete" | "moveAway" => {
                self.files.remove(&path("file")).map_err(|error| error.text().to_owned())?;
                self.tell(&path("file"), FileChange::Removed, node);
            }
            "rename" | "move" => {
                let (from, to) = (path(if step["from"].is_string() { "from" } else { "file" }), path("to"));
                self.files.rename(&from, &to).map_err(|error| error.text().to_owned())?;
                self.tell(&from, FileChange::Removed, node);
                self.tell(&to, FileChange::Written, node);
            }
            "fullRead" => {
                let source = self.source.as_mut().ok_or("nothing watches")?;
                let look = source.list_config(&self.files, node, self.now);
                self.take(look);
            }
            other => return Err(format!("unknown op {other}")),
        }
        Ok(())
    }

    /// The source hears of a change, if it watches; else its next scan sees it.
    fn tell(&mut self, path: &str, change: FileChange, node: &str) {
        let Some(source) = &mut self.source else { return };
        let heard = source.on_change(path, change, &self.files, node, self.now);
        let scanned =
            (!source.is_watching(self.now)).then(|| source.list_config(&self.files, node, self.now));
        self.take(heard);
        scanned.into_iter().for_each(|look| self.take(look));
    }

    fn take(&mut self, look: Look) {
        if let Some(pods) = look.pods {
            self.pods = names(&pods);
        }
    }
}

fn validate_pod(input: &Value, expect: &Value) -> Result<(), String> {
    known_keys("input", input, &["pod"])?;
    known_keys("expect", expect, &["errors"])?;
    let mut pod = input["pod"].clone();
    validation::defaults::set_defaults(&mut pod);
    errors(&expect["errors"], &validation::validate(&pod))
}

/// Which pod has this full name: the one way to take it apart into names that a pod and a namespace may have.
fn full_name(input: &Value, expect: &Value) -> Result<(), String> {
    known_keys("input", input, &["fullName"])?;
    known_keys("expect", expect, &["name", "namespace", "error"])?;
    let full = text(input, "fullName");
    let of = |(at, _): (usize, &str)| {
        let (name, namespace) = (&full[..at], &full[at + 1..]);
        let pod = Pod::from_value(&json!({"metadata": {"name": name, "namespace": namespace}}));
        let valid = is_dns1123_subdomain(name).is_empty() && is_dns1123_label(namespace).is_empty();
        (valid && pod.full_name() == full).then_some((name, namespace))
    };
    let found = full.match_indices('_').find_map(of);
    equal("error", &json!(expect["error"] == true), &json!(found.is_none()))?;
    equal("name", &expect["name"], &json!(found.map(|(name, _)| name)))?;
    equal("namespace", &expect["namespace"], &json!(found.map(|(_, namespace)| namespace)))
}

fn mirror_create(input: &Value, expect: &Value) -> Result<(), String> {
    known_keys("input", input, &["staticPod", "nodeName", "node"])?;
    known_keys("expect", expect, &["mirrorPod", "error"])?;
    let node = Some(&input["node"]).filter(|node| !node.is_null()).map(Node::from_value);
    let mirror = node.and_then(|node| mirror_pod_of(&Pod::from_value(&input["staticPod"]), &node));
    equal("error", &json!(expect["error"] == true), &json!(mirror.is_none()))?;
    let path = FieldPath::new("mirrorPod");
    mirror.map_or(Ok(()), |mirror| contained(&path, &with_uids(&expect["mirrorPod"]), &mirror.to_value()))
}

fn mirror_sync(input: &Value, expect: &Value) -> Result<(), String> {
    known_keys("input", input, &["staticPod", "mirrorPod"])?;
    known_keys("expect", expect, &["creates", "deletes"])?;
    let mirror = Some(&input["mirrorPod"]).filter(|mirror| !mirror.is_null()).map(Pod::from_value);
    let actions = mirror_actions(&Pod::from_value(&input["staticPod"]), mirror.as_ref());
    equal("creates", &expect["creates"], &json!(u32::from(actions.create)))?;
    equal("deletes", &expect["deletes"], &json!(u32::from(actions.delete)))
}

/// Pods by their full names: those with a static pod, those whose static pod is being stopped, the others.
fn mirror_cleanup(input: &Value, expect: &Value) -> Result<(), String> {
    known_keys("input", input, &["mirrorPods", "staticPods", "stillTerminating"])?;
    known_keys("expect", expect, &["deleted", "kept"])?;
    let mirror = |full_name: &str| {
        let (name, namespace) = full_name.split_once('_').unwrap_or((full_name, ""));
        Rc::new(Pod::from_value(&json!({"metadata": {"name": name, "namespace": namespace}})))
    };
    let mirrors: Vec<Rc<Pod>> = strings(&input["mirrorPods"]).into_iter().map(mirror).collect();
    let (known, ending) = (strings(&input["staticPods"]), strings(&input["stillTerminating"]));
    let among = |names: &[&str], pod: &Pod| names.contains(&&*pod.full_name());
    let deleted: Vec<String> =
        orphaned_mirror_pods(&mirrors, |pod| among(&known, pod), |pod| among(&ending, pod))
            .map(|pod| pod.full_name())
            .collect();
    let all = mirrors.iter().map(|pod| pod.full_name());
    let kept: Vec<String> = all.filter(|name| !deleted.contains(name)).collect();
    equal("deleted", &expect["deleted"], &json!(deleted))?;
    equal("kept", &expect["kept"], &json!(kept))
}

fn pod_manager(input: &Value, expect: &Value) -> Result<(), String> {
    known_keys("input", input, &["pods", "remove", "uid", "mirrorOf", "staticOf"])?;
    let known = ["pods", "mirrorPods", "translate", "byFullName", "orphanedMirrors", "found"];
    known_keys("expect", expect, &known)?;
    let removed: Vec<Uid> = strings(&input["remove"]).into_iter().map(Uid::from_text).collect();
    let text_of = |uid: Uid| {
        let mut texts = list(input, "pods").iter().filter_map(|pod| pod["metadata"]["uid"].as_str());
        texts.find(|text| Uid::from_text(text) == uid).map_or(Value::Null, |text| json!(text))
    };
    let all = list(input, "pods").iter().map(|pod| Rc::new(Pod::from_value(pod)));
    let all = all.filter(|pod| !removed.contains(&pod.meta.uid));
    let (mirrors, pods): (Vec<_>, Vec<_>) = all.partition(|pod| pod.is_mirror());
    let uids = |pods: &[Rc<Pod>]| -> Value { pods.iter().map(|pod| text_of(pod.meta.uid)).collect() };
    let uid_of = |pod: Option<&Rc<Pod>>| pod.map_or(Value::Null, |pod| text_of(pod.meta.uid));
    if !expect["pods"].is_null() {
        equal("pods", &expect["pods"], &uids(&pods))?;
    }
    if !expect["mirrorPods"].is_null() {
        equal("mirrorPods", &expect["mirrorPods"], &uids(&mirrors))?;
    }
    for (from, to) in expect["translate"].as_object().into_iter().flatten() {
        // A mirror's uid stands for its static pod's; any other for itself.
        let mirror = mirrors.iter().find(|mirror| mirror.meta.uid == Uid::from_text(from));
        let pod = mirror.and_then(|mirror| get_pod_by_mirror_pod(pods.iter(), mirror));
        equal("translate", to, &pod.map_or(json!(from), |pod| text_of(pod.meta.uid)))?;
    }
    for (name, uid) in expect["byFullName"].as_object().into_iter().flatten() {
        equal("byFullName", uid, &uid_of(pods.iter().find(|pod| pod.full_name() == *name)))?;
    }
    if !expect["orphanedMirrors"].is_null() {
        let has_pod = |mirror: &Pod| get_pod_by_mirror_pod(pods.iter(), mirror).is_some();
        let orphans = orphaned_mirror_pods(&mirrors, has_pod, |_| false).map(|pod| json!(pod.full_name()));
        equal("orphanedMirrors", &expect["orphanedMirrors"], &orphans.collect())?;
    }
    if let Some(expected) = expect.get("found") {
        let found = match (input["uid"].as_str(), &input["mirrorOf"], &input["staticOf"]) {
            (Some(uid), ..) => pods.iter().find(|pod| pod.meta.uid == Uid::from_text(uid)),
            (None, pod, Value::Null) => get_mirror_pod_by_pod(&mirrors, &Pod::from_value(pod)),
            (None, _, mirror) => get_pod_by_mirror_pod(pods.iter(), &Pod::from_value(mirror)),
        };
        equal("found", expected, &uid_of(found))?;
    }
    Ok(())
}

fn strings(value: &Value) -> Vec<&str> {
    value.as_array().into_iter().flatten().filter_map(Value::as_str).collect()
}

/// The sources that names mean: `*` is all of them, an empty one none.
fn validate_sources(input: &Value, expect: &Value) -> Result<(), String> {
    known_keys("input", input, &["sources"])?;
    known_keys("expect", expect, &["count", "error"])?;
    let given = strings(&input["sources"]);
    let names = given.iter().filter(|name| !name.is_empty());
    let known = |name: &&str| **name == *"*" || PodSource::ALL.iter().any(|source| *source.name() == **name);
    let unknown = names.clone().any(|name| !known(name));
    let count = match unknown {
        true => 0,
        false if given.contains(&"*") => PodSource::ALL.len(),
        false => names.count(),
    };
    equal("error", &expect["error"], &json!(unknown))?;
    equal("count", &expect["count"], &json!(count))
}

/// A pod as the cases of `configUpdates` describe one.
fn config_pod(value: &Value) -> Result<Rc<Pod>, String> {
    known_keys("a pod", value, &["name", "namespace", "container", "statusMessage", "deletionTimestamp"])?;
    let uid = format!("{}{}", text(value, "name"), text(value, "namespace"));
    Ok(Rc::new(Pod::from_value(&json!({
        "metadata": {"name": value["name"], "namespace": value["namespace"], "uid": uid,
            "deletionTimestamp": value["deletionTimestamp"]},
        "spec": {"containers": [{"name": value["container"], "image": "image"}]},
        "status": match text(value, "statusMessage") {
            "" => json!({}),
            message => json!({"reason": "-", "message": message}),
        },
    }))))
}

fn config_updates(input: &Value, expect: &Value) -> Result<(), String> {
    known_keys("input", input, &["source", "updates"])?;
    known_keys("expect", expect, &["reported"])?;
    let describe = |pod: &Rc<Pod>| {
        let mut value = json!({"name": &*pod.meta.name, "namespace": &**pod.meta.namespace()});
        if let Some(container) = pod.spec.main_containers().next() {
            value["container"] = json!(&*container.name);
        }
        if let Some(reason) = &pod.status.reason {
            let message: &Name = &reason.message;
            value["statusMessage"] = json!(&**message);
        }
        value
    };
    let mut storage = PodStorage::default();
    // What the source has: a source of this cluster always says all of it.
    let mut has: Vec<Rc<Pod>> = Vec::new();
    let mut reported = Vec::new();
    for update in list(input, "updates") {
        known_keys("an update", update, &["op", "pods"])?;
        let pods = list(update, "pods").iter().map(config_pod).collect::<Result<Vec<_>, String>>()?;
        match text(update, "op") {
            "SET" => has = pods,
            "ADD" => {
                has.retain(|old| pods.iter().all(|pod| pod.meta.uid != old.meta.uid));
                has.extend(pods);
            }
            other => return Err(format!("unknown op {other}")),
        }
        let line = |(operation, pods): (PodOperation, Vec<Rc<Pod>>)| json!({"op": operation.text(), "pods": pods.iter().map(describe).collect::<Vec<_>>()});
        reported.push(storage.set(has.clone()).into_iter().map(line).collect::<Vec<_>>());
    }
    equal("reported", &expect["reported"], &json!(reported))
}
