//! The disruption controller: how many pods of each PodDisruptionBudget may be evicted now.
//!
//! Differs: the pods that are there count as expected, also where upstream asks their controllers for the
//! number they want. An eviction deletes its pod in the same step, so that no pod has to be remembered as
//! about to be disrupted.
//!
//! Kubernetes: pkg/controller/disruption/disruption.go. Rules: ND-041.

use serde_json::{Value, json};

use super::replicaset::sync::with_status;
use super::selected_pods::SelectedPods;
use super::worker::{Outcome, Worker};
use api::disruption::desired_healthy;
use api::json;
use api::label::{Selector, selector_or_nothing};
use api::object::{Key, Kind, Other};
use api::pod::Pod;
use client::informer::{CacheChange, Caches, Change, PodChange};
use sim::Time;
use wire::{Answer, Call, Controller, Ctx};

#[derive(Clone, Debug)]
pub(crate) struct DisruptionController {
    kind: Option<Kind>,
    worker: Worker<Key>,
    budgets: SelectedPods,
}

fn selector_of(budget: &Other) -> Selector {
    let selector = json::get(json::get(&budget.raw, "spec"), "selector");
    selector_or_nothing(selector)
}

impl Default for DisruptionController {
    fn default() -> Self {
        let kind = Kind::of("policy/v1", "PodDisruptionBudget");
        DisruptionController {
            kind,
            worker: Worker::new(Controller::Disruption),
            budgets: SelectedPods::default(),
        }
    }
}

impl DisruptionController {
    pub(crate) fn run(&mut self, ctx: &mut Ctx) {
        self.worker.run(ctx);
    }

    pub(crate) fn on_change(&mut self, change: &CacheChange, caches: &Caches, ctx: &mut Ctx) {
        match change {
            CacheChange::Pod(change) if !self.budgets.is_empty() => self.on_pod(change, ctx),
            CacheChange::Other(kind, change) if Some(*kind) == self.kind => {
                self.on_budget(change, caches, ctx);
            }
            _ => {}
        }
    }

    fn on_budget(&mut self, change: &Change<Other>, caches: &Caches, ctx: &mut Ctx) {
        let Some(new) = &change.new else {
            if let Some(old) = &change.old {
                self.budgets.remove(&Key::of(&old.meta));
            }
            return;
        };
        let key = Key::of(&new.meta);
        self.budgets.set(&key, selector_of(new), caches);
        self.worker.add(key, ctx);
    }

    fn on_pod(&mut self, change: &PodChange, ctx: &mut Ctx) {
        for key in self.budgets.on_pod(change) {
            self.worker.add(key, ctx);
        }
    }

    pub(crate) fn on_timer(&mut self, caches: &Caches, ctx: &mut Ctx) {
        for key in self.worker.take(ctx) {
            match self.try_sync(&key, caches, ctx.now) {
                Some(call) => self.worker.ask(key, call, ctx),
                None => self.worker.done(&key, ctx),
            }
        }
        self.worker.settle(ctx);
    }

    /// Kubernetes: trySync, updatePdbStatus.
    fn try_sync(&self, key: &Key, caches: &Caches, now: Time) -> Option<Call> {
        let budget = caches.others.get(&self.kind?)?.get(key)?;
        let pods = self.budgets.pods(key)?.iter().filter_map(|serial| caches.pods.get(*serial));
        let (mut expected, mut healthy) = (0, 0);
        for pod in pods {
            expected += 1;
            healthy += i64::from(is_healthy(pod));
        }
        let desired = desired_healthy(json::get(&budget.raw, "spec"), expected);
        let allowed = if expected > 0 { (healthy - desired).max(0) } else { 0 };
        let old = json::get(&budget.raw, "status");
        let status = json!({
            "conditions": [disruption_allowed(old, allowed > 0, budget.meta.generation, now)],
            "currentHealthy": healthy, "desiredHealthy": desired, "expectedPods": expected,
            "disruptionsAllowed": allowed, "observedGeneration": budget.meta.generation,
        });
        (old != &status).then(|| Call::UpdateStatus(with_status(budget, &status)))
    }

    pub(crate) fn on_answer(&mut self, request: u64, answer: &Answer, ctx: &mut Ctx) {
        if let Some(key) = self.worker.answered(request) {
            let _: Outcome = self.worker.finish(key, answer, ctx);
        }
    }
}

/// The condition that says whether a pod may be evicted; its time is that of the last change.
///
/// Kubernetes: staging/src/k8s.io/component-helpers/apps/poddisruptionbudget/helpers.go,
/// UpdateDisruptionAllowedCondition.
fn disruption_allowed(old: &Value, allowed: bool, generation: u32, now: Time) -> Value {
    const TYPE: &str = "DisruptionAllowed";
    let (status, reason) = if allowed { ("True", "SufficientPods") } else { ("False", "InsufficientPods") };
    let mut conditions = json::get(old, "conditions").as_array().into_iter().flatten();
    let before = conditions.find(|it| it["type"] == TYPE && it["status"] == status);
    let since = before.map_or_else(|| json!(now.stamp().to_string()), |it| it["lastTransitionTime"].clone());
    json!({"type": TYPE, "status": status, "reason": reason, "message": "", "lastTransitionTime": since,
           "observedGeneration": generation})
}

/// Kubernetes: countHealthyPods.
fn is_healthy(pod: &Pod) -> bool {
    pod.is_ready() && !pod.meta.is_terminating()
}
