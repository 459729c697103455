use serde_json::json;

use super::*;
use crate::tests::pod;

fn at(millis: u64) -> Time {
    Time::START + Duration::from_millis(millis)
}

fn names(queue: &mut SchedulingQueue) -> Vec<String> {
    let mut names = Vec::new();
    while let Some(ix) = queue.pop() {
        names.push(queue.get(ix).unwrap().pod.meta.name.to_string());
    }
    names
}

#[test]
fn sch_002_higher_priority_first_then_the_earlier() {
    let mut queue = SchedulingQueue::default();
    for (name, priority, time) in [("a", 0, 0), ("b", 10, 5), ("c", 10, 4), ("d", 0, 0), ("e", -1, 0)] {
        queue.add(pod(name, json!({"spec": {"priority": priority}})), None, at(time));
    }
    assert_eq!(names(&mut queue), ["c", "b", "a", "d", "e"]);
}

#[test]
fn sch_003_the_delay_doubles_to_ten_seconds() {
    let mut queue = SchedulingQueue::default();
    let ix = queue.add(pod("a", json!({})), None, at(0));
    let mut delays = Vec::new();
    for _ in 0..7 {
        assert_eq!(queue.pop(), Some(ix));
        queue.add_unschedulable(ix, PluginSet::of(Plugin::NodePorts), at(0));
        delays.push(queue.get(ix).unwrap().backoff_duration().as_secs());
        queue.requeue(ix, at(0));
    }
    assert_eq!(delays, [1, 2, 4, 8, 10, 10, 10]);
}

#[test]
fn sch_003_an_idle_scheduler_takes_a_pod_early_unless_it_failed_by_error() {
    let mut queue = SchedulingQueue::default();
    let ix = queue.add(pod("a", json!({})), None, at(0));
    queue.pop();
    queue.add_unschedulable(ix, PluginSet::of(Plugin::NodePorts), at(0));
    assert!(!queue.has_work());
    queue.requeue(ix, at(100));
    assert_eq!(queue.get(ix).unwrap().place, Place::Backoff);
    assert_eq!(queue.pop(), Some(ix));
    queue.add_unschedulable(ix, PluginSet::NONE, at(100));
    assert_eq!((queue.get(ix).unwrap().place, queue.pop()), (Place::ErrorBackoff, None));
    // 0.1 s + 1 s lies in the window of the first second, which ends at 2 s.
    assert_eq!(queue.next_backoff_flush(), Some(at(2000)));
    queue.flush_backoff(at(1999));
    assert!(!queue.has_work());
    queue.flush_backoff(at(2000));
    assert_eq!(queue.pop(), Some(ix));
}

#[test]
fn sch_003_a_ready_pod_goes_before_one_that_waits_out_its_delay() {
    let mut queue = SchedulingQueue::default();
    let early = queue.add(pod("early", json!({"spec": {"priority": 5}})), None, at(0));
    queue.pop();
    queue.add_unschedulable(early, PluginSet::of(Plugin::NodePorts), at(0));
    queue.requeue(early, at(0));
    queue.add(pod("ready", json!({})), None, at(1));
    assert_eq!(names(&mut queue), ["ready", "early"]);
}

#[test]
fn sch_004_after_five_minutes_every_pod_is_tried_again() {
    let mut queue = SchedulingQueue::default();
    let ix = queue.add(pod("a", json!({})), None, at(0));
    queue.pop();
    queue.add_unschedulable(ix, PluginSet::of(Plugin::NodeAffinity), at(10));
    // Looked for every 30 s from the start; at 300 s it has not yet waited for longer than 5 minutes.
    assert_eq!(queue.next_unschedulable_flush(at(0)), Some(at(330_000)));
    queue.flush_unschedulable(at(300_000));
    assert!(!queue.has_work());
    queue.flush_unschedulable(at(330_000));
    assert_eq!(queue.pop(), Some(ix));
}

#[test]
fn sch_004_a_pod_with_scheduling_gates_is_not_tried() {
    let mut queue = SchedulingQueue::default();
    let gated = pod("a", json!({"spec": {"schedulingGates": [{"name": "wait"}]}}));
    let ix = queue.add(gated, None, at(0));
    queue.requeue(ix, at(0));
    assert!(!queue.has_work());
    queue.replace(ix, pod("a", json!({})));
    queue.requeue(ix, at(0));
    assert_eq!(queue.pop(), Some(ix));
}

#[test]
fn removed_pods_leave_no_trace_and_their_numbers_are_used_again() {
    let mut queue = SchedulingQueue::default();
    let first = queue.add(pod("a", json!({})), None, at(0));
    let second = queue.add(pod("b", json!({})), None, at(0));
    queue.pop();
    queue.add_unschedulable(first, PluginSet::of(Plugin::InterPodAffinity), at(0));
    queue.remove(first);
    queue.remove(second);
    assert!(queue.nothing_unschedulable() && !queue.has_work());
    assert_eq!(queue.find(crate::tests::uid("a")), None);
    assert!(queue.candidates(None, PluginSet::of(Plugin::InterPodAffinity)).is_empty());
    assert_eq!(queue.add(pod("c", json!({})), None, at(0)), second);
}
