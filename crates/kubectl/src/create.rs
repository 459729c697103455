//! `kubectl create`: from files, and the kinds that it makes from flags.
//!
//! Kubernetes: kubectl/pkg/cmd/create/create.go, create_namespace.go, create_configmap.go and the like.

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
use super::{
    Cmd, Command, DRY_RUN, FILENAME, OUTPUT, RECURSIVE, SELECTOR, VALIDATE, default_sub_command_run,
};
use api::field::go_quote;
use api::meta::string_map;
use api::object::Kind;
use cli_runtime::flags::{Flag, Takes, flag};
use cli_runtime::job::{Failure, Io, Stop};
use cli_runtime::output::Format;
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
        CONFIG_MAP,
        SECRET,
        DEPLOYMENT,
        PRIORITY_CLASS,
        absent("clusterrole", "Create a cluster role"),
        absent("clusterrolebinding", "Create a cluster role binding for a particular cluster role"),
        CRON_JOB,
        Command { aliases: &["ing"], ..absent("ingress", "Create an ingress with the specified name") },
        JOB,
        Command {
            aliases: &["pdb"],
            ..absent("poddisruptionbudget", "Create a pod disruption budget with the specified name")
        },
        Command { aliases: &["resourcequota"], ..absent("quota", "Create a quota with the specified name") },
        absent("role", "Create a role with single rule"),
        absent("rolebinding", "Create a role binding for a particular role or cluster role"),
        Command { aliases: &["svc"], ..absent("service", "Create a service using a specified subcommand") },
        absent("token", "Request a service account token"),
    ],
};

pub(super) const SAVE_CONFIG: Flag = flag("save-config", '\0', Takes::Bool);
const FROM_LITERAL: Flag = flag("from-literal", '\0', Takes::Text);
const FROM_FILE: Flag = flag("from-file", '\0', Takes::Text);

const NAMESPACE: Command = Command {
    name: "namespace",
    aliases: &["ns"],
    short: "Create a namespace with the specified name",
    usage: "NAME [--dry-run=server|client|none]",
    flags: &[OUTPUT, DRY_RUN, VALIDATE, SAVE_CONFIG],
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
    flags: &[OUTPUT, DRY_RUN, VALIDATE, SAVE_CONFIG],
    run: |io, cmd| {
        let name = exactly_one_name(cmd)?;
        let value = json!({"apiVersion": "v1", "kind": "ServiceAccount", "metadata": {"name": name}});
        generate(io, cmd, value, "failed to create serviceaccount: ")
    },
    subs: &[],
};

const CONFIG_MAP: Command = Command {
    name: "configmap",
    aliases: &["cm"],
    short: "Create a config map from a local file, directory or literal value",
    usage: "NAME [--from-file=[key=]source] [--from-literal=key1=value1] [--dry-run=server|client|none]",
    flags: &[OUTPUT, DRY_RUN, VALIDATE, SAVE_CONFIG, FROM_LITERAL, FROM_FILE],
    run: |io, cmd| {
        let name = exactly_one_name(cmd)?;
        let mut value = json!({"apiVersion": "v1", "kind": "ConfigMap", "metadata": {"name": name}});
        for (key, bytes) in sources(io, cmd)? {
            add_key(&mut value, &key, &bytes, false)?;
        }
        generate(io, cmd, value, "failed to create configmap: ")
    },
    subs: &[],
};

