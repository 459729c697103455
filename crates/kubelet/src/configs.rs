//! ConfigMaps and Secrets that pods need: a volume that cannot be filled holds up the whole pod, a variable
//! that cannot be set its container (KL-058).
//!
//! Of what is in them only the keys are looked at. Something found counts as there for a minute.
//!
//! Not simulated: claims, and whether the node's own paths are what a hostPath volume says.
//!
//! Kubernetes: pkg/kubelet/volumemanager, pkg/volume/util/operationexecutor, pkg/kubelet/util/manager.

use super::mirror::call_error;
use super::pod_worker::{SyncResult, SyncStep, Work};
use super::workers::WorkerId;
use super::{Kubelet, pod_ref};
use api::event::{EventType, Message};
use api::json;
use api::meta::{Name, Uid};
use api::object::{Key, Kind, Object};
use api::pod::spec::{ConfigKind, ConfigRef};
use sim::{Duration, SortedMap, Time};
use wire::{Answer, Call, Ctx, KubeletRequest, KubeletTimer, Reply};

const FRESH: Duration = Duration::from_secs(60);
/// A mount that failed is tried again after this, then twice as long each time.
const FIRST_RETRY: Duration = Duration::from_millis(500);
const LAST_RETRY: Duration = Duration::from_secs(122);
/// After this the sync that waits for volumes fails.
const MOUNT_TIMEOUT: Duration = Duration::from_secs(123);

#[derive(Clone, Debug)]
struct Query {
    seq: u32,
    worker: WorkerId,
    what: Wanted,
}

#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
struct Wanted {
    secret: bool,
    key: Key,
}

/// Something that a pod needs and lacks, with the reason.
#[derive(Clone, Debug)]
pub(super) struct Missing {
    what: Wanted,
    why: String,
}

/// Something that was there, with the keys that it had.
#[derive(Clone, Debug)]
struct Found {
    at: Time,
    keys: Vec<Name>,
}

impl Found {
    /// A key that a reference needs and that is not there.
    fn lacks<'a>(&self, reference: &'a ConfigRef) -> Option<&'a Name> {
        reference.keys.iter().find(|key| !self.keys.contains(key))
    }
}

#[derive(Clone, Debug, Default)]
pub(super) struct Configs {
    found: SortedMap<Wanted, Found>,
    queries: Vec<Query>,
    last_seq: u32,
}

/// The keys of the ConfigMap or Secret that an answer brings.
fn keys_of(answer: &Answer) -> Vec<Name> {
    let Ok(Reply::Object(Object::Other(object))) = &answer.result else { return Vec::new() };
    let of = |field| json::get(&object.raw, field).as_object().into_iter().flat_map(|map| map.keys());
    of("data").chain(of("binaryData")).map(|key| Name::from(key.as_str())).collect()
}

fn wanted(namespace: &Name, reference: &ConfigRef) -> Option<Wanted> {
    let secret = match reference.kind {
        ConfigKind::ConfigMap => false,
        ConfigKind::Secret => true,
        ConfigKind::PersistentVolumeClaim => return None,
    };
    let key = Key { namespace: namespace.clone(), name: reference.name.clone() };
    (!reference.optional).then_some(Wanted { secret, key })
}

impl Kubelet {
    /// Whether the volumes of a pod are there, so that its sandbox can be made. If not, they are asked for,
    /// and the sync goes on when they have come.
    ///
    /// Kubernetes: pkg/kubelet/volumemanager/volume_manager.go, WaitForAttachAndMount.
    pub(super) fn wait_for_mount(&mut self, at: WorkerId, ctx: &mut Ctx) -> bool {
        let pod = self.workers[at].pod.clone();
        if pod.spec.volume_refs.is_empty() || self.runtime.sandbox(pod.meta.uid).is_some() {
            return true;
        }
        let work = Work {
            image: None,
            step: SyncStep::Volumes { since: ctx.now, retry: FIRST_RETRY },
            about: pod_ref(&pod),
            actions: Default::default(),
            result: SyncResult::Done,
            killed: Vec::new(),
            missing: Vec::new(),
        };
        if !self.ask_for(at, &pod.spec.volume_refs, ctx) {
            return true;
        }
        self.workers[at].work = Some(Box::new(work));
        false
    }

