//! `base64`.

use crate::programs::feed;
use crate::programs::options::Spec;
use crate::programs::whole::{self, Work};
use crate::shell::program::{Cx, Started};

const SPEC: Spec =
    Spec { long: &[("decode", 'd'), ("wrap", 'w'), ("ignore-garbage", 'i')], ..Spec::new("base64", "dDw:i") };

const ALPHABET: &[u8; 64] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";

pub(in crate::programs) fn start(cx: &mut Cx<'_>, args: &[String]) -> Started {
    let options = match SPEC.parse(args) {
        Ok(options) => options,
        Err(misuse) => return feed::misuse(cx, &misuse),
    };
    let text = options.value('w').unwrap_or("76");
    let Ok(wrap) = text.parse() else {
        return feed::refuse(cx, &format!("base64: invalid wrap size: ‘{text}’\n"), 1);
    };
    let decode = options.has('d') || options.has('D');
    whole::start("base64", Base64 { decode, wrap, ignore: options.has('i') }, options.operands, 1)
}

#[derive(Clone)]
struct Base64 {
    decode: bool,
    wrap: usize,
    ignore: bool,
}

/// The bytes that could be read, and whether these were all.
pub(crate) fn decode(text: &[u8], ignore: bool) -> (Vec<u8>, bool) {
    let (mut out, mut bits, mut count, mut padding) = (Vec::new(), 0_u32, 0, 0);
    for byte in text.iter().filter(|byte| !matches!(byte, b'\n' | b'\r')) {
        if *byte == b'=' {
            padding += 1;
            continue;
        }
        let Some(six) = ALPHABET.iter().position(|letter| letter == byte) else {
            if ignore {
                continue;
            }
            return (out, false);
        };
        if padding > 0 {
            return (out, false);
        }
        bits = bits << 6 | six as u32;
        count += 1;
        if count == 4 {
            out.extend([(bits >> 16) as u8, (bits >> 8) as u8, bits as u8]);
            (bits, count) = (0, 0);
        }
    }
    match count {
        2 => out.push((bits >> 4) as u8),
        3 => out.extend([(bits >> 10) as u8, (bits >> 2) as u8]),
        _ => {}
    }
    (out, count != 1 && (count + padding) % 4 == 0)
}

impl Work for Base64 {
    fn run(&mut self, cx: &mut Cx<'_>, inputs: Vec<Vec<u8>>) -> i32 {
        let input = inputs.concat();
        if self.decode {
            let (bytes, whole) = decode(&input, self.ignore);
            cx.write(1, &bytes);
            if !whole {
                cx.err("base64: invalid input\n");
            }
            return i32::from(!whole);
        }
        let text = golang::base64::encode(&input);
        if self.wrap == 0 {
            cx.out(&text);
            return 0;
        }
        let lines = text.as_bytes().chunks(self.wrap);
        let lines: String = lines.map(|line| format!("{}\n", String::from_utf8_lossy(line))).collect();
        cx.out(&lines);
        0
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_encoded_is_decoded_again() {
        for (text, encoded) in
            [("", ""), ("a", "YQ=="), ("ab", "YWI="), ("abc", "YWJj"), ("admin\n", "YWRtaW4K")]
        {
            assert_eq!(golang::base64::encode(text.as_bytes()), encoded);
            assert_eq!(decode(encoded.as_bytes(), false), (text.as_bytes().to_vec(), true), "{encoded}");
        }
        assert!(!decode(b"YQ=", false).1);
        assert!(!decode(b"Y!Q=", false).1);
        assert_eq!(decode(b"Y!Q==", true), (b"a".to_vec(), true));
    }
}
