//! kubectl: what a person types becomes requests, and the answers become text.
//!
//! Every command is a program over [`Io`](crate::job::Io) and reads like the real kubectl's `Run`. What it
//! prints, mistakes included, is what the real one prints, character for character.

pub mod errors;
pub mod flags;
pub mod jsonpath;
pub mod output;
pub mod printers;
pub mod resources;
pub mod selector;
pub mod table;
pub mod tabwriter;
