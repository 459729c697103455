//! The post between the parts: messages under way, and the record of those that were sent.

use std::collections::VecDeque;

use crate::api::object::{Key, Kind};
use crate::sim::{Digest, Time};
use crate::wire::{Answer, Call, Part, Token};

/// Where an exchange with the API server is.
#[derive(Clone, Debug)]
pub enum Leg {
    /// On its way to the API server.
    Call(Call),
    /// On its way back.
    Answer(Answer),
    /// A list that a watch begins with: on its way there, or back with the objects.
    List,
    Listed(Vec<(Kind, Vec<crate::api::object::Object>)>),
}

/// One message under way.
#[derive(Clone, Debug)]
pub struct Message {
    pub part: Part,
    /// The life of the sender's process; an answer to an earlier life is dropped.
    pub epoch: u32,
    pub token: Token,
    pub leg: Leg,
    pub sent: Time,
    pub arrives: Time,
    pub id: u64,
}

/// A slab of messages; slots are used again.
#[derive(Clone, Debug, Default)]
pub struct Post {
    slots: Vec<Option<Message>>,
    free: Vec<u32>,
    next_id: u64,
}

impl Post {
    pub fn put(&mut self, mut message: Message) -> u32 {
        self.next_id += 1;
        message.id = self.next_id;
        match self.free.pop() {
            Some(slot) => {
                self.slots[slot as usize] = Some(message);
                slot
            }
            None => {
                self.slots.push(Some(message));
                (self.slots.len() - 1) as u32
            }
        }
    }

    pub fn take(&mut self, slot: u32) -> Option<Message> {
        let message = self.slots.get_mut(slot as usize)?.take()?;
        self.free.push(slot);
        Some(message)
    }

    pub fn iter(&self) -> impl Iterator<Item = &Message> {
        self.slots.iter().flatten()
    }

    pub fn is_empty(&self) -> bool {
        self.slots.len() == self.free.len()
    }
}

/// A message that was sent: a line of the log.
#[derive(Clone, Debug, PartialEq)]
pub struct Record {
    pub sent: Time,
    pub arrives: Time,
    pub from: Part,
    pub to: Part,
    pub verb: &'static str,
    pub kind: Kind,
    pub key: Key,
}

/// How many messages the log keeps; older ones live on in the digest only. Few enough to stay in a processor's
/// cache: in a storm the log is written more often than anything else.
const KEPT: usize = 4_000;

/// The log of messages, and the fingerprint of all there ever were.
#[derive(Clone, Debug, Default)]
pub struct Log {
    records: VecDeque<Record>,
    digest: Digest,
    count: u64,
}

fn part_number(part: Part) -> u64 {
    match part {
        Part::User => 0,
        Part::ApiServer => 1,
        Part::Etcd => 2,
        Part::ControllerManager => 3,
        Part::Scheduler => 4,
        Part::Kubelet(machine) => 16 + u64::from(machine.0),
    }
}

impl Log {
    pub fn push(&mut self, record: Record) {
        self.count += 1;
        self.digest.fold(record.sent.0);
        self.digest.fold(record.arrives.0 ^ part_number(record.from) << 48 ^ part_number(record.to) << 32);
        self.digest.fold_bytes(record.verb.as_bytes());
        self.digest.fold_bytes(record.key.name.as_bytes());
        if self.records.len() == KEPT {
            self.records.pop_front();
        }
        self.records.push_back(record);
    }

    pub fn records(&self) -> impl DoubleEndedIterator<Item = &Record> {
        self.records.iter()
    }

    /// How many messages there have been.
    pub fn count(&self) -> u64 {
        self.count
    }

    pub fn digest(&self) -> Digest {
        self.digest
    }
}

/// The object that a call is about, for pictures and logs.
pub fn key_of(call: &Call) -> Key {
    match call {
        Call::Get { key, .. }
        | Call::Put { key, .. }
        | Call::Patch { key, .. }
        | Call::Delete { key, .. }
        | Call::Evict { key, .. }
        | Call::HoldLease { key, .. } => key.clone(),
        Call::PatchPodStatus { pod, .. } | Call::Bind { pod, .. } => pod.key.clone(),
        Call::List { namespace, .. } => {
            Key { namespace: namespace.clone().unwrap_or_default(), name: "".into() }
        }
        Call::Post { namespace, body, .. } => {
            let name = body["metadata"]["name"].as_str().unwrap_or_default();
            Key { namespace: namespace.clone(), name: name.into() }
        }
        Call::Create(object) | Call::Update(object) | Call::UpdateStatus(object) => {
            let mut key = object.key();
            if key.name.is_empty()
                && let Some(meta) = object.meta()
            {
                key.name = meta.common.generate_name.clone();
            }
            key
        }
        Call::PostEvent(draft) => {
            let about = &draft.regarding;
            Key { namespace: about.namespace.clone(), name: about.name.clone() }
        }
    }
}
