//! `kubectl expose`: a Service for a pod, or for what makes pods.
//!
//! Kubernetes: kubectl/pkg/cmd/expose/expose.go; kubectl/pkg/polymorphichelpers.

use std::rc::Rc;

use serde_json::{Map, Value, json};

use super::apply::{dry_run, modified_configuration};
use super::resources::{self, Info, Scope};
use super::run::overridden;
use super::{Cmd, Command, DRY_RUN, FILENAME, OUTPUT, RECURSIVE, manifests, print_value};
use api::field::go_quote;
use api::json;
use api::object::Kind;
use cli_runtime::flags::{Takes, flag};
use cli_runtime::job::{Failure, Io, Stop};
use wire::{Call, FieldValidation};

pub(super) const COMMAND: Command = Command {
    name: "expose",
    aliases: &[],
    short: "Take a replication controller, service, deployment or pod and expose it as a new Kubernetes service",
    usage: "(-f FILENAME | TYPE NAME) [--port=port] [--protocol=TCP|UDP|SCTP] [--target-port=number-or-name] [--name=name] [--external-ip=external-ip-of-service] [--type=type]",
    flags: &[
        OUTPUT,
        DRY_RUN,
        FILENAME,
        RECURSIVE,
        flag("protocol", '\0', Takes::Text),
        flag("port", '\0', Takes::Text),
        flag("type", '\0', Takes::Text),
        flag("load-balancer-ip", '\0', Takes::Text),
        flag("selector", '\0', Takes::Text),
        flag("labels", 'l', Takes::Text),
        flag("target-port", '\0', Takes::Text),
        flag("external-ip", '\0', Takes::Text),
        flag("name", '\0', Takes::Text),
        flag("session-affinity", '\0', Takes::Text),
        flag("cluster-ip", '\0', Takes::Text),
        flag("overrides", '\0', Takes::Text),
        flag("override-type", '\0', Takes::Text),
        flag("save-config", '\0', Takes::Bool),
        flag("field-manager", '\0', Takes::Text),
    ],
    run,
    subs: &[],
};

/// What the flags say, and what the objects say in their place: the first one counts for all after it.
struct Options<'a> {
    cmd: &'a Cmd,
    selector: String,
    port: String,
    ports: String,
    labels: Option<Map<String, Value>>,
}

fn run(io: &mut Io, cmd: &Cmd) -> Result<i32, Stop> {
    if cmd.args().is_empty() && !cmd.parsed.given("filename") {
        return Err(resources::missing_resource_error().into());
    }
    let dry = dry_run(cmd)?;
    let format = cmd.format(io)?;
    // Here the flag --selector is not one that picks objects.
    let by_paths = cmd.parsed.given("filename");
    let targets = if by_paths {
        resources::visit_by_paths(cmd.args())?;
        manifests::targets(io, cmd)?
    } else {
        resources::resource_type_or_name_args(cmd.args(), false)?
    };
    let scope = Scope { namespace: cmd.namespace(), by_paths, ..Scope::default() };
    let (infos, failures) = resources::visit(io, &targets, &scope)?;
    let text = |name: &str| cmd.parsed.text(name).unwrap_or_default().to_owned();
    let labels = match text("labels").as_str() {
        "" => None,
        labels => Some(parse_labels(labels)?),
    };
    let mut options =
        Options { cmd, selector: text("selector"), port: text("port"), ports: String::new(), labels };
    resources::continue_on_error(io, &infos, failures, |io, info| {
        let mut service = options.service(&info.object.to_value(io.now()), info)?;
        if let Some(text) = cmd.parsed.text("overrides").filter(|text| !text.is_empty()) {
            service = overridden(&service, text, cmd.parsed.text("override-type").unwrap_or("merge"))?;
        }
        if dry.is_some() && cmd.enforces_namespace() {
            service["metadata"]["namespace"] = json!(scope.namespace);
        }
        if dry.is_none() {
            if cmd.parsed.flag("save-config") {
                service = modified_configuration(&service);
            }
            let call = Call::Post {
                kind: Kind::of("v1", "Service").ok_or("Services are not served here")?,
                namespace: super::name(&scope.namespace),
                body: Rc::new(service.clone()),
                validation: FieldValidation::Ignore,
            };
            if let Some(object) = io.must(call)?.object() {
                service = object.to_value(io.now());
            }
        }
        let name = format!("service/{}", json::text(&service["metadata"], "name"));
        Ok(print_value(io, format.as_ref(), &name, "exposed", dry, &service)?)
    })
}

