//! Pods that are adopted, released, or belong to another controller. Rules: DS-037 … DS-041.

use std::collections::BTreeSet;
use std::rc::Rc;

use api::object::Kind;
use api::pod::Pod;
use serde_json::{Value, json};
use sim::Duration;
use wire::Call;

use super::{add_pod, cluster, names, numbers};
use crate::stand::Stand;

fn labelled(name: &str, node: &str) -> Value {
    json!({"metadata": {"name": name, "labels": {"app": "agent"}}, "spec": {"nodeName": node}})
}

#[test]
fn ds_037_ds_040_a_matching_pod_without_controller_is_adopted_and_counts() {
    let mut stand = Stand::new(Duration::from_millis(100));
    stand.node("n1", json!({}));
    add_pod(&mut stand, labelled("mine", "n1"));
    stand.daemon_set("agent", json!({"spec": {"updateStrategy": {"type": "OnDelete"}}}));
    stand.run_secs(10);
    assert_eq!(names(&stand), BTreeSet::from(["mine".to_owned()]));
    assert_eq!(stand.pod("mine").meta.controller().unwrap().uid, stand.ds("agent").meta.uid);
    assert_eq!(numbers(&stand), [1, 1, 0, 0, 0, 0]);
    // The DaemonSet is looked at past the cache before it adopts.
    assert!(stand.calls.iter().any(|(_, call, _)| matches!(call, Call::Get { kind: Kind::DaemonSet, .. })));
}

#[test]
fn ds_040_an_adopted_pod_of_another_template_is_replaced_by_a_rolling_update() {
    let mut stand = Stand::new(Duration::ZERO);
    stand.instant_deletion = true;
    stand.node("n1", json!({}));
    add_pod(&mut stand, labelled("mine", "n1"));
    stand.set_ready("mine", true);
    stand.daemon_set("agent", json!({}));
    stand.run_secs(1);
    assert!(!names(&stand).contains("mine"));
    assert_eq!(stand.pods().len(), 1);
}

#[test]
fn ds_040_a_terminating_pod_or_one_elsewhere_is_not_adopted() {
    let mut stand = Stand::new(Duration::ZERO);
    stand.node("n1", json!({}));
    let mut elsewhere = labelled("elsewhere", "n1");
    elsewhere["metadata"]["namespace"] = json!("kube-system");
    add_pod(&mut stand, elsewhere);
    let mut going = labelled("going", "n1");
    going["metadata"]["deletionTimestamp"] = json!("2026-01-01T00:00:30Z");
    add_pod(&mut stand, going);
    stand.daemon_set("agent", json!({}));
    stand.run_secs(1);
    assert!(stand.pod("going").meta.controller().is_none());
    assert!(stand.pod("kube-system/elsewhere").meta.controller().is_none());
    assert_eq!(stand.pods().len(), 3);
}

#[test]
fn ds_038_a_pod_of_another_controller_is_never_touched() {
    let mut stand = Stand::new(Duration::ZERO);
    stand.node("n1", json!({}));
    let selector = json!({"matchLabels": {"app": "agent"}});
    let spec =
        json!({"replicas": 1, "selector": selector, "template": {"metadata": {"labels": {"app": "agent"}}}});
    stand.insert_other("apps/v1", "ReplicaSet", "default", "rs", json!({"spec": spec}));
    let uid = stand.api.store.others[&crate::stand::kind("apps/v1", "ReplicaSet")]
        .get("default", "rs")
        .unwrap()
        .meta
        .uid;
    let mut theirs = labelled("theirs", "n1");
    theirs["metadata"]["ownerReferences"] = json!([{"apiVersion": "apps/v1", "kind": "ReplicaSet", "name": "rs",
        "uid": uid.to_string(), "controller": true}]);
    add_pod(&mut stand, theirs);
    let before = stand.pod("theirs");
    stand.daemon_set("agent", json!({}));
    stand.run_secs(1);
    assert_eq!(stand.pod("theirs"), before);
    assert_eq!(stand.pods().len(), 2);
}

#[test]
fn ds_039_a_pod_that_no_longer_matches_is_released_and_replaced() {
    let mut stand = cluster(1, json!({}));
    stand.all_ready();
    let name = stand.pods()[0].meta.name.clone();
    stand.patch(Kind::Pod, &name, json!({"metadata": {"labels": {"app": "debug"}}}));
    stand.run_secs(1);
    let released = stand.pod(&name);
    assert!(released.meta.controller().is_none() && !released.meta.is_terminating());
    assert_eq!(stand.pod_nodes(), ["n1", "n1"]);
    assert_eq!(numbers(&stand), [1, 1, 0, 1, 0, 0]);
}

#[test]
fn ds_041_overlapping_daemon_sets_keep_their_own_pods() {
    let mut stand = cluster(1, json!({}));
    let same = json!({"spec": {"selector": {"matchLabels": {"app": "agent"}},
        "template": {"metadata": {"labels": {"app": "agent"}}}}});
    stand.daemon_set("twin", same.clone());
    stand.run_secs(1);
    let owner = |pod: &Rc<Pod>| pod.meta.controller().unwrap().name.to_string();
    let mut owners: Vec<String> = stand.pods().iter().map(owner).collect();
    owners.sort();
    assert_eq!(owners, ["agent", "twin"]);
}
