//! Kubernetes' objects, as the simulation holds them, and the functions that look at one object.
//!
//! An object has two forms. The API form is a `serde_json::Value`: what a manifest says, what `-o yaml`
//! prints, what defaulting and validation work on. The typed form below is what the components act on;
//! it keeps the API form of everything it does not need in `raw` fields, shared between all pods that
//! come from one template.

pub mod compact;
pub mod cron_schedule;
pub mod daemonset;
pub mod daemonset_util;
pub mod disruption;
pub mod event;
pub mod field;
pub mod go_name;
pub mod human_duration;
pub mod image_name;
pub mod json;
pub mod label;
pub mod meta;
pub mod node;
pub mod node_affinity;
pub mod object;
pub mod patch;
pub mod pod;
pub mod quantity;
pub mod quota;
pub mod rand;
pub mod resource_list;
pub mod resources;
pub mod schema;
pub mod status_error;
pub mod strategic_patch;
pub mod toleration;

pub use daemonset::{ControllerRevision, DaemonSet};
pub use event::Event;
pub use meta::{Name, ObjectMeta, OwnerReference, Uid};
pub use node::Node;
pub use object::{Key, Kind, Object};
pub use pod::Pod;
