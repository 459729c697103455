//! Containers and pod templates.

use serde_json::Value;

use super::pod::{describe_topology_spread, seccomp};
use super::text;
use super::volumes::describe_volumes;
use super::writer::{Writer, date};
use api::field::go_quote;
use api::json;
use api::meta::string_map;
use api::quantity::Quantity;
use api::toleration::tolerations_of;
use sim::order::SortShared;

/// Looks up what an environment variable takes from its pod.
pub(super) struct FieldResolver<'p> {
    pub(crate) pod: &'p Value,
}

impl FieldResolver<'_> {
    /// Kubernetes: kubectl/pkg/util/fieldpath, ExtractFieldPathAsString.
    fn resolve(&self, path: &str) -> String {
        let pod = self.pod;
        if let Some((map, key)) = path.strip_suffix("']").and_then(|path| path.split_once("['")) {
            let parts: Vec<&str> = map.split('.').collect();
            return json::text(json::at(pod, &parts), key).to_owned();
        }
        match path {
            "metadata.labels" | "metadata.annotations" => {
                let map = string_map(&pod["metadata"][path.trim_start_matches("metadata.")]);
                map.iter()
                    .map(|(k, v)| format!("{k}={}\n", go_quote(v)))
                    .collect::<String>()
                    .trim_end()
                    .to_owned()
            }
            "metadata.name" | "metadata.namespace" | "metadata.uid" => {
                text(json::at(pod, &path.split('.').collect::<Vec<_>>()))
            }
            // kubectl looks nothing else up.
            _ => String::new(),
        }
    }
}

/// Rule: CLI-015.
///
/// Kubernetes: describe.go, describeContainers.
pub(super) fn describe_containers(
    label: &str,
    containers: &[Value],
    statuses: &[Value],
    resolver: Option<&FieldResolver>,
    space: &str,
    w: &mut Writer,
) {
    let none = if containers.is_empty() { " <none>" } else { "" };
    w.write(0, format!("{space}{label}:{none}\n"));
    for container in containers {
        let status = statuses.iter().find(|status| status["name"] == container["name"]);
        basic_info(container, status, space, w);
        for (title, key) in [("Command", "command"), ("Args", "args")] {
            let words = json::strings(container, key);
            if !words.is_empty() {
                w.write(2, format!("{title}:\n"));
                words
                    .iter()
                    .flat_map(|word| word.split('\n'))
                    .for_each(|line| w.write(3, format!("{line}\n")));
            }
        }
        if let Some(status) = status {
            state("State", &status["state"], w);
            if json::has(&status["lastState"], "terminated") {
                state("Last State", &status["lastState"], w);
            }
            w.field(2, "Ready", if status["ready"] == true { "True" } else { "False" });
            w.field(2, "Restart Count", status["restartCount"].as_u64().unwrap_or(0));
        }
        describe_resources(&container["resources"], 2, w);
        for (title, key) in
            [("Liveness", "livenessProbe"), ("Readiness", "readinessProbe"), ("Startup", "startupProbe")]
        {
            if json::has(container, key) {
                w.field(2, title, describe_probe(&container[key]));
            }
        }
        env_from(container, w);
        env(container, resolver, w);
        mounts(container, w);
        devices(container, w);
    }
}

fn basic_info(container: &Value, status: Option<&Value>, space: &str, w: &mut Writer) {
    let indent = if space.is_empty() { "" } else { " " };
    w.write(1, format!("{indent}{}:\n", json::text(container, "name")));
    if let Some(status) = status {
        w.field(2, "Container ID", json::text(status, "containerID"));
    }
    w.field(2, "Image", json::text(container, "image"));
    if let Some(status) = status {
        w.field(2, "Image ID", json::text(status, "imageID"));
    }
    for (one, many, key) in [("Port", "Ports", "containerPort"), ("Host Port", "Host Ports", "hostPort")] {
        let ports = ports(container, key);
        match ports.contains(',') {
            true => w.field(2, many, ports),
            false => w.field(2, one, if ports.is_empty() { "<none>" } else { &ports }),
        }
    }
    seccomp(json::at(container, &["securityContext", "seccompProfile"]), 2, w);
}

fn ports(container: &Value, key: &str) -> String {
    let show = |port: &Value| {
        let number = port[key].as_i64().unwrap_or(0);
        let name = json::text(port, "name");
        let name = if name.is_empty() { String::new() } else { format!(" ({name})") };
        format!("{number}/{}{name}", json::text(port, "protocol"))
    };
    json::list(container, "ports").iter().map(show).collect::<Vec<_>>().join(", ")
}

