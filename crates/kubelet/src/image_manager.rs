//! Gets the images that containers need: one pull at a time, with a back-off after failures.
//!
//! Kubernetes: pkg/kubelet/images/image_manager.go, puller.go.

use std::collections::VecDeque;
use std::rc::Rc;

use super::pod_worker::{SyncResult, SyncStep};
use super::runtime::images::{image_size, pull_error};
use super::workers::WorkerId;
use super::{INITIAL_BACK_OFF, Kubelet, MAX_BACK_OFF};
use api::event::{EventType, Message, Pulled};
use api::field::go_quote;
use api::image_name::ImageNameError;
use api::meta::{Name, Uid};
use api::pod::ImagePullPolicy;
use client::backoff::Backoff;
use sim::{Duration, SortedMap, Time};
use wire::{Ctx, KubeletTimer};

/// What asking for an image comes to.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Ensured {
    Present,
    /// It is being pulled, or waits for its turn.
    Pulling,
    /// Reason and message for the container's waiting state.
    Failed(&'static str, String),
}

/// A pull that is asked for.
#[derive(Clone, Debug)]
struct Pull {
    seq: u32,
    worker: WorkerId,
    index: usize,
    image: Name,
    requested: Time,
}

/// Failed pulls back off by pod and image (KL-056).
pub type PullKey = (Uid, Name);

/// The waiting reason of a container whose image could not be pulled.
pub const ERR_IMAGE_PULL: &str = "ErrImagePull";
/// The waiting reason of a container whose image is not being pulled for a while.
pub const IMAGE_PULL_BACK_OFF: &str = "ImagePullBackOff";

/// The message of a container whose image is not being pulled for a while, with why the last pull failed.
pub fn back_off_pulling(image: &str, last_error: Option<&str>) -> String {
    match last_error {
        Some(error) => format!("Back-off pulling image \"{image}\": {ERR_IMAGE_PULL}: {error}"),
        None => format!("Back-off pulling image \"{image}\""),
    }
}

/// Upstream cuts the spans of a pull to milliseconds.
fn to_millis(span: Duration) -> Duration {
    Duration::from_millis(span.as_millis())
}

#[derive(Clone, Debug)]
pub(super) struct ImageManager {
    back_off: Backoff<PullKey>,
    /// Why the last pull failed.
    last_errors: SortedMap<PullKey, String>,
    /// The pull under way is the first (serializeImagePulls).
    queue: VecDeque<Pull>,
    current_since: Time,
    last_seq: u32,
}

impl Default for ImageManager {
    fn default() -> Self {
        ImageManager {
            back_off: Backoff::new(INITIAL_BACK_OFF, MAX_BACK_OFF),
            last_errors: SortedMap::new(),
            queue: VecDeque::new(),
            current_since: Time::default(),
            last_seq: 0,
        }
    }
}

impl ImageManager {
    pub(crate) fn forget(&mut self, pod: Uid) {
        if !self.back_off.is_empty() {
            self.back_off.retain(|(owner, _)| *owner != pod);
            self.last_errors.retain(|(owner, _), _| *owner != pod);
        }
    }
}

impl Kubelet {
    /// Kubernetes: pkg/kubelet/images/image_manager.go, EnsureImageExists.
    pub(super) fn ensure_image_exists(&mut self, at: WorkerId, index: usize, ctx: &mut Ctx) -> Ensured {
        let pod = self.workers[at].pod.clone();
        let Some(container) = pod.spec.containers.get(index) else { return Ensured::Present };
        let image = &container.image;
        let present = self.runtime.images.has(image);
        match container.image_pull_policy {
            _ if !present && let Some(why) = &container.image_name_error => {
                return self.invalid_image_name(at, index, image, why, ctx);
            }
            ImagePullPolicy::IfNotPresent | ImagePullPolicy::Never if present => {
                self.note_image(at, index, false, ctx.now);
                let message = Message::Present(image.clone());
                self.container_event(at, index, EventType::Normal, "Pulled", message, ctx);
                return Ensured::Present;
            }
            ImagePullPolicy::Never => {
                let text = format!("Container image \"{image}\" is not present with pull policy of Never");
                let message = Message::Text(text.as_str().into());
                self.container_event(at, index, EventType::Warning, "ErrImageNeverPull", message, ctx);
                return Ensured::Failed("ErrImageNeverPull", text);
            }
            _ => {}
        }
        let key = (pod.meta.uid, image.clone());
        if !self.images.back_off.is_empty() && self.images.back_off.is_in_back_off_since_update(&key, ctx.now)
        {
            return self.image_pull_back_off(at, index, &key, ctx);
        }
        self.note_image(at, index, true, ctx.now);
        self.container_event(at, index, EventType::Normal, "Pulling", Message::Pulling(image.clone()), ctx);
        self.enqueue_pull(at, index, image.clone(), ctx);
        Ensured::Pulling
    }

