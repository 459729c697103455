//! What the page shows: plain structs, made from the cluster's state and nothing else.
//!
//! Everything a person reads is already text here, in kubectl's words. Parts that did not change since the
//! last refresh keep their `Rc`, so a component compares pointers instead of contents.

pub(crate) mod board;
pub mod build;
pub mod filter;
pub mod fleet;
pub mod flights;
pub mod foresee;
pub mod hops;
pub mod picture;
mod pods;
pub mod texts;
pub mod trail;
pub(crate) mod transit;
pub mod why;

pub use board::{
    ApiServerState, Board, ContainerView, Controller, DaemonSetView, Difference, EventView, FileEntry,
    FileView, MessageView, NodeView, OnNode, Origin, PartState, PartView, PodState, PodView, StartStep,
    Without,
};
pub use fleet::{Fleet, NodeMark, PodMark};
pub use foresee::Foreseen;
pub use hops::{Hop, Tick, What};
pub use picture::{Gaze, Looked};
pub use trail::TrailHop;
pub use transit::{Flight, Flow, Place};
pub use why::{Cause, Fit, Trouble, Why};
