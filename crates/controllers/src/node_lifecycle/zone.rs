//! Zones: how many of their nodes are ill, and how fast these may be tainted NoExecute.
//!
//! Kubernetes: pkg/controller/nodelifecycle/node_lifecycle_controller.go, ComputeZoneState;
//! pkg/controller/nodelifecycle/scheduler/rate_limited_queue.go. Rules: ND-017, ND-022…024.

use api::meta::Name;
use api::node::Node;
use client::informer::NodeId;
use sim::{Duration, SortedSet, Time};

/// NodeEvictionPeriod: how often the queues are looked at.
pub(super) const EVICTION_PERIOD: Duration = Duration::from_millis(100);
/// 0.1 nodes a second (evictionLimiterQPS).
const EVICTION_INTERVAL: Duration = Duration::from_secs(10);
/// 0.01 nodes a second (secondaryEvictionLimiterQPS).
const SECONDARY_EVICTION_INTERVAL: Duration = Duration::from_secs(100);
/// largeClusterThreshold.
const LARGE_ZONE: u32 = 50;
/// unhealthyZoneThreshold, in percent.
const UNHEALTHY_PERCENT: u64 = 55;

const EXCLUDE_DISRUPTION: &str = "node.kubernetes.io/exclude-disruption";

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum ZoneState {
    Initial,
    Normal,
    PartialDisruption,
    FullDisruption,
}

/// Whether a node is left out when its zone's health is judged (ND-024).
pub(super) fn is_node_excluded_from_disruption_checks(node: &Node) -> bool {
    node.meta.labels().contains_key(EXCLUDE_DISRUPTION)
}

/// The zone a node belongs to; all nodes without labels are in one.
///
/// Kubernetes: staging/src/k8s.io/component-helpers/node/topology/helpers.go, GetZoneKey.
pub(super) fn zone_key(node: &Node) -> Name {
    let label = |keys: [&str; 2]| {
        let found = keys.into_iter().find_map(|key| node.meta.labels().get(key).filter(|v| !v.is_empty()));
        found.cloned().unwrap_or_default()
    };
    let zone = label(["topology.kubernetes.io/zone", "failure-domain.beta.kubernetes.io/zone"]);
    let region = label(["topology.kubernetes.io/region", "failure-domain.beta.kubernetes.io/region"]);
    if zone.is_empty() && region.is_empty() {
        return zone;
    }
    format!("{region}:\0:{zone}").into()
}

/// Kubernetes: ComputeZoneState.
pub(super) fn compute_zone_state(ready: u32, not_ready: u32) -> ZoneState {
    let (ill, all) = (u64::from(not_ready), u64::from(ready) + u64::from(not_ready));
    if ready == 0 && not_ready > 0 {
        ZoneState::FullDisruption
    } else if not_ready > 2 && ill * 100 >= all * UNHEALTHY_PERCENT {
        ZoneState::PartialDisruption
    } else {
        ZoneState::Normal
    }
}

/// A token bucket that holds one token; `None` as interval: it never gives any.
#[derive(Clone, Copy, Debug)]
struct Limiter {
    interval: Option<Duration>,
    /// When it has a token.
    next: Time,
}

impl Limiter {
    fn new(interval: Option<Duration>) -> Limiter {
        Limiter { interval, next: Time::default() }
    }

    fn try_accept(&mut self, now: Time) -> bool {
        let Some(interval) = self.interval.filter(|_| self.next <= now) else { return false };
        self.next = now + interval;
        true
    }
}

/// Nodes that wait to be tainted. One that was handed out stays known until it is removed, and is not taken
/// in again before that.
///
/// Nodes that wait come out in order of their numbers: every pass of upstream's monitor puts all that wait
/// into the queue again, in whatever order it has them.
///
/// Kubernetes: scheduler/rate_limited_queue.go, RateLimitedTimedQueue.
#[derive(Clone, Debug)]
pub(super) struct RateLimitedTimedQueue {
    limiter: Limiter,
    queue: SortedSet<NodeId>,
    /// All that are known.
    set: SortedSet<NodeId>,
}

impl RateLimitedTimedQueue {
    fn new() -> RateLimitedTimedQueue {
        let limiter = Limiter::new(Some(EVICTION_INTERVAL));
        RateLimitedTimedQueue { limiter, queue: SortedSet::new(), set: SortedSet::new() }
    }

    pub(crate) fn add(&mut self, node: NodeId) {
        if self.set.insert(node) {
            self.queue.insert(node);
        }
    }

    pub(crate) fn is_empty(&self) -> bool {
        self.queue.is_empty()
    }

    pub(crate) fn remove(&mut self, node: NodeId) {
        self.set.remove(&node);
        self.queue.remove(&node);
    }

    /// What was handed out could not be done: it waits again.
    pub(crate) fn put_back(&mut self, node: NodeId) {
        if self.set.contains(&node) {
            self.queue.insert(node);
        }
    }

    /// The next node, if the limiter allows one now. The caller decides what is to be done with it, if anything.
    pub(crate) fn try_next(&mut self, now: Time) -> Option<NodeId> {
        if self.queue.is_empty() || !self.limiter.try_accept(now) {
            return None;
        }
        self.queue.pop_first()
    }

    /// When the next node can be handed out.
    pub(crate) fn next_time(&self) -> Option<Time> {
        self.limiter.interval.filter(|_| !self.queue.is_empty()).map(|_| self.limiter.next)
    }

