use expect_test::{Expect, expect};
use serde_json::{Value, json};

use super::*;
use crate::table::{Table, TableOptions};
use api::event::{EventDraft, EventSource, EventType, Message, ObjectRef};
use api::node::Lease;
use api::pod::Pod;
use cli_runtime::tabwriter::TabWriter;
use std::rc::Rc;

/// 2026-01-01T00:10:00Z.
fn now() -> Time {
    Time::START + sim::Duration::from_secs(600)
}

fn table(objects: &[Object], options: TableOptions) -> String {
    let table = Table::new(objects[0].kind(), options);
    TabWriter::for_tables().format(&table.text(objects, now()))
}

fn check(objects: &[Object], expected: Expect) {
    let wide = TableOptions { wide: true, ..TableOptions::default() };
    let text = table(objects, TableOptions::default()) + "---\n" + &table(objects, wide);
    let lines: Vec<&str> = text.lines().map(str::trim_end).collect();
    expected.assert_eq(&(lines.join("\n") + "\n"));
}

fn object(value: &Value) -> Object {
    let text = |key: &str| value[key].as_str().expect("written in the test");
    Object::from_value(Kind::of(text("apiVersion"), text("kind")).expect("a served kind"), value)
}

fn meta(name: &str) -> Value {
    json!({"name": name, "namespace": "default", "creationTimestamp": "2026-01-01T00:08:00Z",
        "labels": {"app": "agent"}})
}

fn pod_with(spec: Value, status: Value) -> Pod {
    Pod::from_value(&json!({"metadata": meta("p"), "spec": spec, "status": status}))
}

fn containers(names: &[&str]) -> Value {
    json!({"containers": names.iter().map(|name| json!({"name": name, "image": "i"})).collect::<Vec<_>>()})
}

fn running(ready: bool) -> Value {
    json!({"ready": ready, "started": true, "restartCount": 0,
        "state": {"running": {"startedAt": "2026-01-01T00:08:05Z"}}})
}

fn waiting(reason: &str) -> Value {
    json!({"ready": false, "restartCount": 0, "state": {"waiting": {"reason": reason}}})
}

fn ended(code: i32, signal: i32, reason: &str) -> Value {
    json!({"ready": false, "restartCount": 0, "state": {"terminated":
        {"exitCode": code, "signal": signal, "reason": reason}}})
}

/// READY and STATUS of a pod.
fn status(pod: &Pod) -> String {
    let summary = pod_status(pod);
    format!("{}/{} {}", summary.ready, summary.total, summary.reason)
}

#[test]
fn kl_108_status_begins_with_the_phase_and_its_reason() {
    let pod = pod_with(containers(&["a"]), json!({"phase": "Pending"}));
    assert_eq!(status(&pod), "0/1 Pending");
    let pod = pod_with(containers(&["a"]), json!({"phase": "Failed", "reason": "Evicted"}));
    assert_eq!(status(&pod), "0/1 Evicted");
    let gated = json!({"phase": "Pending", "conditions": [
        {"type": "PodScheduled", "status": "False", "reason": "SchedulingGated"}]});
    assert_eq!(status(&pod_with(containers(&["a"]), gated)), "0/1 SchedulingGated");
}

#[test]
fn kl_109_init_containers_come_before_the_others() {
    let spec = json!({"initContainers": [{"name": "i1"}, {"name": "i2"}], "containers": [{"name": "a"}]});
    let of = |inits: Value| {
        let status_value = json!({"phase": "Pending", "initContainerStatuses": inits,
            "containerStatuses": [waiting("PodInitializing")]});
        status(&pod_with(spec.clone(), status_value))
    };
    assert_eq!(of(json!([ended(0, 0, "Completed"), running(false)])), "0/1 Init:1/2");
    assert_eq!(of(json!([waiting("PodInitializing"), waiting("PodInitializing")])), "0/1 Init:0/2");
    assert_eq!(
        of(json!([waiting("ImagePullBackOff"), waiting("PodInitializing")])),
        "0/1 Init:ImagePullBackOff"
    );
    assert_eq!(of(json!([ended(1, 0, "Error"), waiting("PodInitializing")])), "0/1 Init:Error");
    assert_eq!(of(json!([ended(3, 0, ""), waiting("PodInitializing")])), "0/1 Init:ExitCode:3");
    assert_eq!(of(json!([ended(137, 9, ""), waiting("PodInitializing")])), "0/1 Init:Signal:9");
    assert_eq!(of(json!([ended(0, 0, "Completed"), ended(0, 0, "Completed")])), "0/1 PodInitializing");
}

