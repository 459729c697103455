//! kubestage: a whole small Kubernetes in virtual time.
//!
//! The modules stand in reading order; a later one may use an earlier one, never the reverse.

pub mod sim;

pub mod api;

pub mod yaml;

pub mod manifest;

pub mod wire;

pub mod apiserver;

pub mod client;

pub mod controllers;

pub mod scheduler;

pub mod kubelet;

pub mod job;

pub mod kubectl;

pub mod console;

pub mod cluster;

pub mod view;

pub mod stage;
