//! A node's computer: disk, power, network link, kubelet and runtime.

use std::collections::VecDeque;
use std::net::Ipv4Addr;

use super::Inbox;
use crate::Cluster;
use api::meta::{Name, StringMap};
use api::object::Key;
use api::resources::Resources;
use api::toleration::{Taint, TaintEffect};
use cli_runtime::time::klog_head;
use kubeadm::{CONTROL_PLANE_PARTS, MANIFESTS, control_plane_disk, control_plane_manifest};
use kubelet::config::KubeletConfiguration;
use kubelet::manifest_dir::FileSource;
use kubelet::runtime::component;
use kubelet::runtime::sandbox::{Container, Sandbox};
use kubelet::{FileChange, Host, Kubelet, PID};
use sim::files::Files;
use sim::{Rng, Time};
use wire::{LogLine, MachineId, Settings, Severity};

/// How many lines of the kubelet's journal are kept.
const JOURNAL_LINES: usize = 500;

/// What a computer is like.
#[derive(Clone, Debug)]
pub struct MachineSpec {
    pub(crate) name: Name,
    /// Whether kubeadm has put the control plane's manifests on it.
    pub control_plane: bool,
    pub(crate) capacity: Resources,
    /// Labels that its kubelet gives its Node (`--node-labels`).
    pub labels: StringMap,
    pub(crate) taints: Vec<Taint>,
}

impl MachineSpec {
    /// What each computer has that nobody describes otherwise.
    pub(crate) fn standard_capacity() -> Resources {
        Resources::from_value(&serde_json::json!({
            "cpu": "4", "memory": "16Gi", "ephemeral-storage": "61202244Ki", "pods": "110",
        }))
    }

    fn standard(name: &str) -> MachineSpec {
        MachineSpec {
            name: name.into(),
            control_plane: false,
            capacity: MachineSpec::standard_capacity(),
            labels: StringMap::new(),
            taints: Vec::new(),
        }
    }

    pub(crate) fn worker(name: &str) -> MachineSpec {
        MachineSpec::standard(name)
    }

    /// A control-plane node: its kubelet registers it with the taint that kubeadm chooses (CP-007).
    pub(crate) fn control_plane(name: &str) -> MachineSpec {
        let taint = Taint::new("node-role.kubernetes.io/control-plane", "", TaintEffect::NoSchedule);
        MachineSpec { control_plane: true, taints: vec![taint], ..MachineSpec::standard(name) }
    }
}

/// A change of a file, on its way to the kubelet that may watch the directory.
#[derive(Clone, Debug)]
pub struct FileEvent {
    /// When the file changed.
    pub sent: Time,
    /// When the kubelet hears of it.
    pub arrives: Time,
    /// The file or directory, as a clean path.
    pub path: Name,
    pub(crate) change: FileChange,
}

/// A computer.
#[derive(Clone, Debug)]
pub struct Machine {
    /// Its number.
    pub id: MachineId,
    /// Its host name, which is its Node's name.
    pub name: Name,
    /// How it was made.
    pub spec: MachineSpec,
    pub(crate) ip: Ipv4Addr,
    /// Its disk.
    pub files: Files,
    /// Its kubelet, which may not be running, with its container runtime.
    pub kubelet: Kubelet,
    /// Whether it is switched on.
    pub powered: bool,
    /// Since when it is up.
    pub(super) up_since: Time,
    /// While it boots: until when.
    pub(super) boot_at: Option<Time>,
    /// It was taken away for good; only its number remains.
    pub(crate) removed: bool,
    /// Since when the kubelet's service is as it is.
    pub(crate) service_since: Time,
    /// Whether its network cable is in.
    pub linked: bool,
    pub(super) watch: Inbox,
    pub(super) rng: Rng,
    /// Changes of files that the kubelet has not been told of yet.
    pub(super) file_events: VecDeque<FileEvent>,
    journal: VecDeque<(Time, String)>,
}

impl Machine {
    fn new(id: MachineId, spec: MachineSpec, disk: &Files, seed: u64) -> Machine {
        let ip = node_ip(id);
        let name = spec.name.clone();
        let host = Host {
            node_name: name.clone(),
            internal_ip: ip,
            pod_cidr: pod_cidr(id),
            capacity: spec.capacity.clone(),
            labels: spec.labels.clone(),
            taints: spec.taints.clone(),
        };
        Machine {
            id,
            kubelet: Kubelet::new(host),
            files: if spec.control_plane { control_plane_disk(disk, &name, ip) } else { disk.clone() },
            name,
            spec,
            ip,
            powered: true,
            up_since: Time::START,
            boot_at: None,
            removed: false,
            service_since: Time::START,
            linked: true,
            watch: Inbox::default(),
            rng: Rng::stream(seed ^ u64::from(id.0) << 32, "kubelet"),
            file_events: VecDeque::new(),
            journal: VecDeque::new(),
        }
    }

