//! The letters of names that chance or a hash makes.
//!
//! Kubernetes: apimachinery/pkg/util/rand.

/// No vowels, nothing that looks alike (API-007).
const ALPHANUMS: &[u8; 27] = b"bcdfghjklmnpqrstvwxz2456789";

/// How many endings of five letters there are.
pub const SUFFIXES: u64 = 27u64.pow(5);

/// The five letters that a generated name ends in; `draw` is taken modulo [`SUFFIXES`].
pub fn suffix(draw: u64) -> impl Iterator<Item = char> {
    (0..5).scan(draw, |rest, _| {
        let letter = ALPHANUMS[(*rest % 27) as usize];
        *rest /= 27;
        Some(char::from(letter))
    })
}

/// A text in these letters, so that it spells no word.
///
/// Kubernetes: SafeEncodeString.
pub fn safe_encode_string(text: &str) -> String {
    text.bytes().map(|byte| char::from(ALPHANUMS[usize::from(byte) % ALPHANUMS.len()])).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_suffix_has_five_letters_and_counts_from_the_first() {
        let of = |draw| suffix(draw).collect::<String>();
        assert_eq!([of(0), of(1), of(27), of(SUFFIXES - 1)], ["bbbbb", "cbbbb", "bcbbb", "99999"]);
        assert_eq!(of(SUFFIXES + 1), of(1));
    }
}
