//! What applying a text would bring about where that is decided by more than one part: it is applied on a copy of the
//! cluster, and time passes there until the pods are where they would be.

use std::rc::Rc;

use serde_json::Value;

use api::meta::Name;
use api::object::{Key, Kind};
use api::pod::Pod;
use cluster::Cluster;
use sim::{Duration, SortedMap};
use view::Foreseen;
use wire::JobId;

/// Time passes on the copy no longer than this: what has not come by then waits.
const REACH: Duration = Duration::from_secs(60);
/// Nor does it take more steps.
const STEPS_MOST: u32 = 20_000;
/// Steps between two looks at whether all is done.
const STEPS_AT_ONCE: u32 = 16;
/// Copies of larger clusters are not made.
const NODES_MOST: usize = 30;
const FILE: &str = "foreseen.yaml";

/// An object that makes pods of its own, wherever the scheduler finds room.
struct Owner {
    kind: Kind,
    key: Key,
}

/// What would become of the pods of a text's Deployments, ReplicaSets and StatefulSets; nothing in a cluster of many
/// nodes. Costs a copy of the cluster and the work of up to a minute.
pub(crate) fn applied(cluster: &Cluster, text: &[u8], objects: &[Value]) -> Vec<Foreseen> {
    let owners: Vec<Owner> = objects.iter().filter_map(owner).collect();
    let is_large = cluster.present_machines().nth(NODES_MOST).is_some();
    if owners.is_empty() || is_large || cluster.programs().is_none() {
        return Vec::new();
    }
    let mut copy = cluster.clone();
    let job = copy.run_line(&format!("kubectl apply -f {FILE}"), &[(FILE.to_owned(), text.into())].into());
    let end = copy.now() + REACH;
    for step in 1..=STEPS_MOST {
        let done = || has_ended(&copy, job) && owners.iter().all(|owner| is_settled(&copy, owner));
        if (step % STEPS_AT_ONCE == 0 && done()) || !copy.step_until(end) {
            break;
        }
    }
    owners.iter().map(|owner| compared(owner, cluster, &copy)).filter(|found| !found.is_nothing()).collect()
}

fn owner(object: &Value) -> Option<Owner> {
    let kind =
        object["kind"].as_str().filter(|kind| ["Deployment", "ReplicaSet", "StatefulSet"].contains(kind))?;
    let kind = Kind::of(object["apiVersion"].as_str()?, kind)?;
    let meta = &object["metadata"];
    let key = Key::new(meta["namespace"].as_str().unwrap_or("default"), meta["name"].as_str()?);
    Some(Owner { kind, key })
}

fn has_ended(cluster: &Cluster, job: JobId) -> bool {
    cluster.desk.jobs().find(|(id, _)| *id == job).is_none_or(|(_, record)| record.exit_code.is_some())
}

/// Whether an object's controller has seen what is wanted, and all pods are there and available.
fn is_settled(cluster: &Cluster, owner: &Owner) -> bool {
    // The API server has refused it, or it was not reached.
    let Some(object) = cluster.api.store.get(owner.kind, &owner.key) else { return true };
    let value = object.to_value(cluster.now());
    let (status, wanted) = (&value["status"], value["spec"]["replicas"].as_u64().unwrap_or(1));
    let is_seen = status["observedGeneration"].as_u64() == value["metadata"]["generation"].as_u64();
    // A ReplicaSet does not count what is up to date.
    let mut counts = vec!["replicas", "availableReplicas"];
    if status.get("updatedReplicas").is_some() || owner.kind.name() != "ReplicaSet" {
        counts.push("updatedReplicas");
    }
    is_seen && counts.iter().all(|count| status[*count].as_u64().unwrap_or(0) == wanted)
}

/// The pods of an object that are not ending, by uid, with the nodes they are on.
fn pods(cluster: &Cluster, owner: &Owner) -> SortedMap<Rc<str>, Option<Name>> {
    let is_own = |pod: &&Rc<Pod>| *pod.meta.namespace() == owner.key.namespace && is_of(cluster, pod, owner);
    let pods = cluster.api.store.pods.iter().filter(|pod| !pod.meta.is_terminating()).filter(is_own);
    pods.map(|pod| (pod.meta.uid.to_string().into(), pod.node_name.clone())).collect()
}

/// A Deployment's pods are its ReplicaSets'.
fn is_of(cluster: &Cluster, pod: &Pod, owner: &Owner) -> bool {
    let Some(direct) = pod.meta.controller() else { return false };
    if *direct.kind == *owner.kind.name() && direct.name == owner.key.name {
        return true;
    }
    let set = Kind::of("apps/v1", "ReplicaSet").filter(|_| *direct.kind == *"ReplicaSet");
    let set = set.and_then(|kind| {
        let key = Key::new(&owner.key.namespace, &direct.name);
        Some(cluster.api.store.get(kind, &key)?.to_value(cluster.now()))
    });
    let owners = set.as_ref().and_then(|set| set["metadata"]["ownerReferences"].as_array());
    owners.into_iter().flatten().any(|one| {
        one["kind"] == *owner.kind.name() && one["name"] == *owner.key.name && one["controller"] == true
    })
}

fn compared(owner: &Owner, before: &Cluster, after: &Cluster) -> Foreseen {
    let (before, after) = (pods(before, owner), pods(after, owner));
    let mut found =
        Foreseen { of: format!("{}/{}", owner.key.namespace, owner.key.name).into(), ..Foreseen::default() };
    for (_, node) in after.iter().filter(|(uid, _)| !before.contains_key(*uid)) {
        match node {
            Some(node) => {
                found.appear += 1;
                *found.come.entry(node.clone()).or_default() += 1;
            }
            None => found.wait += 1,
        }
    }
    for (uid, node) in before.iter().filter(|(uid, _)| !after.contains_key(*uid)) {
        found.vanish += 1;
        found.go.extend(node.iter().map(|node| (uid.clone(), node.clone())));
    }
    found
}
