//! The registry's rules, call by call.

use std::rc::Rc;

use serde_json::{Value, json};

use super::ApiServer;
use crate::api::meta::ObjectMeta;
use crate::api::object::{Key, Kind, Object};
use crate::api::pod::{Phase, Pod};
use crate::sim::{Duration, Time};
use crate::wire::{Answer, Call, DeleteOptions, FieldValidation, Patch, PodId, Propagation, Reply};

fn kind(api_version: &str, name: &str) -> Kind {
    Kind::of(api_version, name).unwrap()
}

fn post(api: &mut ApiServer, api_version: &str, name: &str, namespace: &str, mut body: Value) -> Answer {
    body["apiVersion"] = json!(api_version);
    body["kind"] = json!(name);
    let kind = kind(api_version, name);
    let validation = FieldValidation::Strict;
    api.handle(Call::Post { kind, namespace: namespace.into(), body: Rc::new(body), validation }, Time::START)
}

fn server() -> ApiServer {
    let mut api = ApiServer::new(1);
    for name in ["default", "kube-system"] {
        assert!(post(&mut api, "v1", "Namespace", "", json!({"metadata": {"name": name}})).result.is_ok());
        let account = json!({"metadata": {"name": "default"}});
        assert!(post(&mut api, "v1", "ServiceAccount", name, account).result.is_ok());
    }
    api
}

fn pod_body(name: &str) -> Value {
    json!({"metadata": {"name": name}, "spec": {"containers": [{"name": "c", "image": "nginx:1"}]}})
}

fn ds_body(name: &str) -> Value {
    json!({"metadata": {"name": name}, "spec": {
        "selector": {"matchLabels": {"app": name}},
        "template": {"metadata": {"labels": {"app": name}},
            "spec": {"containers": [{"name": "c", "image": "nginx:1"}]}}}})
}

fn message(answer: &Answer) -> String {
    answer.status().map_or_else(|| format!("{:?}", answer.result), |status| status.message.clone())
}

fn object(answer: &Answer) -> Object {
    match &answer.result {
        Ok(Reply::Object(object)) => object.clone(),
        other => panic!("no object: {other:?}"),
    }
}

fn pod(answer: &Answer) -> Rc<Pod> {
    match object(answer) {
        Object::Pod(pod) => pod,
        other => panic!("no pod: {other:?}"),
    }
}

fn delete(api: &mut ApiServer, kind: Kind, name: &str, grace_seconds: Option<i64>) -> Answer {
    let options = DeleteOptions { grace_seconds, ..DeleteOptions::default() };
    let namespace = if kind.is_namespaced() { "default" } else { "" };
    api.handle(Call::Delete { kind, key: Key::new(namespace, name), options }, Time::START)
}

fn get(api: &mut ApiServer, kind: Kind, name: &str) -> Answer {
    api.handle(Call::Get { kind, key: Key::new("default", name) }, Time::START)
}

#[test]
fn api_001_every_create_draws_a_fresh_uid() {
    let mut api = server();
    let mut body = pod_body("a");
    body["metadata"]["uid"] = json!("00000000-0000-4000-8000-000000000000");
    let first = pod(&post(&mut api, "v1", "Pod", "default", body.clone()));
    assert_ne!(first.meta.uid.to_string(), "00000000-0000-4000-8000-000000000000");
    assert_eq!(first.meta.created, Time::START.stamp());
    delete(&mut api, Kind::Pod, "a", Some(0));
    assert_ne!(pod(&post(&mut api, "v1", "Pod", "default", body)).meta.uid, first.meta.uid);
}

#[test]
fn api_004_generation_counts_changes_of_spec_only() {
    let mut api = server();
    post(&mut api, "apps/v1", "DaemonSet", "default", ds_body("a"));
    let mut generations = Vec::new();
    let changes = [
        json!({"metadata": {"labels": {"x": "y"}}}),
        json!({"spec": {"minReadySeconds": 5}}),
        json!({"spec": {"minReadySeconds": 6, "template": {"metadata": {"annotations": {"v": "2"}}}}}),
    ];
    for change in changes {
        let patch = Patch::Merge(Rc::new(change));
        let (kind, key) = (Kind::DaemonSet, Key::new("default", "a"));
        let call = Call::Patch { kind, key, uid: None, patch, validation: FieldValidation::Strict };
        let answer = api.handle(call, Time::START);
        let Object::DaemonSet(ds) = object(&answer) else { panic!() };
        let template = ds.meta.annotation("deprecated.daemonset.template.generation").unwrap().to_owned();
        generations.push((ds.meta.generation, template));
    }
    assert_eq!(generations, [(1, "1".into()), (2, "1".into()), (3, "2".into())]);
}

