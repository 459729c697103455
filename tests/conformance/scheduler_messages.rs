//! Topic scheduler-messages: the sentence of a cycle that found no node.

use std::rc::Rc;

use api::object::{Kind, Object};
use api::{Node, Pod};
use scheduler::Scheduler;
use scheduler::cache::NodeId;
use scheduler::fit_error::{Diagnosis, fit_error};
use scheduler::framework::{Code, Plugin, Reason, Status};
use serde_json::Value;
use sim::{Rng, Time};
use wire::{Call, Component, Ctx, Effect, Settings};

use crate::expect::{equal, known_keys, needs};

const SENTENCE: [&str; 5] =
    ["numAllNodes", "nodeReasons", "absentReasons", "preFilterMessage", "postFilterMessage"];

pub fn run(case: &Value) -> Result<(), String> {
    let (input, expect) = (&case["input"], &case["expect"]);
    needs(case, &[])?;
    // `messageOlder` is what releases before 1.35 said.
    known_keys("expect", expect, &["message", "messageOlder"])?;
    let got = match case["check"].as_str() {
        None => {
            known_keys("input", input, &SENTENCE)?;
            sentence(input)
        }
        Some("event") => {
            known_keys("input", input, &["pod", "nodes", "pods"])?;
            event(input).ok_or("no FailedScheduling event")?
        }
        Some(other) => return Err(format!("unknown check {other}")),
    };
    equal("message", &expect["message"], &got.into())
}

fn status(reasons: &Value) -> Status {
    let mut status = Status::empty(Plugin::NodeName, Code::Unschedulable);
    for reason in reasons.as_array().into_iter().flatten().filter_map(Value::as_str) {
        status.push(Reason::Text(reason.into()));
    }
    status
}

fn sentence(input: &Value) -> String {
    let text = |key: &str| input[key].as_str().unwrap_or_default().to_owned();
    let mut diagnosis = Diagnosis {
        pre_filter_message: text("preFilterMessage"),
        post_filter_message: text("postFilterMessage"),
        ..Diagnosis::default()
    };
    let reasons = input["nodeReasons"].as_object().into_iter().flatten();
    diagnosis.node_to_status.nodes =
        reasons.enumerate().map(|(at, (_, reasons))| (NodeId(at as u32), status(reasons))).collect();
    if input["absentReasons"].is_array() {
        diagnosis.node_to_status.absent = Some(status(&input["absentReasons"]));
    }
    fit_error(input["numAllNodes"].as_u64().unwrap_or(0) as usize, &diagnosis)
}

/// What the scheduler says when it is shown these nodes and pods.
fn event(input: &Value) -> Option<String> {
    let (settings, mut rng, mut effects) = (Settings::default(), Rng::stream(1, "conformance"), Vec::new());
    let mut scheduler = Scheduler::new();
    let list = |key: &str| input[key].as_array().cloned().unwrap_or_default();
    let nodes = list("nodes").iter().map(|node| Object::Node(Rc::new(Node::from_value(node)))).collect();
    let mut pods = list("pods");
    pods.push(input["pod"].clone());
    let pods = pods.iter().enumerate().map(|(at, pod)| {
        let mut pod = Pod::from_value(pod);
        pod.meta.uid.low += at as u64 + 1;
        Object::Pod(Rc::new(pod))
    });
    let mut ctx = Ctx { now: Time::START, settings: &settings, rng: &mut rng, effects: &mut effects };
    scheduler.start(&mut ctx);
    scheduler.on_list(Kind::Node, nodes, &mut ctx);
    scheduler.on_list(Kind::Pod, pods.collect(), &mut ctx);
    let timers: Vec<_> = effects
        .iter()
        .filter_map(|effect| match effect {
            Effect::Wake { at, timer } if *at == Time::START => Some(*timer),
            _ => None,
        })
        .collect();
    for timer in timers {
        let mut ctx = Ctx { now: Time::START, settings: &settings, rng: &mut rng, effects: &mut effects };
        scheduler.on_timer(timer, &mut ctx);
    }
    effects.iter().find_map(|effect| match effect {
        Effect::Request { call: Call::PostEvent(draft), .. } if draft.reason == "FailedScheduling" => {
            Some(draft.message())
        }
        _ => None,
    })
}
