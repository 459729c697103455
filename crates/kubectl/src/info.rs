//! `version`, `api-resources`, `api-versions`, `cluster-info`, `top`.

use serde_json::{Value, json};
use sim::SortedSet;

use super::absent::absent;
use super::{
    ALL_NAMESPACES, Cmd, Command, FIELD_SELECTOR, OWN_OUTPUT, SELECTOR, default_sub_command_run, flag,
    resources,
};
use api::object::{Key, Kind};
use api::schema;
use cli_runtime::flags::Flag;
use cli_runtime::flags::Takes;
use cli_runtime::job::{Io, Stop};
use cli_runtime::output;
use cli_runtime::tabwriter::TabWriter;
use sim::order::SortShared;
use wire::Call;

pub(super) const VERSION: Command = Command {
    name: "version",
    aliases: &[],
    short: "Print the client and server version information",
    usage: "",
    flags: &[OWN_OUTPUT, flag("client", '\0', Takes::Bool)],
    run: version,
    subs: &[],
};

/// A request that tells whether the API server answers, and that everybody may make.
pub(super) fn probe(io: &mut Io) -> Result<(), Stop> {
    let kind = Kind::of("v1", "Namespace").unwrap_or(Kind::Node);
    let user = io.impersonated();
    io.impersonate(None);
    let answer = io.must(Call::Get { kind, key: Key::new("", "default") });
    io.impersonate(user);
    answer.map(|_| ())
}

fn version(io: &mut Io, cmd: &Cmd) -> Result<i32, Stop> {
    let version = io.client().version.clone();
    if !cmd.args().is_empty() {
        return Err(format!("extra arguments: [{}]", cmd.args().join(" ")).into());
    }
    let form = cmd.text("output");
    if !matches!(form, "" | "json" | "yaml") {
        return Err("--output must be 'yaml' or 'json'".into());
    }
    let mut parts = vec![("clientVersion", version_info(&version))];
    // What is known of the client is said before the server is asked.
    if form.is_empty() {
        io.out(format!("Client Version: {version}\nKustomize Version: {KUSTOMIZE}\n"));
    }
    if !cmd.parsed.flag("client") {
        probe(io)?;
        parts.push(("serverVersion", version_info(&version)));
        if form.is_empty() {
            io.out(format!("Server Version: {version}\n"));
        }
    }
    match form {
        "json" => io.out(version_json(&parts)),
        "yaml" => {
            let whole = parts.into_iter().map(|(name, info)| (name.to_owned(), fields_of(info)));
            let kustomize = ("kustomizeVersion".to_owned(), json!(KUSTOMIZE));
            io.out(output::yaml(&Value::Object(whole.chain([kustomize]).collect())));
        }
        _ => {}
    }
    Ok(0)
}

const KUSTOMIZE: &str = "v5.8.1";

