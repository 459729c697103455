//! Everything that is tested from outside, in one binary: a file for each area.

#[allow(dead_code)]
#[path = "support/stand.rs"]
mod stand;

#[path = "support/fuzz.rs"]
mod fuzz;
#[path = "../benches/work/mod.rs"]
mod work;

mod suite {
    mod compare;
    mod control_plane;
    mod cost;
    mod daemon;
    mod deployment;
    mod determinism;
    mod deviations;
    mod events;
    mod foresee;
    mod fuzz_corpus;
    mod garbage_collector;
    mod jobs;
    mod node_controllers;
    mod nodes;
    mod person;
    mod picture;
    mod pod_security;
    mod pods;
    mod properties;
    mod services;
    mod sessions;
    mod stateful_sets;
    mod templates;
    mod tidy;
    mod watch;
    mod why;
    mod yaml_corpus;
    mod yaml_oracle;
}
