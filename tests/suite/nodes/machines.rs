//! Computers that are switched off and on, cut off, added and taken away. Rules: ND-006, ND-046, CP-014, CP-019.

use super::super::person::Person;
use super::*;

#[test]
fn nd_046_a_new_node_gets_its_daemon_pods_once_it_is_ready() {
    let mut stage = Stage::new(Options { start: Start::Ready, ..Options::default() });
    apply_agent(&mut stage);
    let desired = |stage: &Stage, namespace: &str, name: &str| {
        let set = stage.cluster().api.store.daemonsets.get(namespace, name).unwrap();
        set.status.desired_number_scheduled
    };
    assert_eq!([desired(&stage, "default", "agent"), desired(&stage, "kube-system", "kube-proxy")], [3, 4]);
    let labels = SortedMap::from([("pool".to_owned(), "blue".to_owned())]);
    assert_eq!(act(&mut stage, Command::AddMachine { node: "worker-9".to_owned(), labels }), "");
    // What tolerates everything is wanted there at once, the other set once the taint is gone.
    let mut wanted = Vec::new();
    for _ in 0..300 {
        run_for(&mut stage, Duration::from_millis(100));
        wanted.push([desired(&stage, "default", "agent"), desired(&stage, "kube-system", "kube-proxy")]);
    }
    wanted.dedup();
    assert_eq!(wanted, [[3, 4], [3, 5], [4, 5]]);
    assert!(agent_on(&stage, "worker-9").is_some_and(|pod| pod.is_ready()));
    assert_eq!(node(&stage, "worker-9").meta.labels().get("pool").map(|v| &**v), Some("blue"));
}

