//! The one door: actions in, state out, time forward.

mod adapting;
mod ahead;
pub(crate) mod bytes;
pub(crate) mod command;
mod drift;
mod export;
mod known;
mod lag;
mod opening;
pub mod script;

use std::rc::Rc;

use api::object::{Key, Kind};
use cluster::{Addons, Cluster};
pub use codec::edit::add_toleration;
use console::{EditRequest, Prompt, Shell};
use sim::{Duration, SortedMap, Time};
use view::filter::{Filter, Filtered};
use view::picture::Picture;
use view::{
    Board, EventView, FileView, Fleet, Flight, Flow, Foreseen, Gaze, Hop, Looked, MessageView, Tick,
    TrailHop, Without,
};
pub use wire::JobId;
use yaml::Diagnostic;

pub use bytes::Bytes;
pub use command::{Command, EditOutcome};
pub use console::{Completion, Programs, quoted};
pub use drift::{Difference, Drift, Drifted, with_cluster_values};
pub use lag::{Cause as LagCause, Lag};
use opening::Opening;
pub use opening::Progress;
pub use script::{CLUSTER_LINK_DELAY_MS, Options, Script, ScriptError, Start};
use sim::order::SortShared;

/// "Quiet" looks this far ahead: nothing is under way and nothing happens within it. Longer than the
/// kubelet's longest wait for a static pod's turn (10 s and up to half of it, KL-024).
const QUIET_AHEAD: Duration = Duration::from_secs(16);

/// A command of the console as the page shows it.
#[derive(Clone, Debug, PartialEq)]
pub struct JobView {
    /// Its number.
    pub id: u32,
    /// The line as it was typed, or that would have done the same.
    pub line: Rc<str>,
    /// What stood before the line in its terminal; empty if it was not entered in one.
    pub prompt: Rc<str>,
    /// When it began.
    pub started: Time,
    /// What was printed so far.
    pub text: Rc<str>,
    /// `None` while it runs.
    pub exit_code: Option<i32>,
    /// Whether a request of it found no API server to talk to.
    pub was_refused: bool,
    /// Whether a `kubectl apply` of it ended with an error, though an API server listened.
    pub apply_failed: bool,
}

/// A session: the cluster, and the script that made it what it is.
#[derive(Clone, Debug)]
pub struct Stage {
    cluster: Cluster,
    script: Script,
    picture: Picture,
    /// What is left to do until the session is where it begins.
    opening: Option<Opening>,
    /// When something happened last, as far as time adapts.
    moved: Time,
}

impl Stage {
    /// A session that is opened in full at once.
    pub fn new(options: Options) -> Stage {
        Stage::from_script(&Script::new(options))
    }

    /// Plays a script to its end.
    pub fn from_script(script: &Script) -> Stage {
        let mut stage = Stage::open(script);
        stage.finish_opening();
        stage
    }

    /// A session that is still to be brought to its beginning, or to a script's end: [`Stage::go_on_opening`].
    pub fn open(script: &Script) -> Stage {
        let mut stage = Stage::open_without_programs(script);
        stage.install(Programs::all());
        stage
    }

    /// The same before its shells have anything to run: [`Stage::install`]. What needs no shell goes on; the opening
    /// waits where a command is entered, and [`Stage::perform`] must not be given one.
    pub fn open_without_programs(script: &Script) -> Stage {
        let options = script.options.clone().bounded();
        let addons = Addons { coredns: options.kube_proxy, kube_proxy: options.kube_proxy };
        let cluster = Cluster::new(options.seed, options.settings(), Vec::new(), addons);
        Stage {
            cluster,
            opening: Some(Opening::new(&options, script)),
            script: Script::new(options),
            picture: Picture::default(),
            moved: Time::START,
        }
    }

    /// Gives the shells what they run.
    pub fn install(&mut self, programs: Programs) {
        self.cluster.install(programs);
    }

