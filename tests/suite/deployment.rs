//! The Deployment and ReplicaSet controllers on a real API server.

use std::collections::BTreeSet;
use std::rc::Rc;

use api::object::{Kind, Object, Other};
use api::pod::Pod;
use api::status_error::{GroupResource, StatusError};
use serde_json::{Value, json};
use sim::Duration;
use wire::{Call, CallError, DeleteOptions};

use crate::stand::{Stand, kind, merge};

fn deployments() -> Kind {
    kind("apps/v1", "Deployment")
}

fn stand() -> Stand {
    let mut stand = Stand::new(Duration::from_millis(10));
    stand.instant_deletion = true;
    stand
}

/// A Deployment `web` of three pods, after its first rollout.
fn cluster(more: Value) -> Stand {
    let mut stand = stand();
    let mut value = json!({"metadata": {"name": "web", "namespace": "default"}, "spec": {
        "replicas": 3, "selector": {"matchLabels": {"app": "web"}},
        "template": {"metadata": {"labels": {"app": "web"}},
            "spec": {"containers": [{"name": "c", "image": "web:1"}]}}}});
    merge(&mut value, &more);
    let answer = stand.post("apps/v1", "Deployment", value);
    assert!(answer.result.is_ok(), "{answer:?}");
    settle(&mut stand);
    stand
}

/// Lets everything that waits happen; pods become ready.
fn settle(stand: &mut Stand) {
    for _ in 0..20 {
        stand.run_for(Duration::from_millis(500));
        stand.all_ready();
    }
}

fn deployment(stand: &Stand) -> Rc<Other> {
    stand.api.store.others[&deployments()].get("default", "web").cloned().unwrap()
}

/// The ReplicaSets, oldest first.
fn replica_sets(stand: &Stand) -> Vec<Rc<Other>> {
    let listed = stand.api.store.list(kind("apps/v1", "ReplicaSet"), None);
    let mut sets: Vec<Rc<Other>> = listed
        .into_iter()
        .map(|object| match object {
            Object::Other(other) => other,
            other => panic!("{other:?}"),
        })
        .collect();
    sets.sort_by_key(|rs| rs.meta.serial);
    sets
}

/// The sizes that the ReplicaSets ask for, oldest first.
fn sizes(stand: &Stand) -> Vec<i64> {
    replica_sets(stand).iter().map(|rs| rs.raw["spec"]["replicas"].as_i64().unwrap()).collect()
}

fn images(stand: &Stand) -> Vec<String> {
    let image = |pod: &Rc<Pod>| pod.spec.containers[0].image.to_string();
    let images: BTreeSet<String> = stand.pods().iter().map(image).collect();
    images.into_iter().collect()
}

fn patch(stand: &mut Stand, spec: Value) {
    stand.patch(deployments(), "web", json!({"spec": spec}));
}

fn set_image(stand: &mut Stand, image: &str) {
    let spec = json!({"containers": [{"name": "c", "image": image}]});
    patch(stand, json!({"template": {"spec": spec}}));
}

/// Reason and status of a condition.
fn condition(object: &Other, kind: &str) -> Option<(String, String)> {
    let conditions = object.raw["status"]["conditions"].as_array().cloned().unwrap_or_default();
    let found = conditions.iter().find(|condition| condition["type"] == kind)?;
    let text = |key: &str| found[key].as_str().unwrap_or_default().to_owned();
    Some((text("status"), text("reason")))
}

fn pair(status: &str, reason: &str) -> Option<(String, String)> {
    Some((status.to_owned(), reason.to_owned()))
}

