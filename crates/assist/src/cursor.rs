//! Where in a manifest a place of its text is, told from lines and indentation alone.

/// One step of the way from the document's root.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum PathElement {
    Key(String),
    Item(usize),
}

/// What stands, or would stand, at the cursor.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Place {
    /// A key, or an item of a list of scalars.
    Key,
    /// The value behind the last key of the way.
    Value,
}

#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Cursor<'t> {
    /// The document's own `apiVersion` and `kind`, as far as they are written.
    pub(crate) api_version: Option<&'t str>,
    pub(crate) kind: Option<&'t str>,
    /// The document's text.
    pub(crate) document: &'t str,
    /// The way to the map whose key it is, or to the key whose value it is.
    pub(crate) steps: Vec<PathElement>,
    pub(crate) place: Place,
    /// The word up to the cursor.
    pub(crate) word: &'t str,
    /// Where the word begins, as a byte of the whole text.
    pub(crate) from: usize,
    /// The column of the place.
    pub(crate) column: usize,
    /// The text after the cursor in its line.
    pub(crate) behind: &'t str,
    /// The other keys of the same map.
    pub(crate) siblings: Vec<&'t str>,
}

/// A line without its indentation: `  - - name: a`.
pub(crate) struct Line<'t> {
    /// Columns of the dashes that begin items.
    pub(crate) dashes: Vec<usize>,
    /// Where the content begins.
    pub(crate) column: usize,
    pub(crate) content: &'t str,
}

impl<'t> Line<'t> {
    pub(crate) fn of(line: &'t str) -> Line<'t> {
        let blanks = |text: &str| text.len() - text.trim_start_matches(' ').len();
        let mut column = blanks(line);
        let mut dashes = Vec::new();
        loop {
            let rest = line.get(column..).unwrap_or_default();
            if rest == "-" {
                dashes.push(column);
                column += 1;
            } else if rest.starts_with("- ") {
                dashes.push(column);
                column += 1 + blanks(&rest[1..]);
            } else {
                return Line { dashes, column, content: rest };
            }
        }
    }

    pub(crate) fn is_empty(&self) -> bool {
        self.dashes.is_empty() && (self.content.trim().is_empty() || self.content.starts_with('#'))
    }

    /// The key that the content begins with, and the text after its colon.
    pub(crate) fn key(&self) -> Option<(&'t str, &'t str)> {
        let content = self.content;
        let first = content.chars().next()?;
        if matches!(first, '"' | '\'') {
            let (key, rest) = content[1..].split_once(first)?;
            return Some((key, rest.trim_start().strip_prefix(':')?));
        }
        if "{[#&*!|>%@`".contains(first) {
            return None;
        }
        let ends = content.match_indices(':').map(|(at, _)| at);
        let at = ends.into_iter().find(|at| matches!(content.as_bytes().get(at + 1), None | Some(b' ')))?;
        let key = content[..at].trim_end();
        (!key.contains(" #")).then_some((key, &content[at + 1..]))
    }

    /// The first column that is no blank.
    fn start(&self) -> usize {
        self.dashes.first().copied().unwrap_or(self.column)
    }
}

/// The maps and lists that are open where a line ends.
#[derive(Default)]
struct Open {
    stack: Vec<(usize, PathElement)>,
    /// A text in `|` or `>` form goes on while lines are deeper than this.
    block: Option<usize>,
}

impl Open {
    fn enter_dashes(&mut self, dashes: &[usize]) {
        for dash in dashes {
            let mut index = 0;
            while let Some((column, step)) = self.stack.last() {
                match step {
                    PathElement::Item(at) if column == dash => index = at + 1,
                    _ if column > dash => {}
                    _ => break,
                }
                self.stack.pop();
            }
            self.stack.push((*dash, PathElement::Item(index)));
        }
    }

    fn close_to(&mut self, column: usize) {
        while self.stack.last().is_some_and(|(open, _)| *open >= column) {
            self.stack.pop();
        }
    }

