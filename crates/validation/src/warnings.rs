//! What the API server takes and warns of.
//!
//! Kubernetes: WarningsOnCreate and WarningsOnUpdate of the strategies in pkg/registry.

mod paths;
mod pod;
mod service;

use serde_json::Value;

use super::ip::warnings_for_cidr;
use super::prepare::way_to_pod;
use api::field::FieldPath;
use api::json;
use api::label::is_dns1123_label;
use api::quantity;
use pod::warnings_for_pod_spec_and_meta;

/// The warnings for a new object, which must be valid and defaulted.
///
/// Amounts count as they are written here: see `codec::with_amounts_as_written`.
pub fn on_create(object: &Value) -> Vec<String> {
    let mut warnings = Vec::new();
    let (_, kind) = super::group_and_kind(object);
    if let "Deployment" | "ReplicaSet" | "ReplicationController" | "Job" | "CronJob" = kind {
        hostname(object, "Pod names and hostnames", &mut warnings);
    }
    match kind {
        "Pod" => {
            hostname(object, "the Pod's hostname", &mut warnings);
            warnings_for_pod_spec_and_meta(object, None, &mut warnings);
        }
        "ServiceAccount" => mountable_secrets(object, &mut warnings),
        "CSIDriver" => token_requests(object, &mut warnings),
        "Ingress" => ingress_class(object, &mut warnings),
        _ => {
            template(object, &mut warnings);
            at_every_write(object, "", &mut warnings);
        }
    }
    warnings
}

/// The warnings for a change of an object. `changed`: what it counts by generations is not as it was.
pub fn on_update(new: &Value, old: &Value, changed: bool) -> Vec<String> {
    let mut warnings = Vec::new();
    let (_, kind) = super::group_and_kind(new);
    let template_changed = || json::at(new, &["spec", "template"]) != json::at(old, &["spec", "template"]);
    match kind {
        "Pod" | "Ingress" => {}
        "ServiceAccount" if has_annotation(old, MOUNTABLE_SECRETS) => {}
        "ServiceAccount" => mountable_secrets(new, &mut warnings),
        "CSIDriver" if tokens(new) == tokens(old) => {}
        "CSIDriver" => token_requests(new, &mut warnings),
        _ => {
            if if kind == "DaemonSet" { template_changed() } else { changed } {
                template(new, &mut warnings);
            }
            at_every_write(new, ".Spec", &mut warnings);
            if kind == "CronJob"
                && json::at(new, &["spec", "schedule"]).as_str().is_some_and(|text| text.contains("TZ"))
            {
                warnings.push("cannot use TZ or CRON_TZ in spec.spec.schedule, use timeZone instead, see https://kubernetes.io/docs/concepts/workloads/controllers/cron-jobs/ for more details".to_owned());
            }
        }
    }
    warnings
}

/// A name that is no DNS label makes odd hostnames.
fn hostname(object: &Value, what: &str, warnings: &mut Vec<String>) {
    let messages = is_dns1123_label(json::text(json::get(object, "metadata"), "name"));
    if !messages.is_empty() {
        warnings.push(format!(
            "metadata.name: this is used in {what}, which can result in surprising behavior; a DNS label is recommended: [{}]",
            messages.join(" ")
        ));
    }
}

/// Warnings of the pod template that an object holds.
fn template(object: &Value, warnings: &mut Vec<String>) {
    let Some(way) = way_to_pod(object) else { return };
    if super::group_and_kind(object).0 == "batch"
        && let Some((_, way)) = way.split_last()
    {
        indexed_job(object, way, warnings);
    }
    let path = way.iter().fold(FieldPath::root(), |path, name| path.child(*name));
    warnings_for_pod_spec_and_meta(json::at(object, way), Some(&path), warnings);
}

