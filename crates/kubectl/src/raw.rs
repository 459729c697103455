//! `kubectl get --raw`: what the API server answers at a path.
//!
//! Kubernetes: kubectl/pkg/rawhttp/raw.go; apiserver/pkg/endpoints/request/requestinfo.go.

mod health;

use serde_json::{Value, json};

use super::info::probe;
use super::resources::{get, list};
use super::{Cmd, absent};
use api::field::go_quote;
use api::object::{Kind, Object};
use api::schema;
use api::status_error::{StatusError, StatusReason};
use cli_runtime::job::{Failure, Io, Stop};

/// Kubernetes: get.go, Complete, Validate.
pub(super) fn raw(io: &mut Io, cmd: &Cmd, path: &str) -> Result<i32, Stop> {
    if !cmd.args().is_empty() {
        return Err("arguments may not be passed when --raw is specified".into());
    }
    if cmd.parsed.flag("watch") || cmd.parsed.flag("watch-only") || cmd.filter().has_labels() {
        let text =
            "--raw may not be specified with other flags that filter the server request or alter the output";
        return Err(text.into());
    }
    if cmd.parsed.given("output") {
        return Err("--raw and --output are mutually exclusive".into());
    }
    if !path.starts_with('/') && !path.contains("://") {
        let parsed = format!("parse {}: invalid URI for request", go_quote(path));
        return Err(format!("--raw must be a valid URL path: {parsed}").into());
    }
    let (plain, query) = path.split_once('?').unwrap_or((path, ""));
    match (plain, query) {
        ("/healthz" | "/livez" | "/readyz", "") => health(io, path, "ok".to_owned()),
        ("/healthz" | "/livez" | "/readyz", "verbose" | "verbose=true") => {
            health(io, plain, health::verbose(plain))
        }
        ("/version", "") => version(io),
        _ => objects(io, path),
    }
}

/// The server's health.
fn health(io: &mut Io, path: &str, well: String) -> Result<i32, Stop> {
    match probe(io) {
        Err(Stop::Failed(Failure::Status { .. })) => {
            Err(format!("--raw {path} is not simulated while the API server cannot reach etcd").into())
        }
        Err(stop) => Err(stop),
        Ok(()) => {
            io.out(well);
            Ok(0)
        }
    }
}

/// Kubernetes: staging/src/k8s.io/apiserver/pkg/server/routes/version.go; nothing is said of a build that was none.
fn version(io: &mut Io) -> Result<i32, Stop> {
    probe(io)?;
    let version = io.client().version.clone();
    let mut numbers = version.trim_start_matches('v').split('.');
    let (major, minor) = (numbers.next().unwrap_or_default(), numbers.next().unwrap_or_default());
    let before = minor.parse::<u32>().map_or(0, |minor| minor.saturating_sub(1));
    io.out(format!(
        "{{\n  \"major\": \"{major}\",\n  \"minor\": \"{minor}\",\n  \"emulationMajor\": \"{major}\",\n  \
         \"emulationMinor\": \"{minor}\",\n  \"minCompatibilityMajor\": \"{major}\",\n  \
         \"minCompatibilityMinor\": \"{before}\",\n  \"gitVersion\": \"{version}\",\n  \
         \"gitTreeState\": \"clean\",\n  \"compiler\": \"gc\",\n  \"platform\": \"linux/amd64\"\n}}"
    ));
    Ok(0)
}

/// A resource, as its path names it.
#[derive(Debug, PartialEq)]
struct Resource<'a> {
    api_version: String,
    plural: &'a str,
    namespace: Option<&'a str>,
    name: Option<&'a str>,
}

