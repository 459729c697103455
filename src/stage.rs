//! The one door: deeds in, state out, time forward.

pub mod command;
pub mod script;

pub use command::Command;
pub use script::{Options, Script, Start};
