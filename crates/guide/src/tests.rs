//! Each step's commands are run on a stage: the step is ticked by them, and not before.

use sim::Duration;
use stage::{Options, Stage, Start};

use super::*;

/// How long a part may take, in virtual time.
const LIMIT: Duration = Duration::from_secs(400);
/// The page looks at least as often.
const LOOK_EVERY: Duration = Duration::from_millis(200);

struct Visit {
    stage: Stage,
    progress: Progress,
    story: &'static Story,
    is_far: bool,
}

impl Visit {
    fn begin(scenario: &str) -> Visit {
        let options = |start, workers| Options { start, workers, ..Options::default() };
        let (options, is_far) = match scenario {
            "ready" => (options(Start::Ready, 3), false),
            "bare" => (options(Start::Bare, 3), false),
            // Few nodes, looked at as many are.
            "fleet" => (options(Start::Ready, 8), true),
            _ => (options(Start::Demo, 3), false),
        };
        let story = story(&options, is_far);
        assert_eq!(story.scenario, scenario);
        let mut visit = Visit { stage: Stage::new(options), progress: Progress::default(), story, is_far };
        visit.look();
        visit
    }

    fn look(&mut self) {
        let board = self.stage.board();
        self.progress.look(self.story, &board, &self.stage.jobs_after(0), self.is_far);
    }

    /// Does for a part what "do it for me" does, and lets time pass until it is ticked.
    fn play(&mut self, goal: &'static Goal, part: &'static Part) {
        let end = self.stage.now() + LIMIT;
        let mut errand = Errand::new(part);
        while self.stage.now() < end && !(errand.is_done() && self.has(goal, part)) {
            for command in errand.next(&self.stage.board()) {
                self.stage.perform(command);
            }
            self.stage.run_until(self.stage.now() + LOOK_EVERY);
            self.look();
        }
    }

    fn has(&self, goal: &Goal, part: &Part) -> bool {
        self.progress.ticks().has_part(goal, part)
    }

    /// Plays goals one after the other on one stage.
    fn play_in_order(&mut self, goals: &[&'static Goal]) {
        for goal in goals {
            for part in goal.parts {
                let name = format!("{}/{}", goal.id, part.id);
                // What comes about by itself may have come about during the part before it.
                if part.has_commands() {
                    assert!(!self.has(goal, part), "{name} is ticked before its commands");
                }
                self.play(goal, part);
                assert!(self.has(goal, part), "{name} is not ticked by its commands");
            }
            assert!(self.progress.ticks().has(goal));
        }
    }
}

fn goals(story: &'static Story) -> Vec<&'static Goal> {
    story.steps.iter().map(|step| &step.goal).collect()
}

fn rows() -> Vec<&'static Goal> {
    ROWS.iter().map(|row| &row.goal).collect()
}

/// Plays a whole story in order on one stage.
fn play_all(scenario: &str) {
    let mut visit = Visit::begin(scenario);
    let story = visit.story;
    visit.play_in_order(&goals(story));
    let ticks = visit.progress.ticks();
    assert_eq!(ticks.count(story), story.steps.len());
    assert_eq!(ticks.current(story), None);
}

#[test]
fn each_step_of_the_seven_claims_is_ticked_by_its_commands_and_not_before() {
    play_all("demo");
}

#[test]
fn each_step_of_the_empty_cluster_is_ticked_by_its_commands_and_not_before() {
    play_all("ready");
}

#[test]
fn each_step_of_the_boot_is_ticked_by_its_commands_and_not_before() {
    play_all("bare");
}

#[test]
fn each_step_of_many_nodes_is_ticked_by_its_commands_and_not_before() {
    play_all("fleet");
}

#[test]
fn each_row_of_the_comparison_is_ticked_by_its_commands_and_not_before() {
    Visit::begin("demo").play_in_order(&rows());
}

#[test]
fn each_claim_and_each_row_can_be_played_first() {
    for goal in goals(story(&Options::default(), false)).into_iter().chain(rows()) {
        Visit::begin("demo").play_in_order(&[goal]);
    }
}

#[test]
fn the_claims_can_be_played_again_when_their_pods_are_gone() {
    let mut visit = Visit::begin("demo");
    let story = visit.story;
    visit.play_in_order(&goals(story));
    visit.progress.forget();
    // A node joins and a path is changed once only.
    let again = ["through-api", "names", "come-back"];
    let goals: Vec<_> = goals(story).into_iter().filter(|goal| again.contains(&goal.name())).collect();
    visit.play_in_order(&goals);
}

#[test]
fn nothing_is_ticked_by_time_alone() {
    for scenario in ["demo", "ready"] {
        let mut visit = Visit::begin(scenario);
        for _ in 0..60 {
            visit.stage.run_until(visit.stage.now() + Duration::from_secs(2));
            visit.look();
        }
        assert_eq!(*visit.progress.ticks(), Ticks::default(), "in {scenario}");
    }
}

/// A visitor who stops the API server at once meets the first static pod half-way: it has its mirror, and its container
/// starts later. The claim needs another pod then, or its second part could never be seen.
#[test]
fn a_pod_that_is_mirrored_already_shows_nothing_of_a_start_without_the_api_server() {
    let mut visit = Visit::begin("demo");
    let path = "/etc/kubernetes/manifests/late.yaml".to_owned();
    let text = stage::DEMO_STATIC_POD.replace("name: web", "name: late").into();
    visit.stage.perform(Command::WriteFile { node: "worker-3".to_owned(), path, text });
    let late = |visit: &mut Visit| {
        let board = visit.stage.board();
        let mut pods = board.nodes.iter().flat_map(|node| node.pods.clone());
        pods.find(|pod| &*pod.name == "late-worker-3")
    };
    let end = visit.stage.now() + LIMIT;
    while !late(&mut visit).is_some_and(|pod| pod.is_mirror) && visit.stage.now() < end {
        visit.stage.run_until(visit.stage.now() + Duration::from_millis(10));
    }
    assert!(late(&mut visit).is_some_and(|pod| pod.is_mirror && !facts::running(&pod)));
    visit.look();
    visit.stage.perform(Command::SetApiServer { up: false });
    for _ in 0..150 {
        visit.stage.run_until(visit.stage.now() + LOOK_EVERY);
        visit.look();
    }
    assert!(
        late(&mut visit).is_some_and(|pod| facts::running(&pod)),
        "it started while the API server was down"
    );
    let goal = goals(visit.story)[1];
    assert!(!visit.has(goal, &goal.parts[0]));
    visit.play_in_order(&[goal]);
}

#[test]
fn the_boot_begins_with_nothing_ticked() {
    let visit = Visit::begin("bare");
    assert_eq!(*visit.progress.ticks(), Ticks::default());
}

#[test]
fn ticks_stay_in_another_session_until_they_are_forgotten() {
    let mut visit = Visit::begin("ready");
    let goal = &visit.story.steps[0].goal;
    visit.play_in_order(&[goal]);
    visit.progress.begin_anew();
    assert!(visit.progress.ticks().has(goal));
    visit.progress.forget();
    assert!(!visit.progress.ticks().has(goal));
}