#[test]
fn a_deployment_makes_a_replica_set_and_that_makes_pods() {
    let stand = cluster(json!({}));
    let (d, sets, pods) = (deployment(&stand), replica_sets(&stand), stand.pods());
    let [rs] = sets.as_slice() else { panic!("{sets:?}") };
    let hash = rs.meta.label("pod-template-hash").unwrap();
    assert_eq!(*rs.meta.name, format!("web-{hash}"));
    assert_eq!(rs.raw["spec"]["selector"]["matchLabels"], json!({"app": "web", "pod-template-hash": hash}));
    assert_eq!(rs.meta.controller().map(|owner| owner.uid), Some(d.meta.uid));
    assert_eq!(pods.len(), 3);
    for pod in &pods {
        assert_eq!(pod.meta.controller().map(|owner| owner.uid), Some(rs.meta.uid));
        assert!(pod.meta.name.starts_with(&format!("{}-", rs.meta.name)), "{}", pod.meta.name);
        assert!(Rc::ptr_eq(&pod.spec, &pods[0].spec) && pod.meta.label("pod-template-hash") == Some(hash));
    }
    for key in ["replicas", "updatedReplicas", "readyReplicas", "availableReplicas"] {
        assert_eq!(d.raw["status"][key], 3, "{key}");
    }
    assert_eq!(d.meta.annotation("deployment.kubernetes.io/revision"), Some("1"));
    assert_eq!(condition(&d, "Available"), pair("True", "MinimumReplicasAvailable"));
    assert_eq!(condition(&d, "Progressing"), pair("True", "NewReplicaSetAvailable"));
    let name = &rs.meta.name;
    assert_eq!(stand.events("web"), [format!("ScalingReplicaSet Scaled up replica set {name} from 0 to 3")]);
    assert_eq!(stand.events(name).len(), 3);
}

#[test]
fn a_rolling_update_stays_between_its_limits_and_keeps_the_old_replica_set() {
    let limits = json!({"maxSurge": 1, "maxUnavailable": 1});
    let mut stand = cluster(
        json!({"spec": {"replicas": 5, "strategy": {"type": "RollingUpdate", "rollingUpdate": limits}}}),
    );
    set_image(&mut stand, "web:2");
    let (mut most, mut fewest) = (0, usize::MAX);
    for step in 0..200 {
        stand.run_for(Duration::from_millis(100));
        let pods: Vec<_> = stand.pods().into_iter().filter(|pod| !pod.meta.is_terminating()).collect();
        most = most.max(pods.len());
        fewest = fewest.min(pods.iter().filter(|pod| pod.is_ready()).count());
        // One pod at a time becomes ready, twice a second.
        if step % 5 == 0
            && let Some(pod) = pods.iter().find(|pod| !pod.is_ready())
        {
            stand.set_ready(&pod.meta.name, true);
        }
    }
    assert_eq!((most, fewest), (6, 4));
    assert_eq!((sizes(&stand), images(&stand)), (vec![0, 5], vec!["web:2".to_owned()]));
    let d = deployment(&stand);
    assert_eq!(d.meta.annotation("deployment.kubernetes.io/revision"), Some("2"));
    assert_eq!(condition(&d, "Progressing"), pair("True", "NewReplicaSetAvailable"));
    // The first template again: its ReplicaSet comes back under a new revision.
    set_image(&mut stand, "web:1");
    settle(&mut stand);
    assert_eq!(sizes(&stand), [5, 0]);
    let first = &replica_sets(&stand)[0];
    assert_eq!(first.meta.annotation("deployment.kubernetes.io/revision"), Some("3"));
    assert_eq!(first.meta.annotation("deployment.kubernetes.io/revision-history"), Some("1"));
}

#[test]
fn a_deployment_that_recreates_never_has_pods_of_two_templates() {
    let mut stand = cluster(json!({"spec": {"strategy": {"type": "Recreate"}}}));
    set_image(&mut stand, "web:2");
    for _ in 0..100 {
        stand.run_for(Duration::from_millis(50));
        assert!(images(&stand).len() <= 1);
    }
    settle(&mut stand);
    assert_eq!((sizes(&stand), images(&stand)), (vec![0, 3], vec!["web:2".to_owned()]));
}

#[test]
fn scaling_down_takes_the_pods_that_are_not_ready() {
    let mut stand = cluster(json!({}));
    let unready = stand.pods()[0].meta.name.clone();
    stand.set_ready(&unready, false);
    stand.run_secs(1);
    assert_eq!(deployment(&stand).raw["status"]["readyReplicas"], 2);
    patch(&mut stand, json!({"replicas": 2}));
    stand.run_secs(2);
    let names: Vec<_> = stand.pods().iter().map(|pod| pod.meta.name.clone()).collect();
    assert_eq!(names.len(), 2);
    assert!(!names.contains(&unready));
    assert_eq!(replica_sets(&stand)[0].meta.annotation("deployment.kubernetes.io/max-replicas"), Some("3"));
    patch(&mut stand, json!({"replicas": 0}));
    stand.run_secs(2);
    assert_eq!(stand.pods().len(), 0);
}

