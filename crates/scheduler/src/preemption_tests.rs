use serde_json::{Value, json};

use super::tests::{Stand, cpu_pod, node, pod, uid};
use super::*;
use wire::Reply;

fn of_priority(name: &str, cpu: &str, priority: i32, more: Value) -> Rc<api::pod::Pod> {
    let mut spec = json!({"spec": {"priority": priority}});
    tests::merge(&mut spec, &more);
    cpu_pod(name, cpu, spec)
}

/// Lets it decide; the requests, and the answers that all is well.
fn decide(stand: &mut Stand) -> Vec<String> {
    stand.run(Duration::from_millis(100));
    let mut said = Vec::new();
    while !stand.calls.is_empty() {
        for (_, call, token) in std::mem::take(&mut stand.calls) {
            said.push(tests::words(&call));
            stand.show_status(&call);
            if token != Token::None {
                stand.answer(token, Answer::ok(Reply::Done));
            }
        }
    }
    said
}

#[test]
fn sch_025_the_victim_is_marked_deleted_and_told_and_the_preemptor_waits_for_its_end() {
    let mut stand = Stand::with_nodes(&[node("a", json!({}))]);
    let victim = stand.running(&of_priority("low", "3", 0, json!({})), "a");
    let preemptor = of_priority("high", "2", 1000, json!({}));
    stand.pod(&preemptor);
    let said = decide(&mut stand);
    assert_eq!(
        said,
        [
            "status low: DisruptionTarget=True PreemptionByScheduler default-scheduler: preempting to accommodate a \
             higher priority pod"
                .to_owned(),
            "delete low".to_owned(),
            "Warning FailedScheduling high: 0/1 nodes are available: 1 Insufficient cpu.".to_owned(),
            "status high: PodScheduled=False Unschedulable 0/1 nodes are available: 1 Insufficient cpu.; nominated a"
                .to_owned(),
            format!("Normal Preempted low: Preempted by pod {} on node a", uid("high")),
        ]
    );
    stand.delete_pod(&victim);
    assert_eq!(decide(&mut stand)[0], "bind high a");
}

#[test]
fn sch_025_room_that_was_made_is_not_given_to_a_less_important_pod() {
    let mut stand = Stand::with_nodes(&[node("a", json!({}))]);
    let victim = stand.running(&of_priority("low", "4", 0, json!({})), "a");
    stand.pod(&of_priority("high", "4", 1000, json!({})));
    decide(&mut stand);
    stand.pod(&of_priority("middle", "1", 500, json!({})));
    assert!(decide(&mut stand)[0].starts_with("Warning FailedScheduling middle: "));
    stand.delete_pod(&victim);
    assert_eq!(decide(&mut stand)[0], "bind high a");
}

#[test]
fn sch_025_only_as_many_as_needed_and_the_least_important() {
    let mut stand = Stand::with_nodes(&[node("a", json!({}))]);
    let started = |second: u32| json!({"status": {"startTime": format!("2026-01-01T00:00:{second:02}Z")}});
    for (name, priority, second) in [("old", 1, 1), ("young", 1, 30), ("dear", 5, 40)] {
        stand.running(&of_priority(name, "1", priority, started(second)), "a");
    }
    stand.pod(&of_priority("high", "2", 10, json!({})));
    let deleted: Vec<String> = decide(&mut stand).into_iter().filter(|s| s.starts_with("delete")).collect();
    assert_eq!(deleted, ["delete young"]);
}

#[test]
fn sch_025_the_node_whose_loss_is_smallest_is_chosen() {
    let at = |second: u32| json!({"status": {"startTime": format!("2026-01-01T00:00:{second:02}Z")}});
    let chosen = |left: &[(i32, &str, u32)], right: &[(i32, &str, u32)]| {
        let mut stand = Stand::with_nodes(&[node("a", json!({})), node("b", json!({}))]);
        for (side, pods) in [("a", left), ("b", right)] {
            for (n, (priority, cpu, second)) in pods.iter().enumerate() {
                stand.running(&of_priority(&format!("{side}{n}"), cpu, *priority, at(*second)), side);
            }
        }
        stand.pod(&of_priority("high", "4", 100, json!({})));
        let said = decide(&mut stand);
        said.iter().find_map(|line| line.split("nominated ").nth(1).map(str::to_owned)).unwrap_or_default()
    };
    // Lowest highest victim, smallest sum, fewest victims, latest start of the highest.
    assert_eq!(chosen(&[(5, "4", 1)], &[(4, "4", 1)]), "b");
    assert_eq!(chosen(&[(5, "2", 1), (3, "2", 1)], &[(5, "2", 1), (2, "2", 1)]), "b");
    assert_eq!(chosen(&[(5, "4", 1)], &[(5, "3", 1), (-2_000_000_000, "1", 1)]), "a");
    assert_eq!(chosen(&[(5, "4", 10)], &[(5, "4", 20)]), "b");
}

