//! `kubectl debug`.

use super::*;
use expect_test::expect;

/// A pod that has all that a copy may do without.
const WEB: &str = "apiVersion: v1
kind: Pod
metadata: {name: web, labels: {app: web}}
spec:
  nodeName: worker-1
  containers:
  - {name: main, image: nginx:1, livenessProbe: {tcpSocket: {port: 80}}}
";

fn terminal() -> Terminal {
    let mut t = Terminal::new();
    t.make(WEB);
    t.make(NODE);
    t
}

fn spec(t: &Terminal, name: &str, path: &str) -> Value {
    let pod = t.get(Kind::Pod, "default", name);
    pod.pointer(path).cloned().unwrap_or_default()
}

#[test]
fn debug_says_what_is_wrong_with_its_flags_as_upstream_does() {
    terminal().check(
        &[
            "debug",
            "debug web",
            "debug web --image=a:b:c",
            "debug web --image=x --profile=strange",
            "debug web --image=x --replace",
            "debug web --image=x -t",
            "debug web --image=x --image-pull-policy=Sometimes",
            "debug web --copy-to=two",
            "debug web --copy-to=two -- ls",
            "debug web --copy-to=two --set-image=a",
            "debug web --copy-to=two --image=x --target=main",
            "debug nosuch --image=x",
            "debug ns/default --image=x",
        ],
        expect![[r#"
            $ debug
            error: you must specify --image when not using --copy-to.
            [1]
            $ debug web
            error: you must specify --image when not using --copy-to.
            [1]
            $ debug web --image=a:b:c
            error: invalid image name "a:b:c": invalid reference format
            [1]
            $ debug web --image=x --profile=strange
            error: unknown profile: strange
            [1]
            $ debug web --image=x --replace
            error: --replace may only be used with --copy-to.
            [1]
            $ debug web --image=x -t
            error: -i/--stdin is required for containers with -t/--tty=true
            [1]
            $ debug web --image=x --image-pull-policy=Sometimes
            error: invalid image pull policy: Sometimes
            [1]
            $ debug web --copy-to=two
            error: you must specify --image, --set-image or command arguments.
            [1]
            $ debug web --copy-to=two -- ls
            error: you must specify an existing container or a new image when specifying args.
            [1]
            $ debug web --copy-to=two --set-image=a
            error: invalid argument "a" for "--set-image" flag: a must be formatted as key=value
            [1]
            $ debug web --copy-to=two --image=x --target=main
            error: --target is incompatible with --copy-to. Use --share-processes instead.
            [1]
            $ debug nosuch --image=x
            Error from server (NotFound): pods "nosuch" not found
            [1]
            $ debug ns/default --image=x
            error: "/v1, Kind=Namespace" not supported by debug
            [1]
        "#]],
    );
}

#[test]
fn an_ephemeral_container_is_added_once_and_is_not_changed() {
    let mut t = terminal();
    t.check(
        &[
            "debug web --image=busybox:1 -c dbg --target=main -- sleep 600",
            "debug web --image=busybox:1 -c dbg -- sleep 600",
            "debug web --image=busybox:1 -c main",
            "debug web -it --image=busybox:1 -c shell --profile=netadmin",
            "get pod web",
        ],
        expect![[r#"
            $ debug web --image=busybox:1 -c dbg --target=main -- sleep 600
            Targeting container "main". If you don't see processes from this container it may be because the container runtime doesn't support this feature.
            $ debug web --image=busybox:1 -c dbg -- sleep 600
            The Pod "web" is invalid: spec.ephemeralContainers: Forbidden: existing ephemeral containers "dbg" may not be changed
            @@ -30,6 +30,7 @@
              "SecurityContext": {
               "Capabilities": {
                "Add": [
            +    "SYS_PTRACE",
                 "SYS_PTRACE"
                ],
                "Drop": null

            [1]
            $ debug web --image=busybox:1 -c main
            The Pod "web" is invalid: spec.ephemeralContainers[1].name: Duplicate value: "main"
            [1]
            $ debug web -it --image=busybox:1 -c shell --profile=netadmin
            error: attaching to a container is not simulated. Container shell of pod web is there: look at it with kubectl describe pod web, and run single commands with kubectl exec web -c shell -- COMMAND
            [1]
            $ get pod web
            NAME   READY   STATUS    RESTARTS   AGE
            web    0/1     Pending   0          0s
        "#]],
    );
    expect![[r#"
        [
          {
            "command": [
              "sleep",
              "600"
            ],
            "image": "busybox:1",
            "imagePullPolicy": "IfNotPresent",
            "name": "dbg",
            "resources": {},
            "securityContext": {
              "capabilities": {
                "add": [
                  "SYS_PTRACE"
                ]
              }
            },
            "targetContainerName": "main",
            "terminationMessagePath": "/dev/termination-log",
            "terminationMessagePolicy": "File"
          },
          {
            "image": "busybox:1",
            "imagePullPolicy": "IfNotPresent",
            "name": "shell",
            "resources": {},
            "securityContext": {
              "capabilities": {
                "add": [
                  "NET_ADMIN",
                  "NET_RAW"
                ]
              }
            },
            "stdin": true,
            "terminationMessagePath": "/dev/termination-log",
            "terminationMessagePolicy": "File",
            "tty": true
          }
        ]"#]]
    .assert_eq(&format!("{:#}", spec(&t, "web", "/spec/ephemeralContainers")));
}

#[test]
fn a_copy_goes_without_labels_and_probes_and_shares_its_processes() {
    let mut t = terminal();
    t.check(
        &[
            "debug web --copy-to=images --set-image=*=nginx:2",
            "debug web --copy-to=two --image=busybox:1 --share-processes -c dbg --env=A=1,B=2",
            "debug web --copy-to=three -c main --keep-labels --same-node -- sleep 1",
            "debug web --copy-to=instead --image=busybox:1 -c dbg --replace -q",
            "get pods",
        ],
        expect![[r#"
            $ debug web --copy-to=images --set-image=*=nginx:2
            $ debug web --copy-to=two --image=busybox:1 --share-processes -c dbg --env=A=1,B=2
            $ debug web --copy-to=three -c main --keep-labels --same-node -- sleep 1
            $ debug web --copy-to=instead --image=busybox:1 -c dbg --replace -q
            $ get pods
            NAME      READY   STATUS    RESTARTS   AGE
            images    0/1     Pending   0          0s
            instead   0/2     Pending   0          0s
            three     0/1     Pending   0          0s
            two       0/2     Pending   0          0s
        "#]],
    );
    let told = [
        ("images", "/metadata/labels"),
        ("two", "/metadata/labels"),
        ("two", "/spec/shareProcessNamespace"),
        ("two", "/spec/containers/1/env"),
        ("three", "/metadata/labels"),
        ("three", "/spec/nodeName"),
        ("three", "/spec/containers/0/command"),
        ("three", "/spec/containers/0/livenessProbe"),
    ]
    .map(|(name, path)| format!("{name}{path}: {}", spec(&t, name, path)));
    expect![[r#"
        images/metadata/labels: {"app":"web"}
        two/metadata/labels: null
        two/spec/shareProcessNamespace: true
        two/spec/containers/1/env: [{"name":"A","value":"1"},{"name":"B","value":"2"}]
        three/metadata/labels: {"app":"web"}
        three/spec/nodeName: "worker-1"
        three/spec/containers/0/command: ["sleep","1"]
        three/spec/containers/0/livenessProbe: null"#]]
    .assert_eq(&told.join("\n"));
}

#[test]
fn a_node_is_looked_into_from_a_pod_in_its_own_namespaces() {
    let mut t = terminal();
    let said = t.run("debug node/worker-1 --image=busybox:1 -- sleep 1");
    let name = said.split(' ').nth(3).unwrap_or_default().to_owned();
    assert_eq!(said, format!("Creating debugging pod {name} with container debugger on node worker-1.\n"));
    assert!(name.starts_with("node-debugger-worker-1-") && name.len() == "node-debugger-worker-1-".len() + 5);
    let told = ["hostPID", "hostNetwork", "hostIPC", "restartPolicy", "nodeName"];
    let told = told.map(|field| spec(&t, &name, &format!("/spec/{field}")).to_string());
    assert_eq!(told, ["true", "true", "true", "\"Never\"", "\"worker-1\""]);
    assert_eq!(spec(&t, &name, "/spec/containers/0/volumeMounts/0/mountPath"), "/host");
}
