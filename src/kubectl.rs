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
pub mod time;

use crate::job::{Io, Stop};

/// Runs `kubectl` with these words behind it; the exit code.
pub fn run(io: &mut Io, words: &[String]) -> Result<i32, Stop> {
    let name = words.first().map_or("", String::as_str);
    io.err(format!("error: unknown command {name:?} for \"kubectl\"\n"));
    Ok(1)
}
