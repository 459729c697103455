//! The differences of two texts, line by line.
//!
//! Kubernetes: apimachinery/pkg/util/diff, which uses the algorithm of Python's difflib: the longest run of
//! equal lines first, then the same before and behind it; lines that are very common do not begin a run.

use sim::SortedMap;
use sim::order::SortShared;
use std::fmt::Write as _;

const CONTEXT: usize = 3;
/// From so many lines on, one that makes up more than a hundredth of them is very common.
const POPULAR_FROM: usize = 200;

#[derive(Clone, Copy)]
struct Match {
    a: usize,
    b: usize,
    size: usize,
}

/// A stretch of both texts: equal, or replaced.
#[derive(Clone, Copy)]
struct Stretch {
    equal: bool,
    a: (usize, usize),
    b: (usize, usize),
}

/// The changed lines with three around them, under `@@ -1,7 +1,7 @@`.
pub(super) fn unified_diff(old: &str, new: &str) -> String {
    let (a, b): (Vec<&str>, Vec<&str>) = (old.split('\n').collect(), new.split('\n').collect());
    let mut out = String::new();
    for group in grouped(stretches(&matches(&a, &b), a.len(), b.len())) {
        let (Some(first), Some(last)) = (group.first(), group.last()) else { continue };
        let (a_range, b_range) = (range(first.a.0, last.a.1), range(first.b.0, last.b.1));
        let _ = writeln!(out, "@@ -{a_range} +{b_range} @@");
        let mut lines = |sign: char, text: &[&str], (from, to): (usize, usize)| {
            for line in text.get(from..to).unwrap_or_default() {
                let _ = writeln!(out, "{sign}{line}");
            }
        };
        for stretch in group {
            if stretch.equal {
                lines(' ', &a, stretch.a);
            } else {
                lines('-', &a, stretch.a);
                lines('+', &b, stretch.b);
            }
        }
    }
    out
}

fn range(start: usize, stop: usize) -> String {
    match stop - start {
        1 => format!("{}", start + 1),
        0 => format!("{start},0"),
        length => format!("{},{length}", start + 1),
    }
}

/// The runs of equal lines, in order.
fn matches(a: &[&str], b: &[&str]) -> Vec<Match> {
    let mut places: SortedMap<&str, Vec<usize>> = SortedMap::new();
    for (at, line) in b.iter().enumerate() {
        places.entry(line).or_default().push(at);
    }
    if b.len() >= POPULAR_FROM {
        places.retain(|_, at| at.len() <= b.len() / 100 + 1);
    }
    let mut found = Vec::new();
    let mut open = vec![((0, a.len()), (0, b.len()))];
    while let Some((in_a, in_b)) = open.pop() {
        let longest = longest_match(a, b, &places, in_a, in_b);
        let Match { a: i, b: j, size } = longest;
        if size == 0 {
            continue;
        }
        found.push(longest);
        if in_a.0 < i && in_b.0 < j {
            open.push(((in_a.0, i), (in_b.0, j)));
        }
        if i + size < in_a.1 && j + size < in_b.1 {
            open.push(((i + size, in_a.1), (j + size, in_b.1)));
        }
    }
    found.sort_shared_by_key(|found| found.a);
    found
}

/// The longest run of equal lines; of several the first in the old text, then in the new one.
fn longest_match(
    a: &[&str],
    b: &[&str],
    places: &SortedMap<&str, Vec<usize>>,
    in_a: (usize, usize),
    in_b: (usize, usize),
) -> Match {
    let mut best = Match { a: in_a.0, b: in_b.0, size: 0 };
    let mut lengths: SortedMap<usize, usize> = SortedMap::new();
    for (i, line) in a.iter().enumerate().take(in_a.1).skip(in_a.0) {
        let mut next = SortedMap::new();
        for &j in places.get(line).into_iter().flatten() {
            if j < in_b.0 {
                continue;
            }
            if j >= in_b.1 {
                break;
            }
            let size = j.checked_sub(1).and_then(|before| lengths.get(&before)).copied().unwrap_or(0) + 1;
            next.insert(j, size);
            if size > best.size {
                best = Match { a: i + 1 - size, b: j + 1 - size, size };
            }
        }
        lengths = next;
    }
    while best.a > in_a.0 && best.b > in_b.0 && a[best.a - 1] == b[best.b - 1] {
        best = Match { a: best.a - 1, b: best.b - 1, size: best.size + 1 };
    }
    while best.a + best.size < in_a.1
        && best.b + best.size < in_b.1
        && a[best.a + best.size] == b[best.b + best.size]
    {
        best.size += 1;
    }
    best
}

