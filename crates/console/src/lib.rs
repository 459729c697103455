//! The console: a shell on the person's own computer and, through `ssh`, on the nodes.
//!
//! A [`Shell`] is a line with everything that runs for it, or a terminal with its sessions. kubectl asks the
//! API server; what is done to a computer goes through [`Machines`], which the cluster is. The page's console
//! and the native program share this.

mod absent;
mod arith;
mod complete;
mod crictl;
mod curl;
mod disk;
mod env;
mod escape;
mod expand;
mod glob;
mod host_error;
mod installed;
mod node;
mod parse;
mod power;
mod processes;
mod programs;
mod regex;
mod shell;
mod syntax;
mod systemd;

use sim::files::{FileError, Files};
use sim::{Duration, Time};

pub use complete::{Completion, Names};
pub use env::Host;
pub use host_error::HostError;
pub use installed::Programs;
pub use node::node_shell;
pub use power::PowerVerb;
pub use processes::SSHD_PID;
pub use shell::{EditRequest, Edited, Mail, Prompt, Request, Shell, quoted};

/// What systemd says of the kubelet.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Service {
    /// Whether its process runs.
    pub running: bool,
    /// Since when it is as it is.
    pub since: Time,
}

/// What systemd is told to do with the kubelet.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ServiceVerb {
    /// Start its process, unless it runs.
    Start,
    /// Stop its process.
    Stop,
    /// Stop its process and start another one.
    Restart,
}

/// A pod sandbox as the container runtime knows it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SandboxView {
    /// 64 hex digits.
    pub id: String,
    /// The pod's name.
    pub pod: String,
    /// The pod's namespace.
    pub namespace: String,
    /// The pod's uid.
    pub uid: String,
    /// When it was made.
    pub created: Time,
    /// Whether it is up, with its network.
    pub ready: bool,
    /// How many sandboxes the pod had before.
    pub attempt: u32,
    /// The pod's own labels.
    pub labels: Vec<(String, String)>,
    /// Empty without an address of its own.
    pub ip: String,
    /// The number of the process that keeps it, while it is up.
    pub pid: u32,
}

/// A program that takes connections.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Listener {
    /// An address of the node; `*`: all.
    pub address: String,
    /// The TCP port.
    pub port: u16,
    /// The process's number.
    pub pid: u32,
    /// The program's name.
    pub program: String,
    /// Whether it speaks TLS.
    pub is_tls: bool,
    /// Whether all is well with it.
    pub is_well: bool,
}

/// How far a container is, in the runtime's words.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum RuntimeState {
    /// Made, and not started.
    Created,
    /// Its program runs.
    Running,
    /// Its program has ended.
    Exited,
    /// The runtime lost sight of it.
    Unknown,
}

/// A container as the container runtime knows it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ContainerView {
    /// 64 hex digits.
    pub id: String,
    /// The id of its sandbox.
    pub sandbox: String,
    /// The pod's name.
    pub pod: String,
    /// The pod's namespace.
    pub namespace: String,
    /// The pod's uid.
    pub uid: String,
    /// Its name in the pod's spec.
    pub name: String,
    /// Its image, as the spec names it.
    pub image: String,
    /// `sha256:` and 64 hex digits.
    pub image_id: String,
    /// When it was made.
    pub created: Time,
    /// When its program was started, if it was.
    pub started: Option<Time>,
    /// When its program ended, if it did.
    pub finished: Option<Time>,
    /// The exit code; 0 while it runs.
    pub exit_code: i32,
    /// Completed, Error …; empty while it runs.
    pub reason: String,
    /// How far it is.
    pub state: RuntimeState,
    /// How many containers of this name the pod had before.
    pub attempt: u32,
    /// 0 unless it runs.
    pub pid: u32,
    /// Its program and arguments; of an image's own program only the name.
    pub command: Vec<String>,
}

/// The computers of a cluster, as far as a shell on them can see and change them.
///
/// A `node` that is not one of [`Machines::names`] is never passed to the other methods.
pub trait Machines {
    /// The present.
    fn now(&self) -> Time;
    /// The names of the nodes' computers, those that are off included.
    fn names(&self) -> Vec<String>;
    /// Whether it is switched on and its network works.
    fn is_reachable(&self, node: &str) -> bool;

    /// Since when it is up; `None` where it is not.
    fn booted(&self, node: &str) -> Option<Time>;
    /// What takes connections on it, in the order of the ports.
    fn listeners(&self, node: &str) -> Vec<Listener>;
    /// Its address on the nodes' network.
    fn address(&self, node: &str) -> String;

    /// The disk of the person's own computer.
    fn home(&self) -> &Files;
    /// The same, to be changed.
    fn home_mut(&mut self) -> &mut Files;

    /// Lets happen at once what a change of a node has set off.
    fn settle(&mut self);

    /// Whether it is switched on.
    fn is_powered(&self, node: &str) -> bool;
    /// Switches it on, off, or off and on again.
    fn power(&mut self, node: &str, verb: PowerVerb) -> Result<(), HostError>;
    /// Puts its network cable in, or pulls it out.
    fn set_link(&mut self, node: &str, up: bool) -> Result<(), HostError>;

    /// Its disk; `None`: there is no such computer any more.
    fn files(&self, node: &str) -> Option<&Files>;
    /// Writes a whole file; its directory must exist.
    fn write(&mut self, node: &str, path: &str, bytes: &[u8]) -> Result<(), FileError>;
    /// Removes a file or an empty directory.
    fn remove(&mut self, node: &str, path: &str) -> Result<(), FileError>;
    /// Moves a file; onto a directory, into it. Returns the path it has now.
    fn rename(&mut self, node: &str, from: &str, to: &str) -> Result<String, FileError>;
    /// Makes a directory and all above it.
    fn make_directory(&mut self, node: &str, path: &str) -> Result<(), FileError>;
    /// Sets the permission bits of a file.
    fn set_mode(&mut self, node: &str, path: &str, mode: u16) -> Result<(), FileError>;

    /// How its kubelet is.
    fn kubelet(&self, node: &str) -> Service;
    /// Starts or stops its kubelet.
    fn control_kubelet(&mut self, node: &str, verb: ServiceVerb);
    /// The kubelet's log, oldest line first.
    fn journal(&self, node: &str) -> Vec<(Time, String)>;

    /// The sandboxes that the runtime still knows, in any order.
    fn sandboxes(&self, node: &str) -> Vec<SandboxView>;
    /// The containers that the runtime still knows, in any order.
    fn containers(&self, node: &str) -> Vec<ContainerView>;
    /// The names of the images that have been pulled, as they were asked for.
    fn images(&self, node: &str) -> Vec<String>;
    /// Gets an image.
    ///
    /// # Errors
    /// In the runtime's words, where the registry does not have it.
    fn pull_image(&mut self, node: &str, image: &str) -> Result<(), String>;
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
    /// Removes a sandbox that does not run, with its containers.
    fn remove_sandbox(&mut self, node: &str, id: &str);
}

#[cfg(test)]
mod tests;
