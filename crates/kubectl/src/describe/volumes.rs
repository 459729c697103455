//! Volumes.

use serde_json::Value;

use super::text;
use super::writer::{LONGEST_ANNOTATION, Writer};
use api::json;
use api::meta::string_map;

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
        &[("ClaimName:", "claimName"), ("ReadOnly:", "readOnly")],
    ),
    (
        "nfs",
        "NFS (an NFS mount that lasts the lifetime of a pod)",
        &[("Server:", "server"), ("Path:", "path"), ("ReadOnly:", "readOnly")],
    ),
    (
        "csi",
        "CSI (a Container Storage Interface (CSI) volume source)",
        &[("Driver:", "driver"), ("FSType:", "fsType"), ("ReadOnly:", "readOnly")],
    ),
    (
        "image",
        "Image (a container image or OCI artifact)",
        &[("Reference:", "reference"), ("PullPolicy:", "pullPolicy")],
    ),
    (
        "gcePersistentDisk",
        "GCEPersistentDisk (a Persistent Disk resource in Google Compute Engine)",
        &[
            ("PDName:", "pdName"),
            ("FSType:", "fsType"),
            ("Partition:", "partition"),
            ("ReadOnly:", "readOnly"),
        ],
    ),
    (
        "awsElasticBlockStore",
        "AWSElasticBlockStore (a Persistent Disk resource in AWS)",
        &[
            ("VolumeID:", "volumeID"),
            ("FSType:", "fsType"),
            ("Partition:", "partition"),
            ("ReadOnly:", "readOnly"),
        ],
    ),
    (
        "gitRepo",
        "GitRepo (a volume that is pulled from git when the pod is created)",
        &[("Repository:", "repository"), ("Revision:", "revision")],
    ),
    (
        "quobyte",
        "Quobyte (a Quobyte mount on the host that shares a pod's lifetime)",
        &[("Registry:", "registry"), ("Volume:", "volume"), ("ReadOnly:", "readOnly")],
    ),
    ("portworxVolume", "PortworxVolume (a Portworx Volume resource)", &[("VolumeID:", "volumeID")]),
    (
        "iscsi",
        "ISCSI (an ISCSI Disk resource that is attached to a kubelet's host machine and then exposed to the pod)",
        &[
            ("TargetPortal:", "targetPortal"),
            ("IQN:", "iqn"),
            ("Lun:", "lun"),
            ("ISCSIInterface", "iscsiInterface"),
            ("FSType:", "fsType"),
            ("ReadOnly:", "readOnly"),
            ("Portals:", "portals"),
            ("DiscoveryCHAPAuth:", "chapAuthDiscovery"),
            ("SessionCHAPAuth:", "chapAuthSession"),
            ("SecretRef:", "secretRef"),
            ("InitiatorName:", "initiatorName"),
        ],
    ),
    (
        "glusterfs",
        "Glusterfs (a Glusterfs mount on the host that shares a pod's lifetime)",
        &[("EndpointsName:", "endpoints"), ("Path:", "path"), ("ReadOnly:", "readOnly")],
    ),
    (
        "rbd",
        "RBD (a Rados Block Device mount on the host that shares a pod's lifetime)",
        &[
            ("CephMonitors:", "monitors"),
            ("RBDImage:", "image"),
            ("FSType:", "fsType"),
            ("RBDPool:", "pool"),
            ("RadosUser:", "user"),
            ("Keyring:", "keyring"),
            ("SecretRef:", "secretRef"),
            ("ReadOnly:", "readOnly"),
        ],
    ),
    (
        "azureDisk",
        "AzureDisk (an Azure Data Disk mount on the host and bind mount to the pod)",
        &[
            ("DiskName:", "diskName"),
            ("DiskURI:", "diskURI"),
            ("Kind: ", "kind"),
            ("FSType:", "fsType"),
            ("CachingMode:", "cachingMode"),
            ("ReadOnly:", "readOnly"),
        ],
    ),
    (
        "vsphereVolume",
        "vSphereVolume (a Persistent Disk resource in vSphere)",
        &[("VolumePath:", "volumePath"), ("FSType:", "fsType"), ("StoragePolicyName:", "storagePolicyName")],
    ),
    (
        "cinder",
        "Cinder (a Persistent Disk resource in OpenStack)",
        &[
            ("VolumeID:", "volumeID"),
            ("FSType:", "fsType"),
            ("ReadOnly:", "readOnly"),
            ("SecretRef:", "secretRef"),
        ],
    ),
    (
        "photonPersistentDisk",
        "PhotonPersistentDisk (a Persistent Disk resource in photon platform)",
        &[("PdID:", "pdID"), ("FSType:", "fsType")],
    ),
    (
        "scaleIO",
        "ScaleIO (a persistent volume backed by a block device in ScaleIO)",
        &[
            ("Gateway:", "gateway"),
            ("System:", "system"),
            ("Protection Domain:", "protectionDomain"),
            ("Storage Pool:", "storagePool"),
            ("Storage Mode:", "storageMode"),
            ("VolumeName:", "volumeName"),
            ("FSType:", "fsType"),
            ("ReadOnly:", "readOnly"),
        ],
    ),
    (
        "cephfs",
        "CephFS (a CephFS mount on the host that shares a pod's lifetime)",
        &[
            ("Monitors:", "monitors"),
            ("Path:", "path"),
            ("User:", "user"),
            ("SecretFile:", "secretFile"),
            ("SecretRef:", "secretRef"),
            ("ReadOnly:", "readOnly"),
        ],
    ),
    (
        "storageos",
        "StorageOS (a StorageOS Persistent Disk resource)",
        &[
            ("VolumeName:", "volumeName"),
            ("VolumeNamespace:", "volumeNamespace"),
            ("FSType:", "fsType"),
            ("ReadOnly:", "readOnly"),
        ],
    ),
    (
        "fc",
        "FC (a Fibre Channel disk)",
        &[("TargetWWNs:", "targetWWNs"), ("LUN:", "lun"), ("FSType:", "fsType"), ("ReadOnly:", "readOnly")],
    ),
    (
        "azureFile",
        "AzureFile (an Azure File Service mount on the host and bind mount to the pod)",
        &[("SecretName:", "secretName"), ("ShareName:", "shareName"), ("ReadOnly:", "readOnly")],
    ),
    (
        "flexVolume",
        "FlexVolume (a generic volume resource that is provisioned/attached using an exec based plugin)",
        &[
            ("Driver:", "driver"),
            ("FSType:", "fsType"),
            ("SecretRef:", "secretRef"),
            ("ReadOnly:", "readOnly"),
            ("Options:", "options"),
        ],
    ),
    (
        "flocker",
        "Flocker (a Flocker volume mounted by the Flocker agent)",
        &[("DatasetName:", "datasetName"), ("DatasetUUID:", "datasetUUID")],
    ),
];