    /// What the shells run, once it is there.
    pub fn programs(&self) -> Option<Programs> {
        self.cluster.programs()
    }

    /// Whether the opening can only go on after [`Stage::install`].
    pub fn waits_for_programs(&self) -> bool {
        self.programs().is_none() && self.opening.as_ref().is_some_and(Opening::needs_programs)
    }

    /// Takes one small step of the opening; false when there is none left, or none without programs.
    pub fn go_on_opening(&mut self) -> bool {
        if self.waits_for_programs() {
            return false;
        }
        let Some(opening) = self.opening.take() else { return false };
        self.opening = opening.step(self);
        self.opening.is_some()
    }

    /// Does at once what is left of the opening.
    pub fn finish_opening(&mut self) {
        while self.go_on_opening() {}
    }

    /// How far the opening is; `None` once the session has begun.
    pub fn opening(&self) -> Option<Progress> {
        self.opening.as_ref().map(|opening| opening.progress(self))
    }

    // ---- time ----

    /// The present.
    pub fn now(&self) -> Time {
        self.cluster.now()
    }

    /// When the session began.
    pub fn started(&self) -> Time {
        self.cluster.started()
    }

    /// Handles the next thing that is due; false when nothing ever is.
    pub fn step(&mut self) -> bool {
        let Some(next) = self.cluster.next_time() else { return false };
        let stepped = self.cluster.step_until(next);
        self.note_time();
        stepped
    }

    /// Lets virtual time pass up to `until`.
    pub fn run_until(&mut self, until: Time) {
        self.cluster.run_until(until);
        self.note_time();
    }

    /// Runs towards `until`, at most `max_steps` steps; whether it got there.
    pub fn run_slice(&mut self, until: Time, max_steps: u32) -> bool {
        for _ in 0..max_steps {
            if !self.cluster.step_until(until) {
                self.cluster.advance_clock(until);
                self.note_time();
                return true;
            }
        }
        self.note_time();
        false
    }

    /// Runs until nothing is under way, at most for `limit`; whether it is quiet then.
    pub fn run_until_quiet(&mut self, limit: Duration) -> bool {
        let end = self.now() + limit;
        while self.step_towards_quiet(end) {}
        self.is_quiet()
    }

    /// Handles one thing that is due by `end`; false when nothing is under way, or `end` is reached.
    pub fn step_towards_quiet(&mut self, end: Time) -> bool {
        let next = self.cluster.next_time().unwrap_or(end);
        let goes_on = !self.is_quiet() && next <= end;
        if goes_on {
            self.cluster.step_until(next);
        } else if !self.is_quiet() {
            self.cluster.advance_clock(end);
        }
        self.note_time();
        goes_on
    }

    /// Nothing is under way, and nothing happens within the next seconds.
    pub fn is_quiet(&self) -> bool {
        self.cluster.is_quiet(QUIET_AHEAD)
    }

    fn note_time(&mut self) {
        let at = self.now().since(self.started()).as_micros();
        self.script.until = self.script.until.max(at);
    }

    /// How many things have been handled so far: what guards and benches count.
    pub fn steps(&self) -> u64 {
        self.cluster.steps()
    }

    /// Gives up one more piece of a session that is over; false when what is left is small.
    pub fn take_apart(&mut self) -> bool {
        self.cluster.take_apart()
    }

    // ---- actions ----

    /// Does an action now. Its output, and what it brings about, come as virtual time passes.
    ///
    /// What is due at this instant comes first, as it does when the session is replayed.
    pub fn perform(&mut self, command: Command) -> JobId {
        self.finish_opening();
        let (started, now) = (self.started(), self.now());
        self.cluster.run_until(now);
        self.moved = now;
        self.script.push(started, now, command.clone());
        self.carry_out(command)
    }