    /// What is said of an image at a first start goes past the recorder, which may have to hear of it later.
    fn note_image(&mut self, at: WorkerId, index: usize, pulling: bool, now: Time) {
        let first = self.is_first_start(at, index);
        if let Some(work) = &mut self.workers[at].work {
            work.image = first.then_some((pulling, now));
        }
    }

    fn invalid_image_name(
        &mut self,
        at: WorkerId,
        index: usize,
        image: &str,
        why: &ImageNameError,
        ctx: &mut Ctx,
    ) -> Ensured {
        let text = format!("Failed to apply default image tag {}: {why}", go_quote(image));
        let message = Message::Text(text.as_str().into());
        self.container_event(at, index, EventType::Warning, "InspectFailed", message, ctx);
        Ensured::Failed("InvalidImageName", text)
    }

    fn image_pull_back_off(&mut self, at: WorkerId, index: usize, key: &PullKey, ctx: &mut Ctx) -> Ensured {
        let message = Message::Text(back_off_pulling(&key.1, None).into());
        self.container_event(at, index, EventType::Normal, "BackOff", message, ctx);
        let last_error = self.images.last_errors.get(key);
        Ensured::Failed(IMAGE_PULL_BACK_OFF, back_off_pulling(&key.1, last_error.map(String::as_str)))
    }

    fn enqueue_pull(&mut self, at: WorkerId, index: usize, image: Name, ctx: &mut Ctx) {
        let images = &mut self.images;
        images.last_seq += 1;
        let seq = images.last_seq;
        images.queue.push_back(Pull { seq, worker: at, index, image, requested: ctx.now });
        if images.queue.len() == 1 {
            self.next_pull(ctx);
        }
    }

    /// The first pull of the queue begins. An image that has come meanwhile is only compared.
    fn next_pull(&mut self, ctx: &mut Ctx) {
        let Some(pull) = self.images.queue.front() else { return };
        let whole = ctx.settings.image_pull_delay;
        let takes = if self.runtime.images.has(&pull.image) { Duration(whole.0 / 10) } else { whole };
        let seq = pull.seq;
        self.images.current_since = ctx.now;
        ctx.wake_after(takes, self.timer(KubeletTimer::Pull(seq)));
    }

    pub(super) fn on_pull_done(&mut self, seq: u32, ctx: &mut Ctx) {
        if self.images.queue.front().is_none_or(|pull| pull.seq != seq) {
            return;
        }
        let Some(pull) = self.images.queue.pop_front() else { return };
        let error = pull_error(&pull.image);
        if error.is_none() {
            self.runtime.images.add(&pull.image);
        }
        let took = ctx.now.since(self.images.current_since);
        self.next_pull(ctx);
        let at = pull.worker;
        let Some(worker) = self.workers.get(at) else { return };
        let waits = worker
            .work
            .as_ref()
            .is_some_and(|work| matches!(work.step, SyncStep::Pull(index) if index == pull.index));
        if waits {
            match error {
                None => self.image_pulled(at, &pull, took, ctx),
                Some(error) => self.image_pull_failed(at, &pull, error, ctx),
            }
        }
    }

    fn image_pulled(&mut self, at: WorkerId, pull: &Pull, took: Duration, ctx: &mut Ctx) {
        let pulled = Pulled {
            image: pull.image.clone(),
            took: to_millis(took),
            waited: to_millis(ctx.now.since(pull.requested)),
            size: image_size(&pull.image),
        };
        let message = Message::Pulled(Rc::new(pulled));
        self.container_event(at, pull.index, EventType::Normal, "Pulled", message, ctx);
        self.create_container(at, pull.index, ctx);
    }

    fn image_pull_failed(&mut self, at: WorkerId, pull: &Pull, error: String, ctx: &mut Ctx) {
        self.note_failed_start(at, pull.index);
        let text = format!("Failed to pull image \"{}\": {error}", pull.image);
        self.container_event(at, pull.index, EventType::Warning, "Failed", Message::Text(text.into()), ctx);
        let key = (self.workers[at].uid(), pull.image.clone());
        self.images.back_off.next(&key, ctx.now, ctx.now);
        self.start_failed(at, pull.index, ERR_IMAGE_PULL, &error, ctx);
        self.images.last_errors.insert(key, error);
        self.fail_start(at, SyncResult::Failed);
        self.start_next(at, ctx);
    }
}
