//! `kubectl set`, changes of files with `--local`, and `get --raw`.

use super::*;
use expect_test::{Expect, expect};

const BINDING: &str = "{apiVersion: rbac.authorization.k8s.io/v1, kind: RoleBinding, metadata: {name: b}, \
                       roleRef: {apiGroup: rbac.authorization.k8s.io, kind: Role, name: r}}";
const DEPLOYMENT: &str = "{apiVersion: apps/v1, kind: Deployment, metadata: {name: web}, spec: {replicas: 2, \
                          selector: {matchLabels: {app: web}}, template: {metadata: {labels: {app: web}}, \
                          spec: {containers: [{name: main, image: nginx:1.27}]}}}}";

fn check(lines: &[&str], expected: Expect) {
    let mut t = Terminal::new();
    t.make(BINDING);
    t.make(DEPLOYMENT);
    t.make("{apiVersion: v1, kind: Service, metadata: {name: web}, spec: {ports: [{port: 80}], selector: {app: web}}}");
    t.file("b.yaml", BINDING);
    t.file("d.yaml", DEPLOYMENT);
    t.check(lines, expected);
}

#[test]
fn subjects_are_added_to_a_binding() {
    check(
        &[
            "set subject rolebinding b --user=eve --user=anna --group=g --serviceaccount=ns:sa --serviceaccount=:own",
            "get rolebinding b -o wide --no-headers",
            "set subject rolebinding b --user=eve",
            "set subject rolebinding b",
            "set subject rolebinding b --serviceaccount=sa",
            "set subject deploy web --user=eve",
            "set subject",
            "set subject -f b.yaml --local --user=foo -o yaml",
        ],
        expect![[r#"
            $ set subject rolebinding b --user=eve --user=anna --group=g --serviceaccount=ns:sa --serviceaccount=:own
            rolebinding.rbac.authorization.k8s.io/b subjects updated
            $ get rolebinding b -o wide --no-headers
            b     Role/r   0s    anna, eve   g     default/own, ns/sa
            $ set subject rolebinding b --user=eve
            $ set subject rolebinding b
            error: you must specify at least one value of user, group or serviceaccount
            [1]
            $ set subject rolebinding b --serviceaccount=sa
            error: serviceaccount must be <namespace>:<name>
            [1]
            $ set subject deploy web --user=eve
            error: deployment.apps/web setting subjects is only supported for RoleBinding/ClusterRoleBinding
            [1]
            $ set subject
            error: You must provide one or more resources by argument or filename.
            Example resource specifications include:
               '-f rsrc.yaml'
               '--filename=rsrc.json'
               '<resource> <name>'
               '<resource>'
            [1]
            $ set subject -f b.yaml --local --user=foo -o yaml
            apiVersion: rbac.authorization.k8s.io/v1
            kind: RoleBinding
            metadata:
              name: b
            roleRef:
              apiGroup: rbac.authorization.k8s.io
              kind: Role
              name: r
            subjects:
            - apiGroup: rbac.authorization.k8s.io
              kind: User
              name: foo
        "#]],
    );
}

#[test]
fn a_local_change_asks_nobody() {
    check(
        &[
            "set image -f d.yaml main=nginx:1.28 --local -o yaml",
            "set image -f d.yaml main=nginx:1.28 --local",
            "set image deploy/web main=nginx:1.28 --local",
            "set image -f d.yaml main=nginx:1.28 --local --dry-run=server",
            "set resources -f d.yaml --limits=cpu=200m --local -o jsonpath={.spec.template.spec.containers[0].resources}",
            "label -f d.yaml tier=front --local -o yaml",
            r#"patch -f d.yaml -p {"spec":{"replicas":5}} --local -o jsonpath={.spec.replicas}"#,
            "annotate -f d.yaml a=b --local",
        ],
        expect![[r#"
            $ set image -f d.yaml main=nginx:1.28 --local -o yaml
            apiVersion: apps/v1
            kind: Deployment
            metadata:
              name: web
            spec:
              replicas: 2
              selector:
                matchLabels:
                  app: web
              strategy: {}
              template:
                metadata:
                  labels:
                    app: web
                spec:
                  containers:
                  - image: nginx:1.28
                    name: main
                    resources: {}
            status: {}
            $ set image -f d.yaml main=nginx:1.28 --local
            deployment.apps/web image updated
            $ set image deploy/web main=nginx:1.28 --local
            error: you must specify resources by --filename when --local is set.
            Example resource specifications include:
               '-f rsrc.yaml'
               '--filename=rsrc.json'
            [1]
            $ set image -f d.yaml main=nginx:1.28 --local --dry-run=server
            error: cannot specify --local and --dry-run=server - did you mean --dry-run=client?
            [1]
            $ set resources -f d.yaml --limits=cpu=200m --local -o jsonpath={.spec.template.spec.containers[0].resources}
            {"limits":{"cpu":"200m"}}$ label -f d.yaml tier=front --local -o yaml
            apiVersion: apps/v1
            kind: Deployment
            metadata:
              labels:
                tier: front
              name: web
            spec:
              replicas: 2
              selector:
                matchLabels:
                  app: web
              template:
                metadata:
                  labels:
                    app: web
                spec:
                  containers:
                  - image: nginx:1.27
                    name: main
            $ patch -f d.yaml -p {"spec":{"replicas":5}} --local -o jsonpath={.spec.replicas}
            5$ annotate -f d.yaml a=b --local
            deployment.apps/web annotated
        "#]],
    );
    let mut t = Terminal::new();
    t.file("d.yaml", DEPLOYMENT);
    t.run("set image -f d.yaml main=nginx:1.28 --local");
    assert!(t.calls.is_empty(), "{:?}", t.calls);
}

#[test]
fn what_set_changes_is_patched() {
    check(
        &[
            "set env deploy/web A=1 B=2",
            "set env deploy/web --list",
            "set env deploy/web A- B=3",
            "get deploy web -o jsonpath={.spec.template.spec.containers[0].env}",
            "set env deploy/web --overwrite=false B=4",
            "set env deploy/web 1A=x",
            "set resources deploy/web --limits=cpu=200m,memory=512Mi --requests=cpu=100m",
            "get deploy web -o jsonpath={.spec.template.spec.containers[0].resources}",
            "set resources deploy/web -c nosuch --limits=cpu=1",
            "set resources deploy/web",
            "set serviceaccount deploy/web robot",
            "set sa deploy/web robot",
            "get deploy web -o jsonpath={.spec.template.spec.serviceAccountName}",
            "set selector svc web app=other,tier=front",
            "get svc web -o jsonpath={.spec.selector}",
            "set selector deploy web app=other",
            "set serviceaccount svc/web robot",
        ],
        expect![[r#"
            $ set env deploy/web A=1 B=2
            deployment.apps/web env updated
            $ set env deploy/web --list
            # Deployment web, container main
            A=1
            B=2
            $ set env deploy/web A- B=3
            deployment.apps/web env updated
            $ get deploy web -o jsonpath={.spec.template.spec.containers[0].env}
            [{"name":"B","value":"3"}]$ set env deploy/web --overwrite=false B=4
            error: deployment.apps/web 'B' already has a value (3), and --overwrite is false
            [1]
            $ set env deploy/web 1A=x
            error: "1A" is not a valid key name: a valid environment variable name must consist of alphabetic characters, digits, '_', '-', or '.', and must not start with a digit (e.g. 'my.env-name',  or 'MY_ENV.NAME',  or 'MyEnvName1', regex used for validation is '[-._a-zA-Z][-._a-zA-Z0-9]*')
            [1]
            $ set resources deploy/web --limits=cpu=200m,memory=512Mi --requests=cpu=100m
            deployment.apps/web resource requirements updated
            $ get deploy web -o jsonpath={.spec.template.spec.containers[0].resources}
            {"limits":{"cpu":"200m","memory":"512Mi"},"requests":{"cpu":"100m"}}$ set resources deploy/web -c nosuch --limits=cpu=1
            error: unable to find container named nosuch
            [1]
            $ set resources deploy/web
            error: you must specify an update to requests or limits (in the form of --requests/--limits)
            [1]
            $ set serviceaccount deploy/web robot
            deployment.apps/web serviceaccount updated
            $ set sa deploy/web robot
            deployment.apps/web serviceaccount updated
            $ get deploy web -o jsonpath={.spec.template.spec.serviceAccountName}
            robot$ set selector svc web app=other,tier=front
            service/web selector updated
            $ get svc web -o jsonpath={.spec.selector}
            {"app":"other","tier":"front"}$ set selector deploy web app=other
            error: setting a selector is only supported for Services
            [1]
            $ set serviceaccount svc/web robot
            error: services/web the object is not a pod or does not have a pod template: *v1.Service
            [1]
        "#]],
    );
}

#[test]
fn a_raw_path_shows_what_the_api_server_answers() {
    check(
        &[
            "get --raw /api/v1/namespaces/default/configmaps",
            "get --raw /apis/apps/v1/namespaces/default/deployments/nosuch",
            "get --raw /apis/apps/v1/nosuch",
            "get --raw /api/v1/nodes?limit=1",
            "get --raw /readyz",
            "get pods --raw /api/v1/nodes",
        ],
        expect![[r#"
            $ get --raw /api/v1/namespaces/default/configmaps
            {"apiVersion":"v1","items":[],"kind":"ConfigMapList","metadata":{"resourceVersion":"0"}}
            $ get --raw /apis/apps/v1/namespaces/default/deployments/nosuch
            Error from server (NotFound): deployments.apps "nosuch" not found
            [1]
            $ get --raw /apis/apps/v1/nosuch
            Error from server (NotFound): the server could not find the requested resource
            [1]
            $ get --raw /api/v1/nodes?limit=1
            error: --raw is not simulated: name what to get, with -o json
            [1]
            $ get --raw /readyz
            ok$ get pods --raw /api/v1/nodes
            error: arguments may not be passed when --raw is specified
            [1]
        "#]],
    );
}

#[test]
fn a_name_gets_the_hash_of_its_content() {
    check(
        &[
            "create configmap c --from-literal=a=b --append-hash",
            "create configmap c --from-literal=a=c --append-hash --dry-run=client -o name",
            "create secret generic s --from-literal=a=b --append-hash",
        ],
        expect![[r#"
            $ create configmap c --from-literal=a=b --append-hash
            configmap/c-m4h6ctkgb2 created
            $ create configmap c --from-literal=a=c --append-hash --dry-run=client -o name
            configmap/c-f984m669bt
            $ create secret generic s --from-literal=a=b --append-hash
            secret/s-7fd2tm89d8 created
        "#]],
    );
}
