//! The registry's rules, call by call.

use std::rc::Rc;

use serde_json::{Value, json};

use super::ApiServer;
use api::meta::ObjectMeta;
use api::object::{Key, Kind, Object};
use api::pod::{Phase, Pod, PodStatus};
use sim::{Duration, Time};
use wire::{Answer, Call, DeleteOptions, FieldValidation, Patch, PodId, Propagation, Reply};

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
fn api_002_every_write_of_whatever_kind_raises_the_one_revision() {
    let mut api = server();
    let config_map = kind("v1", "ConfigMap");
    let (patched, key) = (json!({"metadata": {"labels": {"a": "b"}}}), Key::new("default", "it"));
    let mut last = api.store.revision();
    let mut versions = Vec::new();
    let mut wrote = |api: &ApiServer, answer: Answer, times: u64| {
        last += times;
        assert_eq!(api.store.revision(), last, "{answer:?}");
        assert!(answer.result.is_ok(), "{answer:?}");
        if let Ok(Reply::Object(object)) = answer.result {
            assert_eq!(object.meta().unwrap().resource_version, last);
            versions.push(last);
        }
    };
    let bodies = [("v1", "Pod", pod_body("it")), ("apps/v1", "DaemonSet", ds_body("it"))];
    let plain = [("v1", "Node"), ("v1", "ConfigMap"), ("scheduling.k8s.io/v1", "PriorityClass")];
    let plain = plain.map(|(version, kind)| (version, kind, json!({"metadata": {"name": "it"}})));
    for (version, kind, mut body) in bodies.into_iter().chain(plain) {
        if kind == "PriorityClass" {
            body["value"] = json!(7);
        }
        let namespace = if Kind::of(version, kind).unwrap().is_namespaced() { "default" } else { "" };
        let answer = post(&mut api, version, kind, namespace, body);
        wrote(&api, answer, 1);
    }
    let made = pod(&get(&mut api, Kind::Pod, "it"));
    let answer = api.handle(Call::Bind { pod: PodId::of(&made.meta), node: "it".into() }, Time::START);
    wrote(&api, answer, 1);
    for kind in [Kind::Pod, Kind::DaemonSet, config_map] {
        let answer = patch(&mut api, kind, "it", patched.clone(), Time::START);
        wrote(&api, answer, 1);
    }
    let status = PodStatus { phase: Phase::Running, ..PodStatus::default() };
    let call = Call::PatchPodStatus { pod: PodId::of(&made.meta), status: Box::new(status) };
    let answer = api.handle(call, Time::START);
    wrote(&api, answer, 1);
    // The first marks the bound pod; the second marks it once more before it removes it (KL-093).
    for (kind, grace, times) in
        [(Kind::Pod, None, 1), (Kind::Pod, Some(0), 2), (Kind::DaemonSet, None, 1), (config_map, None, 1)]
    {
        let options = DeleteOptions { grace_seconds: grace, ..DeleteOptions::default() };
        let answer = api.handle(Call::Delete { kind, key: key.clone(), options }, Time::START);
        wrote(&api, answer, times);
    }
    let before = api.store.revision();
    assert!(get(&mut api, Kind::Pod, "it").result.is_err());
    api.handle(Call::List { kind: Kind::Pod, namespace: None }, Time::START);
    assert_eq!(api.store.revision(), before, "reading is no write");
    assert!(versions.windows(2).all(|pair| pair[0] < pair[1]), "{versions:?}");
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
fn api_012_graceful_deletion_of_pods() {
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
fn api_015_what_has_finalizers_stays_until_they_are_gone_and_gets_no_new_ones() {
    let config_map = kind("v1", "ConfigMap");
    let with_finalizers = |mut body: Value| {
        body["metadata"]["finalizers"] = json!(["a.b/one", "a.b/two"]);
        body
    };
    for (kind, body) in [
        (Kind::Pod, pod_body("it")),
        (Kind::DaemonSet, ds_body("it")),
        (config_map, json!({"metadata": {"name": "it"}})),
    ] {
        let mut api = server();
        post(&mut api, kind.api_version(), kind.name(), "default", with_finalizers(body));
        let going = object(&delete(&mut api, kind, "it", Some(0)));
        assert!(going.meta().unwrap().is_terminating(), "{kind:?}");
        let mut finalizers = |list: Value| {
            let change = json!({"metadata": {"finalizers": list}});
            patch(&mut api, kind, "it", change, Time::START)
        };
        let added = message(&finalizers(json!(["a.b/one", "a.b/two", "a.b/three"])));
        assert!(
            added.contains(
                "metadata.finalizers: Forbidden: no new finalizers can be added if the object is being deleted, \
                 found new finalizers []string{\"a.b/three\"}"
            ),
            "{kind:?}: {added}"
        );
        let one_less = object(&finalizers(json!(["a.b/two"])));
        assert!(one_less.meta().unwrap().is_terminating(), "{kind:?}");
        assert!(finalizers(json!([])).result.is_ok());
        assert!(get(&mut api, kind, "it").status().is_some_and(|status| status.is_not_found()), "{kind:?}");
    }
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
fn sch_022_sch_023_sch_024_priorities_come_from_classes() {
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

fn patch(api: &mut ApiServer, kind: Kind, name: &str, change: Value, now: Time) -> Answer {
    let (key, patch) = (Key::new("default", name), Patch::Merge(Rc::new(change)));
    api.handle(Call::Patch { kind, key, uid: None, patch, validation: FieldValidation::Strict }, now)
}

#[test]
fn api_005_pods_count_the_changes_of_their_spec_too() {
    let mut api = server();
    let mut body = pod_body("a");
    body["spec"]["nodeName"] = json!("worker-1");
    let made = pod(&post(&mut api, "v1", "Pod", "default", body));
    assert_eq!(made.meta.generation, 1);
    let change = |api: &mut ApiServer, change: Value| {
        pod(&patch(api, Kind::Pod, "a", change, Time::START)).meta.generation
    };
    assert_eq!(change(&mut api, json!({"metadata": {"labels": {"x": "y"}}})), 1);
    // The containers mount a token, so they are not replaced but merged.
    let image = json!({"spec": {"containers": [{"name": "c", "image": "nginx:2"}]}});
    let call = Call::Patch {
        kind: Kind::Pod,
        key: Key::new("default", "a"),
        uid: None,
        patch: Patch::Strategic(Rc::new(image)),
        validation: FieldValidation::Strict,
    };
    assert_eq!(pod(&api.handle(call, Time::START)).meta.generation, 2);
    assert_eq!(pod(&delete(&mut api, Kind::Pod, "a", None)).meta.generation, 3, "deletion has begun");
    assert_eq!(pod(&delete(&mut api, Kind::Pod, "a", Some(5))).meta.generation, 3, "and was only shortened");
}

#[test]
fn api_006_each_endpoint_minds_its_own_half() {
    let mut api = server();
    post(&mut api, "apps/v1", "DaemonSet", "default", ds_body("a"));
    let claim = json!({"status": {"numberReady": 9}, "spec": {"minReadySeconds": 5}});
    let Object::DaemonSet(ds) = object(&patch(&mut api, Kind::DaemonSet, "a", claim, Time::START)) else {
        panic!()
    };
    assert_eq!((ds.status.number_ready, ds.min_ready.as_secs()), (0, 5));
    let mut report = (*ds).clone();
    report.status.number_ready = 3;
    report.min_ready = Duration::from_secs(99);
    let answer = api.handle(Call::UpdateStatus(Object::DaemonSet(Rc::new(report))), Time::START);
    let Object::DaemonSet(ds) = object(&answer) else { panic!() };
    assert_eq!((ds.status.number_ready, ds.min_ready.as_secs(), ds.meta.generation), (3, 5, 2));
}

fn bound(api: &mut ApiServer, name: &str, meta: Value) {
    let mut body = pod_body(name);
    body["spec"]["nodeName"] = json!("worker-1");
    for (key, value) in meta.as_object().unwrap() {
        body["metadata"][key] = value.clone();
    }
    assert!(post(api, "v1", "Pod", "default", body).result.is_ok());
}

fn delete_at(api: &mut ApiServer, name: &str, grace_seconds: Option<i64>, after: u64) -> Answer {
    let options = DeleteOptions { grace_seconds, ..DeleteOptions::default() };
    let now = Time::START + Duration::from_secs(after);
    api.handle(Call::Delete { kind: Kind::Pod, key: Key::new("default", name), options }, now)
}

#[test]
fn api_013_without_grace_a_pod_goes_at_once_unless_finalizers_hold_it() {
    let mut api = server();
    bound(&mut api, "free", json!({}));
    bound(&mut api, "held", json!({"finalizers": ["example.com/mine"]}));
    assert!(delete_at(&mut api, "free", Some(0), 0).result.is_ok());
    assert_eq!(message(&get(&mut api, Kind::Pod, "free")), "pods \"free\" not found");
    let held = pod(&delete_at(&mut api, "held", Some(0), 0));
    assert_eq!(held.meta.deletion.as_ref().unwrap().grace_seconds, 0);
    patch(&mut api, Kind::Pod, "held", json!({"metadata": {"finalizers": null}}), Time::START);
    assert_eq!(message(&get(&mut api, Kind::Pod, "held")), "pods \"held\" not found");
}

#[test]
fn api_014_a_second_delete_can_only_shorten_the_first() {
    let mut api = server();
    bound(&mut api, "a", json!({}));
    let mut delete = |grace, after| {
        let deletion = pod(&delete_at(&mut api, "a", grace, after)).meta.deletion.clone().unwrap();
        (u64::from(deletion.at.0 - Time::START.stamp().0), deletion.grace_seconds)
    };
    assert_eq!(delete(None, 0), (30, 30));
    assert_eq!(delete(Some(60), 1), (30, 30), "longer");
    assert_eq!(delete(Some(30), 1), (30, 30), "equal");
    assert_eq!(delete(None, 5), (30, 30), "the usual one");
    assert_eq!(delete(Some(25), 10), (25, 25), "counted from the first");
    assert_eq!(delete(Some(3), 10), (10, 3), "not before now");
}

#[test]
fn kl_092_nobody_waits_for_a_pod_that_runs_nowhere() {
    let mut api = server();
    post(&mut api, "v1", "Pod", "default", pod_body("unbound"));
    delete_at(&mut api, "unbound", None, 0);
    assert_eq!(message(&get(&mut api, Kind::Pod, "unbound")), "pods \"unbound\" not found");
    for phase in [Phase::Succeeded, Phase::Failed] {
        bound(&mut api, "ended", json!({}));
        let made = pod(&get(&mut api, Kind::Pod, "ended"));
        let status = PodStatus { phase, ..made.status.clone() };
        api.handle(
            Call::PatchPodStatus { pod: PodId::of(&made.meta), status: Box::new(status) },
            Time::START,
        );
        delete_at(&mut api, "ended", Some(60), 0);
        assert_eq!(message(&get(&mut api, Kind::Pod, "ended")), "pods \"ended\" not found");
    }
}

#[test]
fn api_018_a_removal_has_a_revision_of_its_own() {
    let mut api = server();
    let made = object(&post(&mut api, "apps/v1", "DaemonSet", "default", ds_body("a")));
    post(&mut api, "v1", "Pod", "default", pod_body("b"));
    api.store.take_changes();
    let gone = object(&delete(&mut api, Kind::DaemonSet, "a", None));
    let version = |object: &Object| object.meta().unwrap().resource_version;
    assert_eq!(version(&gone), version(&made) + 2, "after the pod's");
    let changes = api.store.take_changes();
    let [change] = changes.as_slice() else { panic!("{changes:?}") };
    // As it was last, but for the revision.
    assert_eq!((version(change.old.as_ref().unwrap()), change.new.is_none()), (version(&gone), true));
}

/// A mirror pod as the kubelet of worker-1 makes it, changed by `change`.
fn mirror(api: &ApiServer, change: impl FnOnce(&mut Value)) -> Object {
    let uid = api.store.nodes.get("", "worker-1").unwrap().meta.uid.to_string();
    let mut body = pod_body("web-worker-1");
    body["metadata"]["namespace"] = json!("default");
    body["metadata"]["annotations"] = json!({"kubernetes.io/config.mirror": "abc"});
    body["metadata"]["ownerReferences"] =
        json!([{"apiVersion": "v1", "kind": "Node", "name": "worker-1", "uid": uid, "controller": true}]);
    body["spec"]["nodeName"] = json!("worker-1");
    change(&mut body);
    Object::Pod(Rc::new(Pod::from_value(&body)))
}

fn create_mirror(api: &mut ApiServer, change: impl FnOnce(&mut Value)) -> Answer {
    let mirror = mirror(api, change);
    api.handle(Call::Create(mirror), Time::START)
}

#[test]
fn kl_039_a_kubelet_may_only_create_mirrors_of_its_own_node() {
    let mut api = server();
    post(&mut api, "v1", "Node", "", json!({"metadata": {"name": "worker-1"}}));
    let mut why = |change: fn(&mut Value)| message(&create_mirror(&mut api, change));
    let forbidden = |why: &str| format!("pods \"web-worker-1\" is forbidden: node \"worker-1\" {why}");
    let itself = "can only create pods with an owner reference set to itself";
    assert_eq!(why(|pod| pod["metadata"]["ownerReferences"] = json!([])), forbidden(itself));
    assert_eq!(
        why(|pod| pod["metadata"]["ownerReferences"][0]["name"] = json!("worker-2")),
        forbidden(itself)
    );
    assert_eq!(
        why(|pod| {
            let owner = pod["metadata"]["ownerReferences"][0].clone();
            pod["metadata"]["ownerReferences"] = json!([owner.clone(), owner]);
        }),
        forbidden("can only create pods with a single owner reference set to itself")
    );
    assert_eq!(
        why(|pod| pod["metadata"]["ownerReferences"][0]["controller"] = json!(false)),
        forbidden("can only create pods with a controller owner reference set to itself")
    );
    let other = why(|pod| pod["metadata"]["ownerReferences"][0]["uid"] = json!("1-2-3"));
    assert!(other.contains("node worker-1 UID mismatch: expected "), "{other}");
    assert_eq!(
        why(|pod| pod["spec"]["volumes"] = json!([{"name": "v", "configMap": {"name": "x"}}])),
        forbidden("can not create pods that reference configmaps")
    );
    assert_eq!(
        why(|pod| pod["spec"]["volumes"] =
            json!([{"name": "v", "persistentVolumeClaim": {"claimName": "x"}}])),
        forbidden("can not create pods that reference persistentvolumeclaims")
    );
    assert!(create_mirror(&mut api, |_| ()).result.is_ok());
}

#[test]
fn kl_040_admission_leaves_a_mirror_as_it_is() {
    let mut api = server();
    post(&mut api, "v1", "Node", "", json!({"metadata": {"name": "worker-1"}}));
    assert_eq!(
        message(&create_mirror(&mut api, |pod| pod["spec"]["serviceAccountName"] = json!("default"))),
        "pods \"web-worker-1\" is forbidden: a mirror pod may not reference service accounts"
    );
    let secret = |pod: &mut Value| {
        pod["spec"]["volumes"] = json!([{"name": "v", "secret": {"secretName": "x"}}]);
    };
    assert_eq!(
        message(&create_mirror(&mut api, secret)),
        "pods \"web-worker-1\" is forbidden: a mirror pod may not reference secrets"
    );
    let made = pod(&create_mirror(&mut api, |_| ()));
    let spec = made.spec_to_value();
    assert!(
        spec["serviceAccountName"].is_null() && spec["volumes"].is_null() && spec["tolerations"].is_null()
    );
    assert_eq!(spec["priority"], 0, "only its priority is filled in");
}

/// Kubernetes: plugin/pkg/admission/runtimeclass/admission.go, validateOverhead: an empty overhead is one too.
#[test]
fn an_overhead_needs_a_runtime_class_even_if_it_is_empty() {
    let mut api = server();
    let mut body = pod_body("a");
    body["spec"]["overhead"] = json!({});
    assert_eq!(
        message(&post(&mut api, "v1", "Pod", "default", body)),
        "pods \"a\" is forbidden: pod rejected: Pod Overhead set without corresponding RuntimeClass defined Overhead"
    );
}

/// Kubernetes: apimachinery/pkg/api/resource, MilliValue: what no int64 holds goes round, by how it was written.
#[test]
fn bytes_beyond_int64_are_warned_of_by_how_they_were_written() {
    let mut api = server();
    let mut warnings = |name: &str, amount: Value| {
        let mut body = pod_body(name);
        body["spec"]["containers"][0]["resources"] = json!({"limits": {"memory": amount}});
        post(&mut api, "v1", "Pod", "default", body).warnings
    };
    let fractional = |list: &str, text: &str| {
        format!(
            "spec.containers[0].resources.{list}[memory]: fractional byte value \"{text}\" is invalid, must be an integer"
        )
    };
    let both = |text| vec![fractional("limits", text), fractional("requests", text)];
    assert_eq!(warnings("a", json!(1e18)), both("1E"));
    assert_eq!(warnings("b", json!("10000000000000000000")), both("10E"));
    assert_eq!(warnings("d", json!(1e16)), both("10P"));
    assert!(warnings("c", json!("1E")).is_empty());
}

/// Kubernetes: pkg/registry/core/service/storage/storage.go, normalizeClusterIPs.
#[test]
fn a_services_addresses_follow_the_one_that_is_changed() {
    let mut api = server();
    let body = json!({"metadata": {"name": "web"}, "spec": {"ports": [{"port": 80}]}});
    assert!(post(&mut api, "v1", "Service", "default", body).result.is_ok());
    let mut patch = |spec: Value| {
        let patch = Patch::Merge(Rc::new(json!({"spec": spec})));
        let call = Call::Patch {
            kind: kind("v1", "Service"),
            key: Key::new("default", "web"),
            uid: None,
            patch,
            validation: FieldValidation::Strict,
        };
        message(&api.handle(call, Time::START))
    };
    assert_eq!(
        patch(json!({"clusterIP": "x"})),
        "Service \"web\" is invalid: spec.clusterIPs[0]: Invalid value: \"x\": must be a valid IP address, (e.g. 10.9.8.7 or 2001:db8::ffff)"
    );
}
