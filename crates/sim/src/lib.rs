//! Discrete-event simulation that knows nothing of Kubernetes: time, agenda, chance, digest, files.

pub(crate) mod agenda;
pub mod bare;
pub(crate) mod digest;
pub mod files;
pub mod index;
pub mod order;
pub mod rng;
pub(crate) mod serial_map;
pub mod sorted;
pub(crate) mod time;

pub use agenda::Agenda;
pub use digest::Digest;
pub use index::NameIndex;
pub use rng::Rng;
pub use serial_map::SerialMap;
pub use sorted::{SortedMap, SortedSet};
pub use time::{Duration, Time, Timestamp};
