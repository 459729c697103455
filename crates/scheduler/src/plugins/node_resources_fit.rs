//! NodeResourcesFit: what a pod asks for against what a node has left.
//!
//! Kubernetes: pkg/scheduler/framework/plugins/noderesources/fit.go. Rules: SCH-006, SCH-029.

use crate::cache::NodeInfo;
use crate::framework::{Code, Plugin, Reason, Status, Verdict};
use api::meta::Name;
use api::pod::Pod;
use api::resources::Resources;

/// The plugin's arguments: resources that another component manages.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct FitArgs {
    /// Names of resources, whole.
    pub ignored_resources: Vec<Name>,
    /// Everything before the slash of a resource's name.
    pub ignored_resource_groups: Vec<Name>,
}

/// A resource of which there is not enough.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct InsufficientResource {
    /// Its name: `cpu`, `memory`, `example.com/gpu`.
    pub resource: Name,
    pub(crate) reason: Reason,
    /// What the pod asks for: milli-units of cpu, bytes of memory, else a count.
    pub requested: i64,
    /// What the node's pods have asked for.
    pub used: i64,
    /// What the node can give.
    pub capacity: i64,
    /// More is asked for than the node has altogether: no eviction helps.
    pub(crate) unresolvable: bool,
}

/// Whether a node has what a pod asks for; all that is short is named.
pub fn filter(pod: &Pod, node: &NodeInfo, args: &FitArgs) -> Verdict {
    if has_room(pod, node) {
        return Ok(());
    }
    let insufficient = fits_request(pod, node, args);
    if insufficient.is_empty() {
        return Ok(());
    }
    let unresolvable = insufficient.iter().any(|resource| resource.unresolvable);
    let code = if unresolvable { Code::UnschedulableAndUnresolvable } else { Code::Unschedulable };
    let mut status = Status::empty(Plugin::NodeResourcesFit, code);
    for resource in insufficient {
        status.push(resource.reason);
    }
    Err(status)
}

/// The common case, without making a list: plain resources only, and enough of them.
fn has_room(pod: &Pod, node: &NodeInfo) -> bool {
    let (request, used) = (&pod.spec.requests, &node.requested);
    let Some(allocatable) = node.node.as_ref().map(|node| &node.allocatable) else { return false };
    let fits = |asked: i64, used: i64, has: i64| asked == 0 || asked <= has.saturating_sub(used);
    (node.pods.len() as i64) < allocatable.pods
        && request.scalars.is_empty()
        && fits(request.cpu_milli, used.cpu_milli, allocatable.cpu_milli)
        && fits(request.memory, used.memory, allocatable.memory)
        && fits(request.ephemeral_storage, used.ephemeral_storage, allocatable.ephemeral_storage)
}

/// What a node has not enough of for a pod.
///
/// Kubernetes: fit.go, fitsRequest. Extended resources are looked at in order of name (upstream: in no
/// order, as they stand in a Go map).
pub fn fits_request(pod: &Pod, node: &NodeInfo, args: &FitArgs) -> Vec<InsufficientResource> {
    let none = Resources::default();
    let allocatable = node.node.as_ref().map_or(&none, |node| &node.allocatable);
    let (request, used) = (&pod.spec.requests, &node.requested);
    let mut insufficient = Vec::new();
    let pods = node.pods.len() as i64;
    if pods + 1 > allocatable.pods {
        insufficient.push(InsufficientResource {
            resource: "pods".into(),
            reason: Reason::Static("Too many pods"),
            requested: 1,
            used: pods,
            capacity: allocatable.pods,
            unresolvable: false,
        });
    }
    let mut check = |reason: fn(&str) -> Reason, resource: &str, requested: i64, used: i64, capacity: i64| {
        if requested > 0 && requested > capacity.saturating_sub(used) {
            insufficient.push(InsufficientResource {
                resource: resource.into(),
                reason: reason(resource),
                requested,
                used,
                capacity,
                unresolvable: requested > capacity,
            });
        }
    };
    let cpu = |_: &str| Reason::Static("Insufficient cpu");
    check(cpu, "cpu", request.cpu_milli, used.cpu_milli, allocatable.cpu_milli);
    let memory = |_: &str| Reason::Static("Insufficient memory");
    check(memory, "memory", request.memory, used.memory, allocatable.memory);
    let storage = |_: &str| Reason::Static("Insufficient ephemeral-storage");
    let (asked, used_storage) = (request.ephemeral_storage, used.ephemeral_storage);
    check(storage, "ephemeral-storage", asked, used_storage, allocatable.ephemeral_storage);
    for (name, requested) in &request.scalars {
        if is_ignored(name, args) {
            continue;
        }
        let of = |resources: &Resources| resources.scalars.get(name).copied().unwrap_or(0);
        check(|name| Reason::Insufficient(name.into()), name, *requested, of(used), of(allocatable));
    }
    insufficient
}

fn is_ignored(name: &str, args: &FitArgs) -> bool {
    if !is_extended_resource_name(name) {
        return false;
    }
    let group = name.split('/').next().unwrap_or("");
    args.ignored_resources.iter().any(|ignored| **ignored == *name)
        || args.ignored_resource_groups.iter().any(|ignored| **ignored == *group)
}

/// Whether a name is neither Kubernetes' own nor a quota's.
///
/// Kubernetes: pkg/apis/core/v1/helper/helpers.go, IsExtendedResourceName.
fn is_extended_resource_name(name: &str) -> bool {
    let native = !name.contains('/') || name.contains("kubernetes.io/");
    !native && !name.starts_with("requests.")
}
