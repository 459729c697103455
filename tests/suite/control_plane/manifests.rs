//! The four manifests that kubeadm writes. Rules: CP-001 … CP-006.

use expect_test::expect;

use super::super::person::Person;
use super::{PARTS, json, mirror};

#[test]
fn cp_001_four_manifests_and_their_mirror_pods() {
    let mut person = Person::new();
    assert_eq!(
        person.run("ssh control-plane sudo ls /etc/kubernetes/manifests"),
        "etcd.yaml\nkube-apiserver.yaml\nkube-controller-manager.yaml\nkube-scheduler.yaml\n"
    );
    let rows = person.rows("kubectl get pods -n kube-system --no-headers", "-control-plane");
    let names: Vec<&str> = rows.iter().map(|row| row[0].as_str()).collect();
    assert_eq!(
        names,
        [
            "etcd-control-plane",
            "kube-apiserver-control-plane",
            "kube-controller-manager-control-plane",
            "kube-scheduler-control-plane"
        ]
    );
    assert!(rows.iter().all(|row| row[1..4] == ["1/1", "Running", "0"]), "{rows:?}");
}

#[test]
fn cp_002_what_all_four_have_in_common() {
    let mut person = Person::new();
    for part in PARTS {
        let pod = mirror(&mut person, part);
        let labels = &pod["metadata"]["labels"];
        assert_eq!((&labels["component"], &labels["tier"]), (&json!(part), &json!("control-plane")));
        let spec = &pod["spec"];
        assert_eq!(spec["priority"], 2_000_001_000);
        assert_eq!(spec["priorityClassName"], "system-node-critical");
        assert_eq!(spec["hostNetwork"], true);
        assert_eq!(spec["securityContext"]["seccompProfile"]["type"], "RuntimeDefault");
        assert_eq!(spec["containers"][0]["imagePullPolicy"], "IfNotPresent");
        let volumes = spec["volumes"].as_array().unwrap();
        assert!(!volumes.is_empty() && volumes.iter().all(|volume| volume["hostPath"].is_object()), "{part}");
    }
}

#[test]
fn cp_003_requests_and_no_limits() {
    let mut person = Person::new();
    let mut of = |part: &str| {
        let pod = mirror(&mut person, part);
        let resources = &pod["spec"]["containers"][0]["resources"];
        assert!(resources["limits"].is_null(), "{part}");
        assert_eq!(pod["status"]["qosClass"], "Burstable");
        resources["requests"].clone()
    };
    assert_eq!(of("kube-apiserver"), json!({"cpu": "250m"}));
    assert_eq!(of("kube-controller-manager"), json!({"cpu": "200m"}));
    assert_eq!(of("kube-scheduler"), json!({"cpu": "100m"}));
    assert_eq!(of("etcd"), json!({"cpu": "100m", "memory": "100Mi"}));
}

#[test]
fn cp_004_where_the_probes_ask() {
    let mut person = Person::new();
    let mut said = String::new();
    for part in PARTS {
        let pod = mirror(&mut person, part);
        let container = &pod["spec"]["containers"][0];
        let port = &container["ports"][0];
        assert_eq!(port["name"], "probe-port");
        said += &format!("{part} {}\n", port["containerPort"]);
        for kind in ["livenessProbe", "readinessProbe", "startupProbe"] {
            let get = &container[kind]["httpGet"];
            if get.is_null() {
                continue;
            }
            assert_eq!(get["port"], "probe-port");
            let text = |key: &str| get[key].as_str().unwrap_or_default().to_owned();
            said += &format!("  {kind} {}://{}{}\n", text("scheme"), text("host"), text("path"));
        }
    }
    expect![[r#"
        etcd 2381
          livenessProbe HTTP://127.0.0.1/livez
          readinessProbe HTTP://127.0.0.1/readyz
          startupProbe HTTP://127.0.0.1/readyz
        kube-apiserver 6443
          livenessProbe HTTPS://192.168.56.10/livez
          readinessProbe HTTPS://192.168.56.10/readyz
          startupProbe HTTPS://192.168.56.10/livez
        kube-controller-manager 10257
          livenessProbe HTTPS://127.0.0.1/healthz
          startupProbe HTTPS://127.0.0.1/healthz
        kube-scheduler 10259
          livenessProbe HTTPS://127.0.0.1/livez
          readinessProbe HTTPS://127.0.0.1/readyz
          startupProbe HTTPS://127.0.0.1/livez
    "#]]
    .assert_eq(&said);
}

#[test]
fn cp_005_the_numbers_of_the_probes() {
    let mut person = Person::new();
    for part in PARTS {
        let container = mirror(&mut person, part)["spec"]["containers"][0].clone();
        let numbers = |kind: &str| {
            let probe = &container[kind];
            let keys = ["initialDelaySeconds", "timeoutSeconds", "periodSeconds", "failureThreshold"];
            keys.map(|key| probe[key].as_i64().unwrap_or(0))
        };
        assert_eq!(numbers("livenessProbe"), [10, 15, 10, 8], "{part}");
        assert_eq!(numbers("startupProbe"), [10, 15, 10, 24], "{part}");
        if part != "kube-controller-manager" {
            assert_eq!(numbers("readinessProbe"), [0, 15, 1, 3], "{part}");
        }
    }
}

#[test]
fn cp_006_kubeadm_writes_down_the_addresses() {
    let mut person = Person::new();
    let mut annotation =
        |part: &str, key: &str| mirror(&mut person, part)["metadata"]["annotations"][key].clone();
    assert_eq!(
        annotation("kube-apiserver", "kubeadm.kubernetes.io/kube-apiserver.advertise-address.endpoint"),
        "192.168.56.10:6443"
    );
    assert_eq!(
        annotation("etcd", "kubeadm.kubernetes.io/etcd.advertise-client-urls"),
        "https://192.168.56.10:2379"
    );
}