#[test]
fn sch_025_disruption_budgets_are_spared_where_possible() {
    let mut stand = Stand::with_nodes(&[node("a", json!({})), node("b", json!({}))]);
    let kind = Kind::of("policy/v1", "PodDisruptionBudget").unwrap();
    let spec = json!({"minAvailable": 1, "selector": {"matchLabels": {"app": "web"}}});
    let budget = json!({"metadata": {"name": "web", "namespace": "default"}, "spec": spec});
    stand.list(kind, vec![Object::from_value(kind, &budget)]);
    let guarded = json!({"metadata": {"labels": {"app": "web"}},
        "status": {"conditions": [{"type": "Ready", "status": "True"}]}});
    stand.running(&of_priority("guarded", "4", 0, guarded), "a");
    stand.running(&of_priority("plain", "4", 50, json!({})), "b");
    stand.pod(&of_priority("high", "4", 100, json!({})));
    let deleted: Vec<String> = decide(&mut stand).into_iter().filter(|s| s.starts_with("delete")).collect();
    assert_eq!(deleted, ["delete plain"]);
}

#[test]
fn sch_017_while_a_victim_ends_no_other_is_chosen() {
    let mut stand = Stand::with_nodes(&[node("a", json!({}))]);
    let victims: Vec<_> =
        ["x", "y"].iter().map(|name| stand.running(&of_priority(name, "2", 0, json!({})), "a")).collect();
    stand.pod(&of_priority("high", "4", 100, json!({})));
    decide(&mut stand);
    let mut going = victims[0].clone();
    let status = json!({"metadata": {"deletionTimestamp": "2026-01-01T00:00:30Z"}});
    let meta = api::meta::ObjectMeta::from_value(&status["metadata"]);
    let new = Rc::make_mut(&mut going);
    new.meta.deletion = meta.deletion;
    let reason = Reason::new("PreemptionByScheduler", "");
    let (kind, yes) = (api::pod::ConditionType::DisruptionTarget, api::pod::ConditionStatus::True);
    new.status.set_condition(kind, yes, Some(reason), Time::START.stamp());
    stand.pod(&going);
    stand.delete_pod(&victims[1]);
    assert_eq!(
        decide(&mut stand)[0],
        "Warning FailedScheduling high: 0/1 nodes are available: 1 Insufficient cpu. no new claims to deallocate, \
         preemption: not eligible due to a terminating pod on the nominated node."
    );
}

#[test]
fn sch_026_a_critical_daemon_pod_pushes_out_an_ordinary_one() {
    let mut stand = Stand::with_nodes(&[node("a", json!({})), node("b", json!({}))]);
    let victim = stand.running(&of_priority("web", "4", 0, json!({})), "b");
    let mut daemon = of_priority("agent", "1", 2_000_001_000, json!({}));
    Rc::make_mut(&mut daemon).pinned_to = Some("b".into());
    stand.pod(&daemon);
    assert!(decide(&mut stand).contains(&"delete web".to_owned()));
    stand.delete_pod(&victim);
    assert_eq!(decide(&mut stand)[0], "bind agent b");
}

#[test]
fn preemption_does_not_help_against_taints() {
    let taints = json!({"spec": {"taints": [{"key": "k", "effect": "NoSchedule"}]}});
    let mut stand = Stand::with_nodes(&[node("a", taints)]);
    stand.running(&pod("low", json!({"spec": {"tolerations": [{"operator": "Exists"}]}})), "a");
    stand.pod(&of_priority("high", "1", 100, json!({})));
    assert!(decide(&mut stand)[0].ends_with("1 Preemption is not helpful for scheduling."));
}
