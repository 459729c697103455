//! `kubectl create`: from files, and the kinds that it makes from flags.
//!
//! Kubernetes: kubectl/pkg/cmd/create/create.go, create_namespace.go, create_configmap.go and the like.

mod data;
mod ingress;
mod policy;
mod rbac;
mod service;

pub(super) use data::is_env_var_name;
pub(super) use policy::{label_selector, resource_list};

use std::rc::Rc;

use serde_json::{Map, Value, json};

use super::absent::absent;
use super::apply::{
    DRY_RUN_CLIENT, dry_run, modified_configuration, on_server, print_result, unreachable_validation,
};
use super::create_job::{CRON_JOB, JOB};
use super::errors::{self, add_source};
use super::manifests::{self, Doc};
use super::resources::continue_on_error;
use super::{Cmd, Command, DRY_RUN, FILENAME, OUTPUT, RECURSIVE, SELECTOR, VALIDATE};
use api::field::go_quote;
use api::meta::string_map;
use api::object::Kind;
use cli_runtime::flags::{Flag, Takes, flag};
use cli_runtime::job::{Failure, Io, Stop};
use cli_runtime::output::Format;
use codec::manifest::namespace_problem;
use wire::{Call, CallError, FieldValidation};

pub(super) const CREATE: Command = Command {
    name: "create",
    aliases: &[],
    short: "Create a resource from a file or from stdin",
    usage: "-f FILENAME",
    flags: &[
        FILENAME,
        RECURSIVE,
        OUTPUT,
        SELECTOR,
        DRY_RUN,
        VALIDATE,
        SAVE_CONFIG,
        flag("kustomize", 'k', Takes::Text),
        flag("field-manager", '\0', Takes::Text),
        flag("edit", '\0', Takes::Bool),
        flag("raw", '\0', Takes::Text),
    ],
    run: create,
    subs: &[
        NAMESPACE,
        SERVICE_ACCOUNT,
        data::CONFIG_MAP,
        data::SECRET,
        DEPLOYMENT,
        PRIORITY_CLASS,
        rbac::CLUSTER_ROLE,
        rbac::CLUSTER_ROLE_BINDING,
        CRON_JOB,
        ingress::INGRESS,
        JOB,
        policy::POD_DISRUPTION_BUDGET,
        policy::QUOTA,
        rbac::ROLE,
        rbac::ROLE_BINDING,
        service::SERVICE,
        absent("token", "Request a service account token"),
    ],
};

pub(super) const SAVE_CONFIG: Flag = flag("save-config", '\0', Takes::Bool);

const NAMESPACE: Command = Command {
    name: "namespace",
    aliases: &["ns"],
    short: "Create a namespace with the specified name",
    usage: "NAME [--dry-run=server|client|none]",
    flags: generator_flags![],
    run: |io, cmd| {
        let name = exactly_one_name(cmd)?;
        let value = json!({"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": name},
            "spec": {}, "status": {}});
        generate(io, cmd, value, "")
    },
    subs: &[],
};

const SERVICE_ACCOUNT: Command = Command {
    name: "serviceaccount",
    aliases: &["sa"],
    short: "Create a service account with the specified name",
    usage: "NAME [--dry-run=server|client|none]",
    flags: generator_flags![],
    run: |io, cmd| {
        let name = exactly_one_name(cmd)?;
        let value = json!({"apiVersion": "v1", "kind": "ServiceAccount", "metadata": {"name": name}});
        generate(io, cmd, value, "failed to create serviceaccount: ")
    },
    subs: &[],
};

const DEPLOYMENT: Command = Command {
    name: "deployment",
    aliases: &["deploy"],
    short: "Create a deployment with the specified name",
    usage: "NAME --image=image -- [COMMAND] [args...]",
    flags: generator_flags![
        flag("image", '\0', Takes::Text),
        flag("replicas", 'r', Takes::Int),
        flag("port", '\0', Takes::Int),
    ],
    run: create_deployment,
    subs: &[],
};