#[test]
fn api_007_generated_names_have_five_characters_of_the_alphabet() {
    let mut api = server();
    let mut new = Pod::from_value(&pod_body(""));
    new.meta = ObjectMeta::new("default", "");
    new.meta.common_mut().generate_name = "agent-".into();
    let made = pod(&api.handle(Call::Create(Object::Pod(Rc::new(new))), Time::START));
    let suffix = made.meta.name.strip_prefix("agent-").unwrap();
    assert_eq!(suffix.len(), 5);
    assert!(suffix.chars().all(|c| "bcdfghjklmnpqrstvwxz2456789".contains(c)), "{suffix}");
}

#[test]
fn api_009_a_stale_update_conflicts() {
    let mut api = server();
    let old = object(&post(&mut api, "apps/v1", "DaemonSet", "default", ds_body("a")));
    let Object::DaemonSet(ds) = &old else { panic!() };
    let mut newer = (**ds).clone();
    newer.status.desired_number_scheduled = 3;
    assert!(api.handle(Call::UpdateStatus(Object::DaemonSet(Rc::new(newer))), Time::START).result.is_ok());
    let answer = api.handle(Call::UpdateStatus(old), Time::START);
    assert_eq!(
        message(&answer),
        "Operation cannot be fulfilled on daemonsets.apps \"a\": the object has been modified; \
         please apply your changes to the latest version and try again"
    );
}

#[test]
fn api_010_a_taken_name_is_refused() {
    let mut api = server();
    post(&mut api, "v1", "Pod", "default", pod_body("a"));
    let answer = post(&mut api, "v1", "Pod", "default", pod_body("a"));
    assert_eq!(message(&answer), "pods \"a\" already exists");
}

#[test]
fn api_012_013_014_graceful_deletion_of_pods() {
    let mut api = server();
    let mut body = pod_body("bound");
    body["spec"]["nodeName"] = json!("worker-1");
    post(&mut api, "v1", "Pod", "default", body);
    let going = pod(&delete(&mut api, Kind::Pod, "bound", None));
    let deletion = going.meta.deletion.clone().unwrap();
    assert_eq!((deletion.at, deletion.grace_seconds), ((Time::START + Duration::from_secs(30)).stamp(), 30));
    let longer = pod(&delete(&mut api, Kind::Pod, "bound", Some(60)));
    assert_eq!(longer.meta.deletion, going.meta.deletion);
    let shorter = pod(&delete(&mut api, Kind::Pod, "bound", Some(5)));
    assert_eq!(shorter.meta.deletion.as_ref().unwrap().grace_seconds, 5);
    assert!(delete(&mut api, Kind::Pod, "bound", Some(0)).result.is_ok());
    assert_eq!(message(&get(&mut api, Kind::Pod, "bound")), "pods \"bound\" not found");
    // Without a node there is nobody to wait for.
    post(&mut api, "v1", "Pod", "default", pod_body("unbound"));
    delete(&mut api, Kind::Pod, "unbound", None);
    assert_eq!(message(&get(&mut api, Kind::Pod, "unbound")), "pods \"unbound\" not found");
}

#[test]
fn api_015_016_finalizers_hold_an_object() {
    let mut api = server();
    post(&mut api, "apps/v1", "DaemonSet", "default", ds_body("a"));
    let options = DeleteOptions { propagation: Propagation::Foreground, ..DeleteOptions::default() };
    let key = Key::new("default", "a");
    let answer = api.handle(Call::Delete { kind: Kind::DaemonSet, key: key.clone(), options }, Time::START);
    let going = object(&answer);
    let meta = going.meta().unwrap();
    assert!(meta.is_terminating());
    assert_eq!(meta.common.finalizers.iter().map(|f| &**f).collect::<Vec<_>>(), ["foregroundDeletion"]);
    let patch = Patch::Merge(Rc::new(json!({"metadata": {"finalizers": null}})));
    let validation = FieldValidation::Ignore;
    api.handle(Call::Patch { kind: Kind::DaemonSet, key, uid: None, patch, validation }, Time::START);
    assert_eq!(message(&get(&mut api, Kind::DaemonSet, "a")), "daemonsets.apps \"a\" not found");
}

