//! The stage with the page's clock: what plays, how fast, and what has changed since it was last drawn.

use std::cell::RefCell;
use std::rc::Rc;

use sim::{Duration, Time};
use stage::{Command, JobView, Options, Programs, Progress, Script, Stage};
use view::{Board, Fleet, Gaze, Looked};
use yew::Callback;

use super::state::Playback;
use super::{descriptions, memory};

/// Steps between two looks at the wall clock: few, as one of them may take a millisecond.
const STEPS_AT_ONCE: u32 = 8;

/// How often a look that has no clock goes on before it leaves the rest to the next frame.
const LOOKS_AT_ONCE: u32 = 40;

/// The next change is looked for no further ahead.
const LOOK_AHEAD: Duration = Duration::from_secs(60);
const STEPS_MOST: u32 = 20_000;
/// More messages are told apart by their number only.
const FLIGHTS_SEEN: usize = 400;

pub struct Session {
    pub stage: Stage,
    pub playback: Playback,
    /// What is shown in full.
    pub gaze: Gaze,
    /// Where virtual time should be; the stage may be behind.
    target: Time,
    board: Rc<Board>,
    fleet: Rc<Fleet>,
    console: Rc<Vec<JobView>>,
    /// A script is played only when the descriptions that it prints are there: it must go as it went before.
    waits: bool,
}

pub type SharedSession = Rc<RefCell<Session>>;

impl Session {
    /// At once at its beginning.
    pub fn new(options: Options, programs: Programs) -> Session {
        Session::from_script(&Script::new(options), programs)
    }

    /// At once at the script's end.
    pub fn from_script(script: &Script, programs: Programs) -> Session {
        let mut session = Session::open(script, Some(programs));
        session.waits = false;
        session.open_slice(|| true);
        session
    }

    /// Still to be opened, slice by slice. Without programs its shells wait for them ([`Session::install`]).
    pub fn open(script: &Script, programs: Option<Programs>) -> Session {
        let mut stage = Stage::open_without_programs(script);
        programs.into_iter().for_each(|programs| stage.install(programs));
        let gaze = Gaze::default();
        stage.look(&gaze, || true);
        let board = stage.near_board().cloned().unwrap_or_else(|| stage.board());
        let (target, fleet) = (stage.now(), stage.fleet().clone());
        let (console, waits) = (Rc::default(), descriptions::are_wanted_by_script(script));
        if waits {
            descriptions::load(Callback::noop());
        }
        Session { stage, playback: Playback::default(), gaze, target, board, fleet, console, waits }
    }

    /// Gives the shells what they run.
    pub fn install(&mut self, programs: Programs) {
        self.stage.install(programs);
    }

    /// Whether it is open, and a command can be entered.
    pub fn is_ready(&self) -> bool {
        self.opening().is_none() && self.stage.programs().is_some()
    }

    pub fn opening(&self) -> Option<Progress> {
        self.stage.opening()
    }

    /// Goes on opening while there is time; whether it is open.
    pub fn open_slice(&mut self, left: impl Fn() -> bool) -> bool {
        if self.waits && !descriptions::are_settled() {
            return false;
        }
        while left() {
            memory::keep_ahead();
            for _ in 0..STEPS_AT_ONCE {
                if !self.stage.go_on_opening() {
                    self.settle();
                    return self.opening().is_none();
                }
            }
        }
        false
    }

    fn settle(&mut self) {
        self.target = self.stage.now();
        self.refresh();
    }

    /// The near nodes in full.
    pub fn board(&self) -> Rc<Board> {
        self.board.clone()
    }

    /// All nodes from afar.
    pub fn fleet(&self) -> Rc<Fleet> {
        self.fleet.clone()
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
        if !self.playback.playing {
            return;
        }
        if self.playback.auto {
            let wall = Duration::from_micros((wall_ms * 1000.0).max(0.0) as u64);
            self.stage.run_adapting(wall, || {
                memory::keep_ahead();
                left()
            });
            self.target = self.stage.now();
            return;
        }
        let micros = (wall_ms * self.playback.speed.factor() * 1000.0).max(0.0) as u64;
        self.target = self.target.max(self.stage.now()) + Duration::from_micros(micros);
        if !self.run(self.target, left) {
            self.target = self.stage.now();
        }
    }

    /// How fast time passes, or would if it did not stand still.
    pub fn factor(&self) -> f64 {
        match self.playback.auto {
            true => self.stage.pace() as f64 / 1000.0,
            false => self.playback.speed.factor(),
        }
    }

    /// Runs towards `until` while there is time; whether it got there.
    fn run(&mut self, until: Time, left: impl Fn() -> bool) -> bool {
        loop {
            memory::keep_ahead();
            if self.stage.run_slice(until, STEPS_AT_ONCE) {
                return true;
            }
            if !left() {
                return false;
            }
        }
    }

    /// Lets virtual time pass at once.
    pub fn skip(&mut self, span: Duration) {
        self.stage.finish_opening();
        self.target = self.stage.now() + span;
        self.run(self.target, || true);
    }

    /// Goes to the next so many changes that can be seen, and stands still; whether there was one.
    pub fn step(&mut self, count: u32) -> bool {
        self.playback.playing = false;
        let changed = (0..count).filter(|_| self.next_change()).count();
        self.target = self.stage.now();
        changed > 0
    }

    /// Lets time pass up to the next instant at which the picture is another one: the board, a mark, the
    /// console, or what is under way.
    fn next_change(&mut self) -> bool {
        // What is due now is no change to come.
        self.stage.run_until(self.stage.now());
        self.look(|| true);
        let (under_way, until) = (self.under_way(), self.stage.now() + LOOK_AHEAD);
        for _ in 0..STEPS_MOST {
            if !self.stage.step() || self.stage.now() > until {
                return false;
            }
            // What is due at the same instant belongs to it.
            self.stage.run_until(self.stage.now());
            let looked = self.look(|| true);
            if self.refresh_console() || looked.board || looked.fleet || self.under_way() != under_way {
                self.fleet = self.stage.fleet().clone();
                return true;
            }
        }
        false
    }

    /// What is drawn as being under way.
    fn under_way(&self) -> (usize, Vec<u64>) {
        let count = self.stage.messages_under_way();
        let few = count <= FLIGHTS_SEEN;
        (count, if few { self.stage.flights().iter().map(|flight| flight.id).collect() } else { Vec::new() })
    }

    pub fn until_quiet(&mut self, limit: Duration) -> bool {
        self.stage.finish_opening();
        let end = self.stage.now() + limit;
        while self.stage.step_towards_quiet(end) {
            memory::keep_ahead();
        }
        self.target = self.stage.now();
        self.stage.is_quiet()
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

    /// Too many nodes for all to be shown in full.
    pub fn is_far(&self) -> bool {
        self.stage.fleet().nodes.len() > self.gaze.all_up_to
    }

    /// Looks at the stage again for what components show. Marks of far nodes may follow in the next frames.
    pub fn refresh(&mut self) {
        let mut looks = 0;
        self.look(|| {
            looks += 1;
            looks < LOOKS_AT_ONCE
        });
        self.refresh_console();
        self.fleet = self.stage.fleet().clone();
    }

    /// Looks at what changed on the stage, as far as there is time.
    pub fn look(&mut self, left: impl FnMut() -> bool) -> Looked {
        let looked = self.stage.look(&self.gaze, left);
        if let Some(board) = self.stage.near_board() {
            self.board = board.clone();
        }
        looked
    }

    /// Only what still ran when last looked at, and what is new, can be different.
    pub fn refresh_console(&mut self) -> bool {
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
