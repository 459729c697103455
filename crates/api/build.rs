//! Takes the fields of Kubernetes' API from k8s-openapi and writes them as a compact table.
//!
//! The types themselves never reach the wasm: `crates/api/src/schema.rs` reads the table at run time, which
//! costs a tenth of the generated code. A field list is never kept by hand; by hand stand only what the
//! API's schema does not say: which kinds are served by default, and their short names (upstream:
//! `ShortNames` in `pkg/registry/*/*/storage/storage.go`).
//!
//! The table's grammar is told in `crates/api/src/schema.rs`, which reads it, that of the descriptions in
//! `crates/api/src/schema/descriptions.rs`.

use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::{env, fs, path::Path};

use k8s_openapi as k;
use schemars::JsonSchema;
use schemars::generate::SchemaSettings;
use serde_json::{Map, Value};

const TIME: &str = "io.k8s.apimachinery.pkg.apis.meta.v1.Time";
const MICRO_TIME: &str = "io.k8s.apimachinery.pkg.apis.meta.v1.MicroTime";
const QUANTITY: &str = "io.k8s.apimachinery.pkg.api.resource.Quantity";
const INT_OR_STRING: &str = "io.k8s.apimachinery.pkg.util.intstr.IntOrString";
const CRD_TYPES: &str = "io.k8s.apiextensions-apiserver.pkg.apis.apiextensions.v1.";

/// Collects kinds and the structs they reach.
struct Collector {
    generator: schemars::SchemaGenerator,
    kinds: Vec<Kind>,
}

struct Kind {
    api_version: &'static str,
    kind: &'static str,
    plural: &'static str,
    scope: &'static str,
    short: &'static str,
    root: String,
}

impl Collector {
    fn add<T: JsonSchema + k::Resource>(&mut self, scope: &'static str, short: &'static str) {
        self.generator.subschema_for::<T>();
        self.kinds.push(Kind {
            api_version: T::API_VERSION,
            kind: T::KIND,
            plural: T::URL_PATH_SEGMENT,
            scope,
            short,
            root: T::schema_name().into_owned(),
        });
    }