    /// Whether all that a container's environment names is known to be there.
    pub(super) fn has_environment(&mut self, at: WorkerId, index: usize, ctx: &mut Ctx) -> bool {
        let pod = self.workers[at].pod.clone();
        let refs = pod.spec.containers.get(index).map_or(&[][..], |container| &container.env_refs);
        refs.is_empty() || !self.ask_for(at, refs, ctx)
    }

    /// Asks the API server for what is not known to be there; says whether it had to.
    fn ask_for(&mut self, at: WorkerId, refs: &[ConfigRef], ctx: &mut Ctx) -> bool {
        let namespace = self.workers[at].pod.meta.namespace().clone();
        let mut asked = false;
        for reference in refs {
            let Some(what) = wanted(&namespace, reference) else { continue };
            let fresh = self
                .configs
                .found
                .get(&what)
                .is_some_and(|found| ctx.now.since(found.at) < FRESH && found.lacks(reference).is_none());
            let asks = self.configs.queries.iter().any(|query| query.worker == at && query.what == what);
            if fresh || asks {
                asked |= asks;
                continue;
            }
            let name = if what.secret { "Secret" } else { "ConfigMap" };
            let Some(kind) = Kind::of("v1", name) else { continue };
            self.configs.last_seq += 1;
            let seq = self.configs.last_seq;
            ctx.request(
                Call::Get { kind, key: what.key.clone() },
                self.token(KubeletRequest::GetConfig(seq)),
            );
            self.configs.queries.push(Query { seq, worker: at, what });
            asked = true;
        }
        asked
    }

    pub(super) fn on_config_got(&mut self, seq: u32, answer: &Answer, ctx: &mut Ctx) {
        let Some(place) = self.configs.queries.iter().position(|query| query.seq == seq) else { return };
        let Query { worker: at, what, .. } = self.configs.queries.remove(place);
        if self.workers.get(at).is_none() {
            return;
        }
        if answer.result.is_ok() {
            let found = Found { at: ctx.now, keys: keys_of(answer) };
            let lacks = self.lacks_key(at, &what, &found);
            if let Some(work) = &mut self.workers[at].work {
                work.missing.retain(|missing| missing.what != what);
                work.missing.extend(lacks.map(|why| Missing { what: what.clone(), why }));
            }
            self.configs.found.insert(what, found);
        } else if let Some(work) = &mut self.workers[at].work {
            work.missing.retain(|missing| missing.what != what);
            let kind = if what.secret { "secret" } else { "configmap" };
            let why = match answer.status() {
                Some(status) if status.is_not_found() => format!("{kind} \"{}\" not found", what.key.name),
                _ => format!("failed to sync {kind} cache: {}", call_error(answer)),
            };
            work.missing.push(Missing { what, why });
        }
        if self.configs.queries.iter().any(|query| query.worker == at) {
            return;
        }
        match self.workers[at].work.as_ref().map(|work| work.step.clone()) {
            Some(SyncStep::Volumes { since, retry }) => self.volumes_answered(at, since, retry, ctx),
            Some(SyncStep::Environment(index)) => self.environment_answered(at, index, ctx),
            _ => {}
        }
    }

    /// What is said of a key that what has been found should have.
    ///
    /// Kubernetes: pkg/kubelet/kubelet_pods.go, makeEnvironmentVariables; pkg/volume/configmap/configmap.go and
    /// pkg/volume/secret/secret.go, MakePayload.
    fn lacks_key(&self, at: WorkerId, what: &Wanted, found: &Found) -> Option<String> {
        let pod = &self.workers[at].pod;
        let refs = match self.workers[at].work.as_ref()?.step {
            SyncStep::Environment(index) => &pod.spec.containers.get(index)?.env_refs,
            _ => &pod.spec.volume_refs,
        };
        let named = refs.iter().filter(|it| wanted(pod.meta.namespace(), it).as_ref() == Some(what));
        let (reference, key) = named.into_iter().find_map(|it| Some((it, found.lacks(it)?)))?;
        let Key { namespace, name } = &what.key;
        Some(match (reference.volume.is_some(), what.secret) {
            (true, true) => format!("references non-existent secret key: {key}"),
            (true, false) => format!("references non-existent config key: {key}"),
            (false, true) => format!("couldn't find key {key} in Secret {namespace}/{name}"),
            (false, false) => format!("couldn't find key {key} in ConfigMap {namespace}/{name}"),
        })
    }

