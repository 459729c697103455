//! Directives, anchors and tags. Upstream: goyaml.v2/scannerc.go.

use super::scanner::Scanner;
use super::token::{Mark, Result, Token, TokenKind};

impl<'a> Scanner<'a> {
    pub(super) fn scan_directive(&mut self) -> Result<Token<'a>> {
        let start = self.mark;
        self.skip();
        let name = self.scan_word()?;
        if name.is_empty() {
            return self.fail(Some(start), "could not find expected directive name");
        }
        if !self.is_blankz(0) {
            return self.fail(Some(start), "found unexpected non-alphabetical character");
        }
        let kind = match name {
            "YAML" => self.scan_version(start)?,
            "TAG" => self.scan_tag_directive(start)?,
            _ => return self.fail(Some(start), "found unknown directive name"),
        };
        let end = self.mark;
        self.skip_blanks()?;
        self.skip_comment()?;
        if !self.is_breakz(0) {
            return self.fail(Some(start), "did not find expected comment or line break");
        }
        if self.is_break(0) {
            self.cache(2)?;
            self.skip_line();
        }
        Ok(Token { kind, start, end })
    }

    fn skip_blanks(&mut self) -> Result<()> {
        self.cache(1)?;
        while self.is_blank(0) {
            self.skip();
            self.cache(1)?;
        }
        Ok(())
    }

    /// Letters, digits, `_` and `-`.
    fn scan_word(&mut self) -> Result<&'a str> {
        let from = self.mark.offset;
        self.cache(1)?;
        while is_alpha(self.byte(0)) {
            self.skip();
            self.cache(1)?;
        }
        Ok(self.slice(from, self.mark.offset))
    }

    fn scan_version(&mut self, start: Mark) -> Result<TokenKind<'a>> {
        self.skip_blanks()?;
        let major = self.scan_version_number(start)?;
        if self.byte(0) != b'.' {
            return self.fail(Some(start), "did not find expected digit or '.' character");
        }
        self.skip();
        Ok(TokenKind::VersionDirective(major, self.scan_version_number(start)?))
    }

    fn scan_version_number(&mut self, start: Mark) -> Result<u8> {
        self.cache(1)?;
        let (mut number, mut length) = (0u8, 0);
        while self.byte(0).is_ascii_digit() {
            length += 1;
            if length > 2 {
                return self.fail(Some(start), "found extremely long version number");
            }
            number = number * 10 + (self.byte(0) - b'0');
            self.skip();
            self.cache(1)?;
        }
        if length == 0 {
            return self.fail(Some(start), "did not find expected version number");
        }
        Ok(number)
    }

    fn scan_tag_directive(&mut self, start: Mark) -> Result<TokenKind<'a>> {
        self.skip_blanks()?;
        let handle = self.scan_tag_handle(true, start)?;
        self.cache(1)?;
        if !self.is_blank(0) {
            return self.fail(Some(start), "did not find expected whitespace");
        }
        self.skip_blanks()?;
        let prefix = self.scan_tag_uri("", start)?;
        self.cache(1)?;
        if !self.is_blankz(0) {
            return self.fail(Some(start), "did not find expected whitespace or line break");
        }
        Ok(TokenKind::TagDirective { handle, prefix })
    }

    /// `&name` or `*name`.
    pub(super) fn scan_anchor(&mut self) -> Result<Token<'a>> {
        let start = self.mark;
        let alias = self.byte(0) == b'*';
        self.skip();
        let name = self.scan_word()?;
        let ended = self.is_blankz(0)
            || matches!(self.byte(0), b'?' | b':' | b',' | b']' | b'}' | b'%' | b'@' | b'`');
        if name.is_empty() || !ended {
            return self.fail(Some(start), "did not find expected alphabetic or numeric character");
        }
        let kind = if alias { TokenKind::Alias(name) } else { TokenKind::Anchor(name) };
        Ok(Token { kind, start, end: self.mark })
    }

    /// `!suffix`, `!handle!suffix` or `!<whole tag>`.
    pub(super) fn scan_tag(&mut self) -> Result<Token<'a>> {
        let start = self.mark;
        self.cache(2)?;
        let (mut handle, mut suffix) = (String::new(), String::new());
        if self.byte(1) == b'<' {
            self.skip();
            self.skip();
            suffix = self.scan_tag_uri("", start)?;
            if self.byte(0) != b'>' {
                return self.fail(Some(start), "did not find the expected '>'");
            }
            self.skip();
        } else {
            let first = self.scan_tag_handle(false, start)?;
            if first.len() > 1 && first.ends_with('!') {
                suffix = self.scan_tag_uri("", start)?;
                handle = first;
            } else {
                suffix.push_str(&self.scan_tag_uri(&first, start)?);
                handle.push('!');
                if suffix.is_empty() {
                    std::mem::swap(&mut handle, &mut suffix);
                }
            }
        }
        self.cache(1)?;
        if !self.is_blankz(0) {
            return self.fail(Some(start), "did not find expected whitespace or line break");
        }
        Ok(Token { kind: TokenKind::Tag { handle, suffix }, start, end: self.mark })
    }

    fn scan_tag_handle(&mut self, directive: bool, start: Mark) -> Result<String> {
        self.cache(1)?;
        if self.byte(0) != b'!' {
            return self.fail(Some(start), "did not find expected '!'");
        }
        self.skip();
        let mut handle = format!("!{}", self.scan_word()?);
        if self.byte(0) == b'!' {
            self.skip();
            handle.push('!');
        } else if directive && handle != "!" {
            return self.fail(Some(start), "did not find expected '!'");
        }
        Ok(handle)
    }

    /// The rest of a tag, behind a `head` whose `!` is left out. Commas and brackets belong to it.
    fn scan_tag_uri(&mut self, head: &str, start: Mark) -> Result<String> {
        let mut uri: Vec<u8> = head.bytes().skip(1).collect();
        let mut found = !head.is_empty();
        self.cache(1)?;
        loop {
            match self.byte(0) {
                b'%' => self.scan_uri_escape(start, &mut uri)?,
                byte if is_alpha(byte) || b";/?:@&=+$,.!~*'()[]".contains(&byte) => {
                    uri.push(byte);
                    self.skip();
                }
                _ => break,
            }
            found = true;
            self.cache(1)?;
        }
        if !found {
            return self.fail(Some(start), "did not find expected tag URI");
        }
        Ok(String::from_utf8_lossy(&uri).into_owned())
    }

    /// The `%XX` of one character, as many as its UTF-8 form has bytes.
    fn scan_uri_escape(&mut self, start: Mark, uri: &mut Vec<u8>) -> Result<()> {
        let mut left: Option<u32> = None;
        while left != Some(0) {
            self.cache(3)?;
            let digit = |ahead| char::from(self.byte(ahead)).to_digit(16);
            let (b'%', Some(high), Some(low)) = (self.byte(0), digit(1), digit(2)) else {
                return self.fail(Some(start), "did not find URI escaped octet");
            };
            // Two hexadecimal digits make one byte.
            let octet = (high << 4 | low) as u8;
            left = Some(match left {
                None => match octet {
                    0..=0x7f => 0,
                    0xc0..=0xdf => 1,
                    0xe0..=0xef => 2,
                    0xf0..=0xf7 => 3,
                    _ => return self.fail(Some(start), "found an incorrect leading UTF-8 octet"),
                },
                Some(_) if octet & 0xc0 != 0x80 => {
                    return self.fail(Some(start), "found an incorrect trailing UTF-8 octet");
                }
                Some(n) => n - 1,
            });
            uri.push(octet);
            for _ in 0..3 {
                self.skip();
            }
        }
        Ok(())
    }
}

fn is_alpha(byte: u8) -> bool {
    byte.is_ascii_alphanumeric() || matches!(byte, b'_' | b'-')
}
