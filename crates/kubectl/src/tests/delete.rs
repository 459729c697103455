use super::*;
use expect_test::expect;

#[test]
fn cli_031_deletions_say_from_where() {
    let mut t = Terminal::new();
    t.make(AGENT);
    t.make(NODE);
    assert_eq!(t.run("delete ds agent"), "daemonset.apps \"agent\" deleted from default namespace\n");
    assert_eq!(t.run("delete node worker-1"), "node \"worker-1\" deleted\n");
    t.make(AGENT);
    assert_eq!(t.run("delete ds/agent -o name"), "daemonset.apps/agent\n");
    assert_eq!(t.calls, ["delete DaemonSet", "get DaemonSet"]);
}

#[test]
fn cli_032_a_deletion_waits_until_the_object_is_gone() {
    let mut t = Terminal::new();
    t.make(&pod("web", "{}").replace("spec:", "spec:\n  nodeName: worker-1"));
    assert_eq!(t.run("delete pod web"), "pod \"web\" deleted from default namespace\n…\n");
    assert_eq!(t.run("delete pod web --wait=false"), "pod \"web\" deleted from default namespace\n");
}

#[test]
fn cli_033_forced_deletions_are_warned_of() {
    let mut t = Terminal::new();
    t.make(&pod("web", "{}").replace("spec:", "spec:\n  nodeName: worker-1"));
    let warning = "Warning: Immediate deletion does not wait for confirmation that the running resource has been terminated. The resource may continue to run on the cluster indefinitely.\n";
    assert_eq!(
        t.run("delete pod web --force --grace-period=0"),
        format!("{warning}pod \"web\" force deleted from default namespace\n")
    );
    assert!(t.get(Kind::Pod, "default", "web").is_null());
    assert_eq!(
        t.run("delete pod web --force --grace-period=5"),
        "error: --force and --grace-period greater than 0 cannot be specified together\n[1]\n"
    );
}

#[test]
fn cli_034_what_is_not_there_is_said() {
    let mut t = Terminal::new();
    assert_eq!(t.run("delete pod x"), "Error from server (NotFound): pods \"x\" not found\n[1]\n");
    assert_eq!(t.run("delete pod x --ignore-not-found"), "");
    assert_eq!(t.run("delete pods --all"), "No resources found\n");
    assert_eq!(t.run("delete pods"), "error: resource(s) were provided, but no name was specified\n[1]\n");
    t.make(&pod("a", "{app: x}"));
    t.make(&pod("b", "{app: z}"));
    assert_eq!(t.run("delete pods -l app=x"), "pod \"a\" deleted from default namespace\n");
    assert_eq!(
        t.run("delete pods a b"),
        "pod \"b\" deleted from default namespace\nError from server (NotFound): pods \"a\" not found\n[1]\n"
    );
}

#[test]
fn files_name_what_is_deleted() {
    let mut t = Terminal::new();
    t.file("ds.yaml", AGENT);
    t.run("apply -f ds.yaml");
    assert_eq!(
        t.run("delete -f ds.yaml --cascade=orphan --wait=false"),
        "daemonset.apps \"agent\" deleted from default namespace\n"
    );
    assert_eq!(
        t.run("delete -f ds.yaml --cascade=maybe"),
        "error: invalid cascade value (maybe). Must be \"background\", \"foreground\", or \"orphan\"\n[1]\n"
    );
}

/// Kubernetes: cli-runtime/pkg/resource/builder.go, visitByPaths; visitor.go, FilterByLabelSelector.
#[test]
fn cli_034_a_selector_picks_from_the_objects_of_a_file() {
    let mut t = Terminal::new();
    let file = format!("{}---\n{}", pod("web", "{app: web}"), pod("api", "{app: api}"));
    t.file("pods.yaml", &file);
    t.make(&pod("web", "{app: web}"));
    t.make(&pod("api", "{app: api}"));
    let other = pod("far", "{app: far}").replace("metadata:", "metadata:\n  namespace: kube-system");
    t.make(&other);
    t.file("far.yaml", &other);
    let said = t.transcript(&[
        "get -f pods.yaml -l app=web -o name",
        "get -f pods.yaml -l app=none",
        "get -f pods.yaml -l app=(",
        "label -f pods.yaml -l app=api tier=x",
        "delete -f pods.yaml -l app=none",
        "delete -f pods.yaml -l app=api --wait=false",
        "get pods -o name",
        "get -f far.yaml",
        "label -f far.yaml a=b",
    ]);
    expect![[r#"
        $ get -f pods.yaml -l app=web -o name
        pod/web
        $ get -f pods.yaml -l app=none
        No resources found in default namespace.
        $ get -f pods.yaml -l app=(
        error: the provided selector "app=(" is not valid: unable to parse requirement: found '(', expected: identifier
        [1]
        $ label -f pods.yaml -l app=api tier=x
        pod/api labeled
        $ delete -f pods.yaml -l app=none
        No resources found
        $ delete -f pods.yaml -l app=api --wait=false
        pod "api" deleted from default namespace
        $ get pods -o name
        pod/web
        $ get -f far.yaml
        NAME   READY   STATUS    RESTARTS   AGE
        far    0/1     Pending   0          0s
        $ label -f far.yaml a=b
        pod/far labeled
    "#]].assert_eq(&said);
}
