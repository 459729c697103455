//! Creating and deleting the pods that a part of a sync decided on.
//!
//! Kubernetes: pkg/controller/daemon/daemon_controller.go, syncNodes.

use std::rc::Rc;

use super::part::Io;
use super::sync::Start;
use super::{BURST_REPLICAS, Revisions, delete};
use crate::error_text;
use crate::procedure::{Stop, SyncResult};
use crate::replicaset::sync::is_namespace_terminating;
use api::meta::Name;
use api::object::{Key, Kind, Object};
use api::status_error::StatusError;
use client::informer::NodeId;
use wire::Answer;

/// Pods to create, in batches that double (DS-026), and pods to delete afterwards.
#[derive(Clone, Debug)]
pub(super) struct SyncNodes {
    create: Vec<NodeId>,
    delete: Vec<Name>,
    /// How many of `create` were asked for or given up.
    pos: usize,
    batch: usize,
    /// How many answers of the present batch are missing.
    creating: usize,
    /// How many deletions are unanswered, once they were sent.
    deleting: Option<usize>,
    errors: Vec<String>,
    /// How many errors there were before the present batch.
    errors_before: usize,
}

impl SyncNodes {
    /// From now on the controller expects to see these pods created and deleted, at most
    /// [`BURST_REPLICAS`] of each. Rules: DS-025…027.
    pub(super) fn new(
        start: &Start,
        mut create: Vec<NodeId>,
        mut delete: Vec<Name>,
        io: &mut Io,
    ) -> SyncNodes {
        create.truncate(BURST_REPLICAS);
        delete.truncate(BURST_REPLICAS);
        let (adds, dels) = (create.len() as u32, delete.len() as u32);
        io.dsc.expectations.set_expectations(start.set, adds, dels, io.ctx.now);
        SyncNodes {
            batch: create.len().min(1),
            create,
            delete,
            pos: 0,
            creating: 0,
            deleting: None,
            errors: Vec::new(),
            errors_before: 0,
        }
    }

    pub(super) fn go_on(&mut self, start: &Start, revisions: &Revisions, io: &mut Io) -> SyncResult<()> {
        self.create_pods(start, revisions, io)?;
        self.delete_pods(start, io)?;
        if self.errors.is_empty() { Ok(()) } else { Err(Stop::Failed(self.errors.join(", "))) }
    }

    fn create_pods(&mut self, start: &Start, revisions: &Revisions, io: &mut Io) -> SyncResult<()> {
        loop {
            while self.creating > 0 {
                let (_, answer) = io.take_answer()?;
                self.creating -= 1;
                self.errors.extend(pod_created(start, &answer, io));
            }
            if self.errors.len() > self.errors_before && self.pos < self.create.len() {
                // The rest is not tried, so nobody waits for it either.
                let skipped = (self.create.len() - self.pos) as u32;
                io.dsc.expectations.lower(&start.set, skipped, 0);
                self.pos = self.create.len();
            }
            if self.pos == self.create.len() {
                return Ok(());
            }
            self.send_batch(start, revisions, io);
        }
    }

    fn send_batch(&mut self, start: &Start, revisions: &Revisions, io: &mut Io) {
        let end = self.create.len().min(self.pos + self.batch);
        let batch = &self.create[self.pos..end];
        if let Some(state) = io.dsc.sets.get_mut(&start.set) {
            let instance = state.pod_template_instance(&start.ds, &revisions.hash);
            for (n, node) in batch.iter().enumerate() {
                let call = instance.create(&io.caches.nodes.name(*node));
                io.ctx.request(call, super::token(io.sync, n));
            }
            self.creating = batch.len();
        }
        self.errors_before = self.errors.len();
        self.pos = end;
        self.batch *= 2;
    }

    fn delete_pods(&mut self, start: &Start, io: &mut Io) -> SyncResult<()> {
        let deleting = self.deleting.get_or_insert_with(|| {
            for (n, name) in self.delete.iter().enumerate() {
                let key = Key { namespace: start.ds.meta.namespace().clone(), name: name.clone() };
                io.send(n, delete(Kind::Pod, key));
            }
            self.delete.len()
        });
        while *deleting > 0 {
            let (n, answer) = io.take_answer()?;
            *deleting -= 1;
            let name = self.delete.get(n).cloned().unwrap_or_default();
            self.errors.extend(pod_deleted(start, &name, &answer, io));
        }
        Ok(())
    }
}

/// What went wrong with a creation, if anything did.
///
/// Rules: DS-033, DS-051.
fn pod_created(start: &Start, answer: &Answer, io: &mut Io) -> Option<String> {
    match &answer.result {
        Ok(reply) => {
            if let Some(meta) = reply.object().and_then(Object::meta) {
                io.say_created(start, &meta.name);
            }
            note_refusal(start, None, io);
            None
        }
        // A namespace that is being deleted takes no new pods; that is no reason to complain (DS-033).
        Err(error) if is_namespace_terminating(error) => None,
        Err(error) => {
            let text = error_text(error);
            io.say_not_created(start, &text);
            note_refusal(start, answer.status(), io);
            io.dsc.expectations.creation_observed(&start.set);
            Some(text)
        }
    }
}

/// Keeps what the API server refused, for those who ask why there is no pod.
fn note_refusal(start: &Start, refusal: Option<&StatusError>, io: &mut Io) {
    if let Some(state) = io.dsc.sets.get_mut(&start.set) {
        state.refusal = refusal.map(|refusal| Rc::new(refusal.clone()));
    }
}

/// What went wrong with a deletion, if anything did.
///
/// Rule: DS-051.
fn pod_deleted(start: &Start, name: &Name, answer: &Answer, io: &mut Io) -> Option<String> {
    let Err(error) = &answer.result else {
        io.say_deleted(start, name);
        return None;
    };
    io.dsc.expectations.deletion_observed(&start.set);
    if answer.status().is_some_and(|status| status.is_not_found()) {
        return None;
    }
    let text = error_text(error);
    io.say_not_deleted(start, &text);
    Some(text)
}