impl Options<'_> {
    fn flag(&self, name: &str) -> &str {
        self.cmd.parsed.text(name).unwrap_or_default()
    }

    /// Kubernetes: expose.go, RunExpose, createService.
    fn service(&mut self, object: &Value, info: &Info) -> Result<Value, Failure> {
        can_be_exposed(info.kind)?;
        if self.selector.is_empty() {
            let found = map_based_selector_for_object(object, info.kind).map_err(|text| {
                Failure::Message(format!(
                    "couldn't retrieve selectors via --selector flag or introspection: {text}"
                ))
            })?;
            self.selector = make_labels(found);
        }
        let exposed = Exposed::of(object, info.kind);
        if self.port.is_empty() {
            match exposed.ports().as_slice() {
                [] if self.flag("cluster-ip") == "None" => {}
                [] => return Err(Failure::message("couldn't find port via --port flag or introspection")),
                [port] => self.port = port.to_string(),
                ports => self.ports = ports.iter().map(i64::to_string).collect::<Vec<_>>().join(","),
            }
        }
        if self.labels.as_ref().is_none_or(Map::is_empty) {
            self.labels = object["metadata"]["labels"].as_object().cloned();
        }
        if self.selector.is_empty() {
            return Err(Failure::message("selector must be specified"));
        }
        let mut metadata = json!({"name": self.name(&info.object.key().name)});
        if let Some(labels) = self.labels.as_ref().filter(|labels| !labels.is_empty()) {
            metadata["labels"] = Value::Object(labels.clone());
        }
        let mut spec = json!({"selector": parse_labels(&self.selector)?});
        let ports = self.service_ports(&exposed)?;
        if !ports.is_empty() {
            spec["ports"] = Value::Array(ports);
        }
        self.set_address(&mut spec)?;
        Ok(json!({
            "apiVersion": "v1", "kind": "Service", "metadata": metadata, "spec": spec,
            "status": {"loadBalancer": {}},
        }))
    }

    fn name(&self, default: &str) -> String {
        match self.flag("name") {
            // DNS1035LabelMaxLength
            "" => default.chars().take(63).collect(),
            name => name.to_owned(),
        }
    }

    fn service_ports(&self, exposed: &Exposed) -> Result<Vec<Value>, Failure> {
        let text = if self.ports.is_empty() { &self.port } else { &self.ports };
        if text.is_empty() {
            return Ok(Vec::new());
        }
        let several = text.contains(',');
        let mut ports = Vec::new();
        for (at, text) in text.split(',').enumerate() {
            let port = atoi(text)?;
            let protocols = match self.flag("protocol") {
                "" => exposed.protocols(text),
                protocol => vec![protocol.to_owned()],
            };
            for protocol in &protocols {
                let mut entry =
                    json!({"port": port, "protocol": protocol, "targetPort": self.target_port(port)});
                if protocols.len() > 1 {
                    entry["name"] = json!(format!("port-{}-{}", at + 1, protocol.to_lowercase()));
                } else if several {
                    entry["name"] = json!(format!("port-{}", at + 1));
                }
                ports.push(entry);
            }
        }
        Ok(ports)
    }

    fn target_port(&self, port: i32) -> Value {
        match self.flag("target-port") {
            "" => json!(port),
            text => text.parse::<i32>().map_or_else(|_| json!(text), |number| json!(number)),
        }
    }

    fn set_address(&self, spec: &mut Value) -> Result<(), Failure> {
        if !self.flag("external-ip").is_empty() {
            spec["externalIPs"] = json!([self.flag("external-ip")]);
        }
        if !self.flag("type").is_empty() {
            spec["type"] = json!(self.flag("type"));
        }
        if self.flag("type") == "LoadBalancer" && !self.flag("load-balancer-ip").is_empty() {
            spec["loadBalancerIP"] = json!(self.flag("load-balancer-ip"));
        }
        match self.flag("session-affinity") {
            "" => {}
            affinity @ ("None" | "ClientIP") => spec["sessionAffinity"] = json!(affinity),
            other => return Err(Failure::Message(format!("unknown session affinity: {other}"))),
        }
        if !self.flag("cluster-ip").is_empty() {
            spec["clusterIP"] = json!(self.flag("cluster-ip"));
        }
        Ok(())
    }
}

/// As strconv.Atoi, and cut to 32 bits.
pub(super) fn atoi(text: &str) -> Result<i32, Failure> {
    let digits = text.strip_prefix(['+', '-']).unwrap_or(text);
    if digits.is_empty() || !digits.bytes().all(|byte| byte.is_ascii_digit()) {
        return Err(Failure::Message(format!("strconv.Atoi: parsing {}: invalid syntax", go_quote(text))));
    }
    match text.parse::<i64>() {
        #[expect(clippy::cast_possible_truncation, reason = "as upstream's int32(port)")]
        Ok(number) => Ok(number as i32),
        Err(_) => {
            Err(Failure::Message(format!("strconv.Atoi: parsing {}: value out of range", go_quote(text))))
        }
    }
}

