//! What a text would change, foreseen, against what it changes once it takes effect.

use std::collections::BTreeMap;

use sim::Duration;
use stage::{Command, Options, Stage, Start};
use view::foresee::Change;
use view::{Cause, Foreseen};

const FILE: &str = "/etc/kubernetes/manifests/web.yaml";

fn stage() -> Stage {
    Stage::new(Options { start: Start::Ready, kube_proxy: false, ..Options::default() })
}

fn daemonset(spec: &str) -> String {
    format!(
        "apiVersion: apps/v1\nkind: DaemonSet\nmetadata:\n  name: x\nspec:\n  selector:\n    matchLabels: {{app: x}}\n  \
         template:\n    metadata:\n      labels: {{app: x}}\n    spec:\n{spec}      containers:\n      - name: c\n        \
         image: busybox:1.37\n        command: [\"sleep\", \"1d\"]\n"
    )
}

fn apply(stage: &mut Stage, text: &str) {
    let files = [("x.yaml".to_owned(), text.into())].into();
    stage.perform(Command::Exec { line: "kubectl apply -f x.yaml".to_owned(), files });
    pass(stage, 60);
}

fn run(stage: &mut Stage, line: &str) {
    stage.perform(Command::Exec { line: line.to_owned(), files: Default::default() });
    pass(stage, 60);
}

fn pass(stage: &mut Stage, seconds: u64) {
    stage.run_until(stage.now() + Duration::from_secs(seconds));
}

fn foresee(stage: &Stage, text: &str) -> BTreeMap<String, Change> {
    let found = stage.foresee(text, &|_| true);
    found.iter().flat_map(|one| &one.nodes).map(|(node, change)| (node.to_string(), change.clone())).collect()
}

/// Each node's pods of `x`, by name.
fn pods(stage: &mut Stage) -> BTreeMap<String, Vec<String>> {
    let board = stage.board();
    let of_node = |node: &view::NodeView| {
        let own = node.pods.iter().filter(|pod| pod.is_of("default/x"));
        (node.name.to_string(), own.map(|pod| pod.name.to_string()).collect())
    };
    board.nodes.iter().map(|node| of_node(node)).collect()
}

/// What is foreseen is what happens: for each text in turn.
#[test]
fn what_is_foreseen_is_what_happens() {
    let mut stage = stage();
    run(&mut stage, "kubectl label node worker-1 worker-3 disk=ssd");
    let all = "      tolerations: [{operator: Exists}]\n";
    let some = "      nodeSelector: {disk: ssd}\n";
    let newer =
        "      nodeSelector: {disk: ssd}\n      priority: 0\n      terminationGracePeriodSeconds: 1\n";
    for spec in [some, newer, all, "", some] {
        let text = daemonset(spec);
        let (foreseen, before) = (foresee(&stage, &text), pods(&mut stage));
        apply(&mut stage, &text);
        pass(&mut stage, 240);
        for (node, after) in pods(&mut stage) {
            let before = before.get(&node).cloned().unwrap_or_default();
            let change = match (before.is_empty(), after.is_empty()) {
                (true, false) => Some(Change::Appears),
                (false, true) => Some(Change::Vanishes),
                _ if before != after => Some(Change::Restarts),
                _ => None,
            };
            assert_eq!(foreseen.get(&node), change.as_ref(), "{node} with {spec:?}: {before:?} -> {after:?}");
        }
        assert_eq!(stage.foresee(&text, &|_| true), [], "applied, the same text changes nothing");
    }
}

#[test]
fn what_others_have_set_is_kept_as_apply_keeps_it() {
    let mut stage = stage();
    apply(&mut stage, &daemonset(""));
    // This leaves an annotation in the template that the file does not have.
    run(&mut stage, "kubectl rollout restart ds/x");
    assert_eq!(stage.foresee(daemonset(""), &|_| true), []);
    run(&mut stage, "kubectl set image ds/x c=busybox:1.36");
    assert!(foresee(&stage, &daemonset("")).values().all(|change| *change == Change::Restarts));
    // A selector cannot be changed: the API server refuses it, and nothing happens.
    assert_eq!(stage.foresee(daemonset("").replace("{app: x}", "{app: y}"), &|_| true), []);
    assert_eq!(stage.foresee("a: [", &|_| true), []);
}

#[test]
fn a_pod_that_would_not_fit_is_foreseen_to_wait() {
    let stage = stage();
    let big =
        daemonset("").replace("        command", "        resources: {requests: {cpu: 64}}\n        command");
    let found = foresee(&stage, &big);
    let Some(Change::Waits(causes)) = found.get("worker-1") else { panic!("{found:?}") };
    assert!(matches!(&causes[..], [Cause::Short { .. }]), "{causes:?}");
    // From afar it is only counted.
    let [Foreseen { appear: 3, wait: 0, ref nodes, .. }] = stage.foresee(&big, &|_| false)[..] else {
        panic!()
    };
    assert!(nodes.is_empty());
}

