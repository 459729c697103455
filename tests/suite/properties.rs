//! What always holds after a calm period, whatever has been done before.

use std::collections::{BTreeMap, BTreeSet};
use std::rc::Rc;

use api::daemonset::DaemonSet;
use api::node::Node;
use api::object::Kind;
use api::pod::{CONFIG_HASH, CONFIG_MIRROR, Pod};
use api::toleration::TaintEffect;
use kubeadm::MANIFESTS;
use proptest::prelude::*;
use sim::files::Entry;
use stage::Stage;

use super::sessions::{
    Act, Content, NODES, Restarts, Set, calm_down, cases, daemon_sets, failing_nodes, play, pods, standard,
    static_pods, workloads,
};

/// Fails the case with a sentence.
macro_rules! hold {
    ($holds:expr, $($why:tt)*) => {
        if !$holds {
            return Err(format!($($why)*));
        }
    };
}

type Held = Result<(), String>;

fn check_all(stage: &Stage) -> Held {
    each_daemon_set_has_one_pod_on_each_eligible_node(stage)?;
    each_valid_file_has_its_pod_and_nothing_else_is_static(stage)?;
    mirror_pods_are_the_static_pods(stage)?;
    names_and_uids_are_unique(stage)?;
    nothing_is_bound_to_a_missing_node(stage)?;
    work_is_done(stage)?;
    all_nodes_are_there_and_ready(stage)
}

fn nodes(stage: &Stage) -> Vec<Rc<Node>> {
    stage.cluster().api.store.nodes.iter().cloned().collect()
}

/// What a node is to a DaemonSet.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Belongs {
    Yes,
    /// A pod that is there already may stay (DS-005): only a NoSchedule taint keeps new ones out.
    IfThere,
    No,
}

/// Where a DaemonSet's pods belong, worked out from its template and the node, not with the controller's code.
fn belongs(set: &DaemonSet, node: &Node) -> Belongs {
    let value = set.to_value();
    let spec = &value["spec"]["template"]["spec"];
    let selected = spec["nodeSelector"].as_object().into_iter().flatten().all(|(key, value)| {
        node.meta.labels().get(key.as_str()).is_some_and(|have| Some(&**have) == value.as_str())
    });
    let tolerates_all = spec["tolerations"].as_array().is_some_and(|list| !list.is_empty());
    // Daemon pods tolerate a cordon by themselves (DS-015).
    let counts = |key: &str| !tolerates_all && key != "node.kubernetes.io/unschedulable";
    let has = |effect| node.taints.iter().any(|taint| taint.effect == effect && counts(&taint.key));
    if !selected || has(TaintEffect::NoExecute) {
        Belongs::No
    } else if has(TaintEffect::NoSchedule) {
        Belongs::IfThere
    } else {
        Belongs::Yes
    }
}

/// With OnDelete, a pod of an older template that its node does not suit any more waits until somebody deletes
/// it: it counts as its node's pod (DS-042).
fn is_left_to_wait(set: &DaemonSet, pod: &Pod) -> bool {
    let generation = set.meta.annotation("deprecated.daemonset.template.generation");
    set.to_value()["spec"]["updateStrategy"]["type"] == "OnDelete"
        && pod.meta.label("pod-template-generation") != generation
}

fn each_daemon_set_has_one_pod_on_each_eligible_node(stage: &Stage) -> Held {
    let pods = pods(stage);
    for set in stage.cluster().api.store.daemonsets.iter() {
        hold!(!set.meta.is_terminating(), "{} is still terminating", set.meta.name);
        let mine =
            pods.iter().filter(|pod| pod.meta.controller().is_some_and(|owner| owner.uid == set.meta.uid));
        let mut got: Vec<String> = Vec::new();
        for pod in mine {
            let node = pod.node_name.as_ref().or(pod.pinned_to.as_ref()).map_or("no node", |name| name);
            let waits = pod.node_name.is_none() && is_left_to_wait(set, pod);
            hold!(waits || pod.is_ready(), "{} on {node} is not ready: {:?}", pod.meta.name, pod.status);
            got.push(node.to_owned());
        }
        for node in nodes(stage) {
            let there = got.iter().filter(|name| **name == *node.meta.name).count();
            let allowed = match belongs(set, &node) {
                Belongs::Yes => 1..=1,
                Belongs::IfThere => 0..=1,
                Belongs::No => 0..=0,
            };
            hold!(
                allowed.contains(&there),
                "{} has {there} pods on {}, expected {allowed:?}: {got:?}",
                set.meta.name,
                node.meta.name
            );
        }
    }
    Ok(())
}

