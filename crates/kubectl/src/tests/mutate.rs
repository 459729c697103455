use super::*;
use expect_test::expect;

fn with_node() -> Terminal {
    let mut t = Terminal::new();
    t.make(NODE);
    t.run("taint node worker-1 node.kubernetes.io/not-ready-");
    t
}

#[test]
fn cli_035_labels_are_set_changed_and_removed() {
    let mut t = with_node();
    assert_eq!(t.run("label node worker-1 a=b"), "node/worker-1 labeled\n");
    assert_eq!(t.run("label node worker-1 a=b"), "node/worker-1 not labeled\n");
    assert_eq!(t.run("label node worker-1 c-"), "label \"c\" not found.\nnode/worker-1 not labeled\n");
    assert_eq!(t.run("label node worker-1 d=e a-"), "node/worker-1 modified\n");
    assert_eq!(t.run("label node/worker-1 d-"), "node/worker-1 unlabeled\n");
    assert!(t.get(Kind::Node, "", "worker-1")["metadata"]["labels"]["d"].is_null());
    assert_eq!(t.run("label node worker-1"), "error: at least one label update is required\n[1]\n");
    assert_eq!(
        t.run("label a=b"),
        "error: one or more resources must be specified as <resource> <name> or <resource>/<name>\n[1]\n"
    );
    assert_eq!(
        t.run("label node worker-9 a=b"),
        "Error from server (NotFound): nodes \"worker-9\" not found\n[1]\n"
    );
    assert_eq!(
        t.run("label node a=b worker-1"),
        "error: all resources must be specified before label changes: worker-1\n[1]\n"
    );
    assert_eq!(
        t.run("label node worker-1 a=b a-"),
        "error: can not both modify and remove a label in the same command\n[1]\n"
    );
}

#[test]
fn cli_036_a_label_is_not_overwritten_by_accident() {
    let mut t = with_node();
    t.run("label node worker-1 a=b");
    assert_eq!(
        t.run("label node worker-1 a=c"),
        "error: 'a' already has a value (b), and --overwrite is false\n[1]\n"
    );
    assert_eq!(t.run("label node worker-1 a=c --overwrite"), "node/worker-1 labeled\n");
    assert_eq!(t.run("annotate node worker-1 note=x"), "node/worker-1 annotated\n");
    assert_eq!(
        t.run("annotate node worker-1 note=y"),
        "error: --overwrite is false but found the following declared annotation(s): 'note' already has a value (x)\n[1]\n"
    );
    assert_eq!(t.get(Kind::Node, "", "worker-1")["metadata"]["annotations"]["note"], "x");
}

#[test]
fn cli_037_taints_are_set_changed_and_removed() {
    let mut t = with_node();
    assert_eq!(t.run("taint node worker-1 k=v:NoSchedule"), "node/worker-1 tainted\n");
    assert_eq!(t.run("taint node worker-1 k=w:NoSchedule --overwrite"), "node/worker-1 modified\n");
    assert_eq!(t.run("taint node worker-1 other:NoExecute k:NoSchedule-"), "node/worker-1 modified\n");
    assert_eq!(t.run("taint nodes worker-1 other-"), "node/worker-1 untainted\n");
    assert!(t.get(Kind::Node, "", "worker-1")["spec"]["taints"].is_null());
    assert_eq!(t.run("taint node --all k:NoSchedule"), "node/worker-1 tainted\n");
    assert_eq!(t.get(Kind::Node, "", "worker-1")["spec"]["taints"][0]["key"], "k");
}

#[test]
fn cli_038_wrong_taints_are_told() {
    let mut t = with_node();
    for (line, expected) in [
        ("taint node worker-1 k:NoSchedule-", "error: taint \"k:NoSchedule\" not found\n[1]\n"),
        ("taint node worker-1 k-", "error: taint \"k\" not found\n[1]\n"),
        (
            "taint node worker-1 k=v:Foo",
            "error: invalid taint effect: Foo, unsupported taint effect\nSee 'kubectl taint -h' for help and examples\n[1]\n",
        ),
        ("taint node worker-1", "error: at least one taint update is required\n[1]\n"),
        (
            "taint node worker-1 k=v",
            "error: invalid taint spec: k=v, name part must consist of alphanumeric characters, '-', '_' or '.', and must start and end with an alphanumeric character (e.g. 'MyName',  or 'my.name',  or '123-abc', regex used for validation is '([A-Za-z0-9][-A-Za-z0-9_.]*)?[A-Za-z0-9]')\nSee 'kubectl taint -h' for help and examples\n[1]\n",
        ),
        (
            "taint pod x k:NoSchedule",
            "error: invalid resource type pod, only node types are supported\n[1]\n",
        ),
        (
            "taint node worker-1 k:NoSchedule k-",
            "error: can not both modify and remove the following taint(s) in the same command: k=\n[1]\n",
        ),
    ] {
        assert_eq!(t.run(line), expected, "{line}");
    }
    t.run("taint node worker-1 k=v:NoSchedule");
    assert_eq!(
        t.run("taint node worker-1 k=w:NoSchedule"),
        "error: node worker-1 already has k taint(s) with same effect(s) and --overwrite is false\n[1]\n"
    );
}