/// Kubernetes: pkg/api/job/warnings.go, WarningsForJobSpec.
fn indexed_job(object: &Value, way: &[&str], warnings: &mut Vec<String>) {
    let spec = json::at(object, way);
    let above = |key, limit| json::int(spec, key).is_some_and(|number| number > limit);
    if json::text(spec, "completionMode") == "Indexed"
        && above("completions", 100_000)
        && above("parallelism", 10_000)
    {
        warnings.push(format!(
            "{}: In Indexed Jobs with a number of completions higher than 10^5 and a parallelism higher than 10^4, Kubernetes might not be able to track completedIndexes when a big number of indexes fail",
            way.join(".")
        ));
    }
}

/// What is said at a create and at an update alike; `suffix` follows a claim template's path.
fn at_every_write(object: &Value, suffix: &str, warnings: &mut Vec<String>) {
    let (group, kind) = super::group_and_kind(object);
    let spec = json::get(object, "spec");
    match (group, kind) {
        ("", "Service") => service::warnings_for_service(object, warnings),
        ("", "Node") => node(spec, warnings),
        ("", "Secret") => tls_secret(object, warnings),
        ("", "PersistentVolume") => persistent_volume(object, warnings),
        ("", "PersistentVolumeClaim") => {
            deprecated_annotations(object, &VOLUME_ANNOTATIONS[..1], warnings);
            warnings_for_claim_spec(spec, "spec", warnings);
        }
        ("apps", "StatefulSet") => {
            for (at, claim) in json::list(spec, "volumeClaimTemplates").iter().enumerate() {
                let path = format!("spec.volumeClaimTemplates[{at}]{suffix}");
                warnings_for_claim_spec(json::get(claim, "spec"), &path, warnings);
            }
            if json::int(spec, "revisionHistoryLimit").is_some_and(|limit| limit < 0) {
                warnings.push("spec.revisionHistoryLimit: a negative value retains all historical revisions; a value >= 0 is recommended".to_owned());
            }
        }
        ("networking.k8s.io", "NetworkPolicy") => network_policy(spec, warnings),
        ("storage.k8s.io", "StorageClass") => {
            for (i, topology) in json::list(object, "allowedTopologies").iter().enumerate() {
                for (j, expression) in json::list(topology, "matchLabelExpressions").iter().enumerate() {
                    if let Some(why) = deprecated_node_label(json::text(expression, "key")) {
                        warnings
                            .push(format!("allowedTopologies[{i}].matchLabelExpressions[{j}].key: {why}"));
                    }
                }
            }
        }
        ("node.k8s.io", "RuntimeClass") => {
            for (key, _) in json::entries(json::get(object, "scheduling"), "nodeSelector") {
                warnings
                    .extend(deprecated_node_label(key).map(|why| format!("scheduling.nodeSelector: {why}")));
            }
        }
        _ => {}
    }
}

/// Kubernetes: pkg/api/node/util.go, GetNodeLabelDeprecatedMessage.
fn deprecated_node_label(key: &str) -> Option<&'static str> {
    Some(match key {
        "beta.kubernetes.io/arch" => "deprecated since v1.14; use \"kubernetes.io/arch\" instead",
        "beta.kubernetes.io/os" => "deprecated since v1.14; use \"kubernetes.io/os\" instead",
        "failure-domain.beta.kubernetes.io/region" => {
            "deprecated since v1.17; use \"topology.kubernetes.io/region\" instead"
        }
        "failure-domain.beta.kubernetes.io/zone" => {
            "deprecated since v1.17; use \"topology.kubernetes.io/zone\" instead"
        }
        "beta.kubernetes.io/instance-type" => {
            "deprecated since v1.17; use \"node.kubernetes.io/instance-type\" instead"
        }
        "app.kubernetes.io/created-by" => "deprecated since v1.9",
        "scheduler.alpha.kubernetes.io/preferAvoidPods" => {
            "deprecated since v1.22; use Taints and Tolerations instead"
        }
        "node-role.kubernetes.io/master" => "use \"node-role.kubernetes.io/control-plane\" instead",
        _ => return None,
    })
}

