//! What the world shows: facts that hold now, or that follow from now and what was seen before.

use std::rc::Rc;

use sim::{SortedMap, SortedSet};
use stage::JobView;
use view::{ApiServerState, Board, DaemonSetView, NodeView, OnNode, Origin, PartState, PodState, PodView};

use crate::Fact;

/// What was seen before.
#[derive(Clone, Debug, Default)]
pub(crate) struct Memory {
    /// Whether there was a look before.
    began: bool,
    was_up: bool,
    /// Ids of own static pods that were running and are still shown.
    statics: SortedSet<Rc<str>>,
    /// Those that were running without a mirror pod.
    unmirrored: SortedSet<Rc<str>>,
    /// Uids of mirror pods by id.
    mirrors: SortedMap<Rc<str>, Rc<str>>,
    /// On how many nodes each file's pod ran, by its name without the node's.
    copies: SortedMap<String, usize>,
    /// Images of own static pods by id.
    images: SortedMap<Rc<str>, Rc<str>>,
    /// Names of daemon pods by DaemonSet and node.
    daemon_pods: SortedMap<(Rc<str>, Rc<str>), Rc<str>>,
    /// DaemonSets that had pods.
    daemonsets: SortedSet<Rc<str>>,
    /// DaemonSets that were complete, and those whose rollout began since.
    complete: SortedSet<Rc<str>>,
    rolling: SortedSet<Rc<str>>,
    /// The nodes of the first look.
    first_nodes: SortedSet<Rc<str>>,
    ready_nodes: SortedSet<Rc<str>>,
    lost_nodes: SortedSet<Rc<str>>,
    running_parts: SortedSet<Rc<str>>,
    stopped_parts: SortedSet<Rc<str>>,
    /// The newest command whose output was read.
    read_up_to: u32,
}

/// Of the control plane.
const PARTS: usize = 4;
/// Commands that may have been refused just now.
const LATEST: usize = 5;
const MANIFESTS: &str = "/etc/kubernetes/manifests";

fn own(pod: &PodView) -> bool {
    &*pod.namespace != "kube-system"
}

pub(crate) fn running(pod: &PodView) -> bool {
    pod.state == PodState::Running || pod.node_status == Some(OnNode::Running)
}

fn is_complete(ds: &DaemonSetView) -> bool {
    ds.desired > 0 && ds.ready == ds.desired && ds.up_to_date == ds.desired
}

impl Memory {
    /// Looks at the world; what it shows now. `is_far`: the board has only some of the nodes.
    pub(crate) fn look(&mut self, board: &Board, console: &[JobView], is_far: bool) -> SortedSet<Fact> {
        let mut facts = SortedSet::new();
        self.look_at_counts(board, &mut facts);
        if !is_far {
            self.look_at_all(board, console, &mut facts);
        }
        self.began = true;
        facts
    }

    fn look_at_all(&mut self, board: &Board, console: &[JobView], facts: &mut SortedSet<Fact>) {
        let pods: Vec<&PodView> = board.nodes.iter().flat_map(|node| &node.pods).map(|pod| &**pod).collect();
        self.look_at_nodes(board, &pods, facts);
        self.look_at_plane(board, &pods, facts);
        self.look_at_static(board, &pods, facts);
        self.look_at_daemon_pods(board, &pods, facts);
        self.look_at_console(board, console, &pods, facts);
    }

    /// What the numbers of DaemonSets tell, with any number of nodes.
    fn look_at_counts(&mut self, board: &Board, facts: &mut SortedSet<Fact>) {
        for ds in board.daemonsets.iter().filter(|ds| &*ds.namespace != "kube-system") {
            if is_complete(ds) {
                facts.insert(Fact::DaemonSetReady);
                if self.rolling.remove(&ds.id) {
                    facts.insert(Fact::RolloutDone);
                }
                self.complete.insert(ds.id.clone());
            } else if self.complete.contains(&ds.id) && ds.up_to_date < ds.current {
                // Fewer pods than wanted alone are none: some are to be replaced.
                facts.insert(Fact::RolloutBegan);
                self.rolling.insert(ds.id.clone());
            }
            if ds.current > 0 {
                self.daemonsets.insert(ds.id.clone());
            }
        }
    }

