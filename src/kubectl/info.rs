//! `version`, `api-resources`, `cluster-info`, `config`.

use super::tabwriter::TabWriter;
use super::{Cmd, Command, OUTPUT, flag};
use crate::api::object::{Key, Kind};
use crate::api::schema;
use crate::job::{Io, Stop};
use crate::kubectl::flags::Takes;
use crate::wire::Call;

pub(super) const VERSION: Command = Command {
    name: "version",
    aliases: &[],
    short: "Print the client and server version information",
    usage: "",
    flags: &[OUTPUT, flag("client", '\0', Takes::Bool)],
    run: version,
    subs: &[],
};

/// A request that tells whether the API server answers.
fn probe(io: &mut Io) -> Result<(), Stop> {
    let kind = Kind::of("v1", "Namespace").unwrap_or(Kind::Node);
    io.must(Call::Get { kind, key: Key::new("", "default") }).map(|_| ())
}

fn version(io: &mut Io, cmd: &Cmd) -> Result<i32, Stop> {
    let version = io.client().version.clone();
    io.out(format!("Client Version: {version}\nKustomize Version: v5.8.0\n"));
    if !cmd.parsed.flag("client") {
        probe(io)?;
        io.out(format!("Server Version: {version}\n"));
    }
    Ok(0)
}

pub(super) const CLUSTER_INFO: Command = Command {
    name: "cluster-info",
    aliases: &[],
    short: "Display cluster information",
    usage: "",
    flags: &[],
    run: cluster_info,
    subs: &[],
};

fn cluster_info(io: &mut Io, _: &Cmd) -> Result<i32, Stop> {
    probe(io)?;
    let server = io.client().server.clone();
    io.out(format!("Kubernetes control plane is running at https://{server}\n\n"));
    io.out("To further debug and diagnose cluster problems, use 'kubectl cluster-info dump'.\n");
    Ok(0)
}

pub(super) const API_RESOURCES: Command = Command {
    name: "api-resources",
    aliases: &[],
    short: "Print the supported API resources on the server",
    usage: "",
    flags: &[
        OUTPUT,
        flag("namespaced", '\0', Takes::Bool),
        flag("api-group", '\0', Takes::Text),
        flag("no-headers", '\0', Takes::Bool),
        flag("sort-by", '\0', Takes::Text),
        flag("verbs", '\0', Takes::Text),
        flag("categories", '\0', Takes::Text),
        flag("cached", '\0', Takes::Bool),
    ],
    run: api_resources,
    subs: &[],
};

/// Kubernetes: kubectl/pkg/cmd/apiresources/apiresources.go.
fn api_resources(io: &mut Io, cmd: &Cmd) -> Result<i32, Stop> {
    probe(io)?;
    let mut kinds: Vec<_> = schema::kinds().iter().collect();
    kinds.sort_by_key(|info| (info.group, info.plural));
    if cmd.parsed.given("namespaced") {
        kinds.retain(|info| info.namespaced == cmd.parsed.flag("namespaced"));
    }
    if let Some(group) = cmd.parsed.text("api-group") {
        kinds.retain(|info| info.group == group);
    }
    if cmd.parsed.text("output") == Some("name") {
        io.out(kinds.iter().map(|info| format!("{}\n", info.resource)).collect::<String>());
        return Ok(0);
    }
    let mut text = String::new();
    if !cmd.parsed.flag("no-headers") {
        text += "NAME\tSHORTNAMES\tAPIVERSION\tNAMESPACED\tKIND\n";
    }
    for info in kinds {
        let short = info.short_names.join(",");
        text +=
            &format!("{}\t{short}\t{}\t{}\t{}\n", info.plural, info.api_version, info.namespaced, info.kind);
    }
    io.out(TabWriter::for_tables().format(&text));
    Ok(0)
}

pub(super) const CONFIG: Command = Command {
    name: "config",
    aliases: &[],
    short: "Modify kubeconfig files",
    usage: "SUBCOMMAND",
    flags: &[],
    run: |_, _| Ok(0),
    subs: &[
        Command {
            name: "get-contexts",
            aliases: &[],
            short: "Describe one or many contexts",
            usage: "[(-o|--output=)name)]",
            flags: &[OUTPUT],
            run: get_contexts,
            subs: &[],
        },
        Command {
            name: "current-context",
            aliases: &[],
            short: "Display the current-context",
            usage: "",
            flags: &[],
            run: |io, _| {
                io.out(format!("{CONTEXT}\n"));
                Ok(0)
            },
            subs: &[],
        },
    ],
};

/// The one context that kubeadm writes.
const CONTEXT: &str = "kubernetes-admin@kubernetes";

fn get_contexts(io: &mut Io, cmd: &Cmd) -> Result<i32, Stop> {
    if cmd.parsed.text("output") == Some("name") {
        io.out(format!("{CONTEXT}\n"));
        return Ok(0);
    }
    let text = format!(
        "CURRENT\tNAME\tCLUSTER\tAUTHINFO\tNAMESPACE\n*\t{CONTEXT}\tkubernetes\tkubernetes-admin\t\n"
    );
    io.out(TabWriter::for_tables().format(&text));
    Ok(0)
}
