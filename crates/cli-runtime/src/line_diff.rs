//! The differences of two texts, line by line, as `diff` shows them.

/// Tables of more cells than this are not made: the files are told to differ, without how.
const MOST_CELLS: usize = 25_000_000;

/// A part in which the files differ: lines from and to, of each.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Change {
    /// The lines of the one, from and to, counted from 0.
    pub left: (usize, usize),
    /// The lines of the other.
    pub right: (usize, usize),
}

/// The changes that lead from one to the other, as few as possible; `None` if the files are too large.
pub fn changes(left: &[String], right: &[String]) -> Option<Vec<Change>> {
    let start = left.iter().zip(right).take_while(|(a, b)| a == b).count();
    let rest = |all: &[String]| all.get(start..).unwrap_or_default().to_vec();
    let (a, b) = (rest(left), rest(right));
    let end = a.iter().rev().zip(b.iter().rev()).take_while(|(a, b)| a == b).count();
    let (n, m) = (a.len() - end, b.len() - end);
    if (n + 1).checked_mul(m + 1)? > MOST_CELLS {
        return None;
    }
    // The length of the longest common part of what follows each place.
    let width = m + 1;
    let mut table = vec![0_u32; (n + 1) * width];
    let at = |i: usize, j: usize| i * width + j;
    for i in (0..n).rev() {
        for j in (0..m).rev() {
            let value = match a.get(i) == b.get(j) {
                true => table.get(at(i + 1, j + 1)).copied().unwrap_or(0) + 1,
                false => {
                    let below = table.get(at(i + 1, j)).copied().unwrap_or(0);
                    below.max(table.get(at(i, j + 1)).copied().unwrap_or(0))
                }
            };
            if let Some(cell) = table.get_mut(at(i, j)) {
                *cell = value;
            }
        }
    }
    let mut found: Vec<Change> = Vec::new();
    let (mut i, mut j) = (0, 0);
    while i < n || j < m {
        if i < n && j < m && a.get(i) == b.get(j) {
            i += 1;
            j += 1;
            continue;
        }
        let (from_i, from_j) = (i, j);
        while i < n || j < m {
            if i < n && j < m && a.get(i) == b.get(j) {
                break;
            }
            let below = table.get(at(i + 1, j)).copied().filter(|_| i < n);
            let beside = table.get(at(i, j + 1)).copied().filter(|_| j < m);
            if below >= beside {
                i += 1;
            } else {
                j += 1;
            }
        }
        found.push(Change { left: (start + from_i, start + i), right: (start + from_j, start + j) });
    }
    Some(found)
}

const NO_NEWLINE: &str = "\n\\ No newline at end of file\n";

/// Lines with a mark before each, and a note where the last has no end.
pub fn marked(mark: &str, lines: &[&str]) -> String {
    let line = |line: &&str| format!("{mark}{line}{}", if line.ends_with('\n') { "" } else { NO_NEWLINE });
    lines.iter().map(line).collect()
}

/// The changes as `diff -u` shows them, with so many lines around each, under the labels of both files.
pub fn unified(
    labels: &[String; 2],
    left: &[&str],
    right: &[&str],
    changes: &[Change],
    context: usize,
) -> String {
    let [left_label, right_label] = labels;
    let mut out = format!("--- {left_label}\n+++ {right_label}\n");
    let mut at = 0;
    while let Some(first) = changes.get(at) {
        // Changes that are near to each other share a hunk.
        let mut last = *first;
        let mut count = 1;
        while let Some(next) = changes.get(at + count).filter(|next| next.left.0 <= last.left.1 + 2 * context)
        {
            last = *next;
            count += 1;
        }
        let before = context.min(first.left.0);
        let after = context.min(left.len() - last.left.1);
        let left_range = (first.left.0 - before, last.left.1 + after);
        let right_range = (first.right.0 - before, last.right.1 + after);
        let range = |(from, to): (usize, usize)| match to - from {
            0 => format!("{from},0"),
            1 => to.to_string(),
            count => format!("{},{count}", from + 1),
        };
        out += &format!("@@ -{} +{} @@\n", range(left_range), range(right_range));
        let mut line = left_range.0;
        for change in changes.iter().skip(at).take(count) {
            out += &marked(" ", left.get(line..change.left.0).unwrap_or_default());
            out += &marked("-", left.get(change.left.0..change.left.1).unwrap_or_default());
            out += &marked("+", right.get(change.right.0..change.right.1).unwrap_or_default());
            line = change.left.1;
        }
        out += &marked(" ", left.get(line..left_range.1).unwrap_or_default());
        at += count;
    }
    out
}
