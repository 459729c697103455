//! What the page shows: plain structs, made from the cluster's state and nothing else.
//!
//! Everything a person reads is already text here, in kubectl's words. Parts that did not change since the
//! last refresh keep their `Rc`, so a component compares pointers instead of contents.

pub(crate) mod board;
pub mod build;
pub mod fleet;
pub mod flights;
pub mod hops;
pub mod picture;
mod pods;
pub mod texts;
pub(crate) mod transit;
pub mod why;

pub use board::{
    ApiServerState, Board, ContainerView, DaemonSetView, Difference, EventView, FileEntry, FileView,
    MessageView, NodeView, Origin, PartState, PartView, PodState, PodView, Without,
};
pub use fleet::{Fleet, NodeMark, PodMark};
pub use hops::{Hop, What};
pub use picture::{Gaze, Looked};
pub use transit::{Flight, Flow, Place};
pub use why::{Cause, Fit, Trouble, Why};
