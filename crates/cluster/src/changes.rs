//! What looks different since the view last asked: which computers, and what belongs to none of them.
//!
//! Every entry costs O(1) where something changes, so that the picture of 150,000 pods is brought up to date
//! by looking only at what did.

use std::collections::{BTreeMap, BTreeSet};

use api::meta::Name;
use api::object::Object;
use api::pod::Pod;
use apiserver::store::Change;
use sim::NameIndex;
use wire::MachineId;

/// What looks different since the picture was last brought up to date.
#[derive(Clone, Debug, Default)]
pub struct Changes {
    /// Computers in the order in which they changed, each once.
    machines: Vec<MachineId>,
    is_listed: Vec<bool>,
    /// Serials of the pods that are meant for a computer's node and not bound yet, by computer.
    waiting: Vec<Vec<u32>>,
    /// The same for nodes without a computer of ours.
    waiting_elsewhere: BTreeMap<Name, Vec<u32>>,
    /// Serials of the pods that are meant for no particular node and not bound yet.
    unplaced: BTreeSet<u32>,
    /// Node objects without a computer of ours.
    unhosted: BTreeSet<Name>,
    unplaced_changed: bool,
    unhosted_changed: bool,
    daemonsets_changed: bool,
}

/// What [`Changes::take`] hands over.
#[derive(Debug, Default)]
pub struct Taken {
    /// The computers that look different, each once, in the order in which they changed.
    pub machines: Vec<MachineId>,
    /// Whether the pods that wait for no particular node changed.
    pub unplaced: bool,
    /// Whether the nodes without a computer, or their pods, changed.
    pub unhosted: bool,
    /// Whether a DaemonSet changed.
    pub daemonsets: bool,
}

impl Changes {
    /// Something of this computer changed: its node, its pods, its runtime, its files or its power.
    pub(crate) fn touch(&mut self, id: MachineId) {
        let at = id.0 as usize;
        if self.is_listed.len() <= at {
            self.is_listed.resize(at + 1, false);
        }
        if !std::mem::replace(&mut self.is_listed[at], true) {
            self.machines.push(id);
        }
    }

    /// An object was written or removed. Gives the computer that it is on or meant for, or is the node of.
    pub(crate) fn note(&mut self, change: &Change, machines: &NameIndex) -> Option<MachineId> {
        match (&change.old, &change.new) {
            (Some(Object::Pod(pod)), None) => self.note_pod(Some(pod), None, machines),
            (None, Some(Object::Pod(pod))) => self.note_pod(None, Some(pod), machines),
            (Some(Object::Pod(old)), Some(Object::Pod(new))) => self.note_pod(Some(old), Some(new), machines),
            (old, new) => match (new.as_ref().or(old.as_ref()), new.is_some()) {
                (Some(Object::Node(node)), is_there) => self.note_node(&node.meta.name, is_there, machines),
                (object, _) => {
                    self.daemonsets_changed |= matches!(object, Some(Object::DaemonSet(_)));
                    None
                }
            },
        }
    }

    /// A computer was added; there may have been a node of its name without one.
    pub(crate) fn add_machine(&mut self, name: &Name, id: MachineId) {
        self.touch(id);
        self.unhosted_changed |= self.unhosted.remove(name);
        if let Some(list) = self.waiting_elsewhere.remove(name) {
            let at = id.0 as usize;
            self.waiting.resize(self.waiting.len().max(at + 1), Vec::new());
            self.waiting[at] = list;
        }
    }

    /// A computer was taken away; its node, if there is one, stays.
    pub(crate) fn remove_machine(&mut self, name: &Name, id: MachineId, has_node: bool) {
        self.unhosted_changed = true;
        if has_node {
            self.unhosted.insert(name.clone());
        }
        if let Some(list) = self.waiting.get_mut(id.0 as usize).map(std::mem::take)
            && !list.is_empty()
        {
            self.waiting_elsewhere.insert(name.clone(), list);
        }
    }

