//! Getting a node's pods away: each one is evicted, and retried, on its own.
//!
//! Upstream has a goroutine for each pod; here one loop always does what is due first.
//!
//! Kubernetes: kubectl/pkg/drain/drain.go, evictPods, deletePods, waitForDelete.
//! Rules: ND-040, ND-041, ND-043.

use std::ops::ControlFlow;
use std::rc::Rc;

use crate::{Cmd, errors};
use api::field::go_quote;
use api::human_duration::go_duration;
use api::meta::Uid;
use api::object::{Key, Kind, Object};
use api::pod::Pod;
use api::status_error::StatusReason;
use cli_runtime::job::{Failure, Io, Stop};
use sim::{Duration, Time};
use wire::{Call, CallError, DeleteOptions, Reply};

/// How long a refused eviction waits.
const EVICT_ERROR_RETRY_DELAY: Duration = Duration::from_secs(5);
/// Between two looks whether a pod is gone.
const INTERVAL: Duration = Duration::from_secs(1);

/// What the flags say about deleting.
pub(super) struct Helper {
    grace: Option<i64>,
    disable_eviction: bool,
    skip_wait_for_delete: Option<i64>,
    /// When to give up, and the span that was given.
    timeout: Option<(Time, Duration)>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Phase {
    Announced,
    Refused,
    Going,
}

/// A pod that is still to go.
#[derive(Clone, Debug)]
struct Pending {
    key: Key,
    uid: Uid,
    phase: Phase,
    due: Time,
}

/// What is left to do, and what went wrong.
#[derive(Clone, Debug, Default)]
struct Work {
    pending: Vec<Pending>,
    failures: Vec<Failure>,
}

/// Kubernetes: kubectl/pkg/drain/filters.go, shouldSkipPod.
pub(super) fn should_skip_pod(pod: &Pod, seconds: Option<i64>, now: Time) -> bool {
    let Some(seconds) = seconds.and_then(|seconds| u64::try_from(seconds).ok()).filter(|n| *n > 0) else {
        return false;
    };
    pod.meta.deletion.as_ref().is_some_and(|deletion| now.since(deletion.at.time()).as_secs() > seconds)
}

impl Helper {
    pub(super) fn new(io: &Io, cmd: &Cmd) -> Helper {
        Helper {
            grace: cmd.parsed.int("grace-period").filter(|seconds| *seconds >= 0),
            disable_eviction: cmd.parsed.flag("disable-eviction"),
            skip_wait_for_delete: cmd.parsed.int("skip-wait-for-delete-timeout"),
            timeout: cmd
                .parsed
                .span("timeout")
                .filter(|span| *span > Duration::ZERO)
                .map(|span| (io.now() + span, span)),
        }
    }

    pub(super) fn delete_or_evict_pods(&self, io: &mut Io, pods: &[Rc<Pod>]) -> Result<(), Stop> {
        if self.disable_eviction { self.delete_pods(io, pods) } else { self.evict_pods(io, pods) }
    }

    fn is_over(&self, now: Time) -> bool {
        self.timeout.is_some_and(|(until, _)| now >= until)
    }

    /// `global timeout reached: 5s`, behind what was under way.
    fn timed_out(&self, doing: &str) -> Failure {
        let span = self.timeout.map_or(Duration::ZERO, |(_, span)| span);
        Failure::Message(format!("{doing}: global timeout reached: {}", go_duration(span)))
    }

    fn evict_pods(&self, io: &mut Io, pods: &[Rc<Pod>]) -> Result<(), Stop> {
        for pod in pods {
            io.out(format!("evicting pod {}/{}\n", pod.meta.namespace(), pod.meta.name));
        }
        let work = Work { pending: all_of(pods, Phase::Announced, io.now()), failures: Vec::new() };
        let done = io.repeat(work, |io, work| {
            let due = work.pending.iter().enumerate().min_by_key(|(_, pending)| pending.due);
            let Some((at, due)) = due.map(|(at, pending)| (at, pending.clone())) else {
                return Ok(ControlFlow::Break(()));
            };
            if due.due > io.now() {
                io.sleep(due.due.since(io.now()))?;
            } else if due.phase == Phase::Going {
                self.look(io, work)?;
            } else {
                self.evict(io, work, at, &due)?;
            }
            Ok(ControlFlow::Continue(()))
        })?;
        if done.failures.is_empty() { Ok(()) } else { Err(Failure::Several(done.failures).into()) }
    }

    /// One attempt to evict one pod.
    fn evict(&self, io: &mut Io, work: &mut Work, at: usize, pending: &Pending) -> Result<(), Stop> {
        let Key { namespace, name } = &pending.key;
        let doing = format!("error when evicting pods/{} -n {}", go_quote(name), go_quote(namespace));
        if pending.phase == Phase::Refused {
            io.out(format!("evicting pod {namespace}/{name}\n"));
        }
        if self.is_over(io.now()) {
            work.pending.remove(at);
            work.failures.push(self.timed_out(&doing));
            return Ok(());
        }
        let answer = io.ask(Call::Evict { key: pending.key.clone(), grace_seconds: self.grace })?;
        let (phase, due) = match answer {
            Ok(_) => (Phase::Going, io.now()),
            Err(CallError::Status(status)) if status.is_not_found() => {
                work.pending.remove(at);
                return Ok(());
            }
            Err(error) => {
                let failure = Failure::of(&error, "");
                let why = errors::message(&failure, &io.client());
                if failure.status().is_none_or(|status| status.reason != StatusReason::TooManyRequests) {
                    work.pending.remove(at);
                    work.failures.push(Failure::Message(format!("{doing}: {why}")));
                    return Ok(());
                }
                io.err(format!("{doing} (will retry after 5s): {why}\n"));
                (Phase::Refused, io.now() + EVICT_ERROR_RETRY_DELAY)
            }
        };
        if let Some(pending) = work.pending.get_mut(at) {
            (pending.phase, pending.due) = (phase, due);
        }
        Ok(())
    }