fn can_be_exposed(kind: Kind) -> Result<(), Failure> {
    let group = kind.info().group;
    match (group, kind.name()) {
        ("", "ReplicationController" | "Service" | "Pod") | ("apps", "Deployment" | "ReplicaSet") => Ok(()),
        ("", name) => Err(Failure::Message(format!("cannot expose a {name}"))),
        (group, name) => Err(Failure::Message(format!("cannot expose a {name}.{group}"))),
    }
}

/// The labels that the object's pods have.
fn map_based_selector_for_object(object: &Value, kind: Kind) -> Result<&Value, String> {
    let selector = &object["spec"]["selector"];
    let empty = |value: &Value| value.as_object().is_none_or(Map::is_empty);
    match kind.name() {
        "Pod" if empty(&object["metadata"]["labels"]) => {
            Err("the pod has no labels and cannot be exposed".to_owned())
        }
        "Pod" => Ok(&object["metadata"]["labels"]),
        "Service" if selector.is_null() => Err("the service has no pod selector set".to_owned()),
        "Service" | "ReplicationController" => Ok(selector),
        name if empty(&selector["matchLabels"]) => {
            Err(format!("invalid {}: no selectors, therefore cannot be exposed", name.to_lowercase()))
        }
        _ => match json::list(selector, "matchExpressions") {
            [] => Ok(&selector["matchLabels"]),
            expressions => {
                let list: Vec<String> = expressions.iter().map(requirement).collect();
                let list = list.join(" ");
                Err(format!("couldn't convert expressions - \"[{list}]\" to map-based selector format"))
            }
        },
    }
}

/// A LabelSelectorRequirement as `%+v` prints it.
fn requirement(requirement: &Value) -> String {
    let text = |key: &str| json::text(requirement, key);
    let values = json::strings(requirement, "values").join(" ");
    format!("{{Key:{} Operator:{} Values:[{values}]}}", text("key"), text("operator"))
}

fn make_labels(labels: &Value) -> String {
    let pairs = labels.as_object().into_iter().flatten();
    let pairs = pairs.map(|(key, value)| format!("{key}={}", value.as_str().unwrap_or_default()));
    pairs.collect::<Vec<_>>().join(",")
}

pub(super) fn parse_labels(text: &str) -> Result<Map<String, Value>, Failure> {
    let mut labels = Map::new();
    for pair in text.split(',') {
        match pair.split('=').collect::<Vec<_>>().as_slice() {
            ["", _] => return Err(Failure::message("unexpected empty label key")),
            [key, value] => labels.insert((*key).to_owned(), json!(value)),
            _ => return Err(Failure::Message(format!("unexpected label spec: {pair}"))),
        };
    }
    Ok(labels)
}

/// The ports that an object has, with their protocols.
struct Exposed(Vec<(i64, String)>);

impl Exposed {
    /// Kubernetes: polymorphichelpers, portsForObject, multiProtocolsForObject.
    fn of(object: &Value, kind: Kind) -> Exposed {
        let spec = match kind.name() {
            "Pod" | "Service" => &object["spec"],
            _ => &object["spec"]["template"]["spec"],
        };
        let port = |port: &Value, key: &str| {
            let protocol = match json::text(port, "protocol") {
                "" => "TCP",
                protocol => protocol,
            };
            (json::int(port, key).unwrap_or_default(), protocol.to_owned())
        };
        let of_service = json::list(spec, "ports").iter().map(|entry| port(entry, "port"));
        let containers = json::list(spec, "containers").iter();
        let of_containers = containers.flat_map(|container| json::list(container, "ports"));
        Exposed(match kind.name() {
            "Service" => of_service.collect(),
            _ => of_containers.map(|entry| port(entry, "containerPort")).collect(),
        })
    }

    fn ports(&self) -> Vec<i64> {
        let mut ports = Vec::new();
        for (port, _) in &self.0 {
            if !ports.contains(port) {
                ports.push(*port);
            }
        }
        ports
    }

    /// The protocols of one port; TCP if it is none of them.
    fn protocols(&self, port: &str) -> Vec<String> {
        let of_port = self.0.iter().filter(|(number, _)| number.to_string() == port);
        let found: Vec<String> = of_port.map(|(_, protocol)| protocol.clone()).collect();
        if found.is_empty() { vec!["TCP".to_owned()] } else { found }
    }
}