fn state(title: &str, state: &Value, w: &mut Writer) {
    let (running, waiting, ended) = (&state["running"], &state["waiting"], &state["terminated"]);
    if !running.is_null() {
        w.field(2, title, "Running");
        w.field(3, "Started", date(&running["startedAt"]));
    } else if !ended.is_null() {
        w.field(2, title, "Terminated");
        for (name, key) in [("Reason", "reason"), ("Message", "message")] {
            if !json::text(ended, key).is_empty() {
                w.field(3, name, json::text(ended, key));
            }
        }
        w.field(3, "Exit Code", ended["exitCode"].as_i64().unwrap_or(0));
        if let Some(signal) = ended["signal"].as_i64().filter(|signal| *signal > 0) {
            w.field(3, "Signal", signal);
        }
        w.field(3, "Started", date(&ended["startedAt"]));
        w.field(3, "Finished", date(&ended["finishedAt"]));
    } else {
        w.field(2, title, "Waiting");
        if !json::text(waiting, "reason").is_empty() {
            w.field(3, "Reason", json::text(waiting, "reason"));
        }
    }
}

/// Kubernetes: describe.go, describeResources.
pub(super) fn describe_resources(resources: &Value, level: usize, w: &mut Writer) {
    for (title, key) in [("Limits", "limits"), ("Requests", "requests")] {
        if !json::empty(resources, key) {
            w.write(level, format!("{title}:\n"));
        }
        for (name, amount) in json::entries(resources, key) {
            w.field(level + 1, name, text(amount));
        }
    }
}

/// A path as Go's `url.URL` writes it: `/healthz?full` is a path with a question mark in it.
fn escaped_path(path: &str) -> String {
    let keep = |byte: u8| byte.is_ascii_alphanumeric() || b"-_.~$&+,/:;=@!'()*".contains(&byte);
    let one = |byte: u8| match keep(byte) {
        true => char::from(byte).to_string(),
        false => format!("%{byte:02X}"),
    };
    path.bytes().map(one).collect()
}

/// Kubernetes: describe.go, DescribeProbe.
fn describe_probe(probe: &Value) -> String {
    let number = |key: &str| probe[key].as_i64().unwrap_or(0);
    let attributes = format!(
        "delay={}s timeout={}s period={}s #success={} #failure={}",
        number("initialDelaySeconds"),
        number("timeoutSeconds"),
        number("periodSeconds"),
        number("successThreshold"),
        number("failureThreshold")
    );
    let (exec, http, tcp, grpc) = (&probe["exec"], &probe["httpGet"], &probe["tcpSocket"], &probe["grpc"]);
    if !exec.is_null() {
        format!("exec [{}] {attributes}", json::strings(exec, "command").join(" "))
    } else if !http.is_null() {
        let path = json::text(http, "path");
        let slash = if path.is_empty() || path.starts_with('/') { "" } else { "/" };
        let path = escaped_path(path);
        let scheme = json::text(http, "scheme").to_lowercase();
        let port = text(&http["port"]);
        let port = if port.is_empty() { port } else { format!(":{port}") };
        let host = json::text(http, "host");
        let host = if host.contains(':') { format!("[{host}]") } else { host.to_owned() };
        format!("http-get {scheme}://{host}{port}{slash}{path} {attributes}")
    } else if !tcp.is_null() {
        format!("tcp-socket {}:{} {attributes}", json::text(tcp, "host"), text(&tcp["port"]))
    } else if !grpc.is_null() {
        format!("grpc <pod>:{} {} {attributes}", text(&grpc["port"]), json::text(grpc, "service"))
    } else {
        format!("unknown {attributes}")
    }
}

fn env_from(container: &Value, w: &mut Writer) {
    let sources = json::list(container, "envFrom");
    if sources.is_empty() {
        return;
    }
    w.write(2, "Environment Variables from:\n");
    for source in sources {
        let (from, reference) = match &source["configMapRef"] {
            Value::Null => ("Secret", &source["secretRef"]),
            reference => ("ConfigMap", reference),
        };
        let prefix = json::text(source, "prefix");
        let prefix = if prefix.is_empty() { String::new() } else { format!(" with prefix '{prefix}'") };
        let optional = json::flag(reference, "optional");
        w.write(3, format!("{}\t{from}{prefix}\tOptional: {optional}\n", json::text(reference, "name")));
    }
}

