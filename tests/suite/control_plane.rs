//! kubeadm's control plane, as a person at the console sees it.

use expect_test::expect;
use serde_json::{Value, json};
use sim::Duration;
use stage::{Command, Options, Stage, Start};
use wire::Part;

use super::person::Person;

const PARTS: [&str; 4] = ["etcd", "kube-apiserver", "kube-controller-manager", "kube-scheduler"];

const AGENT: &str = "apiVersion: apps/v1\nkind: DaemonSet\nmetadata:\n  name: agent\nspec:\n  selector:\n    \
    matchLabels:\n      app: agent\n  template:\n    metadata:\n      labels:\n        app: agent\n    spec:\n      \
    containers:\n      - name: main\n        image: nginx:1\n";

fn json(person: &mut Person, object: &str) -> Value {
    let text = person.run(&format!("kubectl get {object} -o json"));
    serde_json::from_str(&text).unwrap_or_else(|error| panic!("{object}: {error}: {text}"))
}

fn mirror(person: &mut Person, part: &str) -> Value {
    json(person, &format!("pod {part}-control-plane -n kube-system"))
}

/// READY, STATUS and RESTARTS of pods whose names contain `what`.
fn pods(person: &mut Person, what: &str) -> Vec<String> {
    let rows = person.rows("kubectl get pods -A --no-headers", what);
    rows.iter().map(|row| row[2..5].join(" ")).collect()
}

/// Ends a part's container, as `crictl stop` does; the kubelet starts it again.
fn stop(person: &mut Person, part: &str) {
    let line = format!("ssh control-plane 'sudo crictl stop $(sudo crictl ps -q --name {part})'");
    let said = person.run(&line);
    assert!(said.len() > 10 && !said.contains("FATA"), "{said}");
}

const REFUSED: &str = "The connection to the server 192.168.56.10:6443 was refused - did you specify the right host or port?\n[1]\n";

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

#[test]
fn cp_007_the_control_plane_node_is_marked() {
    let mut person = Person::new();
    let rows = person.rows("kubectl get nodes --no-headers", "");
    let roles: Vec<&str> = rows.iter().map(|row| row[2].as_str()).collect();
    assert_eq!(roles, ["control-plane", "<none>", "<none>", "<none>"]);
    let node = json(&mut person, "node control-plane");
    let labels = &node["metadata"]["labels"];
    for label in
        ["node-role.kubernetes.io/control-plane", "node.kubernetes.io/exclude-from-external-load-balancers"]
    {
        assert_eq!(labels[label], "", "{label}");
    }
    let taint = json!([{"key": "node-role.kubernetes.io/control-plane", "effect": "NoSchedule"}]);
    assert_eq!(node["spec"]["taints"], taint);
    assert!(json(&mut person, "node worker-1")["spec"]["taints"].is_null());
}

#[test]
fn nodes_say_how_long_what_a_kubelet_has_read_may_be_kept() {
    let mut person = Person::new();
    let path = "{range .items[*]}{.metadata.annotations.node\\.alpha\\.kubernetes\\.io/ttl}{end}";
    assert_eq!(person.run(&format!("kubectl get nodes -o jsonpath='{path}'")), "0000");
}