/// Kubernetes: pkg/api/node/util.go, GetWarningsForNodeSelectorTerm.
fn warnings_for_node_selector_term(
    term: &Value,
    check_values: bool,
    path: &FieldPath,
    warnings: &mut Vec<String>,
) {
    for (i, expression) in json::list(term, "matchExpressions").iter().enumerate() {
        let (path, key) = (path.child("matchExpressions").index(i), json::text(expression, "key"));
        if let Some(why) = deprecated_node_label(key) {
            warnings.push(format!("{}: {key} is {why}", path.child("key")));
        }
        if !check_values {
            continue;
        }
        for (j, value) in json::strings(expression, "values").into_iter().enumerate() {
            for why in api::label::is_valid_label_value(value) {
                warnings.push(format!("{}: {value} is invalid, {why}", path.child("values").index(j)));
            }
        }
    }
}

fn has_annotation(object: &Value, key: &str) -> bool {
    json::at(object, &["metadata", "annotations"]).get(key).is_some()
}

fn deprecated_annotations(object: &Value, deprecated: &[(&str, &str)], warnings: &mut Vec<String>) {
    for (key, why) in deprecated.iter().filter(|(key, _)| has_annotation(object, key)) {
        warnings.push(format!("metadata.annotations[{key}]: {why}"));
    }
}

const VOLUME_ANNOTATIONS: [(&str, &str); 2] = [
    (
        "volume.beta.kubernetes.io/storage-class",
        "deprecated since v1.8; use \"storageClassName\" attribute instead",
    ),
    (
        "volume.beta.kubernetes.io/mount-options",
        "deprecated since v1.31; use \"mountOptions\" attribute instead",
    ),
];

/// Volume types that are gone, with what is said of them; in the order in which a pod's are looked at.
const GONE_VOLUMES: [(&str, &str); 9] = [
    ("photonPersistentDisk", "deprecated in v1.11, non-functional in v1.16+"),
    ("gitRepo", "deprecated in v1.11, and disabled by default in v1.33+"),
    ("scaleIO", "deprecated in v1.16, non-functional in v1.22+"),
    ("flocker", "deprecated in v1.22, non-functional in v1.25+"),
    ("storageos", "deprecated in v1.22, non-functional in v1.25+"),
    ("quobyte", "deprecated in v1.22, non-functional in v1.25+"),
    ("glusterfs", "deprecated in v1.25, non-functional in v1.26+"),
    ("cephfs", "deprecated in v1.28, non-functional in v1.31+"),
    ("rbd", "deprecated in v1.28, non-functional in v1.31+"),
];

