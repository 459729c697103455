//! Manifests and mirror pods that a person takes away or changes. Rules: CP-020 … CP-024.

use super::super::person::Person;
use super::leaders::{lease, names_of_leaders};
use super::{REFUSED, mirror, pods, stop};

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
    // Until the new pod starts the mirror shows the old one as it was.
    person.wait(20);
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
