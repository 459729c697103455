//! What a person has seen happen: each of the comparison's claims, noted the first time the stage shows it.

use std::collections::{BTreeMap, BTreeSet};
use std::rc::Rc;

use serde::{Deserialize, Serialize};
use sim::order::GatherSorted;
use stage::JobView;
use view::{ApiServerState, Board, Origin, PodState, PodView};

/// The claims, in the order of the comparison.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub enum Claim {
    /// An ordinary pod goes through the API server; with it down nothing new is deployed.
    ThroughApi,
    /// A static pod needs neither the API server nor another node.
    WithoutApi,
    /// The file lies in the node's staticPodPath, which can be changed.
    Path,
    /// The control plane's own parts are static pods.
    ControlPlane,
    /// What the two kinds are called.
    Names,
    /// One on every matching node; one where the file is.
    Where,
    /// Deleted, either comes back.
    ComeBack,
    /// How to be rid of either.
    Gone,
}

pub const CLAIMS: [Claim; 8] = [
    Claim::ThroughApi,
    Claim::WithoutApi,
    Claim::Path,
    Claim::ControlPlane,
    Claim::Names,
    Claim::Where,
    Claim::ComeBack,
    Claim::Gone,
];

impl Claim {
    /// The value of `data-claim`.
    pub fn id(self) -> &'static str {
        match self {
            Claim::ThroughApi => "through-api",
            Claim::WithoutApi => "without-api",
            Claim::Path => "path",
            Claim::ControlPlane => "control-plane",
            Claim::Names => "names",
            Claim::Where => "where",
            Claim::ComeBack => "come-back",
            Claim::Gone => "gone",
        }
    }
}

/// A claim that has two halves is seen when both are.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
enum Half {
    DaemonSet,
    Static,
}

/// What has been seen so far: saved, and brought back by a reload.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub struct Seen {
    seen: BTreeSet<Claim>,
    halves: BTreeSet<(Claim, Half)>,
}

impl Seen {
    pub fn has(&self, claim: Claim) -> bool {
        self.seen.contains(&claim)
    }

    /// Of a claim of two halves of which one was seen, the other.
    pub fn half_left(&self, claim: Claim) -> Option<Origin> {
        let has = |half| self.halves.contains(&(claim, half));
        match (has(Half::DaemonSet), has(Half::Static)) {
            (true, false) => Some(Origin::Static),
            (false, true) => Some(Origin::DaemonSet),
            _ => None,
        }
    }

    pub fn count(&self) -> usize {
        self.seen.len()
    }

    fn insert(&mut self, claim: Claim) {
        self.seen.insert(claim);
    }

    fn insert_half(&mut self, claim: Claim, half: Half) {
        self.halves.insert((claim, half));
        if [Half::DaemonSet, Half::Static].iter().all(|half| self.halves.contains(&(claim, *half))) {
            self.seen.insert(claim);
        }
    }
}

#[derive(Clone, Debug, Default)]
pub struct Witness {
    seen: Seen,
    /// Uids of static pods' mirrors by name, and names of daemon pods by DaemonSet and node, as last shown.
    mirrors: BTreeMap<Rc<str>, Rc<str>>,
    daemon_pods: BTreeMap<(Rc<str>, Rc<str>), Rc<str>>,
    files: BTreeSet<Rc<str>>,
    began: bool,
}

/// Of the control plane.
const PARTS: usize = 4;
/// Commands that may have been refused just now.
const LATEST: usize = 5;
const MANIFESTS: &str = "/etc/kubernetes/manifests";

fn own(pod: &PodView) -> bool {
    &*pod.namespace != "kube-system"
}

fn running(pod: &PodView) -> bool {
    pod.state == PodState::Running || pod.node_status.as_deref() == Some("Running")
}

impl Witness {
    pub fn new(seen: Seen) -> Witness {
        Witness { seen, ..Witness::default() }
    }

    pub fn seen(&self) -> &Seen {
        &self.seen
    }

    pub fn forget(&mut self) {
        self.seen = Seen::default();
    }

    /// Another session begins: what was in the cluster before is no history of it.
    pub fn begin_anew(&mut self) {
        *self = Witness::new(std::mem::take(&mut self.seen));
    }

    fn half(&mut self, claim: Claim, half: Half) {
        self.seen.insert_half(claim, half);
    }

