//! What a controller makes an object's pods from.

use std::rc::Rc;

use crate::daemon::pods::pods_prefix;
use crate::replicaset::controller_ref;
use api::daemonset::PodTemplate;
use api::meta::{CommonMeta, Name, ObjectMeta};
use api::object::{Object, Other};
use api::pod::{Pod, PodSpec, PodStatus};
use serde_json::Value;
use wire::Call;

/// The template of an object's pods, and the metadata that they share.
#[derive(Clone, Debug)]
pub(crate) struct PodSource {
    pub(crate) template: Rc<PodTemplate>,
    pub(crate) common: Rc<CommonMeta>,
}

impl PodSource {
    /// `finalizer` is one that the pods have beside those of the template. `old`, what the object was before and what
    /// its pods were made from, is lent where it is the same.
    pub(crate) fn new(
        object: &Other,
        template: &Value,
        finalizer: Option<&str>,
        old: Option<(&Other, &PodSource)>,
    ) -> PodSource {
        let is_same = |(other, source): &(&Other, &PodSource)| {
            *source.template.raw == *template
                && other.meta.uid == object.meta.uid
                && other.meta.name == object.meta.name
        };
        if let Some((_, source)) = old.filter(is_same) {
            return source.clone();
        }
        let template = PodTemplate::from_value(template.clone());
        let mut finalizers = template.finalizers.clone();
        if let Some(own) = finalizer.filter(|own| !finalizers.iter().any(|finalizer| **finalizer == **own)) {
            finalizers.push(Name::from(own));
        }
        let common = CommonMeta {
            namespace: object.meta.namespace().clone(),
            generate_name: pods_prefix(&object.meta.name).into(),
            labels: template.labels.clone(),
            annotations: template.annotations.clone(),
            owners: vec![controller_ref(object)],
            finalizers,
        };
        PodSource { template: Rc::new(template), common: Rc::new(common) }
    }

    /// The call that makes a pod.
    pub(crate) fn create(&self) -> Call {
        self.create_with(self.common.clone(), self.template.spec.clone())
    }

    /// The call that makes a pod with metadata and a spec of its own.
    pub(crate) fn create_with(&self, common: Rc<CommonMeta>, spec: Rc<PodSpec>) -> Call {
        Call::Create(Object::Pod(Rc::new(Pod {
            meta: ObjectMeta::unnamed(common),
            spec,
            pinned_to: None,
            node_name: self.template.node_name.clone(),
            status: PodStatus::default(),
        })))
    }
}
