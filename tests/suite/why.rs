//! Why a DaemonSet has a pod on a node or none: what the picture says, against what the cluster does.

use std::rc::Rc;

use sim::Duration;
use stage::{Command, Options, Stage, Start};
use view::why::{Mend, told};
use view::{Cause, Fit};

fn stage() -> Stage {
    Stage::new(Options { start: Start::Ready, kube_proxy: false, ..Options::default() })
}

fn run(stage: &mut Stage, line: &str) {
    stage.perform(Command::Exec { line: line.to_owned(), files: Default::default() });
    pass(stage, 40);
}

fn pass(stage: &mut Stage, seconds: u64) {
    stage.run_until(stage.now() + Duration::from_secs(seconds));
}

/// Applies a DaemonSet `x`, with these lines in its pod's spec and these in its container.
fn apply(stage: &mut Stage, spec: &str, container: &str) {
    let text = format!(
        "apiVersion: apps/v1\nkind: DaemonSet\nmetadata:\n  name: x\nspec:\n  selector:\n    matchLabels: {{app: x}}\n  \
         template:\n    metadata:\n      labels: {{app: x}}\n    spec:\n{spec}      containers:\n      - name: c\n        \
         image: busybox:1.37\n        command: [\"sleep\", \"1d\"]\n{container}"
    );
    let files = [("x.yaml".to_owned(), text.as_str().into())].into();
    stage.perform(Command::Exec { line: "kubectl apply -f x.yaml".to_owned(), files });
    pass(stage, 40);
}

/// Each node: how it stands, why, and what mends it.
fn said(stage: &mut Stage) -> Vec<(String, Fit, String, Option<Mend>)> {
    let board = stage.board();
    let of_node = |node: &Rc<view::NodeView>| {
        let why = node.why.iter().find(|why| &*why.daemonset == "default/x")?;
        let (causes, mend) = told(&board, &node.name, why);
        Some((node.name.to_string(), why.fit, view::why::sentence(&causes), mend))
    };
    board.nodes.iter().filter_map(of_node).collect()
}

fn on(stage: &mut Stage, node: &str) -> (Fit, String, Option<Mend>) {
    let found = said(stage).into_iter().find(|(name, ..)| name == node);
    found.map(|(_, fit, text, mend)| (fit, text, mend)).expect("the node is there")
}

fn pods_on(stage: &mut Stage, node: &str) -> usize {
    let board = stage.board();
    let node = board.nodes.iter().find(|found| &*found.name == node);
    node.map_or(0, |node| node.pods.iter().filter(|pod| pod.name.starts_with("x-") && !pod.ghost).count())
}

#[test]
fn a_taint_is_named_and_a_toleration_mends_it() {
    let mut stage = stage();
    apply(&mut stage, "", "");
    let (fit, text, mend) = on(&mut stage, "control-plane");
    assert_eq!(
        (fit, &*text),
        (Fit::Unfit, "untolerated taint node-role.kubernetes.io/control-plane:NoSchedule")
    );
    assert!(matches!(mend, Some(Mend::Tolerate { .. })), "{mend:?}");
    assert_eq!(on(&mut stage, "worker-1"), (Fit::Runs, String::new(), None));
    // A cordon is a taint that every DaemonSet tolerates.
    run(&mut stage, "kubectl cordon worker-1");
    let board = stage.board();
    let why = board.nodes.iter().find(|node| &*node.name == "worker-1").and_then(|node| node.why.first());
    let grounds = why.and_then(|why| why.grounds.clone()).expect("it has its place");
    assert_eq!(grounds.tolerated, ["node.kubernetes.io/unschedulable:NoSchedule".into()]);
    // A taint for new pods only lets the old one stay.
    run(&mut stage, "kubectl taint node worker-2 late=true:NoSchedule");
    let (fit, text, _) = on(&mut stage, "worker-2");
    assert_eq!((fit, &*text), (Fit::Stays, "untolerated taint late=true:NoSchedule"));
}

#[test]
fn a_label_is_named_and_mends_it() {
    let mut stage = stage();
    apply(&mut stage, "      nodeSelector: {disk: ssd}\n", "");
    let (fit, text, mend) = on(&mut stage, "worker-2");
    assert_eq!((fit, &*text), (Fit::Unfit, "nodeSelector disk=ssd: the node has no label disk"));
    let Some(Mend::Label { node, key, value, overwrite: false }) = mend else { panic!("{mend:?}") };
    run(&mut stage, &format!("kubectl label node {node} {key}={value}"));
    assert_eq!(on(&mut stage, "worker-2").0, Fit::Runs);
}

#[test]
fn resources_are_named_in_amounts() {
    let mut stage = stage();
    apply(&mut stage, "", "        resources: {requests: {cpu: 64, memory: 1000Gi}}\n");
    let (fit, text, mend) = on(&mut stage, "worker-1");
    assert_eq!(fit, Fit::Waits);
    assert!(text.starts_with("wants 64 cpu, 4 free; wants 1000Gi memory, "), "{text}");
    assert_eq!((mend, pods_on(&mut stage, "worker-1")), (None, 0));
}

