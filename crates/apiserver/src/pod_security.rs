//! The admission plugin PodSecurity: a namespace's labels say what its pods may do.
//!
//! Kubernetes: k8s.io/pod-security-admission/admission/admission.go.
// Not simulated: the mode audit, as there is no audit log; what a change of labels or of a pod would violate.

use std::rc::Rc;

use serde_json::Value;

use super::ApiServer;
use api::json;
use api::object::Other;
use api::status_error::{GroupResource, StatusError};
use validation::pod_security::{Mode, evaluate, level_for, template};

fn namespace<'a>(api: &'a ApiServer, name: &str) -> Option<&'a Rc<Other>> {
    let table = api.kinds.namespace.and_then(|kind| api.store.others.get(&kind))?;
    // Most have no label but their name.
    table.get("", name).filter(|namespace| namespace.meta.labels().len() > 1)
}

fn violation(namespace: &Other, mode: Mode, meta: &Value, spec: &Value) -> Option<(String, String)> {
    let (level, name) = level_for(mode, |key| namespace.meta.label(key))?;
    evaluate(level, meta, spec).map(|detail| (name, detail))
}

/// Whether a namespace has labels at which its pods have to be looked at.
pub(super) fn concerns(api: &ApiServer, name: &str) -> bool {
    namespace(api, name).is_some()
}

/// Refuses a pod that its namespace does not admit, and warns of one that it does not like.
///
/// Kubernetes: EvaluatePod.
pub(super) fn admit(
    api: &ApiServer,
    pod: &Value,
    name: &str,
    warnings: &mut Vec<String>,
) -> Result<(), StatusError> {
    let meta = json::get(pod, "metadata");
    let Some(namespace) = namespace(api, json::text(meta, "namespace")) else { return Ok(()) };
    let spec = json::get(pod, "spec");
    if let Some((level, detail)) = violation(namespace, Mode::Enforce, meta, spec) {
        let why = format!("violates PodSecurity \"{level}\": {detail}");
        return Err(StatusError::forbidden(GroupResource::core("pods"), name, &why));
    }
    warn(namespace, meta, spec, warnings);
    Ok(())
}

/// Warns of the pods that an object would make: they are refused one by one, later.
///
/// Kubernetes: ValidatePodController.
pub(super) fn warn_of_template(api: &ApiServer, object: &Value, warnings: &mut Vec<String>) {
    let Some(namespace) = namespace(api, json::text(json::get(object, "metadata"), "namespace")) else {
        return;
    };
    if let Some(template) = template(object) {
        warn(namespace, json::get(template, "metadata"), json::get(template, "spec"), warnings);
    }
}

fn warn(namespace: &Other, meta: &Value, spec: &Value, warnings: &mut Vec<String>) {
    if let Some((level, detail)) = violation(namespace, Mode::Warn, meta, spec) {
        warnings.push(format!("would violate PodSecurity \"{level}\": {detail}"));
    }
}
