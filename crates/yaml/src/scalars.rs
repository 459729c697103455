//! The three forms of a scalar: plain, quoted, block. Upstream: goyaml.v2/scannerc.go.

use std::borrow::Cow;

use super::scanner::Scanner;
use super::token::{Mark, Result, Style, Token, TokenKind};

/// Line breaks and blanks that stand between two pieces of a scalar, until it is known what becomes of them.
#[derive(Default)]
struct Gap {
    /// The scalar's text so far went over a line break.
    broken: bool,
    blanks: String,
    first_break: Option<char>,
    more_breaks: String,
}

impl Gap {
    /// Takes in blanks and line breaks from the cursor on.
    fn fill(&mut self, scanner: &mut Scanner<'_>, plain_indent: Option<(i64, Mark)>) -> Result<()> {
        while scanner.is_blank(0) || scanner.is_break(0) {
            if scanner.is_break(0) {
                scanner.cache(2)?;
                if self.broken {
                    self.more_breaks.extend(scanner.read_line());
                } else {
                    self.blanks.clear();
                    self.first_break = scanner.read_line();
                    self.broken = true;
                }
            } else {
                self.take_blank(scanner, plain_indent)?;
            }
            scanner.cache(1)?;
        }
        Ok(())
    }

    fn take_blank(&mut self, scanner: &mut Scanner<'_>, plain_indent: Option<(i64, Mark)>) -> Result<()> {
        if !self.broken {
            self.blanks.push(if scanner.byte(0) == b'\t' { '\t' } else { ' ' });
        } else if let Some((indent, start)) = plain_indent
            && scanner.byte(0) == b'\t'
            && i64::from(scanner.mark.column) < indent
        {
            return scanner.fail(Some(start), "found a tab character that violates indentation");
        }
        scanner.skip();
        Ok(())
    }

    /// One line break becomes a blank, several become one fewer.
    fn fold_into(&mut self, text: &mut String) {
        if !self.broken {
            text.push_str(&self.blanks);
        } else if self.first_break == Some('\n') {
            if self.more_breaks.is_empty() {
                text.push(' ');
            } else {
                text.push_str(&self.more_breaks);
            }
        } else {
            text.extend(self.first_break);
            text.push_str(&self.more_breaks);
        }
        self.broken = false;
        self.blanks.clear();
        self.first_break = None;
        self.more_breaks.clear();
    }
}

