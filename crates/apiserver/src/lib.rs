//! kube-apiserver: takes calls, keeps objects, says no.
//!
//! It never sends anything by itself: answers are returned, and what changed is read from the store by the
//! cluster, which brings it to the watchers.

pub mod admission;
mod deprecation;
pub mod eviction;
mod limit_ranger;
mod pod_security;
mod quota;
mod rbac;
pub mod registry;
mod runtime_class;
mod service;
pub mod store;
pub(crate) mod strategy;
#[cfg(test)]
mod tests;

use std::rc::Rc;

use api::meta::Uid;
use api::object::{Key, Kind, Object, Other};
use sim::{Rng, Time};
use wire::{Answer, Call, Reply};

use admission::Admission;
pub use deprecation::deprecation_warning;
use store::Store;

/// The API server's state: the storage, and what it draws and remembers.
#[derive(Clone, Debug)]
pub struct ApiServer {
    /// All objects.
    pub store: Store,
    admission: Admission,
    kinds: Kinds,
    names: Rng,
    uids: Rng,
    /// What Services are given by chance.
    services: Rng,
    /// The uids of what is installed, so that these draw nothing from the others.
    installed_uids: Rng,
}

/// Kinds that are asked for at every create.
#[derive(Clone, Copy, Debug)]
struct Kinds {
    namespace: Option<Kind>,
    service_account: Option<Kind>,
    service: Option<Kind>,
    resource_quota: Option<Kind>,
    limit_range: Option<Kind>,
}

impl ApiServer {
    /// A server without objects; names and uids are drawn from the streams of this seed.
    pub fn new(seed: u64) -> ApiServer {
        ApiServer {
            store: Store::default(),
            admission: Admission::default(),
            kinds: Kinds {
                namespace: Kind::of("v1", "Namespace"),
                service_account: Kind::of("v1", "ServiceAccount"),
                service: Kind::of("v1", "Service"),
                resource_quota: Kind::of("v1", "ResourceQuota"),
                limit_range: Kind::of("v1", "LimitRange"),
            },
            names: Rng::stream(seed, "pod-name"),
            uids: Rng::stream(seed, "uid"),
            services: Rng::stream(seed, "service"),
            installed_uids: Rng::stream(seed, "installed-uid"),
        }
    }

    /// Tries a call: nothing is written, and the next names and uids are as if nothing had been asked.
    fn dry_run(&mut self, call: Call, now: Time) -> Answer {
        let before = (self.names.clone(), self.uids.clone(), self.services.clone(), self.admission.epoch);
        self.store.dry = true;
        let answer = self.handle(call, now);
        self.store.dry = false;
        (self.names, self.uids, self.services, self.admission.epoch) = before;
        answer
    }

    /// Stores objects that are sound and complete but for their uid and time, at once. One whose name is taken
    /// is left out.
    pub fn install(&mut self, objects: &[Rc<Other>], now: Time) {
        for object in objects {
            let (high, low) = (self.installed_uids.next_u64(), self.installed_uids.next_u64());
            if self.store.get(object.kind, &Key::of(&object.meta)).is_some() {
                continue;
            }
            let mut other = (**object).clone();
            other.meta.uid = Uid::random(high, low);
            other.meta.created = now.stamp();
            self.store.insert(Object::Other(Rc::new(other)));
        }
        self.admission.epoch += 1;
    }

    /// Carries out one call at `now`. What it changed waits in [`Store::take_changes`].
    pub fn handle(&mut self, call: Call, now: Time) -> Answer {
        let kind = call.kind();
        let mut warnings = Vec::from_iter(deprecation_warning(kind));
        if kind == Kind::Event {
            self.store.events.expire(now);
        }
        let result = match call {
            Call::DryRun(call) => return self.dry_run(*call, now),
            Call::As { user, call } => {
                if let Err(error) = rbac::authorize(self, &user, &call, now) {
                    return Answer::err(error);
                }
                return match *call {
                    Call::Review(review) => {
                        Answer::ok(Reply::Review(rbac::review(self, &user, &review, now)))
                    }
                    call => self.handle(call, now),
                };
            }
            // Differs: who asks in their own name may do everything, whatever becomes of the bindings.
            Call::Review(_) => Ok(Reply::Review(serde_json::json!({"allowed": true, "reason": ""}))),
            Call::Get { kind, key } => registry::get(self, kind, &key),
            Call::List { kind, namespace } => Ok(Reply::List(self.store.list(kind, namespace.as_deref()))),
            Call::Post { kind, namespace, body, validation } => {
                registry::post(self, kind, &namespace, &body, validation, now, &mut warnings)
            }
            Call::Create(object) => registry::create(self, object, now),
            Call::Put { kind, key, body, validation } => {
                registry::put(self, kind, &key, &body, validation, now, &mut warnings)
            }
            Call::Update(object) => registry::update(self, object, now),
            Call::UpdateStatus(object) => registry::update_status(self, object),
            Call::Patch { kind, key, uid, patch, validation } => {
                registry::patch(self, kind, &key, uid, patch, validation, now, &mut warnings)
            }
            Call::PatchPodStatus { pod, status } => registry::patch_pod_status(self, &pod, *status),
            Call::Delete { kind, key, options } => registry::delete(self, kind, &key, &options, now),
            Call::Bind { pod, node } => registry::bind(self, &pod, node, now),
            Call::Evict { key, grace_seconds } => eviction::evict(self, &key, grace_seconds, now),
            Call::PostEvent(draft) => {
                self.store.put_event(draft);
                Ok(Reply::Done)
            }
            Call::ReleaseLease { key, holder } => registry::release_lease(self, &key, &holder, now),
            Call::HoldLease { key, holder, duration, period, owner } => {
                registry::hold_lease(self, &key, holder, duration, period, owner.map(|owner| *owner), now)
            }
        };
        match result {
            Ok(reply) => Answer { result: Ok(reply), warnings },
            Err(error) => Answer { warnings, ..Answer::err(error) },
        }
    }
}