const SECRET: Command = Command {
    name: "secret",
    aliases: &[],
    short: "Create a secret using a specified subcommand",
    usage: "(docker-registry | generic | tls)",
    flags: &[],
    run: default_sub_command_run,
    subs: &[
        absent("docker-registry", "Create a secret for use with a Docker registry"),
        Command {
            name: "generic",
            aliases: &[],
            short: "Create a secret from a local file, directory, or literal value",
            usage: "NAME [--type=string] [--from-file=[key=]source] [--from-literal=key1=value1] [--dry-run=server|client|none]",
            flags: &[
                OUTPUT,
                DRY_RUN,
                VALIDATE,
                SAVE_CONFIG,
                FROM_LITERAL,
                FROM_FILE,
                flag("type", '\0', Takes::Text),
            ],
            run: |io, cmd| {
                let name = exactly_one_name(cmd)?;
                let mut value = json!({"apiVersion": "v1", "kind": "Secret", "metadata": {"name": name}});
                if let Some(sort) = cmd.parsed.text("type").filter(|sort| !sort.is_empty()) {
                    value["type"] = json!(sort);
                }
                for (key, bytes) in sources(io, cmd)? {
                    add_key(&mut value, &key, &bytes, true)?;
                }
                generate(io, cmd, value, "failed to create secret ")
            },
            subs: &[],
        },
        absent("tls", "Create a TLS secret"),
    ],
};

const DEPLOYMENT: Command = Command {
    name: "deployment",
    aliases: &["deploy"],
    short: "Create a deployment with the specified name",
    usage: "NAME --image=image -- [COMMAND] [args...]",
    flags: &[
        OUTPUT,
        DRY_RUN,
        VALIDATE,
        SAVE_CONFIG,
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
    flags: &[
        OUTPUT,
        DRY_RUN,
        VALIDATE,
        SAVE_CONFIG,
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

/// A key and what is filed under it.
type Source = (String, Rc<[u8]>);

/// The keys and values of --from-file and --from-literal, in that order.
///
/// Kubernetes: kubectl/pkg/util/util.go, ParseFileSource, ParseLiteralSource.
fn sources(io: &Io, cmd: &Cmd) -> Result<Vec<Source>, Failure> {
    let mut found = Vec::new();
    for source in cmd.parsed.all("from-file") {
        let (key, path) = match source.split_once('=') {
            Some((key, path)) if !key.is_empty() && !path.is_empty() => (key.to_owned(), path),
            Some(_) => return Err(Failure::Message(format!("key name or file path is missing in {source}"))),
            None => (source.rsplit('/').next().unwrap_or(source).to_owned(), source.as_str()),
        };
        let Some(bytes) = io.file(path) else {
            return Err(Failure::Message(format!("error reading {path}: no such file or directory")));
        };
        found.push((key, bytes));
    }
    for source in cmd.parsed.all("from-literal") {
        match source.split_once('=') {
            Some((key, value)) if !key.is_empty() => found.push((key.to_owned(), value.as_bytes().into())),
            _ => {
                return Err(Failure::Message(format!("invalid literal source {source}, expected key=value")));
            }
        }
    }
    Ok(found)
}

const CONFIG_KEY: &str = "a valid config key must consist of alphanumeric characters, '-', '_' or '.' (e.g. 'key.name',  or 'KEY_NAME',  or 'key-name', regex used for validation is '[-._a-zA-Z0-9]+')";

/// Puts one entry into a config map's or a secret's data.
fn add_key(value: &mut Value, key: &str, bytes: &[u8], secret: bool) -> Result<(), Failure> {
    if !key.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"-._".contains(&byte)) {
        let kind = if secret { "valid key name for a Secret" } else { "a valid key name for a ConfigMap:" };
        return Err(Failure::Message(format!("{} is not {kind} {CONFIG_KEY}", go_quote(key))));
    }
    if ["data", "binaryData"].iter().any(|field| value[*field].get(key).is_some()) {
        let name = go_quote(value["metadata"]["name"].as_str().unwrap_or_default());
        let (plain, key) = (key, go_quote(key));
        return Err(Failure::Message(if secret {
            format!("cannot add key {plain}, another key by that name already exists")
        } else {
            format!(
                "cannot add key {key}, another key by that name already exists in Data for ConfigMap {name}"
            )
        }));
    }
    match std::str::from_utf8(bytes) {
        Ok(text) if !secret => value["data"][key] = json!(text),
        _ => value[if secret { "data" } else { "binaryData" }][key] = json!(yaml::to_base64(bytes)),
    }
    Ok(())
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
    if replicas < 0 {
        return Err("invalid value for replicas: must be greater than or equal to 0".into());
    }
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
