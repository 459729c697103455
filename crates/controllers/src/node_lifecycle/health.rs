//! What the monitor knows of a node's health: when it last saw a sign of life.
//!
//! Upstream's monitor looks at every node in every pass. Here a pass only looks at the nodes of which there
//! is news, so a node's record first catches up with the passes that left it out: in these nothing but its
//! lease can have been renewed, which is arithmetic.
//!
//! Kubernetes: pkg/controller/nodelifecycle/node_lifecycle_controller.go, tryUpdateNodeHealth.
//! Rules: ND-010…014.

use api::meta::Name;
use api::node::{Node, NodeCondition, NodeConditionType, Renewal};
use api::pod::ConditionStatus;
use sim::{Duration, Time, Timestamp};

/// nodeMonitorPeriod (ND-009).
pub(super) const MONITOR_PERIOD: Duration = Duration::from_secs(5);
/// nodeMonitorGracePeriod (ND-010).
pub(super) const MONITOR_GRACE_PERIOD: Duration = Duration::from_secs(50);
/// nodeStartupGracePeriod (ND-011).
pub(super) const STARTUP_GRACE_PERIOD: Duration = Duration::from_secs(60);

/// The monitor's passes lie at `start` and every [`MONITOR_PERIOD`] after it; what the API server says
/// reaches it after `delay`.
#[derive(Clone, Copy, Debug)]
pub(super) struct Clock {
    pub(crate) start: Time,
    pub(crate) now: Time,
    pub(crate) delay: Duration,
}

impl Clock {
    /// The first pass at or after `at`.
    fn pass_from(&self, at: Time) -> Time {
        at.next_tick(self.start, MONITOR_PERIOD)
    }

    /// The last pass before now; `None` if there was none.
    fn last_pass(&self) -> Option<Time> {
        let passed = self.now.since(self.start).0;
        (passed > 0).then(|| Time(self.start.0 + (passed - 1) / MONITOR_PERIOD.0 * MONITOR_PERIOD.0))
    }

    /// The last renewal of which the monitor has heard by `at`.
    fn renewal_heard(&self, renewal: Renewal, at: Time) -> Time {
        renewal.last(at - self.delay)
    }
}

/// Kubernetes: nodeHealthData.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct NodeHealth {
    /// Status and heartbeat of the Ready condition, if there was one.
    ready: Option<(ConditionStatus, Timestamp)>,
    /// When the last sign of life was seen.
    pub(crate) probe: Time,
    /// The renewal of the lease that was seen last.
    renewed: Option<Time>,
    /// The last pass that this takes account of.
    pass: Time,
}

impl NodeHealth {
    /// Takes account of the passes since the last one that looked at this node: its lease has been this one.
    pub(crate) fn catch_up(&mut self, renewal: Option<Renewal>, clock: &Clock) {
        let Some(last) = clock.last_pass().filter(|last| *last > self.pass) else { return };
        if let Some(renewal) = renewal {
            let heard = clock.renewal_heard(renewal, last);
            if self.renewed.is_none_or(|before| before < heard) {
                self.renewed = Some(heard);
                self.probe = clock.pass_from((heard + clock.delay).max(self.pass + Duration(1)));
            }
        }
        self.pass = last;
    }

    /// The Ready condition's status as it was when its heartbeat last changed.
    pub(crate) fn ready_status(&self) -> Option<ConditionStatus> {
        self.ready.map(|(status, _)| status)
    }

    /// All signs of life count from now on (ND-023).
    pub(crate) fn refresh(&mut self, now: Time) {
        self.probe = now;
        self.pass = now;
    }

    /// The controller itself has written the node's conditions.
    pub(crate) fn note_written(&mut self, node: &Node) {
        self.ready = ready_of(node);
    }
}

fn ready_of(node: &Node) -> Option<(ConditionStatus, Timestamp)> {
    node.condition(NodeConditionType::Ready).map(|ready| (ready.status, ready.last_heartbeat))
}

/// How long a node may be silent.
pub(super) fn grace_period(node: &Node) -> Duration {
    match node.condition(NodeConditionType::Ready) {
        Some(_) => MONITOR_GRACE_PERIOD,
        None => STARTUP_GRACE_PERIOD,
    }
}

/// One pass over one node: what is known of it afterwards.
pub(super) fn observe(
    known: Option<NodeHealth>,
    node: &Node,
    renewal: Option<Renewal>,
    clock: &Clock,
) -> NodeHealth {
    let ready = ready_of(node);
    let fresh = NodeHealth { ready, probe: clock.now, renewed: None, pass: clock.now };
    let mut health = match (known, ready) {
        (Some(known), None) => NodeHealth { ready, ..known },
        // A node without status: what counts is when it was created.
        (None, None) => NodeHealth { probe: node.meta.created.time(), ..fresh },
        (Some(known), Some((_, heartbeat))) if known.ready.is_some_and(|(_, have)| have == heartbeat) => {
            known
        }
        // New to this controller (ND-014), or heard of again.
        (_, Some(_)) => fresh,
    };
    health.pass = clock.now;
    if let Some(heard) = renewal.map(|renewal| clock.renewal_heard(renewal, clock.now))
        && health.renewed.is_none_or(|before| before < heard)
    {
        (health.renewed, health.probe) = (Some(heard), clock.now);
    }
    health
}