#[test]
fn api_022_023_024_namespaces_decide() {
    let mut api = server();
    let answer = post(&mut api, "apps/v1", "DaemonSet", "nowhere", ds_body("a"));
    assert_eq!(message(&answer), "namespaces \"nowhere\" not found");
    let namespace = kind("v1", "Namespace");
    assert_eq!(
        message(&delete(&mut api, namespace, "kube-system", None)),
        "namespaces \"kube-system\" is forbidden: this namespace may not be deleted"
    );
    post(&mut api, "v1", "Namespace", "", json!({"metadata": {"name": "going"}}));
    delete(&mut api, namespace, "going", None);
    assert_eq!(
        message(&post(&mut api, "apps/v1", "DaemonSet", "going", ds_body("a"))),
        "daemonsets.apps \"a\" is forbidden: unable to create new content in namespace going because it is being terminated"
    );
}

#[test]
fn api_025_namespaces_carry_their_name_as_a_label() {
    let mut api = server();
    let made = object(&post(&mut api, "v1", "Namespace", "", json!({"metadata": {"name": "x"}})));
    assert_eq!(made.meta().unwrap().label("kubernetes.io/metadata.name"), Some("x"));
}

#[test]
fn api_032_nd_025_admission_completes_a_pod_once_for_all_its_siblings() {
    let mut api = server();
    let template = Rc::new(Pod::from_value(&pod_body("x")).spec.as_ref().clone());
    let mut specs = Vec::new();
    for name in ["a", "b"] {
        let mut new = Pod::from_value(&pod_body(name));
        new.meta = ObjectMeta::new("default", name);
        new.spec = template.clone();
        specs.push(pod(&api.handle(Call::Create(Object::Pod(Rc::new(new))), Time::START)).spec.clone());
    }
    assert!(Rc::ptr_eq(&specs[0], &specs[1]));
    assert_eq!(&*specs[0].service_account_name, "default");
    let tolerations: Vec<_> =
        specs[0].tolerations.iter().map(|t| (t.key.to_string(), t.toleration_seconds)).collect();
    assert_eq!(
        tolerations,
        [
            ("node.kubernetes.io/not-ready".into(), Some(300)),
            ("node.kubernetes.io/unreachable".into(), Some(300))
        ]
    );
}

#[test]
fn sch_022_023_024_priorities_come_from_classes() {
    let mut api = server();
    let class = json!({"metadata": {"name": "high"}, "value": 1000});
    post(&mut api, "scheduling.k8s.io/v1", "PriorityClass", "", class);
    let with = |key: &str, value: Value| {
        let mut body = pod_body("p");
        body["spec"][key] = value;
        body
    };
    let made = pod(&post(&mut api, "v1", "Pod", "default", with("priorityClassName", json!("high"))));
    assert_eq!(made.spec.priority, 1000);
    delete(&mut api, Kind::Pod, "p", None);
    assert_eq!(
        message(&post(&mut api, "v1", "Pod", "default", with("priorityClassName", json!("none")))),
        "pods \"p\" is forbidden: no PriorityClass with name none was found"
    );
    assert_eq!(
        message(&post(&mut api, "v1", "Pod", "default", with("priority", json!(7)))),
        "pods \"p\" is forbidden: the integer value of priority (7) must not be provided in pod spec; \
         priority admission controller computed 0 from the given PriorityClass name"
    );
}

#[test]
fn cp_018_a_namespace_without_its_service_account_takes_no_pods() {
    let mut api = server();
    post(&mut api, "v1", "Namespace", "", json!({"metadata": {"name": "new"}}));
    assert_eq!(
        message(&post(&mut api, "v1", "Pod", "new", pod_body("x"))),
        "pods \"x\" is forbidden: error looking up service account new/default: serviceaccount \"default\" not found"
    );
}

#[test]
fn sch_020_binding_sets_the_node_once() {
    let mut api = server();
    let made = pod(&post(&mut api, "v1", "Pod", "default", pod_body("a")));
    let bind = |node: &str| Call::Bind { pod: PodId::of(&made.meta), node: node.into() };
    let bound = pod(&api.handle(bind("worker-1"), Time::START));
    assert_eq!(bound.node_name.as_deref(), Some("worker-1"));
    assert_eq!(bound.status.phase, Phase::Pending);
    assert_eq!(bound.to_value()["status"]["conditions"][0]["type"], "PodScheduled");
    let again = api.handle(bind("worker-2"), Time::START);
    assert!(
        message(&again).contains("pod a is already assigned to node \"worker-1\""),
        "{}",
        message(&again)
    );
}
