//! The picture that is kept by looking at what changed is the one made from nothing.

use std::collections::BTreeSet;
use std::rc::Rc;

use proptest::prelude::*;
use sim::Duration;
use stage::{Command, Options, Script, Stage, Start};
use view::{ApiServerState, Board, Fleet, Gaze, NodeView, Origin, PartState, Place, PodState};

use super::sessions::{any_session, cases, play, run_for, standard};

fn far(near: &[&str]) -> Gaze {
    Gaze { all_up_to: 0, near: near.iter().map(|name| Rc::from(*name)).collect() }
}

fn look(stage: &mut Stage, gaze: &Gaze) -> Rc<Board> {
    let looked = stage.look(gaze, || true);
    assert!(!looked.more);
    stage.near_board().cloned().unwrap()
}

fn same_board(mut kept: Board, fresh: &Board) -> Result<(), TestCaseError> {
    kept.now = fresh.now;
    prop_assert_eq!(&kept, fresh);
    Ok(())
}

fn same_fleet(kept: &Fleet, fresh: &Fleet) -> Result<(), TestCaseError> {
    prop_assert_eq!(&kept.nodes, &fresh.nodes);
    prop_assert_eq!(&kept.counts, &fresh.counts);
    Ok(())
}

/// State, origin and difference of each pod, in any order.
fn facts_of_marks(fleet: &Fleet) -> Vec<Vec<(PodState, Origin, bool)>> {
    let facts = |marks: &[view::PodMark]| {
        let mut facts: Vec<_> =
            marks.iter().map(|mark| (mark.state(), mark.origin(), mark.differs())).collect();
        facts.sort();
        facts
    };
    fleet.nodes.iter().map(|node| facts(&node.pods)).collect()
}

fn facts_of_views(nodes: &[Rc<NodeView>]) -> Vec<Vec<(PodState, Origin, bool)>> {
    let facts = |node: &NodeView| {
        let mut facts: Vec<_> =
            node.pods.iter().map(|pod| (pod.state, pod.origin, pod.difference.is_some())).collect();
        facts.sort();
        facts
    };
    nodes.iter().map(|node| facts(node)).collect()
}

/// Compares after every step of virtual time, however long it is.
fn check(stage: &mut Stage, gaze: &Gaze) -> Result<(), TestCaseError> {
    let kept = look(stage, gaze);
    let fresh = stage.board();
    let shown: Vec<_> = fresh
        .nodes
        .iter()
        .filter(|node| gaze.all_up_to > 0 || gaze.near.contains(&node.name) || &*node.name == "control-plane")
        .cloned()
        .collect();
    same_board((*kept).clone(), &Board { nodes: shown, ..(*fresh).clone() })?;
    let fleet = stage.fresh_fleet();
    same_fleet(stage.fleet(), &fleet)?;
    prop_assert_eq!(facts_of_marks(&fleet), facts_of_views(&fresh.nodes));
    let counted = fleet.nodes.iter().map(|node| node.counts().all_pods()).sum::<u32>();
    prop_assert_eq!(fleet.counts.all_pods(), counted);
    Ok(())
}

proptest! {
    #![proptest_config(ProptestConfig { cases: cases(24), max_shrink_iters: 200, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn prop_a_kept_picture_is_the_fresh_one(acts in any_session()) {
        let mut stage = standard();
        let near = Gaze::default();
        for act in &acts {
            play(&mut stage, act);
            check(&mut stage, &near)?;
            for _ in 0..8 {
                stage.step();
                check(&mut stage, &near)?;
            }
        }
    }

    #[test]
    fn prop_a_kept_far_picture_is_the_fresh_one(acts in any_session(), which in 0..3usize) {
        let mut stage = standard();
        let gazes = [far(&[]), far(&["worker-1"]), far(&["worker-2", "worker-3"])];
        for (at, act) in acts.iter().enumerate() {
            play(&mut stage, act);
            check(&mut stage, &gazes[(which + at) % 3])?;
        }
    }
}

fn exec(stage: &mut Stage, line: &str) {
    stage.perform(Command::Exec { line: line.to_owned(), files: Default::default() });
    run_for(stage, Duration::from_secs(5));
}

#[test]
fn a_node_without_a_computer_comes_and_goes() {
    let mut stage = standard();
    let manifest = "apiVersion: v1\nkind: Node\nmetadata:\n  name: stranger\n  labels: {pool: blue}\n";
    let files = [("n.yaml".to_owned(), manifest.into())].into();
    stage.perform(Command::Exec { line: "kubectl apply -f n.yaml".to_owned(), files });
    run_for(&mut stage, Duration::from_secs(5));
    check(&mut stage, &Gaze::default()).unwrap();
    check(&mut stage, &far(&["stranger"])).unwrap();
    assert_eq!(stage.fleet().nodes.len(), 5);
    assert_eq!(stage.fleet().find("stranger").unwrap().0, 4);
    exec(&mut stage, "kubectl delete node stranger");
    check(&mut stage, &Gaze::default()).unwrap();
    assert_eq!(stage.fleet().nodes.len(), 4);
}

