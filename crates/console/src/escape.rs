//! Backslashes in `echo -e`, `printf` and `$'…'`.

/// Who reads the backslashes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Style {
    /// `echo -e`, `printf %b`: octal digits begin with a zero, `\c` ends everything.
    Echo,
    /// `$'…'` and the format of `printf`: octal digits follow directly.
    Quoted,
}

/// What came of a text.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Unescaped {
    /// `\377` is a byte, which need not be part of a character.
    pub bytes: Vec<u8>,
    /// `\c`: nothing more is printed, not even the newline.
    pub ends: bool,
}

impl Unescaped {
    /// What came of it where only text can stand: a byte that is part of no character becomes U+FFFD.
    pub(super) fn text(&self) -> String {
        String::from_utf8_lossy(&self.bytes).into_owned()
    }
}

/// A text with its escape sequences replaced; unknown ones stay as they are.
pub(super) fn unescape(text: &str, style: Style) -> Unescaped {
    let mut out = Out(Vec::new());
    let mut chars = text.chars().peekable();
    while let Some(c) = chars.next() {
        if c != '\\' {
            out.push(c);
            continue;
        }
        let digits = |chars: &mut std::iter::Peekable<std::str::Chars<'_>>, radix, most| {
            let mut value = None;
            for _ in 0..most {
                let Some(digit) = chars.peek().and_then(|c| c.to_digit(radix)) else { break };
                chars.next();
                value = Some(value.unwrap_or(0) * radix + digit);
            }
            value
        };
        match chars.next() {
            Some('n') => out.push('\n'),
            Some('t') => out.push('\t'),
            Some('r') => out.push('\r'),
            Some('a') => out.push('\x07'),
            Some('b') => out.push('\x08'),
            Some('e' | 'E') => out.push('\x1b'),
            Some('f') => out.push('\x0c'),
            Some('v') => out.push('\x0b'),
            Some('\\') => out.push('\\'),
            Some(quote @ ('\'' | '"')) if style == Style::Quoted => out.push(quote),
            Some('c') if style == Style::Echo => return Unescaped { bytes: out.0, ends: true },
            Some('x') => match digits(&mut chars, 16, 2) {
                Some(value) => out.byte(value),
                None => out.text("\\x"),
            },
            Some(which @ ('u' | 'U')) => match digits(&mut chars, 16, if which == 'u' { 4 } else { 8 }) {
                Some(value) => char::from_u32(value).into_iter().for_each(|c| out.push(c)),
                None => out.text(&format!("\\{which}")),
            },
            Some('0') => {
                let value = digits(&mut chars, 8, if style == Style::Echo { 3 } else { 2 }).unwrap_or(0);
                out.byte(value);
            }
            Some(digit @ '1'..='7') if style == Style::Quoted => {
                let first = digit.to_digit(8).unwrap_or(0);
                let rest = digits(&mut chars, 8, 1).map(|second| first * 8 + second);
                let third = rest.and_then(|value| digits(&mut chars, 8, 1).map(|third| value * 8 + third));
                out.byte(third.or(rest).unwrap_or(first));
            }
            Some(other) => out.text(&format!("\\{other}")),
            None => out.push('\\'),
        }
    }
    Unescaped { bytes: out.0, ends: false }
}

struct Out(Vec<u8>);

impl Out {
    fn push(&mut self, c: char) {
        self.text(c.encode_utf8(&mut [0; 4]));
    }

    fn text(&mut self, text: &str) {
        self.0.extend(text.bytes());
    }

    /// Of more than a byte holds, bash keeps the lower half.
    fn byte(&mut self, value: u32) {
        self.0.push(value as u8);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn escape_sequences_become_characters() {
        for (text, style, expected) in [
            (r"a\nb\tc\\d", Style::Echo, "a\nb\tc\\d"),
            (r"\033[1m\e[0m", Style::Echo, "\x1b[1m\x1b[0m"),
            (r"\033\101\x41\u00e9", Style::Quoted, "\x1bAA\u{e9}"),
            (r"\0101", Style::Echo, "A"),
            (r"it\'s \q", Style::Quoted, r"it's \q"),
            (r"x\", Style::Echo, r"x\"),
        ] {
            assert_eq!(unescape(text, style), Unescaped { bytes: expected.into(), ends: false }, "{text}");
        }
        assert_eq!(unescape(r"a\cb", Style::Echo), Unescaped { bytes: b"a".to_vec(), ends: true });
        assert_eq!(unescape(r"\377\xe2\x82\xac", Style::Quoted).bytes, b"\xff\xe2\x82\xac");
        assert_eq!(unescape(r"\377\xe2\x82\xac", Style::Quoted).text(), "\u{fffd}\u{20ac}");
    }
}
