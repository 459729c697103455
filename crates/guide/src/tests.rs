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

    /// Lets time pass until a part is ticked, `limit` at most; whether it is.
    fn pass(&mut self, step: &Step, part: &Part, limit: Duration) -> bool {
        let end = self.stage.now() + limit;
        while self.stage.now() < end && !self.has(step, part) {
            self.stage.run_until(self.stage.now() + LOOK_EVERY);
            self.look();
        }
        self.has(step, part)
    }

    fn has(&self, step: &Step, part: &Part) -> bool {
        self.progress.ticks().has_part(self.story, step, part)
    }

    /// Does for a part what "do it for me" does, as often as needed.
    fn play(&mut self, step: &Step, part: &Part) {
        let end = self.stage.now() + LIMIT;
        while self.stage.now() < end && !self.has(step, part) {
            match part.next(&self.stage.board()) {
                Next::Do(commands) => {
                    let does_it = !matches!(commands[..], [Command::SetApiServer { .. }]);
                    for command in commands {
                        self.stage.perform(command);
                    }
                    let limit = if does_it { LIMIT } else { Duration::from_secs(2) };
                    self.pass(step, part, limit);
                }
                Next::Wait => {
                    self.pass(step, part, Duration::from_secs(1));
                }
            }
        }
    }
}

/// Plays a whole story in order on one stage.
fn play_all(scenario: &str) {
    let mut visit = Visit::begin(scenario);
    for step in visit.story.steps {
        for part in step.parts {
            let name = format!("{scenario}/{}/{}", step.id, part.id);
            // What comes about by itself may have come about during the part before it.
            if part.has_commands() {
                assert!(!visit.has(step, part), "{name} is ticked before its commands");
            }
            visit.play(step, part);
            assert!(visit.has(step, part), "{name} is not ticked by its commands");
        }
    }
    let ticks = visit.progress.ticks();
    assert_eq!(ticks.count(visit.story), visit.story.steps.len());
    assert_eq!(ticks.current(visit.story), None);
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
fn each_claim_can_be_played_first() {
    for step in story(&Options::default(), false).steps {
        let mut visit = Visit::begin("demo");
        for part in step.parts {
            visit.play(step, part);
            assert!(visit.has(step, part), "{}/{} needs another step before it", step.id, part.id);
        }
    }
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

#[test]
fn the_boot_begins_with_nothing_ticked() {
    let visit = Visit::begin("bare");
    assert_eq!(*visit.progress.ticks(), Ticks::default());
}

#[test]
fn ticks_stay_in_another_session_until_they_are_forgotten() {
    let mut visit = Visit::begin("ready");
    let (step, part) = (&visit.story.steps[0], &visit.story.steps[0].parts[0]);
    visit.play(step, part);
    visit.progress.begin_anew();
    assert!(visit.has(step, part));
    visit.progress.forget();
    assert!(!visit.has(step, part));
}
