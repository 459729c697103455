//! What the page shows: plain structs, made from the cluster's state and nothing else.
//!
//! Everything a person reads is already text here, in kubectl's words. Parts that did not change since the
//! last refresh keep their `Rc`, so a component compares pointers instead of contents.

pub mod board;
pub mod build;
pub mod flights;
mod pods;
pub mod texts;
pub mod transit;

pub use board::{
    ApiServerState, Board, ContainerView, DaemonSetView, Difference, EventView, FileView, MessageView,
    NodeView, Origin, PartState, PartView, PodState, PodView, WhyNot,
};
pub use transit::{Flight, Place};