    fn note_node(&mut self, name: &Name, is_there: bool, machines: &NameIndex) -> Option<MachineId> {
        if let Some(id) = machines.get(name).map(MachineId) {
            self.touch(id);
            return Some(id);
        }
        self.unhosted_changed = true;
        match is_there {
            true => self.unhosted.insert(name.clone()),
            false => self.unhosted.remove(name),
        };
        None
    }

    fn note_pod(&mut self, old: Option<&Pod>, new: Option<&Pod>, machines: &NameIndex) -> Option<MachineId> {
        let pod = new.or(old)?;
        let place = pod.node_name.as_ref().or(pod.pinned_to.as_ref());
        let machine = place.and_then(|name| machines.get(name)).map(MachineId);
        if let Some(id) = machine {
            self.touch(id);
        }
        let waits = |pod: Option<&Pod>| pod.is_some_and(|pod| pod.node_name.is_none());
        match (waits(old), waits(new)) {
            (false, true) => self.add_waiting(pod, machine),
            (true, false) => self.remove_waiting(pod, old, machine),
            _ => {}
        }
        match (machine, place) {
            (Some(_), _) => {}
            (None, Some(_)) => self.unhosted_changed = true,
            (None, None) => self.unplaced_changed = true,
        }
        machine
    }

    fn add_waiting(&mut self, pod: &Pod, machine: Option<MachineId>) {
        let serial = pod.meta.serial;
        match (machine, &pod.pinned_to) {
            (Some(id), _) => {
                let at = id.0 as usize;
                if self.waiting.len() <= at {
                    self.waiting.resize(at + 1, Vec::new());
                }
                self.waiting[at].push(serial);
            }
            (None, Some(name)) => self.waiting_elsewhere.entry(name.clone()).or_default().push(serial),
            (None, None) => {
                self.unplaced.insert(serial);
            }
        }
    }

    /// `old` says where the pod was waited for: one that was meant for no node may be bound to any.
    fn remove_waiting(&mut self, pod: &Pod, old: Option<&Pod>, machine: Option<MachineId>) {
        let serial = pod.meta.serial;
        let pinned = old.and_then(|old| old.pinned_to.as_ref());
        if pinned.is_none() {
            self.unplaced_changed |= self.unplaced.remove(&serial);
            return;
        }
        if let Some(list) = machine.and_then(|id| self.waiting.get_mut(id.0 as usize)) {
            list.retain(|have| *have != serial);
            if list.is_empty() {
                *list = Vec::new();
            }
        } else if let Some(name) = pinned
            && let Some(list) = self.waiting_elsewhere.get_mut(name)
        {
            list.retain(|have| *have != serial);
            if list.is_empty() {
                self.waiting_elsewhere.remove(name);
            }
        }
    }

    /// The pods that wait for a computer's node, by serial, oldest first.
    pub fn waiting_for(&self, id: MachineId) -> &[u32] {
        self.waiting.get(id.0 as usize).map_or(&[], Vec::as_slice)
    }

    /// The pods that wait for a node without a computer.
    pub fn waiting_for_stranger(&self, name: &str) -> &[u32] {
        self.waiting_elsewhere.get(name).map_or(&[], Vec::as_slice)
    }

    /// The pods that wait for any node.
    pub fn unplaced(&self) -> &BTreeSet<u32> {
        &self.unplaced
    }

    /// The node objects without a computer, by name.
    pub fn unhosted(&self) -> &BTreeSet<Name> {
        &self.unhosted
    }

    /// Everything since the last call.
    pub fn take(&mut self) -> Taken {
        for id in &self.machines {
            self.is_listed[id.0 as usize] = false;
        }
        Taken {
            machines: std::mem::take(&mut self.machines),
            unplaced: std::mem::take(&mut self.unplaced_changed),
            unhosted: std::mem::take(&mut self.unhosted_changed),
            daemonsets: std::mem::take(&mut self.daemonsets_changed),
        }
    }
}