/// What a file asks for.
#[derive(Debug)]
struct Asked {
    image: String,
    /// Its container need not be started again once it has ended.
    may_end: bool,
}

/// The pods that the files of a node's manifest directory ask for, by name; of two files with one name the
/// last counts. Read without the kubelet's code: the random files are simple.
fn asked_for(stage: &Stage, node: &str) -> BTreeMap<String, Asked> {
    let Some(machine) = stage.cluster().machine(node) else { return BTreeMap::new() };
    let mut pods = BTreeMap::new();
    for (name, entry) in machine.files.list(MANIFESTS) {
        let Entry::File(file) = entry else { continue };
        let text = String::from_utf8_lossy(&file.bytes);
        if name.starts_with('.') || !text.contains("kind: Pod\n") {
            continue;
        }
        let field = |name: &str| {
            let line = text.lines().find_map(|line| line.trim_start_matches([' ', '-']).strip_prefix(name));
            line.unwrap_or_default().to_owned()
        };
        // The first `name:` of kubeadm's files is a container's; theirs come after `namespace: kube-system`.
        let name = match text.contains("  namespace: kube-system\n") {
            true => field("component: "),
            false => field("name: "),
        };
        let may_end = !matches!(field("restartPolicy: ").as_str(), "" | "Always");
        pods.insert(format!("{name}-{node}"), Asked { image: field("image: "), may_end });
    }
    pods
}

fn each_valid_file_has_its_pod_and_nothing_else_is_static(stage: &Stage) -> Held {
    for node in NODES {
        let Some(machine) = stage.cluster().machine(node) else { continue };
        let mut got = BTreeMap::new();
        for (sandbox, container) in machine.kubelet.runtime.running_containers() {
            if sandbox.common.annotations.contains_key(CONFIG_HASH) {
                let image = container.spec().image.to_string();
                let earlier = got.insert(sandbox.name.to_string(), image);
                hold!(earlier.is_none(), "{} runs twice on {node}", sandbox.name);
            }
        }
        let mut expected = asked_for(stage, node);
        expected.retain(|name, asked| !asked.may_end || got.contains_key(name));
        let is_asked =
            |(name, image): (&String, &String)| expected.get(name).is_some_and(|asked| asked.image == *image);
        let all = got.len() == expected.len() && got.iter().all(is_asked);
        hold!(all, "static pods of {node}: expected {expected:?}, got {got:?}");
    }
    Ok(())
}

fn mirror_pods_are_the_static_pods(stage: &Stage) -> Held {
    let mut running = BTreeSet::new();
    for machine in &stage.cluster().machines {
        for (sandbox, _) in machine.kubelet.runtime.running_containers() {
            if let Some(hash) = sandbox.common.annotations.get(CONFIG_HASH) {
                running.insert((machine.name.to_string(), sandbox.name.to_string(), hash.to_string()));
            }
        }
    }
    let mirror = |pod: &Rc<Pod>| {
        let hash = pod.meta.annotation(CONFIG_MIRROR)?.to_string();
        Some((pod.node_name.as_deref()?.to_owned(), pod.meta.name.to_string(), hash))
    };
    // One whose containers have ended is still there.
    let goes_on = |pod: &&Rc<Pod>| !pod.is_terminal();
    let mirrors: BTreeSet<_> = pods(stage).iter().filter(goes_on).filter_map(mirror).collect();
    hold!(mirrors == running, "mirror pods: expected {running:?}, got {mirrors:?}");
    for pod in pods(stage).iter().filter(goes_on).filter(|pod| pod.is_mirror()) {
        hold!(pod.is_ready(), "mirror pod {} is not ready: {:?}", pod.meta.name, pod.status);
    }
    Ok(())
}

fn names_and_uids_are_unique(stage: &Stage) -> Held {
    let (mut names, mut uids) = (BTreeSet::new(), BTreeSet::new());
    for pod in pods(stage) {
        let name = (pod.meta.namespace().clone(), pod.meta.name.clone());
        hold!(names.insert(name), "two pods are called {}", pod.meta.name);
        hold!(uids.insert(pod.meta.uid), "two pods have the uid of {}", pod.meta.name);
    }
    Ok(())
}

fn nothing_is_bound_to_a_missing_node(stage: &Stage) -> Held {
    let nodes: BTreeSet<_> = nodes(stage).into_iter().map(|node| node.meta.name.clone()).collect();
    for pod in pods(stage) {
        let bound = pod.node_name.as_ref();
        hold!(bound.is_none_or(|node| nodes.contains(node)), "{} is bound to {bound:?}", pod.meta.name);
    }
    Ok(())
}

