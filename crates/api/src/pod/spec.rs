//! What the components read of a pod's spec. The whole spec stays beside it in API form.

use std::rc::Rc;

use serde_json::Value;

use super::restart::RestartRule;
use super::scheduling::Scheduling;
use super::status::{QosClass, Reason};
use crate::image_name::{ImageNameError, parse_image_name};
use crate::meta::{Name, StringMap, string_map};
use crate::node_affinity::{PreferredSchedulingTerms, RequiredNodeAffinity};
use crate::pod::qos::compute_pod_qos;
use crate::resources::Resources;
use crate::toleration::Toleration;
use sim::Duration;

/// Which containers that have ended are started again.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Default)]
pub enum RestartPolicy {
    /// All.
    #[default]
    Always,
    /// Those that failed.
    OnFailure,
    /// None.
    Never,
}

/// When the image of a container is pulled.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Default)]
pub enum ImagePullPolicy {
    /// At every start.
    Always,
    /// Where the node has none.
    #[default]
    IfNotPresent,
    /// Never: it has to be there.
    Never,
}

/// Which of a pod's lists a container stands in.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ContainerKind {
    /// A regular init container: runs to its end before the next one.
    Init,
    /// An init container with restartPolicy Always: starts in order, then runs beside the others (KL-097).
    Sidecar,
    /// It runs as long as the pod does.
    Main,
    /// Added to a pod that runs, to look into it: started once, and never again.
    Ephemeral,
}

impl ContainerKind {
    /// The pod's lists in the order of [`PodSpec::containers`], and what their statuses are called.
    pub const LISTS: [(&'static str, &'static str); 3] = [
        ("initContainers", "initContainerStatuses"),
        ("containers", "containerStatuses"),
        ("ephemeralContainers", "ephemeralContainerStatuses"),
    ];

    /// Whether it stands among the init containers.
    pub fn is_init(self) -> bool {
        matches!(self, ContainerKind::Init | ContainerKind::Sidecar)
    }

    /// The list in which it stands.
    pub(super) fn list(self) -> &'static str {
        match self {
            ContainerKind::Init | ContainerKind::Sidecar => "initContainers",
            ContainerKind::Main => "containers",
            ContainerKind::Ephemeral => "ephemeralContainers",
        }
    }
}

/// A port a pod claims on its node.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct HostPort {
    /// `TCP`, `UDP` or `SCTP`.
    pub protocol: Name,
    /// Empty and `0.0.0.0` both mean every address of the node.
    pub host_ip: Name,
    /// The port on the node.
    pub port: u16,
}

/// How a probe asks.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum ProbeHandler {
    /// The URL's parts. A port is its number, or a name that no port of the container has.
    HttpGet {
        /// `HTTP` or `HTTPS`.
        scheme: Name,
        /// The host; empty: the pod's own address.
        host: Name,
        /// A number, or the name of one of the container's ports.
        port: Name,
        /// The path.
        path: Name,
    },
    /// Opens a connection.
    TcpSocket {
        /// A number, or the name of one of the container's ports.
        port: Name,
    },
    /// Runs a program in the container.
    Exec {
        /// The program and its arguments.
        command: Vec<Name>,
    },
    /// Asks the gRPC health service.
    Grpc {
        /// The port's number.
        port: Name,
    },
}

/// A probe of a container.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Probe {
    /// What is asked.
    pub handler: ProbeHandler,
    /// From the container's start to the first time.
    pub initial_delay: Duration,
    /// From one time to the next.
    pub period: Duration,
    /// How long an answer may take.
    pub timeout: Duration,
    /// How many good answers in a row turn the result.
    pub success_threshold: u32,
    /// How many bad answers in a row turn the result.
    pub failure_threshold: u32,
    /// terminationGracePeriodSeconds of a liveness or startup probe, in place of the pod's.
    pub termination_grace: Option<Duration>,
}

/// An API object that a container or volume needs before it can start.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ConfigRef {
    /// What is named.
    pub kind: ConfigKind,
    /// Its name in the pod's namespace.
    pub name: Name,
    /// The volume that mounts it; `None` for environment variables.
    pub volume: Option<Name>,
    /// Whether the pod does without it.
    pub optional: bool,
    /// The keys that it has to have; none where it is taken as a whole.
    pub keys: Vec<Name>,
}

