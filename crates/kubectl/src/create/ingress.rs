//! `kubectl create ingress`.
//!
//! Kubernetes: kubectl/pkg/cmd/create/create_ingress.go.

use serde_json::{Map, Value, json};

use super::{exactly_one_name, generate};
use crate::{Cmd, Command};
use cli_runtime::flags::{Takes, flag};
use cli_runtime::job::{Failure, Io, Stop};

pub(super) const INGRESS: Command = Command {
    name: "ingress",
    aliases: &["ing"],
    short: "Create an ingress with the specified name",
    usage: "NAME --rule=host/path=service:port[,tls[=secret]] ",
    flags: generator_flags![
        flag("class", '\0', Takes::Text),
        flag("rule", '\0', Takes::Text),
        flag("default-backend", '\0', Takes::Text),
        flag("annotation", '\0', Takes::Text),
    ],
    run: create_ingress,
    subs: &[],
};

/// `host/path=service:port[,tls[=secret]]`, taken apart.
struct Rule<'a> {
    host: &'a str,
    path: &'a str,
    service: &'a str,
    /// The secret's name, which may be empty; `None`: no TLS.
    tls: Option<&'a str>,
}

fn create_ingress(io: &mut Io, cmd: &Cmd) -> Result<i32, Stop> {
    let name = exactly_one_name(cmd)?;
    let backend = cmd.text("default-backend");
    if backend.is_empty() && cmd.parsed.all("rule").is_empty() {
        return Err("not enough information provided: every ingress has to either specify a default-backend (which catches all traffic) or a list of rules (which catch specific paths)".into());
    }
    let rules: Vec<Rule<'_>> =
        cmd.parsed.all("rule").iter().map(|rule| Rule::of(rule)).collect::<Result<_, _>>()?;
    let mut annotations = Map::new();
    for annotation in cmd.parsed.all("annotation") {
        let Some((key, value)) = annotation.split_once('=') else {
            return Err(
                format!("annotation {annotation} is invalid and should be in format key=[value]").into()
            );
        };
        annotations.insert(key.to_owned(), json!(value));
    }
    let mut spec = Map::new();
    if !cmd.text("class").is_empty() {
        spec.insert("ingressClassName".to_owned(), json!(cmd.text("class")));
    }
    if !backend.is_empty() {
        if backend.split(':').count() != 2 {
            return Err("default-backend should be in format servicename:serviceport".into());
        }
        spec.insert("defaultBackend".to_owned(), backend_of(backend));
    }
    for (field, list) in [("tls", tls_of(&rules)), ("rules", rules_of(&rules))] {
        if !list.is_empty() {
            spec.insert(field.to_owned(), Value::Array(list));
        }
    }
    let mut value = json!({
        "apiVersion": "networking.k8s.io/v1", "kind": "Ingress", "metadata": {"name": name},
        "spec": spec, "status": {"loadBalancer": {}},
    });
    if !annotations.is_empty() {
        value["metadata"]["annotations"] = Value::Object(annotations);
    }
    generate(io, cmd, value, "failed to create ingress: ")
}

impl<'a> Rule<'a> {
    /// As upstream's regular expression has it.
    fn of(text: &'a str) -> Result<Rule<'a>, Failure> {
        Self::read(text).ok_or_else(|| {
            Failure::Message(format!(
                "rule {text} is invalid and should be in format host/path=svcname:svcport[,tls[=secret]]"
            ))
        })
    }

    fn read(text: &'a str) -> Option<Rule<'a>> {
        let host_end = text.find(|c: char| !(is_word(c) || "*.".contains(c)))?;
        let (host, rest) = text.split_at_checked(host_end)?;
        let path_and_service = rest.strip_prefix('/')?;
        let sound = |(at, _): (usize, &str)| names_a_service(&path_and_service[at + 1..]);
        if !path_and_service.match_indices('=').any(sound) {
            return None;
        }
        let mut parts = path_and_service.split(',');
        let (path, service) = parts.next()?.split_once('=')?;
        let service = service.split('=').next().unwrap_or(service);
        let tls = match (parts.next(), parts.next()) {
            (Some(tls), None) => Some(tls.split('=').nth(1).unwrap_or_default()),
            _ => None,
        };
        Some(Rule { host, path, service, tls })
    }
}

fn is_word(c: char) -> bool {
    c.is_ascii_alphanumeric() || c == '_' || c == '-'
}

/// Whether it begins with `name:port`.
fn names_a_service(text: &str) -> bool {
    let name_end = text.find(|c| !is_word(c)).unwrap_or(text.len());
    name_end > 0 && text[name_end..].strip_prefix(':').is_some_and(|port| port.starts_with(is_word))
}

fn backend_of(service: &str) -> Value {
    let (name, port) = service.split_once(':').unwrap_or((service, ""));
    let port = port.parse::<i32>().map_or_else(|_| json!({"name": port}), |number| json!({"number": number}));
    json!({"service": {"name": name, "port": port}})
}

/// The hosts of one secret stand together; a host counts once.
fn tls_of(rules: &[Rule<'_>]) -> Vec<Value> {
    let (mut seen, mut list): (Vec<&str>, Vec<(&str, Vec<&str>)>) = (Vec::new(), Vec::new());
    for rule in rules {
        let Some(secret) = rule.tls else { continue };
        if seen.contains(&rule.host) {
            continue;
        }
        seen.push(rule.host);
        if let Some((_, hosts)) = list.iter_mut().find(|(name, _)| *name == secret) {
            hosts.push(rule.host);
        } else if !(rule.host.is_empty() && secret.is_empty()) {
            let hosts = if rule.host.is_empty() { Vec::new() } else { vec![rule.host] };
            list.push((secret, hosts));
        }
    }
    let entry = |(secret, hosts): (&str, Vec<&str>)| {
        let mut entry = json!({});
        if !hosts.is_empty() {
            entry["hosts"] = json!(hosts);
        }
        if !secret.is_empty() {
            entry["secretName"] = json!(secret);
        }
        entry
    };
    list.into_iter().map(entry).collect()
}

fn rules_of(rules: &[Rule<'_>]) -> Vec<Value> {
    let mut list: Vec<(&str, Vec<Value>)> = Vec::new();
    for rule in rules {
        let whole = format!("/{}", rule.path);
        let (path, sort) = whole.strip_suffix('*').map_or((whole.as_str(), "Exact"), |path| (path, "Prefix"));
        let entry = json!({"backend": backend_of(rule.service), "path": path, "pathType": sort});
        match list.iter_mut().find(|(host, _)| *host == rule.host) {
            Some((_, paths)) => paths.push(entry),
            None => list.push((rule.host, vec![entry])),
        }
    }
    let entry = |(host, paths): (&str, Vec<Value>)| {
        let mut entry = json!({"http": {"paths": paths}});
        if !host.is_empty() {
            entry["host"] = json!(host);
        }
        entry
    };
    list.into_iter().map(entry).collect()
}
