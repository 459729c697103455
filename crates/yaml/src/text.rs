//! Bytes → text, as kubectl and the kubelet decode a file.
//!
//! Upstream: cli-runtime/pkg/resource/visitor.go (kubectl decodes with golang.org/x/text and a byte order
//! mark's override), goyaml.v2/readerc.go (the kubelet hands its bytes to go-yaml as they are).

use super::Reader;
use super::token::{ErrorType, Mark, Problem};

/// go-yaml reads so many bytes at a time, and finds a bad one when it reads its block.
const BLOCK: usize = 512;

/// A text, and the first place where the bytes were none.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Text {
    pub(crate) text: String,
    /// It began with a byte order mark.
    pub(crate) marked: bool,
    pub(crate) bad: Option<(usize, &'static str)>,
}

pub(super) fn decode(bytes: &[u8], reader: Reader) -> Text {
    let (marked, text) = match bytes {
        [0xff, 0xfe, rest @ ..] => (true, utf16(rest, u16::from_le_bytes)),
        [0xfe, 0xff, rest @ ..] => (true, utf16(rest, u16::from_be_bytes)),
        [0xef, 0xbb, 0xbf, rest @ ..] => (true, utf8(rest)),
        _ => (false, utf8(bytes)),
    };
    let text = Text { marked, ..text };
    match reader {
        // kubectl puts U+FFFD for what is no text.
        Reader::Kubectl => Text { bad: None, ..text },
        Reader::Kubelet => text,
    }
}

fn utf8(bytes: &[u8]) -> Text {
    let bad = std::str::from_utf8(bytes).err().map(|error| {
        let at = error.valid_up_to();
        (at, utf8_problem(bytes.get(at..).unwrap_or_default()))
    });
    Text { text: String::from_utf8_lossy(bytes).into_owned(), marked: false, bad }
}

/// Which of go-yaml's complaints fits the bad sequence at the start of `bytes`.
fn utf8_problem(bytes: &[u8]) -> &'static str {
    let width = match bytes.first() {
        Some(0xc0..=0xdf) => 2,
        Some(0xe0..=0xef) => 3,
        Some(0xf0..=0xf7) => 4,
        _ => return "invalid leading UTF-8 octet",
    };
    let Some(sequence) = bytes.get(..width) else { return "incomplete UTF-8 octet sequence" };
    if sequence.iter().skip(1).any(|b| b & 0xc0 != 0x80) {
        return "invalid trailing UTF-8 octet";
    }
    match (sequence.first(), sequence.get(1)) {
        (Some(0xc0 | 0xc1), _) | (Some(0xe0), Some(..=0x9f)) | (Some(0xf0), Some(..=0x8f)) => {
            "invalid length of a UTF-8 sequence"
        }
        _ => "invalid Unicode character",
    }
}

fn utf16(bytes: &[u8], unit: fn([u8; 2]) -> u16) -> Text {
    let (pairs, rest) = bytes.as_chunks::<2>();
    let mut text = String::with_capacity(bytes.len());
    let mut bad = None;
    let units = pairs.iter().map(|pair| unit(*pair));
    for decoded in char::decode_utf16(units) {
        let c = decoded.unwrap_or_else(|error| {
            let low = (0xdc00..0xe000).contains(&error.unpaired_surrogate());
            let what = if low { "unexpected low surrogate area" } else { "expected low surrogate area" };
            bad.get_or_insert((text.len(), what));
            char::REPLACEMENT_CHARACTER
        });
        text.push(c);
    }
    if !rest.is_empty() {
        bad.get_or_insert((text.len(), "incomplete UTF-16 character"));
        text.push(char::REPLACEMENT_CHARACTER);
    }
    Text { text, marked: false, bad }
}

/// Cuts a YAML text before the block with its first bad character, which go-yaml will complain about when
/// it comes to need that block. `bad` is where the bytes were no text, counted from the start of `text`.
pub(super) fn cut<'t>(text: &'t str, bad: Option<(usize, &'static str)>) -> (&'t str, Option<Problem>) {
    let control = control_character(text).map(|at| (at, "control characters are not allowed"));
    let first = match (bad, control) {
        (Some(bad), Some(control)) if control.0 < bad.0 => Some(control),
        (bad, control) => bad.or(control),
    };
    let Some((offset, what)) = first else { return (text, None) };
    let mut block = offset / BLOCK * BLOCK;
    while !text.is_char_boundary(block) {
        block -= 1;
    }
    let at = Mark { offset: u32::try_from(offset).unwrap_or(u32::MAX), ..Mark::default() };
    let problem = Problem { error_type: ErrorType::Reader, what, at, context: None };
    (text.get(..block).unwrap_or_default(), Some(problem))
}

fn control_character(text: &str) -> Option<usize> {
    let bytes = text.as_bytes();
    let mut at = 0;
    while let Some(byte) = bytes.get(at) {
        match byte {
            b'\t' | b'\n' | b'\r' | 0x20..=0x7e => at += 1,
            0..=0x7f => return Some(at),
            _ => {
                let c = text.get(at..).and_then(|rest| rest.chars().next())?;
                if matches!(c, '\u{80}'..='\u{84}' | '\u{86}'..='\u{9f}' | '\u{fffe}' | '\u{ffff}') {
                    return Some(at);
                }
                at += c.len_utf8();
            }
        }
    }
    None
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn byte_order_marks_choose_the_encoding() {
        for bytes in [&b"\xef\xbb\xbfa: b"[..], b"\xff\xfea\0:\0 \0b\0", b"\xfe\xff\0a\0:\0 \0b", b"a: b"] {
            for reader in [Reader::Kubectl, Reader::Kubelet] {
                let marked = bytes.len() > 4;
                assert_eq!(decode(bytes, reader), Text { text: "a: b".to_owned(), marked, bad: None });
            }
        }
    }

    #[test]
    fn kubectl_replaces_what_the_kubelet_refuses() {
        let latin = b"caf\xe9\xe9";
        assert_eq!(decode(latin, Reader::Kubectl).text, "caf\u{fffd}\u{fffd}");
        assert_eq!(decode(latin, Reader::Kubectl).bad, None);
        assert_eq!(decode(latin, Reader::Kubelet).bad, Some((3, "incomplete UTF-8 octet sequence")));
        for (bytes, what) in [
            (&b"\xffx"[..], "invalid leading UTF-8 octet"),
            (b"\xc3x", "invalid trailing UTF-8 octet"),
            (b"\xc0\x80", "invalid length of a UTF-8 sequence"),
            (b"\xed\xa0\x80", "invalid Unicode character"),
            (b"\xff\xfe\0\xdc", "unexpected low surrogate area"),
            (b"\xff\xfe\0\xd8a\0", "expected low surrogate area"),
            (b"\xff\xfea", "incomplete UTF-16 character"),
        ] {
            assert_eq!(decode(bytes, Reader::Kubelet).bad, Some((0, what)), "{bytes:?}");
        }
    }

    #[test]
    fn a_bad_character_cuts_its_block() {
        let text = format!("{}\0", "x".repeat(1000));
        let (kept, problem) = cut(&text, None);
        assert_eq!(kept.len(), 512);
        assert_eq!(
            problem.map(|p| (p.what, p.at.offset)),
            Some(("control characters are not allowed", 1000))
        );
        assert_eq!(cut("a\u{85}\u{fffd}데", None).1, None);
        assert_eq!(cut("a\u{9f}", None).1.map(|p| p.at.offset), Some(1));
    }
}
