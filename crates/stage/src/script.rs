//! A session as data: what it began with, and every action with its time. Replay, share links, reports and
//! time travel all come from it.

use std::fmt;

use serde::{Deserialize, Serialize};

use super::command::Command;
use sim::{Duration, Time};
use wire::Settings;

/// The version of the format; readers of every earlier one are kept.
pub(crate) const SCRIPT_VERSION: u32 = 1;

/// What a session begins with.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, Default)]
#[serde(rename_all = "camelCase")]
pub enum Start {
    /// Computers that are switched on at T+0: the boot can be watched.
    Bare,
    /// The cluster is up and calm.
    Ready,
    /// As `Ready`, with a DaemonSet applied and a static pod's file on worker-1.
    #[default]
    Demo,
}

/// The settings of a session.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct Options {
    /// What all chance comes from.
    pub seed: u64,
    /// How many workers there are at the beginning.
    pub workers: u32,
    /// How many zones the workers are spread over, by label; none if 0.
    #[serde(skip_serializing_if = "is_zero")]
    pub zones: u32,
    /// What is there at the beginning.
    pub start: Start,
    /// Of `Demo`: the cluster is up, and it is the first commands that set the scene.
    #[serde(skip_serializing_if = "is_false")]
    pub watched: bool,
    /// Whether kubeadm installs its add-ons: kube-proxy, and CoreDNS, which would wait in vain for the API server's
    /// Service without it.
    pub kube_proxy: bool,
    /// One way between any part and the API server, in milliseconds: 1 to 10,000. A page that shows messages
    /// needs them to be slower than they are ([`CLUSTER_LINK_DELAY_MS`]).
    pub link_delay_ms: u64,
}

/// One way in a small cluster with all of its machines side by side, in milliseconds. The recorded cluster's kubectl
/// has its answers after some 20.
pub const CLUSTER_LINK_DELAY_MS: u64 = 10;

/// More workers than the largest cluster Kubernetes supports are not taken.
pub const WORKERS_MAX: u32 = 5_000;

pub(crate) const ZONES_MAX: u32 = 26;

fn is_zero(number: &u32) -> bool {
    *number == 0
}

fn is_false(value: &bool) -> bool {
    !value
}

impl Default for Options {
    fn default() -> Self {
        Options {
            seed: 1,
            workers: 3,
            zones: 0,
            start: Start::Demo,
            watched: false,
            kube_proxy: true,
            link_delay_ms: 200,
        }
    }
}

impl Options {
    /// The same with every number within its bounds.
    pub(crate) fn bounded(self) -> Options {
        let workers = self.workers.min(WORKERS_MAX);
        let zones = self.zones.min(ZONES_MAX);
        Options { workers, zones, link_delay_ms: self.link_delay_ms.clamp(1, 10_000), ..self }
    }

    pub(crate) fn settings(&self) -> Settings {
        Settings { link_delay: Duration::from_millis(self.link_delay_ms), ..Settings::default() }
    }
}

/// One action and when it was done, in microseconds since the session began.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct TimedCommand {
    /// Microseconds since the session began.
    pub at: u64,
    /// What was done.
    pub command: Command,
}

/// A whole session.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Script {
    pub(crate) version: u32,
    /// What the session began with.
    pub options: Options,
    /// The commands, in the order in which they were done.
    pub entries: Vec<TimedCommand>,
    /// How far the session had run.
    #[serde(default)]
    pub until: u64,
}

/// Why a text is no session that can be played. Prints as a sentence.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum ScriptError {
    /// It is no JSON of a session: the reader's words.
    NoSession(String),
    /// It has this version of the format, which is not the present one.
    Version(u32),
    /// Some command comes before one that stands above it.
    OutOfOrder,
}

impl fmt::Display for ScriptError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            ScriptError::NoSession(why) => write!(f, "This is no session: {why}"),
            ScriptError::Version(version) => {
                write!(f, "This session has format {version}, and this page reads {SCRIPT_VERSION}")
            }
            ScriptError::OutOfOrder => f.write_str("The actions of this session are not in order of time"),
        }
    }
}

impl Script {
    /// A session in which nothing was done yet.
    pub fn new(options: Options) -> Script {
        Script { version: SCRIPT_VERSION, options, entries: Vec::new(), until: 0 }
    }

    /// Reads a script that [`Script::to_json`] wrote.
    pub fn parse(text: &str) -> Result<Script, ScriptError> {
        let script: Script =
            serde_json::from_str(text).map_err(|error| ScriptError::NoSession(error.to_string()))?;
        if script.version != SCRIPT_VERSION {
            return Err(ScriptError::Version(script.version));
        }
        let ordered = script.entries.windows(2).all(|pair| pair[0].at <= pair[1].at);
        if ordered { Ok(script) } else { Err(ScriptError::OutOfOrder) }
    }

    /// The script as JSON, in one line; [`Script::parse`] reads it.
    pub fn to_json(&self) -> String {
        serde_json::to_string(self).unwrap_or_default()
    }

    pub(crate) fn push(&mut self, started: Time, now: Time, command: Command) {
        self.entries.push(TimedCommand { at: now.since(started).as_micros(), command });
        self.until = self.until.max(now.since(started).as_micros());
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_session_survives_the_way_to_text_and_back() {
        let mut script = Script::new(Options { seed: 7, ..Options::default() });
        let command = Command::WriteFile { node: "worker-1".into(), path: "/a".into(), text: "ü\0".into() };
        script.push(Time::START, Time::START + Duration::from_secs(3), command);
        assert_eq!(Script::parse(&script.to_json()), Ok(script));
    }

    #[test]
    fn what_is_no_session_is_refused_in_a_sentence() {
        let why = |text| Script::parse(text).unwrap_err().to_string();
        assert!(why("{").starts_with("This is no session: "));
        let later = r#"{"version": 99, "options": {}, "entries": []}"#;
        assert_eq!(why(later), "This session has format 99, and this page reads 1");
        let backwards = r#"{"version": 1, "options": {}, "entries": [
            {"at": 5, "command": {"do": "setApiServer", "up": true}},
            {"at": 4, "command": {"do": "setApiServer", "up": false}}]}"#;
        assert_eq!(why(backwards), "The actions of this session are not in order of time");
    }
}