/// What a pod's volumes and variables can name.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ConfigKind {
    /// A ConfigMap.
    ConfigMap,
    /// A Secret.
    Secret,
    /// A PersistentVolumeClaim.
    PersistentVolumeClaim,
}

/// A container of a spec.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Container {
    /// When it runs.
    pub kind: ContainerKind,
    /// Its name.
    pub name: Name,
    /// Its image, as it is written.
    pub image: Name,
    /// Why `image` is no image name, in the words of the kubelet's parser.
    pub image_name_error: Option<ImageNameError>,
    /// When the image is pulled.
    pub image_pull_policy: ImagePullPolicy,
    /// Its own restartPolicy, in place of the pod's.
    pub restart_policy: Option<RestartPolicy>,
    /// restartPolicyRules: what is done at certain exit codes.
    pub restart_rules: Vec<RestartRule>,
    /// command: the program and its first arguments; empty: the image's own.
    pub command: Vec<Name>,
    /// args: arguments; empty: the image's own.
    pub args: Vec<Name>,
    pub(crate) requests: Resources,
    pub(crate) limits: Resources,
    /// livenessProbe.
    pub liveness: Option<Probe>,
    /// readinessProbe.
    pub readiness: Option<Probe>,
    /// startupProbe.
    pub startup: Option<Probe>,
    /// lifecycle.postStart.
    pub post_start: Option<Hook>,
    /// lifecycle.preStop.
    pub pre_stop: Option<Hook>,
    /// stdin: its program can be typed into, so that a shell does not end at once.
    pub stdin: bool,
    /// Whether it mounts anything besides the token of its service account.
    pub has_mounts: bool,
    /// ConfigMaps and Secrets its environment names.
    pub env_refs: Vec<ConfigRef>,
    /// The fingerprint by which a running container is told from what it should be: name and image.
    ///
    /// Kubernetes: pkg/kubelet/container/helpers.go, HashContainer.
    pub hash: u64,
    /// The fingerprint of what starts its crash back-off afresh: image and resources (KL-078).
    ///
    /// Kubernetes: pkg/kubelet/kuberuntime/helpers.go, GetBackoffKey.
    pub back_off_hash: u64,
    /// How events name it: `spec.containers{name}`.
    pub field_path: Name,
}

/// A lifecycle hook, as far as its own words tell what it does.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Hook {
    /// `sleep` says so itself; any other hook is brief.
    pub takes: Duration,
    /// An exec hook whose command is `false` or ends with a failing `exit`.
    pub fails: bool,
}

/// The pod spec as the scheduler, the controllers and the kubelet read it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PodSpec {
    /// The whole spec in API form, except nodeName, a daemon pod's pinning and the token's volume.
    pub raw: Rc<Value>,
    /// Its containers mount a token of its service account.
    pub mounts_token: bool,
    /// Init containers and sidecars in their order, then the main containers, then ephemeral ones.
    pub containers: Vec<Container>,
    /// restartPolicy.
    pub restart_policy: RestartPolicy,
    /// terminationGracePeriodSeconds.
    pub termination_grace_period: Duration,
    /// activeDeadlineSeconds.
    pub active_deadline: Option<Duration>,
    /// Whether it has the node's own network.
    pub host_network: bool,
    /// nodeSelector.
    pub node_selector: StringMap,
    /// nodeSelector and required node affinity, which a daemon pod's pinning replaces (DS-019).
    pub required_node_affinity: RequiredNodeAffinity,
    /// Preferences among nodes.
    pub preferred_node_affinity: PreferredSchedulingTerms,
    /// tolerations.
    pub tolerations: Vec<Toleration>,
    /// The priority that its class gives it.
    pub priority: i32,
    /// priorityClassName; may be empty.
    pub priority_class_name: Name,
    /// preemptionPolicy Never.
    pub never_preempts: bool,
    /// schedulerName.
    pub scheduler_name: Name,
    /// serviceAccountName.
    pub service_account_name: Name,
    /// What scheduling counts: SCH-029.
    pub requests: Resources,
    /// What else only the scheduler reads.
    pub scheduling: Scheduling,
    /// Ports of the node that its containers take.
    pub host_ports: Vec<HostPort>,
    /// ConfigMaps, Secrets and claims its volumes name.
    pub volume_refs: Vec<ConfigRef>,
    /// What resources the containers ask for decides it.
    pub qos_class: QosClass,
    /// Reason and message while none of the containers is ready (KL-066): every pod says so for a while.
    pub none_ready: Rc<Reason>,
}

