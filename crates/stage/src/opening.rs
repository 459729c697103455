//! How a session comes to where it begins: the computers, the boot, the first scene, a script's actions. In
//! small steps, so that a page can stay awake meanwhile.

use std::collections::VecDeque;

use super::{Command, DEMO_DAEMONSET, DEMO_STATIC_POD, Options, Script, Stage, Start};
use crate::script::TimedCommand;
use cluster::boot::standard_machines;
use cluster::machine::MachineSpec;
use kubeadm::MANIFESTS;
use sim::{Duration, SortedMap, Time};

/// A cluster counts as up after this: by then every static pod has been synced again, and those that came
/// before the API server have their mirror pods (KL-036).
const BOOT_TIME: Duration = Duration::from_secs(120);

/// How long a boot may take before it counts as stuck.
const BOOT_LIMIT: Duration = Duration::from_secs(600);

/// The label that spreads a large cluster's workers over zones.
const ZONE: &str = "topology.kubernetes.io/zone";

/// What comes next.
#[derive(Clone, Debug)]
enum Phase {
    /// The computers that are still to be put up.
    Machines(VecDeque<MachineSpec>),
    /// Let time pass until then.
    Boot(Time),
    /// Let time pass until nothing is under way, until then at the latest.
    Calm(Time),
    Scene,
    SceneCalm(Time),
    /// The script's actions.
    Commands,
    End,
}

#[derive(Clone, Debug)]
pub(super) struct Opening {
    phase: Phase,
    entries: VecDeque<TimedCommand>,
    until: u64,
    /// Whether actions of a script are played, rather than only its beginning.
    replays: bool,
}

/// How far a session's opening is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Progress {
    /// Whether a script is being replayed.
    pub replays: bool,
    /// Virtual microseconds since the session began, and at which it will be at its end, as far as known.
    pub at: u64,
    /// How many steps there are in all.
    pub of: u64,
}

fn machines(options: &Options) -> VecDeque<MachineSpec> {
    let mut specs = standard_machines(options.workers);
    if options.zones > 0 {
        let workers = specs.iter_mut().filter(|spec| !spec.control_plane);
        for (at, spec) in workers.enumerate() {
            let zone = char::from(b'a' + (at as u32 % options.zones) as u8);
            spec.labels.insert(ZONE.into(), format!("zone-{zone}").as_str().into());
        }
    }
    specs.into()
}

impl Opening {
    pub(super) fn new(options: &Options, script: &Script) -> Opening {
        Opening {
            phase: Phase::Machines(machines(options)),
            entries: script.entries.iter().cloned().collect(),
            until: script.until,
            replays: !script.entries.is_empty() || script.until > 0,
        }
    }

    pub(super) fn progress(&self, stage: &Stage) -> Progress {
        let at = stage.now().since(stage.started()).as_micros();
        let begins = match stage.script.options.start {
            Start::Bare => 0,
            Start::Ready | Start::Demo => BOOT_TIME.as_micros(),
        };
        Progress { replays: self.replays, at, of: self.until.max(begins).max(at) }
    }

    /// Whether the next step enters a command.
    pub(super) fn needs_programs(&self) -> bool {
        match self.phase {
            Phase::Scene => true,
            Phase::Commands => self.entries.iter().any(|entry| entry.command.needs_programs()),
            _ => false,
        }
    }

    /// One step further; `None` at the end.
    pub(super) fn step(mut self, stage: &mut Stage) -> Option<Opening> {
        self.phase = match self.phase {
            Phase::Machines(mut specs) => {
                if let Some(spec) = specs.pop_front() {
                    stage.cluster.add_machine(spec);
                }
                match (specs.is_empty(), stage.script.options.start) {
                    (false, _) => Phase::Machines(specs),
                    (true, start) => {
                        stage.cluster.boot();
                        match start {
                            Start::Bare => Phase::Commands,
                            Start::Ready | Start::Demo => Phase::Boot(stage.started() + BOOT_TIME),
                        }
                    }
                }
            }
            Phase::Boot(until) => match stage.run_slice(until, 1) {
                false => Phase::Boot(until),
                true => Phase::Calm(stage.now() + BOOT_LIMIT),
            },
            Phase::Calm(end) => match (stage.step_towards_quiet(end), stage.script.options.start) {
                (true, _) => Phase::Calm(end),
                (false, Start::Demo) if !stage.script.options.watched => Phase::Scene,
                (false, _) => Phase::Commands,
            },
            Phase::Scene => {
                set_demo_scene(stage);
                Phase::SceneCalm(stage.now() + BOOT_LIMIT)
            }
            Phase::SceneCalm(end) => match stage.step_towards_quiet(end) {
                true => Phase::SceneCalm(end),
                false => Phase::Commands,
            },
            Phase::Commands if !self.replays => Phase::End,
            Phase::Commands => self.next_command(stage),
            Phase::End => return None,
        };
        Some(self)
    }

    fn next_command(&mut self, stage: &mut Stage) -> Phase {
        let begin = stage.started();
        let at = self.entries.front().map_or(self.until, |entry| entry.at);
        if !stage.run_slice(begin + Duration::from_micros(at), 1) {
            return Phase::Commands;
        }
        match self.entries.pop_front() {
            Some(entry) => {
                stage.perform(entry.command);
                Phase::Commands
            }
            None => Phase::End,
        }
    }
}

/// What a first visit finds: a DaemonSet that is already applied, and a static pod on worker-1.
fn set_demo_scene(stage: &mut Stage) {
    let files = SortedMap::from([("agent.yaml".to_owned(), DEMO_DAEMONSET.into())]);
    stage.carry_out(Command::Exec { line: "kubectl apply -f agent.yaml".to_owned(), files });
    let path = format!("{MANIFESTS}/web.yaml");
    let node = "worker-1".to_owned();
    stage.carry_out(Command::WriteFile { node, path, text: DEMO_STATIC_POD.into() });
}