/// `/api/v1/nodes/worker-1`, `/apis/apps/v1/namespaces/default/daemonsets`; `None` for any other path.
fn parse(path: &str) -> Option<Resource<'_>> {
    let steps: Vec<&str> = path.split('/').filter(|step| !step.is_empty()).collect();
    let (api_version, rest) = match steps.as_slice() {
        ["api", version, rest @ ..] => ((*version).to_owned(), rest),
        ["apis", group, version, rest @ ..] => (format!("{group}/{version}"), rest),
        _ => return None,
    };
    let (namespace, rest) = match rest {
        ["namespaces", namespace, rest @ ..] if !rest.is_empty() => (Some(*namespace), rest),
        rest => (None, rest),
    };
    let (plural, name) = match rest {
        [plural] => (*plural, None),
        [plural, name] => (*plural, Some(*name)),
        _ => return None,
    };
    Some(Resource { api_version, plural, namespace, name })
}

fn objects(io: &mut Io, path: &str) -> Result<i32, Stop> {
    if path.contains('?') {
        return Err(absent::flag_text("raw").into());
    }
    let Some(resource) = parse(path) else {
        let first = path.split('/').nth(1).unwrap_or_default();
        return Err(match SERVED.contains(&first) {
            true => absent::flag_text("raw").into(),
            false => nothing_there(),
        });
    };
    let found =
        |info: &&schema::KindInfo| info.api_version == resource.api_version && info.plural == resource.plural;
    let Some(kind) = schema::kinds().iter().find(found).map(Kind::from_info) else {
        return Err(nothing_there());
    };
    if resource.namespace.is_some() != kind.is_namespaced()
        && (resource.name.is_some() || !kind.is_namespaced())
    {
        return Err(nothing_there());
    }
    let value = match resource.name {
        Some(name) => get(io, kind, resource.namespace.unwrap_or_default(), name)?.to_value(io.now()),
        None => listed(io, kind, resource.namespace)?,
    };
    io.out(format!("{value}\n"));
    Ok(0)
}

/// The first steps of the API server's paths.
const SERVED: [&str; 14] = [
    "",
    ".well-known",
    "api",
    "apis",
    "debug",
    "flagz",
    "healthz",
    "livez",
    "logs",
    "metrics",
    "openapi",
    "openid",
    "readyz",
    "version",
];

pub(super) fn nothing_there() -> Stop {
    let text = "the server could not find the requested resource";
    let error = Box::new(StatusError::new(StatusReason::NotFound, text));
    Failure::Status { prefix: String::new(), error }.into()
}

/// Differs: the list's resourceVersion is that of its newest object, not that of the store.
fn listed(io: &mut Io, kind: Kind, namespace: Option<&str>) -> Result<Value, Stop> {
    let objects = list(io, kind, namespace)?;
    let newest = objects.iter().filter_map(Object::meta).map(|meta| meta.resource_version).max();
    let item = |object: &Object| {
        let mut value = object.to_value(io.now());
        if let Some(map) = value.as_object_mut() {
            map.remove("apiVersion");
            map.remove("kind");
        }
        value
    };
    Ok(json!({
        "apiVersion": kind.api_version(),
        "kind": format!("{}List", kind.name()),
        "metadata": {"resourceVersion": newest.unwrap_or_default().to_string()},
        "items": objects.iter().map(item).collect::<Vec<_>>(),
    }))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_path_names_a_resource() {
        let of =
            |path| parse(path).map(|found| (found.api_version, found.namespace, found.plural, found.name));
        let core = || "v1".to_owned();
        assert_eq!(of("/api/v1/nodes"), Some((core(), None, "nodes", None)));
        assert_eq!(of("/api/v1/namespaces/default"), Some((core(), None, "namespaces", Some("default"))));
        assert_eq!(of("/api/v1/namespaces/a/pods"), Some((core(), Some("a"), "pods", None)));
        assert_eq!(
            of("/apis/apps/v1/namespaces/a/daemonsets/b"),
            Some(("apps/v1".to_owned(), Some("a"), "daemonsets", Some("b")))
        );
        assert_eq!(of("/metrics"), None);
        assert_eq!(of("/api/v1"), None);
    }
}