impl PodSpec {
    /// Reads a pod spec in API form, already defaulted. What is missing or malformed reads as its default.
    pub fn from_value(mut raw: Value) -> PodSpec {
        if let Some(map) = raw.as_object_mut() {
            map.remove("nodeName");
        }
        let mut containers = Vec::new();
        for (list, _) in ContainerKind::LISTS {
            for item in raw[list].as_array().into_iter().flatten() {
                containers.push(Container::from_value(item, list));
            }
        }
        let seconds = |key: &str| raw[key].as_u64().map(Duration::from_secs);
        let text = |key: &str| -> Name { raw[key].as_str().unwrap_or_default().into() };
        PodSpec {
            mounts_token: false,
            restart_policy: RestartPolicy::parse(raw["restartPolicy"].as_str()).unwrap_or_default(),
            termination_grace_period: seconds("terminationGracePeriodSeconds")
                .unwrap_or(Duration::from_secs(30)),
            active_deadline: seconds("activeDeadlineSeconds"),
            host_network: raw["hostNetwork"] == true,
            node_selector: string_map(&raw["nodeSelector"]),
            required_node_affinity: RequiredNodeAffinity::from_pod_spec(&raw),
            preferred_node_affinity: PreferredSchedulingTerms::from_pod_spec(&raw).unwrap_or_default(),
            tolerations: raw["tolerations"]
                .as_array()
                .into_iter()
                .flatten()
                .map(Toleration::from_value)
                .collect(),
            priority: raw["priority"].as_i64().unwrap_or(0) as i32,
            priority_class_name: text("priorityClassName"),
            never_preempts: raw["preemptionPolicy"] == "Never",
            scheduler_name: text("schedulerName"),
            service_account_name: text("serviceAccountName"),
            requests: pod_requests(&raw, &containers),
            scheduling: Scheduling::from_pod_spec(&raw, &containers),
            host_ports: host_ports(&raw),
            volume_refs: volume_refs(&raw["volumes"]),
            qos_class: compute_pod_qos(&raw),
            none_ready: Reason::containers_not_ready(
                containers
                    .iter()
                    .filter(|c| matches!(c.kind, ContainerKind::Main | ContainerKind::Sidecar))
                    .map(|c| &c.name),
            ),
            containers,
            raw: Rc::new(raw),
        }
    }

    /// The containers that run as long as the pod.
    pub fn main_containers(&self) -> impl Iterator<Item = &Container> {
        self.containers.iter().filter(|container| container.kind == ContainerKind::Main)
    }

    /// The init containers, sidecars included.
    pub fn init_containers(&self) -> impl Iterator<Item = &Container> {
        self.containers.iter().filter(|container| container.kind.is_init())
    }

    /// The container of this name.
    pub fn container(&self, name: &str) -> Option<&Container> {
        self.containers.iter().find(|container| &*container.name == name)
    }
}

fn field_path(name: &str, kind: ContainerKind) -> Name {
    format!("spec.{}{{{name}}}", kind.list()).into()
}

fn fingerprint(values: &[&Value]) -> u64 {
    let text: String = values.iter().map(|value| format!("{value}/")).collect();
    crate::meta::fnv1a_128(text.as_bytes()) as u64
}