#[test]
fn a_static_pods_file_is_foreseen() {
    let mut stage = stage();
    let pod = |name: &str, image: &str| {
        format!(
            "apiVersion: v1\nkind: Pod\nmetadata:\n  name: {name}\nspec:\n  containers:\n  - name: c\n    image: {image}\n"
        )
    };
    let changes = |stage: &Stage, path: &str, text: &str| -> Vec<(String, Change)> {
        let found = stage.foresee_static("worker-1", path, text);
        found
            .iter()
            .flat_map(|one| one.nodes.values().map(|change| (one.of.to_string(), change.clone())))
            .collect()
    };
    let web = "default/web-worker-1".to_owned();
    assert_eq!(changes(&stage, FILE, &pod("web", "nginx:1.29")), [(web.clone(), Change::Appears)]);
    assert_eq!(changes(&stage, "/tmp/web.yaml", &pod("web", "nginx:1.29")), []);
    stage.perform(Command::WriteFile {
        node: "worker-1".to_owned(),
        path: FILE.to_owned(),
        text: pod("web", "nginx:1.29").as_str().into(),
    });
    pass(&mut stage, 40);
    assert_eq!(changes(&stage, FILE, &pod("web", "nginx:1.29")), []);
    assert_eq!(changes(&stage, FILE, &format!("# a note\n{}", pod("web", "nginx:1.29"))), []);
    assert_eq!(changes(&stage, FILE, &pod("web", "nginx:1.30")), [(web.clone(), Change::Restarts)]);
    assert_eq!(
        changes(&stage, FILE, &pod("shop", "nginx:1.29")),
        [(web, Change::Vanishes), ("default/shop-worker-1".to_owned(), Change::Appears)]
    );
    assert_eq!(changes(&stage, FILE, "kind: ["), []);
}

fn deployment(replicas: u32, more: &str) -> String {
    format!(
        "apiVersion: apps/v1\nkind: Deployment\nmetadata:\n  name: web\nspec:\n  replicas: {replicas}\n  selector:\n    \
         matchLabels: {{app: web}}\n  template:\n    metadata:\n      labels: {{app: web}}\n    spec:\n{more}      \
         containers:\n      - name: c\n        image: busybox:1.37\n        command: [\"sleep\", \"1d\"]\n"
    )
}

/// The uids of the pods of `web` that are not ending, with their nodes.
fn replicas(stage: &Stage) -> BTreeMap<String, String> {
    let store = &stage.cluster().api.store;
    let own = store.pods.iter().filter(|pod| pod.meta.name.starts_with("web-") && !pod.meta.is_terminating());
    own.map(|pod| (pod.meta.uid.to_string(), pod.node_name.as_deref().unwrap_or_default().to_owned()))
        .collect()
}

/// A Deployment's pods go where the scheduler puts them, and those go that its controllers choose: what is foreseen is
/// what happens, pod by pod.
#[test]
fn what_a_deployment_would_change_is_what_it_changes() {
    let mut stage = stage();
    let steady = "      terminationGracePeriodSeconds: 1\n";
    let newer = "      terminationGracePeriodSeconds: 2\n";
    for (count, more) in [(3, steady), (5, steady), (2, steady), (2, newer), (0, newer)] {
        let text = deployment(count, more);
        let before = replicas(&stage);
        let foreseen = stage.foresee_replicas(&text);
        let [Foreseen { appear, wait: 0, vanish, ref come, ref go, .. }] = foreseen[..] else {
            panic!("{foreseen:?}")
        };
        apply(&mut stage, &text);
        let after = replicas(&stage);
        let gone: Vec<&String> = before.keys().filter(|uid| !after.contains_key(*uid)).collect();
        assert_eq!(
            go.keys().map(|uid| uid.to_string()).collect::<Vec<_>>(),
            gone.into_iter().cloned().collect::<Vec<_>>()
        );
        assert_eq!(vanish as usize, go.len());
        let fresh = after.iter().filter(|(uid, _)| !before.contains_key(*uid));
        let mut by_node: BTreeMap<String, u32> = BTreeMap::new();
        fresh.for_each(|(_, node)| *by_node.entry(node.clone()).or_default() += 1);
        assert_eq!(
            come.iter().map(|(node, count)| (node.to_string(), *count)).collect::<BTreeMap<_, _>>(),
            by_node
        );
        assert_eq!(appear, by_node.values().sum::<u32>());
        assert_eq!(stage.foresee_replicas(&text), [], "applied, the same text changes nothing");
    }
}

#[test]
fn a_deployment_without_room_or_an_api_server_is_foreseen() {
    let mut stage = stage();
    let big = deployment(2, "      nodeSelector: {disk: ssd}\n");
    let [Foreseen { appear: 0, wait: 2, vanish: 0, .. }] = stage.foresee_replicas(&big)[..] else { panic!() };
    assert_eq!(stage.foresee_replicas(daemonset("")), []);
    assert_eq!(stage.foresee_replicas("kind: ["), []);
    stage.perform(Command::SetApiServer { up: false });
    pass(&mut stage, 60);
    assert_eq!(stage.foresee_replicas(&big), []);
}
