//! Indexes and back-offs.

use std::rc::Rc;

use serde_json::json;

use super::backoff::BackoffRecord;
use super::generate_name_with_index;
use super::indexes::Indexes;
use super::policy::match_success_policy;
use api::pod::Pod;
use sim::{Duration, Timestamp};

#[test]
fn indexes_are_written_as_ranges() {
    for text in ["", "0", "1,3-5,7", "0,1", "0-2"] {
        assert_eq!(Indexes::parse(text, 10).text(), text);
    }
    assert_eq!(Indexes::parse("1,8-12", 10).text(), "1,8,9");
    assert_eq!(Indexes::parse("x,3", 10).text(), "3");
}

#[test]
fn the_name_of_an_index_fits() {
    assert_eq!(generate_name_with_index(&"job".into(), 7), "job-7-");
    assert_eq!(generate_name_with_index(&"j".repeat(70).as_str().into(), 10).len(), 58);
}

#[test]
fn a_rule_of_a_success_policy_asks_for_indexes_or_a_number() {
    let met = |rule: serde_json::Value, done: &str| {
        match_success_policy(&json!({"rules": [rule]}), 10, &Indexes::parse(done, 10)).is_some()
    };
    assert!(met(json!({"succeededIndexes": "1-2"}), "1-3") && !met(json!({"succeededIndexes": "1-2"}), "1"));
    assert!(met(json!({"succeededIndexes": "1-5", "succeededCount": 2}), "2,4"));
    assert!(met(json!({"succeededCount": 2}), "7,9") && !met(json!({"succeededCount": 2}), "7"));
}

fn ended(at: u32) -> Rc<Pod> {
    let finished = Timestamp(at).to_string();
    Rc::new(Pod::from_value(&json!({
        "metadata": {"name": "p"}, "spec": {"containers": [{"name": "c"}]},
        "status": {"containerStatuses": [{"name": "c", "state": {"terminated": {"exitCode": 1, "finishedAt": finished}}}]},
    })))
}

#[test]
fn the_back_off_doubles_with_each_failure_and_ends_with_a_success() {
    let first = ended(1000);
    let now = Timestamp(1000).time();
    let mut record = BackoffRecord::default();
    let mut waits = Vec::new();
    for _ in 0..9 {
        record = record.next(&[], std::slice::from_ref(&first));
        waits.push(record.remaining_time(now).0 / 1_000_000);
    }
    assert_eq!(waits, [10, 20, 40, 80, 160, 320, 600, 600, 600]);
    assert_eq!(record.remaining_time(now + Duration::from_secs(599)), Duration::from_secs(1));
    assert_eq!(record.next(&[ended(1001)], &[]), BackoffRecord::default());
    let later = record.next(&[ended(1001)], &[ended(1000), ended(1002)]);
    assert_eq!(later.remaining_time(Timestamp(1002).time()), Duration::from_secs(10));
}
