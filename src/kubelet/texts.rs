//! Words the kubelet says, and small things it says so often that it keeps them.

use std::rc::Rc;

use crate::api::meta::Name;
use crate::api::pod::{ContainerKind, Pod, PodSpec, Reason, Waiting};
use crate::sim::Duration;

/// A duration as Go's `time.Duration` prints it, down to milliseconds: `850ms`, `1.5s`, `1m20s`, `5m0s`.
pub fn go_duration(span: Duration) -> String {
    let millis = span.as_millis();
    if millis == 0 {
        return "0s".to_owned();
    }
    if millis < 1000 {
        return format!("{millis}ms");
    }
    let (secs, fraction) = (millis / 1000, millis % 1000);
    let tail = match fraction {
        0 => format!("{}s", secs % 60),
        _ => format!("{}.{}s", secs % 60, format!("{fraction:03}").trim_end_matches('0')),
    };
    match (secs / 3600, secs / 60 % 60) {
        (0, 0) => tail,
        (0, minutes) => format!("{minutes}m{tail}"),
        (hours, minutes) => format!("{hours}h{minutes}m{tail}"),
    }
}

/// `name_namespace(uid)`, as the kubelet names a pod in its messages.
///
/// Kubernetes: pkg/kubelet/util/format/pod.go, Pod.
pub fn format_pod(pod: &Pod) -> String {
    format!("{}_{}({})", pod.meta.name, pod.meta.namespace(), uid_text(pod))
}

/// A pod's uid as it is written: a static pod's has no dashes (KL-016).
pub fn uid_text(pod: &Pod) -> String {
    match pod.is_static() {
        true => pod.meta.uid.hex(),
        false => pod.meta.uid.to_string(),
    }
}

/// States and reasons that most pods pass through, made once for each kubelet.
#[derive(Clone, Debug)]
pub(super) struct Texts {
    pub creating: Rc<Waiting>,
    pub initializing: Rc<Waiting>,
    /// The last `containers with unready status: …`, and the spec it was made for: siblings come together.
    unready: Option<(Rc<PodSpec>, Rc<Reason>)>,
}

impl Default for Texts {
    fn default() -> Self {
        Texts {
            creating: waiting("ContainerCreating", ""),
            initializing: waiting("PodInitializing", ""),
            unready: None,
        }
    }
}

impl Texts {
    /// Reason and message of a pod of which no container is ready.
    pub fn none_ready(&mut self, spec: &Rc<PodSpec>) -> Rc<Reason> {
        if let Some((known, reason)) = &self.unready
            && Rc::ptr_eq(known, spec)
        {
            return reason.clone();
        }
        let names = spec.containers.iter().filter(|c| c.kind != ContainerKind::Init).map(|c| &c.name);
        let reason = containers_not_ready(names);
        self.unready = Some((spec.clone(), reason.clone()));
        reason
    }
}

/// `containers with unready status: [a b]` (KL-066).
pub(super) fn containers_not_ready<'a>(names: impl Iterator<Item = &'a Name>) -> Rc<Reason> {
    let names: Vec<&str> = names.map(|name| &**name).collect();
    Reason::new("ContainersNotReady", &format!("containers with unready status: [{}]", names.join(" ")))
}

pub fn waiting(reason: &str, message: &str) -> Rc<Waiting> {
    Rc::new(Waiting { reason: reason.into(), message: message.into() })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn durations_print_as_go_prints_them() {
        let of = |millis| go_duration(Duration::from_millis(millis));
        assert_eq!(of(0), "0s");
        assert_eq!(of(850), "850ms");
        assert_eq!(of(1500), "1.5s");
        assert_eq!(of(10_000), "10s");
        assert_eq!(of(80_000), "1m20s");
        assert_eq!(of(300_000), "5m0s");
        assert_eq!(of(3_600_000), "1h0m0s");
    }
}