    fn carry_out(&mut self, command: Command) -> JobId {
        let line = command.shell_line();
        let done = match command {
            Command::Exec { line, files } => return self.cluster.run_line(&line, &bytes_of(files)),
            Command::Enter { terminal, line, columns, files } => {
                return self.cluster.enter_line(terminal, &line, columns, &bytes_of(files));
            }
            Command::EndInput { terminal } => return self.cluster.end_input(terminal),
            Command::Interrupt { job } => {
                self.cluster.interrupt_job(JobId(job));
                return JobId(job);
            }
            Command::Edited { job, outcome } => {
                self.cluster.finish_editing(JobId(job), outcome.into());
                return JobId(job);
            }
            Command::WriteFile { node, path, text } => self.cluster.write_file(&node, &path, text.as_bytes()),
            Command::RemoveFile { node, path } => self.cluster.remove_file(&node, &path),
            Command::MoveFile { node, from, to } => self.cluster.move_file(&node, &from, &to),
            Command::CopyFile { node, from, to } => self.cluster.copy_file(&node, &from, &to),
            Command::StopKubelet { node } => self.cluster.stop_kubelet(&node),
            Command::StartKubelet { node } => self.cluster.start_kubelet(&node),
            Command::RestartKubelet { node } => self.cluster.restart_kubelet(&node),
            Command::CrashContainer { node, namespace, pod, container, exit_code } => {
                self.cluster.crash_container(&node, &namespace, &pod, &container, exit_code)
            }
            Command::PowerOff { node } => self.cluster.power_off(&node),
            Command::PowerOn { node } => self.cluster.power_on(&node),
            Command::CutNetwork { node } => self.cluster.set_link(&node, false),
            Command::RestoreNetwork { node } => self.cluster.set_link(&node, true),
            Command::AddMachine { node, labels } => {
                let labels: Vec<(String, String)> = labels.into_iter().collect();
                self.cluster.join_machine(&node, &labels)
            }
            Command::RemoveMachine { node } => self.cluster.remove_machine(&node),
            Command::SetApiServer { up } => self.cluster.set_api_server(up),
        };
        self.cluster.note_action(&line, done)
    }

    /// The session as a script: its options, and every command with its time.
    pub fn script(&self) -> &Script {
        &self.script
    }

    // ---- what there is to see ----

    /// The cluster, to be looked at.
    pub fn cluster(&self) -> &Cluster {
        &self.cluster
    }

    /// The whole board. With many nodes this costs a walk over all of them: see [`Stage::look`].
    pub fn board(&mut self) -> Rc<Board> {
        Rc::new(view::build::board(&self.cluster))
    }

    /// Brings the picture up to date with what changed. `left` says whether there is time for more; near
    /// nodes are always up to date afterwards.
    pub fn look(&mut self, gaze: &Gaze, left: impl FnMut() -> bool) -> Looked {
        self.picture.look(&mut self.cluster, gaze, left)
    }

    /// The marks of all nodes, made from nothing: what looks by what changed must agree with.
    pub fn fresh_fleet(&self) -> Fleet {
        view::build::fleet(&self.cluster)
    }

    /// What the last look saw: the near nodes in full.
    pub fn near_board(&self) -> Option<&Rc<Board>> {
        self.picture.board()
    }

    /// What the last look saw of all nodes.
    pub fn fleet(&self) -> &Rc<Fleet> {
        self.picture.fleet()
    }

    /// The node that a pod is on or meant for, by what the API server or the pod's own name says.
    pub fn node_of_pod(&self, namespace: &str, name: &str) -> Option<Rc<str>> {
        if let Some(pod) = self.cluster.api.store.pods.get(namespace, name) {
            return pod.node_name.clone().or_else(|| pod.pinned_to.clone());
        }
        // A static pod without a mirror: its name ends in its node's.
        let ends = name.match_indices('-').map(|(at, _)| &name[at + 1..]);
        ends.filter_map(|end| self.cluster.machine(end)).map(|machine| machine.name.clone()).next()
    }

    /// Messages under way now.
    pub fn flights(&self) -> Vec<Flight> {
        view::flights::flights(&self.cluster)
    }