impl Container {
    fn from_value(value: &Value, list: &str) -> Container {
        let kind = match (list, value["restartPolicy"].as_str()) {
            ("containers", _) => ContainerKind::Main,
            ("ephemeralContainers", _) => ContainerKind::Ephemeral,
            (_, Some("Always")) => ContainerKind::Sidecar,
            _ => ContainerKind::Init,
        };
        let list = |key: &str| crate::meta::names(&value[key]);
        Container {
            kind,
            name: value["name"].as_str().unwrap_or_default().into(),
            image: value["image"].as_str().unwrap_or_default().into(),
            image_name_error: parse_image_name(value["image"].as_str().unwrap_or_default()).err(),
            image_pull_policy: match value["imagePullPolicy"].as_str() {
                Some("Always") => ImagePullPolicy::Always,
                Some("Never") => ImagePullPolicy::Never,
                _ => ImagePullPolicy::IfNotPresent,
            },
            restart_policy: RestartPolicy::parse(value["restartPolicy"].as_str()),
            restart_rules: RestartRule::list(&value["restartPolicyRules"]),
            command: list("command"),
            args: list("args"),
            requests: Resources::from_value(&value["resources"]["requests"]),
            limits: Resources::from_value(&value["resources"]["limits"]),
            liveness: Probe::from_value(&value["livenessProbe"], &value["ports"]),
            readiness: Probe::from_value(&value["readinessProbe"], &value["ports"]),
            startup: Probe::from_value(&value["startupProbe"], &value["ports"]),
            post_start: Hook::from_value(&value["lifecycle"]["postStart"]),
            pre_stop: Hook::from_value(&value["lifecycle"]["preStop"]),
            stdin: value["stdin"] == true,
            has_mounts: mounts(value),
            env_refs: env_refs(value),
            hash: fingerprint(&[&value["name"], &value["image"]]),
            back_off_hash: fingerprint(&[&value["image"], &value["resources"]]),
            field_path: field_path(value["name"].as_str().unwrap_or_default(), kind),
        }
    }
}

impl Hook {
    fn from_value(hook: &Value) -> Option<Hook> {
        if hook.is_null() {
            return None;
        }
        let words = hook["exec"]["command"].as_array().into_iter().flatten().filter_map(Value::as_str);
        let command = words.collect::<Vec<_>>().join(" ");
        let number_after = |word: &str| {
            let digits = command.split(word).nth(1)?.chars().take_while(char::is_ascii_digit);
            digits.collect::<String>().parse::<u64>().ok()
        };
        let seconds = hook["sleep"]["seconds"].as_u64().or_else(|| number_after("sleep "));
        let last = command.split([';', '&', '\n', ' ']).next_back().unwrap_or_default();
        Some(Hook {
            takes: seconds.map_or(Duration::from_millis(100), Duration::from_secs),
            fails: matches!(last, "false" | "/bin/false")
                || number_after("exit ").is_some_and(|code| code != 0),
        })
    }
}

/// A port's number, where it is given by its name too.
///
/// Kubernetes: pkg/probe/util.go, ResolveContainerPort.
fn resolve_container_port(port: &Value, ports: &Value) -> Name {
    let Some(name) = port.as_str() else { return port.to_string().into() };
    let mut named = ports.as_array().into_iter().flatten().filter(|port| port["name"] == *name);
    match named.find_map(|port| port["containerPort"].as_u64()) {
        Some(number) => number.to_string().into(),
        None => name.into(),
    }
}

impl Probe {
    /// Reads a probe of a container with these ports.
    fn from_value(value: &Value, ports: &Value) -> Option<Probe> {
        let port = |value: &Value| resolve_container_port(value, ports);
        let http = &value["httpGet"];
        let handler = if !http.is_null() {
            let or = |key: &str, default: &str| -> Name { http[key].as_str().unwrap_or(default).into() };
            ProbeHandler::HttpGet {
                scheme: or("scheme", "HTTP"),
                host: or("host", ""),
                port: port(&http["port"]),
                path: or("path", "/"),
            }
        } else if !value["tcpSocket"].is_null() {
            ProbeHandler::TcpSocket { port: port(&value["tcpSocket"]["port"]) }
        } else if !value["grpc"].is_null() {
            ProbeHandler::Grpc { port: port(&value["grpc"]["port"]) }
        } else if value["exec"]["command"].is_array() {
            ProbeHandler::Exec { command: crate::meta::names(&value["exec"]["command"]) }
        } else {
            return None;
        };
        let number = |key: &str, default: u64| value[key].as_u64().unwrap_or(default);
        Some(Probe {
            handler,
            initial_delay: Duration::from_secs(number("initialDelaySeconds", 0)),
            period: Duration::from_secs(number("periodSeconds", 10).max(1)),
            timeout: Duration::from_secs(number("timeoutSeconds", 1)),
            success_threshold: number("successThreshold", 1).min(u64::from(u32::MAX)) as u32,
            failure_threshold: number("failureThreshold", 3).min(u64::from(u32::MAX)) as u32,
            termination_grace: value["terminationGracePeriodSeconds"].as_u64().map(Duration::from_secs),
        })
    }
}

