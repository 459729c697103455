//! The fingerprint of a run: two runs of the same session must have the same one.

use super::rng::mix;

/// Folds numbers and texts, in order, into 64 bits. Not cryptographic.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Digest(u64);

impl Default for Digest {
    fn default() -> Self {
        Digest(0x6b75_6265_7374_6167)
    }
}

impl Digest {
    /// Takes in a number.
    pub fn fold(&mut self, value: u64) {
        self.0 = mix(self.0.rotate_left(5) ^ value);
    }

    /// Mixed once, whatever the length: this is done for every message.
    pub fn fold_bytes(&mut self, bytes: &[u8]) {
        /// 2^64 over the golden ratio, made odd.
        const SPREAD: u64 = 0x9e37_79b9_7f4a_7c15;
        let mut sum = bytes.len() as u64;
        for chunk in bytes.chunks(8) {
            let mut word = [0u8; 8];
            word[..chunk.len()].copy_from_slice(chunk);
            sum = (sum.rotate_left(23) ^ u64::from_le_bytes(word)).wrapping_mul(SPREAD);
        }
        self.fold(sum);
    }

    /// The digest of all that was taken in so far.
    pub fn value(self) -> u64 {
        self.0
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn order_and_boundaries_matter() {
        let of = |parts: &[&str]| {
            let mut digest = Digest::default();
            parts.iter().for_each(|part| digest.fold_bytes(part.as_bytes()));
            digest.value()
        };
        assert_eq!(of(&["ab", "c"]), of(&["ab", "c"]));
        assert_ne!(of(&["ab", "c"]), of(&["a", "bc"]));
        assert_ne!(of(&["a", "b"]), of(&["b", "a"]));
    }
}