#[test]
fn kl_110_the_first_containers_reason_wins() {
    let of = |statuses: Value| {
        let status_value = json!({"phase": "Running", "containerStatuses": statuses});
        status(&pod_with(containers(&["a", "b"]), status_value))
    };
    assert_eq!(of(json!([waiting("CrashLoopBackOff"), waiting("ImagePullBackOff")])), "0/2 CrashLoopBackOff");
    assert_eq!(of(json!([running(true), waiting("ImagePullBackOff")])), "1/2 ImagePullBackOff");
    assert_eq!(of(json!([ended(1, 0, ""), running(true)])), "1/2 ExitCode:1");
    assert_eq!(of(json!([ended(143, 15, ""), running(true)])), "1/2 Signal:15");
    assert_eq!(of(json!([running(true), running(false)])), "1/2 Running");
}

#[test]
fn kl_111_a_completed_container_does_not_hide_those_that_run() {
    let of = |ready: &str, statuses: Value| {
        let status_value = json!({"phase": "Running", "containerStatuses": statuses,
            "conditions": [{"type": "Ready", "status": ready}]});
        status(&pod_with(containers(&["a", "b", "c"]), status_value))
    };
    let done = ended(0, 0, "Completed");
    assert_eq!(of("True", json!([done, running(true), running(true)])), "2/3 Running");
    assert_eq!(of("False", json!([done, running(true), running(false)])), "1/3 NotReady");
    assert_eq!(of("False", json!([done, waiting("CrashLoopBackOff"), running(true)])), "1/3 NotReady");
    assert_eq!(of("False", json!([done, ended(1, 0, "Error"), running(true)])), "1/3 Error");
    assert_eq!(of("False", json!([done, ended(1, 0, "Error"), done])), "0/3 Error");
    assert_eq!(of("False", json!([done, done, done])), "0/3 Completed");
}

#[test]
fn kl_112_a_pod_that_is_being_deleted_is_terminating() {
    let of = |phase: &str, reason: Value| {
        let mut pod = pod_with(containers(&["a"]), json!({"phase": phase, "reason": reason}));
        pod.meta.deletion = Some(Box::new(api::meta::Deletion { at: now().stamp(), grace_seconds: 30 }));
        status(&pod)
    };
    assert_eq!(of("Running", Value::Null), "0/1 Terminating");
    assert_eq!(of("Failed", Value::Null), "0/1 Failed");
    assert_eq!(of("Running", json!("NodeLost")), "0/1 Unknown");
}

#[test]
fn kl_113_a_pod_on_a_dead_node_still_shows_as_running() {
    let status_value = json!({"phase": "Running", "containerStatuses": [running(true)],
        "conditions": [{"type": "Ready", "status": "False"}]});
    assert_eq!(status(&pod_with(containers(&["a"]), status_value)), "1/1 Running");
}

#[test]
fn kl_114_sidecars_count_as_containers_and_restarts_have_an_age() {
    let spec = json!({"initContainers": [{"name": "s", "restartPolicy": "Always"}, {"name": "i"}],
        "containers": [{"name": "a"}]});
    let restarted = json!({"ready": true, "started": true, "restartCount": 3,
        "state": {"running": {"startedAt": "2026-01-01T00:08:05Z"}},
        "lastState": {"terminated": {"exitCode": 1, "finishedAt": "2026-01-01T00:09:30Z"}}});
    let status_value = json!({"phase": "Running", "initContainerStatuses": [restarted, ended(0, 0, "Completed")],
        "containerStatuses": [running(true)]});
    let pod = pod_with(spec, status_value);
    assert_eq!(status(&pod), "2/2 Running");
    let cells = row(&Object::Pod(Rc::new(pod)), now());
    assert_eq!(cells[3], "3 (30s ago)");
}

