//! The cache of nodes: each name gets a small number, by which everything else refers to it.

use std::rc::Rc;

use super::Change;
use crate::hash::LookupMap;
use api::meta::Name;
use api::node::Node;

/// A node's number within one process. Numbers are given in the order in which names are first heard of,
/// also those of nodes that do not exist, and stay with the name.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct NodeId(pub u32);

impl NodeId {
    /// No node at all: the target of a pod that has none.
    pub const NONE: NodeId = NodeId(u32::MAX);

    /// The number as a place in a list by numbers; beyond every list for [`NodeId::NONE`].
    pub fn index(self) -> usize {
        self.0 as usize
    }
}

#[derive(Clone, Debug)]
struct Slot {
    name: Name,
    node: Option<Rc<Node>>,
    /// The serials of the pods whose target it is, in no particular order.
    pods: Vec<u32>,
}

/// Nodes by number and by name, with their pods.
#[derive(Clone, Debug, Default)]
pub struct NodeIndex {
    slots: Vec<Slot>,
    by_name: LookupMap<Name, NodeId>,
}

impl NodeIndex {
    /// The number of a name; a new one if it was never heard of.
    pub(crate) fn intern(&mut self, name: &Name) -> NodeId {
        if let Some(id) = self.by_name.get(&**name) {
            return *id;
        }
        let id = NodeId(self.slots.len() as u32);
        self.slots.push(Slot { name: name.clone(), node: None, pods: Vec::new() });
        self.by_name.insert(name.clone(), id);
        id
    }

    /// The number of a name that was heard of.
    pub fn find(&self, name: &str) -> Option<NodeId> {
        self.by_name.get(name).copied()
    }

    /// The node, if it exists.
    pub fn get(&self, id: NodeId) -> Option<&Rc<Node>> {
        self.slots.get(id.index())?.node.as_ref()
    }

    /// The node with this name, if it exists.
    pub fn by_name(&self, name: &str) -> Option<&Rc<Node>> {
        self.get(self.find(name)?)
    }

    /// The name behind a number; empty for one that was never given.
    pub fn name(&self, id: NodeId) -> Name {
        self.slots.get(id.index()).map_or_else(|| "".into(), |slot| slot.name.clone())
    }

    /// The nodes that exist, in order of their numbers.
    pub fn iter(&self) -> impl Iterator<Item = (NodeId, &Rc<Node>)> {
        let numbered = self.slots.iter().enumerate();
        numbered.filter_map(|(at, slot)| Some((NodeId(at as u32), slot.node.as_ref()?)))
    }

    /// One more than the largest number.
    pub fn numbers(&self) -> usize {
        self.slots.len()
    }

    /// The serials of the pods that run on the node or are meant for it, in order.
    pub fn pods(&self, id: NodeId) -> Vec<u32> {
        let mut serials = self.slots.get(id.index()).map(|slot| slot.pods.clone()).unwrap_or_default();
        serials.sort_unstable();
        serials
    }

    pub(super) fn apply(&mut self, node: &Rc<Node>, present: bool) -> Option<(NodeId, Change<Node>)> {
        let id = self.intern(&node.meta.name);
        let slot = self.slots.get_mut(id.index())?;
        let old = slot.node.take();
        if present {
            slot.node = Some(node.clone());
        }
        let new = slot.node.clone();
        (old.is_some() || new.is_some()).then_some((id, Change { old, new }))
    }

    pub(super) fn add_pod(&mut self, id: NodeId, serial: u32) {
        if let Some(slot) = self.slots.get_mut(id.index()) {
            slot.pods.push(serial);
        }
    }

    pub(super) fn remove_pod(&mut self, id: NodeId, serial: u32) {
        if let Some(slot) = self.slots.get_mut(id.index())
            && let Some(at) = slot.pods.iter().position(|other| *other == serial)
        {
            slot.pods.swap_remove(at);
        }
    }
}
