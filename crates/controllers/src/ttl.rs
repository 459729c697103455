//! The TTL controller: tells the kubelets, by an annotation of their nodes, how long they may keep Secrets and
//! ConfigMaps without asking again. The larger the cluster, the longer.
//!
//! Kubernetes: pkg/controller/ttl/ttl_controller.go.

use std::rc::Rc;

use serde_json::json;

use api::object::{Key, Kind};
use client::informer::{CacheChange, Change};
use wire::{Call, Ctx, FieldValidation, Patch, Token};

pub(crate) const OBJECT_TTL_ANNOTATION: &str = "node.alpha.kubernetes.io/ttl";

/// From so many nodes down, up to so many nodes, this many seconds.
const TTL_BOUNDARIES: [(usize, usize, u32); 5] =
    [(0, 100, 0), (90, 500, 15), (450, 1000, 30), (900, 2000, 60), (1800, usize::MAX, 300)];

#[derive(Clone, Debug, Default)]
pub(crate) struct TtlController {
    node_count: usize,
    boundary_step: usize,
}

impl TtlController {
    pub(crate) fn on_change(&mut self, change: &CacheChange, ctx: &mut Ctx) {
        let CacheChange::Node(_, Change { old, new }) = change else { return };
        let (sizes, _) = self.boundary();
        match (old, new) {
            (None, Some(_)) => {
                self.node_count += 1;
                self.boundary_step += usize::from(self.node_count > sizes.1);
            }
            (Some(_), None) => {
                self.node_count = self.node_count.saturating_sub(1);
                self.boundary_step -= usize::from(self.node_count < sizes.0);
            }
            _ => {}
        }
        let (_, wanted) = self.boundary();
        let Some(node) = new else { return };
        let current = node.meta.annotation(OBJECT_TTL_ANNOTATION).and_then(|text| text.parse::<u32>().ok());
        if current == Some(wanted) {
            return;
        }
        let patch = json!({"metadata": {"annotations": {OBJECT_TTL_ANNOTATION: wanted.to_string()}}});
        let (key, patch) = (Key::of(&node.meta), Patch::Merge(Rc::new(patch)));
        let validation = FieldValidation::Ignore;
        // One that fails is made again when the node changes next, as it soon will.
        ctx.request(Call::Patch { kind: Kind::Node, key, uid: None, patch, validation }, Token::None);
    }

    /// Between how many nodes the present step lies, and how many seconds it says.
    fn boundary(&self) -> ((usize, usize), u32) {
        let (least, most, seconds) = TTL_BOUNDARIES[self.boundary_step.min(TTL_BOUNDARIES.len() - 1)];
        ((least, most), seconds)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use api::node::Node;
    use client::informer::NodeId;
    use sim::{Rng, Time};
    use wire::{Effect, Settings};

    /// What is asked for after one more node (or one fewer), in seconds.
    fn told(ttl: &mut TtlController, old: bool, new: bool, has: Option<u32>) -> Option<String> {
        let annotations = has.map(|seconds| json!({OBJECT_TTL_ANNOTATION: seconds.to_string()}));
        let node = json!({"metadata": {"name": "n", "annotations": annotations}});
        let node = Rc::new(Node::from_value(&node));
        let change = Change { old: old.then(|| node.clone()), new: new.then(|| node.clone()) };
        let (settings, mut rng, mut effects) = (Settings::default(), Rng::stream(1, "test"), Vec::new());
        let mut ctx = Ctx { now: Time::START, settings: &settings, rng: &mut rng, effects: &mut effects };
        ttl.on_change(&CacheChange::Node(NodeId(0), change), &mut ctx);
        match effects.pop()? {
            Effect::Request { call: Call::Patch { patch: Patch::Merge(patch), .. }, .. } => {
                Some(patch["metadata"]["annotations"][OBJECT_TTL_ANNOTATION].as_str()?.to_owned())
            }
            other => panic!("{other:?}"),
        }
    }

    #[test]
    fn the_time_grows_with_the_cluster_and_shrinks_later() {
        let mut ttl = TtlController::default();
        let mut steps = Vec::new();
        for count in 1..=2001 {
            let told = told(&mut ttl, false, true, None);
            if steps.last().is_none_or(|(_, last)| *last != told) {
                steps.push((count, told));
            }
        }
        let seconds = |text: &str| Some(text.to_owned());
        let wanted = [(1, "0"), (101, "15"), (501, "30"), (1001, "60"), (2001, "300")];
        assert_eq!(steps, wanted.map(|(count, text)| (count, seconds(text))));
        for _ in 0..201 {
            told(&mut ttl, true, false, None);
        }
        assert_eq!(told(&mut ttl, true, true, Some(60)), seconds("300"));
        told(&mut ttl, true, false, None);
        assert_eq!(told(&mut ttl, true, true, Some(60)), None);
    }
}
