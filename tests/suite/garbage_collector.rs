//! The garbage collector and the namespace controller, on a real API server.

use std::rc::Rc;

use api::object::{Kind, Object};
use api::{Node, Pod};
use serde_json::{Value, json};
use sim::Duration;
use wire::{Call, CallError, DeleteOptions};

use crate::stand::{Stand, kind, merge, parse_key};

fn stand() -> Stand {
    Stand::new(Duration::from_millis(10))
}

fn uid(stand: &Stand, of: Kind, key: &str) -> String {
    stand.api.store.get(of, &parse_key(key)).unwrap().meta().unwrap().uid.to_string()
}

fn owner(api_version: &str, kind: &str, name: &str, uid: &str) -> Value {
    json!({"apiVersion": api_version, "kind": kind, "name": name, "uid": uid})
}

fn add_pod(stand: &mut Stand, name: &str, owners: &[Value], more: Value) {
    let mut value = json!({"metadata": {"name": name, "namespace": "default", "ownerReferences": owners},
        "spec": {"containers": []}});
    merge(&mut value, &more);
    stand.insert(Object::Pod(Rc::new(Pod::from_value(&value))));
}

fn names(stand: &Stand) -> Vec<String> {
    stand.pods().iter().map(|pod| pod.meta.name.to_string()).collect()
}

#[test]
fn api_016_objects_go_when_all_their_owners_have_gone() {
    let mut stand = stand();
    for name in ["one", "two"] {
        stand.insert_other("v1", "ConfigMap", "default", name, json!({}));
    }
    let config_map = kind("v1", "ConfigMap");
    let own = |stand: &Stand, name: &str| owner("v1", "ConfigMap", name, &uid(stand, config_map, name));
    let (one, two) = (own(&stand, "one"), own(&stand, "two"));
    add_pod(&mut stand, "of-one", std::slice::from_ref(&one), json!({}));
    add_pod(&mut stand, "of-both", &[one, two], json!({}));
    stand.run_secs(1);
    assert_eq!(names(&stand), ["of-one", "of-both"]);
    stand.delete(config_map, "one", DeleteOptions::default());
    stand.run_secs(1);
    // The other one only loses the reference.
    assert_eq!(names(&stand), ["of-both"]);
    assert_eq!(stand.pod("of-both").meta.common.owners.len(), 1);
    stand.delete(config_map, "two", DeleteOptions::default());
    stand.run_secs(1);
    assert_eq!(names(&stand), [""; 0]);
}

#[test]
fn api_016_an_object_whose_owner_never_existed_goes_after_a_look() {
    let mut stand = stand();
    add_pod(&mut stand, "stray", &[owner("v1", "ConfigMap", "none", "u")], json!({}));
    stand.run_secs(1);
    assert_eq!(names(&stand), [""; 0]);
    assert!(stand.calls.iter().any(|(_, call, _)| matches!(call, Call::Get { .. })));
}

#[test]
fn api_016_deletions_are_tried_again_while_the_api_server_is_away() {
    let mut stand = stand();
    stand.insert_other("v1", "ConfigMap", "default", "one", json!({}));
    let config_map = kind("v1", "ConfigMap");
    let one = owner("v1", "ConfigMap", "one", &uid(&stand, config_map, "one"));
    add_pod(&mut stand, "of-one", &[one], json!({}));
    stand.run_secs(1);
    let away_until = stand.now + Duration::from_secs(10);
    let clock = Rc::new(std::cell::Cell::new(stand.now));
    let seen = clock.clone();
    stand.refuse = Some(Box::new(move |_| (seen.get() < away_until).then_some(CallError::Refused)));
    stand.delete(config_map, "one", DeleteOptions::default());
    stand.run_secs(10);
    assert_eq!(names(&stand), ["of-one"]);
    clock.set(stand.now);
    stand.run_secs(20);
    assert_eq!(names(&stand), [""; 0]);
}

#[test]
fn kl_046_a_nodes_mirror_pods_and_lease_go_with_it() {
    let mut stand = stand();
    stand.node("n1", json!({}));
    let node = owner("v1", "Node", "n1", &uid(&stand, Kind::Node, "/n1"));
    let mut controller = node.clone();
    controller["controller"] = json!(true);
    add_pod(&mut stand, "etcd-n1", &[controller], json!({"spec": {"nodeName": "n1"}}));
    add_pod(&mut stand, "plain", &[], json!({"spec": {"nodeName": "n1"}}));
    let node = Node::from_value(&json!({"metadata": {"name": "n1", "ownerReferences": [node]}}));
    stand.call(Call::HoldLease {
        key: parse_key("kube-system/n1"),
        holder: "n1".into(),
        duration: Duration::from_secs(40),
        period: Duration::from_secs(10),
        owner: node.meta.common.owners.first().cloned().map(Box::new),
    });
    stand.run_secs(1);
    stand.delete(Kind::Node, "/n1", DeleteOptions::default());
    stand.run_secs(1);
    assert!(stand.pod("etcd-n1").meta.is_terminating());
    assert!(!stand.pod("plain").meta.is_terminating());
    assert!(stand.api.store.leases.get("kube-system", "n1").is_none());
}

#[test]
fn api_024_cp_018_a_namespace_is_provided_for_and_emptied() {
    let mut stand = stand();
    let namespaces = kind("v1", "Namespace");
    stand.post("v1", "Namespace", json!({"metadata": {"name": "team"}}));
    stand.run_secs(1);
    let account = |stand: &Stand| {
        stand.api.store.get(kind("v1", "ServiceAccount"), &parse_key("team/default")).is_some()
    };
    assert!(account(&stand));
    // Deleted, it comes back.
    stand.delete(kind("v1", "ServiceAccount"), "team/default", DeleteOptions::default());
    assert!(!account(&stand));
    stand.run_secs(1);
    assert!(account(&stand));
    for number in 0..3 {
        let metadata = json!({"name": format!("c{number}"), "namespace": "team"});
        stand.post("v1", "ConfigMap", json!({"metadata": metadata}));
    }
    add_pod(&mut stand, "p", &[], json!({"metadata": {"namespace": "team"}, "spec": {"nodeName": "n1"}}));
    stand.run_secs(1);
    stand.delete(namespaces, "/team", DeleteOptions::default());
    stand.run_secs(4);
    assert!(!stand.pod("team/p").meta.is_terminating(), "not before 5 s have gone by");
    stand.run_secs(8);
    // The pod's kubelet has not ended it yet.
    assert!(stand.pod("team/p").meta.is_terminating());
    assert!(stand.api.store.get(namespaces, &parse_key("/team")).is_some());
    stand.remove_pod("team/p");
    stand.run_secs(7);
    assert!(
        account(&stand),
        "all else goes when the namespace is looked at again, after half of the pod's 30 s"
    );
    stand.run_secs(3);
    assert!(stand.api.store.get(namespaces, &parse_key("/team")).is_none());
    assert!(!account(&stand));
}