    fn look_at_nodes(&mut self, board: &Board, pods: &[&PodView], facts: &mut SortedSet<Fact>) {
        if !self.began {
            self.first_nodes = board.nodes.iter().map(|node| node.name.clone()).collect();
        }
        for node in &board.nodes {
            if node.restart_needed {
                facts.insert(Fact::RestartNeeded);
            }
            if node.files.iter().any(|file| file.is_manifest && file.error.is_some()) {
                facts.insert(Fact::FileUnread);
            }
            if self.is_taint_ignored(node) {
                facts.insert(Fact::TaintIgnored);
            }
            let elsewhere = !node.static_pod_path.is_empty() && &*node.static_pod_path != MANIFESTS;
            let fixed = |pod: &&Rc<PodView>| pod.origin == Origin::Static && own(pod) && running(pod);
            if elsewhere && node.pods.iter().any(|pod| fixed(&pod)) {
                facts.insert(Fact::PathChanged);
            }
            if node.ready {
                if self.lost_nodes.remove(&node.name) {
                    facts.insert(Fact::NodeReadyAgain);
                }
                self.ready_nodes.insert(node.name.clone());
            } else if self.ready_nodes.remove(&node.name) {
                facts.insert(Fact::NodeNotReady);
                self.lost_nodes.insert(node.name.clone());
            }
        }
        if board.nodes.len() > 1 && board.nodes.iter().all(|node| node.registered && node.ready) {
            facts.insert(Fact::NodesReady);
        }
        let joined = |node: &Rc<str>| !self.first_nodes.contains(node);
        let on_new = |pod: &&PodView| {
            pod.origin == Origin::DaemonSet
                && own(pod)
                && running(pod)
                && pod.node.as_ref().is_some_and(joined)
        };
        if self.began && pods.iter().any(on_new) {
            facts.insert(Fact::DaemonOnNewNode);
        }
    }

    /// Whether a node's taint has driven a DaemonSet's pod away, and a static pod runs on.
    fn is_taint_ignored(&self, node: &NodeView) -> bool {
        let of = |origin: Origin| node.pods.iter().filter(move |pod| pod.origin == origin && own(pod));
        node.taints.iter().any(|taint| !taint.key.contains("kubernetes.io/"))
            && of(Origin::Static).any(|pod| running(pod))
            && of(Origin::DaemonSet).count() == 0
            && self.daemon_pods.keys().any(|(_, on)| *on == node.name)
    }

    fn look_at_plane(&mut self, board: &Board, pods: &[&PodView], facts: &mut SortedSet<Fact>) {
        let down = board.api_server == ApiServerState::Down;
        if down && self.was_up {
            facts.insert(Fact::ApiServerDown);
        }
        let up = board.api_server == ApiServerState::Up;
        self.was_up |= up;
        let shown = |id: &str| pods.iter().any(|pod| *pod.id == *id);
        for part in &board.parts {
            let runs = matches!(part.state, PartState::Running | PartState::Standby);
            if runs {
                if self.stopped_parts.remove(&part.name) {
                    facts.insert(Fact::PartBack);
                }
                self.running_parts.insert(part.name.clone());
            } else if part.state == PartState::Down && up && !shown(&part.pod) {
                // With the API server down nobody can tell, and a crash leaves the pod: this is the file.
                if self.running_parts.remove(&part.name) {
                    facts.insert(Fact::PartStopped);
                    self.stopped_parts.insert(part.name.clone());
                }
            }
        }
        let all = |fits: &dyn Fn(&PodView) -> bool| {
            let has = |id: &str| pods.iter().any(|pod| *pod.id == *id && fits(pod));
            board.parts.len() == PARTS && board.parts.iter().all(|part| has(&part.pod))
        };
        if all(&running) {
            facts.insert(Fact::PlaneRuns);
        }
        if up && all(&|pod| pod.is_mirror) {
            facts.insert(Fact::PlaneListed);
        }
    }