/// Go's struct: the fields keep their order.
type VersionInfo = [(&'static str, String); 4];

/// Kubernetes: apimachinery/pkg/version/types.go, Info; what a build knows of itself is left out.
fn version_info(version: &str) -> VersionInfo {
    let mut parts = version.trim_start_matches('v').split('.');
    let mut part = || parts.next().unwrap_or_default().to_owned();
    [
        ("major", part()),
        ("minor", part()),
        ("gitVersion", version.to_owned()),
        ("platform", "linux/amd64".to_owned()),
    ]
}

fn fields_of(info: VersionInfo) -> Value {
    Value::Object(info.into_iter().map(|(name, text)| (name.to_owned(), Value::String(text))).collect())
}

/// Kubernetes: kubectl/pkg/cmd/version/version.go, Run: two blanks, the parts in the order of the struct.
fn version_json(parts: &[(&str, VersionInfo)]) -> String {
    let mut text = String::from("{\n");
    for (at, (name, info)) in parts.iter().enumerate() {
        if at == 1 {
            text += &format!("  \"kustomizeVersion\": \"{KUSTOMIZE}\",\n");
        }
        let fields: Vec<String> =
            info.iter().map(|(key, value)| format!("    \"{key}\": \"{value}\"")).collect();
        let comma = if at + 1 < parts.len() || parts.len() == 1 { "," } else { "" };
        text += &format!("  \"{name}\": {{\n{}\n  }}{comma}\n", fields.join(",\n"));
    }
    if parts.len() == 1 {
        text += &format!("  \"kustomizeVersion\": \"{KUSTOMIZE}\"\n");
    }
    text + "}\n"
}

pub(super) const CLUSTER_INFO: Command = Command {
    name: "cluster-info",
    aliases: &[],
    short: "Display cluster information",
    usage: "",
    flags: &[],
    run: cluster_info,
    subs: &[absent("dump", "Dump relevant information for debugging and diagnosis")],
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
        OWN_OUTPUT,
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
    if !cmd.args().is_empty() {
        return Err(cmd.usage_error(&format!("unexpected arguments: [{}]", cmd.args().join(" "))).into());
    }
    probe(io)?;
    let output = cmd.text("output");
    if !matches!(output, "" | "wide" | "name") {
        return Err(format!("-o {output} is not simulated: use -o wide or -o name").into());
    }
    let mut kinds: Vec<_> = schema::kinds().iter().collect();
    kinds.sort_shared_by_key(|info| (info.group, info.plural));
    // Of a resource that is served in several versions the preferred one is listed, which comes first.
    kinds.dedup_by_key(|info| (info.group, info.plural));
    match cmd.text("sort-by") {
        "" => {}
        "name" => kinds.sort_shared_by_key(|info| info.plural),
        "kind" => kinds.sort_shared_by_key(|info| info.kind),
        _ => return Err("--sort-by accepts only name or kind".into()),
    }
    if cmd.parsed.given("namespaced") {
        kinds.retain(|info| info.namespaced == cmd.parsed.flag("namespaced"));
    }
    if let Some(group) = cmd.parsed.text("api-group") {
        kinds.retain(|info| info.group == group);
    }
    let has_all = |have: &[&str], wanted: &str| {
        cmd.parsed.list(wanted).iter().all(|word| have.contains(&word.as_str()))
    };
    kinds.retain(|info| has_all(resources::verbs(info), "verbs"));
    kinds.retain(|info| has_all(resources::categories(info), "categories"));
    if output == "name" {
        io.out(kinds.iter().map(|info| format!("{}\n", info.resource)).collect::<String>());
        return Ok(0);
    }
    let wide = output == "wide";
    let mut text = String::new();
    if !cmd.parsed.flag("no-headers") {
        text += "NAME\tSHORTNAMES\tAPIVERSION\tNAMESPACED\tKIND";
        text += if wide { "\tVERBS\tCATEGORIES\n" } else { "\n" };
    }
    for info in kinds {
        let short = info.short_names.join(",");
        text +=
            &format!("{}\t{short}\t{}\t{}\t{}", info.plural, info.api_version, info.namespaced, info.kind);
        if wide {
            let (verbs, categories) = (resources::verbs(info), resources::categories(info));
            text += &format!("\t{}\t{}", verbs.join(","), categories.join(","));
        }
        text.push('\n');
    }
    io.out(TabWriter::for_tables().format(&text));
    Ok(0)
}

/// Kubernetes: kubectl/pkg/cmd/apiresources/apiversions.go.
pub(super) const API_VERSIONS: Command = Command {
    name: "api-versions",
    aliases: &[],
    short: "Print the supported API versions on the server, in the form of \"group/version\"",
    usage: "",
    flags: &[],
    run: |io, cmd| {
        if !cmd.args().is_empty() {
            let text = format!("unexpected arguments: [{}]", cmd.args().join(" "));
            return Err(cmd.usage_error(&text).into());
        }
        probe(io)?;
        let versions: SortedSet<&str> = schema::kinds().iter().map(|info| info.api_version).collect();
        io.out(versions.into_iter().map(|version| format!("{version}\n")).collect::<String>());
        Ok(0)
    },
    subs: &[],
};

/// No metrics server is installed, as in a cluster fresh from kubeadm.
///
/// Kubernetes: kubectl/pkg/cmd/top/top_node.go, top_pod.go.
pub(super) const TOP: Command = Command {
    name: "top",
    aliases: &[],
    short: "Display resource (CPU/memory) usage",
    usage: "",
    flags: &[],
    run: default_sub_command_run,
    subs: &[
        Command {
            name: "node",
            aliases: &["nodes", "no"],
            short: "Display resource (CPU/memory) usage of nodes",
            usage: "[NAME | -l label]",
            flags: TOP_FLAGS,
            run: top,
            subs: &[],
        },
        Command {
            name: "pod",
            aliases: &["pods", "po"],
            short: "Display resource (CPU/memory) usage of pods",
            usage: "[NAME | -l label]",
            flags: TOP_FLAGS,
            run: top,
            subs: &[],
        },
    ],
};

const TOP_FLAGS: &[Flag] = &[
    SELECTOR,
    ALL_NAMESPACES,
    FIELD_SELECTOR,
    flag("containers", '\0', Takes::Bool),
    flag("no-headers", '\0', Takes::Bool),
    flag("show-capacity", '\0', Takes::Bool),
    flag("sort-by", '\0', Takes::Text),
    flag("sum", '\0', Takes::Bool),
    flag("use-protocol-buffers", '\0', Takes::Bool),
];

fn top(io: &mut Io, _: &Cmd) -> Result<i32, Stop> {
    probe(io)?;
    Err("Metrics API not available".into())
}