    /// Looks at what there is now, and notes what is seen for the first time.
    pub fn look(&mut self, board: &Board, console: &[JobView]) {
        let pods: Vec<&PodView> = board.nodes.iter().flat_map(|node| &node.pods).map(|pod| &**pod).collect();
        let down = board.api_server == ApiServerState::Down;
        let elsewhere = |path: &str| !path.is_empty() && path != MANIFESTS;
        if board.nodes.iter().any(|node| elsewhere(&node.static_pod_path)) {
            self.seen.insert(Claim::Path);
        }
        if down && console.iter().rev().take(LATEST).any(|job| job.was_refused) {
            self.seen.insert(Claim::ThroughApi);
        }
        self.look_at_static(&pods, down);
        self.look_at_daemon_pods(board, &pods);
        self.began = true;
    }

    /// A person looks at a claim while the cluster shows what it says: what is true of one picture alone is
    /// seen by looking at it.
    pub fn point_at(&mut self, claim: Claim, board: &Board) {
        let pods = || board.nodes.iter().flat_map(|node| &node.pods);
        let of =
            |origin: Origin| pods().filter(|pod| pod.origin == origin && own(pod) && running(pod)).count();
        let (daemon, fixed) = (of(Origin::DaemonSet), of(Origin::Static));
        let shown = match claim {
            Claim::ControlPlane => {
                let runs = |id: &str| pods().any(|pod| *pod.id == *id && running(pod));
                board.parts.len() == PARTS && board.parts.iter().all(|part| runs(&part.pod))
            }
            Claim::Names => daemon > 0 && fixed > 0,
            Claim::Where => daemon > 1 && fixed > 0,
            _ => false,
        };
        if shown {
            self.seen.insert(claim);
        }
    }

    fn look_at_static(&mut self, pods: &[&PodView], down: bool) {
        let mut files = BTreeSet::new();
        let mut mirrors = BTreeMap::new();
        for pod in pods.iter().filter(|pod| pod.origin == Origin::Static && own(pod)) {
            if running(pod) {
                files.insert(pod.id.clone());
                if down && self.began && !self.files.contains(&pod.id) {
                    self.seen.insert(Claim::WithoutApi);
                }
            }
            if pod.is_mirror {
                if self.mirrors.get(&pod.id).is_some_and(|uid| *uid != pod.uid) {
                    self.half(Claim::ComeBack, Half::Static);
                }
                mirrors.insert(pod.id.clone(), pod.uid.clone());
            }
        }
        // A mirror that is away for a moment is remembered while its containers run.
        for (id, uid) in &self.mirrors {
            if files.contains(id) {
                mirrors.entry(id.clone()).or_insert_with(|| uid.clone());
            }
        }
        let shown = |id: &Rc<str>| pods.iter().any(|pod| pod.id == *id);
        if self.files.iter().any(|id| !shown(id)) {
            self.half(Claim::Gone, Half::Static);
        }
        // Running ones and those that still stand: gone is only what is not shown at all.
        let stays = self.files.iter().filter(|id| shown(id)).cloned();
        self.files = stays.chain(files).collect();
        self.mirrors = mirrors;
    }

    fn look_at_daemon_pods(&mut self, board: &Board, pods: &[&PodView]) {
        let there: BTreeSet<Rc<str>> = board.daemonsets.iter().map(|ds| ds.id.clone()).gather_set();
        let gone: BTreeSet<Rc<str>> =
            self.daemon_pods.keys().map(|(ds, _)| ds.clone()).filter(|ds| !there.contains(ds)).collect();
        for pod in pods.iter().filter(|pod| pod.origin == Origin::DaemonSet && own(pod)) {
            let (Some(owner), Some(node)) = (pod.controlled_by.strip_prefix("DaemonSet/"), &pod.node) else {
                continue;
            };
            if !running(pod) || pod.state == PodState::Terminating {
                continue;
            }
            let key = (Rc::from(format!("{}/{owner}", pod.namespace)), node.clone());
            if self.daemon_pods.get(&key).is_some_and(|name| *name != pod.name) {
                self.half(Claim::ComeBack, Half::DaemonSet);
            }
            self.daemon_pods.insert(key, pod.name.clone());
        }
        for ds in gone {
            let left = pods.iter().any(|pod| {
                pod.controlled_by.strip_prefix("DaemonSet/") == ds.rsplit('/').next()
                    && ds.starts_with(&*pod.namespace)
            });
            if !left {
                self.half(Claim::Gone, Half::DaemonSet);
                self.daemon_pods.retain(|(of, _), _| *of != ds);
            }
        }
    }
}
