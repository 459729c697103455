//! Time that adapts: slow while something is under way that can be seen, quick while all waits.
//!
//! Quick time never passes by what comes next: the speed is chosen anew at each instant at which something happens.

use sim::{Duration, Time};
use view::hops;

use super::Stage;

/// Thousandths of real time, by what goes on.
const SEEN: u64 = 350;
/// A short wait, as for an image or a container's end, is to be noticed.
const SHORT_WAIT: u64 = 1_000;
const LONG_WAIT: u64 = 20_000;
/// With many nodes single messages cannot be seen, and something is always under way.
const MANY: u64 = 1_000;
/// From one thing to the next; a longer one is a long wait.
const SHORT: Duration = Duration::from_secs(2);
/// More nodes than this are many.
const FEW_NODES: usize = 30;
/// Steps between two looks at the clock.
const STEPS_AT_ONCE: u32 = 8;

/// The speed, in thousandths of real time. `wait` is the time from the last thing that happened to the next one that
/// will; `None` if nothing ever will.
fn pace(is_many: bool, is_seen: bool, wait: Option<Duration>) -> u64 {
    match wait {
        _ if is_many => MANY,
        _ if is_seen => SEEN,
        Some(wait) if wait <= SHORT => SHORT_WAIT,
        _ => LONG_WAIT,
    }
}

impl Stage {
    /// How fast time passes now if it adapts, in thousandths of real time.
    pub fn pace(&self) -> u64 {
        let is_many = self.cluster.present_machines().nth(FEW_NODES).is_some();
        let wait = self.cluster.next_time().map(|next| next.since(self.moved));
        pace(is_many, !is_many && hops::is_anything_seen(&self.cluster), wait)
    }

    /// Lets `wall` of real time pass, at the speed that fits what goes on, as far as there is time for the work
    /// (`left`).
    pub fn run_adapting(&mut self, wall: Duration, left: impl Fn() -> bool) {
        let mut rest = wall.as_micros();
        loop {
            let (pace, now) = (self.pace(), self.now());
            let reach = now + Duration::from_micros(rest.saturating_mul(pace) / 1_000);
            let next = self.cluster.next_time().filter(|next| *next <= reach);
            let Some(next) = next else {
                self.run_until(reach);
                return;
            };
            rest = rest.saturating_sub(next.since(now).as_micros() * 1_000 / pace);
            if !self.run_instant(next, &left) {
                return;
            }
        }
    }

    /// Handles all that is due at an instant; whether there was time for it.
    fn run_instant(&mut self, at: Time, left: impl Fn() -> bool) -> bool {
        self.moved = at;
        while !self.run_slice(at, STEPS_AT_ONCE) {
            if !left() {
                return false;
            }
        }
        left()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{Command, Options, Start};

    const FRAME: Duration = Duration::from_millis(16);

    fn stage(start: Start, workers: u32) -> Stage {
        Stage::new(Options { start, workers, ..Options::default() })
    }

    fn run(stage: &mut Stage, line: &str) {
        stage.perform(Command::Exec { line: line.to_owned(), files: Default::default() });
    }

    /// How much real time it takes until something is so; a minute at most.
    fn frames_until(stage: &mut Stage, done: impl Fn(&mut Stage) -> bool) -> u64 {
        let mut frames = 0;
        while frames < 4_000 && !done(stage) {
            stage.run_adapting(FRAME, || true);
            frames += 1;
        }
        frames * FRAME.as_micros() / 1_000
    }

    fn agent_on_worker_1(stage: &mut Stage) -> Option<String> {
        agent_after(stage, 0)
    }

    /// The agent's pod on worker-1 if it runs and is said to have been started again so often at least.
    fn agent_after(stage: &mut Stage, restarts: u32) -> Option<String> {
        let board = stage.board();
        let node = board.nodes.iter().find(|node| &*node.name == "worker-1")?;
        let running = |pod: &&std::rc::Rc<view::PodView>| {
            pod.name.starts_with("agent-")
                && &*pod.status == "Running"
                && &*pod.ready == "1/1"
                && pod.restarts >= restarts
        };
        node.pods.iter().find(running).map(|pod| pod.name.to_string())
    }

    #[test]
    fn the_speed_follows_from_what_goes_on() {
        let secs = |secs| Some(Duration::from_secs(secs));
        assert_eq!(pace(false, true, secs(0)), SEEN);
        assert_eq!([2, 3].map(|wait| pace(false, false, secs(wait))), [SHORT_WAIT, LONG_WAIT]);
        assert_eq!(pace(false, false, None), LONG_WAIT);
        assert_eq!([true, false].map(|seen| pace(true, seen, None)), [MANY, MANY]);
    }

    #[test]
    fn a_calm_cluster_passes_quickly_and_a_command_slows_it_at_once() {
        let mut stage = stage(Start::Demo, 3);
        assert_eq!(stage.pace(), LONG_WAIT);
        let before = stage.now();
        stage.run_adapting(Duration::from_secs(1), || true);
        assert!(stage.now().since(before) > Duration::from_secs(5));
        let name = agent_on_worker_1(&mut stage).unwrap();
        run(&mut stage, &format!("kubectl delete pod {name}"));
        // kubectl takes a moment to start.
        stage.run_until(stage.now() + Duration::from_millis(50));
        assert_eq!(stage.pace(), SEEN);
        // A hop takes so long that the eye can follow it.
        let at = stage.now();
        stage.run_adapting(Duration::from_millis(400), || true);
        assert!(stage.now().since(at) <= Duration::from_millis(200));
        let other = |stage: &mut Stage| agent_on_worker_1(stage).is_some_and(|now| now != name);
        let took = frames_until(&mut stage, other);
        assert!((5_000..30_000).contains(&took), "{took} ms");
        let calm = |stage: &mut Stage| stage.pace() == LONG_WAIT;
        assert!(frames_until(&mut stage, calm) < 10_000);
    }

    #[test]
    fn a_back_off_of_forty_seconds_passes_in_a_few() {
        let mut stage = stage(Start::Demo, 3);
        let crash = |stage: &mut Stage| {
            let name = agent_on_worker_1(stage).unwrap();
            stage.perform(Command::CrashContainer {
                node: "worker-1".to_owned(),
                namespace: "default".to_owned(),
                pod: name,
                container: "agent".to_owned(),
                exit_code: 1,
            });
        };
        // The first is followed by none, the second by 10 s, and so on: 20, 40.
        for restarts in 1..4 {
            crash(&mut stage);
            frames_until(&mut stage, |stage| agent_after(stage, restarts).is_some());
        }
        crash(&mut stage);
        let at = stage.now();
        let took = frames_until(&mut stage, |stage| agent_after(stage, 4).is_some());
        let passed = stage.now().since(at);
        assert!(passed > Duration::from_secs(35), "{passed:?}");
        assert!(took < 12_000, "{passed:?} took {took} ms");
    }

    #[test]
    fn what_is_played_so_is_what_is_played_at_once() {
        let mut slow = stage(Start::Demo, 2);
        let mut quick = slow.clone();
        for stage in [&mut slow, &mut quick] {
            run(stage, "kubectl delete pod --all");
        }
        let end = slow.now() + Duration::from_secs(60);
        while slow.now() < end {
            slow.run_adapting(FRAME, || true);
        }
        quick.run_until(slow.now());
        assert_eq!(slow.log_hash(), quick.log_hash());
    }

    #[test]
    fn many_nodes_are_not_slowed() {
        assert_eq!(stage(Start::Ready, 40).pace(), MANY);
    }
}
