//! How far a program has got for good.

use std::any::Any;
use std::rc::Rc;

use super::{Failure, WatchSpec};
use sim::Time;

/// A place in a run: how much of everything the program had taken by then.
#[derive(Clone, Copy, Debug)]
pub(super) struct Cursor {
    pub(crate) replies: usize,
    pub(crate) notices: usize,
    pub(crate) watches: u32,
    pub(crate) written: usize,
    pub(crate) diagnosed: usize,
    pub(crate) now: Time,
}

/// What a finished step came to. Clones of a job share it.
#[derive(Clone)]
pub(super) enum Kept {
    Value(Rc<dyn Any>),
    Failed(Failure),
    /// The state of a loop that goes on.
    State(Rc<dyn Any>),
}

/// A step that need not be done over: where the program stood after it, and what it came to.
#[derive(Clone)]
pub(super) struct Mark {
    /// How many steps it stands inside of.
    pub(crate) depth: u32,
    pub(crate) cursor: Cursor,
    pub(crate) kept: Kept,
}

/// A watch in a program's hands.
#[derive(Clone, Debug)]
pub struct Watching {
    pub(super) spec: WatchSpec,
}
