//! Columns of text, as Go's `text/tabwriter` aligns them.
//!
//! `get` prints with columns of at least 6 and 3 spaces between, and remembers widths from one flush to the
//! next (`-w`: widths only grow); `describe` with no minimum and 2 spaces.
//!
//! Go: text/tabwriter; Kubernetes: cli-runtime/pkg/printers/tabwriter.go.

/// Aligns what is written to it; cells end with a tab, the last of a line does not belong to a column.
#[derive(Clone, Debug)]
pub struct TabWriter {
    minimum: usize,
    padding: usize,
    /// Widths that were used before, if they are remembered.
    remembered: Option<Vec<usize>>,
}

impl TabWriter {
    /// As `kubectl get` uses it (CLI-007).
    pub fn for_tables() -> TabWriter {
        TabWriter { minimum: 6, padding: 3, remembered: Some(Vec::new()) }
    }

    /// As `kubectl describe` and `kubectl rollout history` use it.
    pub fn for_descriptions() -> TabWriter {
        TabWriter { minimum: 0, padding: 2, remembered: None }
    }

    /// Another minimum and padding, nothing remembered.
    pub fn with(minimum: usize, padding: usize) -> TabWriter {
        TabWriter { minimum, padding, remembered: None }
    }

    /// The text with its tabs turned into spaces.
    pub fn format(&mut self, text: &str) -> String {
        let ends_line = text.ends_with('\n');
        let body = text.strip_suffix('\n').unwrap_or(text);
        let lines: Vec<Vec<&str>> = body.split('\n').map(|line| line.split('\t').collect()).collect();
        let mut out = String::with_capacity(text.len() * 2);
        let mut widths = Vec::new();
        self.block(&lines, &mut widths, &mut out);
        if !ends_line {
            out.pop();
        }
        out
    }

    /// One block of lines that share the columns in `widths`.
    fn block(&mut self, lines: &[Vec<&str>], widths: &mut Vec<usize>, out: &mut String) {
        let column = widths.len();
        // Cells of this column must end with a tab, which the last of a line does not.
        let has_column = |line: &Vec<&str>| column + 1 < line.len();
        let (mut written, mut this) = (0, 0);
        while this < lines.len() {
            if !has_column(&lines[this]) {
                this += 1;
                continue;
            }
            write_lines(&lines[written..this], widths, out);
            let end = lines[this..].iter().position(|line| !has_column(line));
            let end = end.map_or(lines.len(), |count| this + count);
            let cells = lines[this..end].iter().map(|line| line[column].chars().count() + self.padding);
            let width = cells.max().unwrap_or(0).max(self.minimum);
            widths.push(self.remember(column, width));
            self.block(&lines[this..end], widths, out);
            widths.pop();
            (written, this) = (end, end);
        }
        write_lines(&lines[written..], widths, out);
    }

    fn remember(&mut self, column: usize, width: usize) -> usize {
        let Some(remembered) = &mut self.remembered else { return width };
        if remembered.len() == column {
            remembered.push(width);
        }
        match remembered.get_mut(column) {
            Some(known) => {
                *known = width.max(*known);
                *known
            }
            None => width,
        }
    }
}

fn write_lines(lines: &[Vec<&str>], widths: &[usize], out: &mut String) {
    for line in lines {
        for (at, cell) in line.iter().enumerate() {
            out.push_str(cell);
            if let Some(width) = widths.get(at) {
                let fill = width.saturating_sub(cell.chars().count());
                out.extend(std::iter::repeat_n(' ', fill));
            }
        }
        out.push('\n');
    }
}

/// Makes control sequences for a terminal visible: `ESC` and carriage returns.
///
/// Kubernetes: cli-runtime/pkg/printers/terminal.go.
pub fn escape_terminal(text: &str) -> String {
    text.replace('\x1b', "^[").replace('\r', "\\r")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn cli_007_columns_are_padded_by_three_and_at_least_six_wide() {
        let text = "NAME\tAGE\tX\nagent-x7k2p\t5s\t\nb\t119s\tlast\n";
        assert_eq!(
            TabWriter::for_tables().format(text),
            "NAME          AGE    X\nagent-x7k2p   5s     \nb             119s   last\n"
        );
        assert_eq!(TabWriter::for_tables().format("A\tB\n1\t2\n"), "A     B\n1     2\n");
    }

    #[test]
    fn cli_008_widths_only_grow_from_one_flush_to_the_next() {
        let mut writer = TabWriter::for_tables();
        assert_eq!(writer.format("NAME\tAGE\nagent-x7k2p\t5s\n"), "NAME          AGE\nagent-x7k2p   5s\n");
        assert_eq!(writer.format("b\t6s\n"), "b             6s\n");
        assert_eq!(writer.format("agent-and-more\t6s\n"), "agent-and-more   6s\n");
        assert_eq!(writer.format("b\t6s\n"), "b                6s\n");
    }

    #[test]
    fn descriptions_align_only_neighbouring_lines() {
        let text =
            "Name:\tx\nNode-Selectors:\t<none>\nContainers:\n  Image:\ty\nEvents:\n  a\tb\tc\n  dddd\te\tf\n";
        assert_eq!(
            TabWriter::for_descriptions().format(text),
            "Name:            x\nNode-Selectors:  <none>\nContainers:\n  Image:  y\nEvents:\n  a     b  c\n  dddd  \
             e  f\n"
        );
    }

    #[test]
    fn a_text_without_a_last_newline_keeps_none() {
        assert_eq!(TabWriter::for_descriptions().format("a\tb"), "a  b");
        assert_eq!(TabWriter::for_descriptions().format(""), "");
    }

    #[test]
    fn names_cannot_steer_the_terminal() {
        assert_eq!(escape_terminal("a\x1b[31mb\r"), "a^[[31mb\\r");
    }
}