    fn take_missing(&mut self, at: WorkerId) -> Vec<Missing> {
        self.workers[at].work.as_mut().map(|work| std::mem::take(&mut work.missing)).unwrap_or_default()
    }

    fn volumes_answered(&mut self, at: WorkerId, since: Time, retry: Duration, ctx: &mut Ctx) {
        // They stay known until the next try: see [`Kubelet::unmounted`].
        let missing = self.workers[at].work.as_ref().map(|work| work.missing.clone()).unwrap_or_default();
        if missing.is_empty() {
            self.workers[at].work = None;
            return self.sync_containers(at, ctx);
        }
        let pod = self.workers[at].pod.clone();
        let volumes = pod.spec.volume_refs.iter().filter_map(|reference| {
            let what = wanted(pod.meta.namespace(), reference)?;
            let missing = missing.iter().find(|missing| missing.what == what)?;
            Some((reference.volume.clone().unwrap_or_default(), missing.why.clone()))
        });
        let mut unmounted: Vec<Name> = Vec::new();
        for (volume, why) in volumes {
            if unmounted.contains(&volume) {
                continue;
            }
            let text = format!("MountVolume.SetUp failed for volume \"{volume}\" : {why}");
            self.pod_event(at, EventType::Warning, "FailedMount", Message::Text(text.into()), ctx);
            unmounted.push(volume);
        }
        if ctx.now.since(since) + retry > MOUNT_TIMEOUT {
            let names: Vec<&str> = unmounted.iter().map(|name| &**name).collect();
            let text = format!(
                "Unable to attach or mount volumes: unmounted volumes=[{}], unattached volumes=[], failed to process \
                 volumes=[]: context deadline exceeded",
                names.join(" ")
            );
            self.pod_event(at, EventType::Warning, "FailedMount", Message::Text(text.into()), ctx);
            return self.complete_work(at, SyncResult::Failed, ctx);
        }
        if let Some(work) = &mut self.workers[at].work {
            work.step = SyncStep::Volumes { since, retry: retry.doubled(LAST_RETRY) };
        }
        ctx.wake_after(retry, self.timer(KubeletTimer::Mount(at.number())));
    }

    /// Volumes that were missing are tried again.
    pub(super) fn on_mount_due(&mut self, number: u32, ctx: &mut Ctx) {
        let Some(at) = self.workers.numbered(number) else { return };
        let waits =
            matches!(&self.workers[at].work, Some(work) if matches!(work.step, SyncStep::Volumes { .. }));
        let pod = self.workers[at].pod.clone();
        if waits && !self.ask_for(at, &pod.spec.volume_refs, ctx) {
            self.workers[at].work = None;
            self.sync_containers(at, ctx);
        }
    }

    fn environment_answered(&mut self, at: WorkerId, index: usize, ctx: &mut Ctx) {
        let missing = self.take_missing(at);
        match missing.first() {
            None => self.create_container(at, index, ctx),
            Some(Missing { why, .. }) => {
                self.start_failed(at, index, "CreateContainerConfigError", why, ctx);
                self.start_given_up(at, index);
                self.start_next(at, ctx);
            }
        }
    }

    /// The ConfigMaps (`false`) and Secrets (`true`) that a pod's volumes wait for, by name.
    pub fn unmounted(&self, pod: Uid) -> impl Iterator<Item = (bool, &Name)> {
        let workers = self.workers.iter().filter(move |worker| worker.pod.meta.uid == pod);
        let works = workers.filter_map(|worker| worker.work.as_ref());
        let works = works.filter(|work| matches!(work.step, SyncStep::Volumes { .. }));
        works.flat_map(|work| &work.missing).map(|missing| (missing.what.secret, &missing.what.key.name))
    }

    pub(super) fn forget_queries(&mut self, worker: WorkerId) {
        self.configs.queries.retain(|query| query.worker != worker);
    }
}