#[test]
fn pods_without_a_node_are_shown_up_to_a_hundred_and_counted_all() {
    let mut stage = standard();
    let pods: Vec<String> = (0..120)
        .map(|n| {
            format!(
                "apiVersion: v1\nkind: Pod\nmetadata: {{name: p{n}}}\nspec:\n  nodeSelector: {{pool: none}}\n  \
                 containers: [{{name: c, image: nginx}}]\n"
            )
        })
        .collect();
    let files = [("p.yaml".to_owned(), pods.join("---\n").as_str().into())].into();
    stage.perform(Command::Exec { line: "kubectl apply -f p.yaml".to_owned(), files });
    run_for(&mut stage, Duration::from_secs(400));
    check(&mut stage, &Gaze::default()).unwrap();
    let board = look(&mut stage, &Gaze::default());
    assert_eq!((board.pending.len(), board.pending_count), (100, 120));
}

#[test]
fn what_did_not_change_is_shared() {
    let mut stage = standard();
    let before = look(&mut stage, &Gaze::default());
    let marks = stage.fleet().clone();
    exec(&mut stage, "kubectl label node worker-2 pool=blue");
    let after = look(&mut stage, &Gaze::default());
    let same: Vec<bool> = before.nodes.iter().zip(&after.nodes).map(|(a, b)| Rc::ptr_eq(a, b)).collect();
    assert_eq!(same, [true, true, false, true]);
    let fleet = stage.fleet();
    let same: Vec<bool> = marks.nodes.iter().zip(&fleet.nodes).map(|(a, b)| Rc::ptr_eq(a, b)).collect();
    assert_eq!(same, [true, true, false, true]);
    assert!(fleet.layout_version > marks.layout_version);
    assert_eq!(fleet.nodes[2].label("pool").map(|value| &**value), Some("blue"));
}

#[test]
fn marks_may_follow_in_several_looks() {
    let mut stage =
        Stage::new(Options { workers: 40, kube_proxy: false, start: Start::Bare, ..Options::default() });
    let gaze = Gaze::default();
    let mut looks = 0;
    while stage.look(&gaze, || false).more {
        looks += 1;
    }
    assert!(looks > 2, "{looks}");
    assert_eq!(stage.fleet().nodes, stage.fresh_fleet().nodes);
    assert_eq!(stage.near_board().unwrap().nodes.len(), 1);
}

#[test]
fn a_session_opened_in_steps_is_the_one_opened_at_once() {
    let script = {
        let mut stage = Stage::new(Options { workers: 2, zones: 2, ..Options::default() });
        exec(&mut stage, "kubectl delete pods --all --wait=false");
        stage.script().clone()
    };
    let whole = Stage::from_script(&script);
    let mut stepped = Stage::open(&script);
    let mut times = BTreeSet::new();
    while stepped.go_on_opening() {
        times.extend(stepped.opening().map(|progress| progress.at));
    }
    assert!(times.len() > 20);
    assert_eq!(stepped.opening(), None);
    assert_eq!(stepped.log_hash(), whole.log_hash());
    assert_eq!(stepped.script(), &script);
    assert_eq!(stepped.fresh_fleet().counts, whole.fresh_fleet().counts);
    let zones: BTreeSet<_> = whole
        .fresh_fleet()
        .nodes
        .iter()
        .filter_map(|node| node.label("topology.kubernetes.io/zone").cloned())
        .collect();
    assert_eq!(zones.len(), 2);
    assert_eq!(Script::parse(&script.to_json()), Ok(script));
}

#[test]
fn flows_count_what_is_under_way() {
    let mut stage = standard();
    assert_eq!(stage.flows(), []);
    let line = "kubectl label nodes --all pool=blue".to_owned();
    stage.perform(Command::Exec { line, files: Default::default() });
    let mut most = 0;
    let mut ways = BTreeSet::new();
    while stage.step() && !stage.is_quiet() {
        let flows = stage.flows();
        most = most.max(flows.len());
        let all: u32 = flows.iter().map(|flow| flow.count).sum();
        let cluster = stage.cluster();
        assert_eq!(all as usize, cluster.message_count() + cluster.watch_events().count());
        ways.extend(flows.into_iter().map(|flow| (flow.from, flow.to)));
    }
    assert!(most <= 8 && ways.contains(&(Place::ApiServer, Place::Kubelets)), "{most} {ways:?}");
}

/// A stopped sandbox stays on the node for a while: what ran in it is down all the same.
#[test]
fn an_api_server_whose_file_is_away_is_down() {
    let mut stage = Stage::new(Options { start: Start::Ready, ..Options::default() });
    let line = "ssh control-plane sudo mv /etc/kubernetes/manifests/kube-apiserver.yaml /tmp";
    exec(&mut stage, line);
    let until = stage.now() + Duration::from_secs(41);
    stage.run_until(until);
    let board = stage.board();
    assert_eq!(board.api_server, ApiServerState::Down);
    let part = board.parts.iter().find(|part| &*part.name == "kube-apiserver").unwrap();
    assert_eq!(part.state, PartState::Down);
}

/// The lease of the process that was killed is still held for a while (CP-011).
#[test]
fn a_controller_manager_that_waits_for_its_lease_is_on_standby() {
    let mut stage = Stage::new(Options { start: Start::Ready, ..Options::default() });
    exec(
        &mut stage,
        "ssh control-plane 'sudo crictl stop --timeout 0 $(sudo crictl ps -q --name kube-controller-manager)'",
    );
    let mut states = Vec::new();
    let until = stage.now() + Duration::from_secs(60);
    while stage.now() < until && stage.step() {
        let board = stage.board();
        let part = board.parts.iter().find(|part| &*part.name == "kube-controller-manager").unwrap();
        if states.last() != Some(&part.state) {
            states.push(part.state);
        }
    }
    let from_standby = [PartState::Standby, PartState::Running];
    assert!(states.ends_with(&from_standby), "{states:?}");
}