/// `storageOS` is the one name that upstream writes otherwise than the field.
fn gone_volume_path(key: &'static str) -> &'static str {
    if key == "storageos" { "storageOS" } else { key }
}

/// Kubernetes: pkg/api/persistentvolume/util.go, warningsForPersistentVolumeSpecAndMeta.
fn persistent_volume(object: &Value, warnings: &mut Vec<String>) {
    let spec = json::get(object, "spec");
    deprecated_annotations(object, &VOLUME_ANNOTATIONS, warnings);
    if json::text(spec, "persistentVolumeReclaimPolicy") == "Recycle" {
        warnings.push("spec.persistentVolumeReclaimPolicy: The Recycle reclaim policy is deprecated. Instead, the recommended approach is to use dynamic provisioning.".to_owned());
    }
    let terms = json::at(spec, &["nodeAffinity", "required"]);
    let path = FieldPath::parse("spec.nodeAffinity.required.nodeSelectorTerms");
    for (at, term) in json::list(terms, "nodeSelectorTerms").iter().enumerate() {
        warnings_for_node_selector_term(term, false, &path.index(at), warnings);
    }
    for key in ["cephfs", "photonPersistentDisk", "scaleIO", "storageos", "glusterfs", "rbd"] {
        let gone = GONE_VOLUMES.iter().find(|(name, _)| *name == key && json::has(spec, key));
        warnings.extend(gone.map(|(key, why)| format!("spec.{}: {why}", gone_volume_path(key))));
    }
}

/// Kubernetes: pkg/api/persistentvolumeclaim/util.go, GetWarningsForPersistentVolumeClaimSpec.
fn warnings_for_claim_spec(spec: &Value, path: &str, warnings: &mut Vec<String>) {
    for list in ["requests", "limits"] {
        let value = json::get(json::at(spec, &["resources", list]), "storage");
        fractional(value, &format!("{path}.resources.{list}[storage]"), warnings);
    }
}

/// Bytes come whole.
fn fractional(value: &Value, path: &str, warnings: &mut Vec<String>) {
    let Some(quantity) = quantity::from_json(value).map(quantity::Quantity::round_up_to_milli) else {
        return;
    };
    // As upstream asks, also of what wraps around.
    if quantity.milli_value() % 1000 != 0 {
        let text = value.as_str().and_then(|text| quantity::canonicalize(text).ok());
        let text = text.unwrap_or_else(|| quantity.to_string());
        warnings.push(format!("{path}: fractional byte value \"{text}\" is invalid, must be an integer"));
    }
}

fn node(spec: &Value, warnings: &mut Vec<String>) {
    if json::has(spec, "configSource") {
        warnings.push("spec.configSource: the feature is removed".to_owned());
    }
    if !json::text(spec, "externalID").is_empty() {
        warnings.push("spec.externalID: this field is deprecated, and is unused by Kubernetes".to_owned());
    }
    for (at, block) in json::strings(spec, "podCIDRs").into_iter().enumerate() {
        warnings_for_cidr(block, &FieldPath::new("spec").child("podCIDRs").index(at), warnings);
    }
}

/// Kubernetes: pkg/registry/core/secret/strategy.go, warningsForSecret.
// Not simulated: what Go finds wrong inside a certificate and key that are there.
fn tls_secret(object: &Value, warnings: &mut Vec<String>) {
    if json::text(object, "type") != "kubernetes.io/tls" {
        return;
    }
    // `-----BEGIN ` in base64 depends on where it stands; at the beginning it is this.
    let is_pem = |key| json::text(json::get(object, "data"), key).starts_with("LS0tLS1CRUdJTi");
    for (key, what) in [("tls.crt", "certificate"), ("tls.key", "key")] {
        if !is_pem(key) {
            warnings.push(format!("tls: failed to find any PEM data in {what} input"));
            return;
        }
    }
}

const MOUNTABLE_SECRETS: &str = "kubernetes.io/enforce-mountable-secrets";

fn mountable_secrets(object: &Value, warnings: &mut Vec<String>) {
    let why = "deprecated in v1.32+; prefer separate namespaces to isolate access to mounted secrets";
    deprecated_annotations(object, &[(MOUNTABLE_SECRETS, why)], warnings);
}

fn tokens(object: &Value) -> &[Value] {
    json::list(json::get(object, "spec"), "tokenRequests")
}

fn token_requests(object: &Value, warnings: &mut Vec<String>) {
    if !tokens(object).is_empty() && !json::has(json::get(object, "spec"), "serviceAccountTokenInSecrets") {
        warnings.push("spec.serviceAccountTokenInSecrets is unset; if supported by this CSI driver, set to true to prevent possible logging of tokens in volume attributes".to_owned());
    }
}

fn ingress_class(object: &Value, warnings: &mut Vec<String>) {
    const CLASS: &str = "kubernetes.io/ingress.class";
    if has_annotation(object, CLASS) && !json::has(json::get(object, "spec"), "ingressClassName") {
        warnings.push(format!(
            "annotation \"{CLASS}\" is deprecated, please use 'spec.ingressClassName' instead"
        ));
    }
}

fn network_policy(spec: &Value, warnings: &mut Vec<String>) {
    for (direction, peers) in [("ingress", "from"), ("egress", "to")] {
        for (i, rule) in json::list(spec, direction).iter().enumerate() {
            for (j, peer) in json::list(rule, peers).iter().enumerate() {
                let block = json::get(peer, "ipBlock");
                let path =
                    FieldPath::new("spec").child(direction).index(i).child(peers).index(j).child("ipBlock");
                warnings_for_cidr(json::text(block, "cidr"), &path.child("cidr"), warnings);
                for (k, except) in json::strings(block, "except").into_iter().enumerate() {
                    warnings_for_cidr(except, &path.child("except").index(k), warnings);
                }
            }
        }
    }
}
