//! Making daemon pods.
//!
//! Kubernetes: pkg/controller/controller_utils.go, GetPodFromTemplate; pkg/controller/daemon/util.

use std::rc::Rc;

use super::history::controller_ref;
use super::nodes::Basis;
use api::daemonset::{DaemonSet, TEMPLATE_GENERATION};
use api::daemonset_util::create_pod_template;
use api::label::is_dns1123_subdomain;
use api::meta::{CommonMeta, Name, ObjectMeta, string_map};
use api::object::Object;
use api::pod::{Pod, PodStatus};
use wire::Call;

/// What the pods of one revision share.
#[derive(Clone, Debug)]
pub(crate) struct PodTemplateInstance {
    common: Rc<CommonMeta>,
    basis_hash: Name,
    spec: Rc<api::pod::PodSpec>,
    node_name: Option<Name>,
}

/// The generation of the template, from an annotation; none if it is absent or no number.
///
/// Kubernetes: daemonset_util.go, GetTemplateGeneration. Rule: DS-031.
pub fn template_generation(ds: &DaemonSet) -> Option<i64> {
    ds.meta.annotation(TEMPLATE_GENERATION)?.parse().ok()
}

/// What the names of a DaemonSet's pods begin with: its name and a dash, or its name alone where no pod could
/// be called so.
///
/// Kubernetes: controller_utils.go, getPodsPrefix; apimachinery/pkg/api/validation, maskTrailingDash. Rule:
/// DS-029.
pub(crate) fn pods_prefix(name: &str) -> String {
    // Upstream judges the prefix with its dash and the character before it replaced by an `a`.
    let mut masked = name.to_owned();
    masked.pop();
    masked.push('a');
    let dash = if is_dns1123_subdomain(&masked).is_empty() { "-" } else { "" };
    format!("{name}{dash}")
}

impl PodTemplateInstance {
    /// Rule: DS-030.
    pub(crate) fn new(ds: &DaemonSet, basis: &Basis) -> PodTemplateInstance {
        let template = create_pod_template(&ds.template.raw, basis.generation, &basis.hash);
        let common = CommonMeta {
            namespace: ds.meta.namespace().clone(),
            generate_name: pods_prefix(&ds.meta.name).into(),
            labels: string_map(&template["metadata"]["labels"]),
            annotations: ds.template.annotations.clone(),
            owners: vec![controller_ref(ds)],
            finalizers: ds.template.finalizers.clone(),
        };
        PodTemplateInstance {
            common: Rc::new(common),
            basis_hash: basis.hash.clone(),
            spec: basis.template.spec.clone(),
            node_name: ds.template.node_name.clone(),
        }
    }

    /// Whether pods of this basis are made in it.
    pub(crate) fn fits(&self, ds: &DaemonSet, basis: &Basis) -> bool {
        Rc::ptr_eq(&self.spec, &basis.template.spec)
            && self.basis_hash == basis.hash
            && self.common.owners.first().is_some_and(|owner| owner.uid == ds.meta.uid)
    }

    /// The creation of a pod for a node. Rule: DS-019.
    pub(crate) fn create(&self, node: &Name) -> Call {
        Call::Create(Object::Pod(Rc::new(Pod {
            meta: ObjectMeta::unnamed(self.common.clone()),
            spec: self.spec.clone(),
            pinned_to: Some(node.clone()),
            node_name: self.node_name.clone(),
            status: PodStatus::default(),
        })))
    }

    pub(crate) fn common(&self) -> &Rc<CommonMeta> {
        &self.common
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ds_029_the_dash_is_left_out_where_it_would_make_the_name_invalid() {
        assert_eq!(pods_prefix("fluentd"), "fluentd-");
        assert_eq!(pods_prefix("a.b"), "a.b-");
        let longest = "a".repeat(253);
        assert_eq!(pods_prefix(&longest), format!("{longest}-"));
        assert_eq!(pods_prefix(&"a".repeat(254)), "a".repeat(254));
    }
}