/// The conditions of a node from which nothing was heard; `None` if they say so already.
pub(super) fn unknown_conditions(node: &Node, now: Time) -> Option<Vec<NodeCondition>> {
    const KINDS: [NodeConditionType; 4] = [
        NodeConditionType::Ready,
        NodeConditionType::MemoryPressure,
        NodeConditionType::DiskPressure,
        NodeConditionType::PidPressure,
    ];
    if node.ready_status() == Some(ConditionStatus::Unknown) {
        return None;
    }
    let mut conditions = node.conditions.clone();
    let unknown = |kind, reason: &str, message: &str, last_heartbeat| {
        let (reason, message): (Name, Name) = (reason.into(), message.into());
        let (status, last_transition) = (ConditionStatus::Unknown, now.stamp());
        NodeCondition { kind, status, reason, message, last_heartbeat, last_transition }
    };
    for kind in KINDS {
        match conditions.iter_mut().find(|condition| condition.kind == kind) {
            None => {
                let message = "Kubelet never posted node status.";
                conditions.push(unknown(kind, "NodeStatusNeverUpdated", message, node.meta.created));
            }
            Some(condition) if condition.status != ConditionStatus::Unknown => {
                let message = "Kubelet stopped posting node status.";
                *condition = unknown(kind, "NodeStatusUnknown", message, condition.last_heartbeat);
            }
            Some(_) => {}
        }
    }
    Some(conditions)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;
    use serde_json::json;

    use super::*;

    fn node(ready: Option<&str>) -> Node {
        let beat = "2026-01-01T00:00:00Z";
        let conditions: Vec<_> = ready
            .iter()
            .map(|status| json!({"type": "Ready", "status": status, "lastHeartbeatTime": beat}))
            .collect();
        Node::from_value(&json!({"metadata": {"name": "n1", "creationTimestamp": beat},
            "status": {"conditions": conditions}}))
    }

    fn second(second: u64) -> Time {
        Time::START + Duration::from_secs(second)
    }

    #[test]
    fn nd_010_a_lease_or_a_heartbeat_is_a_sign_of_life_by_the_controllers_clock() {
        let at = |now| Clock { start: second(0), now: second(now), delay: Duration::ZERO };
        let silent = node(Some("True"));
        let health = observe(None, &silent, None, &at(20));
        assert_eq!(health.probe, second(20));
        assert_eq!(observe(Some(health), &silent, None, &at(25)).probe, second(20));
        let renewed = observe(Some(health), &silent, Some(Renewal::At(second(23))), &at(25));
        assert_eq!(renewed.probe, second(25));
        let again = observe(Some(renewed), &silent, Some(Renewal::At(second(23))), &at(30));
        assert_eq!(again.probe, second(25));
        let mut beaten = silent.clone();
        beaten.conditions[0].last_heartbeat = second(31).stamp();
        assert_eq!(observe(Some(again), &beaten, None, &at(35)).probe, second(35));
    }

    #[test]
    fn nd_011_a_node_without_status_is_counted_from_its_creation() {
        let clock = Clock { start: second(0), now: second(40), delay: Duration::ZERO };
        let new = node(None);
        assert_eq!(observe(None, &new, None, &clock).probe, second(0));
        assert_eq!(grace_period(&new).as_secs(), 60);
        let conditions = unknown_conditions(&new, second(61)).unwrap();
        let said = |c: &NodeCondition| format!("{} {} {}", c.kind.text(), c.reason, c.message);
        let said: Vec<String> = conditions.iter().map(said).collect();
        let never = "NodeStatusNeverUpdated Kubelet never posted node status.";
        let kinds = ["Ready", "MemoryPressure", "DiskPressure", "PIDPressure"];
        assert_eq!(said, kinds.map(|kind| format!("{kind} {never}")));
    }

    /// What a lease does during a test: renewed every ten seconds, or left alone, from then on.
    fn leases() -> impl Strategy<Value = Vec<(u64, bool)>> {
        prop::collection::vec((1..40_000u64, any::<bool>()), 1..8)
    }

    proptest! {
        /// The node is looked at in every pass, as upstream does it, or only when its lease has another form.
        #[test]
        fn prop_nd_009_a_node_left_out_of_passes_catches_up(
            steps in leases(), delay in 0..3_000u64, offset in 0..10_000u64,
        ) {
            let node = node(Some("True"));
            let clock = |now| Clock { start: second(20), now, delay: Duration::from_millis(delay) };
            let (mut plain, mut lazy): (Option<NodeHealth>, Option<NodeHealth>) = (None, None);
            let mut renewal = Renewal::Every {
                since: Time::START + Duration::from_millis(offset),
                period: Duration::from_secs(10),
            };
            let mut pass = second(20);
            // When the news of each change reaches the controller.
            let mut arrives = second(20);
            for (span, renews) in steps {
                arrives += Duration::from_millis(span + delay);
                let mut first = true;
                while pass < arrives {
                    plain = Some(observe(plain, &node, Some(renewal), &clock(pass)));
                    if std::mem::take(&mut first) {
                        if let Some(known) = &mut lazy {
                            known.catch_up(Some(renewal), &clock(pass));
                        }
                        lazy = Some(observe(lazy, &node, Some(renewal), &clock(pass)));
                    }
                    pass += MONITOR_PERIOD;
                }
                if let Some(known) = &mut lazy {
                    known.catch_up(Some(renewal), &clock(arrives));
                }
                prop_assert_eq!(plain, lazy);
                let sent = arrives - Duration::from_millis(delay);
                renewal = match renews {
                    true => Renewal::Every { since: sent, period: Duration::from_secs(10) },
                    false => Renewal::At(renewal.last(sent)),
                };
            }
        }
    }
}