    /// Whether the line belongs to a text in block form.
    fn is_in_block(&mut self, text: &str) -> bool {
        let Some(column) = self.block else { return false };
        let depth = text.len() - text.trim_start_matches(' ').len();
        if text.trim().is_empty() || depth > column {
            return true;
        }
        self.block = None;
        false
    }

    fn line(&mut self, text: &str) {
        if self.is_in_block(text) {
            return;
        }
        let line = Line::of(text);
        if line.is_empty() {
            return;
        }
        self.enter_dashes(&line.dashes);
        let value = match line.key() {
            Some((key, value)) => {
                self.close_to(line.column);
                self.stack.push((line.column, PathElement::Key(key.to_owned())));
                value
            }
            None => line.content,
        };
        if value.trim_start().starts_with(['|', '>']) {
            self.block = Some(if line.key().is_some() { line.column } else { line.start() });
        }
    }
}

fn is_separator(line: &str) -> bool {
    line == "---" || line.starts_with("--- ")
}

/// The document around a byte of a text: its first byte and its text.
pub(crate) fn document_at(text: &str, at: usize) -> (usize, &str) {
    let (mut start, mut here) = (0, 0);
    for line in text.split_inclusive('\n') {
        let end = here + line.len();
        if is_separator(line.trim_end()) {
            if here > at || (here == at && at > start) {
                return (start, text.get(start..here).unwrap_or_default());
            }
            start = end;
        }
        here = end;
    }
    (start, text.get(start..).unwrap_or_default())
}

/// The value of a key of the document's root.
pub(crate) fn root_value<'t>(document: &'t str, key: &str) -> Option<&'t str> {
    let found = document.lines().find_map(|line| line.strip_prefix(key)?.strip_prefix(':'))?;
    let value = found.split(" #").next().unwrap_or_default().trim();
    let value = value.trim_matches(['"', '\'']);
    (!value.is_empty()).then_some(value)
}

