//! What changes when many nodes of a zone fail, or all nodes there are (ND-022…024).
//!
//! Kubernetes: pkg/controller/nodelifecycle/node_lifecycle_controller.go, handleDisruption.

use super::zone::ZoneState;
use super::{NodeLifecycleController, renewal_of};
use api::meta::Name;
use api::node::Node;
use client::informer::{Caches, NodeId};
use wire::Ctx;

impl NodeLifecycleController {
    /// From now on the node counts for its zone.
    pub(super) fn count(&mut self, id: NodeId, zone: Name, ready: bool) {
        self.uncount(id);
        if let Some(zone) = self.zones.get_mut(&zone) {
            *(if ready { &mut zone.ready } else { &mut zone.not_ready }) += 1;
        }
        self.entry(id).counted = Some((zone, ready));
    }

    pub(super) fn uncount(&mut self, id: NodeId) {
        if let Some((zone, ready)) = self.entry(id).counted.take()
            && let Some(zone) = self.zones.get_mut(&zone)
        {
            *(if ready { &mut zone.ready } else { &mut zone.not_ready }) -= 1;
        }
    }

    /// The end of a pass: the zones' states, and how fast their nodes are tainted from now on.
    pub(super) fn handle_disruption(&mut self, caches: &Caches, ctx: &mut Ctx) {
        let counted = || self.zones.values().filter(|zone| zone.size() > 0);
        let all_are = counted().all(|zone| zone.computed_state() == ZoneState::FullDisruption);
        let all_were = counted().all(|zone| zone.state == Some(ZoneState::FullDisruption));
        for zone in self.zones.values_mut().filter(|zone| zone.size() == 0 && zone.tainter.is_empty()) {
            zone.state = None;
        }
        match (all_are, all_were) {
            (true, true) => {}
            (true, false) => self.enter_full_disruption(caches, ctx),
            (false, true) => self.leave_full_disruption(caches, ctx),
            (false, false) => {
                for zone in self.zones.values_mut().filter(|zone| zone.size() > 0) {
                    let state = zone.computed_state();
                    if zone.state != Some(state) {
                        zone.enter(state, ctx.now);
                    }
                }
            }
        }
    }

    /// No node is ready: who knows whether it is not the control plane that is cut off.
    fn enter_full_disruption(&mut self, caches: &Caches, ctx: &mut Ctx) {
        let nodes: Vec<(NodeId, std::rc::Rc<Node>)> =
            caches.nodes.iter().map(|(id, node)| (id, node.clone())).collect();
        for (id, node) in nodes {
            self.mark_node_as_reachable(id, &node, ctx);
            // The next pass puts it into its queue again, from which nothing comes now.
            self.dirty.insert(id);
        }
        for zone in self.zones.values_mut().filter(|zone| zone.size() > 0) {
            zone.stop_evictions(ctx.now);
        }
    }

    /// Some node is ready again: all get time to show signs of life.
    fn leave_full_disruption(&mut self, caches: &Caches, ctx: &mut Ctx) {
        let nodes: Vec<(NodeId, Name)> =
            caches.nodes.iter().map(|(id, node)| (id, node.meta.name.clone())).collect();
        for (id, name) in nodes {
            self.catch_up(id, renewal_of(&name, caches), ctx);
            let entry = self.entry(id);
            let Some(health) = &mut entry.health else { continue };
            let gained = ctx.now.since(health.probe);
            health.refresh(ctx.now);
            if let Some(at) = entry.deadline {
                self.set_deadline(id, Some(at + gained));
            }
        }
        for zone in self.zones.values_mut().filter(|zone| zone.size() > 0) {
            let state = zone.computed_state();
            zone.enter(state, ctx.now);
        }
    }
}