fn env(container: &Value, resolver: Option<&FieldResolver>, w: &mut Writer) {
    let variables = json::list(container, "env");
    w.write(2, format!("Environment:{}\n", if variables.is_empty() { "\t<none>" } else { "" }));
    for variable in variables {
        let name = json::text(variable, "name");
        let from = &variable["valueFrom"];
        if from.is_null() {
            for (at, line) in json::text(variable, "value").split('\n').enumerate() {
                let title = if at == 0 { format!("{name}:") } else { String::new() };
                w.write(3, format!("{title}\t{line}\n"));
            }
            continue;
        }
        let (field, resource) = (&from["fieldRef"], &from["resourceFieldRef"]);
        let (secret, config_map) = (&from["secretKeyRef"], &from["configMapKeyRef"]);
        if !field.is_null() {
            let path = json::text(field, "fieldPath");
            let value = resolver.map(|resolver| resolver.resolve(path)).unwrap_or_default();
            let version = json::text(field, "apiVersion");
            let version = if version.is_empty() { "v1" } else { version };
            w.write(3, format!("{name}:\t{value} ({version}:{path})\n"));
        } else if !resource.is_null() {
            let what = json::text(resource, "resource");
            w.write(3, format!("{name}:\t{} ({what})\n", resource_value(container, resource, what)));
        } else if !secret.is_null() {
            w.write(3, format!("{name}:\t{}\n", key_of("in secret", secret)));
        } else if !config_map.is_null() {
            w.write(3, format!("{name}:\t{}\n", key_of("of config map", config_map)));
        }
    }
}

fn key_of(what: &str, reference: &Value) -> String {
    let (key, name) = (json::text(reference, "key"), json::text(reference, "name"));
    format!("<set to the key '{key}' {what} '{name}'>\tOptional: {}", json::flag(reference, "optional"))
}

/// Kubernetes: kubectl/pkg/util/resource, ExtractContainerResourceValue.
fn resource_value(container: &Value, reference: &Value, what: &str) -> String {
    let (kind, resource) = what.split_once('.').unwrap_or((what, ""));
    let amount = text(&container["resources"][kind][resource]).parse::<Quantity>().unwrap_or(Quantity::ZERO);
    let divisor = text(&reference["divisor"]).parse::<Quantity>().ok().filter(|quantity| !quantity.is_zero());
    let (amount, divisor) = match resource {
        "cpu" => (amount.milli_value(), divisor.map_or(1000, Quantity::milli_value)),
        _ => (amount.value(), divisor.map_or(1, Quantity::value)),
    };
    match amount {
        0 if matches!(what, "limits.cpu" | "limits.memory") => "node allocatable".to_owned(),
        amount => (amount.saturating_add(divisor.max(1) - 1) / divisor.max(1)).to_string(),
    }
}

fn mounts(container: &Value, w: &mut Writer) {
    let mut mounts: Vec<&Value> = json::list(container, "volumeMounts").iter().collect();
    w.write(2, format!("Mounts:{}\n", if mounts.is_empty() { "\t<none>" } else { "" }));
    mounts.sort_shared_by_key(|mount| json::text(mount, "mountPath"));
    for mount in mounts {
        let mut flags = if json::flag(mount, "readOnly") { "ro" } else { "rw" }.to_owned();
        let sub_path = json::text(mount, "subPath");
        if !sub_path.is_empty() {
            flags += &format!(",path={}", go_quote(sub_path));
        }
        w.write(
            3,
            format!("{} from {} ({flags})\n", json::text(mount, "mountPath"), json::text(mount, "name")),
        );
    }
}

/// Kubernetes: describe.go, describeContainerVolumes; `<none>` stands where there are no mounts.
fn devices(container: &Value, w: &mut Writer) {
    let mut devices: Vec<&Value> = json::list(container, "volumeDevices").iter().collect();
    if devices.is_empty() {
        return;
    }
    let none = if json::list(container, "volumeMounts").is_empty() { "\t<none>" } else { "" };
    w.write(2, format!("Devices:{none}\n"));
    devices.sort_shared_by_key(|device| json::text(device, "devicePath"));
    for device in devices {
        let (path, name) = (json::text(device, "devicePath"), json::text(device, "name"));
        w.write(3, format!("{path} from {name}\n"));
    }
}

/// Kubernetes: describe.go, DescribePodTemplate.
pub(crate) fn describe_pod_template(template: &Value, w: &mut Writer) {
    w.write(0, "Pod Template:\n");
    let (meta, spec) = (&template["metadata"], &template["spec"]);
    w.labels("  Labels", &string_map(&meta["labels"]));
    if !json::empty(meta, "annotations") {
        w.annotations("  Annotations", &string_map(&meta["annotations"]));
    }
    if !json::text(spec, "serviceAccountName").is_empty() {
        w.field(1, "Service Account", json::text(spec, "serviceAccountName"));
    }
    let init = json::list(spec, "initContainers");
    if !init.is_empty() {
        describe_containers("Init Containers", init, &[], None, "  ", w);
    }
    describe_containers("Containers", json::list(spec, "containers"), &[], None, "  ", w);
    describe_volumes(json::list(spec, "volumes"), "  ", w);
    describe_topology_spread(spec, "  ", w);
    if !json::text(spec, "priorityClassName").is_empty() {
        w.field(1, "Priority Class Name", json::text(spec, "priorityClassName"));
    }
    w.labels("  Node-Selectors", &string_map(&spec["nodeSelector"]));
    w.tolerations("  Tolerations", &tolerations_of(spec));
}
