//! A hasher that is the same in every run, for tables that are only looked up in and never walked.

use std::hash::{BuildHasher, Hasher};

use sim::rng::mix;

/// Builds [`FixedHasher`]s.
#[derive(Clone, Copy, Debug, Default)]
pub struct FixedState;

/// Not for keys that an adversary chooses to collide: a session only ever hurts itself.
#[derive(Clone, Copy, Debug)]
pub struct FixedHasher(u64);

/// A hash map with a fixed hasher. Never iterate over it where the order can be seen.
pub type LookupMap<K, V> = hashbrown::HashMap<K, V, FixedState>;

impl BuildHasher for FixedState {
    type Hasher = FixedHasher;

    fn build_hasher(&self) -> FixedHasher {
        FixedHasher(0xcbf2_9ce4_8422_2325)
    }
}

impl Hasher for FixedHasher {
    fn finish(&self) -> u64 {
        self.0
    }

    fn write(&mut self, bytes: &[u8]) {
        for chunk in bytes.chunks(8) {
            let mut word = [0u8; 8];
            word[..chunk.len()].copy_from_slice(chunk);
            self.write_u64(u64::from_le_bytes(word));
        }
    }

    fn write_u8(&mut self, value: u8) {
        self.write_u64(u64::from(value));
    }

    fn write_u32(&mut self, value: u32) {
        self.write_u64(u64::from(value));
    }

    fn write_u64(&mut self, value: u64) {
        self.0 = mix(self.0 ^ value);
    }

    fn write_usize(&mut self, value: usize) {
        self.write_u64(value as u64);
    }
}