#[test]
fn cli_001_pods_print_as_the_api_server_prints_them() {
    let mut bound = pod_with(
        json!({"nodeName": "worker-1", "containers": [{"name": "a"}]}),
        json!({"phase": "Running", "podIP": "10.244.1.2", "containerStatuses": [running(true)]}),
    );
    bound.meta.name = "agent-x7k2p".into();
    let pending = pod_with(containers(&["a"]), json!({"phase": "Pending"}));
    check(
        &[Object::Pod(Rc::new(bound)), Object::Pod(Rc::new(pending))],
        expect![[r#"
            NAME          READY   STATUS    RESTARTS   AGE
            agent-x7k2p   1/1     Running   0          2m
            p             0/1     Pending   0          2m
            ---
            NAME          READY   STATUS    RESTARTS   AGE   IP           NODE       NOMINATED NODE   READINESS GATES
            agent-x7k2p   1/1     Running   0          2m    10.244.1.2   worker-1   <none>           <none>
            p             0/1     Pending   0          2m    <none>       <none>     <none>           <none>
        "#]],
    );
}

#[test]
fn cli_002_daemon_sets_print_as_the_api_server_prints_them() {
    let ds = |name: &str, selector: Value| {
        object(&json!({"apiVersion": "apps/v1", "kind": "DaemonSet", "metadata": meta(name),
            "spec": {"selector": {"matchLabels": {"app": "agent"}}, "template": {
                "metadata": {"labels": {"app": "agent"}},
                "spec": {"nodeSelector": selector, "containers": [
                    {"name": "main", "image": "agent:1"}, {"name": "log", "image": "log:2"}]}}},
            "status": {"desiredNumberScheduled": 3, "currentNumberScheduled": 3, "numberReady": 2,
                "updatedNumberScheduled": 1, "numberAvailable": 2, "numberMisscheduled": 7}}))
    };
    check(
        &[ds("agent", json!({})), ds("on-ssd", json!({"disk": "ssd", "zone": "a"}))],
        expect![[r#"
            NAME     DESIRED   CURRENT   READY   UP-TO-DATE   AVAILABLE   NODE SELECTOR     AGE
            agent    3         3         2       1            2           <none>            2m
            on-ssd   3         3         2       1            2           disk=ssd,zone=a   2m
            ---
            NAME     DESIRED   CURRENT   READY   UP-TO-DATE   AVAILABLE   NODE SELECTOR     AGE   CONTAINERS   IMAGES          SELECTOR
            agent    3         3         2       1            2           <none>            2m    main,log     agent:1,log:2   app=agent
            on-ssd   3         3         2       1            2           disk=ssd,zone=a   2m    main,log     agent:1,log:2   app=agent
        "#]],
    );
}

fn node(name: &str, labels: Value, ready: Value, cordoned: bool) -> Object {
    let conditions = match ready {
        Value::Null => json!([]),
        status => json!([{"type": "Ready", "status": status}]),
    };
    object(&json!({"apiVersion": "v1", "kind": "Node",
        "metadata": {"name": name, "labels": labels, "creationTimestamp": "2026-01-01T00:00:00Z"},
        "spec": {"unschedulable": cordoned},
        "status": {"conditions": conditions, "addresses": [{"type": "InternalIP", "address": "10.0.0.1"}],
            "nodeInfo": {"kubeletVersion": "v1.36.2", "osImage": "Debian", "kernelVersion": "6.12.1",
                "architecture": "amd64", "containerRuntimeVersion": "containerd://2.1.4"}}}))
}

#[test]
fn cli_003_nodes_print_as_the_api_server_prints_them() {
    let role = json!({"node-role.kubernetes.io/control-plane": "", "kubernetes.io/role": "boss"});
    check(
        &[
            node("control-plane", role, json!("True"), false),
            node("worker-1", json!({}), json!("Unknown"), true),
            node("worker-2", json!({}), Value::Null, false),
        ],
        expect![[r#"
            NAME            STATUS                        ROLES                AGE   VERSION
            control-plane   Ready                         boss,control-plane   10m   v1.36.2
            worker-1        NotReady,SchedulingDisabled   <none>               10m   v1.36.2
            worker-2        Unknown                       <none>               10m   v1.36.2
            ---
            NAME            STATUS                        ROLES                AGE   VERSION   INTERNAL-IP   EXTERNAL-IP   OS-IMAGE   KERNEL-VERSION   CONTAINER-RUNTIME
            control-plane   Ready                         boss,control-plane   10m   v1.36.2   10.0.0.1      <none>        Debian     6.12.1 (amd64)   containerd://2.1.4
            worker-1        NotReady,SchedulingDisabled   <none>               10m   v1.36.2   10.0.0.1      <none>        Debian     6.12.1 (amd64)   containerd://2.1.4
            worker-2        Unknown                       <none>               10m   v1.36.2   10.0.0.1      <none>        Debian     6.12.1 (amd64)   containerd://2.1.4
        "#]],
    );
}

#[test]
fn cli_004_events_print_as_the_api_server_prints_them() {
    let (namespace, name) = ("default".into(), "agent-x7k2p".into());
    let regarding = Rc::new(ObjectRef::new(Kind::Pod, namespace, name, Default::default()));
    let source = Rc::new(EventSource { component: "kubelet", host: Some("worker-1".into()) });
    let draft = EventDraft {
        regarding,
        field_path: Some("spec.containers{main}".into()),
        kind: EventType::Warning,
        reason: "BackOff",
        message: Message::Static("Back-off restarting failed container"),
        source,
        count: 4,
        first: Time::START,
        last: Time::START + sim::Duration::from_secs(570),
    };
    let event = api::event::Event { serial: 1, resource_version: 9, draft };
    let name = event.name();
    let text =
        table(&[Object::Event(Rc::new(event))], TableOptions { wide: true, ..TableOptions::default() });
    expect![[r#"
        LAST SEEN   TYPE      REASON    OBJECT            SUBOBJECT               SOURCE              MESSAGE                                FIRST SEEN   COUNT   NAME
        30s         Warning   BackOff   pod/agent-x7k2p   spec.containers{main}   kubelet, worker-1   Back-off restarting failed container   10m          4       NAME
    "#]]
    .assert_eq(&text.replace(&name, "NAME"));
}

#[test]
fn cli_005_revisions_leases_and_namespaces_print_as_the_api_server_prints_them() {
    let owner = json!([{"apiVersion": "apps/v1", "kind": "DaemonSet", "name": "agent", "uid": "u",
        "controller": true}]);
    let mut revision_meta = meta("agent-6d5f7c8b9");
    revision_meta["ownerReferences"] = owner;
    let revision = json!({"apiVersion": "apps/v1", "kind": "ControllerRevision", "metadata": revision_meta,
        "revision": 2});
    let mut lease_meta = api::meta::ObjectMeta::new("kube-node-lease", "worker-1");
    lease_meta.created = Time::START.stamp();
    let lease = Lease {
        meta: lease_meta,
        holder: "worker-1".into(),
        duration: sim::Duration::from_secs(40),
        acquired: now(),
        renewal: api::node::Renewal::At(now()),
        transitions: 0,
    };
    let namespace = json!({"apiVersion": "v1", "kind": "Namespace",
        "metadata": {"name": "team", "creationTimestamp": "2026-01-01T00:08:00Z"}, "status": {"phase": "Active"}});
    let all = [object(&revision), Object::Lease(Rc::new(lease)), object(&namespace)];
    let text: String =
        all.iter().map(|one| table(std::slice::from_ref(one), TableOptions::default())).collect();
    expect![[r#"
        NAME              CONTROLLER             REVISION   AGE
        agent-6d5f7c8b9   daemonset.apps/agent   2          2m
        NAME       HOLDER     AGE
        worker-1   worker-1   10m
        NAME   STATUS   AGE
        team   Active   2m
    "#]]
    .assert_eq(&text);
}

#[test]
fn cli_006_namespaces_and_labels_are_columns_of_their_own() {
    let pod = Object::Pod(Rc::new(pod_with(containers(&["a"]), json!({"phase": "Pending"}))));
    let options = TableOptions {
        with_namespace: true,
        show_labels: true,
        label_columns: vec!["example.com/app".to_owned(), "app".to_owned()],
        ..TableOptions::default()
    };
    expect![[r#"
        NAMESPACE   NAME   READY   STATUS    RESTARTS   AGE   APP   APP     LABELS
        default     p      0/1     Pending   0          2m          agent   app=agent
    "#]]
    .assert_eq(&table(&[pod], options));
}

#[test]
fn cli_011_names_may_carry_their_kind() {
    let ds = json!({"apiVersion": "apps/v1", "kind": "DaemonSet", "metadata": meta("agent"), "spec": {}});
    let options = TableOptions { with_kind: true, no_headers: true, ..TableOptions::default() };
    let text = table(&[object(&ds)], options);
    assert_eq!(text, "daemonset.apps/agent   0     0     0     0     0     <none>   2m\n");
}

#[test]
fn every_kind_has_a_cell_for_each_column() {
    for info in api::schema::kinds() {
        let kind = Kind::from_info(info);
        let value = json!({"apiVersion": info.api_version, "kind": info.kind, "metadata": meta("x"),
            "spec": {}, "status": {}});
        let cells = row(&Object::from_value(kind, &value), now());
        assert_eq!(cells.len(), columns(kind).len(), "{} {}", info.api_version, info.kind);
        assert!(cells.contains(&"x".to_owned()), "{}", info.kind);
    }
}

#[test]
fn other_kinds_print_as_the_api_server_prints_them() {
    let objects = [
        json!({"apiVersion": "v1", "kind": "ConfigMap", "metadata": meta("c"), "data": {"a": "1", "b": "2"}}),
        json!({"apiVersion": "v1", "kind": "Service", "metadata": meta("s"), "spec": {"type": "NodePort",
            "clusterIP": "10.96.0.1", "ports": [{"port": 80, "nodePort": 30080, "protocol": "TCP"}]}}),
        json!({"apiVersion": "scheduling.k8s.io/v1", "kind": "PriorityClass",
            "metadata": {"name": "high", "creationTimestamp": "2026-01-01T00:08:00Z"}, "value": 100000}),
        json!({"apiVersion": "rbac.authorization.k8s.io/v1", "kind": "ClusterRole",
            "metadata": {"name": "r", "creationTimestamp": "2026-01-01T00:08:00Z"}}),
        json!({"apiVersion": "apps/v1", "kind": "Deployment", "metadata": meta("d"),
            "spec": {"replicas": 2, "selector": {"matchLabels": {"app": "d"}}}}),
    ];
    let objects: Vec<Object> = objects.iter().map(object).collect();
    let text: String =
        objects.iter().map(|one| table(std::slice::from_ref(one), TableOptions::default())).collect();
    expect![[r#"
        NAME   DATA   AGE
        c      2      2m
        NAME   TYPE       CLUSTER-IP   EXTERNAL-IP   PORT(S)        AGE
        s      NodePort   10.96.0.1    <none>        80:30080/TCP   2m
        NAME   VALUE    GLOBAL-DEFAULT   AGE   PREEMPTIONPOLICY
        high   100000   false            2m    PreemptLowerPriority
        NAME   CREATED AT
        r      2026-01-01T00:08:00Z
        NAME   READY   UP-TO-DATE   AVAILABLE   AGE
        d      0/2     0            0           2m
    "#]]
    .assert_eq(&text);
}
