//! What a shell runs, as functions that can be handed over.

use super::shell::{Request, Shell};
use super::{Completion, Machines, Names};

/// The shell's language and every program that is started in it, kubectl and crictl among them.
///
/// A shell itself is data. What acts on it is reached through these functions alone, so that a page can fetch the
/// code behind them after the simulation has begun; until then a shell waits.
#[derive(Clone, Copy, Debug)]
pub struct Programs {
    advance: fn(&mut Shell, &mut dyn Machines) -> Vec<Request>,
    interrupt: fn(&mut Shell, &mut dyn Machines),
    is_incomplete: fn(&Shell, &str) -> bool,
    complete: fn(&Shell, &str, &dyn Machines, Names<'_>) -> Completion,
}

impl Programs {
    /// All that there are.
    pub fn all() -> Programs {
        Programs {
            advance: Shell::advance,
            interrupt: Shell::interrupt,
            is_incomplete: Shell::is_incomplete,
            complete: |shell, text, world, names| shell.complete(text, world, names),
        }
    }

    /// Runs whatever can run now; what is asked of the world.
    pub fn advance(self, shell: &mut Shell, world: &mut dyn Machines) -> Vec<Request> {
        (self.advance)(shell, world)
    }

    /// Ends everything in the foreground, as Ctrl-C does. A terminal is at its prompt again.
    pub fn interrupt(self, shell: &mut Shell, world: &mut dyn Machines) {
        (self.interrupt)(shell, world);
    }

    /// Whether a text needs more lines before it can be entered: an open quote, loop or here-document.
    pub fn is_incomplete(self, shell: &Shell, text: &str) -> bool {
        (self.is_incomplete)(shell, text)
    }

    /// What may stand for the last word of `text`, which ends at the cursor.
    pub fn complete(self, shell: &Shell, text: &str, world: &dyn Machines, names: Names<'_>) -> Completion {
        (self.complete)(shell, text, world, names)
    }
}
