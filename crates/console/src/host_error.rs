//! Why an action on a computer did not happen.

use std::fmt;

use sim::files::FileError;

/// Why an action on a computer did not happen. It is printed in the words of the command that a person would have
/// used for it: ssh, tee, rm, mv.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum HostError {
    /// There is no computer of this name.
    UnknownHost(String),
    /// The computer is off, or its network is.
    NoRoute(String),
    /// A file could not be written.
    Write {
        /// Its path.
        path: String,
        /// Why.
        error: FileError,
    },
    /// A file could not be removed.
    Remove {
        /// Its path.
        path: String,
        /// Why.
        error: FileError,
    },
    /// A file could not be moved.
    Move {
        /// Where it is.
        from: String,
        /// Where it should have gone.
        to: String,
        /// Why.
        error: FileError,
    },
    /// A file could not be read for a copy.
    Copy {
        /// Its path.
        path: String,
        /// Why.
        error: FileError,
    },
    /// The node's runtime has no such pod.
    NoPod {
        /// `namespace/name`.
        pod: String,
        /// The node.
        node: String,
    },
    /// The pod has no such container that runs.
    NoContainer {
        /// The container.
        container: String,
        /// `namespace/name`.
        pod: String,
        /// The node.
        node: String,
    },
    /// The computer, or its link, is in this state already: `switched off`, `cut off`.
    Already {
        /// The computer.
        node: String,
        /// The state.
        state: &'static str,
    },
    /// A new computer cannot have this name.
    BadName {
        /// The name.
        name: String,
        /// Why, as Kubernetes says it of a Node's name.
        why: String,
    },
    /// A new computer cannot have this label.
    BadLabel {
        /// `key=value`.
        label: String,
        /// Why, as Kubernetes says it of a label.
        why: String,
    },
    /// A new computer would have the name of one that is there.
    Exists(String),
    /// There have been as many computers as a session may have.
    TooMany(usize),
    /// The computer that carries the control plane stays.
    ControlPlane(String),
    /// No computer carries the control plane.
    NoControlPlane,
}

impl fmt::Display for HostError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            HostError::UnknownHost(node) => {
                write!(f, "ssh: Could not resolve hostname {node}: Name or service not known")
            }
            HostError::NoRoute(node) => write!(f, "ssh: connect to host {node} port 22: No route to host"),
            HostError::Write { path, error } => write!(f, "tee: {path}: {}", error.text()),
            HostError::Remove { path, error } => write!(f, "rm: cannot remove '{path}': {}", error.text()),
            HostError::Move { from, error: error @ FileError::NotFound, .. } => {
                write!(f, "mv: cannot stat '{from}': {}", error.text())
            }
            HostError::Move { from, to, error } => {
                write!(f, "mv: cannot move '{from}' to '{to}': {}", error.text())
            }
            HostError::Copy { path, error } => write!(f, "cp: cannot stat '{path}': {}", error.text()),
            HostError::NoPod { pod, node } => write!(f, "no pod {pod} runs on {node}"),
            HostError::NoContainer { container, pod, node } => {
                write!(f, "no container {container} of pod {pod} runs on {node}")
            }
            HostError::Already { node, state } => write!(f, "{node} is {state} already"),
            HostError::BadName { name, why } => write!(f, "{name:?} is no name for a node: {why}"),
            HostError::BadLabel { label, why } => write!(f, "{label} is no label: {why}"),
            HostError::Exists(node) => write!(f, "there is a machine {node} already"),
            HostError::TooMany(count) => {
                write!(f, "there have been {count} machines, and no more are to be had")
            }
            HostError::ControlPlane(node) => {
                write!(f, "{node} carries the control plane: without it there is no cluster")
            }
            HostError::NoControlPlane => f.write_str("there is no control plane"),
        }
    }
}