const PRIORITY_CLASS: Command = Command {
    name: "priorityclass",
    aliases: &["pc"],
    short: "Create a priority class with the specified name",
    usage: "NAME --value=VALUE --global-default=BOOL [--dry-run=server|client|none]",
    flags: generator_flags![
        flag("value", '\0', Takes::Int),
        flag("global-default", '\0', Takes::Bool),
        flag("description", '\0', Takes::Text),
        flag("preemption-policy", '\0', Takes::Text),
    ],
    run: create_priority_class,
    subs: &[],
};

fn create(io: &mut Io, cmd: &Cmd) -> Result<i32, Stop> {
    if !cmd.args().is_empty() {
        return Err(cmd.usage_error(&format!("Unexpected args: [{}]", cmd.args().join(" "))).into());
    }
    let dry_run = dry_run(cmd)?;
    let validation = manifests::validation(cmd)?;
    let format = cmd.format(io)?;
    if !cmd.parsed.given("filename") {
        return Err("must specify one of -f and -k".into());
    }
    let read = manifests::read(io, cmd, validation)?;
    let failures = read.failures.clone();
    let filter = cmd.filter();
    filter.picks(None)?;
    let wanted =
        |doc: &&Doc| filter.picks(Some(&string_map(&doc.value["metadata"]["labels"]))).unwrap_or_default();
    let docs: Vec<&Doc> = read.docs.iter().filter(wanted).collect();
    if docs.is_empty() && failures.is_empty() {
        return Err("no objects passed to create".into());
    }
    continue_on_error(io, docs, failures, |io, doc| {
        create_one(io, cmd, doc, validation, dry_run, format.as_ref())
    })
}

fn create_one(
    io: &mut Io,
    cmd: &Cmd,
    doc: &Doc,
    validation: FieldValidation,
    dry_run: Option<&str>,
    format: Option<&Format>,
) -> Result<(), Stop> {
    let save = cmd.parsed.flag("save-config");
    let body = if save { modified_configuration(&doc.value) } else { (*doc.value).clone() };
    if dry_run == Some(DRY_RUN_CLIENT) {
        print_result(io, doc, "created", dry_run, None, format)?;
        return Ok(());
    }
    if let Some(problem) = namespace_problem(&doc.namespace) {
        return Err(add_source("creating", &doc.source, Failure::Message(problem)).into());
    }
    let call =
        Call::Post { kind: doc.kind, namespace: doc.namespace.clone(), body: Rc::new(body), validation };
    match io.ask(on_server(call, dry_run))? {
        Ok(reply) => {
            print_result(io, doc, "created", dry_run, reply.object(), format)?;
            Ok(())
        }
        Err(error @ CallError::Status(_)) => {
            Err(add_source("creating", &doc.source, Failure::of(&error, "")).into())
        }
        Err(error) if validation == FieldValidation::Ignore => Err(Failure::of(&error, "").into()),
        Err(error) => Err(unreachable_validation(io, doc, &error).into()),
    }
}

/// Go: github.com/spf13/cobra, ValidateRequiredFlags.
fn required(cmd: &Cmd, flags: &[&str]) -> Result<(), Failure> {
    let missing: Vec<String> =
        flags.iter().filter(|flag| !cmd.parsed.given(flag)).map(|flag| go_quote(flag)).collect();
    if missing.is_empty() {
        return Ok(());
    }
    Err(Failure::Message(format!("required flag(s) {} not set", missing.join(", "))))
}

pub(super) fn exactly_one_name(cmd: &Cmd) -> Result<&str, Failure> {
    let before_dash = cmd.parsed.dash.unwrap_or(cmd.args().len());
    match cmd.args().get(..before_dash) {
        Some([name]) => Ok(name),
        args => {
            let count = args.map_or(0, <[String]>::len);
            Err(cmd.usage_error(&format!("exactly one NAME is required, got {count}")))
        }
    }
}

