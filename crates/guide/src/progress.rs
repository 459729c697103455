//! Which parts of the guide's goals the world has shown.

use serde::{Deserialize, Serialize};
use sim::SortedSet;
use stage::JobView;
use view::Board;

use crate::facts::Memory;
use crate::{Goal, Part, ROWS, Story};

/// What was ticked so far: `scenario/step/part`. Saved, and brought back by a reload.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub struct Ticks {
    ticked: SortedSet<String>,
}

fn key(goal: &Goal, part: &Part) -> String {
    format!("{}/{}", goal.id, part.id)
}

impl Ticks {
    /// Whether a part of a goal is ticked.
    pub fn has_part(&self, goal: &Goal, part: &Part) -> bool {
        self.ticked.contains(&key(goal, part))
    }

    /// Whether all parts of a goal are ticked.
    pub fn has(&self, goal: &Goal) -> bool {
        goal.parts.iter().all(|part| self.has_part(goal, part))
    }

    /// How many parts of a goal are ticked.
    pub fn parts(&self, goal: &Goal) -> usize {
        goal.parts.iter().filter(|part| self.has_part(goal, part)).count()
    }

    /// How many steps are ticked.
    pub fn count(&self, story: &Story) -> usize {
        story.steps.iter().filter(|step| self.has(&step.goal)).count()
    }

    /// The first step that is not ticked; `None` when all are.
    pub fn current(&self, story: &Story) -> Option<usize> {
        story.steps.iter().position(|step| !self.has(&step.goal))
    }

    /// The first part of a goal that is not ticked; the first of all when all are, so that it can be played again.
    pub fn next_part(&self, goal: &'static Goal) -> Option<&'static Part> {
        let left = goal.parts.iter().find(|part| !self.has_part(goal, part));
        left.or_else(|| goal.parts.first())
    }
}

/// Watches the world and ticks what it shows.
#[derive(Clone, Debug, Default)]
pub struct Progress {
    ticks: Ticks,
    memory: Memory,
}

impl Progress {
    /// Goes on from ticks that were saved.
    pub fn new(ticks: Ticks) -> Progress {
        Progress { ticks, memory: Memory::default() }
    }

    /// What is ticked so far.
    pub fn ticks(&self) -> &Ticks {
        &self.ticks
    }

    /// Forgets every tick.
    pub fn forget(&mut self) {
        self.ticks = Ticks::default();
    }

    /// Another session begins: what was in the cluster before is no history of it.
    pub fn begin_anew(&mut self) {
        self.memory = Memory::default();
    }

    /// Looks at what there is now, and ticks what is shown for the first time. `is_far`: the board has only some
    /// of the nodes, so only what concerns DaemonSets as a whole is looked at.
    pub fn look(&mut self, story: &Story, board: &Board, console: &[JobView], is_far: bool) {
        let facts = self.memory.look(board, console, is_far);
        if facts.is_empty() {
            return;
        }
        let goals = story.steps.iter().map(|step| &step.goal).chain(ROWS.iter().map(|row| &row.goal));
        for goal in goals {
            for part in goal.parts.iter().filter(|part| facts.contains(&part.check)) {
                if !self.ticks.has_part(goal, part) {
                    self.ticks.ticked.insert(key(goal, part));
                }
            }
        }
    }
}
