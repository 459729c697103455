//! Topic static-pod-file-source: manifests, directories, mirror pods, and what the sources report.

use std::rc::Rc;

use api::meta::{Name, Uid};
use api::node::Node;
use api::pod::{CONFIG_HASH, Pod};
use kubelet::FileChange;
use kubelet::admit::{is_critical_priority, is_node_critical_pod, preemptable};
use kubelet::manifest::{generate_pod_name, read_manifest};
use kubelet::manifest_dir::{FileSource, Look};
use kubelet::mirror::{is_mirror_pod_of, mirror_actions, mirror_pod_of};
use kubelet::pod_config::{PodStorage, get_validated_sources, parse_pod_full_name};
use kubelet::pod_manager::{
    get_mirror_pod_by_pod, get_orphaned_mirror_pods, get_pod_by_mirror_pod, same_full_name, translate_pod_uid,
};
use serde_json::{Value, json};
use sim::files::Files;
use sim::{Duration, Time};

use crate::expect::{equal, errors, known_keys};

pub fn run(case: &Value) -> Result<(), String> {
    let (input, expect) = (&case["input"], &case["expect"]);
    let pod = || Pod::from_value(&input["pod"]);
    let value = |got: bool| {
        known_keys(expect, &["value"])?;
        equal("value", &expect["value"], &json!(got))
    };
    match case["check"].as_str().unwrap_or_default() {
        "readFile" => read_file(input, expect),
        "readDirectory" => read_directory(input, expect),
        "directoryEvents" => directory_events(input, expect),
        "podName" => {
            known_keys(expect, &["name"])?;
            let text = |key: &str| input[key].as_str().unwrap_or_default();
            equal("name", &expect["name"], &json!(generate_pod_name(text("podName"), text("nodeName"))))
        }
        "validatePod" => validate_pod(input, expect),
        "parseFullName" => full_name(input, expect),
        "mirrorCreate" => mirror_create(input, expect),
        "mirrorSync" => mirror_sync(input, expect),
        "isMirrorOf" => {
            known_keys(expect, &["isMirrorOf"])?;
            let got = is_mirror_pod_of(&Pod::from_value(&input["mirrorPod"]), &pod());
            equal("isMirrorOf", &expect["isMirrorOf"], &json!(got))
        }
        "podManager" => pod_manager(input, expect),
        "validateSources" => validate_sources(input, expect),
        "isStatic" => value(pod().is_static()),
        "isMirror" => value(pod().is_mirror()),
        "isCritical" => value(pod().is_critical()),
        "isNodeCritical" => value(is_node_critical_pod(&pod())),
        "isCriticalPriority" => value(is_critical_priority(input["priority"].as_i64().unwrap_or(0) as i32)),
        "preemptable" => {
            value(preemptable(&Pod::from_value(&input["preemptor"]), &Pod::from_value(&input["preemptee"])))
        }
        "configUpdates" => config_updates(input, expect),
        other => Err(format!("unknown check {other}")),
    }
}

/// Whether `got` has everything that `expected` has; lists must be equal.
fn holds(path: &str, expected: &Value, got: &Value) -> Result<(), String> {
    match expected {
        Value::Object(members) => members
            .iter()
            .try_for_each(|(key, expected)| holds(&format!("{path}.{key}"), expected, &got[key])),
        expected => equal(path, expected, got),
    }
}

