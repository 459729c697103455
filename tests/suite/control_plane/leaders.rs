//! Leases: who leads, and who takes over. Rule: CP-011.

use super::super::person::Person;
use super::{json, pods, stop};

/// The holder of a lease, how often it changed hands, and how long ago it was renewed.
pub(super) fn lease(person: &mut Person, name: &str) -> (String, i64, u64) {
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

pub(super) fn names_of_leaders() -> [&'static str; 2] {
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
