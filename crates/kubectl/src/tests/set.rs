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
    let said: String = lines.iter().map(|line| format!("$ {line}\n{}", t.run(line))).collect();
    expected.assert_eq(&said);
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
        expect![[""]],
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
            "annotate -f d.yaml a=b --local",
            r#"patch -f d.yaml -p {"spec":{"replicas":5}} --local -o jsonpath={.spec.replicas}"#,
        ],
        expect![[""]],
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
        expect![[""]],
    );
}

#[test]
fn a_raw_path_shows_what_the_api_server_answers() {
    check(
        &[
            "get --raw /api/v1/namespaces/default/services",
            "get --raw /apis/apps/v1/namespaces/default/deployments/nosuch",
            "get --raw /apis/apps/v1/nosuch",
            "get --raw /api/v1/nodes?limit=1",
            "get --raw /readyz",
            "get pods --raw /api/v1/nodes",
        ],
        expect![[""]],
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
        expect![[""]],
    );
}
