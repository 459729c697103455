use std::ops::ControlFlow;
use std::rc::Rc;

use super::*;
use api::object::{Key, Object};
use api::pod::Pod;
use sim::Duration;
use wire::Reply as Answered;

fn pod(name: &str, version: u64) -> Object {
    let mut pod = Pod::from_value(&serde_json::json!({"metadata": {"name": name, "namespace": "default"}}));
    pod.meta.resource_version = version;
    Object::Pod(Rc::new(pod))
}

fn get(name: &str) -> Call {
    Call::Get { kind: Kind::Pod, key: Key::new("default", name) }
}

fn job(program: Program) -> Job {
    Job::new("test", program, FileSet::new(), Rc::default(), Time::from_secs(100))
}

fn name_of(reply: &Answered) -> String {
    reply.object().map(|object| object.key().name.to_string()).unwrap_or_default()
}

#[test]
fn a_program_goes_on_when_its_answer_comes() {
    let mut job = job(|io| {
        io.out("asking\n");
        let reply = io.must(get("a"))?;
        io.out(format!("{} at {}\n", name_of(&reply), io.now().stamp()));
        io.sleep(Duration::from_secs(5))?;
        io.out("woke\n");
        Ok(0)
    });
    assert_eq!(job.advance(), Progress::Needs(get("a")));
    assert_eq!(job.advance(), Progress::Needs(get("a")));
    assert_eq!(job.text(), "asking\n");
    let twin = job.clone();
    job.answer(Time::from_secs(101), Answer::ok(Answered::Object(pod("a", 1))));
    assert_eq!(job.advance(), Progress::Sleeps { until: Time::from_secs(106) });
    job.woke(Time::from_secs(105));
    assert_eq!(job.exit_code(), None);
    job.woke(Time::from_secs(106));
    assert_eq!(job.advance(), Progress::Done { exit_code: 0 });
    assert_eq!(job.text(), "asking\na at 1970-01-01T00:01:41Z\nwoke\n");
    assert_eq!(twin.text(), "asking\n", "a clone goes its own way");
}

#[test]
fn a_refusal_ends_the_program() {
    let mut job = job(|io| io.must(get("a")).map(|_| 0));
    job.advance();
    job.answer(Time::from_secs(101), Answer { result: Err(CallError::Refused), warnings: Vec::new() });
    assert_eq!(job.advance(), Progress::Done { exit_code: 1 });
}

#[test]
fn finished_steps_are_not_done_over() {
    thread_local!(static RUNS: std::cell::Cell<u32> = const { std::cell::Cell::new(0) });
    let mut job = job(|io| {
        let mut names = Vec::new();
        for name in ["a", "b", "c"] {
            let found = io.once(|io| {
                let reply = io.must(get(name))?;
                RUNS.with(|runs| runs.set(runs.get() + 1));
                io.out(format!("got {}\n", name_of(&reply)));
                io.once(|io| io.must(get("inner")))?;
                Ok(name_of(&reply))
            })?;
            names.push(found.to_string());
        }
        io.out(names.join(" "));
        Ok(0)
    });
    for (at, name) in (101..).zip(["a", "inner", "b", "inner", "c", "inner"]) {
        assert_eq!(job.advance(), Progress::Needs(get(name)));
        job = job.clone();
        job.answer(Time::from_secs(at), Answer::ok(Answered::Object(pod(name, 1))));
    }
    assert_eq!(job.advance(), Progress::Done { exit_code: 0 });
    assert_eq!(job.text(), "got a\ngot b\ngot c\na b c");
    // Once when its first answer comes and once when its second does.
    assert_eq!(RUNS.with(std::cell::Cell::get), 6);
}

#[test]
fn a_watch_is_taken_event_by_event() {
    let mut job = job(|io| {
        let listed = [pod("a", 7)];
        let watching = io.watch(Kind::Pod, Some("default"), &listed);
        let count = io.repeat(0, |io, count| {
            match io.next(&watching, Some(Time::from_secs(200)))? {
                Some(Ok(event)) => io.out(format!("{}\n", event.object().key())),
                Some(Err(_)) => io.out("closed\n"),
                None => return Ok(ControlFlow::Break(())),
            }
            *count += 1;
            Ok(ControlFlow::Continue(()))
        })?;
        io.out(format!("{count} at {}\n", io.now().stamp().0));
        Ok(0)
    });
    let watch = WatchSpec { number: 1, kind: Kind::Pod, namespace: Some("default".into()), since: 7 };
    let waits = Progress::Watches { watch, until: Some(Time::from_secs(200)) };
    assert_eq!(job.advance(), waits);
    job.event(Time::from_secs(110), WatchEvent::Added(pod("b", 8)));
    job.event(Time::from_secs(110), WatchEvent::Modified(pod("b", 9)));
    assert_eq!(job.advance(), waits);
    job = job.clone();
    job.closed(Time::from_secs(120), CallError::Refused);
    assert_eq!(job.advance(), waits);
    assert_eq!(job.text(), "default/b\ndefault/b\nclosed\n");
    job.woke(Time::from_secs(199));
    assert_eq!(job.exit_code(), None);
    job.woke(Time::from_secs(200));
    assert_eq!(job.advance(), Progress::Done { exit_code: 0 });
    assert_eq!(job.text(), "default/b\ndefault/b\nclosed\n3 at 200\n");
}

#[test]
fn events_of_an_earlier_watch_are_not_mistaken_for_those_of_a_later_one() {
    let mut job = job(|io| {
        for round in 0..2 {
            let watching = io.watch(Kind::Pod, None, []);
            let event = io.next(&watching, None)?;
            let name = event.and_then(Result::ok).map(|event| event.object().key().to_string());
            io.out(format!("{round}: {}\n", name.unwrap_or_default()));
            io.must(get("x"))?;
        }
        Ok(0)
    });
    job.advance();
    for (at, name) in [(101, "a"), (102, "stale")] {
        job.event(Time::from_secs(at), WatchEvent::Added(pod(name, at)));
        job.advance();
    }
    job.answer(Time::from_secs(103), Answer::ok(Answered::Done));
    assert!(matches!(job.advance(), Progress::Watches { watch: WatchSpec { number: 2, .. }, .. }));
    job.event(Time::from_secs(104), WatchEvent::Added(pod("b", 104)));
    job.advance();
    assert_eq!(job.text(), "0: default/a\n1: default/b\n");
}

#[test]
fn output_that_was_taken_away_is_not_written_again() {
    let mut job = job(|io| {
        io.out("one\n");
        io.must(get("a"))?;
        io.out("two\n");
        Ok(0)
    });
    job.advance();
    assert_eq!(job.take_output().len(), 1);
    job.answer(Time::from_secs(101), Answer::ok(Answered::Object(pod("a", 1))));
    job.advance();
    assert_eq!(job.text(), "two\n");
}

#[test]
fn ctrl_c_ends_a_job() {
    let mut job = job(|io| io.must(get("a")).map(|_| 0));
    job.advance();
    job.interrupt();
    assert_eq!((job.exit_code(), job.text()), (Some(130), "^C\n".to_owned()));
    job.answer(Time::from_secs(101), Answer::ok(Answered::Done));
    assert_eq!(job.advance(), Progress::Done { exit_code: 130 });
}