fn read_file(input: &Value, expect: &Value) -> Result<(), String> {
    known_keys(expect, &["pod", "error", "uidGenerated"])?;
    let text = match input["text"].as_str() {
        Some(text) => text.to_owned(),
        None => input["manifest"].to_string(),
    };
    let word = |key: &str| input[key].as_str().unwrap_or_default();
    let read = read_manifest(text.as_bytes(), word("file"), word("nodeName"), Time::START);
    match (expect["error"].as_str(), read) {
        (Some(wanted), Err(error)) => {
            // What is wrong besides what the kubelet names first is kept beside it.
            let all = error.diagnostics.iter().map(|d| &d.message).chain([&error.message]);
            match all.into_iter().any(|message| message.contains(wanted)) {
                true => Ok(()),
                false => Err(format!("expected {wanted}, got {}", error.message)),
            }
        }
        (Some(wanted), Ok(_)) => Err(format!("expected {wanted}, but it is taken")),
        (None, Err(error)) => Err(error.message),
        (None, Ok(manifest)) => {
            let got = manifest.pod.to_value();
            let hash = got["metadata"]["annotations"][CONFIG_HASH].as_str().unwrap_or_default().to_owned();
            if let Some(generated) = expect["uidGenerated"].as_bool() {
                let is_hash = hash.len() == 32 && Uid::from_text(&hash) == manifest.pod.meta.uid;
                let given = input["manifest"]["metadata"]["uid"].is_string();
                equal("uidGenerated", &json!(generated), &json!(is_hash && !given))?;
            }
            holds("pod", &with_uids(&expect["pod"]), &got)
        }
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
    known_keys(expect, &["pods"])?;
    let mut files = Files::default();
    if let Some(given) = input["files"].as_object() {
        files.make_directory(FOLDER).map_err(|error| error.text().to_owned())?;
        for (name, text) in given {
            write(&mut files, &format!("{FOLDER}/{name}"), text.as_str().unwrap_or_default())?;
        }
    }
    let mut source = FileSource::new(FOLDER);
    let node_name = input["nodeName"].as_str().unwrap_or_default();
    let look = source.list_config(&files, node_name, Time::START);
    let pods = look.pods.ok_or("nothing is reported")?;
    equal("pods", &expect["pods"], &names(&pods))
}

fn write(files: &mut Files, path: &str, text: &str) -> Result<(), String> {
    files.make_directory(sim::files::parent(path)).map_err(|error| error.text().to_owned())?;
    files.write(path, text.as_bytes(), Time::START).map_err(|error| error.text().to_owned())
}

fn directory_events(input: &Value, expect: &Value) -> Result<(), String> {
    known_keys(expect, &["podsAfter"])?;
    let node = input["nodeName"].as_str().unwrap_or_default();
    let mut files = Files::default();
    let mut source: Option<FileSource> = None;
    let mut now = Time::START;
    let mut pods = Value::Null;
    let mut after = Vec::new();
    files.make_directory(FOLDER).map_err(|error| error.text().to_owned())?;
    for step in input["steps"].as_array().into_iter().flatten() {
        now += Duration::from_secs(2);
        let path = |key: &str| format!("{FOLDER}/{}", step[key].as_str().unwrap_or_default());
        let mut looks: Vec<Look> = Vec::new();
        let mut tell = |source: &mut Option<FileSource>, path: &str, change, files: &Files| {
            let Some(source) = source else { return };
            looks.push(source.on_change(path, change, files, node, now));
            if !source.is_watching(now) {
                // Not watched yet: the next scan sees it.
                looks.push(source.list_config(files, node, now));
            }
        };
        match step["op"].as_str().unwrap_or_default() {
            "start" => {
                let at = if step["watch"] == "file" { path("file") } else { FOLDER.to_owned() };
                let mut started = FileSource::new(&at);
                started.start(&files, now);
                looks.push(started.list_config(&files, node, now));
                source = Some(started);
            }
            "write" => {
                write(&mut files, &path("file"), step["text"].as_str().unwrap_or_default())?;
                tell(&mut source, &path("file"), FileChange::Written, &files);
            }
            "touch" | "chmod" => tell(&mut source, &path("file"), FileChange::Written, &files),
            "remove" | "delete" => {
                files.remove(&path("file")).map_err(|error| error.text().to_owned())?;
                tell(&mut source, &path("file"), FileChange::Removed, &files);
            }
            "rename" | "move" => {
                let (from, to) = (path(if step["from"].is_string() { "from" } else { "file" }), path("to"));
                files.rename(&from, &to).map_err(|error| error.text().to_owned())?;
                tell(&mut source, &from, FileChange::Removed, &files);
                tell(&mut source, &to, FileChange::Written, &files);
            }
            "fullRead" => {
                let source = source.as_mut().ok_or("nothing watches")?;
                looks.push(source.list_config(&files, node, now));
            }
            other => return Err(format!("unknown op {other}")),
        }
        if let Some(reported) = looks.into_iter().filter_map(|look| look.pods).next_back() {
            pods = names(&reported);
        }
        after.push(pods.clone());
    }
    let expected = expect["podsAfter"].as_array().map_or(&[][..], Vec::as_slice);
    for (place, expected) in expected.iter().enumerate().filter(|(_, expected)| !expected.is_null()) {
        equal(&format!("after step {place}"), expected, after.get(place).unwrap_or(&Value::Null))?;
    }
    Ok(())
}

fn validate_pod(input: &Value, expect: &Value) -> Result<(), String> {
    known_keys(expect, &["errors"])?;
    let mut pod = input["pod"].clone();
    validation::defaults::set_defaults(&mut pod);
    errors(&expect["errors"], &validation::validate(&pod))
}

fn full_name(input: &Value, expect: &Value) -> Result<(), String> {
    known_keys(expect, &["name", "namespace", "error"])?;
    let read = parse_pod_full_name(input["fullName"].as_str().unwrap_or_default());
    equal("error", &json!(expect["error"] == true), &json!(read.is_err()))?;
    let (name, namespace) =
        read.map_or((Value::Null, Value::Null), |(name, space)| (json!(name), json!(space)));
    equal("name", &expect["name"], &name)?;
    equal("namespace", &expect["namespace"], &namespace)
}

fn mirror_create(input: &Value, expect: &Value) -> Result<(), String> {
    known_keys(expect, &["mirrorPod", "error"])?;
    let node = Some(&input["node"]).filter(|node| !node.is_null()).map(Node::from_value);
    let mirror = node.and_then(|node| mirror_pod_of(&Pod::from_value(&input["staticPod"]), &node));
    equal("error", &json!(expect["error"] == true), &json!(mirror.is_none()))?;
    mirror.map_or(Ok(()), |mirror| holds("mirrorPod", &with_uids(&expect["mirrorPod"]), &mirror.to_value()))
}

fn mirror_sync(input: &Value, expect: &Value) -> Result<(), String> {
    known_keys(expect, &["creates", "deletes"])?;
    let mirror = Some(&input["mirrorPod"]).filter(|mirror| !mirror.is_null()).map(Pod::from_value);
    let actions = mirror_actions(&Pod::from_value(&input["staticPod"]), mirror.as_ref());
    equal("creates", &expect["creates"], &json!(u32::from(actions.create)))?;
    equal("deletes", &expect["deletes"], &json!(u32::from(actions.delete)))
}

fn pod_manager(input: &Value, expect: &Value) -> Result<(), String> {
    known_keys(expect, &["pods", "mirrorPods", "translate", "byFullName", "orphanedMirrors", "found"])?;
    let removed: Vec<Uid> = strings(&input["remove"]).into_iter().map(Uid::from_text).collect();
    let given = input["pods"].as_array().into_iter().flatten();
    let text_of = |uid: Uid| {
        let texts =
            input["pods"].as_array().into_iter().flatten().filter_map(|pod| pod["metadata"]["uid"].as_str());
        texts.into_iter().find(|text| Uid::from_text(text) == uid).map_or(Value::Null, |text| json!(text))
    };
    let all: Vec<Rc<Pod>> = given.map(|pod| Rc::new(Pod::from_value(pod))).collect();
    let all = all.into_iter().filter(|pod| !removed.contains(&pod.meta.uid));
    let (mirrors, pods): (Vec<_>, Vec<_>) = all.partition(|pod| pod.is_mirror());
    let uids = |pods: &[Rc<Pod>]| -> Value { pods.iter().map(|pod| text_of(pod.meta.uid)).collect() };
    if !expect["pods"].is_null() {
        equal("pods", &expect["pods"], &uids(&pods))?;
    }
    if !expect["mirrorPods"].is_null() {
        equal("mirrorPods", &expect["mirrorPods"], &uids(&mirrors))?;
    }
    for (from, to) in expect["translate"].as_object().into_iter().flatten() {
        let got = translate_pod_uid(&mirrors, pods.iter(), Uid::from_text(from));
        equal("translate", to, &text_of(got))?;
    }
    for (name, uid) in expect["byFullName"].as_object().into_iter().flatten() {
        let found = pods.iter().find(|pod| pod.full_name() == *name).map(|pod| pod.meta.uid);
        equal("byFullName", uid, &found.map_or(Value::Null, text_of))?;
    }
    if !expect["orphanedMirrors"].is_null() {
        let has_pod = |mirror: &Pod| pods.iter().any(|pod| same_full_name(pod, mirror));
        let orphans = get_orphaned_mirror_pods(&mirrors, has_pod).map(|pod| json!(pod.full_name()));
        equal("orphanedMirrors", &expect["orphanedMirrors"], &orphans.collect())?;
    }
    if let Some(expected) = expect.get("found") {
        let found = match (input["uid"].as_str(), &input["mirrorOf"], &input["staticOf"]) {
            (Some(uid), ..) => pods.iter().find(|pod| pod.meta.uid == Uid::from_text(uid)),
            (None, pod, Value::Null) => get_mirror_pod_by_pod(&mirrors, &Pod::from_value(pod)),
            (None, _, mirror) => get_pod_by_mirror_pod(pods.iter(), &Pod::from_value(mirror)),
        };
        equal("found", expected, &found.map_or(Value::Null, |pod| text_of(pod.meta.uid)))?;
    }
    Ok(())
}

fn strings(value: &Value) -> Vec<&str> {
    value.as_array().into_iter().flatten().filter_map(Value::as_str).collect()
}

fn validate_sources(input: &Value, expect: &Value) -> Result<(), String> {
    known_keys(expect, &["count", "error"])?;
    let sources = get_validated_sources(&strings(&input["sources"]));
    equal("error", &expect["error"], &json!(sources.is_err()))?;
    equal("count", &expect["count"], &json!(sources.map_or(0, |sources| sources.len())))
}

/// A pod as the cases of `configUpdates` describe one.
fn config_pod(value: &Value) -> Rc<Pod> {
    let text = |key: &str| value[key].as_str().unwrap_or_default();
    let uid = format!("{}{}", text("name"), text("namespace"));
    Rc::new(Pod::from_value(&json!({
        "metadata": {"name": text("name"), "namespace": text("namespace"), "uid": uid},
        "spec": {"containers": [{"name": text("container"), "image": "image"}]},
        "status": match text("statusMessage") {
            "" => json!({}),
            message => json!({"reason": "-", "message": message}),
        },
    })))
}

fn config_updates(input: &Value, expect: &Value) -> Result<(), String> {
    known_keys(expect, &["reported"])?;
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
    let mut reported = Vec::new();
    for update in input["updates"].as_array().into_iter().flatten() {
        let pods: Vec<Rc<Pod>> = update["pods"].as_array().into_iter().flatten().map(config_pod).collect();
        let changes = match update["op"].as_str().unwrap_or_default() {
            "SET" => storage.set(pods),
            "ADD" => storage.add(pods),
            other => return Err(format!("unknown op {other}")),
        };
        let line = |(operation, pods): (kubelet::pod_config::PodOperation, Vec<Rc<Pod>>)| json!({"op": operation.text(), "pods": pods.iter().map(describe).collect::<Vec<_>>()});
        reported.push(changes.into_iter().map(line).collect::<Vec<_>>());
    }
    equal("reported", &expect["reported"], &json!(reported))
}