#[test]
fn nd_035_cli_039_cordon_and_uncordon_say_what_they_did() {
    let mut t = with_node();
    assert_eq!(t.run("cordon worker-1"), "node/worker-1 cordoned\n");
    assert_eq!(t.run("cordon worker-1"), "node/worker-1 already cordoned\n");
    assert_eq!(t.get(Kind::Node, "", "worker-1")["spec"]["unschedulable"], true);
    assert_eq!(t.run("uncordon worker-1"), "node/worker-1 uncordoned\n");
    assert_eq!(t.run("uncordon worker-1"), "node/worker-1 already uncordoned\n");
    assert_eq!(t.run("cordon n9"), "Error from server (NotFound): nodes \"n9\" not found\n[1]\n");
    assert_eq!(
        t.run("cordon"),
        "error: USAGE: cordon NODE [flags]\nSee 'kubectl cordon -h' for help and examples\n[1]\n"
    );
}

#[test]
fn cli_046_images_are_set_by_container() {
    let mut t = Terminal::new();
    t.make(AGENT);
    assert_eq!(t.run("set image ds/agent main=agent:2"), "daemonset.apps/agent image updated\n");
    assert_eq!(t.run("set image ds/agent main=agent:2"), "");
    assert_eq!(t.run("set image ds agent *=agent:3"), "daemonset.apps/agent image updated\n");
    assert_eq!(t.run("set image ds/agent nope=x:1"), "error: unable to find container named \"nope\"\n[1]\n");
    assert_eq!(t.run("set image ds/agent"), "error: at least one image update is required\n[1]\n");
    let image =
        &t.get(Kind::DaemonSet, "default", "agent")["spec"]["template"]["spec"]["containers"][0]["image"];
    assert_eq!(image, "agent:3");
}

#[test]
fn cli_047_a_pods_image_may_change() {
    let mut t = Terminal::new();
    t.make(&pod("web", "{}"));
    assert_eq!(t.run("set image pod/web main=x:2"), "pod/web image updated\n");
    assert_eq!(t.get(Kind::Pod, "default", "web")["spec"]["containers"][0]["image"], "x:2");
}

#[test]
fn cli_048_daemon_sets_cannot_be_scaled() {
    let mut t = Terminal::new();
    t.make(AGENT);
    assert_eq!(
        t.run("scale ds/agent --replicas=3"),
        "Error from server (NotFound): the server could not find the requested resource\n[1]\n"
    );
    assert_eq!(
        t.run("scale ds/agent --replicas=-1"),
        "error: The --replicas=COUNT flag is required, and COUNT must be greater than or equal to 0\n[1]\n"
    );
    assert_eq!(t.run("scale ds/agent"), "error: required flag(s) \"replicas\" not set\n[1]\n");
}

#[test]
fn pods_are_run_patched_and_replaced() {
    let mut t = Terminal::new();
    assert_eq!(t.run("run web --image=nginx:1 --env=A=b -- sleep 5"), "pod/web created\n");
    let made = t.get(Kind::Pod, "default", "web");
    assert_eq!(made["spec"]["containers"][0]["args"], serde_json::json!(["sleep", "5"]));
    assert_eq!(made["metadata"]["labels"]["run"], "web");
    assert_eq!(t.run("run web"), "error: required flag(s) \"image\" not set\n[1]\n");
    assert_eq!(t.run("patch pod web -p {\"metadata\":{\"labels\":{\"x\":\"1\"}}}"), "pod/web patched\n");
    assert_eq!(
        t.run("patch pod web -p {\"metadata\":{\"labels\":{\"x\":\"1\"}}}"),
        "pod/web patched (no change)\n"
    );
    assert_eq!(
        t.run("patch pod web --type=json -p [{\"op\":\"remove\",\"path\":\"/metadata/labels/x\"}]"),
        "pod/web patched\n"
    );
    assert!(t.get(Kind::Pod, "default", "web")["metadata"]["labels"]["x"].is_null());
    t.make(AGENT);
    t.file("ds.yaml", &AGENT.replace("agent:1", "agent:9"));
    assert_eq!(t.run("replace -f ds.yaml"), "daemonset.apps/agent replaced\n");
    t.file("ds.yaml", &AGENT.replace("name: agent", "name: other"));
    assert_eq!(
        t.run("replace -f ds.yaml"),
        "Error from server (NotFound): error when replacing \"ds.yaml\": daemonsets.apps \"other\" not found\n[1]\n"
    );
}

