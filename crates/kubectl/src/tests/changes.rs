//! What commands that change something print: the sentence, or the object in the form asked for; and what they
//! would do, without doing it.

use super::*;
use expect_test::expect;

/// Kubernetes: cli-runtime/pkg/genericclioptions/print_flags.go, ToPrinter.
#[test]
fn changes_are_printed_in_the_form_asked_for() {
    let mut t = Terminal::new();
    t.make(AGENT);
    t.make(NODE);
    let lines = [
        "label node worker-1 disk=ssd -o name",
        "label node worker-1 disk- -o jsonpath={.metadata.labels}",
        "annotate node worker-1 note=hello -o jsonpath={.metadata.annotations}",
        "taint node worker-1 k=v:NoSchedule -o jsonpath={.spec.taints}",
        "set image ds/agent main=agent:2 -o jsonpath={.spec.template.spec.containers[0].image}",
        "rollout restart ds/agent -o name",
        "patch ds agent -p {\"spec\":{\"minReadySeconds\":5}} -o jsonpath={.spec.minReadySeconds}",
        "label node worker-1 disk=ssd -o wide",
        "set image ds/agent main=agent:3 -o custom-columns=A:.b",
    ];
    expect![[r#"
        $ label node worker-1 disk=ssd -o name
        node/worker-1
        $ label node worker-1 disk- -o jsonpath={.metadata.labels}
        $ annotate node worker-1 note=hello -o jsonpath={.metadata.annotations}
        {"note":"hello"}$ taint node worker-1 k=v:NoSchedule -o jsonpath={.spec.taints}
        [{"effect":"NoSchedule","key":"k","value":"v"},{"effect":"NoSchedule","key":"node.kubernetes.io/not-ready"}]$ set image ds/agent main=agent:2 -o jsonpath={.spec.template.spec.containers[0].image}
        agent:2$ rollout restart ds/agent -o name
        daemonset.apps/agent
        $ patch ds agent -p {"spec":{"minReadySeconds":5}} -o jsonpath={.spec.minReadySeconds}
        5$ label node worker-1 disk=ssd -o wide
        error: unable to match a printer suitable for the output format "wide", allowed formats are: go-template,go-template-file,json,jsonpath,jsonpath-as-json,jsonpath-file,kyaml,name,template,templatefile,yaml
        [1]
        $ set image ds/agent main=agent:3 -o custom-columns=A:.b
        error: unable to match a printer suitable for the output format "custom-columns=A:.b", allowed formats are: go-template,go-template-file,json,jsonpath,jsonpath-as-json,jsonpath-file,kyaml,name,template,templatefile,yaml
        [1]
    "#]].assert_eq(&t.transcript(&lines));
}

#[test]
fn a_dry_run_shows_the_change_and_makes_none() {
    let mut t = Terminal::new();
    t.file("ds.yaml", &AGENT.replace("agent:1", "agent:7"));
    t.make(AGENT);
    t.make(NODE);
    let before = t.run("get ds,nodes -A -o yaml");
    let lines = [
        "label node worker-1 disk=ssd --dry-run=client -o jsonpath={.metadata.labels}",
        "taint node worker-1 k=v:NoSchedule --dry-run=client -o jsonpath={.spec.taints}",
        "set image ds/agent main=agent:2 --dry-run=client -o jsonpath={.spec.template.spec.containers[0].image}",
        "set image ds/agent main=agent:2 --dry-run=client",
        "rollout restart ds/agent --dry-run=client -o jsonpath={.spec.template.metadata.annotations}",
        "taint node worker-1 k=v:NoSchedule --dry-run=client",
        "patch ds agent -p {\"spec\":",
        "patch ds agent --type=merge -p {\"spec\":x}",
        "patch ds agent -p {\"spec\":{\"minReadySeconds\":5}} --dry-run=client -o jsonpath={.spec.minReadySeconds}",
        "patch ds agent -p {\"spec\":{\"minReadySeconds\":0}} --type=merge --dry-run=client",
        "replace -f ds.yaml --dry-run=client",
        "replace -f ds.yaml --dry-run=server -o name",
    ];
    expect![[r#"
        $ label node worker-1 disk=ssd --dry-run=client -o jsonpath={.metadata.labels}
        {"disk":"ssd"}$ taint node worker-1 k=v:NoSchedule --dry-run=client -o jsonpath={.spec.taints}
        [{"effect":"NoSchedule","key":"k","value":"v"},{"effect":"NoSchedule","key":"node.kubernetes.io/not-ready"}]$ set image ds/agent main=agent:2 --dry-run=client -o jsonpath={.spec.template.spec.containers[0].image}
        agent:2$ set image ds/agent main=agent:2 --dry-run=client
        daemonset.apps/agent image updated (dry run)
        $ rollout restart ds/agent --dry-run=client -o jsonpath={.spec.template.metadata.annotations}
        error: unknown flag: --dry-run
        See 'kubectl rollout restart --help' for usage.
        [1]
        $ taint node worker-1 k=v:NoSchedule --dry-run=client
        node/worker-1 tainted
        $ patch ds agent -p {"spec":
        Error from server (BadRequest): unexpected end of JSON input
        [1]
        $ patch ds agent --type=merge -p {"spec":x}
        Error from server (BadRequest): error decoding patch: invalid character 'x' looking for beginning of value
        [1]
        $ patch ds agent -p {"spec":{"minReadySeconds":5}} --dry-run=client -o jsonpath={.spec.minReadySeconds}
        5$ patch ds agent -p {"spec":{"minReadySeconds":0}} --type=merge --dry-run=client
        daemonset.apps/agent patched (dry run)
        $ replace -f ds.yaml --dry-run=client
        daemonset.apps/agent replaced (dry run)
        $ replace -f ds.yaml --dry-run=server -o name
        daemonset.apps/agent
    "#]].assert_eq(&t.transcript(&lines));
    assert_eq!(t.run("get ds,nodes -A -o yaml"), before);
}

/// kubectl validates what it creates, applies and replaces; a patch it leaves to the API server, which warns.
///
/// Kubernetes: kubectl/pkg/cmd/patch/patch.go; apiserver/pkg/endpoints/handlers/fieldvalidation.
#[test]
fn a_field_that_a_patch_should_not_have_is_warned_of() {
    let mut t = Terminal::new();
    t.make(AGENT);
    let lines = [
        "patch ds agent -p {\"spec\":{\"foo\":1}}",
        "patch ds agent -p {\"spec\":{\"minReadySeconds\":\"x\"}}",
        "set image ds/agent main=",
    ];
    expect![[r#"
        $ patch ds agent -p {"spec":{"foo":1}}
        Warning: unknown field "spec.foo"
        daemonset.apps/agent patched (no change)
        $ patch ds agent -p {"spec":{"minReadySeconds":"x"}}
        The request is invalid: patch: Invalid value: "map[spec:map[minReadySeconds:x]]": unrecognized type: int32
        [1]
        $ set image ds/agent main=
        error: failed to patch image update to pod template: DaemonSet.apps "agent" is invalid: spec.template.spec.containers[0].image: Required value
        [1]
    "#]].assert_eq(&t.transcript(&lines));
}

/// Kubernetes: kubectl/pkg/cmd/replace/replace.go, Validate.
#[test]
fn replace_asks_for_a_file_and_keeps_to_its_flags() {
    let mut t = Terminal::new();
    t.make(AGENT);
    t.file("ds.yaml", &AGENT.replace("agent:1", "agent:7"));
    let lines = [
        "replace",
        "replace -f ds.yaml --grace-period=0",
        "replace -f ds.yaml --timeout=5s",
        "replace -f ds.yaml -o jsonpath={.metadata.generation}",
        "replace -f ds.yaml --force",
        "replace -f ds.yaml --save-config",
        "get ds agent -o jsonpath={.metadata.annotations.kubectl\\.kubernetes\\.io/last-applied-configuration}",
    ];
    expect![[r#"
        $ replace
        error: must specify one of -f and -k
        [1]
        $ replace -f ds.yaml --grace-period=0
        error: --grace-period must have --force specified
        [1]
        $ replace -f ds.yaml --timeout=5s
        error: --timeout must have --force specified
        [1]
        $ replace -f ds.yaml -o jsonpath={.metadata.generation}
        2$ replace -f ds.yaml --force
        daemonset.apps "agent" deleted from default namespace
        daemonset.apps/agent replaced
        $ replace -f ds.yaml --save-config
        daemonset.apps/agent replaced
        $ get ds agent -o jsonpath={.metadata.annotations.kubectl\.kubernetes\.io/last-applied-configuration}
        {"apiVersion":"apps/v1","kind":"DaemonSet","metadata":{"annotations":{},"name":"agent","namespace":"default"},"spec":{"selector":{"matchLabels":{"app":"agent"}},"template":{"metadata":{"labels":{"app":"agent"}},"spec":{"containers":[{"image":"agent:7","name":"main"}]}}}}
    "#]].assert_eq(&t.transcript(&lines));
}

/// Kubernetes: kubectl/pkg/cmd/run/run.go; kubectl/pkg/cmd/util/override_options.go.
#[test]
fn run_takes_overrides_annotations_and_privileges() {
    let mut t = Terminal::new();
    let lines = [
        "run web --image=nginx --privileged --annotations=a=b --dry-run=client -o yaml",
        "run web --image=nginx --overrides={\"spec\":{\"nodeName\":\"worker-2\"}} --dry-run=client -o yaml",
        "run web --image=nginx --overrides={\"spec\":} --dry-run=client",
        "run web --image=nginx --overrides={} --override-type=strategic",
    ];
    expect![[r#"
        $ run web --image=nginx --privileged --annotations=a=b --dry-run=client -o yaml
        apiVersion: v1
        kind: Pod
        metadata:
          annotations:
            a: b
          labels:
            run: web
          name: web
        spec:
          containers:
          - image: nginx
            name: web
            resources: {}
            securityContext:
              privileged: true
          dnsPolicy: ClusterFirst
          restartPolicy: Always
        status: {}
        $ run web --image=nginx --overrides={"spec":{"nodeName":"worker-2"}} --dry-run=client -o yaml
        apiVersion: v1
        kind: Pod
        metadata:
          labels:
            run: web
          name: web
        spec:
          containers:
          - image: nginx
            name: web
            resources: {}
          dnsPolicy: ClusterFirst
          nodeName: worker-2
          restartPolicy: Always
        status: {}
        $ run web --image=nginx --overrides={"spec":} --dry-run=client
        error: Invalid JSON Patch
        [1]
        $ run web --image=nginx --overrides={} --override-type=strategic
        error: --override-type=strategic is not simulated: use merge
        [1]
    "#]]
    .assert_eq(&t.transcript(&lines));
}
