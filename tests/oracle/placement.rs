//! A random cluster with a random DaemonSet, and what came of it: `placement.jsonl`.

use std::collections::{BTreeMap, BTreeSet};

use serde_json::{Value, json};

use super::diff;
use super::session::Session;

const LOOK: [&str; 4] = [
    "kubectl get ds web -o json",
    "kubectl get pods -o json",
    "kubectl get events -o json",
    "kubectl get nodes -o json",
];

/// The numbers of a DaemonSet's status, as it names them and as the recording does.
const NUMBERS: [(&str, &str); 4] = [
    ("desiredNumberScheduled", "desired"),
    ("currentNumberScheduled", "current"),
    ("numberMisscheduled", "misscheduled"),
    ("updatedNumberScheduled", "upToDate"),
];

/// What differs of a case.
pub fn check(case: &Value) -> Option<String> {
    let input = &case["input"];
    let mut session = session(input);
    let made = session.say("kubectl create -f ds.json").unwrap_or_default();
    session.play("sleep 12s");
    if let Some(refused) = case["real"]["refused"].as_str() {
        let why = refused.split_once(" is invalid: ").map_or("", |(_, why)| why);
        return (!made.contains(why)).then(|| diff::lines(&[refused], &[made.as_str()]));
    }
    let mut differences = phase("first", &mut session, &case["real"]["first"]);
    let then: Vec<&str> = items(&input["then"]).filter_map(Value::as_str).collect();
    if !then.is_empty() {
        then.iter().for_each(|line| drop(session.play(line)));
        session.play("sleep 10s");
        differences += &phase("second", &mut session, &case["real"]["second"]);
    }
    (!differences.is_empty()).then_some(differences)
}

/// A cluster with the case's nodes and pods. The recorded one had none of kubeadm's add-ons; CoreDNS's pods are still
/// taken to be on the node that has gone when the case is over, as their node is waited for (40 s and more).
fn session(input: &Value) -> Session {
    let class = |name: &str, value: i32| json!({"apiVersion": "scheduling.k8s.io/v1", "kind": "PriorityClass", "metadata": {"name": name}, "value": value});
    let mut never = class("never", 2000);
    never["preemptionPolicy"] = json!("Never");
    let classes = [class("low", -10), class("mid", 100), class("high", 1000), never];
    let list = |items: Vec<&Value>| json!({"apiVersion": "v1", "kind": "List", "items": items}).to_string();
    let mut session = Session::new(0);
    session.add_file("nodes.json", &list(items(&input["nodes"]).collect()));
    session.add_file("pods.json", &list(classes.iter().chain(items(&input["pods"])).collect()));
    session.add_file("ds.json", &input["daemonset"].to_string());
    session.play(
        "kubectl delete ds/kube-proxy -n kube-system\n\
         sleep 2s\n\
         kubectl delete node control-plane\n\
         sleep 4s\n\
         kubectl create -f nodes.json\n\
         sleep 6s\n\
         kubectl create -f pods.json\n\
         sleep 1s\n",
    );
    session
}

fn items(list: &Value) -> impl Iterator<Item = &Value> {
    list.as_array().into_iter().flatten()
}

/// What differs of the state now.
fn phase(name: &str, session: &mut Session, real: &Value) -> String {
    let said = LOOK.map(|line| session.say(line).unwrap_or_default());
    let parsed: Vec<Value> = said.iter().filter_map(|text| serde_json::from_str(text).ok()).collect();
    let [ds, pods, events, nodes] = parsed.as_slice() else {
        return format!("{name}: the state is no JSON\n{}", said.concat());
    };
    let (expected, got) = (recorded(real), outcome(ds, pods, events, nodes));
    let mut out = String::new();
    for (part, expected) in &expected {
        let got = got.get(part).cloned().unwrap_or_default();
        if *expected != got {
            let lines = |set: &BTreeSet<String>| set.iter().cloned().collect::<Vec<_>>();
            out += &format!("{name} {part}\n{}", diff::lines(&lines(expected), &lines(&got)));
        }
    }
    out
}

/// A state as sets of lines, by part; each line of a kind occurs once.
type State = BTreeMap<&'static str, BTreeSet<String>>;

/// Adds a line; one that is there already gets a number.
fn add(set: &mut BTreeSet<String>, line: &Value) {
    let text = line.to_string();
    let mut numbered = text.clone();
    let mut count = 1;
    while !set.insert(numbered) {
        count += 1;
        numbered = format!("{text} ({count})");
    }
}

