//! The stage with the page's clock: what plays, how fast, and what has changed since it was last drawn.

use std::cell::RefCell;
use std::rc::Rc;

use kubestage::sim::{Duration, Time};
use kubestage::stage::{Command, JobView, Options, Script, Stage};
use kubestage::view::{Board, NodeView};

use super::speed::Speed;

/// Steps between two looks at the wall clock.
const STEPS_AT_ONCE: u32 = 64;

pub struct Session {
    pub stage: Stage,
    pub playing: bool,
    pub speed: Speed,
    /// Where virtual time should be by now; the stage may be behind.
    target: Time,
    board: Rc<Board>,
    console: Rc<Vec<JobView>>,
}

pub type SharedSession = Rc<RefCell<Session>>;

impl Session {
    pub fn new(options: Options) -> Session {
        Session::around(Stage::new(options))
    }

    pub fn from_script(script: &Script) -> Session {
        Session::around(Stage::from_script(script))
    }

    fn around(mut stage: Stage) -> Session {
        let (target, board) = (stage.now(), stage.board());
        let console = Rc::new(stage.jobs_after(0));
        Session { stage, playing: true, speed: Speed::REAL, target, board, console }
    }

    pub fn board(&self) -> Rc<Board> {
        self.board.clone()
    }

    pub fn console(&self) -> Rc<Vec<JobView>> {
        self.console.clone()
    }

    /// Since the session began, in microseconds.
    pub fn elapsed(&self) -> u64 {
        self.stage.now().since(self.stage.started()).as_micros()
    }

    /// Does it now; the number of its job.
    pub fn perform(&mut self, command: Command) -> u32 {
        self.stage.perform(command).0
    }

    pub fn job(&self, id: u32) -> Option<&JobView> {
        self.console.iter().find(|job| job.id == id)
    }

    /// Lets `wall_ms` pass at the session's speed. `left` says whether there is time for more work in this
    /// frame; when there is none, virtual time falls behind and the page stays quick.
    pub fn advance(&mut self, wall_ms: f64, left: impl Fn() -> bool) {
        if !self.playing {
            return;
        }
        let micros = (wall_ms * self.speed.factor() * 1000.0).max(0.0) as u64;
        self.target = self.target.max(self.stage.now()) + Duration::from_micros(micros);
        while !self.stage.run_slice(self.target, STEPS_AT_ONCE) {
            if !left() {
                self.target = self.stage.now();
                return;
            }
        }
    }

    /// Lets virtual time pass at once.
    pub fn skip(&mut self, span: Duration) {
        let until = self.stage.now() + span;
        self.stage.run_until(until);
        self.target = until;
    }

    pub fn step(&mut self, count: u32) {
        self.playing = false;
        for _ in 0..count {
            if !self.stage.step() {
                break;
            }
        }
        self.target = self.stage.now();
    }

    pub fn until_quiet(&mut self, limit: Duration) -> bool {
        let quiet = self.stage.run_until_quiet(limit);
        self.target = self.stage.now();
        quiet
    }

    /// Lets virtual time pass at once until a job has ended, `limit` at most; its text, that of a job which
    /// has not ended too.
    pub fn finish_job(&mut self, id: u32, limit: Duration) -> String {
        let end = self.stage.now() + limit;
        loop {
            self.refresh_console();
            let job = self.job(id);
            let running = job.is_some_and(|job| job.exit_code.is_none());
            if !running || self.stage.now() >= end || !self.stage.step() {
                break;
            }
        }
        self.target = self.stage.now();
        self.refresh();
        self.job(id).map_or_else(String::new, |job| job.text.to_string())
    }

    /// Looks at the stage anew; true if there is something else to draw.
    pub fn refresh(&mut self) -> bool {
        let changed = self.refresh_board();
        self.refresh_console() || changed
    }

    fn refresh_board(&mut self) -> bool {
        let fresh = self.stage.board();
        if same_but_time(&fresh, &self.board) {
            return false;
        }
        self.board = Rc::new(keep_unchanged(&fresh, &self.board));
        true
    }

    /// Only what still ran when last looked at, and what is new, can be different.
    fn refresh_console(&mut self) -> bool {
        let settled = self.console.iter().take_while(|job| job.exit_code.is_some()).count();
        let after = settled.checked_sub(1).map_or(0, |last| self.console[last].id);
        let fresh = self.stage.jobs_after(after);
        if self.console[settled..] == fresh[..] {
            return false;
        }
        let kept = self.console[..settled].iter().cloned();
        self.console = Rc::new(kept.chain(fresh).collect());
        true
    }
}

fn same_but_time(a: &Board, b: &Board) -> bool {
    a.api_server == b.api_server
        && a.quiet == b.quiet
        && a.parts == b.parts
        && a.pending == b.pending
        && a.daemonsets == b.daemonsets
        && a.nodes == b.nodes
}

/// The fresh board, with the old one's nodes where they are equal: what is the same is not drawn
/// again.
fn keep_unchanged(fresh: &Board, old: &Board) -> Board {
    let keep = |(at, node): (usize, &Rc<NodeView>)| match old.nodes.get(at).filter(|old| old == &node) {
        Some(old) => old.clone(),
        None => node.clone(),
    };
    Board { nodes: fresh.nodes.iter().enumerate().map(keep).collect(), ..fresh.clone() }
}
