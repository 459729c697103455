//! A node's computer: disk, power, network link, kubelet and runtime.

use std::collections::VecDeque;
use std::net::Ipv4Addr;

use super::Inbox;
use super::boot::{KUBELET_CONFIG, MANIFESTS, control_plane_manifest, kubelet_config};
use crate::Cluster;
use api::meta::{Name, StringMap};
use api::object::Key;
use api::resources::Resources;
use api::toleration::{Taint, TaintEffect};
use kubelet::config::KubeletConfiguration;
use kubelet::manifest_dir::FileSource;
use kubelet::runtime::component;
use kubelet::runtime::sandbox::{Container, Sandbox};
use kubelet::{FileChange, Host, Kubelet};
use sim::files::Files;
use sim::{Rng, Time};
use wire::{MachineId, Settings};

/// The parts of the control plane, in the order in which they come up.
pub(crate) const CONTROL_PLANE_PARTS: [&str; 4] =
    ["etcd", "kube-apiserver", "kube-controller-manager", "kube-scheduler"];

/// How many lines of the kubelet's journal are kept.
const JOURNAL_LINES: usize = 500;

/// What a computer is like.
#[derive(Clone, Debug)]
pub struct MachineSpec {
    pub(crate) name: Name,
    /// Whether kubeadm has put the control plane's manifests on it.
    pub control_plane: bool,
    pub(crate) capacity: Resources,
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
    pub sent: Time,
    pub arrives: Time,
    pub path: Name,
    pub(crate) change: FileChange,
}

/// A computer.
#[derive(Clone, Debug)]
pub struct Machine {
    pub id: MachineId,
    pub name: Name,
    pub spec: MachineSpec,
    pub(crate) ip: Ipv4Addr,
    pub files: Files,
    pub kubelet: Kubelet,
    pub powered: bool,
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
            network_ready: true,
        };
        Machine {
            id,
            kubelet: Kubelet::new(host),
            files: if spec.control_plane { control_plane_disk(disk, ip) } else { disk.clone() },
            name,
            spec,
            ip,
            powered: true,
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

    pub(super) fn write_journal(&mut self, now: Time, line: String) {
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

    /// The config file names another staticPodPath than the one in use (KL-003).
    pub fn restart_needed(&self) -> bool {
        let config = KubeletConfiguration::load(&self.files, &Settings::default());
        let wanted = config.map(|config| config.static_pod_path).unwrap_or_default();
        self.kubelet.is_running() && FileSource::new(&wanted).path() != self.static_pod_path()
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
fn node_ip(id: MachineId) -> Ipv4Addr {
    let base = u32::from(Ipv4Addr::new(192, 168, 56, 10));
    Ipv4Addr::from(base.wrapping_add(id.0))
}

/// 10.244.0.0/24 for the first, 10.244.1.0/24 for the second …; beyond 256 nodes 10.245.0.0/24 and on.
fn pod_cidr(id: MachineId) -> Ipv4Addr {
    let base = u32::from(Ipv4Addr::new(10, 244, 0, 0));
    Ipv4Addr::from(base.wrapping_add(id.0 << 8))
}

/// What is on every computer's disk when it is new.
pub(super) fn new_disk() -> Files {
    let mut files = Files::default();
    // Paths of our own cannot clash.
    let directories = [MANIFESTS, "/var/lib/kubelet", "/tmp", "/root", "/var/log/pods"];
    for directory in directories {
        let _ = files.make_directory(directory);
    }
    let _ = files.write(KUBELET_CONFIG, kubelet_config().as_bytes(), Time::START);
    files
}

/// The same with the manifests that kubeadm writes.
fn control_plane_disk(disk: &Files, ip: Ipv4Addr) -> Files {
    let mut files = disk.clone();
    for part in CONTROL_PLANE_PARTS {
        let text = control_plane_manifest(part, &ip.to_string());
        // The directory is there.
        let path = format!("{MANIFESTS}/{part}.yaml");
        let _ = files.write(&path, text.as_bytes(), Time::START);
        // kubeadm: cmd/kubeadm/app/util/staticpod/utils.go, WriteStaticPodToDisk.
        let _ = files.set_mode(&path, 0o600);
    }
    files
}

impl Cluster {
    /// Adds a computer, switched off; [`Cluster::boot_machine`] switches it on.
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
