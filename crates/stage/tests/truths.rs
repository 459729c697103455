//! What a pod looks like while the API server cannot know how it is.

use stage::{Command, Options, Stage};
use view::{Difference, OnNode, PodState, PodView};

const FILE: &str = "/etc/kubernetes/manifests/kube-apiserver.yaml";

fn api_server(stage: &mut Stage) -> Vec<PodView> {
    let board = stage.board();
    let pods = board.nodes[0].pods.iter().filter(|pod| &*pod.name == "kube-apiserver-control-plane");
    pods.map(|pod| (**pod).clone()).collect()
}

/// The mirror still says Running; on the node nothing but a back-off goes on.
#[test]
fn a_bad_flag_shows_as_a_crash_loop_beside_a_mirror_that_says_running() {
    let mut stage = Stage::new(Options::default());
    stage.run_until_quiet(sim::Duration::from_secs(300));
    let text = stage.file_text("control-plane", FILE).expect("the manifest is there");
    let text = text.replace("--etcd-servers", "--etcd-server-z");
    let node = "control-plane".to_owned();
    stage.perform(Command::WriteFile { node, path: FILE.to_owned(), text: (&*text).into() });
    stage.run_until(stage.now() + sim::Duration::from_secs(120));
    let pods = api_server(&mut stage);
    let [pod] = &pods[..] else { panic!("one chip, not {pods:#?}") };
    assert_eq!((pod.state, pod.difference), (PodState::CrashLoopBackOff, Some(Difference::StatusDiffers)));
    assert_eq!(
        (pod.api_status.as_deref(), pod.node_status.map(OnNode::text)),
        (Some("Running"), Some("CrashLoopBackOff"))
    );
    assert!(
        pod.containers.iter().all(|container| !container.running && &*container.state == "CrashLoopBackOff")
    );
    assert!(stage.board().api_silent_since.is_some_and(|since| since < stage.now()));
    // The marks of the map agree.
    let marks = &stage.fresh_fleet().nodes[0].pods;
    assert_eq!(marks.iter().filter(|mark| mark.state() == PodState::CrashLoopBackOff).count(), 1);
}
