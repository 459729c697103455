//! The view's informer: brings the picture up to date by looking only at what changed.
//!
//! Near nodes are kept in full, all nodes as marks. Where many nodes changed at once, the marks may be
//! brought up to date over several looks.

use std::collections::VecDeque;
use std::rc::Rc;

use super::board::{Board, NodeView, PartView, PodView};
use super::build::{self, Rules};
use super::fleet::{self, Fleet};
use api::meta::Name;
use api::pod::Pod;
use cluster::Cluster;
use cluster::machine::Machine;
use sim::order::SortShared;
use sim::{SortedMap, SortedSet};
use wire::MachineId;

/// Nodes looked at between two questions whether there is time for more.
const NODES_AT_ONCE: u32 = 8;

/// What the picture should show in full.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Gaze {
    /// Up to so many nodes: all of them.
    pub all_up_to: usize,
    /// Beyond that: these, and those of the control plane.
    pub near: SortedSet<Name>,
}

impl Default for Gaze {
    fn default() -> Gaze {
        Gaze { all_up_to: 30, near: SortedSet::new() }
    }
}

/// The board and the fleet as they were last drawn, to be brought up to date by what changed.
#[derive(Clone, Debug, Default)]
pub struct Picture {
    gaze: Gaze,
    /// Of what [`Cluster::steps`] and the store's revision were.
    seen: Option<(u64, u64)>,
    board: Option<Rc<Board>>,
    fleet: Rc<Fleet>,
    near: SortedMap<Name, Rc<NodeView>>,
    rules: Rules,
    /// How many computers had been taken away: the places of those after them have changed since.
    removed: usize,
    /// Computers whose marks are to be made again.
    queue: VecDeque<MachineId>,
    is_queued: Vec<bool>,
}

/// What a look has found to be different.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Looked {
    /// The board is another one.
    pub board: bool,
    /// Marks have changed.
    pub fleet: bool,
    /// Not all that changed has been looked at: look again.
    pub more: bool,
}

impl Picture {
    /// All nodes from afar.
    pub fn fleet(&self) -> &Rc<Fleet> {
        &self.fleet
    }

    /// The board of the last look.
    pub fn board(&self) -> Option<&Rc<Board>> {
        self.board.as_ref()
    }

    /// Brings the picture up to date. `left` says whether there is time for more.
    pub fn look(&mut self, cluster: &mut Cluster, gaze: &Gaze, mut left: impl FnMut() -> bool) -> Looked {
        let seen = Some((cluster.api.store.revision(), cluster.steps()));
        let taken = cluster.changes.take();
        let quiet = build::is_quiet(cluster);
        let same_gaze = *gaze == self.gaze;
        let nothing = taken.machines.is_empty() && !taken.unplaced && !taken.unhosted && !taken.daemonsets;
        if seen == self.seen && nothing && same_gaze && self.queue.is_empty() {
            return match self.board.as_ref().is_some_and(|board| board.quiet == quiet) {
                true => Looked::default(),
                false => self.put_together(cluster, taken.unplaced),
            };
        }
        self.seen = seen;
        self.gaze.clone_from(gaze);
        if taken.daemonsets {
            self.take_rules(cluster);
        }
        self.forget_far(cluster);
        for id in taken.machines {
            self.note(cluster, id);
        }
        self.close_up(cluster);
        self.make_near(cluster);
        let before = self.fleet.version;
        self.make_marks(cluster, &mut left);
        if self.queue.is_empty() && (taken.unhosted || self.fleet.nodes.len() != node_count(cluster)) {
            self.make_unhosted(cluster);
        }
        let looked = self.put_together(cluster, taken.unplaced);
        Looked { fleet: self.fleet.version != before, more: !self.queue.is_empty(), ..looked }
    }

    /// The DaemonSets were written: near nodes are made again where these now have other rules.
    fn take_rules(&mut self, cluster: &Cluster) {
        let fresh = build::rules_after(cluster, &self.rules);
        let same = fresh.len() == self.rules.len()
            && fresh.iter().zip(&self.rules).all(|((new, template), (old, had))| {
                new.meta.uid == old.meta.uid && Rc::ptr_eq(&template.spec, &had.spec)
            });
        if !same {
            self.near.clear();
        }
        self.rules = fresh;
    }

    fn is_near(&self, cluster: &Cluster, name: &Name, is_control_plane: bool) -> bool {
        node_count(cluster) <= self.gaze.all_up_to || is_control_plane || self.gaze.near.contains(name)
    }

    fn forget_far(&mut self, cluster: &Cluster) {
        if node_count(cluster) <= self.gaze.all_up_to {
            return;
        }
        let Picture { near, gaze, .. } = self;
        near.retain(|name, _| {
            gaze.near.contains(name) || cluster.machine(name).is_some_and(|m| m.spec.control_plane)
        });
    }

