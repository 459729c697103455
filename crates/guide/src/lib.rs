//! The guide: what a person can see for themselves in each scenario, as steps in order, the comparison of DaemonSets
//! and static pods, and which of it the world has shown.
//!
//! Steps and rows are data: `static/guide/*.yaml`, read and checked while building.

mod errand;
mod facts;
mod premiere;
mod progress;
mod terms;

use sim::SortedMap;
use stage::{Command, DEMO_DAEMONSET, DEMO_STATIC_POD, Options, Start};
use view::{ApiServerState, Board};

pub use errand::Errand;
pub use premiere::Premiere;
pub use progress::{Progress, Ticks};
use terms::{ApiServer, Given};
pub use terms::{Fact, Light};

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
    /// A few words.
    pub title: Text,
    /// What is true of the cluster, in a sentence.
    pub claim: Text,
    /// What to look at while it happens.
    pub watch: Text,
    /// What is to be seen.
    pub goal: Goal,
}

/// A row of the comparison: a question, and its two answers.
#[derive(Debug)]
pub struct Row {
    /// The question.
    pub question: Text,
    /// The answer of a DaemonSet's pod.
    pub daemonset: Text,
    /// Of a static pod.
    pub fixed: Text,
    /// What is to be seen.
    pub goal: Goal,
}

/// What is to be seen of a step or a row: reached when each of its parts was seen once.
#[derive(Debug)]
pub struct Goal {
    /// `scenario/step`, or `compare/row`.
    pub id: &'static str,
    /// Where it can be seen.
    pub light: &'static [Light],
    /// What ticks it, in order.
    pub parts: &'static [Part],
}

impl Goal {
    /// The step's or row's own name.
    pub fn name(&self) -> &'static str {
        self.id.rsplit('/').next().unwrap_or(self.id)
    }
}

impl PartialEq for Goal {
    fn eq(&self, other: &Goal) -> bool {
        self.id == other.id
    }
}

/// A part of a goal: ticked when the world has shown it once.
#[derive(Debug)]
pub struct Part {
    /// Its name in the guide's file and in saved ticks.
    pub id: &'static str,
    /// What to do, or what to wait for.
    pub text: Text,
    /// What the world has to show.
    pub check: Fact,
    needs: Option<ApiServer>,
    given: &'static [Given],
    actions: &'static [Action],
}

/// A text in the page's languages.
#[derive(Debug)]
pub struct Text {
    /// English.
    pub en: &'static str,
    /// Korean.
    pub ko: &'static str,
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
                let files: SortedMap<_, _> =
                    files.iter().map(|(name, text)| ((*name).to_owned(), (*text).into())).collect();
                Command::Exec { line: (*line).to_owned(), files }
            }
            Action::Write { node, path, text } => Command::WriteFile {
                node: (*node).to_owned(),
                path: (*path).to_owned(),
                text: (*text).into(),
            },
            Action::Join { node } => {
                Command::AddMachine { node: (*node).to_owned(), labels: SortedMap::default() }
            }
        }
    }
}

/// What is to be done next for a part.
#[derive(Clone, Debug, PartialEq)]
pub enum Next {
    /// These commands, so that the part's own make sense afterwards.
    Prepare(Vec<Command>),
    /// The part's own commands.
    Do(Vec<Command>),
    /// The API server is starting or stopping, or it all comes about by itself: time must pass.
    Wait,
}

impl Given {
    /// What brings it back; `None` if it is there and runs.
    fn next(self, board: &Board) -> Option<Next> {
        match self {
            Given::Agent => match board.daemonsets.iter().find(|ds| &*ds.id == "default/agent") {
                Some(ds) if ds.desired > 0 && ds.ready == ds.desired => None,
                Some(_) => Some(Next::Wait),
                None => wish(ApiServer::Up, board).or_else(|| {
                    let files = SortedMap::from([("agent.yaml".to_owned(), DEMO_DAEMONSET.into())]);
                    let line = "kubectl apply -f agent.yaml".to_owned();
                    Some(Next::Prepare(vec![Command::Exec { line, files }]))
                }),
            },
            Given::Web => {
                let mut pods = board.nodes.iter().flat_map(|node| &node.pods);
                match pods.find(|pod| &*pod.id == "default/web-worker-1") {
                    Some(pod) if facts::running(pod) => None,
                    Some(_) => Some(Next::Wait),
                    None => Some(Next::Prepare(vec![Command::WriteFile {
                        node: "worker-1".to_owned(),
                        path: "/etc/kubernetes/manifests/web.yaml".to_owned(),
                        text: DEMO_STATIC_POD.into(),
                    }])),
                }
            }
        }
    }
}

/// What makes the API server be as it should; `None` if it is so.
fn wish(wanted: ApiServer, board: &Board) -> Option<Next> {
    match (wanted, board.api_server) {
        (ApiServer::Up, ApiServerState::Up) | (ApiServer::Down, ApiServerState::Down) => None,
        (_, ApiServerState::Starting | ApiServerState::Stopping) => Some(Next::Wait),
        (wanted, _) => Some(Next::Prepare(vec![Command::SetApiServer { up: wanted == ApiServer::Up }])),
    }
}

impl Part {
    /// What brings it about in the world as it is now, one thing after the other.
    pub fn next(&self, board: &Board) -> Next {
        if let Some(next) = self.given.iter().find_map(|given| given.next(board)) {
            return next;
        }
        if let Some(next) = self.needs.and_then(|needs| wish(needs, board)) {
            return next;
        }
        match self.actions {
            [] => Next::Wait,
            actions => Next::Do(actions.iter().map(Action::command).collect()),
        }
    }

    /// Whether nothing is left to be done for it but to let time pass.
    fn is_set(&self, board: &Board) -> bool {
        self.actions.is_empty()
            && self.given.iter().all(|given| given.next(board).is_none())
            && self.needs.is_none_or(|needs| wish(needs, board).is_none())
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