#[test]
fn a_paused_deployment_can_be_scaled_but_does_not_roll_out() {
    let mut stand = cluster(json!({}));
    patch(&mut stand, json!({"paused": true}));
    settle(&mut stand);
    assert_eq!(condition(&deployment(&stand), "Progressing"), pair("Unknown", "DeploymentPaused"));
    set_image(&mut stand, "web:2");
    patch(&mut stand, json!({"replicas": 4}));
    settle(&mut stand);
    assert_eq!((sizes(&stand), images(&stand)), (vec![4], vec!["web:1".to_owned()]));
    patch(&mut stand, json!({"paused": null}));
    settle(&mut stand);
    assert_eq!((sizes(&stand), images(&stand)), (vec![0, 4], vec!["web:2".to_owned()]));
}

#[test]
fn old_replica_sets_beyond_the_limit_are_removed() {
    let mut stand = cluster(json!({"spec": {"revisionHistoryLimit": 1}}));
    for image in ["web:2", "web:3", "web:4"] {
        set_image(&mut stand, image);
        settle(&mut stand);
    }
    assert_eq!(sizes(&stand), [0, 3]);
}

#[test]
fn a_rollout_that_does_not_get_on_is_said_to_be_late() {
    let mut stand = cluster(json!({"spec": {"progressDeadlineSeconds": 30}}));
    set_image(&mut stand, "web:2");
    stand.run_secs(20);
    assert_eq!(condition(&deployment(&stand), "Progressing"), pair("True", "ReplicaSetUpdated"));
    stand.run_secs(20);
    assert_eq!(condition(&deployment(&stand), "Progressing"), pair("False", "ProgressDeadlineExceeded"));
    settle(&mut stand);
    assert_eq!(condition(&deployment(&stand), "Progressing"), pair("True", "NewReplicaSetAvailable"));
}

#[test]
fn a_pod_whose_labels_change_is_released_and_replaced_and_adopted_again() {
    let mut stand = cluster(json!({}));
    let name = stand.pods()[0].meta.name.clone();
    stand.patch(Kind::Pod, &name, json!({"metadata": {"labels": {"app": "debug"}}}));
    settle(&mut stand);
    assert!(stand.pod(&name).meta.controller().is_none());
    assert_eq!(stand.pods().len(), 4);
    stand.patch(Kind::Pod, &name, json!({"metadata": {"labels": {"app": "web"}}}));
    settle(&mut stand);
    assert_eq!(stand.pods().len(), 3);
    assert!(stand.pods().iter().all(|pod| pod.meta.controller().is_some()));
}

#[test]
fn pods_that_cannot_be_made_are_tried_one_at_a_time() {
    let mut stand = stand();
    stand.refuse = Some(Box::new(|call| match call {
        Call::Create(Object::Pod(_)) => {
            let resource = GroupResource::new("", "pods");
            let error = StatusError::forbidden(resource, "web", "exceeded quota");
            Some(CallError::Status(Box::new(error)))
        }
        _ => None,
    }));
    let template = json!({"metadata": {"labels": {"app": "web"}},
        "spec": {"containers": [{"name": "c", "image": "web:1"}]}});
    let value = json!({"metadata": {"name": "web", "namespace": "default"},
        "spec": {"replicas": 30, "selector": {"matchLabels": {"app": "web"}}, "template": template}});
    assert!(stand.post("apps/v1", "ReplicaSet", value).result.is_ok());
    stand.run_secs(10);
    let creates = |stand: &Stand| {
        let is_create = |(_, call, _): &&(_, Call, _)| matches!(call, Call::Create(Object::Pod(_)));
        stand.calls.iter().filter(is_create).count()
    };
    // One for each try, and each try waits twice as long as the one before.
    assert!((5..=15).contains(&creates(&stand)), "{}", creates(&stand));
    assert_eq!(condition(&replica_sets(&stand)[0], "ReplicaFailure"), pair("True", "FailedCreate"));
    stand.refuse = None;
    stand.run_secs(60);
    assert_eq!(stand.pods().len(), 30);
    assert_eq!(condition(&replica_sets(&stand)[0], "ReplicaFailure"), None);
}

#[test]
fn everything_goes_with_the_deployment() {
    let mut stand = cluster(json!({}));
    stand.delete(deployments(), "web", DeleteOptions::default());
    settle(&mut stand);
    assert_eq!((sizes(&stand).len(), stand.pods().len()), (0, 0));
}
