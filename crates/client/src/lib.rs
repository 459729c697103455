//! What every component that talks to the API server needs: caches fed by lists and watches, work queues,
//! expectations, back-off, leader election, and the recorder of events.
//!
//! Kubernetes: staging/src/k8s.io/client-go.

pub mod backoff;
pub mod expectations;
pub mod hash;
pub mod informer;
pub mod leader_election;
pub mod recorder;
pub mod workqueue;
