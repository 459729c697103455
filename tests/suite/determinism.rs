//! The same seed and the same commands give the same session, byte for byte, however it is cut and replayed.

use proptest::prelude::*;
use sim::Duration;
use stage::{Command, Options, Script, Stage, Start};

use super::sessions::{self, Act, any_session, cases, play, run_for, standard};

/// Everything there is to see of a session.
fn state(stage: &mut Stage) -> String {
    let board = format!("{:#?}", stage.board());
    let files: Vec<String> = sessions::NODES.iter().map(|node| format!("{:?}", stage.files(node))).collect();
    let console: Vec<String> = stage.jobs_after(0).iter().map(|job| job.text.to_string()).collect();
    format!("{:?}\n{}\n{board}\n{files:?}\n{console:?}", stage.now(), stage.log_hash())
}

fn apply(stage: &mut Stage, text: &str) {
    let files = [("x.yaml".to_owned(), text.into())].into();
    stage.perform(Command::Exec { line: "kubectl apply -f x.yaml".to_owned(), files });
}

#[test]
fn the_same_seed_and_commands_give_the_same_log() {
    let session = |seed| {
        let mut stage = Stage::new(Options { seed, ..Options::default() });
        apply(&mut stage, "apiVersion: v1\nkind: Namespace\nmetadata:\n  name: a\n");
        run_for(&mut stage, Duration::from_secs(60));
        stage
    };
    let (mut one, mut two) = (session(7), session(7));
    assert!(one.log().lines().count() > 100, "{}", one.log());
    assert_eq!(one.log(), two.log());
    assert_eq!(state(&mut one), state(&mut two));
    assert_ne!(one.log_hash(), session(8).log_hash(), "another seed gives other names");
}

#[test]
fn a_session_in_text_form_plays_the_same() {
    let mut stage = Stage::new(Options { start: Start::Demo, ..Options::default() });
    let not_utf8: &[u8] = b"apiVersion: v1\nkind: Pod # \xff\n";
    let path = "/etc/kubernetes/manifests/x.yaml".to_owned();
    stage.perform(Command::WriteFile { node: "worker-2".to_owned(), path, text: not_utf8.into() });
    run_for(&mut stage, Duration::from_millis(1_234));
    stage.perform(Command::SetApiServer { up: false });
    run_for(&mut stage, Duration::from_secs(40));
    let script = Script::parse(&stage.script().to_json()).expect("a session is readable");
    assert_eq!(state(&mut Stage::from_script(&script)), state(&mut stage));
}

#[test]
fn slices_of_any_size_come_to_the_same() {
    let mut whole = Stage::new(Options { start: Start::Bare, ..Options::default() });
    let mut sliced = whole.clone();
    let until = whole.started() + Duration::from_secs(200);
    whole.run_until(until);
    let mut size = 1;
    while !sliced.run_slice(until, size) {
        size = size % 17 + 1;
    }
    assert_eq!(state(&mut whole), state(&mut sliced));
}

/// Commands that come while things of the same instant are still due.
#[test]
fn a_command_in_the_middle_of_an_instant_replays_the_same() {
    let mut stage = Stage::new(Options { start: Start::Ready, ..Options::default() });
    for n in 0..40 {
        for _ in 0..n {
            stage.step();
        }
        let line = format!("kubectl create namespace n{n}");
        stage.perform(Command::Exec { line, files: Default::default() });
    }
    run_for(&mut stage, Duration::from_secs(30));
    assert_eq!(state(&mut Stage::from_script(stage.script())), state(&mut stage));
}

/// Plays the rest of a session's script on a cluster that has just come up.
fn replay(script: &Script) -> Stage {
    let mut stage = standard();
    let begin = stage.started();
    for entry in &script.entries {
        stage.run_until(begin + Duration::from_micros(entry.at));
        stage.perform(entry.command.clone());
    }
    stage.run_until(begin + Duration::from_micros(script.until));
    stage
}

fn check_cut(acts: &[Act], cut: usize) -> Result<(), TestCaseError> {
    let mut stage = standard();
    let at = cut % (acts.len() + 1);
    for act in &acts[..at] {
        play(&mut stage, act);
    }
    let mut again = replay(stage.script());
    prop_assert_eq!(state(&mut again), state(&mut stage));
    // From there both go on alike.
    for act in &acts[at..] {
        play(&mut stage, act);
        play(&mut again, act);
    }
    prop_assert_eq!(again.log_hash(), stage.log_hash());
    prop_assert_eq!(state(&mut again), state(&mut stage));
    Ok(())
}

proptest! {
    #![proptest_config(ProptestConfig { cases: cases(200), failure_persistence: None, ..Default::default() })]

    #[test]
    fn prop_a_run_cut_anywhere_and_replayed_reaches_the_same_state(
        acts in any_session(), cut in any::<usize>(),
    ) {
        check_cut(&acts, cut)?;
    }
}
