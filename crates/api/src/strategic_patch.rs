//! Strategic merge patches: made by clients, applied by the API server.
//!
//! Kubernetes: apimachinery/pkg/util/strategicpatch/patch.go, meta.go; the patch tags of the API's types.

mod diff;
mod lists;
mod merge;
#[cfg(test)]
mod tests;

use std::fmt;

use serde_json::Value;

use super::schema::{self, StructId, Type};

pub use diff::{three_way, two_way};
pub use lists::go_value;
pub use merge::merge;

type Map = serde_json::Map<String, Value>;

const DIRECTIVE: &str = "$patch";
const RETAIN_KEYS: &str = "$retainKeys";
const DELETE_FROM_LIST: &str = "$deleteFromPrimitiveList";
const ELEMENT_ORDER: &str = "$setElementOrder";

const NO_LISTS_OF_LISTS: &str = "lists of lists are not supported";
const BAD_RETAIN_KEYS: PatchError = PatchError::Format("invalid patch format of retainKeys");
const BAD_ELEMENT_ORDER: PatchError = PatchError::Format("invalid patch format of setElementOrder list");
const BAD_DELETION_LIST: PatchError = PatchError::Format("invalid patch format of primitive list");

/// Why a patch cannot be made or applied, in upstream's words.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum PatchError {
    /// What the patch says of the merge itself is malformed, which the API server answers with BadRequest.
    ///
    /// Kubernetes: apiserver/pkg/endpoints/handlers/patch.go, interpretStrategicMergePatchError.
    Format(&'static str),
    /// The values do not fit each other, or the fields of the kind.
    Values(String),
}

impl fmt::Display for PatchError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            PatchError::Format(text) => text,
            PatchError::Values(text) => text,
        })
    }
}

impl std::error::Error for PatchError {}

impl From<String> for PatchError {
    fn from(text: String) -> PatchError {
        PatchError::Values(text)
    }
}

/// How a field's values are merged.
#[derive(Clone, Copy, Default)]
struct Strategy {
    /// Elements of a list are merged one by one.
    merge: bool,
    /// What tells the elements of such a list apart; empty for plain values.
    key: &'static str,
    /// The patch names the keys that stay.
    retain_keys: bool,
    /// A map is replaced as a whole.
    replace: bool,
}

/// Who looks: their words for a field that is not there differ.
#[derive(Clone, Copy, PartialEq)]
enum Source {
    /// kubectl, from the OpenAPI document.
    OpenApi,
    /// The API server, from its Go types.
    GoTypes,
}

/// What is known of a value's fields.
#[derive(Clone, Copy)]
struct Schema {
    at: At,
    source: Source,
}

#[derive(Clone, Copy)]
enum At {
    Struct(StructId),
    /// The kind of Go type that it is instead.
    Other(&'static str),
}

impl Schema {
    fn of(&self, ty: &Type) -> Schema {
        let at = match ty {
            Type::Struct(id) => At::Struct(*id),
            Type::Map(_) => At::Other("map"),
            Type::List(_) | Type::Bytes => At::Other("slice"),
            Type::Quantity | Type::IntOrString | Type::Time | Type::MicroTime | Type::Any => {
                At::Other("struct")
            }
            Type::String => At::Other("string"),
            Type::Bool => At::Other("bool"),
            Type::Int32 => At::Other("int32"),
            Type::Int64 => At::Other("int64"),
            Type::Float64 => At::Other("float64"),
        };
        Schema { at, ..*self }
    }

    fn field(&self, key: &str) -> Result<(&'static Type, Strategy), PatchError> {
        let info = match self.at {
            At::Struct(id) => schema::structure(id),
            At::Other(_) if self.source == Source::OpenApi => {
                return Err(format!("unable to find api field \"{key}\"").into());
            }
            At::Other(kind) => {
                return Err(format!(
                    "merging an object in json but data type is not struct, instead is: {kind}"
                )
                .into());
            }
        };
        match info.field(key) {
            Some(field) => Ok((&field.ty, strategy(info.name, key))),
            None if self.source == Source::OpenApi => {
                Err(format!("unable to find api field \"{key}\"").into())
            }
            None => {
                let key = super::field::go_quote(key);
                Err(format!("unable to find api field in struct {} for the json field {key}", info.name)
                    .into())
            }
        }
    }