    fn note(&mut self, cluster: &Cluster, id: MachineId) {
        let at = id.0 as usize;
        if let Some(machine) = cluster.machines.get(at) {
            self.near.remove(&machine.name);
        }
        self.queue_mark(id);
    }

    fn queue_mark(&mut self, id: MachineId) {
        let at = id.0 as usize;
        if self.is_queued.len() <= at {
            self.is_queued.resize(at + 1, false);
        }
        if !std::mem::replace(&mut self.is_queued[at], true) {
            self.queue.push_back(id);
        }
    }

    /// After computers were taken away the others close up: rare, so that all marks are made again.
    fn close_up(&mut self, cluster: &Cluster) {
        if std::mem::replace(&mut self.removed, cluster.removed_count()) == self.removed {
            return;
        }
        Rc::make_mut(&mut self.fleet).truncate(present_count(cluster));
        for machine in cluster.present_machines() {
            self.queue_mark(machine.id);
        }
    }

    /// Makes the near nodes that are missing.
    fn make_near(&mut self, cluster: &Cluster) {
        let all = node_count(cluster) <= self.gaze.all_up_to;
        let wanted: Vec<&Machine> = match all {
            true => cluster.present_machines().collect(),
            false => {
                let asked = self.gaze.near.iter().filter_map(|name| cluster.machine(name));
                cluster.control_plane().chain(asked).collect()
            }
        };
        for machine in wanted {
            if self.near.contains_key(&machine.name) {
                continue;
            }
            let node = cluster.api.store.nodes.get("", &machine.name);
            let listed = listed_on(cluster, machine);
            let view = build::node_view(&machine.name, Some(machine), node, &listed, &self.rules);
            self.near.insert(machine.name.clone(), Rc::new(view));
        }
        // Nodes without a computer are few, and nothing else tells when they change.
        let unhosted = cluster.changes.unhosted();
        let near: Vec<Name> =
            unhosted.iter().filter(|name| self.is_near(cluster, name, false)).cloned().collect();
        for name in near {
            let node = cluster.api.store.nodes.get("", &name);
            let listed = listed_on_stranger(cluster, &name);
            let view = Rc::new(build::node_view(&name, None, node, &listed, &self.rules));
            self.near.insert(name, view);
        }
        self.near.retain(|name, _| unhosted.contains(name) || cluster.machine(name).is_some());
    }

    fn make_marks(&mut self, cluster: &Cluster, left: &mut impl FnMut() -> bool) {
        let mut count = 0;
        while let Some(id) = self.queue.front().copied() {
            count += 1;
            if count % NODES_AT_ONCE == 0 && !left() {
                return;
            }
            self.queue.pop_front();
            let at = id.0 as usize;
            self.is_queued[at] = false;
            let (Some(machine), Some(place)) = (cluster.machines.get(at), cluster.place_of(id)) else {
                continue;
            };
            let node = cluster.api.store.nodes.get("", &machine.name);
            let listed = listed_on(cluster, machine);
            let mark = fleet::node_mark(&machine.name, Some(machine), node.map(|node| &**node), &listed);
            Rc::make_mut(&mut self.fleet).set(place, mark);
        }
    }

    /// The nodes without a computer stand after those with one.
    fn make_unhosted(&mut self, cluster: &Cluster) {
        let fleet = Rc::make_mut(&mut self.fleet);
        let machines = present_count(cluster);
        for (at, name) in cluster.changes.unhosted().iter().enumerate() {
            let node = cluster.api.store.nodes.get("", name).map(|node| &**node);
            let listed = listed_on_stranger(cluster, name);
            fleet.set(machines + at, fleet::node_mark(name, None, node, &listed));
        }
        fleet.truncate(node_count(cluster));
    }

    /// Makes the board of what is there; what looks the same stays the same.
    fn put_together(&mut self, cluster: &Cluster, unplaced: bool) -> Looked {
        let old = self.board.as_deref();
        let board = Board {
            now: cluster.now(),
            api_server: build::api_server_state(cluster),
            api_silent_since: cluster.api_silent_since(),
            parts: keep(build::parts(cluster), old.map(|board| &board.parts[..])),
            nodes: keep_nodes(self.near_in_order(cluster), old.map(|board| &board.nodes[..])),
            pending: match old.filter(|_| !unplaced) {
                Some(old) => old.pending.clone(),
                None => keep(pending(cluster), old.map(|board| &board.pending[..])),
            },
            pending_count: cluster.changes.unplaced().len() as u32,
            daemonsets: keep(
                self.rules.iter().map(|(ds, _)| Rc::new(build::daemonset_view(cluster, ds))).collect(),
                old.map(|board| &board.daemonsets[..]),
            ),
            quiet: build::is_quiet(cluster),
        };
        let same = old.is_some_and(|old| same_but_time(old, &board));
        if !same {
            self.board = Some(Rc::new(board));
        }
        Looked { board: !same, ..Looked::default() }
    }

