//! The guide: what a person can see for themselves in each scenario, as steps in order, and which of them the
//! world has shown.
//!
//! The steps are data: `static/guide/*.yaml`, read and checked while building.

mod facts;
mod progress;

use std::collections::BTreeMap;

use stage::{Command, Options, Start};
use view::{ApiServerState, Board};

pub use facts::Fact;
pub use progress::{Progress, Ticks};

include!(concat!(env!("OUT_DIR"), "/stories.rs"));

/// The guide of one scenario.
#[derive(Debug)]
pub struct Story {
    /// `demo`, `ready`, `bare` or `fleet`.
    pub scenario: &'static str,
    /// The steps, in the order in which they are told.
    pub steps: &'static [Step],
}

/// Something that a person can see for themselves.
#[derive(Debug)]
pub struct Step {
    /// Its name in the guide's file and in saved ticks.
    pub id: &'static str,
    /// A few words.
    pub title: Text,
    /// What is true of the cluster, in a sentence.
    pub claim: Text,
    /// What to look at while it happens.
    pub watch: Text,
    /// Where it can be seen.
    pub light: &'static [Light],
    /// What ticks it, in order.
    pub parts: &'static [Part],
}

/// A part of a step: ticked when the world has shown it once.
#[derive(Debug)]
pub struct Part {
    /// Its name in the guide's file and in saved ticks.
    pub id: &'static str,
    /// What to do, or what to wait for.
    pub text: Text,
    /// What the world has to show.
    pub check: Fact,
    needs: Option<ApiServer>,
    actions: &'static [Action],
}

/// A text in both languages of the page.
#[derive(Debug)]
pub struct Text {
    /// English.
    pub en: &'static str,
    /// Korean.
    pub ko: &'static str,
}

/// What can be lit up on the page.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Light {
    /// The API server and etcd.
    ApiServer,
    /// The whole control plane.
    ControlPlane,
    /// The pods of DaemonSets.
    DaemonPods,
    /// Static pods and their mirrors.
    StaticPods,
    /// The kubelets of the nodes.
    Kubelets,
    /// The files on the nodes' disks.
    Files,
    /// The editor of the DaemonSet.
    DaemonSet,
    /// The nodes.
    Nodes,
}

impl Light {
    /// One of the words of `data-lit`.
    pub fn id(self) -> &'static str {
        match self {
            Light::ApiServer => "api-server",
            Light::ControlPlane => "control-plane",
            Light::DaemonPods => "daemon-pods",
            Light::StaticPods => "static-pods",
            Light::Kubelets => "kubelets",
            Light::Files => "files",
            Light::DaemonSet => "daemonset",
            Light::Nodes => "nodes",
        }
    }
}

/// What the API server must be before a part's commands make sense.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum ApiServer {
    Up,
    Down,
}

#[derive(Debug)]
enum Action {
    Run { line: &'static str, files: &'static [(&'static str, &'static str)] },
    Write { node: &'static str, path: &'static str, text: &'static str },
    Join { node: &'static str },
}

impl Action {
    fn command(&self) -> Command {
        match self {
            Action::Run { line, files } => {
                let files: BTreeMap<_, _> =
                    files.iter().map(|(name, text)| ((*name).to_owned(), (*text).into())).collect();
                Command::Exec { line: (*line).to_owned(), files }
            }
            Action::Write { node, path, text } => Command::WriteFile {
                node: (*node).to_owned(),
                path: (*path).to_owned(),
                text: (*text).into(),
            },
            Action::Join { node } => {
                Command::AddMachine { node: (*node).to_owned(), labels: BTreeMap::default() }
            }
        }
    }
}

/// What is to be done next for a part.
#[derive(Clone, Debug, PartialEq)]
pub enum Next {
    /// These commands, now.
    Do(Vec<Command>),
    /// The API server is starting or stopping, or it all comes about by itself: time must pass.
    Wait,
}

impl Part {
    /// The commands that bring it about in the world as it is now. Where the API server must first be started
    /// or stopped it is that; what follows comes once that is done.
    pub fn next(&self, board: &Board) -> Next {
        let set = |up| Next::Do(vec![Command::SetApiServer { up }]);
        match (self.needs, board.api_server) {
            (Some(ApiServer::Down), ApiServerState::Up) => set(false),
            (Some(ApiServer::Up), ApiServerState::Down) => set(true),
            (Some(ApiServer::Down), ApiServerState::Starting | ApiServerState::Stopping)
            | (Some(ApiServer::Up), ApiServerState::Starting | ApiServerState::Stopping) => Next::Wait,
            _ if self.actions.is_empty() => Next::Wait,
            _ => Next::Do(self.actions.iter().map(Action::command).collect()),
        }
    }

    /// Whether it comes about by commands, rather than by itself.
    pub fn has_commands(&self) -> bool {
        self.needs.is_some() || !self.actions.is_empty()
    }
}

/// The guide of a session that began so. `is_far`: it has too many nodes for all to be shown in full.
pub fn story(options: &Options, is_far: bool) -> &'static Story {
    let scenario = match options.start {
        _ if is_far => "fleet",
        Start::Demo => "demo",
        Start::Ready => "ready",
        Start::Bare => "bare",
    };
    let found = STORIES.iter().find(|story| story.scenario == scenario);
    found.unwrap_or(&STORIES[0])
}

#[cfg(test)]
mod reader_tests;
#[cfg(test)]
mod tests;
