//! A session that shell lines are typed into, as `kubestage run --script` does it.

use std::cell::RefCell;

use sim::SortedMap;
use stage::{Bytes, CLUSTER_LINK_DELAY_MS, Options, Stage, Start};

use super::script;

/// A cluster that has come up, and the files that lie where somebody types.
pub struct Session {
    stage: Stage,
    files: SortedMap<String, Bytes>,
}

impl Session {
    /// A new session of a cluster with so many worker nodes.
    pub fn new(workers: u32) -> Session {
        thread_local! {
            static READY: RefCell<SortedMap<u32, Stage>> = const { RefCell::new(SortedMap::new()) };
        }
        let boot = || {
            Stage::new(Options {
                seed: 1,
                workers,
                start: Start::Ready,
                link_delay_ms: CLUSTER_LINK_DELAY_MS,
                ..Options::default()
            })
        };
        let stage = READY.with_borrow_mut(|ready| ready.entry(workers).or_insert_with(boot).clone());
        Session { stage, files: SortedMap::new() }
    }

    pub fn add_file(&mut self, name: &str, text: &str) {
        self.files.insert(name.to_owned(), text.into());
    }

    /// Plays the commands of a text, and says what the native program would print of them: each command after
    /// `$ `, and what it said.
    pub fn play(&mut self, text: &str) -> String {
        let mut said = String::new();
        for line in script::lines(text) {
            if let Some(span) = script::sleep(&line) {
                script::wait(&mut self.stage, span);
                continue;
            }
            let files = self.files_of(&line);
            let job = script::play(&mut self.stage, script::entered(&line, files));
            let text = job.as_ref().map_or("", |job| &job.text);
            said += &format!("$ {line}\n");
            match text.strip_suffix('\n').unwrap_or(text) {
                "" => {}
                text => said += &format!("{text}\n"),
            }
        }
        said
    }

    /// What one line says; nothing if it is no command.
    pub fn say(&mut self, line: &str) -> Option<String> {
        self.play(line).strip_prefix(&format!("$ {line}\n")).map(str::to_owned)
    }

    /// The files that a line names, alone or as those of the folder.
    fn files_of(&self, line: &str) -> SortedMap<String, Bytes> {
        let (names, _) = script::names(line);
        let is_manifest =
            |name: &str| name.ends_with(".json") || name.ends_with(".yaml") || name.ends_with(".yml");
        let all = names.iter().any(|name| matches!(*name, "." | "./"));
        let mut named = SortedMap::new();
        for name in names {
            if let Some(text) = self.files.get(name.strip_prefix("./").unwrap_or(name)) {
                named.insert(name.to_owned(), text.clone());
            }
        }
        let folder = self.files.iter().filter(|(name, _)| all && is_manifest(name));
        named.extend(folder.map(|(name, text)| (name.clone(), text.clone())));
        named
    }
}
