//! The controllers of endpoints: which ready pods stand behind each Service. No traffic flows by them.
//!
//! Kubernetes: pkg/controller/endpointslice, staging/src/k8s.io/endpointslice; pkg/controller/endpoint.
// Differs: the two controllers are one here, and news of one second are put together.
// Not simulated: topology hints.

mod objects;
mod sync;

use std::rc::Rc;

use crate::procedure::Syncs;
use crate::selected_pods::SelectedPods;
use api::json;
use api::label::{Selector, selector_or_nothing};
use api::object::{Key, Kind, Other, in_namespace};
use api::pod::Pod;
use client::informer::{CacheChange, Caches, Change, PodChange};
use sim::Duration;
use wire::{Answer, Controller, Ctx, Timer};

/// How many Services are synced at once (`--concurrent-service-endpoint-syncs`).
const WORKERS: usize = 5;
const BATCH_PERIOD: Duration = Duration::from_secs(1);

/// What a sync begins with.
#[derive(Clone, Debug)]
struct Start {
    key: Key,
    /// `None`: it is gone.
    service: Option<Rc<Other>>,
    pods: Vec<Rc<Pod>>,
    slices: Vec<Rc<Other>>,
    endpoints: Option<Rc<Other>>,
}

#[derive(Clone, Debug)]
pub(crate) struct EndpointsController {
    service: Option<Kind>,
    slice: Option<Kind>,
    endpoints: Option<Kind>,
    /// The Services with a selector.
    services: SelectedPods,
    syncs: Syncs<Key, Start>,
}

/// The selector of a Service whose endpoints are worked out here.
fn selector_of(service: &Other) -> Option<Selector> {
    let spec = json::get(&service.raw, "spec");
    let labels = json::get(spec, "selector");
    let selects = labels.as_object().is_some_and(|labels| !labels.is_empty());
    (selects && json::text(spec, "type") != "ExternalName")
        .then(|| selector_or_nothing(&serde_json::json!({"matchLabels": labels})))
}

/// Whether anything is new that an endpoint shows.
///
/// Kubernetes: endpointslice/util/controller_utils.go, podEndpointsChanged.
fn is_news(old: &Pod, new: &Pod) -> bool {
    old.status.pod_ip != new.status.pod_ip
        || old.is_ready() != new.is_ready()
        || old.is_terminal() != new.is_terminal()
        || old.meta.is_terminating() != new.meta.is_terminating()
        || old.node_name != new.node_name
        || (!Rc::ptr_eq(&old.meta.common, &new.meta.common) && old.meta.labels() != new.meta.labels())
}

impl Default for EndpointsController {
    fn default() -> Self {
        EndpointsController {
            service: Kind::of("v1", "Service"),
            slice: Kind::of("discovery.k8s.io/v1", "EndpointSlice"),
            endpoints: Kind::of("v1", "Endpoints"),
            services: SelectedPods::default(),
            syncs: Syncs::new(Controller::Endpoints, WORKERS),
        }
    }
}

impl EndpointsController {
    pub(crate) fn run(&mut self, ctx: &mut Ctx) {
        self.syncs.run(ctx);
    }

    // ---- handlers ----

    pub(crate) fn on_change(&mut self, change: &CacheChange, caches: &Caches, ctx: &mut Ctx) {
        match change {
            CacheChange::Pod(change) if !self.services.is_empty() => self.on_pod(change, ctx),
            CacheChange::Other(kind, change) if Some(*kind) == self.service => {
                self.on_service(change, caches, ctx);
            }
            CacheChange::Other(kind, Change { old: Some(old), new: None })
                if Some(*kind) == self.slice || Some(*kind) == self.endpoints =>
            {
                self.restore(old, ctx);
            }
            _ => {}
        }
    }

    fn on_service(&mut self, change: &Change<Other>, caches: &Caches, ctx: &mut Ctx) {
        let Some(service) = change.new.as_ref().or(change.old.as_ref()) else { return };
        let key = Key::of(&service.meta);
        let selector = change.new.as_ref().and_then(|service| selector_of(service));
        let Some(selector) = selector else {
            if self.services.remove(&key) {
                self.syncs.add(key, ctx);
            }
            return;
        };
        self.services.set(&key, selector, caches);
        self.syncs.add(key, ctx);
    }

    fn on_pod(&mut self, change: &PodChange, ctx: &mut Ctx) {
        if let (Some(old), Some(new)) = (&change.old, &change.new)
            && !is_news(old, new)
        {
            return;
        }
        for key in self.services.on_pod(change) {
            self.syncs.add_after(key, BATCH_PERIOD, ctx);
        }
    }

    /// What was made for a Service and is deleted comes back.
    fn restore(&mut self, gone: &Other, ctx: &mut Ctx) {
        let service = gone.meta.label(objects::SERVICE_NAME).unwrap_or(&gone.meta.name);
        let key = Key::new(gone.meta.namespace(), service);
        if self.services.contains(&key) {
            self.syncs.add(key, ctx);
        }
    }

    // ---- syncs ----

    pub(crate) fn on_timer(&mut self, timer: Timer, caches: &Caches, ctx: &mut Ctx) {
        let EndpointsController { service, slice, endpoints, services, syncs } = self;
        let begin = |key: &Key, _: &mut Ctx| {
            let of = |kind: &Option<Kind>| kind.and_then(|kind| caches.others.get(&kind));
            let service = of(service).and_then(|index| index.get(key)).cloned();
            let here = of(slice).into_iter().flat_map(|index| in_namespace(index, &key.namespace));
            let mine = here.map(|(_, slice)| slice).filter(|slice| objects::is_of(slice, &key.name));
            let serials = services.pods(key).into_iter().flatten();
            Some(Start {
                key: key.clone(),
                service: service.filter(|_| services.contains(key)),
                pods: serials.filter_map(|serial| caches.pods.get(*serial)).cloned().collect(),
                slices: mine.cloned().collect(),
                endpoints: of(endpoints).and_then(|index| index.get(key)).cloned(),
            })
        };
        syncs.on_timer(timer, ctx, begin, sync::sync);
    }

    pub(crate) fn on_answer(&mut self, sync: u64, nth: u16, answer: Answer, ctx: &mut Ctx) {
        self.syncs.on_answer(sync, nth, answer, ctx, sync::sync);
    }
}