fn all_nodes_are_there_and_ready(stage: &Stage) -> Held {
    let nodes = nodes(stage);
    hold!(nodes.len() == NODES.len(), "there are {} nodes", nodes.len());
    for node in nodes {
        hold!(node.is_ready(), "{} is not ready: {:?}", node.meta.name, node.conditions);
        let ours =
            |key: &str| matches!(key, "node.kubernetes.io/not-ready" | "node.kubernetes.io/unreachable");
        hold!(!node.taints.iter().any(|t| ours(&t.key)), "{} is tainted: {:?}", node.meta.name, node.taints);
        let pods = pods(stage);
        let mut here = pods.iter().filter(|pod| pod.node_name.as_ref() == Some(&node.meta.name));
        // A mirror that was to go while its pod came to its own end stays: the pod's worker has finished, and only a
        // worker that syncs takes a mirror away (kubelet.go, tryReconcileMirrorPods).
        let has_finished = |pod: &Rc<Pod>| pod.is_mirror() && pod.is_terminal();
        let going = here.find(|pod| pod.meta.is_terminating() && !has_finished(pod));
        hold!(going.is_none(), "{:?} still hangs", going.map(|pod| &pod.meta.name));
    }
    Ok(())
}

/// A Deployment and a StatefulSet have the pods that they ask for, of their newest template; a Job is over, and
/// all its pods are counted. With every node cordoned they may wait.
fn work_is_done(stage: &Stage) -> Held {
    let store = &stage.cluster().api.store;
    let open = nodes(stage).iter().any(|node| !node.unschedulable && *node.meta.name != *"control-plane");
    let kinds = [("apps/v1", "Deployment"), ("apps/v1", "StatefulSet"), ("batch/v1", "Job")];
    for ((version, kind), app) in kinds.into_iter().zip(["d", "s", "j"]) {
        let table = Kind::of(version, kind).and_then(|kind| store.others.get(&kind));
        let pods: Vec<Rc<Pod>> =
            pods(stage).into_iter().filter(|pod| pod.meta.label("app") == Some(app)).collect();
        let Some(work) = table.and_then(|table| table.get("default", "work")) else {
            hold!(pods.is_empty(), "{kind}: pods are left: {}", pods.len());
            continue;
        };
        hold!(!work.meta.is_terminating(), "{kind} is still terminating");
        let (spec, status) = (&work.raw["spec"], &work.raw["status"]);
        if kind == "Job" {
            let is_over = |c: &serde_json::Value| c["type"] == "Complete" || c["type"] == "Failed";
            let over =
                status["conditions"].as_array().is_some_and(|conditions| conditions.iter().any(is_over));
            hold!(over || !open, "the Job is not over: {status}");
            let held = pods.iter().filter(|pod| over && !pod.meta.common.finalizers.is_empty()).count();
            hold!(held == 0, "{held} pods of the Job still have a finalizer");
            continue;
        }
        let wanted = spec["replicas"].as_u64().unwrap_or(1);
        let image = spec["template"]["spec"]["containers"][0]["image"].as_str().unwrap_or_default();
        let good = |pod: &&Rc<Pod>| {
            pod.is_ready() && !pod.meta.is_terminating() && *pod.spec.containers[0].image == *image
        };
        let count = pods.iter().filter(good).count() as u64;
        // A kubelet may have refused one, which then stays as it ended.
        let all = pods.iter().filter(|pod| !pod.is_terminal()).count() as u64;
        hold!(
            !open || (count == wanted && all == wanted),
            "{kind} asks for {wanted} pods of {image}, and has {count} of {all}: {status}"
        );
    }
    Ok(())
}

/// The revisions of all pods by uid: no object's may ever fall, and none be ahead of the store's.
fn check_revisions(stage: &Stage, seen: &mut BTreeMap<String, u64>) -> Held {
    let revision = stage.cluster().api.store.revision();
    let before = seen.insert("the store".to_owned(), revision).unwrap_or(0);
    hold!(before <= revision, "the revision fell from {before} to {revision}");
    for pod in pods(stage) {
        let have = pod.meta.resource_version;
        let before = seen.insert(pod.meta.uid.to_string(), have).unwrap_or(0);
        hold!(before <= have && have <= revision, "{}: {before}, {have}, {revision}", pod.meta.name);
    }
    Ok(())
}