    /// The same counted by way: a handful of flows, however much is under way.
    pub fn flows(&self) -> Vec<Flow> {
        view::flights::flows(&self.cluster)
    }

    /// What is being said and done now, oldest first.
    pub fn hops(&self) -> Vec<Hop> {
        view::hops::hops(&self.cluster)
    }

    /// What a kubelet is to do next, when, and on which node, where something waits for that.
    pub fn next_tick(&self) -> Option<(Time, Tick, Rc<str>)> {
        view::hops::next_tick(&self.cluster)
    }

    /// Messages under way; watch events are not counted.
    pub fn messages_under_way(&self) -> usize {
        self.cluster.message_count()
    }

    /// What the last command has brought about, hop by hop.
    pub fn trail(&self) -> Vec<TrailHop> {
        // Reading and the editing of files on one's own computer leave the trail as it is.
        let acts = |entry: &&script::TimedCommand| {
            !matches!(
                entry.command,
                Command::EndInput { .. } | Command::Interrupt { .. } | Command::Edited { .. }
            )
        };
        let Some(last) = self.script.entries.iter().rev().find(acts) else { return Vec::new() };
        let since = self.started() + Duration::from_micros(last.at);
        let file = match &last.command {
            Command::WriteFile { node, path, .. }
            | Command::RemoveFile { node, path }
            | Command::CopyFile { node, to: path, .. } => Some((node, path)),
            Command::MoveFile { node, to, from } => {
                let read = |path: &&String| {
                    self.cluster
                        .machine(node)
                        .is_some_and(|machine| path.starts_with(machine.static_pod_path()))
                };
                [to, from].into_iter().find(read).map(|path| (node, path))
            }
            _ => None,
        };
        view::trail::hops(&self.cluster, since, file.map(|(node, path)| (node.as_str(), path.as_str())))
    }

    /// How long a message takes.
    pub fn link_delay(&self) -> Duration {
        self.cluster.settings.link_delay
    }

    /// What is known of a line that was run, or of an action that was done by a click.
    pub fn job(&self, id: JobId) -> Option<JobView> {
        let desk = &self.cluster.desk;
        desk.job(id).map(|job| job_view(id, job)).or_else(|| desk.note(id).map(|note| note_view(id, note)))
    }

    /// What a terminal's prompt says; `None` while a command runs in it, which reads what is entered.
    pub fn prompt(&self, terminal: u32) -> Option<Prompt> {
        self.cluster.desk.prompt(terminal)
    }

    /// Whether a text needs more lines before it is a whole command: an open quote, loop or here-document.
    pub fn is_incomplete(&self, terminal: u32, text: &str) -> bool {
        let Some(programs) = self.cluster.programs() else { return false };
        match self.cluster.desk.terminal(terminal) {
            Some(shell) => programs.is_incomplete(shell, text),
            None => programs.is_incomplete(&Shell::terminal(self.cluster.client(), self.now()), text),
        }
    }

    /// What the Tab key offers in a terminal for the last word of a text that ends at the cursor.
    pub fn complete(&self, terminal: u32, text: &str) -> Completion {
        let names = |kind: Kind, namespace: Option<&str>| {
            if !self.cluster.api_up() {
                return Vec::new();
            }
            let objects = self.cluster.api.store.list(kind, namespace);
            objects.iter().map(|object| object.key().name.to_string()).collect()
        };
        let Some(programs) = self.cluster.programs() else { return Completion::default() };
        match self.cluster.desk.terminal(terminal) {
            Some(shell) => programs.complete(shell, text, &self.cluster, &names),
            None => {
                let shell = Shell::terminal(self.cluster.client(), self.now());
                programs.complete(&shell, text, &self.cluster, &names)
            }
        }
    }

    /// The file that a running command wants a person to edit; answered with [`Command::Edited`].
    pub fn editing(&self, id: JobId) -> Option<&EditRequest> {
        self.cluster.desk.editing(id)
    }

