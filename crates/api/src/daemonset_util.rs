//! What makes a pod a daemon pod: the tolerations and labels that the controller adds to the template.
//!
//! Kubernetes: pkg/controller/daemon/util/daemonset_util.go.

use serde_json::Value;

use super::json;
use super::pod::{REVISION_HASH_LABEL, TEMPLATE_GENERATION_LABEL};
use super::toleration::{TaintEffect, Toleration, add_or_update_toleration_in_pod_spec};

/// What every daemon pod tolerates, in the order in which it is added (DS-015).
const TOLERATED: [(&str, TaintEffect); 6] = [
    ("node.kubernetes.io/not-ready", TaintEffect::NoExecute),
    ("node.kubernetes.io/unreachable", TaintEffect::NoExecute),
    ("node.kubernetes.io/disk-pressure", TaintEffect::NoSchedule),
    ("node.kubernetes.io/memory-pressure", TaintEffect::NoSchedule),
    ("node.kubernetes.io/pid-pressure", TaintEffect::NoSchedule),
    ("node.kubernetes.io/unschedulable", TaintEffect::NoSchedule),
];

/// What one on the host's network tolerates as well (DS-016).
const TOLERATED_ON_HOST_NETWORK: (&str, TaintEffect) =
    ("node.kubernetes.io/network-unavailable", TaintEffect::NoSchedule);

/// Adds the automatic tolerations to a pod's spec, after its own.
///
/// Rules: DS-015…018. Kubernetes: daemonset_util.go, AddOrUpdateDaemonPodTolerations.
pub fn add_or_update_daemon_pod_tolerations(spec: &mut Value) {
    let host_network = json::flag(spec, "hostNetwork").then_some(TOLERATED_ON_HOST_NETWORK);
    for (key, effect) in TOLERATED.into_iter().chain(host_network) {
        add_or_update_toleration_in_pod_spec(spec, &Toleration::exists(key, effect));
    }
}

/// The template that daemon pods are made from: with tolerations, and labelled with the template's
/// generation and, unless it is empty, its hash.
///
/// Rules: DS-030, DS-031. Kubernetes: daemonset_util.go, CreatePodTemplate.
pub fn create_pod_template(template: &Value, generation: Option<i64>, hash: &str) -> Value {
    let mut template = template.clone();
    add_or_update_daemon_pod_tolerations(json::child(&mut template, "spec"));
    let labels = json::object(json::child(json::child(&mut template, "metadata"), "labels"));
    if let Some(generation) = generation {
        labels.insert(TEMPLATE_GENERATION_LABEL.to_owned(), generation.to_string().into());
    }
    if !hash.is_empty() {
        labels.insert(REVISION_HASH_LABEL.to_owned(), hash.into());
    }
    template
}

/// Whether a pod with these labels is of the present revision: its hash or its generation is.
///
/// Kubernetes: daemonset_util.go, IsPodUpdated.
pub fn is_pod_updated<'a>(
    label: impl Fn(&str) -> Option<&'a str>,
    hash: &str,
    generation: Option<i64>,
) -> bool {
    let generation = generation.map(|number| number.to_string());
    let generation_matches =
        generation.is_some() && label(TEMPLATE_GENERATION_LABEL) == generation.as_deref();
    let hash_matches = !hash.is_empty() && label(REVISION_HASH_LABEL) == Some(hash);
    generation_matches || hash_matches
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn keys(spec: &Value) -> Vec<String> {
        let short = |t: &Value| format!("{}:{}", json::text(t, "key"), json::text(t, "effect"));
        json::list(spec, "tolerations").iter().map(short).collect()
    }

    #[test]
    fn ds_015_the_automatic_tolerations_follow_the_templates_own() {
        let mut spec =
            json!({"tolerations": [{"key": "mine", "effect": "NoSchedule", "operator": "Exists"}]});
        add_or_update_daemon_pod_tolerations(&mut spec);
        assert_eq!(
            keys(&spec),
            [
                "mine:NoSchedule",
                "node.kubernetes.io/not-ready:NoExecute",
                "node.kubernetes.io/unreachable:NoExecute",
                "node.kubernetes.io/disk-pressure:NoSchedule",
                "node.kubernetes.io/memory-pressure:NoSchedule",
                "node.kubernetes.io/pid-pressure:NoSchedule",
                "node.kubernetes.io/unschedulable:NoSchedule",
            ]
        );
        let automatic = &json::list(&spec, "tolerations")[1];
        let expected =
            json!({"key": "node.kubernetes.io/not-ready", "operator": "Exists", "effect": "NoExecute"});
        assert_eq!(*automatic, expected);
    }

    #[test]
    fn ds_016_on_the_hosts_network_a_missing_network_is_tolerated() {
        let mut spec = json!({"hostNetwork": true});
        add_or_update_daemon_pod_tolerations(&mut spec);
        let last = keys(&spec).pop();
        assert_eq!(last.as_deref(), Some("node.kubernetes.io/network-unavailable:NoSchedule"));
        let mut spec = json!({"hostNetwork": false});
        add_or_update_daemon_pod_tolerations(&mut spec);
        assert_eq!(keys(&spec).len(), 6);
    }

    #[test]
    fn ds_017_not_ready_no_schedule_is_not_tolerated() {
        let mut spec = json!({"hostNetwork": true});
        add_or_update_daemon_pod_tolerations(&mut spec);
        for absent in ["node.kubernetes.io/not-ready:NoSchedule", "node.kubernetes.io/unreachable:NoSchedule"]
        {
            assert!(!keys(&spec).contains(&absent.to_owned()));
        }
        assert!(
            !keys(&spec).iter().any(|key| key.contains("control-plane") || key.contains("out-of-service"))
        );
    }
}