impl<'t> Cursor<'t> {
    /// Where byte `at` of a text is; `None` in comments, texts in block form, lists in brackets, and where
    /// nothing can be said.
    pub(crate) fn at(text: &'t str, at: usize) -> Option<Cursor<'t>> {
        let (start, document) = document_at(text, at);
        let inside = at.checked_sub(start)?;
        let before = document.get(..inside)?;
        let line_start = before.rfind('\n').map_or(0, |end| end + 1);
        let (above, head) = before.split_at(line_start);
        let behind = document.get(inside..)?.split('\n').next().unwrap_or_default();
        let mut open = Open::default();
        above.lines().for_each(|line| open.line(line));
        if open.is_in_block(head) && open.block.is_some() {
            return None;
        }
        let line = Line::of(head);
        if line.content.starts_with('#') || line.content.contains(" #") || is_separator(head.trim_end()) {
            return None;
        }
        open.enter_dashes(&line.dashes);
        // The cursor of an empty line stands where the next key would.
        open.close_to(line.column);
        let (word, place) = match line.key() {
            Some((key, value)) => {
                open.stack.push((line.column, PathElement::Key(key.to_owned())));
                let value = value.strip_prefix(' ')?.trim_start();
                (value.strip_prefix(['"', '\'']).unwrap_or(value), Place::Value)
            }
            None => (line.content, Place::Key),
        };
        if word.starts_with(['{', '[']) || word.contains([' ', '\t']) {
            return None;
        }
        let number = above.lines().count();
        Some(Cursor {
            api_version: root_value(document, "apiVersion"),
            kind: root_value(document, "kind"),
            document,
            steps: open.stack.into_iter().map(|(_, step)| step).collect(),
            place,
            word,
            from: at - word.len(),
            column: line.column,
            behind,
            siblings: siblings(document, number, line.column),
        })
    }
}

/// The keys at a column of the same map as a line's, without that line's own.
fn siblings(document: &str, number: usize, column: usize) -> Vec<&str> {
    let lines: Vec<&str> = document.lines().collect();
    let mut keys = Vec::new();
    let begins = lines.get(number).is_some_and(|line| !Line::of(line).dashes.is_empty());
    let above = if begins { &[] } else { lines.get(..number).unwrap_or_default() };
    for text in above.iter().rev() {
        let line = Line::of(text);
        if line.is_empty() {
            continue;
        }
        if line.column == column {
            keys.extend(line.key().map(|(key, _)| key));
        }
        if line.start() < column {
            break;
        }
    }
    for text in lines.get(number + 1..).unwrap_or_default() {
        let line = Line::of(text);
        if line.is_empty() {
            continue;
        }
        if line.start() < column {
            break;
        }
        if line.dashes.is_empty() && line.column == column {
            keys.extend(line.key().map(|(key, _)| key));
        }
    }
    keys
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The way, the place, the word and the siblings at the sign `|`.
    fn at(text: &str) -> String {
        let byte = text.find('^').expect("a place");
        let text = text.replacen('^', "", 1);
        let Some(cursor) = Cursor::at(&text, byte) else { return "nothing".to_owned() };
        let way: Vec<String> = cursor
            .steps
            .iter()
            .map(|step| match step {
                PathElement::Key(key) => key.clone(),
                PathElement::Item(at) => format!("[{at}]"),
            })
            .collect();
        format!("{} {:?} {:?} {}", way.join("."), cursor.place, cursor.word, cursor.siblings.join(","))
    }

    const POD: &str = "kind: Pod\nspec:\n  containers:\n  - name: a\n    image: b\n    ";

    #[test]
    fn the_way_follows_indentation_and_dashes() {
        assert_eq!(at(&format!("{POD}im^")), "spec.containers.[0] Key \"im\" image,name");
        assert_eq!(at(&format!("{POD}\n  - na^")), "spec.containers.[1] Key \"na\" ");
        assert_eq!(at("spec:\n  ^\n  b: 1\nkind: Pod\n"), "spec Key \"\" b");
        assert_eq!(at("a:\n  b:\n    c: 1\n  ^"), "a Key \"\" b");
        assert_eq!(at("a:\n  b:\n    c: 1\n^"), " Key \"\" a");
        assert_eq!(at("a:\n- b: 1\n  c:\n  - d\n  - ^"), "a.[0].c.[1] Key \"\" ");
        assert_eq!(at("- - ^"), "[0].[0] Key \"\" ");
    }

    #[test]
    fn a_value_stands_behind_its_key() {
        assert_eq!(at("spec:\n  nodeName: wor^ker"), "spec.nodeName Value \"wor\" ");
        assert_eq!(at("spec:\n  nodeName: \"w^\""), "spec.nodeName Value \"w\" ");
        assert_eq!(at("a:\n  \"b/c\": d^"), "a.b/c Value \"d\" ");
        assert_eq!(at("a:^"), "nothing");
        assert_eq!(at("a: {b^"), "nothing");
    }

    #[test]
    fn comments_and_texts_in_block_form_are_left_alone() {
        assert_eq!(at("a: 1 # b^"), "nothing");
        assert_eq!(at("# b^"), "nothing");
        assert_eq!(at("data:\n  a: |\n    b: ^\n"), "nothing");
        assert_eq!(at("data:\n  a: |\n    b: 1\n  c^"), "data Key \"c\" a");
        assert_eq!(at("args:\n- |\n  b: 1\n- c^"), "args.[1] Key \"c\" ");
    }

    #[test]
    fn a_document_ends_at_its_dashes() {
        let text = "kind: A\nb: 1\n---\nkind: B\n^\n---\nkind: C\n";
        assert_eq!(at(text), " Key \"\" kind");
        let byte = text.find('^').unwrap_or_default();
        let cursor = Cursor::at(text, byte).expect("a place");
        assert_eq!((cursor.kind, cursor.api_version), (Some("B"), None));
    }
}