    /// Whether a running command waits for something to be typed, which [`Command::Enter`] and
    /// [`Command::EndInput`] bring.
    pub fn reads_terminal(&self, id: JobId) -> bool {
        self.cluster.desk.reads_terminal(id)
    }

    /// The files of the person's home directory, by the names that [`Command::Exec`] and [`Command::Enter`]
    /// take them by. Hidden ones are left out.
    pub fn home(&self) -> SortedMap<String, Bytes> {
        let inside = self.cluster.desk.home_files();
        inside.map(|(name, bytes)| (name.to_owned(), Bytes::from(bytes))).collect()
    }

    /// A number that grows with each change of these files.
    pub fn home_version(&self) -> u64 {
        self.cluster.desk.home_version()
    }

    /// The console's history, oldest first, from the command after `id`.
    pub fn jobs_after(&self, id: u32) -> Vec<JobView> {
        let desk = &self.cluster.desk;
        let jobs = desk.jobs().filter(|(have, _)| have.0 > id).map(|(id, job)| job_view(id, job));
        let notes = desk.notes().filter(|(have, _)| have.0 > id).map(|(id, note)| note_view(id, note));
        let mut views: Vec<JobView> = jobs.chain(notes).collect();
        views.sort_shared_by_key(|view| view.id);
        views
    }

    /// Why nodes are to have no pod of a DaemonSet. Costs a walk over all nodes.
    pub fn nodes_without(&self, namespace: &str, daemonset: &str) -> Vec<Without> {
        view::build::nodes_without(&self.cluster, namespace, daemonset)
    }

    /// The newest events, at most so many, newest first.
    pub fn events(&self, limit: usize) -> Vec<EventView> {
        view::texts::events(&self.cluster, limit)
    }

    /// The newest messages that have arrived, newest first.
    pub fn messages(&self, limit: usize) -> Vec<MessageView> {
        view::texts::messages(&self.cluster, limit)
    }

    /// The files of a node's disk that are shown beside it.
    pub fn files(&self, node: &str) -> Vec<FileView> {
        view::texts::files(&self.cluster, node)
    }

    /// The text of a file on a node's disk; `None` if there is no such file.
    pub fn file_text(&self, node: &str, path: &str) -> Option<Rc<str>> {
        view::texts::file_text(&self.cluster, node, path)
    }

    /// An object as `kubectl get -o yaml` prints it; `kind` in any form that kubectl takes.
    pub fn object_yaml(&self, kind: &str, namespace: &str, name: &str) -> Option<String> {
        view::texts::object_yaml(&self.cluster, kind, namespace, name)
    }

    /// The kubelet's log of a node, newest line last.
    pub fn journal(&self, node: &str) -> Vec<(Time, String)> {
        self.cluster.machine(node).map(|machine| machine.journal().cloned().collect()).unwrap_or_default()
    }

    /// What would be said of a manifest that is applied, without touching the cluster. The namespaces that the API
    /// server makes itself count as there: while it starts they are about to be.
    pub fn check_apply(&self, text: impl AsRef<[u8]>) -> Vec<Diagnostic> {
        let namespace = Kind::of("v1", "Namespace");
        let has = |name: &str| {
            let made_at_start = ["default", "kube-system", "kube-public", "kube-node-lease"].contains(&name);
            made_at_start
                || namespace
                    .is_some_and(|kind| self.cluster.api.store.get(kind, &Key::new("", name)).is_some())
        };
        codec::manifest::check_apply_beside(text.as_ref(), &has)
    }

    /// The objects of a file that the cluster does not hold as the file says.
    pub fn drifted(&self, text: impl AsRef<[u8]>) -> Vec<Drifted> {
        drift::drifted(&self.cluster, text.as_ref())
    }

    /// How what a node's kubelet runs differs from a file of its manifest directory; `None` where it does not.
    pub fn lag(&self, node: &str, path: &str) -> Option<Lag> {
        lag::of_file(&self.cluster, node, path)
    }