/// The state as it was recorded.
fn recorded(real: &Value) -> State {
    let mut state = State::new();
    let numbers = NUMBERS.map(|(name, short)| format!("{name}: {}", real[short]));
    state.insert("numbers", numbers.into());
    let pods = state.entry("daemonPods").or_default();
    for pod in items(&real["daemonPods"]) {
        let terminating = pod["terminating"] == true;
        let why = (&pod["reason"], &pod["message"], &pod["nominated"]);
        add(pods, &json!([pod["node"], pod["bound"], terminating, why.0, why.1, why.2]));
    }
    let others = state.entry("otherPods").or_default();
    for (name, pod) in real["otherPods"].as_object().into_iter().flatten() {
        add(others, &json!([name, pod["terminating"], pod["disruption"], pod["disruptionMessage"]]));
    }
    let texts = state.entry("failedScheduling").or_default();
    for (node, said) in real["failedScheduling"].as_object().into_iter().flatten() {
        texts.extend(items(said).map(|text| json!([node, text]).to_string()));
    }
    let taints = state.entry("taints").or_default();
    for (node, list) in real["taints"].as_object().into_iter().flatten() {
        let mut list: Vec<&str> = items(list).filter_map(Value::as_str).collect();
        list.sort_unstable();
        add(taints, &json!([node, list]));
    }
    state
}

/// The node that a daemon pod is meant for.
fn target(pod: &Value) -> Value {
    let spec = &pod["spec"];
    match spec["nodeName"].as_str().filter(|name| !name.is_empty()) {
        Some(name) => json!(name),
        None => {
            let required =
                &spec["affinity"]["nodeAffinity"]["requiredDuringSchedulingIgnoredDuringExecution"];
            required["nodeSelectorTerms"][0]["matchFields"][0]["values"][0].clone()
        }
    }
}

/// The state of the cluster here.
fn outcome(ds: &Value, pods: &Value, events: &Value, nodes: &Value) -> State {
    let mut state = State::new();
    let number = |name: &str| ds["status"].get(name).cloned().unwrap_or(json!(0));
    state.insert("numbers", NUMBERS.map(|(name, _)| format!("{name}: {}", number(name))).into());
    let mut targets: BTreeMap<&str, Value> = BTreeMap::new();
    let (mut daemon_pods, mut others) = (BTreeSet::new(), BTreeSet::new());
    for pod in items(&pods["items"]) {
        let name = pod["metadata"]["name"].as_str().unwrap_or_default();
        let is_going = pod["metadata"]["deletionTimestamp"].is_string();
        let condition = |of: &str| items(&pod["status"]["conditions"]).filter(|c| c["type"] == of).last();
        let said = |of: &str, key: &str| condition(of).map_or(Value::Null, |c| c[key].clone());
        if items(&pod["metadata"]["ownerReferences"]).any(|owner| owner["kind"] == "DaemonSet") {
            let target = target(pod);
            let is_bound = pod["spec"]["nodeName"].as_str().is_some_and(|name| !name.is_empty());
            let why = |key: &str| if is_bound { Value::Null } else { said("PodScheduled", key) };
            let nominated = &pod["status"]["nominatedNodeName"];
            add(
                &mut daemon_pods,
                &json!([target, is_bound, is_going, why("reason"), why("message"), nominated]),
            );
            targets.insert(name, target);
        } else {
            let (reason, message) = (said("DisruptionTarget", "reason"), said("DisruptionTarget", "message"));
            add(&mut others, &json!([name, is_going, reason, message]));
        }
    }
    state.insert("daemonPods", daemon_pods);
    state.insert("otherPods", others);
    let texts = state.entry("failedScheduling").or_default();
    for event in items(&events["items"]).filter(|event| event["reason"] == "FailedScheduling") {
        let name = event["involvedObject"]["name"].as_str().unwrap_or_default();
        if let Some(node) = targets.get(name).filter(|node| node.is_string()) {
            texts.insert(json!([node, event["message"]]).to_string());
        }
    }
    let taints = state.entry("taints").or_default();
    for node in items(&nodes["items"]) {
        let text = |taint: &Value, key: &str| taint[key].as_str().unwrap_or_default().to_owned();
        let mut list: Vec<String> = items(&node["spec"]["taints"])
            .map(|t| format!("{}={}:{}", text(t, "key"), text(t, "value"), text(t, "effect")))
            .collect();
        list.sort_unstable();
        add(taints, &json!([node["metadata"]["name"], list]));
    }
    state
}