impl<'a> Scanner<'a> {
    pub(super) fn scan_plain_scalar(&mut self) -> Result<Token<'a>> {
        let start = self.mark;
        let indent = self.indent + 1;
        let mut end = start;
        let mut text: Option<String> = None;
        let mut gap = Gap::default();
        // A scalar on one line stays a slice of the text; only a second line makes it a copy.
        let mut piece_start = start.offset;
        loop {
            self.cache(4)?;
            if self.at_document_indicator() || self.byte(0) == b'#' {
                break;
            }
            if !self.at_plain_end() {
                if gap.broken {
                    let piece = self.slice(piece_start, end.offset);
                    let text = text.get_or_insert_with(String::new);
                    text.push_str(piece);
                    gap.fold_into(text);
                    piece_start = self.mark.offset;
                } else {
                    gap.blanks.clear();
                }
                while !self.at_plain_end() {
                    self.skip();
                    self.cache(2)?;
                }
                end = self.mark;
            }
            if !(self.is_blank(0) || self.is_break(0)) {
                break;
            }
            self.cache(1)?;
            gap.fill(self, Some((indent, start)))?;
            if self.flow_level == 0 && i64::from(self.mark.column) < indent {
                break;
            }
        }
        if gap.broken {
            self.simple_key_allowed = true;
        }
        let rest = self.slice(piece_start, end.offset);
        let value = match text {
            Some(text) => Cow::Owned(text + rest),
            None => Cow::Borrowed(rest),
        };
        Ok(Token { kind: TokenKind::Scalar { value, style: Style::Plain }, start, end })
    }

    /// Whether a plain scalar's run of characters ends here.
    fn at_plain_end(&self) -> bool {
        match self.byte(0) {
            b':' => self.is_blankz(1),
            b',' | b'?' | b'[' | b']' | b'{' | b'}' => self.flow_level > 0,
            _ => self.is_blankz(0),
        }
    }

    pub(super) fn scan_quoted_scalar(&mut self) -> Result<Token<'a>> {
        let start = self.mark;
        let quote = self.byte(0);
        self.skip();
        let mut text = String::new();
        loop {
            self.cache(4)?;
            if self.at_document_indicator() {
                return self.fail(Some(start), "found unexpected document indicator");
            }
            if self.byte(0) == 0 {
                return self.fail(Some(start), "found unexpected end of stream");
            }
            let mut gap = Gap { broken: self.scan_quoted_run(quote, start, &mut text)?, ..Gap::default() };
            self.cache(1)?;
            if self.byte(0) == quote {
                break;
            }
            gap.fill(self, None)?;
            gap.fold_into(&mut text);
        }
        self.skip();
        let kind = TokenKind::Scalar { value: Cow::Owned(text), style: Style::Quoted };
        Ok(Token { kind, start, end: self.mark })
    }

    /// Takes in characters that are no blanks. True if they ended with an escaped line break.
    fn scan_quoted_run(&mut self, quote: u8, start: Mark, text: &mut String) -> Result<bool> {
        let mut from = self.mark.offset;
        while !self.is_blankz(0) {
            let byte = self.byte(0);
            let doubled = quote == b'\'' && byte == quote && self.byte(1) == quote;
            if byte == quote && !doubled {
                break;
            }
            if doubled {
                self.skip();
                text.push_str(self.slice(from, self.mark.offset));
                self.skip();
                from = self.mark.offset;
            } else if quote == b'"' && byte == b'\\' {
                text.push_str(self.slice(from, self.mark.offset));
                if self.is_break(1) {
                    self.cache(3)?;
                    self.skip();
                    self.skip_line();
                    return Ok(true);
                }
                self.scan_escape(start, text)?;
                from = self.mark.offset;
            } else {
                self.skip();
            }
            self.cache(2)?;
        }
        text.push_str(self.slice(from, self.mark.offset));
        Ok(false)
    }

    fn scan_escape(&mut self, start: Mark, text: &mut String) -> Result<()> {
        let mut digits = 0;
        match self.byte(1) {
            b'0' => text.push('\0'),
            b'a' => text.push('\x07'),
            b'b' => text.push('\x08'),
            b't' | b'\t' => text.push('\t'),
            b'n' => text.push('\n'),
            b'v' => text.push('\x0b'),
            b'f' => text.push('\x0c'),
            b'r' => text.push('\r'),
            b'e' => text.push('\x1b'),
            b' ' => text.push(' '),
            b'"' => text.push('"'),
            b'\'' => text.push('\''),
            b'\\' => text.push('\\'),
            b'N' => text.push('\u{85}'),
            b'_' => text.push('\u{a0}'),
            b'L' => text.push('\u{2028}'),
            b'P' => text.push('\u{2029}'),
            b'x' => digits = 2,
            b'u' => digits = 4,
            b'U' => digits = 8,
            _ => return self.fail(Some(start), "found unknown escape character"),
        }
        self.skip();
        self.skip();
        if digits == 0 {
            return Ok(());
        }
        self.cache(digits)?;
        let mut code: u32 = 0;
        for ahead in 0..digits {
            match char::from(self.byte(ahead)).to_digit(16) {
                // More than eight digits never come, so nothing is shifted out.
                Some(digit) => code = code << 4 | digit,
                None => return self.fail(Some(start), "did not find expected hexdecimal number"),
            }
        }
        match char::from_u32(code) {
            Some(c) => text.push(c),
            None => return self.fail(Some(start), "found invalid Unicode character escape code"),
        }
        for _ in 0..digits {
            self.skip();
        }
        Ok(())
    }

    pub(super) fn scan_block_scalar(&mut self) -> Result<Token<'a>> {
        let start = self.mark;
        let literal = self.byte(0) == b'|';
        self.skip();
        let (chomping, increment) = self.scan_block_header(start)?;
        let mut end = self.mark;
        let mut indent = match increment {
            0 => 0,
            n => self.indent.max(0) + n,
        };
        let mut text = String::new();
        let (mut first_break, mut more_breaks) = (None, String::new());
        self.scan_block_breaks(&mut indent, &mut more_breaks, start, &mut end)?;
        self.cache(1)?;
        let mut began_blank = false;
        while i64::from(self.mark.column) == indent && self.byte(0) != 0 {
            let begins_blank = self.is_blank(0);
            let fold = !literal && !began_blank && !begins_blank && first_break == Some('\n');
            if !fold {
                text.extend(first_break);
            } else if more_breaks.is_empty() {
                text.push(' ');
            }
            text.push_str(&more_breaks);
            more_breaks.clear();
            began_blank = begins_blank;
            let from = self.mark.offset;
            while !self.is_breakz(0) {
                self.skip();
                self.cache(1)?;
            }
            text.push_str(self.slice(from, self.mark.offset));
            self.cache(2)?;
            first_break = self.read_line();
            self.scan_block_breaks(&mut indent, &mut more_breaks, start, &mut end)?;
        }
        if chomping >= 0 {
            text.extend(first_break);
        }
        if chomping > 0 {
            text.push_str(&more_breaks);
        }
        let kind = TokenKind::Scalar { value: Cow::Owned(text), style: Style::Block };
        Ok(Token { kind, start, end })
    }

    /// `+`, `-` and a digit, in either order, and the rest of the line.
    fn scan_block_header(&mut self, start: Mark) -> Result<(i32, i64)> {
        let (mut chomping, mut increment) = (0, 0);
        self.cache(1)?;
        for _ in 0..2 {
            match self.byte(0) {
                b'+' if chomping == 0 => chomping = 1,
                b'-' if chomping == 0 => chomping = -1,
                b'0' if increment == 0 => {
                    return self.fail(Some(start), "found an indentation indicator equal to 0");
                }
                digit @ b'1'..=b'9' if increment == 0 => increment = i64::from(digit - b'0'),
                _ => break,
            }
            self.skip();
            self.cache(1)?;
        }
        while self.is_blank(0) {
            self.skip();
            self.cache(1)?;
        }
        self.skip_comment()?;
        if !self.is_breakz(0) {
            return self.fail(Some(start), "did not find expected comment or line break");
        }
        if self.is_break(0) {
            self.cache(2)?;
            self.skip_line();
        }
        Ok((chomping, increment))
    }

    /// Eats indentation and empty lines; the first text line decides an indentation that is not yet known.
    fn scan_block_breaks(
        &mut self,
        indent: &mut i64,
        breaks: &mut String,
        start: Mark,
        end: &mut Mark,
    ) -> Result<()> {
        *end = self.mark;
        let mut deepest = 0;
        loop {
            self.cache(1)?;
            while (*indent == 0 || i64::from(self.mark.column) < *indent) && self.byte(0) == b' ' {
                self.skip();
                self.cache(1)?;
            }
            let column = i64::from(self.mark.column);
            deepest = column.max(deepest);
            if (*indent == 0 || column < *indent) && self.byte(0) == b'\t' {
                return self
                    .fail(Some(start), "found a tab character where an indentation space is expected");
            }
            if !self.is_break(0) {
                break;
            }
            self.cache(2)?;
            breaks.extend(self.read_line());
            *end = self.mark;
        }
        if *indent == 0 {
            *indent = deepest.max(self.indent + 1).max(1);
        }
        Ok(())
    }
}