    /// In the order of the computers, those without one after them.
    fn near_in_order(&self, cluster: &Cluster) -> Vec<Rc<NodeView>> {
        let rank = |name: &Name| cluster.machine_of(name).map_or(u32::MAX, |id| id.0);
        let mut nodes: Vec<(u32, &Rc<NodeView>)> =
            self.near.iter().map(|(name, node)| (rank(name), node)).collect();
        nodes.sort_shared_by_key(|(rank, _)| *rank);
        nodes.into_iter().map(|(_, node)| node.clone()).collect()
    }
}

pub(super) fn node_count(cluster: &Cluster) -> usize {
    present_count(cluster) + cluster.changes.unhosted().len()
}

fn present_count(cluster: &Cluster) -> usize {
    cluster.machines.len() - cluster.removed_count()
}

fn by_serials<'a>(cluster: &'a Cluster, serials: &'a [u32]) -> impl Iterator<Item = &'a Rc<Pod>> {
    serials.iter().filter_map(|serial| cluster.api.store.pods.by_serial(*serial))
}

/// The API server's pods of a node: bound to it, and waiting for it.
fn listed_on(cluster: &Cluster, machine: &Machine) -> Vec<Rc<Pod>> {
    let waiting = by_serials(cluster, cluster.changes.waiting_for(machine.id));
    cluster.api.store.pods_on(&machine.name).chain(waiting).cloned().collect()
}

fn listed_on_stranger(cluster: &Cluster, name: &Name) -> Vec<Rc<Pod>> {
    let waiting = by_serials(cluster, cluster.changes.waiting_for_stranger(name));
    cluster.api.store.pods_on(name).chain(waiting).cloned().collect()
}

fn pending(cluster: &Cluster) -> Vec<Rc<PodView>> {
    let serials = cluster.changes.unplaced().iter().take(build::PENDING_SHOWN);
    serials.filter_map(|serial| cluster.api.store.pods.by_serial(*serial)).map(build::pending_view).collect()
}

/// The fresh ones, with the old ones' `Rc` where they are equal and at the same place.
fn keep<T: PartialEq>(fresh: Vec<Rc<T>>, old: Option<&[Rc<T>]>) -> Vec<Rc<T>> {
    let Some(old) = old else { return fresh };
    let one = |(at, fresh): (usize, Rc<T>)| match old.get(at) {
        Some(old) if Rc::ptr_eq(old, &fresh) || **old == *fresh => old.clone(),
        _ => fresh,
    };
    fresh.into_iter().enumerate().map(one).collect()
}

/// The same for nodes, each with the pods that look as they did: a pod that changed is one new `Rc`, and so is
/// its node.
fn keep_nodes(fresh: Vec<Rc<NodeView>>, old: Option<&[Rc<NodeView>]>) -> Vec<Rc<NodeView>> {
    let by_name: SortedMap<&str, &Rc<NodeView>> =
        old.into_iter().flatten().map(|node| (&*node.name, node)).collect();
    let one = |mut node: Rc<NodeView>| {
        let Some(had) = by_name.get(&*node.name) else { return node };
        if Rc::ptr_eq(had, &node) || **had == node {
            return (*had).clone();
        }
        let by_id: SortedMap<&str, &Rc<PodView>> = had.pods.iter().map(|pod| (&*pod.id, pod)).collect();
        for pod in &mut Rc::make_mut(&mut node).pods {
            if let Some(had) = by_id.get(&*pod.id).filter(|had| **had == pod) {
                *pod = (*had).clone();
            }
        }
        node
    };
    fresh.into_iter().map(one).collect()
}

fn same<T>(a: &[Rc<T>], b: &[Rc<T>]) -> bool {
    a.len() == b.len() && a.iter().zip(b).all(|(a, b)| Rc::ptr_eq(a, b))
}

fn same_but_time(a: &Board, b: &Board) -> bool {
    a.api_server == b.api_server
        && a.api_silent_since == b.api_silent_since
        && a.quiet == b.quiet
        && a.pending_count == b.pending_count
        && same::<PartView>(&a.parts, &b.parts)
        && same(&a.pending, &b.pending)
        && same(&a.daemonsets, &b.daemonsets)
        && same(&a.nodes, &b.nodes)
}
