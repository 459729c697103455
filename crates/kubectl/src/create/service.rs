//! `kubectl create service clusterip`, `nodeport`, `loadbalancer` and `externalname`.
//!
//! Kubernetes: kubectl/pkg/cmd/create/create_service.go.

use serde_json::{Value, json};

use super::{exactly_one_name, generate, required};
use crate::{Cmd, Command, default_sub_command_run};
use api::field::go_quote;
use api::label::{is_dns1123_subdomain, is_valid_port_name};
use cli_runtime::flags::{Flag, Takes, flag};
use cli_runtime::job::{Failure, Io, Stop};

const TCP: Flag = flag("tcp", '\0', Takes::Text);

const fn of_type(
    name: &'static str,
    short: &'static str,
    usage: &'static str,
    flags: &'static [Flag],
    run: crate::Run,
) -> Command {
    Command { name, aliases: &[], short, usage, flags, run, subs: &[] }
}

pub(super) const SERVICE: Command = Command {
    name: "service",
    aliases: &["svc"],
    short: "Create a service using a specified subcommand",
    usage: "",
    flags: &[],
    run: default_sub_command_run,
    subs: &[
        of_type(
            "clusterip",
            "Create a ClusterIP service",
            "NAME [--tcp=<port>:<targetPort>] [--dry-run=server|client|none]",
            generator_flags![TCP, flag("clusterip", '\0', Takes::Text)],
            |io, cmd| create_service(io, cmd, "ClusterIP"),
        ),
        of_type(
            "externalname",
            "Create an ExternalName service",
            "NAME --external-name external.name [--dry-run=server|client|none]",
            generator_flags![TCP, flag("external-name", '\0', Takes::Text)],
            |io, cmd| {
                required(cmd, &["external-name"])?;
                create_service(io, cmd, "ExternalName")
            },
        ),
        of_type(
            "loadbalancer",
            "Create a LoadBalancer service",
            "NAME [--tcp=port:targetPort] [--dry-run=server|client|none]",
            generator_flags![TCP],
            |io, cmd| create_service(io, cmd, "LoadBalancer"),
        ),
        of_type(
            "nodeport",
            "Create a NodePort service",
            "NAME [--tcp=port:targetPort] [--dry-run=server|client|none]",
            generator_flags![TCP, flag("node-port", '\0', Takes::Int)],
            |io, cmd| create_service(io, cmd, "NodePort"),
        ),
    ],
};

fn create_service(io: &mut Io, cmd: &Cmd, sort: &str) -> Result<i32, Stop> {
    let name = exactly_one_name(cmd)?;
    let (address, external) = (cmd.text("clusterip"), cmd.text("external-name"));
    let pairs = cmd.parsed.list("tcp");
    if address != "None" && pairs.is_empty() && sort != "ExternalName" {
        return Err("at least one tcp port specifier must be provided".into());
    }
    if sort == "ExternalName" && !is_dns1123_subdomain(external).is_empty() {
        return Err(format!("invalid service external name {external}").into());
    }
    let node_port = cmd.parsed.int("node-port").filter(|port| *port != 0);
    let mut ports = Vec::new();
    for pair in &pairs {
        let (port, target) = parse_ports(pair)?;
        let mut entry =
            json!({"name": pair.replace(':', "-"), "port": port, "protocol": "TCP", "targetPort": target});
        if let Some(port) = node_port {
            entry["nodePort"] = json!(port);
        }
        ports.push(entry);
    }
    let mut spec = json!({"selector": {"app": name}, "type": sort});
    if !ports.is_empty() {
        spec["ports"] = Value::Array(ports);
    }
    for (field, text) in [("clusterIP", address), ("externalName", external)] {
        if !text.is_empty() {
            spec[field] = json!(text);
        }
    }
    let value = json!({
        "apiVersion": "v1", "kind": "Service", "metadata": {"name": name, "labels": {"app": name}},
        "spec": spec, "status": {"loadBalancer": {}},
    });
    generate(io, cmd, value, &format!("failed to create {sort} service: "))
}

/// `80:8080`, `80:http` or `80`; what stands behind a second colon is not looked at, as upstream.
fn parse_ports(text: &str) -> Result<(u16, Value), Failure> {
    let mut parts = text.split(':');
    let port = parse_port(parts.next().unwrap_or_default())?;
    let Some(target) = parts.next() else { return Ok((port, json!(port))) };
    match target.parse::<i64>() {
        Ok(number) if (1..=65535).contains(&number) => Ok((port, json!(number))),
        Ok(_) => Err(Failure::message("must be between 1 and 65535, inclusive")),
        Err(_) => match is_valid_port_name(target) {
            errors if errors.is_empty() => Ok((port, json!(target))),
            errors => Err(Failure::Message(errors.join(","))),
        },
    }
}

/// Go: strconv.ParseUint(text, 10, 16).
fn parse_port(text: &str) -> Result<u16, Failure> {
    let digits = !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit());
    let why = if digits { "value out of range" } else { "invalid syntax" };
    match text.parse() {
        Ok(port) if digits => Ok(port),
        _ => Err(Failure::Message(format!("strconv.ParseUint: parsing {}: {why}", go_quote(text)))),
    }
}
