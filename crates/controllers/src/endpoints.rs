//! The controllers of endpoints: which ready pods stand behind each Service. No traffic flows by them.
//!
//! Each Service's pods are remembered, so that a change of one pod costs a look at the Services of its namespace
//! and not at its pods.
//!
//! Kubernetes: pkg/controller/endpointslice, staging/src/k8s.io/endpointslice; pkg/controller/endpoint.
// Differs: the two controllers are one here, and news of one second are put together.
// Not simulated: topology hints.

mod objects;
mod sync;

use std::collections::{BTreeMap, BTreeSet};
use std::rc::Rc;

use crate::procedure::Syncs;
use api::json;
use api::meta::{StringMap, string_map};
use api::object::{Key, Kind, Other};
use api::pod::Pod;
use client::informer::{CacheChange, Caches, Change, PodChange};
use sim::Duration;
use wire::{Answer, Controller, Ctx, Timer};

/// How many Services are synced at once (`--concurrent-service-endpoint-syncs`).
const WORKERS: usize = 5;
const BATCH_PERIOD: Duration = Duration::from_secs(1);

/// A Service with a selector, and the pods that it selects.
#[derive(Clone, Debug)]
struct Backends {
    selector: StringMap,
    pods: BTreeSet<u32>,
}

impl Backends {
    fn selects(&self, pod: &Pod) -> bool {
        self.selector.iter().all(|(key, value)| pod.meta.labels().get(key) == Some(value))
    }
}

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
    services: BTreeMap<Key, Backends>,
    syncs: Syncs<Key, Start>,
}

/// The selector of a Service whose endpoints are worked out here.
fn selector_of(service: &Other) -> Option<StringMap> {
    let spec = json::get(&service.raw, "spec");
    let selector = string_map(json::get(spec, "selector"));
    (!selector.is_empty() && json::text(spec, "type") != "ExternalName").then_some(selector)
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
            services: BTreeMap::new(),
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
            if self.services.remove(&key).is_some() {
                self.syncs.add(key, ctx);
            }
            return;
        };
        if self.services.get(&key).is_none_or(|known| known.selector != selector) {
            let mut backends = Backends { selector, pods: BTreeSet::new() };
            let serials = caches.pods.serials().into_iter();
            let selected = |serial: &u32| {
                caches
                    .pods
                    .get(*serial)
                    .is_some_and(|pod| *pod.meta.namespace() == key.namespace && backends.selects(pod))
            };
            backends.pods = serials.filter(selected).collect();
            self.services.insert(key.clone(), backends);
        }
        self.syncs.add(key, ctx);
    }

    fn on_pod(&mut self, change: &PodChange, ctx: &mut Ctx) {
        let Some(pod) = change.new.as_ref().or(change.old.as_ref()) else { return };
        if let (Some(old), Some(new)) = (&change.old, &change.new)
            && !is_news(old, new)
        {
            return;
        }
        let first = Key { namespace: pod.meta.namespace().clone(), name: "".into() };
        let mut touched = Vec::new();
        for (key, backends) in self.services.range_mut(first..) {
            if key.namespace != *pod.meta.namespace() {
                break;
            }
            let selected = change.new.is_some() && backends.selects(pod);
            let before = match selected {
                true => !backends.pods.insert(pod.meta.serial),
                false => backends.pods.remove(&pod.meta.serial),
            };
            if before || selected {
                touched.push(key.clone());
            }
        }
        touched.into_iter().for_each(|key| self.syncs.add_after(key, BATCH_PERIOD, ctx));
    }

    /// What was made for a Service and is deleted comes back.
    fn restore(&mut self, gone: &Other, ctx: &mut Ctx) {
        let service = gone.meta.label(objects::SERVICE_NAME).unwrap_or(&gone.meta.name);
        let key = Key::new(gone.meta.namespace(), service);
        if self.services.contains_key(&key) {
            self.syncs.add(key, ctx);
        }
    }

    // ---- syncs ----

    pub(crate) fn on_timer(&mut self, timer: Timer, caches: &Caches, ctx: &mut Ctx) {
        let EndpointsController { service, slice, endpoints, services, syncs } = self;
        let begin = |key: &Key, _: &mut Ctx| {
            let of = |kind: &Option<Kind>| kind.and_then(|kind| caches.others.get(&kind));
            let service = of(service).and_then(|index| index.get(key)).cloned();
            let first = Key { namespace: key.namespace.clone(), name: "".into() };
            let here = of(slice).into_iter().flat_map(|index| index.range(first.clone()..));
            let mine = here
                .take_while(|(other, _)| other.namespace == key.namespace)
                .map(|(_, slice)| slice)
                .filter(|slice| objects::is_of(slice, &key.name));
            let serials = services.get(key).into_iter().flat_map(|backends| &backends.pods);
            Some(Start {
                key: key.clone(),
                service: service.filter(|_| services.contains_key(key)),
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
