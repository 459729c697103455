//! Topic crash-backoff: the back-off table, and what the kubelet makes of it.

use api::meta::Uid;
use api::pod::{Pod, RestartPolicy};
use client::backoff::Backoff;
use kubelet::image_manager::{PullKey, back_off_pulling};
use kubelet::kuberuntime::{back_off_message, do_back_off, get_backoff_key};
use kubelet::status::should_restart;
use serde_json::{Value, json};
use sim::{Duration, Time};

use crate::expect::{equal, known_keys};

pub fn run(case: &Value) -> Result<(), String> {
    let (input, expect) = (&case["input"], &case["expect"]);
    match case["check"].as_str() {
        None => steps(input, expect),
        Some("containerRestarts") => container_restarts(input, expect),
        Some("backOffKey") => back_off_key(input, expect),
        Some("restartPolicy") => restart_policy(input, expect),
        Some("imagePulls") => image_pulls(input, expect),
        Some(other) => Err(format!("unknown check {other}")),
    }
}

/// Far enough from the epoch that a time of 0 has a past.
const START: u64 = 1_000_000_000;

fn time(value: &Value) -> Result<Time, String> {
    let micros = match (value.as_u64(), value.as_f64()) {
        (Some(seconds), _) => seconds * 1_000_000,
        (None, Some(seconds)) if seconds >= 0.0 => (seconds * 1e6).round() as u64,
        _ => return Err(format!("{value} is no time")),
    };
    Ok(Time::from_secs(START) + Duration::from_micros(micros))
}

fn duration(value: &Value) -> Result<Duration, String> {
    Ok(time(value)?.since(Time::from_secs(START)))
}

fn seconds(span: Duration) -> Value {
    match span.as_micros() % 1_000_000 {
        0 => json!(span.as_secs()),
        _ => json!(span.as_micros() as f64 / 1e6),
    }
}

fn table<K: Ord + Clone>(input: &Value) -> Result<Backoff<K>, String> {
    Ok(Backoff::new(duration(&input["initial"])?, duration(&input["max"])?))
}

fn steps(input: &Value, expect: &Value) -> Result<(), String> {
    known_keys(expect, &["values"])?;
    let mut table: Backoff<String> = table(input)?;
    let mut values = Vec::new();
    for step in input["steps"].as_array().into_iter().flatten() {
        let key = step["key"].as_str().unwrap_or("key").to_owned();
        let at = time(&step["at"])?;
        let event = if step["event"].is_null() { at } else { time(&step["event"])? };
        values.push(match step["op"].as_str().unwrap_or_default() {
            "next" => {
                table.next(&key, event, at);
                Value::Null
            }
            "get" => seconds(table.get(&key)),
            "inBackOffSince" => json!(table.is_in_back_off_since(&key, event, at)),
            "inBackOffSinceUpdate" => json!(table.is_in_back_off_since_update(&key, at)),
            "reset" => {
                table.retain(|other| *other != key);
                Value::Null
            }
            other => return Err(format!("unknown op {other}")),
        });
    }
    equal("values", &expect["values"], &json!(values))
}

fn container_restarts(input: &Value, expect: &Value) -> Result<(), String> {
    known_keys(expect, &["delays", "startTimes", "waitingMessages"])?;
    let mut table = table(input)?;
    let pod = Pod::from_value(&input["pod"]);
    let container = pod.spec.main_containers().next().ok_or("the pod has no container")?;
    let key = get_backoff_key(&pod, container);
    let given = input["pod"]["metadata"]["uid"].as_str().unwrap_or_default();
    let mut start = Time::from_secs(START);
    let (mut delays, mut starts, mut messages) = (Vec::new(), Vec::new(), Vec::new());
    starts.push(seconds(Duration::ZERO));
    for run in input["runs"].as_array().into_iter().flatten() {
        let ended = start + duration(run)?;
        let waited = do_back_off(&mut table, &key, ended, ended);
        start = ended + waited.unwrap_or_default();
        if let Some(back_off) = waited {
            if do_back_off(&mut table, &key, ended, start).is_some() {
                return Err("it does not start when its back-off ends".to_owned());
            }
            // A uid is 128 bits here: a text that is none stands for its hash.
            let message = back_off_message(&pod, container, back_off);
            messages.push(json!(message.replace(&pod.meta.uid.to_string(), given)));
        } else {
            messages.push(Value::Null);
        }
        delays.push(seconds(waited.unwrap_or_default()));
        starts.push(seconds(start.since(Time::from_secs(START))));
    }
    for (what, got) in [("delays", delays), ("startTimes", starts), ("waitingMessages", messages)] {
        if !expect[what].is_null() {
            equal(what, &expect[what], &json!(got))?;
        }
    }
    Ok(())
}

fn back_off_key(input: &Value, expect: &Value) -> Result<(), String> {
    known_keys(expect, &["sameKey"])?;
    let key = |side: &Value| {
        let pod = Pod::from_value(&json!({
            "metadata": {"name": side["podName"], "namespace": side["namespace"], "uid": side["podUid"]},
            "spec": {"containers": [side["container"]]},
        }));
        pod.spec.main_containers().next().map(|container| get_backoff_key(&pod, container))
    };
    equal("sameKey", &expect["sameKey"], &json!(key(&input["first"]) == key(&input["second"])))
}

fn restart_policy(input: &Value, expect: &Value) -> Result<(), String> {
    known_keys(expect, &["restarts"])?;
    let policy = match input["restartPolicy"].as_str() {
        Some("Always") => RestartPolicy::Always,
        Some("OnFailure") => RestartPolicy::OnFailure,
        Some("Never") => RestartPolicy::Never,
        other => return Err(format!("unknown restartPolicy {other:?}")),
    };
    let code = input["exitCode"].as_i64().unwrap_or_default() as i32;
    equal("restarts", &expect["restarts"], &json!(should_restart(policy, code)))
}

fn image_pulls(input: &Value, expect: &Value) -> Result<(), String> {
    known_keys(expect, &["attempts", "attemptReason", "betweenReason", "betweenMessagePrefix"])?;
    let mut table: Backoff<PullKey> = table(input)?;
    let image = input["image"].as_str().unwrap_or_default();
    let key: PullKey = (Uid::from_text("uid"), image.into());
    let (every, until) = (duration(&input["syncEvery"])?, duration(&input["until"])?);
    let mut now = Time::from_secs(START);
    let mut attempts = Vec::new();
    while now.since(Time::from_secs(START)) <= until {
        if !table.is_in_back_off_since_update(&key, now) {
            attempts.push(seconds(now.since(Time::from_secs(START))));
            table.next(&key, now, now);
        }
        now += every;
    }
    equal("attempts", &expect["attempts"], &json!(attempts))?;
    let message = back_off_pulling(image, Some("why"));
    let prefix = expect["betweenMessagePrefix"].as_str().unwrap_or_default();
    if !message.starts_with(prefix) {
        return Err(format!("{message} does not begin with {prefix}"));
    }
    let reasons =
        json!([kubelet::image_manager::ERR_IMAGE_PULL, kubelet::image_manager::IMAGE_PULL_BACK_OFF]);
    equal("reasons", &json!([expect["attemptReason"], expect["betweenReason"]]), &reasons)
}