/// Creates what the flags came to. The namespace is written into the object only where the line names one.
pub(super) fn generate(io: &mut Io, cmd: &Cmd, mut value: Value, failed: &str) -> Result<i32, Stop> {
    let text = |key: &str| value[key].as_str().unwrap_or_default().to_owned();
    let (version, kind) = (text("apiVersion"), text("kind"));
    let Some(kind) = Kind::of(&version, &kind) else { return Ok(1) };
    let name = super::name(value["metadata"]["name"].as_str().unwrap_or_default());
    let namespace = if kind.is_namespaced() { cmd.namespace() } else { String::new() };
    if kind.is_namespaced() && cmd.enforces_namespace() {
        value["metadata"]["namespace"] = json!(namespace);
    }
    if cmd.parsed.flag("save-config") {
        value = modified_configuration(&value);
    }
    let doc =
        Doc { source: "".into(), kind, namespace: super::name(&namespace), name, value: Rc::new(value) };
    let dry_run = dry_run(cmd)?;
    let format = cmd.format(io)?;
    let mut object = None;
    if dry_run != Some(DRY_RUN_CLIENT) {
        let call = Call::Post {
            kind,
            namespace: doc.namespace.clone(),
            body: doc.value.clone(),
            validation: FieldValidation::Strict,
        };
        object = match io.must(on_server(call, dry_run)) {
            Ok(reply) => reply.object().cloned(),
            Err(Stop::Failed(failure)) if !failed.is_empty() && failure.status().is_some() => {
                return Err(format!("{failed}{}", errors::message(&failure, &io.client())).into());
            }
            Err(stop) => return Err(stop),
        };
    }
    print_result(io, &doc, "created", dry_run, object.as_ref(), format.as_ref())?;
    Ok(0)
}

/// Kubernetes: create_deployment.go, createDeployment.
fn create_deployment(io: &mut Io, cmd: &Cmd) -> Result<i32, Stop> {
    let images = cmd.parsed.list("image");
    if images.is_empty() {
        return Err("required flag(s) \"image\" not set".into());
    }
    let name = exactly_one_name(cmd)?;
    let command = cmd.args().get(1..).unwrap_or_default();
    if images.len() > 1 && !command.is_empty() {
        return Err("cannot specify multiple --image options and command".into());
    }
    let mut containers: Vec<Value> = images.iter().map(|image| container_of(image)).collect();
    if let Some(first) = containers.first_mut() {
        if !command.is_empty() {
            first["command"] = json!(command);
        }
        if let Some(port) = cmd.parsed.int("port").filter(|port| *port >= 0) {
            first["ports"] = json!([{"containerPort": port}]);
        }
    }
    let replicas = cmd.parsed.int("replicas").unwrap_or(1);
    let labels = json!({"app": name});
    let value = json!({
        "apiVersion": "apps/v1", "kind": "Deployment", "metadata": {"name": name, "labels": labels},
        "spec": {
            "replicas": replicas, "selector": {"matchLabels": labels}, "strategy": {},
            "template": {"metadata": {"labels": labels}, "spec": {"containers": containers}},
        },
        "status": {},
    });
    generate(io, cmd, value, "failed to create deployment: ")
}

/// The container's name is the image's last part, without its tag and digest.
fn container_of(image: &str) -> Value {
    let last = image.rsplit('/').next().unwrap_or(image);
    let name = last.split([':', '@']).next().unwrap_or(last);
    json!({"image": image, "name": name.to_lowercase().replace('_', "-"), "resources": {}})
}

/// Kubernetes: create_priorityclass.go, createPriorityClass.
fn create_priority_class(io: &mut Io, cmd: &Cmd) -> Result<i32, Stop> {
    let name = exactly_one_name(cmd)?;
    let policy = cmd.parsed.text("preemption-policy").unwrap_or("PreemptLowerPriority");
    let mut fields = Map::new();
    fields.insert("apiVersion".to_owned(), json!("scheduling.k8s.io/v1"));
    fields.insert("kind".to_owned(), json!("PriorityClass"));
    fields.insert("metadata".to_owned(), json!({"name": name}));
    fields.insert("preemptionPolicy".to_owned(), json!(policy));
    fields.insert("value".to_owned(), json!(cmd.parsed.int("value").unwrap_or(0)));
    if cmd.parsed.flag("global-default") {
        fields.insert("globalDefault".to_owned(), json!(true));
    }
    if let Some(text) = cmd.parsed.text("description").filter(|text| !text.is_empty()) {
        fields.insert("description".to_owned(), json!(text));
    }
    generate(io, cmd, Value::Object(fields), "failed to create priorityclass: ")
}