    /// Looks which of the pods that are going are gone.
    ///
    /// Differs: one list for all pods that are waited for, where upstream gets each of them.
    fn look(&self, io: &mut Io, work: &mut Work) -> Result<(), Stop> {
        let answer = io.ask(Call::List { kind: Kind::Pod, namespace: None })?;
        let (going, mut rest): (Vec<_>, Vec<_>) =
            work.pending.drain(..).partition(|pending| pending.phase == Phase::Going);
        let verb = if self.disable_eviction { "deletion" } else { "eviction" };
        let waiting = |key: &Key| {
            format!(
                "error when waiting for pod {} in namespace {} to terminate",
                go_quote(&key.name),
                go_quote(&key.namespace)
            )
        };
        let there = match answer {
            Ok(Reply::List(there)) => there,
            Ok(_) => Vec::new(),
            Err(error) => {
                for pending in going {
                    io.out(format!("pod/{} {verb} failed\n", pending.key.name));
                    let why = errors::message(&Failure::of(&error, get_text(io, &pending.key)), &io.client());
                    let text =
                        if self.disable_eviction { why } else { format!("{}: {why}", waiting(&pending.key)) };
                    work.failures.push(Failure::Message(text));
                }
                work.pending = rest;
                return Ok(());
            }
        };
        for pending in going {
            if !self.is_left(io, &pending, &there) {
                continue;
            }
            if self.is_over(io.now()) && !self.disable_eviction {
                work.failures.push(self.timed_out(&waiting(&pending.key)));
                continue;
            }
            rest.push(Pending { due: io.now() + INTERVAL, ..pending });
        }
        work.pending = rest;
        Ok(())
    }

    /// Whether a pod has still to be waited for; says so when not.
    fn is_left(&self, io: &mut Io, pending: &Pending, there: &[Object]) -> bool {
        let name = &pending.key.name;
        let pod = there.iter().find_map(|object| match object {
            Object::Pod(pod) if pod.meta.uid == pending.uid => Some(pod),
            _ => None,
        });
        let Some(pod) = pod else {
            let verb = if self.disable_eviction { "deleted" } else { "evicted" };
            io.out(format!("pod/{name} {verb}\n"));
            return false;
        };
        let skip = should_skip_pod(pod, self.skip_wait_for_delete, io.now());
        if skip {
            let seconds = self.skip_wait_for_delete.unwrap_or(0);
            let name = go_quote(name);
            io.out(format!("pod {name} has DeletionTimestamp older than {seconds} seconds, skipping\n"));
        }
        !skip
    }

    /// Kubernetes: deletePods. Whatever is refused ends it; the time limit counts the waiting alone.
    fn delete_pods(&self, io: &mut Io, pods: &[Rc<Pod>]) -> Result<(), Stop> {
        for pod in pods {
            let options = DeleteOptions { grace_seconds: self.grace, ..DeleteOptions::default() };
            let call = Call::Delete { kind: Kind::Pod, key: Key::of(&pod.meta), options };
            match io.once(|io| io.must(call)) {
                Err(Stop::Failed(failure)) if !failure.is_not_found() => return Err(failure.into()),
                Err(Stop::Pending) => return Err(Stop::Pending),
                Ok(_) | Err(Stop::Failed(_)) => {}
            }
        }
        let until = self.timeout.map(|(_, span)| io.now() + span);
        let work = Work { pending: all_of(pods, Phase::Going, io.now()), failures: Vec::new() };
        let done = io.repeat(work, |io, work| {
            self.look(io, work)?;
            if work.pending.is_empty() || !work.failures.is_empty() {
                return Ok(ControlFlow::Break(()));
            }
            if until.is_some_and(|until| io.now() >= until) {
                return Err("timed out waiting for the condition".into());
            }
            io.sleep(INTERVAL)?;
            Ok(ControlFlow::Continue(()))
        })?;
        done.failures.into_iter().next().map_or(Ok(()), |failure| Err(failure.into()))
    }
}

fn all_of(pods: &[Rc<Pod>], phase: Phase, due: Time) -> Vec<Pending> {
    pods.iter().map(|pod| Pending { key: Key::of(&pod.meta), uid: pod.meta.uid, phase, due }).collect()
}

/// The request with which upstream looks for a pod, as an error names it.
fn get_text(io: &Io, key: &Key) -> String {
    let server = &io.client().server;
    format!("Get \"https://{server}/api/v1/namespaces/{}/pods/{}\"", key.namespace, key.name)
}