    /// A limiter that replaces one which would make wait begins empty.
    fn swap_limiter(&mut self, interval: Option<Duration>, now: Time) {
        if self.limiter.interval == interval {
            return;
        }
        let mut limiter = Limiter::new(interval);
        if !self.limiter.try_accept(now) {
            limiter.try_accept(now);
        }
        self.limiter = limiter;
    }
}

/// A zone, and how many of its nodes are ready as of the last pass that looked at them.
#[derive(Clone, Debug)]
pub(super) struct Zone {
    /// `None` while no node counts for it.
    pub(crate) state: Option<ZoneState>,
    pub(crate) tainter: RateLimitedTimedQueue,
    pub(crate) ready: u32,
    pub(crate) not_ready: u32,
}

impl Zone {
    pub(crate) fn new() -> Zone {
        Zone { state: None, tainter: RateLimitedTimedQueue::new(), ready: 0, not_ready: 0 }
    }

    pub(crate) fn size(&self) -> u32 {
        self.ready + self.not_ready
    }

    pub(crate) fn computed_state(&self) -> ZoneState {
        compute_zone_state(self.ready, self.not_ready)
    }

    /// Kubernetes: addPodEvictorForNewZone.
    pub(crate) fn add_pod_evictor(&mut self) {
        if self.state.is_none() {
            self.state = Some(ZoneState::Initial);
            self.tainter = RateLimitedTimedQueue::new();
        }
    }

    /// Kubernetes: setLimiterInZone, ReducedQPSFunc, HealthyQPSFunc.
    pub(crate) fn enter(&mut self, state: ZoneState, now: Time) {
        self.state = Some(state);
        let interval = match state {
            ZoneState::Initial => return,
            ZoneState::PartialDisruption if self.size() > LARGE_ZONE => Some(SECONDARY_EVICTION_INTERVAL),
            ZoneState::PartialDisruption => None,
            ZoneState::Normal | ZoneState::FullDisruption => Some(EVICTION_INTERVAL),
        };
        self.tainter.swap_limiter(interval, now);
    }

    /// No node of the whole cluster is ready: nothing is evicted.
    pub(crate) fn stop_evictions(&mut self, now: Time) {
        self.state = Some(ZoneState::FullDisruption);
        self.tainter.swap_limiter(None, now);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn nd_022_a_zone_is_disrupted_from_three_and_55_percent_on() {
        use ZoneState::{FullDisruption, Normal, PartialDisruption};
        for (ready, not_ready, state) in [
            (4, 0, Normal),
            (2, 2, Normal),
            (1, 2, Normal),
            (1, 3, PartialDisruption),
            (9, 11, PartialDisruption),
            (10, 11, Normal),
            (0, 1, FullDisruption),
            (0, 0, Normal),
        ] {
            assert_eq!(compute_zone_state(ready, not_ready), state, "{ready} ready, {not_ready} not");
        }
    }

    /// The seconds at which nodes are handed out when the queue is looked at every 100 ms.
    fn handed_out(zone: &mut Zone, from: u64, to: u64) -> Vec<u64> {
        let ticks = (from * 10..to * 10).map(|tick| Time(tick * EVICTION_PERIOD.0));
        ticks.filter(|now| zone.tainter.try_next(*now).is_some()).map(|now| now.0 / 1_000_000).collect()
    }

    #[test]
    fn nd_017_one_node_at_once_and_one_each_ten_seconds() {
        let mut zone = Zone::new();
        (0..3).for_each(|node| zone.tainter.add(NodeId(node)));
        zone.tainter.add(NodeId(0));
        assert_eq!(handed_out(&mut zone, 0, 100), [0, 10, 20]);
        // Handed out once, it is known until it is removed.
        zone.tainter.add(NodeId(0));
        assert_eq!(handed_out(&mut zone, 100, 120), [0; 0]);
        zone.tainter.remove(NodeId(0));
        zone.tainter.add(NodeId(0));
        assert_eq!(handed_out(&mut zone, 120, 140), [120]);
        // What failed waits for the next token.
        zone.tainter.put_back(NodeId(0));
        assert_eq!(handed_out(&mut zone, 140, 160), [140]);
    }

    #[test]
    fn nd_022_large_zones_are_slowed_down_and_small_ones_stopped() {
        for (ready, expected) in [(1, vec![0, 200]), (30, vec![0, 109, 200])] {
            let mut zone = Zone { ready, not_ready: 2 * ready + 1, ..Zone::new() };
            (0..3).for_each(|node| zone.tainter.add(NodeId(node)));
            let mut seconds = handed_out(&mut zone, 0, 9);
            zone.enter(zone.computed_state(), Time::from_secs(9));
            assert_eq!(zone.state, Some(ZoneState::PartialDisruption));
            seconds.extend(handed_out(&mut zone, 10, 190));
            // A limiter that follows one that never gives anything begins empty.
            zone.enter(ZoneState::Normal, Time::from_secs(190));
            seconds.extend(handed_out(&mut zone, 190, 201));
            assert_eq!(seconds, expected, "{ready} ready");
        }
    }

    #[test]
    fn nd_024_nodes_without_zone_labels_form_one_zone() {
        let key = |labels: serde_json::Value| {
            zone_key(&Node::from_value(&serde_json::json!({"metadata": {"name": "n", "labels": labels}})))
        };
        let zone = serde_json::json!({"topology.kubernetes.io/zone": "z"});
        assert_eq!(&*key(serde_json::json!({"a": "b"})), "");
        assert_eq!(&*key(zone), ":\0:z");
        let both = serde_json::json!({"failure-domain.beta.kubernetes.io/zone": "z",
            "topology.kubernetes.io/region": "r"});
        assert_eq!(&*key(both), "r:\0:z");
    }
}