fn check_session(acts: &[Act]) -> Held {
    let mut stage = standard();
    let mut seen = BTreeMap::new();
    for act in acts {
        play(&mut stage, act);
        check_revisions(&stage, &mut seen)?;
        names_and_uids_are_unique(&stage)?;
    }
    calm_down(&mut stage);
    check_revisions(&stage, &mut seen)?;
    check_all(&stage)
}

#[test]
fn a_new_cluster_holds_all_of_it() {
    assert_eq!(check_session(&[]), Ok(()));
}

#[test]
fn ds_042_on_delete_leaves_a_pod_waiting_that_its_node_suits_no_more() {
    let set = |pool, on_delete| {
        let restarts = Restarts::AsThePod;
        Act::Apply(Set {
            name: "probe",
            image: 1,
            pool,
            tolerates_all: false,
            on_delete,
            surge: false,
            restarts,
        })
    };
    let label = |pool| Act::Label { node: "worker-2", pool };
    for millis in (0..600).step_by(25) {
        let wait = Act::Wait { millis };
        let acts = [set(Some("blue"), false), label(Some("blue")), wait, set(None, true), label(None)];
        assert_eq!(check_session(&acts), Ok(()), "after {millis} ms");
    }
}

/// A pod that is being deleted when its kubelet refuses it goes all the same.
#[test]
fn kl_080_a_pod_refused_while_it_is_being_deleted_goes() {
    let label = |pool| Act::Label { node: "worker-2", pool };
    let pool = Some("blue");
    let restarts = Restarts::AsThePod;
    let set =
        Set { name: "agent", image: 1, pool, tolerates_all: false, on_delete: false, surge: false, restarts };
    let delete = Act::DeletePod { which: 0, force: false };
    for millis in (700..900).step_by(10) {
        let wait = |millis| Act::Wait { millis };
        let down = Act::ApiServer { up: false };
        let acts = [label(pool), Act::Apply(set), wait(millis), wait(50), delete.clone(), down, label(None)];
        assert_eq!(check_session(&acts), Ok(()), "after {millis} ms");
    }
}

/// Two files make the same pod while the kubelet is new and the API server away, so that the first pod runs on
/// and counts again with the next scan: the mirror is its own in the end, not the other's.
#[test]
fn kl_115_a_pod_whose_file_counts_again_gets_its_mirror_when_the_api_server_is_back() {
    let restarts = Restarts::AsThePod;
    let content = |image| Content::Pod { name: "web", image, restarts };
    let write = |file, image| Act::Write { node: "worker-1", file, content: content(image) };
    let restart = Act::Restart { node: "worker-1" };
    let off = Act::Power { node: "control-plane", on: false };
    for millis in (6_400..7_400).chain(24_000..30_000).step_by(200) {
        let wait = Act::Wait { millis };
        let acts = [restart.clone(), off.clone(), wait, write("c.yaml~", 1), write("a.yaml", 2)];
        assert_eq!(check_session(&acts), Ok(()), "after {millis} ms");
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: cases(850), failure_persistence: None, ..Default::default() })]

    #[test]
    fn prop_daemon_sets_settle_as_they_should(acts in daemon_sets()) {
        check_session(&acts).map_err(TestCaseError::fail)?;
    }

    #[test]
    fn prop_static_pods_settle_as_they_should(acts in static_pods()) {
        check_session(&acts).map_err(TestCaseError::fail)?;
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: cases(300), failure_persistence: None, ..Default::default() })]

    #[test]
    fn prop_failing_nodes_settle_as_they_should(acts in failing_nodes()) {
        check_session(&acts).map_err(TestCaseError::fail)?;
    }

    #[test]
    fn prop_workloads_settle_as_they_should(acts in workloads()) {
        check_session(&acts).map_err(TestCaseError::fail)?;
    }
}

/// The watch may show a mirror, and its end, before the answer to its creation is there.
#[test]
fn kl_038_a_mirror_deleted_as_soon_as_it_is_there_comes_back() {
    let restarts = Restarts::AsThePod;
    let content = |name| Content::Pod { name, image: 1, restarts };
    let write = |name| Act::Write { node: "worker-3", file: "a.yaml", content: content(name) };
    for millis in (0..500).step_by(25) {
        let wait = |millis| Act::Wait { millis };
        let delete = Act::DeletePod { which: 1, force: true };
        let acts = [write("db"), wait(350), write("web"), wait(millis), delete];
        assert_eq!(check_session(&acts), Ok(()), "after {millis} ms");
    }
}