    fn namespaced<T>(&mut self, short: &'static str)
    where
        T: JsonSchema + k::Resource<Scope = k::NamespaceResourceScope>,
    {
        self.add::<T>("N", short);
    }

    fn cluster<T>(&mut self, short: &'static str)
    where
        T: JsonSchema + k::Resource<Scope = k::ClusterResourceScope>,
    {
        self.add::<T>("C", short);
    }
}

/// The kinds that an API server of this version serves by default, the preferred group of a name first.
fn collect(c: &mut Collector) {
    core(c);
    workloads(c);
    policy_and_network(c);
    access(c);
    machinery(c);
    storage_and_devices(c);
}

fn core(c: &mut Collector) {
    use k::api::core::v1 as t;
    c.namespaced::<t::Binding>("");
    c.cluster::<t::ComponentStatus>("cs");
    c.namespaced::<t::ConfigMap>("cm");
    c.namespaced::<t::Endpoints>("ep");
    c.namespaced::<t::Event>("ev");
    c.namespaced::<t::LimitRange>("limits");
    c.cluster::<t::Namespace>("ns");
    c.cluster::<t::Node>("no");
    c.namespaced::<t::PersistentVolumeClaim>("pvc");
    c.cluster::<t::PersistentVolume>("pv");
    c.namespaced::<t::Pod>("po");
    c.namespaced::<t::PodTemplate>("");
    c.namespaced::<t::ReplicationController>("rc");
    c.namespaced::<t::ResourceQuota>("quota");
    c.namespaced::<t::Secret>("");
    c.namespaced::<t::ServiceAccount>("sa");
    c.namespaced::<t::Service>("svc");
}

fn workloads(c: &mut Collector) {
    use k::api::{apps::v1 as apps, autoscaling, batch::v1 as batch};
    c.namespaced::<apps::ControllerRevision>("");
    c.namespaced::<apps::DaemonSet>("ds");
    c.namespaced::<apps::Deployment>("deploy");
    c.namespaced::<apps::ReplicaSet>("rs");
    c.namespaced::<apps::StatefulSet>("sts");
    c.namespaced::<autoscaling::v2::HorizontalPodAutoscaler>("hpa");
    c.namespaced::<autoscaling::v1::HorizontalPodAutoscaler>("hpa");
    c.namespaced::<batch::CronJob>("cj");
    c.namespaced::<batch::Job>("");
}

fn policy_and_network(c: &mut Collector) {
    use k::api::{discovery::v1 as discovery, networking::v1 as net, policy::v1 as policy};
    c.namespaced::<discovery::EndpointSlice>("");
    c.namespaced::<net::Ingress>("ing");
    c.cluster::<net::IngressClass>("");
    c.cluster::<net::IPAddress>("ip");
    c.namespaced::<net::NetworkPolicy>("netpol");
    c.cluster::<net::ServiceCIDR>("");
    c.namespaced::<policy::PodDisruptionBudget>("pdb");
}

fn access(c: &mut Collector) {
    use k::api::{authentication::v1 as authn, authorization::v1 as authz};
    use k::api::{certificates::v1 as certificates, rbac::v1 as rbac};
    c.cluster::<authn::SelfSubjectReview>("");
    c.cluster::<authn::TokenReview>("");
    c.namespaced::<authz::LocalSubjectAccessReview>("");
    c.cluster::<authz::SelfSubjectAccessReview>("");
    c.cluster::<authz::SelfSubjectRulesReview>("");
    c.cluster::<authz::SubjectAccessReview>("");
    c.cluster::<certificates::CertificateSigningRequest>("csr");
    c.cluster::<rbac::ClusterRoleBinding>("");
    c.cluster::<rbac::ClusterRole>("");
    c.namespaced::<rbac::RoleBinding>("");
    c.namespaced::<rbac::Role>("");
}

fn machinery(c: &mut Collector) {
    use k::api::admissionregistration::v1 as admission;
    use k::api::{coordination::v1 as coordination, events::v1 as events, flowcontrol::v1 as flow};
    use k::api::{node::v1 as node, scheduling::v1 as scheduling};
    use k::apiextensions_apiserver::pkg::apis::apiextensions::v1 as extensions;
    use k::kube_aggregator::pkg::apis::apiregistration::v1 as registration;
    c.cluster::<admission::MutatingAdmissionPolicy>("");
    c.cluster::<admission::MutatingAdmissionPolicyBinding>("");
    c.cluster::<admission::MutatingWebhookConfiguration>("");
    c.cluster::<admission::ValidatingAdmissionPolicy>("");
    c.cluster::<admission::ValidatingAdmissionPolicyBinding>("");
    c.cluster::<admission::ValidatingWebhookConfiguration>("");
    c.cluster::<extensions::CustomResourceDefinition>("crd,crds");
    c.cluster::<registration::APIService>("");
    c.namespaced::<coordination::Lease>("");
    c.namespaced::<events::Event>("ev");
    c.cluster::<flow::FlowSchema>("");
    c.cluster::<flow::PriorityLevelConfiguration>("");
    c.cluster::<node::RuntimeClass>("");
    c.cluster::<scheduling::PriorityClass>("pc");
}

fn storage_and_devices(c: &mut Collector) {
    use k::api::{resource::v1 as resource, storage::v1 as storage};
    c.cluster::<resource::DeviceClass>("");
    c.namespaced::<resource::ResourceClaim>("");
    c.namespaced::<resource::ResourceClaimTemplate>("");
    c.cluster::<resource::ResourceSlice>("");
    c.cluster::<storage::CSIDriver>("");
    c.cluster::<storage::CSINode>("");
    c.namespaced::<storage::CSIStorageCapacity>("");
    c.cluster::<storage::StorageClass>("sc");
    c.cluster::<storage::VolumeAttachment>("");
    c.cluster::<storage::VolumeAttributesClass>("vac");
}

fn main() {
    println!("cargo::rerun-if-changed=build.rs");
    let mut collector =
        Collector { generator: SchemaSettings::default().into_generator(), kinds: Vec::new() };
    collect(&mut collector);
    let definitions = collector.generator.definitions().clone();
    let structs = structs(&definitions);
    let out = env::var_os("OUT_DIR").expect("cargo sets OUT_DIR");
    let out = Path::new(&out);
    fs::write(out.join("schema.txt"), table(&collector.kinds, &structs)).expect("write the table");
    let texts = descriptions(&structs) + &scalar_descriptions(&definitions);
    fs::write(out.join("descriptions.txt"), texts).expect("write the descriptions");
}

/// The definitions that are structs, numbered by the order of their full names.
fn structs(definitions: &Map<String, Value>) -> BTreeMap<&str, (usize, &Value)> {
    let sorted: BTreeMap<&str, &Value> =
        definitions.iter().filter(|(name, _)| scalar(name).is_none()).map(|(n, v)| (n.as_str(), v)).collect();
    sorted.into_iter().enumerate().map(|(i, (name, schema))| (name, (i, schema))).collect()
}

fn table(kinds: &[Kind], structs: &BTreeMap<&str, (usize, &Value)>) -> String {
    let mut text = String::new();
    for k in kinds {
        let root = structs[k.root.as_str()].0;
        writeln!(text, "{} {} {} {} {root} {}", k.api_version, k.kind, k.plural, k.scope, k.short)
            .expect("writing to a string");
    }
    text.push('\n');
    for (name, (_, schema)) in structs {
        text.push_str(&go_name(name));
        let required = schema["required"].as_array().map(Vec::as_slice).unwrap_or_default();
        for (field, schema) in fields(schema) {
            let mark = if required.iter().any(|name| name == field) { "!" } else { "" };
            write!(text, " {field} {}{mark}", type_code(schema, structs)).expect("writing to a string");
        }
        text.push('\n');
    }
    text
}

/// One line for each struct, one for each field, in the order of the table.
fn descriptions(structs: &BTreeMap<&str, (usize, &Value)>) -> String {
    let mut text = String::new();
    for (name, (_, schema)) in structs {
        writeln!(text, "#{}\t{}", go_name(name), description(schema)).expect("writing to a string");
        for (field, schema) in fields(schema) {
            writeln!(text, "{field}\t{}", description(schema)).expect("writing to a string");
        }
    }
    text
}

/// What is said of the types that decode themselves, by their letters.
fn scalar_descriptions(definitions: &Map<String, Value>) -> String {
    let mut text = String::new();
    for (name, schema) in definitions {
        if let Some(letter) = scalar(name).filter(|letter| *letter != "a") {
            writeln!(text, "#={letter}\t{}", description(schema)).expect("writing to a string");
        }
    }
    text
}

fn description(schema: &Value) -> String {
    let text = schema["description"].as_str().unwrap_or_default();
    text.replace('\\', "\\\\").replace('\n', "\\n").replace('\t', " ")
}

fn fields(schema: &Value) -> impl Iterator<Item = (&String, &Value)> {
    schema["properties"].as_object().into_iter().flatten()
}

/// The type's Go name; its package stands before it where that is not `v1`.
fn go_name(definition: &str) -> String {
    let mut parts = definition.rsplit('.');
    let name = parts.next().unwrap_or(definition);
    match parts.next() {
        None | Some("v1") => name.to_owned(),
        Some(package) => format!("{package}.{name}"),
    }
}

/// The letter of a definition that decodes itself instead of having fields.
fn scalar(definition: &str) -> Option<&'static str> {
    match definition {
        TIME => Some("t"),
        MICRO_TIME => Some("m"),
        QUANTITY => Some("q"),
        INT_OR_STRING => Some("x"),
        "io.k8s.apimachinery.pkg.apis.meta.v1.FieldsV1" | "io.k8s.apimachinery.pkg.runtime.RawExtension" => {
            Some("a")
        }
        _ => match definition.strip_prefix(CRD_TYPES)? {
            "JSON" | "JSONSchemaPropsOrArray" | "JSONSchemaPropsOrBool" | "JSONSchemaPropsOrStringArray" => {
                Some("a")
            }
            _ => None,
        },
    }
}

fn type_code(schema: &Value, structs: &BTreeMap<&str, (usize, &Value)>) -> String {
    if let Some(reference) = schema["$ref"].as_str() {
        let name = reference.trim_start_matches("#/$defs/");
        return match scalar(name) {
            Some(letter) => letter.to_owned(),
            None => structs[name].0.to_string(),
        };
    }
    let format = schema["format"].as_str();
    match schema["type"].as_str() {
        Some("string") if format == Some("byte") => "y".to_owned(),
        Some("string") => "s".to_owned(),
        Some("boolean") => "b".to_owned(),
        Some("integer") if format == Some("int64") => "l".to_owned(),
        Some("integer") => "i".to_owned(),
        Some("number") => "f".to_owned(),
        Some("array") => format!("[{}", type_code(&schema["items"], structs)),
        Some("object") if schema["additionalProperties"].is_object() => {
            format!("{{{}", type_code(&schema["additionalProperties"], structs))
        }
        other => panic!("no type code for {other:?}: {schema}"),
    }
}
