//! Volumes.

use serde_json::Value;

use super::text;
use super::writer::Writer;
use crate::api::json;

/// Kubernetes: describe.go, describeVolumes.
pub(super) fn describe_volumes(volumes: &[Value], space: &str, w: &mut Writer) {
    if volumes.is_empty() {
        w.write(0, format!("{space}Volumes:\t<none>\n"));
        return;
    }
    w.write(0, format!("{space}Volumes:\n"));
    let indent = if space.is_empty() { "" } else { " " };
    for volume in volumes {
        w.write(1, format!("{indent}{}:\n", json::text(volume, "name")));
        describe_source(volume, w);
    }
}

/// A source by its name in the API: what describe calls it, and the fields that it shows with their names.
type PlainSource = (&'static str, &'static str, &'static [(&'static str, &'static str)]);

const PLAIN: &[PlainSource] = &[
    (
        "persistentVolumeClaim",
        "PersistentVolumeClaim (a reference to a PersistentVolumeClaim in the same namespace)",
        &[("ClaimName", "claimName"), ("ReadOnly", "readOnly")],
    ),
    (
        "nfs",
        "NFS (an NFS mount that lasts the lifetime of a pod)",
        &[("Server", "server"), ("Path", "path"), ("ReadOnly", "readOnly")],
    ),
    (
        "csi",
        "CSI (a Container Storage Interface (CSI) volume source)",
        &[("Driver", "driver"), ("FSType", "fsType"), ("ReadOnly", "readOnly")],
    ),
    (
        "image",
        "Image (a container image or OCI artifact)",
        &[("Reference", "reference"), ("PullPolicy", "pullPolicy")],
    ),
    (
        "iscsi",
        "ISCSI (an ISCSI Disk resource that is attached to a kubelet's host machine and then exposed to the pod)",
        &[
            ("TargetPortal", "targetPortal"),
            ("IQN", "iqn"),
            ("Lun", "lun"),
            ("FSType", "fsType"),
            ("ReadOnly", "readOnly"),
        ],
    ),
];

fn describe_source(volume: &Value, w: &mut Writer) {
    let optional = |source: &Value| json::flag(source, "optional");
    if let Some(source) = volume.get("hostPath") {
        w.field(2, "Type", "HostPath (bare host directory volume)");
        w.field(2, "Path", json::text(source, "path"));
        let kind = if json::has(source, "type") { json::text(source, "type") } else { "<none>" };
        w.field(2, "HostPathType", kind);
    } else if let Some(source) = volume.get("emptyDir") {
        w.field(2, "Type", "EmptyDir (a temporary directory that shares a pod's lifetime)");
        w.field(2, "Medium", json::text(source, "medium"));
        let limit = text(&source["sizeLimit"]);
        w.field(2, "SizeLimit", if limit.is_empty() || limit == "0" { "<unset>" } else { &limit });
    } else if let Some(source) = volume.get("secret") {
        w.field(2, "Type", "Secret (a volume populated by a Secret)");
        w.field(2, "SecretName", json::text(source, "secretName"));
        w.field(2, "Optional", optional(source));
    } else if let Some(source) = volume.get("configMap") {
        w.field(2, "Type", "ConfigMap (a volume populated by a ConfigMap)");
        w.field(2, "Name", json::text(source, "name"));
        w.field(2, "Optional", optional(source));
    } else if let Some(source) = volume.get("downwardAPI") {
        w.field(2, "Type", "DownwardAPI (a volume populated by information about the pod)");
        w.write(2, "Items:\n");
        for item in json::list(source, "items") {
            let from = match &item["fieldRef"] {
                Value::Null => json::text(&item["resourceFieldRef"], "resource"),
                field => json::text(field, "fieldPath"),
            };
            w.write(3, format!("{from} -> {}\n", json::text(item, "path")));
        }
    } else if let Some(source) = volume.get("projected") {
        w.field(2, "Type", "Projected (a volume that contains injected data from multiple sources)");
        for part in json::list(source, "sources") {
            describe_projected(part, w);
        }
    } else if let Some((key, kind, fields)) = PLAIN.iter().find(|(key, ..)| json::has(volume, key)) {
        w.field(2, "Type", kind);
        for (title, name) in *fields {
            let value = &volume[key][name];
            let value = if *name == "readOnly" { (*value == true).to_string() } else { text(value) };
            w.field(2, title, value);
        }
    } else {
        w.write(1, "<unknown>\n");
    }
}

fn describe_projected(part: &Value, w: &mut Writer) {
    let (secret, config_map) = (&part["secret"], &part["configMap"]);
    let token = &part["serviceAccountToken"];
    if !secret.is_null() {
        w.field(2, "SecretName", json::text(secret, "name"));
        w.field(2, "Optional", json::flag(secret, "optional"));
    } else if json::has(part, "downwardAPI") {
        w.field(2, "DownwardAPI", "true");
    } else if !config_map.is_null() {
        w.field(2, "ConfigMapName", json::text(config_map, "name"));
        w.field(2, "Optional", json::flag(config_map, "optional"));
    } else if !token.is_null() {
        w.field(2, "TokenExpirationSeconds", token["expirationSeconds"].as_i64().unwrap_or(3600));
    }
}