    fn look_at_static(&mut self, board: &Board, pods: &[&PodView], facts: &mut SortedSet<Fact>) {
        let down = board.api_server == ApiServerState::Down;
        let mut now = SortedSet::new();
        let mut mirrors = SortedMap::new();
        let mut copies: SortedMap<String, usize> = SortedMap::new();
        for pod in pods.iter().filter(|pod| pod.origin == Origin::Static && own(pod)) {
            if running(pod) {
                facts.insert(Fact::StaticRunning);
                now.insert(pod.id.clone());
                *copies.entry(base_name(pod)).or_default() += 1;
                let image =
                    pod.containers.first().map(|container| container.image.clone()).unwrap_or_default();
                let before = self.images.insert(pod.id.clone(), image.clone());
                if before.is_some_and(|before| before != image) {
                    facts.insert(Fact::StaticRestarted);
                }
                if !pod.is_mirror && down {
                    // One that the API server has heard of before shows nothing, and its mirror is there already.
                    if self.began && !self.statics.contains(&pod.id) {
                        facts.insert(Fact::StaticWithoutApi);
                    }
                    self.unmirrored.insert(pod.id.clone());
                }
            }
            if pod.is_mirror {
                if self.unmirrored.remove(&pod.id) {
                    facts.insert(Fact::MirrorAdded);
                }
                if self.mirrors.get(&pod.id).is_some_and(|uid| *uid != pod.uid) {
                    facts.insert(Fact::MirrorCameBack);
                }
                mirrors.insert(pod.id.clone(), pod.uid.clone());
            }
        }
        // A mirror that is away for a moment is remembered while its containers run.
        for (id, uid) in &self.mirrors {
            if now.contains(id) {
                mirrors.entry(id.clone()).or_insert_with(|| uid.clone());
            }
        }
        let shown = |id: &Rc<str>| pods.iter().any(|pod| pod.id == *id);
        if self.statics.iter().any(|id| !shown(id)) {
            facts.insert(Fact::FileGone);
        }
        for (name, count) in copies {
            let before = self.copies.insert(name, count);
            if before.is_some_and(|before| before < count) {
                facts.insert(Fact::FileCopied);
            }
        }
        // Running ones and those that still stand: gone is only what is not shown at all.
        let stays = self.statics.iter().filter(|id| shown(id)).cloned();
        self.statics = stays.chain(now).collect();
        self.mirrors = mirrors;
    }

    fn look_at_daemon_pods(&mut self, board: &Board, pods: &[&PodView], facts: &mut SortedSet<Fact>) {
        let mut left = SortedSet::new();
        for pod in pods.iter().filter(|pod| pod.origin == Origin::DaemonSet && own(pod)) {
            let (Some(ds), Some(node)) = (pod.daemonset(), &pod.node) else { continue };
            left.insert(ds.clone());
            if !running(pod) || pod.state == PodState::Terminating {
                continue;
            }
            let key = (ds, node.clone());
            if self.daemon_pods.get(&key).is_some_and(|name| *name != pod.name) {
                facts.insert(Fact::DaemonCameBack);
            }
            self.daemon_pods.insert(key, pod.name.clone());
        }
        let there = |id: &Rc<str>| board.daemonsets.iter().any(|ds| ds.id == *id);
        let gone = |id: &Rc<str>| !there(id) && !left.contains(id);
        if self.daemonsets.iter().any(gone) {
            facts.insert(Fact::DaemonSetGone);
            self.daemon_pods.retain(|(of, _), _| !gone(of));
            self.daemonsets.retain(|id| !gone(id));
        }
    }

    fn look_at_console(
        &mut self,
        board: &Board,
        console: &[JobView],
        pods: &[&PodView],
        facts: &mut SortedSet<Fact>,
    ) {
        let down = board.api_server == ApiServerState::Down;
        if down && console.iter().rev().take(LATEST).any(|job| job.was_refused) {
            facts.insert(Fact::Refused);
        }
        if board.api_server == ApiServerState::Up
            && console.iter().rev().take(LATEST).any(|job| job.apply_failed)
        {
            facts.insert(Fact::ApplyRejected);
        }
        let newest = console.iter().rev().take(LATEST);
        let fresh: Vec<&JobView> = newest
            .filter(|job| job.id > self.read_up_to && job.exit_code == Some(0) && !job.text.is_empty())
            .collect();
        let Some(last) = fresh.iter().map(|job| job.id).max() else { return };
        self.read_up_to = last;
        let lists = |job: &JobView, origin: Origin| {
            let of = |pod: &&&PodView| pod.origin == origin && own(pod) && running(pod);
            pods.iter().filter(of).any(|pod| job.text.contains(&*pod.name))
        };
        if fresh.iter().any(|job| lists(job, Origin::DaemonSet) && lists(job, Origin::Static)) {
            facts.insert(Fact::NamesListed);
        }
    }
}

/// A static pod's name as its file has it.
fn base_name(pod: &PodView) -> String {
    let node = pod.node.as_deref().unwrap_or_default();
    let name = pod.name.strip_suffix(node).and_then(|name| name.strip_suffix('-'));
    format!("{}/{}", pod.namespace, name.unwrap_or(&pod.name))
}
