//! The stage with the page's clock: what plays, how fast, and what has changed since it was last drawn.

use std::cell::RefCell;
use std::rc::Rc;

use kubestage::sim::{Duration, Time};
use kubestage::stage::{Command, Options, Script};
use kubestage::view::Board;

use super::fake::{JobId, JobView, Stage};
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
        let console = Rc::new(stage.jobs().to_vec());
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

    pub fn perform(&mut self, command: Command) -> JobId {
        self.stage.perform(command)
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

    /// Looks at the stage anew; true if there is something else to draw.
    pub fn refresh(&mut self) -> bool {
        let board = self.stage.board();
        let changed = !Rc::ptr_eq(&board, &self.board);
        self.board = board;
        let jobs = self.stage.jobs();
        if *jobs != **self.console {
            self.console = Rc::new(jobs.to_vec());
            return true;
        }
        changed
    }
}