fn stretches(matches: &[Match], a_len: usize, b_len: usize) -> Vec<Stretch> {
    let mut all: Vec<Stretch> = Vec::new();
    let (mut i, mut j) = (0, 0);
    let end = Match { a: a_len, b: b_len, size: 0 };
    for found in matches.iter().chain([&end]) {
        if i < found.a || j < found.b {
            all.push(Stretch { equal: false, a: (i, found.a), b: (j, found.b) });
        }
        (i, j) = (found.a + found.size, found.b + found.size);
        match all.last_mut() {
            _ if found.size == 0 => {}
            // Runs that follow one another at once are one.
            Some(last) if last.equal => (last.a.1, last.b.1) = (i, j),
            _ => all.push(Stretch { equal: true, a: (found.a, i), b: (found.b, j) }),
        }
    }
    all
}

/// Changes that are near each other, with the equal lines around them.
fn grouped(mut all: Vec<Stretch>) -> Vec<Vec<Stretch>> {
    if let Some(first) = all.first_mut().filter(|first| first.equal) {
        let skip = |(from, to): (usize, usize)| (from.max(to.saturating_sub(CONTEXT)), to);
        (first.a, first.b) = (skip(first.a), skip(first.b));
    }
    let cut = |(from, to): (usize, usize)| (from, to.min(from + CONTEXT));
    if let Some(last) = all.last_mut().filter(|last| last.equal) {
        (last.a, last.b) = (cut(last.a), cut(last.b));
    }
    let (mut groups, mut group) = (Vec::new(), Vec::new());
    for mut stretch in all {
        if stretch.equal && stretch.a.1 - stretch.a.0 > 2 * CONTEXT {
            group.push(Stretch { equal: true, a: cut(stretch.a), b: cut(stretch.b) });
            groups.push(std::mem::take(&mut group));
            stretch.a.0 = stretch.a.0.max(stretch.a.1.saturating_sub(CONTEXT));
            stretch.b.0 = stretch.b.0.max(stretch.b.1.saturating_sub(CONTEXT));
        }
        group.push(stretch);
    }
    if group.iter().any(|stretch| !stretch.equal) {
        groups.push(group);
    }
    groups
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn changes_stand_between_three_equal_lines() {
        let old: Vec<String> = (1..=20).map(|n| n.to_string()).collect();
        let mut new = old.clone();
        new[4] = "five".to_owned();
        new.remove(16);
        new.insert(0, "zero".to_owned());
        assert_eq!(
            unified_diff(&old.join("\n"), &new.join("\n")),
            "@@ -1,8 +1,9 @@\n+zero\n 1\n 2\n 3\n 4\n-5\n+five\n 6\n 7\n 8\n@@ -14,7 +15,6 @@\n 14\n 15\n 16\n-17\n 18\n 19\n 20\n"
        );
        assert_eq!(unified_diff("a\nb", "a\nb"), "");
        assert_eq!(unified_diff("a", "b"), "@@ -1 +1 @@\n-a\n+b\n");
    }

    #[test]
    fn of_equal_runs_the_first_counts() {
        assert_eq!(
            unified_diff("x\n{\n}\n{\n}\ny", "x\n{\n}\ny"),
            "@@ -1,6 +1,4 @@\n x\n {\n }\n-{\n-}\n y\n"
        );
    }
}
