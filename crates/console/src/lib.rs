//! The console: a shell on the person's own computer and, through `ssh`, on the nodes.
//!
//! A [`Shell`] is a line with everything that runs for it, or a terminal with its sessions. kubectl asks the
//! API server; what is done to a computer goes through [`Machines`], which the cluster is. The page's console
//! and the native program share this.

mod absent;
mod arith;
mod complete;
mod crictl;
mod disk;
mod env;
mod escape;
mod expand;
mod glob;
mod installed;
mod node;
mod parse;
mod power;
mod programs;
mod regex;
mod shell;
mod syntax;
mod systemd;

use sim::files::{FileError, Files};
use sim::{Duration, Time};

pub use complete::{Completion, Names};
pub use env::Host;
pub use installed::Programs;
pub use node::node_shell;
pub use power::PowerVerb;
pub use shell::{EditRequest, Edited, Mail, Prompt, Request, Shell};

/// What systemd says of the kubelet.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Service {
    pub running: bool,
    /// Since when it is as it is.
    pub since: Time,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ServiceVerb {
    Start,
    Stop,
    Restart,
}

/// A pod sandbox as the container runtime knows it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SandboxView {
    /// 64 hex digits.
    pub id: String,
    pub pod: String,
    pub namespace: String,
    pub uid: String,
    pub created: Time,
    pub ready: bool,
    pub attempt: u32,
    /// The pod's own labels.
    pub labels: Vec<(String, String)>,
    /// Empty without an address of its own.
    pub ip: String,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum RuntimeState {
    Created,
    Running,
    Exited,
    Unknown,
}

/// A container as the container runtime knows it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ContainerView {
    /// 64 hex digits.
    pub id: String,
    /// The id of its sandbox.
    pub sandbox: String,
    pub pod: String,
    pub namespace: String,
    pub uid: String,
    pub name: String,
    pub image: String,
    /// `sha256:` and 64 hex digits.
    pub image_id: String,
    pub created: Time,
    pub started: Option<Time>,
    pub finished: Option<Time>,
    pub exit_code: i32,
    /// Completed, Error …; empty while it runs.
    pub reason: String,
    pub state: RuntimeState,
    pub attempt: u32,
    /// 0 unless it runs.
    pub pid: u32,
}

/// The computers of a cluster, as far as a shell on them can see and change them.
///
/// A `node` that is not one of [`Machines::names`] is never passed to the other methods.
pub trait Machines {
    fn now(&self) -> Time;
    fn names(&self) -> Vec<String>;
    /// Whether it is switched on and its network works.
    fn is_reachable(&self, node: &str) -> bool;

    /// Its address on the nodes' network.
    fn address(&self, node: &str) -> String;

    /// The disk of the person's own computer.
    fn home(&self) -> &Files;
    fn home_mut(&mut self) -> &mut Files;

    /// Lets happen at once what a change of a node has set off.
    fn settle(&mut self);

    fn is_powered(&self, node: &str) -> bool;
    /// Says in a sentence why not.
    fn power(&mut self, node: &str, verb: PowerVerb) -> Result<(), String>;
    /// Its network cable; says in a sentence why not.
    fn set_link(&mut self, node: &str, up: bool) -> Result<(), String>;

    fn files(&self, node: &str) -> &Files;
    /// Writes a whole file; its directory must exist.
    fn write(&mut self, node: &str, path: &str, bytes: &[u8]) -> Result<(), FileError>;
    /// Removes a file or an empty directory.
    fn remove(&mut self, node: &str, path: &str) -> Result<(), FileError>;
    /// Moves a file; onto a directory, into it. Returns the path it has now.
    fn rename(&mut self, node: &str, from: &str, to: &str) -> Result<String, FileError>;
    fn make_directory(&mut self, node: &str, path: &str) -> Result<(), FileError>;
    fn set_mode(&mut self, node: &str, path: &str, mode: u16) -> Result<(), FileError>;

    fn kubelet(&self, node: &str) -> Service;
    fn control_kubelet(&mut self, node: &str, verb: ServiceVerb);
    /// The kubelet's log, oldest line first.
    fn journal(&self, node: &str) -> Vec<(Time, String)>;

    /// All sandboxes and containers that the runtime still knows, in any order.
    fn sandboxes(&self, node: &str) -> Vec<SandboxView>;
    fn containers(&self, node: &str) -> Vec<ContainerView>;
    /// The names of the images that have been pulled, as they were asked for.
    fn images(&self, node: &str) -> Vec<String>;
    /// What a container's program has printed, as far as that is simulated.
    fn container_log(&self, node: &str, id: &str) -> String;
    /// Sends the container's program SIGTERM, and SIGKILL after `timeout`. Returns how long it takes to end.
    fn stop_container(&mut self, node: &str, id: &str, timeout: Duration) -> Duration;
    /// Ends the container's program at once by a signal (9: SIGKILL).
    fn kill_container(&mut self, node: &str, id: &str, signal: i32);
    /// Removes a container that does not run.
    fn remove_container(&mut self, node: &str, id: &str);
    /// Stops a sandbox and the containers in it at once.
    fn stop_sandbox(&mut self, node: &str, id: &str);
    fn remove_sandbox(&mut self, node: &str, id: &str);
}

#[cfg(test)]
mod tests;