    /// Changes of files on their way to the kubelet (inotify).
    pub fn file_events(&self) -> impl Iterator<Item = &FileEvent> {
        self.file_events.iter()
    }

    pub(super) fn write_journal(&mut self, now: Time, line: &LogLine) {
        let severity = match line.severity {
            Severity::Info => 'I',
            Severity::Error => 'E',
        };
        let line = format!("{} {}", klog_head(now, severity, PID, line.place), line.text);
        if self.journal.len() == JOURNAL_LINES {
            self.journal.pop_front();
        }
        self.journal.push_back((now, line));
    }

    /// The kubelet's log, oldest line first.
    pub fn journal(&self) -> impl DoubleEndedIterator<Item = &(Time, String)> {
        self.journal.iter()
    }

    /// The running container of a part of the control plane, with its pod.
    pub(crate) fn component(&self, part: &str) -> Option<(&Sandbox, &Container)> {
        let mut running = self.kubelet.runtime.running_containers();
        running.find(|(sandbox, container)| {
            **sandbox.namespace() == *"kube-system" && component::name(container.spec()) == Some(part)
        })
    }

    /// The staticPodPath that the running kubelet uses; empty if it has none or is not running.
    pub fn static_pod_path(&self) -> &str {
        self.kubelet.file_source().path()
    }

    /// The staticPodPath that a kubelet would use that started now; empty if it would use none.
    pub fn configured_static_pod_path(&self) -> String {
        let config = KubeletConfiguration::load(&self.files, &Settings::default());
        FileSource::new(&config.map(|config| config.static_pod_path).unwrap_or_default()).path().to_owned()
    }

    /// The directory of static pods: what the running kubelet uses, of a stopped one what it will use when it starts.
    pub fn manifest_directory(&self) -> String {
        match self.kubelet.is_running() {
            true => self.static_pod_path().to_owned(),
            false => self.configured_static_pod_path(),
        }
    }

    /// Whether this is a part of the control plane just as kubeadm has written it.
    pub fn is_as_installed(&self, path: &str) -> bool {
        let part =
            path.strip_prefix(MANIFESTS).and_then(|name| name.strip_prefix('/')?.strip_suffix(".yaml"));
        let Some(part) = part.filter(|part| self.spec.control_plane && CONTROL_PLANE_PARTS.contains(part))
        else {
            return false;
        };
        let installed = control_plane_manifest(part, &self.name, self.ip);
        self.files.file(path).is_some_and(|file| *file.bytes == *installed.as_bytes())
    }

    /// The config file names another staticPodPath than the one in use (KL-003).
    pub fn restart_needed(&self) -> bool {
        self.kubelet.is_running() && self.configured_static_pod_path() != self.static_pod_path()
    }

    /// The file that a static pod comes from.
    pub fn file_of(&self, namespace: &str, pod: &str) -> Option<&str> {
        self.kubelet.file_source().file_of(&Key::new(namespace, pod)).map(|file| &**file)
    }

    /// What the kubelet said when it last read a file that it could not take.
    pub fn file_error(&self, path: &str) -> Option<&str> {
        self.kubelet.file_source().report(path)?.error.as_deref()
    }
}

/// 192.168.56.10 for the first, and on from there.
pub(super) fn node_ip(id: MachineId) -> Ipv4Addr {
    let base = u32::from(Ipv4Addr::new(192, 168, 56, 10));
    Ipv4Addr::from(base.wrapping_add(id.0))
}

/// 10.244.0.0/24 for the first, 10.244.1.0/24 for the second …; beyond 256 nodes 10.245.0.0/24 and on.
fn pod_cidr(id: MachineId) -> Ipv4Addr {
    let base = u32::from(Ipv4Addr::new(10, 244, 0, 0));
    Ipv4Addr::from(base.wrapping_add(id.0 << 8))
}

impl Cluster {
    /// Adds a computer, switched off.
    pub fn add_machine(&mut self, spec: MachineSpec) -> MachineId {
        let id = MachineId(self.machines.len() as u32);
        let machine = Machine::new(id, spec, &self.new_disk, self.seed());
        self.machine_index.insert(machine.name.clone(), id.0);
        if machine.spec.control_plane {
            self.control_plane.push(id);
        }
        self.changes.add_machine(&machine.name, id);
        if self.machines.len() == self.machines.capacity() {
            // A machine is a kilobyte: thousands of them do not double.
            self.machines.reserve_exact((self.machines.len() / 8).max(16));
        }
        self.machines.push(machine);
        id
    }
}