/// max(sum of containers and sidecars, largest init step) + overhead; pod-level resources override (SCH-029).
///
/// Kubernetes: staging/src/k8s.io/component-helpers/resource/helpers.go, PodRequests.
fn pod_requests(raw: &Value, containers: &[Container]) -> Resources {
    let mut running = Resources::default();
    let mut sidecars = Resources::default();
    let mut largest_init = Resources::default();
    for container in containers {
        match container.kind {
            ContainerKind::Main => running.add(&container.requests),
            ContainerKind::Sidecar => {
                running.add(&container.requests);
                sidecars.add(&container.requests);
                largest_init.max_with(&sidecars);
            }
            ContainerKind::Init => {
                let mut step = container.requests.clone();
                step.add(&sidecars);
                largest_init.max_with(&step);
            }
            ContainerKind::Ephemeral => {}
        }
    }
    running.max_with(&largest_init);
    running.override_with(&Resources::from_value(&raw["resources"]["requests"]));
    running.add(&Resources::from_value(&raw["overhead"]));
    running
}

fn host_ports(raw: &Value) -> Vec<HostPort> {
    let mut ports = Vec::new();
    let sidecars = raw["initContainers"].as_array().into_iter().flatten();
    let sidecars = sidecars.filter(|container| container["restartPolicy"] == "Always");
    for container in raw["containers"].as_array().into_iter().flatten().chain(sidecars) {
        for port in container["ports"].as_array().into_iter().flatten() {
            let Some(number) = port["hostPort"].as_u64().and_then(|n| u16::try_from(n).ok()) else {
                continue;
            };
            if number > 0 {
                ports.push(HostPort {
                    protocol: port["protocol"].as_str().unwrap_or("TCP").into(),
                    host_ip: port["hostIP"].as_str().unwrap_or_default().into(),
                    port: number,
                });
            }
        }
    }
    ports
}

/// Kubernetes: plugin/pkg/admission/serviceaccount/admission.go, DefaultAPITokenMountPath.
fn mounts(container: &Value) -> bool {
    const TOKEN: &str = "/var/run/secrets/kubernetes.io/serviceaccount";
    container["volumeMounts"].as_array().into_iter().flatten().any(|mount| mount["mountPath"] != TOKEN)
}

fn env_refs(container: &Value) -> Vec<ConfigRef> {
    let mut refs = Vec::new();
    let mut push = |kind: ConfigKind, source: &Value| {
        if let Some(name) = source["name"].as_str() {
            let optional = source["optional"] == true;
            let keys = source["key"].as_str().map(Name::from).into_iter().collect();
            refs.push(ConfigRef { kind, name: name.into(), volume: None, optional, keys });
        }
    };
    for source in container["envFrom"].as_array().into_iter().flatten() {
        push(ConfigKind::ConfigMap, &source["configMapRef"]);
        push(ConfigKind::Secret, &source["secretRef"]);
    }
    for variable in container["env"].as_array().into_iter().flatten() {
        push(ConfigKind::ConfigMap, &variable["valueFrom"]["configMapKeyRef"]);
        push(ConfigKind::Secret, &variable["valueFrom"]["secretKeyRef"]);
    }
    refs
}

fn volume_refs(volumes: &Value) -> Vec<ConfigRef> {
    let mut refs: Vec<ConfigRef> = Vec::new();
    for volume in volumes.as_array().into_iter().flatten() {
        let mut push = |kind: ConfigKind, name: &Value, source: &Value| {
            if let Some(name) = name.as_str() {
                let volume = volume["name"].as_str().map(Name::from);
                let items = source["items"].as_array().into_iter().flatten();
                let keys = items.filter_map(|item| item["key"].as_str()).map(Name::from).collect();
                let optional = source["optional"] == true;
                refs.push(ConfigRef { kind, name: name.into(), volume, optional, keys });
            }
        };
        let (map, secret) = (&volume["configMap"], &volume["secret"]);
        push(ConfigKind::ConfigMap, &map["name"], map);
        push(ConfigKind::Secret, &secret["secretName"], secret);
        push(ConfigKind::PersistentVolumeClaim, &volume["persistentVolumeClaim"]["claimName"], &Value::Null);
        for source in volume["projected"]["sources"].as_array().into_iter().flatten() {
            let (map, secret) = (&source["configMap"], &source["secret"]);
            push(ConfigKind::ConfigMap, &map["name"], map);
            push(ConfigKind::Secret, &secret["name"], secret);
        }
    }
    refs
}
