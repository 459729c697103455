//! The ResourceQuota controller: what is used of each quota.
//!
//! Differs: upstream the API server adds a new object to what is used as it admits it; here the controller
//! counts it a moment later.
//!
//! Kubernetes: pkg/controller/resourcequota/resource_quota_controller.go, syncResourceQuota.

use serde_json::{Map, Value, json};

use super::replicaset::sync::with_status;
use super::worker::{Outcome, Worker};
use api::json;
use api::meta::ObjectMeta;
use api::object::{Key, Kind};
use api::quota::{counted_kind, used};
use api::resource_list::Amounts;
use client::informer::{CacheChange, Caches};
use sim::SortedSet;
use wire::{Answer, Call, Controller, Ctx};

#[derive(Clone, Debug)]
pub(crate) struct ResourceQuotaController {
    kind: Option<Kind>,
    worker: Worker<Key>,
    quotas: SortedSet<Key>,
}

impl Default for ResourceQuotaController {
    fn default() -> Self {
        ResourceQuotaController {
            kind: Kind::of("v1", "ResourceQuota"),
            worker: Worker::new(Controller::ResourceQuota),
            quotas: SortedSet::new(),
        }
    }
}

impl ResourceQuotaController {
    pub(crate) fn run(&mut self, ctx: &mut Ctx) {
        self.worker.run(ctx);
    }

    pub(crate) fn on_change(&mut self, change: &CacheChange, ctx: &mut Ctx) {
        if let CacheChange::Other(kind, change) = change
            && Some(*kind) == self.kind
        {
            match (&change.old, &change.new) {
                (_, Some(new)) => {
                    self.quotas.insert(Key::of(&new.meta));
                }
                (Some(old), None) => {
                    self.quotas.remove(&Key::of(&old.meta));
                }
                (None, None) => {}
            }
        }
        if self.quotas.is_empty() {
            return;
        }
        let Some(meta) = counted(change) else { return };
        let touched = self.quotas.iter().filter(|key| key.namespace == *meta.namespace());
        for key in touched.cloned().collect::<Vec<Key>>() {
            self.worker.add(key, ctx);
        }
    }

    pub(crate) fn on_timer(&mut self, caches: &Caches, ctx: &mut Ctx) {
        for key in self.worker.take(ctx) {
            match self.sync(&key, caches) {
                Some(call) => self.worker.ask(key, call, ctx),
                None => self.worker.done(&key, ctx),
            }
        }
        self.worker.settle(ctx);
    }

    fn sync(&self, key: &Key, caches: &Caches) -> Option<Call> {
        let quota = caches.others.get(&self.kind?)?.get(key)?;
        let pods = caches.pods.serials().into_iter().filter_map(|serial| caches.pods.get(serial));
        let pods = pods.filter(|pod| *pod.meta.namespace() == key.namespace).map(|pod| &**pod);
        let count = |name: &str| {
            let index = caches.others.get(&counted_kind(name)?)?;
            Some(index.keys().filter(|other| other.namespace == key.namespace).count() as i64)
        };
        let used = to_value(&used(&quota.raw, pods, count));
        let status = json!({"hard": json::get(json::get(&quota.raw, "spec"), "hard"), "used": used});
        let differs = json::get(&quota.raw, "status") != &status;
        differs.then(|| Call::UpdateStatus(with_status(quota, &status)))
    }

    pub(crate) fn on_answer(&mut self, request: u64, answer: &Answer, ctx: &mut Ctx) {
        if let Some(key) = self.worker.answered(request) {
            let _: Outcome = self.worker.finish(key, answer, ctx);
        }
    }
}

fn to_value(amounts: &Amounts) -> Value {
    let entries = amounts.iter().map(|(name, amount)| (name.clone(), json!(amount.to_string())));
    Value::Object(entries.collect::<Map<String, Value>>())
}

/// The object whose change may change what is used: it came or went, or it is a quota, or a pod that has ended.
fn counted(change: &CacheChange) -> Option<&ObjectMeta> {
    match change {
        CacheChange::Pod(change) => match (&change.old, &change.new) {
            (Some(old), Some(new)) => (old.is_terminal() != new.is_terminal()).then_some(&new.meta),
            (Some(one), None) | (None, Some(one)) => Some(&one.meta),
            (None, None) => None,
        },
        CacheChange::Other(kind, change) => match (&change.old, &change.new) {
            (Some(_), Some(new)) => (kind.name() == "ResourceQuota").then_some(&new.meta),
            (Some(one), None) | (None, Some(one)) => Some(&one.meta),
            (None, None) => None,
        },
        _ => None,
    }
}