    /// A person's own files and the nodes' manifests, laid out for a real cluster: by their paths in an archive.
    pub fn export(&self, own: &[(&str, &str)]) -> SortedMap<String, Bytes> {
        export::files(&self.cluster, own)
    }

    /// What the DaemonSets of a manifest would change if it were applied now. `near` are the nodes that are
    /// named; costs a look at each node and at each pod of these DaemonSets.
    pub fn foresee(&self, text: impl AsRef<[u8]>, near: &dyn Fn(&str) -> bool) -> Vec<Foreseen> {
        let read = yaml::read_documents(text.as_ref(), yaml::Reader::Kubectl);
        let objects: Vec<serde_json::Value> =
            read.documents.iter().map(|document| document.tree.to_value()).collect();
        view::foresee::applied(&self.cluster, &objects, near)
    }

    /// The same of a manifest's Deployments, ReplicaSets and StatefulSets: the manifest is applied on a copy of the
    /// cluster, and time passes there for up to a minute. Nothing in a cluster of many nodes.
    pub fn foresee_replicas(&self, text: impl AsRef<[u8]>) -> Vec<Foreseen> {
        let read = yaml::read_documents(text.as_ref(), yaml::Reader::Kubectl);
        let objects: Vec<serde_json::Value> =
            read.documents.iter().map(|document| document.tree.to_value()).collect();
        ahead::applied(&self.cluster, text.as_ref(), &objects)
    }

    /// What a filter lets through of many nodes, in the order of the fleet. Costs a walk over all pods.
    pub fn filtered(&self, filter: &Filter) -> Filtered {
        filter.far(&self.cluster, self.picture.fleet())
    }

    /// What a file of a node would change if it were saved with this text.
    pub fn foresee_static(&self, node: &str, path: &str, text: impl AsRef<[u8]>) -> Vec<Foreseen> {
        view::foresee::saved(&self.cluster, node, path, text.as_ref())
    }

    /// What a node's kubelet would say of a manifest in its directory.
    pub fn check_static(&self, node: &str, file: &str, text: impl AsRef<[u8]>) -> Vec<Diagnostic> {
        kubelet::manifest::check_static(node, file, text.as_ref())
    }

    /// The log of messages: one line each, oldest first.
    pub fn log(&self) -> String {
        view::texts::log(&self.cluster)
    }

    /// The fingerprint of the session so far: the same natively and in the browser.
    pub fn log_hash(&self) -> String {
        format!("{:016x}", self.cluster.log.digest().value())
    }
}

fn bytes_of(files: SortedMap<String, Bytes>) -> SortedMap<String, Rc<[u8]>> {
    files.into_iter().map(|(path, text)| (path, text.into_bytes())).collect()
}

fn job_view(id: JobId, record: &cluster::desk::CommandRecord) -> JobView {
    JobView {
        id: id.0,
        line: record.line.clone(),
        prompt: record.prompt.clone(),
        started: record.started,
        text: record.text().into(),
        exit_code: record.exit_code,
        was_refused: record.was_refused,
        apply_failed: record.apply_failed,
    }
}

fn note_view(id: JobId, note: &cluster::desk::Note) -> JobView {
    JobView {
        id: id.0,
        line: note.line.clone(),
        prompt: Rc::default(),
        started: note.at,
        text: note.error.as_ref().map_or_else(String::new, |error| format!("{error}\n")).into(),
        exit_code: Some(i32::from(note.error.is_some())),
        was_refused: false,
        apply_failed: false,
    }
}

/// The DaemonSet that a first visit finds in the editor.
pub const DEMO_DAEMONSET: &str = include_str!("../../../static/scenarios/agent.yaml");

/// The static pod that a first visit finds on worker-1.
pub const DEMO_STATIC_POD: &str = include_str!("../../../static/scenarios/web.yaml");
