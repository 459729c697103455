//! Which parts of the guide's steps the world has shown.

use std::collections::BTreeSet;

use serde::{Deserialize, Serialize};
use stage::JobView;
use view::Board;

use crate::facts::Memory;
use crate::{Part, Step, Story};

/// What was ticked so far: `scenario/step/part`. Saved, and brought back by a reload.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub struct Ticks {
    ticked: BTreeSet<String>,
}

fn key(story: &Story, step: &Step, part: &Part) -> String {
    format!("{}/{}/{}", story.scenario, step.id, part.id)
}

impl Ticks {
    /// Whether a part of a step is ticked.
    pub fn has_part(&self, story: &Story, step: &Step, part: &Part) -> bool {
        self.ticked.contains(&key(story, step, part))
    }

    /// Whether all parts of a step are ticked.
    pub fn has(&self, story: &Story, step: &Step) -> bool {
        step.parts.iter().all(|part| self.has_part(story, step, part))
    }

    /// How many parts of a step are ticked.
    pub fn parts(&self, story: &Story, step: &Step) -> usize {
        step.parts.iter().filter(|part| self.has_part(story, step, part)).count()
    }

    /// How many steps are ticked.
    pub fn count(&self, story: &Story) -> usize {
        story.steps.iter().filter(|step| self.has(story, step)).count()
    }

    /// The first step that is not ticked; `None` when all are.
    pub fn current(&self, story: &Story) -> Option<usize> {
        story.steps.iter().position(|step| !self.has(story, step))
    }

    /// The first part of a step that is not ticked; the first of all when all are, so that it can be played again.
    pub fn next_part<'a>(&self, story: &Story, step: &'a Step) -> Option<&'a Part> {
        let left = step.parts.iter().find(|part| !self.has_part(story, step, part));
        left.or_else(|| step.parts.first())
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
        for step in story.steps {
            for part in step.parts.iter().filter(|part| facts.contains(&part.check)) {
                if !self.ticks.has_part(story, step, part) {
                    self.ticks.ticked.insert(key(story, step, part));
                }
            }
        }
    }
}
