//! Byte offsets → lines and columns.

use super::diagnostic::{Pos, Span};

/// Turns offsets of one text into places. Asked in rising order it walks the text once.
pub(super) struct Lines<'a> {
    text: &'a str,
    /// Where each line starts.
    starts: Vec<u32>,
    /// Every character is one byte: columns need no counting.
    ascii: bool,
    last: Pos,
}

impl<'a> Lines<'a> {
    /// Lines end with `\n`, `\r\n` or `\r`, as in an editor.
    pub(super) fn new(text: &'a str) -> Self {
        let bytes = text.as_bytes();
        let mut starts = vec![0];
        for (at, byte) in bytes.iter().enumerate() {
            if *byte == b'\n' || *byte == b'\r' && bytes.get(at + 1) != Some(&b'\n') {
                starts.push(u32::try_from(at + 1).unwrap_or(u32::MAX));
            }
        }
        Lines { text, starts, ascii: text.is_ascii(), last: Pos::default() }
    }

    pub(super) fn pos(&mut self, offset: u32) -> Pos {
        let mut offset = (offset as usize).min(self.text.len());
        while !self.text.is_char_boundary(offset) {
            offset -= 1;
        }
        // Texts are shorter than 4 GiB: the reader sees to that.
        let offset = offset as u32;
        let line = self.line_index(offset);
        let start = self.starts.get(line).copied().unwrap_or(0);
        let same_line = self.last.offset <= offset && self.last.offset >= start;
        let (from, before) = if same_line && self.last.line as usize == line + 1 {
            (self.last.offset, self.last.column)
        } else {
            (start, 1)
        };
        let between = self.text.get(from as usize..offset as usize).unwrap_or_default();
        let characters = if self.ascii { between.len() } else { between.chars().count() };
        self.last = Pos { line: line as u32 + 1, column: before + characters as u32, offset };
        self.last
    }

    fn line_index(&self, offset: u32) -> usize {
        let last = self.last.line as usize - 1;
        let follows = |n: usize| self.starts.get(n).is_none_or(|start| *start > offset);
        if self.last.offset <= offset {
            for line in last..last + 3 {
                if follows(line + 1) {
                    return line;
                }
            }
        }
        self.starts.partition_point(|start| *start <= offset).saturating_sub(1)
    }

    pub(super) fn span(&mut self, start: u32, end: u32) -> Span {
        Span { start: self.pos(start), end: self.pos(end.max(start)) }
    }

    /// The whole line on which `offset` stands, without its break.
    pub(super) fn line_of(&mut self, offset: u32) -> Span {
        let line = self.pos(offset).line as usize - 1;
        let start = self.starts.get(line).copied().unwrap_or(0);
        let end = self.starts.get(line + 1).map_or(self.text.len(), |next| *next as usize);
        let whole = self.text.get(start as usize..end).unwrap_or_default();
        let length = whole.trim_end_matches(['\r', '\n']).len() as u32;
        self.span(start, start + length)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn place(text: &str, offset: u32) -> (u32, u32) {
        let pos = Lines::new(text).pos(offset);
        (pos.line, pos.column)
    }

    #[test]
    fn every_kind_of_line_end_counts_once() {
        let text = "a\nb\r\nc\rd";
        for (offset, line) in [(0, 1), (2, 2), (5, 3), (7, 4), (8, 4), (99, 4)] {
            assert_eq!(place(text, offset).0, line, "offset {offset}");
        }
    }

    #[test]
    fn columns_count_characters() {
        let text = "데몬: x\nb";
        assert_eq!(place(text, 6), (1, 3));
        assert_eq!(place(text, 7), (1, 4));
        assert_eq!(place(text, 4), (1, 2), "inside a character: its start");
    }

    #[test]
    fn the_order_of_questions_does_not_matter() {
        let text = "ab\ncd\n\n\n\nef\n한글 gh\n";
        let mut lines = Lines::new(text);
        let all: Vec<u32> = (0..=text.len() as u32).collect();
        let asked: Vec<Pos> = all.iter().chain(all.iter().rev()).map(|o| lines.pos(*o)).collect();
        for pos in asked {
            assert_eq!(pos, Lines::new(text).pos(pos.offset));
        }
    }
}
