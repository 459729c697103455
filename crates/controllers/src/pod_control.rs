//! Making and deleting the pods of a controller, with the events that say so.
//!
//! Kubernetes: pkg/controller/controller_utils.go, RealPodControl, slowStartBatch.

use std::rc::Rc;

use crate::error_text;
use crate::procedure::{Got, Io, SyncResult};
use crate::replicaset::sync::{is_gone, is_namespace_terminating};
use api::event::{EventType, Message, ObjectRef};
use api::object::{Key, Kind, Other};
use api::pod::Pod;
use client::recorder::Recorder;
use wire::{Call, DeleteOptions};

const SLOW_START_INITIAL_BATCH_SIZE: usize = 1;

/// What a controller does with pods in the name of one object.
pub(crate) struct PodControl<'a> {
    pub(crate) owner: &'a Other,
    pub(crate) recorder: &'a mut Recorder,
}

impl PodControl<'_> {
    /// Says something on the owner, at once.
    pub(crate) fn say(&mut self, io: &mut Io, kind: EventType, reason: &'static str, text: String) {
        let regarding = ObjectRef::of(self.owner.kind, &self.owner.meta);
        self.recorder.event(io.ctx, &regarding, kind, reason, Message::Text(text.into()));
    }

    /// Says something on the owner, once in a sync.
    pub(crate) fn say_once(&mut self, io: &mut Io, kind: EventType, reason: &'static str, text: &str) {
        if io.first_time() {
            self.say(io, kind, reason, text.to_owned());
        }
    }

    /// Makes pods in batches that double; after a batch with a failure the rest waits for another sync. Gives
    /// how many were made, and the first error.
    pub(crate) fn create_pods(
        &mut self,
        count: usize,
        call: impl Fn(usize) -> Call,
        io: &mut Io,
    ) -> SyncResult<(usize, Option<String>)> {
        let (mut next, mut made, mut batch) = (0, 0, SLOW_START_INITIAL_BATCH_SIZE);
        let mut first_error = None;
        while next < count && first_error.is_none() {
            let end = count.min(next + batch);
            let answers = io.ask_all((next..end).map(&call).collect())?;
            next = end;
            let fresh = io.first_time();
            for got in answers {
                match got {
                    Ok(reply) => {
                        made += 1;
                        let name = reply.object().map(|object| object.key().name).unwrap_or_default();
                        if fresh {
                            self.say(
                                io,
                                EventType::Normal,
                                "SuccessfulCreate",
                                format!("Created pod: {name}"),
                            );
                        }
                    }
                    // Nothing can be created there any more.
                    Err(error) if is_namespace_terminating(&error) => made += 1,
                    Err(error) => {
                        let text = error_text(&error);
                        if fresh {
                            let said = format!("Error creating: {text}");
                            self.say(io, EventType::Warning, "FailedCreate", said);
                        }
                        first_error.get_or_insert(text);
                    }
                }
            }
            batch *= 2;
        }
        Ok((made, first_error))
    }

    /// Deletes pods, all at once. Gives the answer for each.
    pub(crate) fn delete_pods(&mut self, pods: &[Rc<Pod>], io: &mut Io) -> SyncResult<Vec<Got>> {
        let delete = |pod: &Rc<Pod>| {
            let options = DeleteOptions::default();
            Call::Delete { kind: Kind::Pod, key: Key::of(&pod.meta), options }
        };
        let answers = io.ask_all(pods.iter().map(delete).collect())?;
        if io.first_time() {
            for (pod, got) in pods.iter().zip(&answers) {
                match got {
                    Ok(_) => {
                        let text = format!("Deleted pod: {}", pod.meta.name);
                        self.say(io, EventType::Normal, "SuccessfulDelete", text);
                    }
                    Err(error) if is_gone(error) => {}
                    Err(error) => {
                        let text = format!("Error deleting: {}", error_text(error));
                        self.say(io, EventType::Warning, "FailedDelete", text);
                    }
                }
            }
        }
        Ok(answers)
    }
}