/// A field of a plain source as Go's `%v` prints it.
fn plain_field(source: &str, name: &str, value: &Value) -> String {
    match (source, name) {
        (_, "readOnly" | "chapAuthDiscovery" | "chapAuthSession") => (*value == true).to_string(),
        ("fc", "lun") | (_, "initiatorName") if value.is_null() => "<none>".to_owned(),
        (_, "partition" | "lun") => value.as_i64().unwrap_or(0).to_string(),
        (_, "targetWWNs") => list(value).join(", "),
        (_, "monitors" | "portals") => format!("[{}]", list(value).join(" ")),
        (_, "secretRef") if value.is_null() => "nil".to_owned(),
        (_, "secretRef") => format!("&LocalObjectReference{{Name:{},}}", json::text(value, "name")),
        (_, "options") => {
            let pairs: Vec<String> =
                string_map(value).iter().map(|(key, value)| format!("{key}:{value}")).collect();
            format!("map[{}]", pairs.join(" "))
        }
        _ => text(value),
    }
}

fn list(value: &Value) -> Vec<String> {
    value.as_array().map_or(&[][..], Vec::as_slice).iter().map(text).collect()
}

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
            w.write(2, format!("{title}\t{}\n", plain_field(key, name, &volume[key][name])));
        }
        if *key == "csi" {
            volume_attributes(&volume[key]["volumeAttributes"], w);
        }
    } else if volume.get("ephemeral").is_some() {
        let kind = "EphemeralVolume (an inline specification for a volume that gets created and deleted with the pod)";
        w.field(2, "Type", kind);
        describe_claim_template(json::at(volume, &["ephemeral", "volumeClaimTemplate"]), w);
    } else {
        w.write(1, "<unknown>\n");
    }
}

/// Kubernetes: describe.go, printCSIPersistentVolumeAttributesMultilineIndent.
fn volume_attributes(attributes: &Value, w: &mut Writer) {
    let attributes = string_map(attributes);
    if attributes.is_empty() {
        w.field(2, "VolumeAttributes", "<none>");
    }
    for (at, (key, value)) in attributes.iter().enumerate() {
        let title = if at == 0 { "    VolumeAttributes:\t" } else { "        \t" };
        let line = format!("{key}={value}");
        let (kept, more) = match line.char_indices().nth(LONGEST_ANNOTATION) {
            Some((end, _)) => (&line[..end], "..."),
            None => (line.as_str(), ""),
        };
        w.write(0, format!("{title}    {kept}{more}\n"));
    }
}

/// Lines under a title, each indented once more by the nested writer.
fn nested(title: &str, between: &str, lines: Vec<String>, w: &mut Writer) {
    let lines = if lines.is_empty() { vec!["<none>".to_owned()] } else { lines };
    let text = lines.join(&format!("\n{between}    "));
    w.write(2, format!("{title}:\t    {text}\n"));
}

/// Kubernetes: describe.go, printPersistentVolumeClaim, of a claim that is to be made.
fn describe_claim_template(template: &Value, w: &mut Writer) {
    let spec = &template["spec"];
    w.field(2, "StorageClass", json::text(spec, "storageClassName"));
    w.field(2, "Volume", json::text(spec, "volumeName"));
    let pairs = |key: &str, sign: &str| -> Vec<String> {
        let map = string_map(&template["metadata"][key]);
        map.iter().map(|(key, value)| format!("{key}{sign}{value}")).collect()
    };
    nested("Labels", "        \t", pairs("labels", "="), w);
    nested("Annotations", "    \t", pairs("annotations", ": "), w);
    w.field(2, "Capacity", "");
    w.field(2, "Access Modes", "");
    if json::has(spec, "volumeMode") {
        w.field(2, "VolumeMode", json::text(spec, "volumeMode"));
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
