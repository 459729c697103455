//! Differences as text, line by line.

/// How many lines that agree are shown around those that do not.
const CONTEXT: usize = 1;

/// The lines that only one side has, with those around them.
pub fn lines<S: AsRef<str>>(expected: &[S], got: &[S]) -> String {
    let mut out = String::new();
    let all = script(expected, got);
    let differs = |at: usize| all.get(at).is_some_and(|(side, _)| *side != Side::Both);
    for (at, (side, line)) in all.iter().enumerate() {
        let head = match side {
            Side::Expected => "expected  ",
            Side::Got => "got       ",
            Side::Both if (at.saturating_sub(CONTEXT)..=at + CONTEXT).any(differs) => "          ",
            Side::Both => continue,
        };
        out += &format!("{head}{line}\n");
    }
    out
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Side {
    Expected,
    Got,
    Both,
}

/// How one text becomes the other, keeping as many lines as possible.
fn script<'a, S: AsRef<str>>(expected: &'a [S], got: &'a [S]) -> Vec<(Side, &'a str)> {
    let same = |i: usize, j: usize| expected[i].as_ref() == got[j].as_ref();
    // kept[i][j]: how many lines may be kept of what follows line i and line j.
    let mut kept = vec![vec![0u32; got.len() + 1]; expected.len() + 1];
    for i in (0..expected.len()).rev() {
        for j in (0..got.len()).rev() {
            kept[i][j] = if same(i, j) { kept[i + 1][j + 1] + 1 } else { kept[i + 1][j].max(kept[i][j + 1]) };
        }
    }
    let (mut i, mut j, mut out) = (0, 0, Vec::new());
    while i < expected.len() || j < got.len() {
        if i < expected.len() && j < got.len() && same(i, j) {
            out.push((Side::Both, expected[i].as_ref()));
            (i, j) = (i + 1, j + 1);
        } else if i < expected.len() && (j == got.len() || kept[i + 1][j] >= kept[i][j + 1]) {
            out.push((Side::Expected, expected[i].as_ref()));
            i += 1;
        } else {
            out.push((Side::Got, got[j].as_ref()));
            j += 1;
        }
    }
    out
}
