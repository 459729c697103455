//! Topic crash-backoff: the back-off table, and what the kubelet makes of it.

use api::meta::Uid;
use api::pod::{Pod, RestartPolicy};
use client::backoff::Backoff;
use kubelet::image_manager::{ERR_IMAGE_PULL, IMAGE_PULL_BACK_OFF, PullKey, back_off_pulling};
use kubelet::kuberuntime::{back_off_message, do_back_off, get_backoff_key, new_crash_loop_back_off};
use kubelet::status::should_restart;
use serde_json::{Value, json};
use sim::{Duration, Rng, Time};

use crate::expect::{equal, known_keys, list, needs, text};

pub fn run(case: &Value) -> Result<(), String> {
    // The kubelet's own setting: always there.
    needs(case, &["KubeletCrashLoopBackOffMax"])?;
    let (input, expect) = (&case["input"], &case["expect"]);
    match case["check"].as_str() {
        None if input.get("jitterFactor").is_some() => jitter(input, expect),
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

/// Seconds since the beginning.
fn time(value: &Value) -> Result<Time, String> {
    Ok(Time::from_secs(START) + duration(value)?)
}

fn duration(seconds: &Value) -> Result<Duration, String> {
    match (seconds.as_u64(), seconds.as_f64()) {
        (Some(seconds), _) => Ok(Duration::from_secs(seconds)),
        (None, Some(seconds)) if seconds >= 0.0 => Ok(Duration::from_micros((seconds * 1e6).round() as u64)),
        _ => Err(format!("{seconds} is no time")),
    }
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
    known_keys("input", input, &["initial", "max", "steps"])?;
    known_keys("expect", expect, &["values"])?;
    let mut table: Backoff<String> = table(input)?;
    let mut values = Vec::new();
    for step in list(input, "steps") {
        known_keys("a step", step, &["op", "at", "event", "key"])?;
        let key = step["key"].as_str().unwrap_or("key").to_owned();
        let at = time(&step["at"])?;
        let event = if step["event"].is_null() { at } else { time(&step["event"])? };
        values.push(match text(step, "op") {
            "next" => {
                table.next(&key, event, at);
                Value::Null
            }
            "get" => seconds(table.get(&key)),
            "inBackOffSince" => json!(table.is_in_back_off_since(&key, event, at)),
            "inBackOffSinceUpdate" => json!(table.is_in_back_off_since_update(&key, at)),
            "known" => json!(table.get(&key) > Duration::ZERO),
            "collect" => {
                table.gc(at);
                Value::Null
            }
            "reset" => {
                table.retain(|other| *other != key);
                Value::Null
            }
            other => return Err(format!("unknown op {other}")),
        });
    }
    equal("values", &expect["values"], &json!(values))
}

/// Delays with a part of chance: what is expected holds whatever the seed.
fn jitter(input: &Value, expect: &Value) -> Result<(), String> {
    known_keys("input", input, &["initialMs", "maxMs", "jitterFactor", "calls"])?;
    known_keys("expect", expect, &["firstBetweenMs", "eachBetweenTimesPrevious", "capMs"])?;
    let millis =
        |value: &Value| value.as_u64().map(Duration::from_millis).ok_or(format!("{value} is no time"));
    let (initial, max) = (millis(&input["initialMs"])?, millis(&input["maxMs"])?);
    let factor = input["jitterFactor"].as_f64().ok_or("no jitterFactor")?;
    let calls = input["calls"].as_u64().ok_or("no calls")?;
    let between = |what: &str, value: f64| match expect[what].as_array().map(Vec::as_slice) {
        Some([least, most]) => {
            let holds = least.as_f64() <= Some(value) && Some(value) <= most.as_f64();
            if holds { Ok(()) } else { Err(format!("{what}: expected {}, got {value}", expect[what])) }
        }
        _ => Err(format!("{what} is no range")),
    };
    let cap = millis(&expect["capMs"])?;
    for seed in 0..100 {
        let rng = Rng::stream(seed, "jitter");
        let mut table = Backoff::new(initial, max).with_jitter((factor * 1000.0).round() as u64, rng);
        let now = Time::from_secs(START);
        let mut before: Option<Duration> = None;
        for _ in 0..calls {
            table.next(&"key", now, now);
            let delay = table.get(&"key");
            match before {
                None => between("firstBetweenMs", delay.as_micros() as f64 / 1000.0)?,
                Some(_) if delay == cap => {}
                Some(before) => {
                    let times = delay.as_micros() as f64 / before.as_micros() as f64;
                    between("eachBetweenTimesPrevious", times)?;
                }
            }
            before = Some(delay);
        }
    }
    Ok(())
}

fn container_restarts(input: &Value, expect: &Value) -> Result<(), String> {
    known_keys("input", input, &["initial", "max", "runs", "pod"])?;
    known_keys("expect", expect, &["delays", "startTimes", "waitingMessages"])?;
    let mut table = new_crash_loop_back_off(duration(&input["initial"])?, duration(&input["max"])?);
    let pod = Pod::from_value(&input["pod"]);
    let container = pod.spec.main_containers().next().ok_or("the pod has no container")?;
    let key = get_backoff_key(&pod, container);
    let given = text(&input["pod"]["metadata"], "uid");
    let mut start = Time::from_secs(START);
    let (mut delays, mut starts, mut messages) = (Vec::new(), Vec::new(), Vec::new());
    starts.push(seconds(Duration::ZERO));
    for run in list(input, "runs") {
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
    known_keys("input", input, &["first", "second"])?;
    known_keys("expect", expect, &["sameKey"])?;
    let key = |side: &Value| {
        known_keys("a side", side, &["podName", "namespace", "podUid", "container"])?;
        let pod = Pod::from_value(&json!({
            "metadata": {"name": side["podName"], "namespace": side["namespace"], "uid": side["podUid"]},
            "spec": {"containers": [side["container"]]},
        }));
        let key = pod.spec.main_containers().next().map(|container| get_backoff_key(&pod, container));
        key.ok_or("no container".to_owned())
    };
    equal("sameKey", &expect["sameKey"], &json!(key(&input["first"])? == key(&input["second"])?))
}

fn restart_policy(input: &Value, expect: &Value) -> Result<(), String> {
    known_keys("input", input, &["restartPolicy", "exitCode"])?;
    known_keys("expect", expect, &["restarts"])?;
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
    known_keys("input", input, &["initial", "max", "syncEvery", "until", "image"])?;
    let known = ["attempts", "attemptReason", "betweenReason", "betweenMessagePrefix"];
    known_keys("expect", expect, &known)?;
    let mut table: Backoff<PullKey> = table(input)?;
    let image = text(input, "image");
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
    let prefix = text(expect, "betweenMessagePrefix");
    if !message.starts_with(prefix) {
        return Err(format!("{message} does not begin with {prefix}"));
    }
    let reasons = json!([ERR_IMAGE_PULL, IMAGE_PULL_BACK_OFF]);
    equal("reasons", &json!([expect["attemptReason"], expect["betweenReason"]]), &reasons)
}
