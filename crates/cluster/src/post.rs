//! The post between the parts: messages under way, and the record of those that were sent.

use std::collections::VecDeque;

use api::event::EventDraft;
use api::object::{Key, Kind};
use api::status_error::StatusError;
use sim::{Digest, Time};
use wire::{Answer, Call, Part, Token};

/// Where an exchange with the API server is.
#[derive(Clone, Debug)]
pub enum Leg {
    /// On its way to the API server.
    Call(Call),
    /// On its way back.
    Answer(Answer),
    /// A list that a watch begins with: on its way there, or back with the objects.
    List,
    /// The objects of the kinds that a part watches, as a watch begins.
    Listed(Vec<(Kind, Vec<api::object::Object>)>),
    /// An event that the API server has refused, and why.
    EventRejected(Box<(EventDraft, StatusError)>),
}

/// One message under way.
#[derive(Clone, Debug)]
pub struct Message {
    /// Who has sent it, or who gets it.
    pub part: Part,
    /// The life of the sender's process; an answer to an earlier life is dropped.
    pub(crate) epoch: u32,
    pub(crate) token: Token,
    /// What it carries, and in which direction.
    pub leg: Leg,
    /// When it was sent.
    pub sent: Time,
    /// When it arrives.
    pub arrives: Time,
    /// Counts all messages; for the picture.
    pub id: u64,
}

/// A slab of messages; slots are used again.
#[derive(Clone, Debug, Default)]
pub(crate) struct Post {
    slots: Vec<Option<Message>>,
    free: Vec<u32>,
    next_id: u64,
    under_way: UnderWay,
}

/// How many messages are under way: to the API server and back, by the kind of part.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct UnderWay {
    /// Between the user and the API server.
    pub user: Both,
    /// Between kube-controller-manager and the API server.
    pub controller_manager: Both,
    /// Between kube-scheduler and the API server.
    pub scheduler: Both,
    /// Between all kubelets and the API server.
    pub kubelets: Both,
}

/// Towards the API server, and from it.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Both {
    /// Messages to the API server.
    pub to: u32,
    /// Messages from it.
    pub back: u32,
}

impl UnderWay {
    fn count(&mut self, message: &Message, by: fn(u32, u32) -> u32) {
        let both = match message.part {
            Part::User | Part::ApiServer | Part::Etcd => &mut self.user,
            Part::ControllerManager => &mut self.controller_manager,
            Part::Scheduler => &mut self.scheduler,
            Part::Kubelet(_) => &mut self.kubelets,
        };
        let count = match message.leg {
            Leg::Call(_) | Leg::List => &mut both.to,
            Leg::Answer(_) | Leg::Listed(_) | Leg::EventRejected(_) => &mut both.back,
        };
        *count = by(*count, 1);
    }
}

/// A slab with more slots than this gives its memory back when nothing is under way.
const SLOTS_KEPT: usize = 4096;

impl Post {
    pub(crate) fn put(&mut self, mut message: Message) -> u32 {
        self.next_id += 1;
        message.id = self.next_id;
        self.under_way.count(&message, u32::wrapping_add);
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

    pub(crate) fn take(&mut self, slot: u32) -> Option<Message> {
        let message = self.slots.get_mut(slot as usize)?.take()?;
        self.free.push(slot);
        self.under_way.count(&message, u32::wrapping_sub);
        if self.is_empty() && self.slots.len() > SLOTS_KEPT {
            (self.slots, self.free) = (Vec::new(), Vec::new());
        }
        Some(message)
    }

    /// O(1).
    pub(crate) fn under_way(&self) -> UnderWay {
        self.under_way
    }

    pub(crate) fn len(&self) -> usize {
        self.slots.len() - self.free.len()
    }

    pub(crate) fn iter(&self) -> impl Iterator<Item = &Message> {
        self.slots.iter().flatten()
    }

    pub(crate) fn is_empty(&self) -> bool {
        self.slots.len() == self.free.len()
    }
}

/// A message that was sent: a line of the log.
#[derive(Clone, Debug, PartialEq)]
pub struct LoggedMessage {
    /// When it was sent.
    pub sent: Time,
    /// When it arrived.
    pub arrives: Time,
    /// Who sent it.
    pub from: Part,
    /// Who got it.
    pub to: Part,
    /// What it asks or tells: `get`, `patch status`, `watch` …
    pub verb: &'static str,
    /// The kind of its object.
    pub kind: Kind,
    /// The namespace and name of its object; empty parts where it is about many.
    pub key: Key,
}

/// How many messages the log keeps; older ones live on in the digest only. Few enough to stay in a processor's
/// cache: in a storm the log is written more often than anything else.
const KEPT: usize = 4_000;

/// The log of messages, and the fingerprint of all there ever were.
#[derive(Clone, Debug, Default)]
pub struct Log {
    records: VecDeque<LoggedMessage>,
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
    pub(crate) fn push(&mut self, record: LoggedMessage) {
        self.count += 1;
        let parts = part_number(record.from) << 48 ^ part_number(record.to) << 32;
        self.digest.fold(record.sent.0.rotate_left(16) ^ record.arrives.0 ^ parts);
        self.digest.fold_bytes(record.verb.as_bytes());
        self.digest.fold_bytes(record.key.name.as_bytes());
        if self.records.len() == KEPT {
            self.records.pop_front();
        }
        self.records.push_back(record);
    }

    /// The messages that are kept, oldest first.
    pub fn records(&self) -> impl DoubleEndedIterator<Item = &LoggedMessage> {
        self.records.iter()
    }

    /// How many messages there have been.
    pub fn count(&self) -> u64 {
        self.count
    }

    /// The digest of all messages so far.
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
        | Call::HoldLease { key, .. }
        | Call::ReleaseLease { key, .. } => key.clone(),
        Call::PatchPodStatus { pod, .. } | Call::Bind { pod, .. } => pod.key.clone(),
        Call::DryRun(call) | Call::As { call, .. } => key_of(call),
        Call::Review(_) => Key { namespace: "".into(), name: "".into() },
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

#[cfg(test)]
mod tests {
    use super::*;
    use wire::MachineId;

    fn message(part: Part, leg: Leg) -> Message {
        let time = Time::START;
        Message { part, epoch: 0, token: Token::None, leg, sent: time, arrives: time, id: 0 }
    }

    #[test]
    fn what_is_under_way_is_counted_by_part_and_direction() {
        let mut post = Post::default();
        let kubelet = post.put(message(Part::Kubelet(MachineId(7)), Leg::List));
        let back = post.put(message(Part::Scheduler, Leg::Listed(Vec::new())));
        let counts = post.under_way();
        assert_eq!((counts.kubelets, counts.scheduler), (Both { to: 1, back: 0 }, Both { to: 0, back: 1 }));
        assert_eq!(post.len(), 2);
        assert!(post.take(kubelet).is_some() && post.take(kubelet).is_none());
        assert!(post.take(back).is_some());
        assert_eq!((post.under_way(), post.len()), (UnderWay::default(), 0));
    }

    #[test]
    fn a_slab_that_was_large_gives_its_memory_back() {
        let mut post = Post::default();
        let slots: Vec<u32> = (0..=SLOTS_KEPT).map(|_| post.put(message(Part::User, Leg::List))).collect();
        for slot in slots {
            assert!(post.take(slot).is_some());
        }
        assert_eq!((post.slots.capacity(), post.free.capacity()), (0, 0));
        assert_eq!(post.put(message(Part::User, Leg::List)), 0);
        assert_eq!(post.iter().next().map(|message| message.id), Some(SLOTS_KEPT as u64 + 2));
    }
}