#[test]
fn a_taken_port_is_named_with_its_holder_and_can_be_freed() {
    let mut stage = stage();
    let holder = "apiVersion: v1\nkind: Pod\nmetadata:\n  name: web\nspec:\n  containers:\n  - name: web\n    image: \
                  nginx:1.29\n    ports: [{containerPort: 80, hostPort: 8080}]\n";
    let path = "/etc/kubernetes/manifests/web.yaml".to_owned();
    stage.perform(Command::WriteFile {
        node: "worker-1".to_owned(),
        path: path.clone(),
        text: holder.into(),
    });
    pass(&mut stage, 40);
    apply(&mut stage, "", "        ports: [{containerPort: 80, hostPort: 8080}]\n");
    let (fit, text, mend) = on(&mut stage, "worker-1");
    assert_eq!((fit, &*text), (Fit::Waits, "hostPort 8080/TCP is taken by default/web-worker-1"));
    let Some(Mend::Free { holder, .. }) = mend else { panic!("{mend:?}") };
    assert_eq!(holder.file.as_deref(), Some(&*path));
    stage.perform(Command::MoveFile {
        node: "worker-1".to_owned(),
        from: path,
        to: "/tmp/web.yaml".to_owned(),
    });
    pass(&mut stage, 90);
    assert_eq!((on(&mut stage, "worker-1").0, pods_on(&mut stage, "worker-1")), (Fit::Runs, 1));
}

#[test]
fn what_the_api_server_lacks_is_named_and_made() {
    let mut stage = stage();
    apply(&mut stage, "      serviceAccountName: robot\n", "");
    let (fit, text, mend) = on(&mut stage, "worker-1");
    assert_eq!(fit, Fit::Due);
    assert!(text.ends_with("serviceaccount \"robot\" not found"), "{text}");
    let Some(Mend::Create(missing)) = mend else { panic!("{mend:?}") };
    assert_eq!((missing.kind, &*missing.namespace, &*missing.name), ("ServiceAccount", "default", "robot"));
    run(&mut stage, "kubectl create serviceaccount robot");
    pass(&mut stage, 120);
    assert_eq!(on(&mut stage, "worker-1").0, Fit::Runs);
    // A PriorityClass needs a number that nobody can guess.
    apply(&mut stage, "      priorityClassName: high\n", "");
    run(&mut stage, "kubectl delete pod -l app=x --wait=false");
    let (fit, text, mend) = on(&mut stage, "worker-1");
    assert_eq!((fit, mend), (Fit::Due, None));
    assert!(text.ends_with("no PriorityClass with name high was found"), "{text}");
}

#[test]
fn what_the_kubelet_lacks_is_named() {
    let mut stage = stage();
    let volumes = "      volumes: [{name: v, configMap: {name: settings}}]\n";
    apply(&mut stage, volumes, "        volumeMounts: [{name: v, mountPath: /v}]\n");
    assert_eq!(
        on(&mut stage, "worker-1"),
        (Fit::Waits, "a volume waits for ConfigMap settings".to_owned(), None)
    );
    run(&mut stage, "kubectl create configmap settings --from-literal=a=b");
    pass(&mut stage, 130);
    assert_eq!(on(&mut stage, "worker-1").0, Fit::Runs);
    run(&mut stage, "kubectl set image ds/x c=nosuch/image:1");
    let texts: Vec<String> = said(&mut stage).into_iter().map(|(_, _, text, _)| text).collect();
    assert!(
        texts.iter().any(|text| text.ends_with("ImagePull: image nosuch/image:1")
            || text.ends_with("BackOff: image nosuch/image:1")),
        "{texts:?}"
    );
}

#[test]
fn a_part_that_is_down_is_named() {
    let mut stage = stage();
    let away = |part: &str| Command::MoveFile {
        node: "control-plane".to_owned(),
        from: format!("/etc/kubernetes/manifests/{part}.yaml"),
        to: format!("/tmp/{part}.yaml"),
    };
    stage.perform(away("kube-scheduler"));
    pass(&mut stage, 60);
    apply(&mut stage, "", "");
    let waits = (Fit::Waits, "kube-scheduler does not run".to_owned(), None);
    assert_eq!(on(&mut stage, "worker-1"), waits);
    stage.perform(away("kube-controller-manager"));
    pass(&mut stage, 60);
    run(&mut stage, "kubectl delete pod -l app=x --force --grace-period=0");
    assert_eq!(on(&mut stage, "worker-1").1, "kube-controller-manager does not run");
    // A kubelet that does not run starts nothing.
    stage.perform(Command::StopKubelet { node: "worker-3".to_owned() });
    pass(&mut stage, 5);
    let causes = |stage: &mut Stage| -> Vec<Cause> {
        let board = stage.board();
        let node = board.nodes.iter().find(|node| &*node.name == "worker-3");
        node.and_then(|node| node.why.first()).map(|why| why.causes.clone()).unwrap_or_default()
    };
    assert_eq!(causes(&mut stage), []);
}