#[test]
fn machines_that_cannot_be_are_refused_in_a_sentence() {
    let mut stage = standard();
    let mut told = String::new();
    let no_labels = SortedMap::new;
    let wrong = SortedMap::from([("a b".to_owned(), "c".to_owned())]);
    let node = |name: &str| name.to_owned();
    for command in [
        Command::PowerOff { node: node("nowhere") },
        Command::PowerOn { node: node("worker-1") },
        Command::RestoreNetwork { node: node("worker-1") },
        Command::AddMachine { node: node("worker-1"), labels: no_labels() },
        Command::AddMachine { node: node("Über"), labels: no_labels() },
        Command::AddMachine { node: node(""), labels: no_labels() },
        Command::AddMachine { node: node("worker-4"), labels: wrong },
        Command::RemoveMachine { node: node("control-plane") },
        Command::RemoveMachine { node: node("") },
    ] {
        told += &act(&mut stage, command);
    }
    power_off(&mut stage, "worker-1");
    for command in [
        Command::PowerOff { node: node("worker-1") },
        Command::StartKubelet { node: node("worker-1") },
        Command::WriteFile { node: node("worker-1"), path: node("/tmp/x"), text: "".into() },
    ] {
        told += &act(&mut stage, command);
    }
    told += &exec(&mut stage, "ssh worker-1 ls");
    check(
        &told,
        expect![[r#"
            ssh: Could not resolve hostname nowhere: Name or service not known
            worker-1 is switched on already
            worker-1 is connected already
            there is a machine worker-1 already
            "Über" is no name for a node: a lowercase RFC 1123 subdomain must consist of lower case alphanumeric characters, '-' or '.', and must start and end with an alphanumeric character (e.g. 'example.com', regex used for validation is '[a-z0-9]([-a-z0-9]*[a-z0-9])?(\.[a-z0-9]([-a-z0-9]*[a-z0-9])?)*')
            "" is no name for a node: a lowercase RFC 1123 subdomain must consist of lower case alphanumeric characters, '-' or '.', and must start and end with an alphanumeric character (e.g. 'example.com', regex used for validation is '[a-z0-9]([-a-z0-9]*[a-z0-9])?(\.[a-z0-9]([-a-z0-9]*[a-z0-9])?)*')
            a b=c is no label: name part must consist of alphanumeric characters, '-', '_' or '.', and must start and end with an alphanumeric character (e.g. 'MyName',  or 'my.name',  or '123-abc', regex used for validation is '([A-Za-z0-9][-A-Za-z0-9_.]*)?[A-Za-z0-9]')
            control-plane carries the control plane: without it there is no cluster
            ssh: Could not resolve hostname : Name or service not known
            worker-1 is switched off already
            ssh: connect to host worker-1 port 22: No route to host
            ssh: connect to host worker-1 port 22: No route to host
            ssh: connect to host worker-1 port 22: No route to host
        "#]],
    );
}

#[test]
fn a_machine_that_is_taken_away_leaves_its_node() {
    let mut stage = standard();
    apply_agent(&mut stage);
    assert_eq!(act(&mut stage, Command::RemoveMachine { node: "worker-3".to_owned() }), "");
    seconds(&mut stage, 120);
    assert!(!is_ready(&stage, "worker-3"));
    assert!(agent_on(&stage, "worker-3").is_some());
    let gone = act(&mut stage, Command::PowerOn { node: "worker-3".to_owned() });
    assert_eq!(gone, "ssh: Could not resolve hostname worker-3: Name or service not known\n");
    exec(&mut stage, "kubectl delete node worker-3");
    seconds(&mut stage, 70);
    assert!(agent_on(&stage, "worker-3").is_none());
    // The name is free again.
    let labels = SortedMap::new();
    assert_eq!(act(&mut stage, Command::AddMachine { node: "worker-3".to_owned(), labels }), "");
    seconds(&mut stage, 60);
    assert!(is_ready(&stage, "worker-3"));
    assert!(agent_on(&stage, "worker-3").is_some_and(|pod| pod.is_ready()));
}

#[test]
fn a_machine_that_was_off_starts_its_pods_anew() {
    let mut stage = standard();
    apply_pod(&mut stage, "web", "worker-1");
    write_static(&mut stage, "worker-1", "static");
    power_off(&mut stage, "worker-1");
    assert_eq!(starts(&stage, "worker-1"), []);
    seconds(&mut stage, 20);
    power_on(&mut stage, "worker-1");
    seconds(&mut stage, 60);
    let mut names = starts(&stage, "worker-1");
    names.sort();
    assert_eq!(names, [("static-worker-1".to_owned(), 1), ("web".to_owned(), 1)]);
    let restarts = |name: &str| pod(&stage, name).unwrap().status.containers[0].restart_count;
    assert_eq!([restarts("web"), restarts("static-worker-1")], [1, 1]);
}

#[test]
fn cp_019_without_its_kubelet_a_node_neither_starts_nor_stops_anything() {
    let mut stage = standard();
    apply_pod(&mut stage, "web", "worker-1");
    act(&mut stage, Command::StopKubelet { node: "worker-1".to_owned() });
    exec(&mut stage, "kubectl delete pod web --wait=false");
    let text = pod_manifest("late", "worker-1");
    exec_with(&mut stage, "kubectl apply -f pod.yaml", &[("pod.yaml", &text)]);
    seconds(&mut stage, 60);
    assert!(!is_ready(&stage, "worker-1"));
    assert_eq!(starts(&stage, "worker-1"), [("web".to_owned(), 0)]);
    assert!(pod(&stage, "web").unwrap().meta.is_terminating());
    assert_eq!(pod(&stage, "late").unwrap().status.phase.text(), "Pending");
    act(&mut stage, Command::StartKubelet { node: "worker-1".to_owned() });
    seconds(&mut stage, 60);
    assert!(pod(&stage, "web").is_none() && pod(&stage, "late").is_some_and(|pod| pod.is_ready()));
}

#[test]
fn cmp_029_on_an_unreachable_node_daemon_and_mirror_pods_stay() {
    let mut stage = standard();
    apply_agent(&mut stage);
    write_static(&mut stage, "worker-1", "web");
    act(&mut stage, Command::CutNetwork { node: "worker-1".to_owned() });
    seconds(&mut stage, 1_000);
    for pod in [agent_on(&stage, "worker-1"), pod(&stage, "web-worker-1")] {
        let pod = pod.unwrap();
        assert!(!pod.is_ready() && !pod.meta.is_terminating(), "{}", pod.meta.name);
    }
    let set = stage.cluster().api.store.daemonsets.get("default", "agent").unwrap().status;
    assert_eq!((set.desired_number_scheduled, set.number_ready), (2, 2));
}

#[test]
fn cp_014_without_the_control_plane_nobody_answers_and_all_comes_back_with_it() {
    let mut stage = standard();
    apply_agent(&mut stage);
    power_off(&mut stage, "control-plane");
    let told = exec(&mut stage, "kubectl get nodes");
    check(
        &told,
        expect![[r#"
        Unable to connect to the server: dial tcp 192.168.56.10:6443: i/o timeout
    "#]],
    );
    seconds(&mut stage, 100);
    let before = starts(&stage, "worker-1");
    power_on(&mut stage, "control-plane");
    seconds(&mut stage, 300);
    for node in ["control-plane", "worker-1", "worker-2", "worker-3"] {
        assert!(is_ready(&stage, node), "{node}");
    }
    assert_eq!(starts(&stage, "worker-1"), before);
    // With its cable out it goes on by itself.
    act(&mut stage, Command::CutNetwork { node: "control-plane".to_owned() });
    assert_eq!(exec(&mut stage, "kubectl get nodes"), told);
    seconds(&mut stage, 70);
    assert!(is_ready(&stage, "control-plane") && !is_ready(&stage, "worker-1"));
    act(&mut stage, Command::RestoreNetwork { node: "control-plane".to_owned() });
    seconds(&mut stage, 60);
    assert!(is_ready(&stage, "worker-1"));
}

// ---- at bad moments ----

#[test]
fn power_that_fails_while_a_pod_starts_loses_nothing_but_time() {
    for millis in [100, 300, 500, 700, 900, 1_500, 2_500] {
        let mut stage = standard();
        write_static(&mut stage, "worker-1", "static");
        let text = pod_manifest("web", "worker-1");
        let files = SortedMap::from([("pod.yaml".to_owned(), text.into())]);
        stage.perform(Command::Exec { line: "kubectl apply -f pod.yaml".to_owned(), files });
        run_for(&mut stage, Duration::from_millis(600 + millis));
        power_off(&mut stage, "worker-1");
        seconds(&mut stage, 5);
        let machine = stage.cluster().machine("worker-1").unwrap();
        assert_eq!(machine.kubelet.runtime.running_containers().count(), 0, "after {millis} ms");
        let ready = kubelet::runtime::SandboxState::Ready;
        assert!(machine.kubelet.runtime.sandboxes().iter().all(|sandbox| sandbox.state != ready));
        power_on(&mut stage, "worker-1");
        seconds(&mut stage, 60);
        for name in ["web", "static-worker-1"] {
            assert!(pod(&stage, name).is_some_and(|pod| pod.is_ready()), "{name} after {millis} ms");
        }
    }
}

#[test]
fn nd_006_a_lease_is_not_renewed_by_a_kubelet_that_ended_while_it_claimed_it() {
    for millis in (0..1_200).step_by(100) {
        let mut stage = standard();
        act(&mut stage, Command::RestartKubelet { node: "worker-1".to_owned() });
        run_for(&mut stage, Duration::from_millis(millis));
        act(&mut stage, Command::StopKubelet { node: "worker-1".to_owned() });
        seconds(&mut stage, 75);
        assert!(!is_ready(&stage, "worker-1"), "stopped after {millis} ms");
    }
}

#[test]
fn nd_010_an_outage_of_the_api_server_stops_the_leases_that_the_controllers_see() {
    // In the middle of everything that its return brings about, it is gone again.
    for millis in (0..2_400).step_by(300) {
        let mut stage = standard();
        act(&mut stage, Command::SetApiServer { up: false });
        seconds(&mut stage, 40);
        act(&mut stage, Command::SetApiServer { up: true });
        until(&mut stage, 40, |stage| stage.cluster().api_up());
        run_for(&mut stage, Duration::from_millis(millis));
        act(&mut stage, Command::CutNetwork { node: "worker-1".to_owned() });
        seconds(&mut stage, 80);
        assert!(!is_ready(&stage, "worker-1"), "cut off after {millis} ms");
        assert!(is_ready(&stage, "worker-2") && is_ready(&stage, "control-plane"), "after {millis} ms");
    }
}

#[test]
fn machines_are_switched_from_the_console() {
    let mut stage = standard();
    assert_eq!(
        exec(&mut stage, "ssh worker-1 sudo reboot"),
        "Connection to worker-1 closed by remote host.\n"
    );
    assert_eq!(exec(&mut stage, "virsh destroy worker-2"), "Domain 'worker-2' destroyed\n\n");
    assert_eq!(
        exec(&mut stage, "ssh worker-3 sudo ip link set eth0 down"),
        "client_loop: send disconnect: Broken pipe\n"
    );
    seconds(&mut stage, 70);
    assert_eq!(["worker-1", "worker-2", "worker-3"].map(|node| is_ready(&stage, node)), [true, false, false]);
    exec(&mut stage, "virsh start worker-2");
    exec(&mut stage, "virsh domif-setlink worker-3 eth0 up");
    seconds(&mut stage, 40);
    assert!(["worker-1", "worker-2", "worker-3"].iter().all(|node| is_ready(&stage, node)));
}

#[test]
fn nd_004_a_machine_has_a_disk_that_pods_may_ask_for() {
    let mut stage = standard();
    let pod = |name: &str, disk: &str| {
        format!(
            "apiVersion: v1\nkind: Pod\nmetadata: {{name: {name}}}\nspec:\n  containers:\n  - name: c\n    \
             image: a:1\n    resources: {{requests: {{ephemeral-storage: {disk}}}}}\n"
        )
    };
    let (small, large) = (pod("small", "1Gi"), pod("large", "100Gi"));
    exec_with(&mut stage, "kubectl apply -f small.yaml", &[("small.yaml", &small)]);
    exec_with(&mut stage, "kubectl apply -f large.yaml", &[("large.yaml", &large)]);
    seconds(&mut stage, 10);
    let columns = "custom-columns=NAME:.metadata.name,PHASE:.status.phase,WHY:.status.conditions[0].message";
    let shown = exec(&mut stage, &format!("kubectl get pods -o {columns}"));
    expect![[r#"
        NAME    PHASE     WHY
        large   Pending   0/4 nodes are available: 1 node(s) had untolerated taint(s), 3 Insufficient ephemeral-storage. no new claims to deallocate, preemption: 0/4 nodes are available: 4 Preemption is not helpful for scheduling.
        small   Running   <none>
    "#]].assert_eq(&shown);
}

/// Whoever asks a part itself needs no API server, and a stopped kubelet takes no container with it.
#[test]
fn what_listens_on_a_node_comes_and_goes_with_its_program() {
    let mut person = Person::new();
    let listening = "ssh control-plane ss -lntp | sed -E 's/pid=[0-9]+/pid=N/'";
    expect![[r#"
        State  Recv-Q Send-Q Local Address:Port Peer Address:Port Process
        LISTEN 0      4096                 *:22               *:* users:(("sshd",pid=N,fd=3))
        LISTEN 0      4096       127.0.0.1:2379         0.0.0.0:* users:(("etcd",pid=N,fd=3))
        LISTEN 0      4096   192.168.56.10:2379         0.0.0.0:* users:(("etcd",pid=N,fd=3))
        LISTEN 0      4096   192.168.56.10:2380         0.0.0.0:* users:(("etcd",pid=N,fd=3))
        LISTEN 0      4096       127.0.0.1:2381         0.0.0.0:* users:(("etcd",pid=N,fd=3))
        LISTEN 0      4096               *:6443               *:* users:(("kube-apiserver",pid=N,fd=3))
        LISTEN 0      4096      127.0.0.1:10248         0.0.0.0:* users:(("kubelet",pid=N,fd=3))
        LISTEN 0      4096      127.0.0.1:10249         0.0.0.0:* users:(("kube-proxy",pid=N,fd=3))
        LISTEN 0      4096              *:10250               *:* users:(("kubelet",pid=N,fd=3))
        LISTEN 0      4096              *:10256               *:* users:(("kube-proxy",pid=N,fd=3))
        LISTEN 0      4096      127.0.0.1:10257         0.0.0.0:* users:(("kube-controller-manager",pid=N,fd=3))
        LISTEN 0      4096      127.0.0.1:10259         0.0.0.0:* users:(("kube-scheduler",pid=N,fd=3))
    "#]].assert_eq(&person.run(listening));
    let health =
        "ssh control-plane 'curl -sk https://localhost:6443/readyz; echo; curl -s localhost:10248/healthz'";
    assert_eq!(person.run(health), "ok\nok");
    person.run("ssh control-plane sudo systemctl stop kubelet");
    expect![[r#"
        ok
        [7]
    "#]]
    .assert_eq(&person.run(health));
    person.run("ssh control-plane sudo crictl stop --timeout 0 $(ssh control-plane sudo crictl ps -q --name kube-apiserver)");
    person.wait(2);
    expect![[r#"

        [7]
    "#]]
    .assert_eq(&person.run(health));
    expect![[r#"
        worker-1
            PID TTY          TIME CMD
              1 ?        00:00:00 init
            611 ?        00:00:00 containerd
            702 ?        00:00:00 sshd
            812 ?        00:00:00 kubelet
           1001 ?        00:00:00 pause
           1002 ?        00:00:00 kube-proxy
          33769 ?        00:00:00 containerd-shim-runc-v2
         00:02:02 up 2 min,  1 user,  load average: 0.00, 0.00, 0.00
    "#]]
    .assert_eq(&person.run("ssh worker-1 'hostname; ps -e; uptime'"));
}

/// Starts a loop on worker-3 that writes a file each second.
fn begin_loop(stage: &mut Stage) -> stage::JobId {
    let line = "ssh worker-3 'while sleep 1; do echo x >> /tmp/x; done'".to_owned();
    let id = stage.perform(Command::Exec { line, files: SortedMap::new() });
    seconds(stage, 3);
    assert!(file_of(stage, "worker-3").is_some());
    id
}

fn file_of(stage: &Stage, node: &str) -> Option<usize> {
    stage.cluster().machine(node)?.files.file("/tmp/x").map(|file| file.bytes.len())
}

fn end_of(stage: &Stage, id: stage::JobId) -> (Option<i32>, String) {
    let job = stage.job(id).expect("the job is known");
    (job.exit_code, job.text.to_string())
}

#[test]
fn what_runs_on_a_node_ends_when_it_is_switched_off_even_if_it_comes_up_again() {
    let broken = (Some(255), "client_loop: send disconnect: Broken pipe\n".to_owned());
    let mut stage = standard();
    let id = begin_loop(&mut stage);
    power_off(&mut stage, "worker-3");
    let before = file_of(&stage, "worker-3");
    power_on(&mut stage, "worker-3");
    seconds(&mut stage, 60);
    assert_eq!(end_of(&stage, id), broken);
    assert_eq!(file_of(&stage, "worker-3"), before);
}

#[test]
fn what_runs_on_a_node_that_is_taken_away_touches_no_other() {
    let broken = (Some(255), "client_loop: send disconnect: Broken pipe\n".to_owned());
    let mut stage = standard();
    let id = begin_loop(&mut stage);
    assert_eq!(act(&mut stage, Command::RemoveMachine { node: "worker-3".to_owned() }), "");
    seconds(&mut stage, 10);
    assert_eq!(end_of(&stage, id), broken);
    assert_eq!(file_of(&stage, "control-plane"), None);
}

#[test]
fn what_runs_on_a_node_goes_on_while_its_cable_is_out() {
    let mut stage = standard();
    let id = begin_loop(&mut stage);
    assert_eq!(act(&mut stage, Command::CutNetwork { node: "worker-3".to_owned() }), "");
    let before = file_of(&stage, "worker-3");
    seconds(&mut stage, 10);
    assert_eq!(end_of(&stage, id), (None, String::new()));
    assert!(file_of(&stage, "worker-3") > before);
}
