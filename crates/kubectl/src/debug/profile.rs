//! What a profile of `kubectl debug` changes.
//!
//! Kubernetes: kubectl/pkg/cmd/debug/profiles.go.

use serde_json::{Value, json};

use api::json;
use cli_runtime::flags::Parsed;
use cli_runtime::job::Failure;

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Profile {
    Legacy,
    General,
    Baseline,
    Restricted,
    Netadmin,
    Sysadmin,
}

/// How a pod or node is looked into.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Style {
    Ephemeral,
    Copy,
    Node,
}

/// What a copy keeps of its original.
#[derive(Default)]
pub(super) struct Keep {
    labels: bool,
    annotations: bool,
    liveness: bool,
    readiness: bool,
    startup: bool,
    init_containers: bool,
}

impl Keep {
    pub(super) fn of(flags: &Parsed) -> Keep {
        Keep {
            labels: flags.flag("keep-labels"),
            annotations: flags.flag("keep-annotations"),
            liveness: flags.flag("keep-liveness"),
            readiness: flags.flag("keep-readiness"),
            startup: flags.flag("keep-startup"),
            init_containers: flags.flag_or("keep-init-containers", true),
        }
    }
}

impl Profile {
    pub(super) fn parse(name: &str) -> Result<Profile, Failure> {
        Ok(match name {
            "legacy" => Profile::Legacy,
            "general" => Profile::General,
            "baseline" => Profile::Baseline,
            "restricted" => Profile::Restricted,
            "netadmin" => Profile::Netadmin,
            "sysadmin" => Profile::Sysadmin,
            other => return Err(Failure::Message(format!("unknown profile: {other}"))),
        })
    }

    /// Changes a pod that has the container of this name.
    pub(super) fn apply(self, pod: &mut Value, name: &str, style: Style, keep: &Keep) {
        match self {
            Profile::Legacy => {}
            Profile::General if style == Style::Node => clear_security_context(pod, name),
            Profile::General => add_capabilities(pod, name, &["SYS_PTRACE"]),
            Profile::Baseline => clear_security_context(pod, name),
            Profile::Restricted => restrict(pod, name),
            Profile::Netadmin => add_capabilities(pod, name, &["NET_ADMIN", "NET_RAW"]),
            Profile::Sysadmin => with_context(pod, name, |context| context["privileged"] = json!(true)),
        }
        let sees_host = matches!(self, Profile::Legacy | Profile::General | Profile::Sysadmin);
        match style {
            Style::Ephemeral => {}
            Style::Node => {
                if sees_host {
                    mount_root_partition(pod, name);
                }
                if sees_host || self == Profile::Netadmin {
                    for field in ["hostNetwork", "hostPID", "hostIPC"] {
                        pod["spec"][field] = json!(true);
                    }
                }
            }
            Style::Copy if self == Profile::Legacy => {
                json::object(&mut pod["metadata"]).remove("labels");
            }
            Style::Copy => strip(pod, keep),
        }
    }
}

/// The first container of this name, in the order in which upstream visits them.
fn container<'a>(pod: &'a mut Value, name: &str) -> Option<&'a mut Value> {
    let spec = json::get(pod, "spec");
    let lists = ["initContainers", "containers", "ephemeralContainers"];
    let (list, at) = lists.into_iter().find_map(|list| {
        let all = json::list(spec, list);
        all.iter().position(|container| json::text(container, "name") == name).map(|at| (list, at))
    })?;
    pod["spec"][list].get_mut(at)
}

fn clear_security_context(pod: &mut Value, name: &str) {
    if let Some(container) = container(pod, name) {
        json::object(container).remove("securityContext");
    }
}

fn with_context(pod: &mut Value, name: &str, change: impl FnOnce(&mut Value)) {
    if let Some(container) = container(pod, name) {
        change(json::child(container, "securityContext"));
    }
}

fn add_capabilities(pod: &mut Value, name: &str, added: &[&str]) {
    with_context(pod, name, |context| {
        let capabilities = json::child(context, "capabilities");
        let mut all = json::list(capabilities, "add").to_vec();
        all.extend(added.iter().map(|capability| json!(capability)));
        capabilities["add"] = Value::Array(all);
    });
}

fn restrict(pod: &mut Value, name: &str) {
    with_context(pod, name, |context| {
        *context = json!({
            "runAsNonRoot": true, "capabilities": {"drop": ["ALL"]}, "allowPrivilegeEscalation": false,
            "seccompProfile": {"type": "RuntimeDefault"},
        });
    });
}

fn mount_root_partition(pod: &mut Value, name: &str) {
    const VOLUME: &str = "host-root";
    let append = |holder: &mut Value, list: &str, item: Value| {
        let mut all = json::list(holder, list).to_vec();
        all.push(item);
        holder[list] = Value::Array(all);
    };
    append(&mut pod["spec"], "volumes", json!({"name": VOLUME, "hostPath": {"path": "/"}}));
    if let Some(container) = container(pod, name) {
        append(container, "volumeMounts", json!({"name": VOLUME, "mountPath": "/host"}));
    }
}

/// A copy does without what would have it found, or restarted.
fn strip(pod: &mut Value, keep: &Keep) {
    let metadata = json::object(&mut pod["metadata"]);
    for (field, keeps) in [("labels", keep.labels), ("annotations", keep.annotations)] {
        if !keeps {
            metadata.remove(field);
        }
    }
    let probes = [
        ("livenessProbe", keep.liveness),
        ("readinessProbe", keep.readiness),
        ("startupProbe", keep.startup),
    ];
    for container in json::each(&mut pod["spec"], "containers") {
        for (probe, keeps) in probes {
            if !keeps {
                json::object(container).remove(probe);
            }
        }
    }
    let spec = json::object(&mut pod["spec"]);
    if !keep.init_containers {
        spec.remove("initContainers");
    }
    spec.entry("shareProcessNamespace").or_insert(json!(true));
}