#[test]
fn logs_tell_what_stands_in_the_way() {
    let mut t = Terminal::new();
    t.make(&pod("web", "{}"));
    assert_eq!(t.run("logs web"), "", "without a node there is nobody to be asked");
    assert_eq!(
        t.run("logs web -c nope"),
        "error: container nope is not valid for pod web out of: main\n[1]\n"
    );
    t.make(&pod("bound", "{}").replace("spec:", "spec:\n  nodeName: worker-1"));
    assert_eq!(
        t.run("logs bound"),
        "Error from server (BadRequest): container \"main\" in pod \"bound\" is not available\n[1]\n"
    );
}

#[test]
fn what_is_not_simulated_says_what_to_do_instead() {
    let mut t = Terminal::new();
    assert!(t.run("attach web").starts_with("error: kubectl attach is not simulated: "));
    assert_eq!(t.run("top nodes"), "error: Metrics API not available\n[1]\n");
}

#[test]
fn versions_resources_and_contexts_are_printed() {
    let mut t = Terminal::new();
    assert_eq!(
        t.run("version"),
        "Client Version: v1.36.2\nKustomize Version: v5.8.1\nServer Version: v1.36.2\n"
    );
    let resources = t.run("api-resources --api-group=apps");
    assert_eq!(
        resources.lines().nth(2),
        Some("daemonsets            ds           apps/v1      true         DaemonSet")
    );
    assert!(t.run("explain ds.spec").contains("  minReadySeconds\t<integer>\n"));
    assert!(t.run("explain ds --recursive").contains("      containers\t<[]Container> -required-\n"));
    expect![[r#"
        KIND:       Pod
        VERSION:    v1

        FIELD: tolerationSeconds <integer>


        DESCRIPTION:
            TolerationSeconds represents the period of time the toleration (which must
            be of effect NoExecute, otherwise this field is ignored) tolerates the
            taint. By default, it is not set, which means tolerate the taint forever (do
            not evict). Zero and negative values will be treated as 0 (evict
            immediately) by the system.
            

    "#]]
    .assert_eq(&t.run("explain pods.spec.tolerations.tolerationSeconds"));
    let containers = t.run("explain pod.spec.containers");
    // What the list is for, then what one of them is.
    assert!(containers.contains("    updated.\n    A single application container that you want to run within a pod.\n    \nFIELDS:\n  args\t<[]string>\n    Arguments to the entrypoint."));
    assert_eq!(
        t.run("explain ds.spec.nope"),
        "GROUP:      apps\nKIND:       DaemonSet\nVERSION:    v1\n\nerror: field \"nope\" does not exist\n[1]\n"
    );
    assert_eq!(t.run("explain nope"), "the server doesn't have a resource type \"nope\"\n[1]\n");
    assert_eq!(
        t.run("config get-contexts"),
        "CURRENT   NAME                          CLUSTER      AUTHINFO           NAMESPACE\n*         kubernetes-admin@kubernetes   kubernetes   kubernetes-admin   \n"
    );
    assert_eq!(
        t.run("rollout frobnicate"),
        "error: unknown command \"frobnicate\"\nSee 'kubectl rollout -h' for help and examples\n[1]\n"
    );
}

#[test]
fn waiting_ends_with_the_condition_or_the_time() {
    let mut t = Terminal::new();
    t.make(&pod("web", "{}"));
    assert_eq!(t.run("wait pod/web --for=jsonpath={.status.phase}=Pending"), "pod/web condition met\n");
    assert_eq!(t.run("wait pod/nope --for=delete"), "");
    assert_eq!(t.run("wait pod/web --for=condition=Ready"), "…\n");
    assert_eq!(t.run("wait pod/web"), "error: unrecognized condition: []\n[1]\n");
}
