//! What the command-line programs share, as in `k8s.io/cli-runtime`: commands in virtual time, flags, output
//! forms, jsonpath, columns, dates.

pub mod flags;
pub mod job;
pub mod jsonpath;
mod kyaml;
pub mod line_diff;
pub mod output;
pub mod tabwriter;
mod template;
pub mod time;
