//! Base64 as Go's standard encoding reads it.

use std::fmt;

/// A text is no base64: where the first byte stands that does not belong, from 0.
///
/// Go: base64.CorruptInputError.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct CorruptInput(pub usize);

impl fmt::Display for CorruptInput {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "illegal base64 data at input byte {}", self.0)
    }
}

impl std::error::Error for CorruptInput {}

/// The bytes. Line breaks are skipped, padding is required; anything else is [`CorruptInput`].
pub fn decode(text: &str) -> Result<Vec<u8>, CorruptInput> {
    quanta(text).map_err(CorruptInput)
}

fn quanta(text: &str) -> Result<Vec<u8>, usize> {
    let mut bytes = Vec::with_capacity(text.len() / 4 * 3);
    let mut group = 0u32;
    let mut count = 0;
    let mut input = text.bytes().enumerate().filter(|(_, b)| !matches!(b, b'\r' | b'\n'));
    while let Some((at, byte)) = input.next() {
        if byte == b'=' {
            return finish(bytes, group, count, at, &mut input);
        }
        group = group << 6 | u32::from(value(byte).ok_or(at)?);
        count += 1;
        if count == 4 {
            bytes.extend_from_slice(&group.to_be_bytes()[1..]);
            (group, count) = (0, 0);
        }
    }
    if count == 0 { Ok(bytes) } else { Err(text.len().saturating_sub(count)) }
}

/// As Go's standard encoding writes it.
pub fn encode(bytes: &[u8]) -> String {
    const DIGITS: &[u8; 64] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
    let mut text = String::with_capacity(bytes.len().div_ceil(3) * 4);
    for chunk in bytes.chunks(3) {
        let byte = |at: usize| u32::from(chunk.get(at).copied().unwrap_or(0));
        let group = byte(0) << 16 | byte(1) << 8 | byte(2);
        for at in 0..4 {
            let digit = DIGITS.get((group >> (18 - 6 * at) & 63) as usize).copied().unwrap_or(b'=');
            text.push(if at <= chunk.len() { char::from(digit) } else { '=' });
        }
    }
    text
}

/// Padding: two `=` after two digits, one after three, and nothing behind it.
fn finish(
    mut bytes: Vec<u8>,
    group: u32,
    count: usize,
    at: usize,
    rest: &mut dyn Iterator<Item = (usize, u8)>,
) -> Result<Vec<u8>, usize> {
    match count {
        2 => match rest.next() {
            Some((_, b'=')) => bytes.push((group >> 4) as u8),
            Some(_) => return Err(at),
            None => return Err(at + 1),
        },
        3 => bytes.extend_from_slice(&((group >> 2) as u16).to_be_bytes()),
        _ => return Err(at),
    }
    match rest.next() {
        Some((next, _)) => Err(next),
        None => Ok(bytes),
    }
}

fn value(byte: u8) -> Option<u8> {
    Some(match byte {
        b'A'..=b'Z' => byte - b'A',
        b'a'..=b'z' => byte - b'a' + 26,
        b'0'..=b'9' => byte - b'0' + 52,
        b'+' => 62,
        b'/' => 63,
        _ => return None,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn go_s_standard_encoding() {
        for (text, bytes) in
            [("", ""), ("YQ==", "a"), ("YWI=", "ab"), ("YWJj", "abc"), ("YWJj\nYQ==\n", "abca")]
        {
            assert_eq!(decode(text), Ok(bytes.as_bytes().to_vec()), "{text}");
            assert!(text.contains('\n') || encode(bytes.as_bytes()) == text, "{text}");
        }
        for (text, at) in
            [("Y", 0), ("YQ", 0), ("YQ=", 3), ("YQ=x", 2), ("!!!!", 0), ("YWJj=", 4), ("YQ==YQ==", 4)]
        {
            assert_eq!(decode(text), Err(CorruptInput(at)), "{text}");
        }
    }
}