#[test]
fn cp_008_kube_proxy_runs_on_every_node() {
    let mut person = Person::new();
    expect![[r#"
        NAME         DESIRED   CURRENT   READY   UP-TO-DATE   AVAILABLE   NODE SELECTOR            AGE
        kube-proxy   4         4         4       4            4           kubernetes.io/os=linux   114s
    "#]]
    .assert_eq(&person.run("kubectl get ds -n kube-system"));
    let set = json(&mut person, "ds kube-proxy -n kube-system");
    let labels = json!({"k8s-app": "kube-proxy"});
    assert_eq!(set["spec"]["selector"]["matchLabels"], labels);
    assert_eq!(set["spec"]["template"]["metadata"]["labels"], labels);
    assert_eq!(set["spec"]["updateStrategy"]["type"], "RollingUpdate");
    let spec = &set["spec"]["template"]["spec"];
    assert_eq!((&spec["hostNetwork"], &spec["serviceAccountName"]), (&json!(true), &json!("kube-proxy")));
    assert_eq!(spec["priorityClassName"], "system-node-critical");
    assert_eq!(spec["tolerations"], json!([{"operator": "Exists"}]));
    let container = &spec["containers"][0];
    assert!(container["livenessProbe"].is_null() && container["readinessProbe"].is_null());
    for name in ["serviceaccount", "configmap"] {
        assert_eq!(
            json(&mut person, &format!("{name} kube-proxy -n kube-system"))["metadata"]["name"],
            "kube-proxy"
        );
    }
    let qos = person.run(
        "kubectl get pods -n kube-system -l k8s-app=kube-proxy -o jsonpath='{.items[*].status.qosClass}'",
    );
    assert_eq!(qos, "BestEffort BestEffort BestEffort BestEffort");
    // A cordoned node gets its pod back all the same.
    person.run("kubectl cordon worker-1");
    person.run("kubectl delete pods -n kube-system -l k8s-app=kube-proxy");
    person.wait(30);
    assert_eq!(pods(&mut person, "kube-proxy"), ["1/1 Running 0"; 4]);
}

/// oracle/first-look.txt has the names: the hash is that of kubeadm's template.
#[test]
fn cp_009_coredns_waits_for_the_first_ready_node_and_runs_twice() {
    let mut person = Person::new();
    expect![[r#"
        NAME      READY   UP-TO-DATE   AVAILABLE   AGE
        coredns   2/2     2            2           114s
    "#]]
    .assert_eq(&person.run("kubectl get deploy -n kube-system"));
    expect![[r#"
        NAME                 DESIRED   CURRENT   READY   AGE
        coredns-589f44dc88   2         2         2       114s
    "#]]
    .assert_eq(&person.run("kubectl get rs -n kube-system"));
    assert_eq!(pods(&mut person, "coredns"), ["1/1 Running 0"; 2]);
    let nodes = "kubectl get pods -n kube-system -l k8s-app=kube-dns -o jsonpath='{.items[*].spec.nodeName}'";
    assert_eq!(person.run(nodes), "control-plane control-plane");
    let spec = &json(&mut person, "deploy coredns -n kube-system")["spec"]["template"]["spec"];
    assert_eq!(spec["containers"][0]["image"], "registry.k8s.io/coredns/coredns:v1.14.2");
    assert_eq!(spec["priorityClassName"], "system-cluster-critical");
    for kind in ["serviceaccount", "configmap"] {
        assert_eq!(
            json(&mut person, &format!("{kind} coredns -n kube-system"))["metadata"]["name"],
            "coredns"
        );
    }
    expect![[r#"
        NAME               TYPE        CLUSTER-IP   EXTERNAL-IP   PORT(S)                  AGE
        service/kube-dns   ClusterIP   10.96.0.10   <none>        53/UDP,53/TCP,9153/TCP   117s

        NAME                                            ADDRESSTYPE   PORTS        ENDPOINTS               AGE
        endpointslice.discovery.k8s.io/kube-dns-vjn2c   IPv4          53,53,9153   10.244.0.2,10.244.0.3   110s
    "#]]
    .assert_eq(&person.run("kubectl get svc,endpointslices -n kube-system"));
    // They keep apart where they can: a third one goes to a worker.
    person.run("kubectl scale deploy coredns -n kube-system --replicas=3");
    person.wait(20);
    assert_eq!(pods(&mut person, "coredns"), ["1/1 Running 0"; 3]);
}

#[test]
fn cp_026_component_statuses_are_looked_up_when_somebody_asks() {
    let mut person = Person::new();
    expect![[r#"
        Warning: v1 ComponentStatus is deprecated in v1.19+
        NAME                 STATUS    MESSAGE   ERROR
        controller-manager   Healthy   ok        
        scheduler            Healthy   ok        
        etcd-0               Healthy   ok        
    "#]]
    .assert_eq(&person.run("kubectl get componentstatuses"));
    person.run("ssh control-plane sudo mv /etc/kubernetes/manifests/kube-scheduler.yaml /root/");
    person.wait(40);
    expect![[r#"
        Warning: v1 ComponentStatus is deprecated in v1.19+
        NAME                 STATUS      MESSAGE                                                                                        ERROR
        controller-manager   Healthy     ok                                                                                             
        scheduler            Unhealthy   Get "https://127.0.0.1:10259/healthz": dial tcp 127.0.0.1:10259: connect: connection refused   
        etcd-0               Healthy     ok                                                                                             
        Warning: v1 ComponentStatus is deprecated in v1.19+
        Error from server (NotFound): componentstatus "nosuch" not found
        Warning: v1 ComponentStatus is deprecated in v1.19+
        Error from server (MethodNotAllowed): the server does not allow this method on the requested resource
        [1]
    "#]]
    .assert_eq(&person.run("kubectl get cs; kubectl get cs nosuch; kubectl delete cs scheduler"));
    person.run("ssh control-plane sudo mv /etc/kubernetes/manifests/etcd.yaml /root/");
    person.wait(40);
    expect![[r#"
        Warning: v1 ComponentStatus is deprecated in v1.19+
        NAME                 STATUS      MESSAGE                                                                                        ERROR
        controller-manager   Healthy     ok                                                                                             
        scheduler            Unhealthy   Get "https://127.0.0.1:10259/healthz": dial tcp 127.0.0.1:10259: connect: connection refused   
        etcd-0               Unhealthy                                                                                                  context deadline exceeded
    "#]]
    .assert_eq(&person.run("kubectl get cs"));
}

#[test]
fn cp_027_the_api_server_has_a_lease_of_its_own() {
    let mut person = Person::new();
    let rows = person.rows("kubectl get leases -n kube-system --no-headers", "apiserver-");
    let [row] = &rows[..] else { panic!("{rows:?}") };
    // The hash of `control-plane` and `kube-apiserver`.
    assert_eq!(row[0], "apiserver-6vzvajxlkf7lcarzgdc4jnyaru");
    assert!(row[1].starts_with(&format!("{}_", row[0])), "{row:?}");
    let lease = json(&mut person, &format!("lease {} -n kube-system", row[0]));
    assert_eq!(
        lease["metadata"]["labels"],
        json!({"apiserver.kubernetes.io/identity": "kube-apiserver", "kubernetes.io/hostname": "control-plane"})
    );
    assert_eq!(lease["spec"]["leaseDurationSeconds"], 3600);
    assert!(lease["spec"]["acquireTime"].is_null() && lease["spec"]["leaseTransitions"].is_null());
}

#[test]
fn cp_025_the_namespaces_of_a_new_cluster() {
    let mut person = Person::new();
    let rows = person.rows("kubectl get namespaces --no-headers", "");
    let names: Vec<&str> = rows.iter().map(|row| row[0].as_str()).collect();
    assert_eq!(names, ["default", "kube-node-lease", "kube-public", "kube-system"]);
}

/// Nobody talks to anybody but the API server, and it alone stands for etcd.
#[test]
fn cp_012_everything_goes_through_the_api_server() {
    let mut person = Person::new();
    person.apply(AGENT);
    person.wait(60);
    let records: Vec<_> = person.stage.cluster().log.records().cloned().collect();
    let ends = |part: Part| records.iter().filter(|r| r.from == part || r.to == part).count();
    assert!(records.len() > 300, "{}", records.len());
    assert_eq!(ends(Part::ApiServer), records.len());
    assert_eq!(ends(Part::Etcd), 0);
    for part in [Part::User, Part::ControllerManager, Part::Scheduler] {
        assert!(ends(part) > 0, "{part:?}");
    }
}

/// The holder of a lease, how often it changed hands, and how long ago it was renewed.
fn lease(person: &mut Person, name: &str) -> (String, i64, u64) {
    let lease = json(person, &format!("lease {name} -n kube-system"));
    let spec = &lease["spec"];
    let renewed = sim::Timestamp::parse(spec["renewTime"].as_str().unwrap()).unwrap();
    let age = u64::from(person.stage.now().stamp().0 - renewed.0);
    let holder = spec["holderIdentity"].as_str().unwrap().to_owned();
    (holder, spec["leaseTransitions"].as_i64().unwrap(), age)
}

#[test]
fn cp_011_leaders_hold_leases_and_renew_them() {
    let mut person = Person::new();
    let rows = person.rows("kubectl get leases -n kube-system --no-headers", "");
    let names: Vec<&str> = rows.iter().map(|row| row[0].as_str()).collect();
    assert_eq!(names[1..], ["kube-controller-manager", "kube-scheduler"]);
    assert!(
        rows[1..].iter().all(|row| row[1].starts_with("control-plane_") && row[1].len() == 50),
        "{rows:?}"
    );
    let lease_spec = json(&mut person, "lease kube-scheduler -n kube-system")["spec"].clone();
    assert_eq!(lease_spec["leaseDurationSeconds"], 15);
    let steps = person.stage.steps();
    person.wait(3_600);
    let quiet = person.stage.steps() - steps;
    assert!(quiet < 50, "renewing costs nothing: {quiet} steps in an hour");
    for name in names_of_leaders() {
        let (holder, transitions, age) = lease(&mut person, name);
        assert!(
            holder.starts_with("control-plane_") && transitions == 0 && age <= 3,
            "{name} {transitions} {age}"
        );
    }
    let events = Person::new().run("kubectl get events -n kube-system");
    assert!(events.contains("LeaderElection") && events.contains(" became leader"), "{events}");
}

fn names_of_leaders() -> [&'static str; 2] {
    ["kube-controller-manager", "kube-scheduler"]
}

#[test]
fn cp_011_a_restarted_instance_waits_for_the_old_lease_to_run_out() {
    let mut person = Person::new();
    let (before, ..) = lease(&mut person, "kube-scheduler");
    stop(&mut person, "kube-scheduler");
    person.wait(8);
    person.run("kubectl run web --image=nginx");
    person.wait(2);
    assert_eq!(pods(&mut person, "kube-scheduler"), ["0/1 Running 1"], "it runs again");
    assert_eq!(pods(&mut person, "web"), ["0/1 Pending 0"], "but does not lead");
    let (holder, transitions, _) = lease(&mut person, "kube-scheduler");
    assert_eq!((holder, transitions), (before.clone(), 0));
    person.wait(25);
    let (holder, transitions, _) = lease(&mut person, "kube-scheduler");
    assert!(holder != before && transitions == 1, "{holder} {transitions}");
    assert_eq!(pods(&mut person, "web"), ["1/1 Running 0"]);
}

/// Two seconds until the next renewal, then ten in vain.
/// The scheduler is asked to end and gives its lease up; the controller-manager keeps its own.
#[test]
fn cp_011_only_the_scheduler_gives_its_lease_up() {
    let mut person = Person::new();
    for part in names_of_leaders() {
        person.switch(part, false);
    }
    person.wait(8);
    assert_eq!(person.field("lease kube-scheduler -n kube-system", ".spec.holderIdentity"), "");
    assert_eq!(person.field("lease kube-scheduler -n kube-system", ".spec.leaseDurationSeconds"), "1");
    assert_ne!(person.field("lease kube-controller-manager -n kube-system", ".spec.holderIdentity"), "");
    person.switch("kube-scheduler", true);
    person.run("kubectl run one --image=nginx:1");
    person.wait(8);
    assert_eq!(pods(&mut person, "one"), ["1/1 Running 0"], "the next one need not wait");
}

#[test]
fn cp_011_a_leader_that_cannot_renew_for_ten_seconds_exits() {
    let mut person = Person::new();
    let attempts = |person: &mut Person| {
        let rows = person.rows("ssh control-plane sudo crictl ps", "kube-");
        let mut found: Vec<String> = rows
            .iter()
            .filter(|row| names_of_leaders().iter().any(|name| row.iter().any(|word| word == name)))
            .map(|row| row.iter().rev().nth(3).unwrap().clone())
            .collect();
        found.sort();
        found
    };
    person.switch("kube-apiserver", false);
    // It stops within a second or so.
    person.wait(11);
    assert_eq!(attempts(&mut person), ["0", "0"]);
    person.wait(8);
    assert_eq!(attempts(&mut person), ["1", "1"]);
    person.wait(600);
    assert_eq!(attempts(&mut person), ["1", "1"], "a candidate waits for ever");
    person.switch("kube-apiserver", true);
    person.wait(40);
    for name in names_of_leaders() {
        let (_, transitions, age) = lease(&mut person, name);
        assert!(transitions == 1 && age <= 3, "{name} {transitions} {age}");
    }
}

/// An outage that is shorter than the deadline changes no leader.
#[test]
fn cp_011_a_short_outage_is_survived() {
    let mut person = Person::new();
    let before = lease(&mut person, "kube-controller-manager").0;
    stop(&mut person, "kube-apiserver");
    person.wait(30);
    let (holder, transitions, age) = lease(&mut person, "kube-controller-manager");
    assert_eq!((holder, transitions), (before, 0));
    assert!(age <= 3);
    assert_eq!(pods(&mut person, "kube-controller-manager"), ["1/1 Running 0"]);
}

#[test]
fn cp_015_nodes_are_alive_again_when_the_api_server_returns() {
    let mut person = Person::new();
    person.switch("kube-apiserver", false);
    person.wait(300);
    person.switch("kube-apiserver", true);
    person.wait(20);
    let ready = |person: &mut Person| {
        let rows = person.rows("kubectl get nodes --no-headers", "");
        rows.iter().map(|row| row[1].clone()).collect::<Vec<_>>()
    };
    assert_eq!(ready(&mut person), ["Ready"; 4]);
    person.wait(120);
    assert_eq!(ready(&mut person), ["Ready"; 4], "the node controller gave them a fresh grace period");
    for node in ["control-plane", "worker-1", "worker-2", "worker-3"] {
        let lease = json(&mut person, &format!("lease {node} -n kube-node-lease"));
        let renewed = sim::Timestamp::parse(lease["spec"]["renewTime"].as_str().unwrap()).unwrap();
        assert!(person.stage.now().stamp().0 - renewed.0 <= 11, "{node}");
    }
    person.apply(AGENT);
    person.wait(40);
    assert_eq!(pods(&mut person, "agent-"), ["1/1 Running 0"; 3]);
}

#[test]
fn cp_016_without_etcd_requests_fail_and_the_api_server_is_restarted_in_vain() {
    let mut person = Person::new();
    person.switch("etcd", false);
    person.wait(10);
    let asked = person.stage.now();
    assert_eq!(
        person.run("kubectl get nodes"),
        "Error from server (Timeout): the server was unable to return a response in the time allotted, but may \
         still be processing requests (get nodes)\n[1]\n"
    );
    assert_eq!(person.stage.now().since(asked).as_secs(), 60, "a request may take a minute");
    // Its readiness fails, then its liveness: eight times ten seconds.
    let attempt = |person: &mut Person| {
        let rows = person.rows("ssh control-plane sudo crictl ps -a", "kube-apiserver");
        rows.iter().map(|row| row.iter().rev().nth(3).unwrap().clone()).collect::<Vec<_>>()
    };
    assert_eq!(attempt(&mut person), ["0"]);
    person.wait(45);
    assert_eq!(person.run("kubectl get nodes"), REFUSED, "killed");
    person.wait(300);
    assert!(attempt(&mut person)[0].parse::<u32>().unwrap() >= 3, "each gives up after 20 s");
    assert_eq!(person.run("kubectl get nodes"), REFUSED);
    // What runs goes on running, and everything is as it was when etcd is back.
    let running = person.rows("ssh worker-1 sudo crictl ps", "kube-proxy");
    assert_eq!(running.len(), 1);
    person.switch("etcd", true);
    person.wait(360);
    assert_eq!(pods(&mut person, "kube-proxy"), ["1/1 Running 0"; 4]);
    assert_eq!(pods(&mut person, "etcd"), ["1/1 Running 0"]);
}

#[test]
fn cp_016_a_person_need_not_wait_for_an_api_server_without_etcd() {
    let mut person = Person::new();
    person.switch("etcd", false);
    person.wait(10);
    let asked = person.stage.now();
    assert_eq!(
        person.run("kubectl get nodes --request-timeout=10s"),
        "Unable to connect to the server: net/http: request canceled (Client.Timeout exceeded while awaiting \
         headers)\n[1]\n"
    );
    assert_eq!(person.stage.now().since(asked).as_secs(), 10);
}

#[test]
fn cp_016_an_etcd_that_comes_back_soon_is_all_that_is_needed() {
    let mut person = Person::new();
    stop(&mut person, "etcd");
    person.wait(40);
    assert_eq!(pods(&mut person, "kube-apiserver"), ["1/1 Running 0"]);
    assert_eq!(pods(&mut person, "etcd"), ["1/1 Running 1"]);
}

#[test]
fn cp_017_without_a_scheduler_pods_wait_and_nobody_says_why() {
    let mut person = Person::new();
    person.switch("kube-scheduler", false);
    person.wait(20);
    person.apply(AGENT);
    person.run("kubectl run web --image=nginx");
    person.write("worker-1", "still.yaml", "apiVersion: v1\nkind: Pod\nmetadata:\n  name: still\nspec:\n  containers:\n  - name: c\n    image: nginx:1\n");
    person.wait(120);
    assert_eq!(pods(&mut person, "agent-"), ["0/1 Pending 0"; 3]);
    assert_eq!(pods(&mut person, "web"), ["0/1 Pending 0"]);
    assert_eq!(pods(&mut person, "still"), ["1/1 Running 0"]);
    assert!(!person.run("kubectl get events").contains("FailedScheduling"));
    person.switch("kube-scheduler", true);
    person.wait(60);
    assert_eq!(pods(&mut person, "agent-"), ["1/1 Running 0"; 3]);
    assert_eq!(pods(&mut person, "web"), ["1/1 Running 0"]);
}

#[test]
fn cp_018_without_a_controller_manager_nothing_follows() {
    let mut person = Person::new();
    person.apply(&AGENT.replace("agent", "old"));
    person.wait(30);
    person.switch("kube-controller-manager", false);
    person.wait(20);
    // A new set is stored and makes no pods.
    assert_eq!(person.apply(AGENT), "daemonset.apps/agent created\n");
    person.wait(60);
    let row = person.rows("kubectl get ds agent --no-headers", "agent").remove(0);
    assert_eq!(row[1..6], ["0", "0", "0", "0", "0"]);
    let rollout = person.begin("kubectl rollout status ds/agent", &[]);
    person.wait(10);
    assert_eq!(person.text(rollout), "Waiting for daemon set spec update to be observed...\n");
    person.stage.perform(Command::Interrupt { job: rollout.0 });
    // A deleted daemon pod is not replaced. It is that of the node whose kubelet is stopped below.
    let old = person.rows("kubectl get pods -o wide --no-headers", "worker-3").remove(0).remove(0);
    person.run(&format!("kubectl delete pod {old}"));
    person.wait(60);
    assert_eq!(pods(&mut person, "old-"), ["1/1 Running 0"; 2]);
    // The scheduler goes on.
    person.run("kubectl run web --image=nginx");
    person.wait(20);
    assert_eq!(pods(&mut person, "web"), ["1/1 Running 0"]);
    // Cordoning sets the field, not the taint.
    person.run("kubectl cordon worker-1");
    let node = json(&mut person, "node worker-1");
    assert!(node["spec"]["unschedulable"] == true && node["spec"]["taints"].is_null(), "{}", node["spec"]);
    // A deleted set leaves its pods.
    person.run("kubectl delete ds old");
    person.wait(60);
    assert_eq!(pods(&mut person, "old-"), ["1/1 Running 0"; 2]);
    // Namespaces come without their ServiceAccount, and do not go.
    person.run("kubectl create namespace shop");
    assert_eq!(
        person.run("kubectl run x --image=nginx -n shop"),
        "Error from server (Forbidden): pods \"x\" is forbidden: error looking up service account shop/default: serviceaccount \"default\" not found\n[1]\n"
    );
    person.run("kubectl delete namespace shop --wait=false");
    person.wait(60);
    assert_eq!(person.rows("kubectl get ns --no-headers", "shop")[0][1], "Terminating");
    // A dead node looks alive.
    person.run("ssh worker-3 sudo systemctl stop kubelet");
    person.wait(300);
    assert_eq!(person.rows("kubectl get nodes --no-headers", "worker-3")[0][1], "Ready");
    person.switch("kube-controller-manager", true);
    person.wait(45);
    assert_eq!(pods(&mut person, "old-"), [""; 0], "the garbage collector is back");
    assert_eq!(person.rows("kubectl get ns --no-headers", "shop").len(), 0);
    assert_eq!(pods(&mut person, "agent-").len(), 3);
}

/// Differs from a real cluster only in what another part of the rules (ND) adds: the node's condition.
#[test]
fn cp_019_without_its_kubelet_a_node_starts_and_stops_nothing() {
    let mut person = Person::new();
    person.apply(AGENT);
    person.wait(30);
    person.run("ssh worker-1 sudo systemctl stop kubelet");
    person.apply("apiVersion: v1\nkind: Pod\nmetadata:\n  name: pinned\nspec:\n  nodeName: worker-1\n  containers:\n  - name: c\n    image: nginx:1\n");
    let pod = person.rows("kubectl get pods -o wide --no-headers", "worker-1");
    let pod = pod.iter().find(|row| row[0].starts_with("agent-")).unwrap()[0].clone();
    person.run(&format!("kubectl delete pod {pod} --wait=false"));
    person.wait(30);
    assert_eq!(pods(&mut person, "pinned"), ["0/1 Pending 0"]);
    assert_eq!(pods(&mut person, &pod), ["1/1 Terminating 0"]);
    assert_eq!(person.rows("ssh worker-1 sudo crictl ps", &pod).len(), 1, "it runs on");
    person.run("ssh worker-1 sudo systemctl start kubelet");
    person.wait(40);
    assert_eq!(pods(&mut person, "pinned"), ["1/1 Running 0"]);
    assert_eq!(person.rows("ssh worker-1 sudo crictl ps", &pod).len(), 0);
}

#[test]
fn cp_020_the_api_server_comes_and_goes_with_its_file() {
    let mut person = Person::new();
    let uid = mirror(&mut person, "kube-apiserver")["metadata"]["uid"].clone();
    let created = mirror(&mut person, "kube-apiserver")["metadata"]["creationTimestamp"].clone();
    person.switch("kube-apiserver", false);
    person.wait(3);
    assert_eq!(person.run("kubectl get pods"), REFUSED);
    person.wait(60);
    person.switch("kube-apiserver", true);
    person.wait(5);
    assert!(!person.run("kubectl get nodes").contains("refused"), "back within seconds");
    person.wait(60);
    let pod = mirror(&mut person, "kube-apiserver");
    assert_eq!(
        (&pod["metadata"]["uid"], &pod["metadata"]["creationTimestamp"]),
        (&uid, &created),
        "AGE goes on"
    );
    assert_eq!(pods(&mut person, "kube-apiserver"), ["1/1 Running 0"]);
}

#[test]
fn cp_021_another_part_takes_its_mirror_along() {
    let mut person = Person::new();
    for part in names_of_leaders() {
        let uid = mirror(&mut person, part)["metadata"]["uid"].clone();
        person.switch(part, false);
        person.wait(6);
        assert_eq!(pods(&mut person, part), [""; 0]);
        person.switch(part, true);
        person.wait(45);
        assert_eq!(pods(&mut person, part), ["1/1 Running 0"]);
        assert_ne!(mirror(&mut person, part)["metadata"]["uid"], uid, "AGE restarts");
        assert_eq!(lease(&mut person, part).1, 1, "it has the lease again");
    }
}

#[test]
fn cp_022_deleting_the_mirror_restarts_nothing() {
    let mut person = Person::new();
    let holder = lease(&mut person, "kube-scheduler").0;
    person.run("kubectl delete pod kube-scheduler-control-plane -n kube-system");
    person.wait(30);
    assert_eq!(pods(&mut person, "kube-scheduler"), ["1/1 Running 0"]);
    assert_eq!(lease(&mut person, "kube-scheduler").0, holder, "the same process");
    stop(&mut person, "kube-scheduler");
    person.wait(40);
    assert_eq!(person.rows("kubectl get pods -n kube-system --no-headers", "kube-scheduler")[0][3], "1");
    assert_ne!(lease(&mut person, "kube-scheduler").0, holder, "the kubelet has started another");
}

#[test]
fn cp_023_a_syntax_error_ends_the_api_server_at_the_next_scan() {
    let mut person = Person::new();
    let manifest = person.read("control-plane", "kube-apiserver.yaml");
    // Just after a scan there are 20 s until the next one.
    person.write("control-plane", "kube-apiserver.yaml", &manifest.replace("kind: Pod", "kind: [Pod"));
    person.wait(1);
    assert!(person.run("kubectl get nodes").contains("Ready"), "it runs on");
    assert!(person.journal("control-plane").contains("Unable to process watch event"));
    person.wait(25);
    assert_eq!(person.run("kubectl get nodes"), REFUSED);
    assert!(person.journal("control-plane").contains("Could not process manifest file"));
    assert_eq!(person.rows("ssh control-plane sudo crictl ps", "kube-apiserver").len(), 0);
    person.wait(300);
    assert_eq!(person.run("kubectl get nodes"), REFUSED, "and stays away");
    person.write("control-plane", "kube-apiserver.yaml", &manifest);
    person.wait(30);
    assert!(person.run("kubectl get nodes").contains("Ready"));
}

#[test]
fn cp_024_a_wrong_flag_makes_the_api_server_crash_again_and_again() {
    let mut person = Person::new();
    let manifest = person.read("control-plane", "kube-apiserver.yaml");
    let wrong = manifest.replace("--authorization-mode=", "--authorisation-mode=");
    person.write("control-plane", "kube-apiserver.yaml", &wrong);
    person.wait(60);
    assert_eq!(person.run("kubectl get pods"), REFUSED);
    let rows = person.rows("ssh control-plane sudo crictl ps -a", "kube-apiserver");
    assert!(rows.iter().all(|row| row.contains(&"Exited".to_owned())) && !rows.is_empty(), "{rows:?}");
    let log = person.run("ssh control-plane 'sudo crictl logs $(sudo crictl ps -aq --name kube-apiserver)'");
    assert_eq!(log, "Error: unknown flag: --authorisation-mode\n");
    assert!(
        person.journal("control-plane").contains("CrashLoopBackOff"),
        "{}",
        person.journal("control-plane")
    );
    person.write("control-plane", "kube-apiserver.yaml", &manifest);
    person.wait(40);
    assert!(person.run("kubectl get nodes").contains("Ready"));
}

/// One that is served by a sound API server can be seen with kubectl.
#[test]
fn cp_024_a_wrong_flag_of_the_scheduler_shows_in_kubectl() {
    let mut person = Person::new();
    let manifest = person.read("control-plane", "kube-scheduler.yaml");
    person.write(
        "control-plane",
        "kube-scheduler.yaml",
        &manifest.replace("--leader-elect=", "--leader-elct="),
    );
    let mut seen = std::collections::BTreeSet::new();
    for _ in 0..30 {
        person.wait(10);
        let row = person.rows("kubectl get pods -n kube-system --no-headers", "kube-scheduler").remove(0);
        assert_eq!(row[1], "0/1");
        seen.insert(row[2].clone());
    }
    assert!(seen.contains("CrashLoopBackOff") && !seen.contains("Running"), "{seen:?}");
    let logs = "kubectl logs -n kube-system kube-scheduler-control-plane";
    for flags in ["", " --previous", " --tail=1"] {
        assert_eq!(person.run(&format!("{logs}{flags}")), "Error: unknown flag: --leader-elct\n", "{flags}");
    }
    person.run("ssh control-plane sudo systemctl stop kubelet");
    let kubelet = "192.168.56.10:10250";
    assert_eq!(
        person.run(logs),
        format!(
            "Error from server: Get \"https://{kubelet}/containerLogs/kube-system/kube-scheduler-control-plane/kube-scheduler\": dial tcp {kubelet}: connect: connection refused\n[1]\n"
        )
    );
    person.run("ssh control-plane sudo systemctl start kubelet");
    person.wait(30);
    // Where etcd is looked for counts too.
    let manifest = person.read("control-plane", "kube-apiserver.yaml");
    person.write("control-plane", "kube-apiserver.yaml", &manifest.replace(":2379", ":2378"));
    person.wait(120);
    assert_eq!(person.run("kubectl get pods"), REFUSED);
    let attempts = person.rows("ssh control-plane sudo crictl ps -a", "kube-apiserver");
    assert!(attempts[0].iter().rev().nth(3).unwrap().parse::<u32>().unwrap() >= 1, "{attempts:?}");
}

/// The boot itself: the API server waits for etcd, the others for the API server.
#[test]
fn cp_016_a_cluster_comes_up_in_order() {
    let mut stage = Stage::new(Options { start: Start::Bare, ..Options::default() });
    let until = stage.started() + Duration::from_secs(60);
    stage.run_until(until);
    let mut person = Person { stage };
    assert!(pods(&mut person, "-control-plane").iter().all(|pod| pod.ends_with(" Running 0")));
    for name in names_of_leaders() {
        assert_eq!(lease(&mut person, name).1, 0);
    }
}