    fn map(&self, key: &str) -> Result<(Schema, Strategy), PatchError> {
        let (ty, strategy) = self.field(key)?;
        Ok((self.of(ty), strategy))
    }

    fn list(&self, key: &str) -> Result<(Schema, Strategy), PatchError> {
        match self.field(key)? {
            (Type::List(item), strategy) => Ok((self.of(item), strategy)),
            (ty, strategy) if self.source == Source::OpenApi => Ok((self.of(ty), strategy)),
            _ => Err("expected slice or array type, but got: struct".to_owned().into()),
        }
    }

    fn name(&self) -> &'static str {
        match self.at {
            At::Struct(_) => "struct",
            At::Other(kind) => kind,
        }
    }
}

/// The patch tags of a field of a struct.
fn strategy(of: &str, field: &str) -> Strategy {
    let by = |key| Strategy { merge: true, key, ..Strategy::default() };
    match (of, field) {
        ("Container" | "EphemeralContainer", "env") => by("name"),
        ("Container" | "EphemeralContainer", "ports") => by("containerPort"),
        ("Container" | "EphemeralContainer", "volumeDevices") => by("devicePath"),
        ("Container" | "EphemeralContainer" | "ContainerStatus", "volumeMounts") => by("mountPath"),
        ("ContainerStatus", "allocatedResourcesStatus") => by("name"),
        (
            "PodSpec",
            "containers" | "initContainers" | "ephemeralContainers" | "imagePullSecrets" | "schedulingGates",
        ) => by("name"),
        ("PodSpec", "volumes" | "resourceClaims") | ("PodStatus", "resourceClaimStatuses") => {
            Strategy { retain_keys: true, ..by("name") }
        }
        ("PodSpec", "hostAliases") | ("PodStatus", "hostIPs" | "podIPs") => by("ip"),
        ("PodSpec", "topologySpreadConstraints") => by("topologyKey"),
        ("DeploymentSpec", "strategy") => Strategy { retain_keys: true, ..Strategy::default() },
        ("PodDisruptionBudgetSpec", "selector") => Strategy { replace: true, ..Strategy::default() },
        ("ObjectMeta", "ownerReferences") | ("ResourceClaimStatus", "reservedFor") => by("uid"),
        ("ObjectMeta", "finalizers") | ("NodeSpec", "podCIDRs") => by(""),
        ("NodeStatus", "addresses") => by("type"),
        ("ServiceAccount", "secrets") | ("CSINodeSpec", "drivers") => by("name"),
        ("ServiceSpec", "ports") => by("port"),
        (_, "webhooks" | "matchConditions") => by("name"),
        ("ValidatingAdmissionPolicySpec", "variables") => by("name"),
        ("JSONSchemaProps", "x-kubernetes-validations") => by("rule"),
        (_, "conditions") if CONDITIONS_BY_TYPE.contains(&of) => by("type"),
        _ => Strategy::default(),
    }
}

const CONDITIONS_BY_TYPE: [&str; 18] = [
    "APIServiceStatus",
    "ComponentStatus",
    "DaemonSetStatus",
    "DeploymentStatus",
    "FlowSchemaStatus",
    "HorizontalPodAutoscalerStatus",
    "JobStatus",
    "NamespaceStatus",
    "NodeStatus",
    "PersistentVolumeClaimStatus",
    "PodStatus",
    "PodDisruptionBudgetStatus",
    "PriorityLevelConfigurationStatus",
    "ReplicaSetStatus",
    "ReplicationControllerStatus",
    "ServiceStatus",
    "ServiceCIDRStatus",
    "StatefulSetStatus",
];
