//! What a new cluster has beside its control plane. Rules: CP-007 … CP-009, CP-016, CP-025 … CP-027.

use expect_test::expect;
use sim::Duration;
use stage::{Options, Stage, Start};

use super::super::person::Person;
use super::leaders::{lease, names_of_leaders};
use super::{json, pods};

fn assert_has_account_and_config(person: &mut Person, name: &str) {
    for kind in ["serviceaccount", "configmap"] {
        let object = json(person, &format!("{kind} {name} -n kube-system"));
        assert_eq!(object["metadata"]["name"], name, "{kind}");
    }
}

/// Moves a part's manifest out of the kubelet's directory and waits until the part has ended.
fn take_manifest_away(person: &mut Person, part: &str) {
    person.run(&format!("ssh control-plane sudo mv /etc/kubernetes/manifests/{part}.yaml /root/"));
    person.wait(40);
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
    assert_has_account_and_config(&mut person, "kube-proxy");
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
    assert_has_account_and_config(&mut person, "coredns");
    expect![[r#"
        NAME               TYPE        CLUSTER-IP   EXTERNAL-IP   PORT(S)                  AGE
        service/kube-dns   ClusterIP   10.96.0.10   <none>        53/UDP,53/TCP,9153/TCP   118s

        NAME                                            ADDRESSTYPE   PORTS        ENDPOINTS               AGE
        endpointslice.discovery.k8s.io/kube-dns-vjn2c   IPv4          53,53,9153   10.244.0.2,10.244.0.3   111s
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
    take_manifest_away(&mut person, "kube-scheduler");
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
    take_manifest_away(&mut person, "etcd");
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
