//! As much of regular expressions as `grep`, `sed` and `crictl --name` are used with: literals, `.`, `*`,
//! `+`, `?`, `^`, `$`, `[…]`, `\`-escapes and `|` between whole alternatives.

/// A pattern, ready to be looked for.
#[derive(Clone, Debug)]
pub(crate) struct Regex {
    alternatives: Vec<Vec<Item>>,
    ignore_case: bool,
}

#[derive(Clone, Debug)]
struct Item {
    atom: Atom,
    /// Fewest and most repetitions.
    times: (usize, usize),
}

#[derive(Clone, Debug)]
enum Atom {
    Char(char),
    Any,
    /// Ranges, and whether they are what must not stand there.
    Class(Vec<(char, char)>, bool),
    Start,
    End,
}

/// More steps than this on one line is no use to anybody; the line then does not match.
const MAX_STEPS: usize = 20_000;

impl Regex {
    /// `extended`: `+`, `?` and `|` mean repetition and choice without a backslash before them.
    pub(crate) fn new(pattern: &str, extended: bool, ignore_case: bool) -> Regex {
        let mut alternatives = vec![Vec::new()];
        let mut chars = pattern.chars().peekable();
        while let Some(c) = chars.next() {
            let escaped = c == '\\';
            let c = if escaped { chars.next().unwrap_or('\\') } else { c };
            // In basic expressions it is the backslash that gives these their meaning.
            let special = extended != escaped;
            let items = alternatives.last_mut();
            let Some(items) = items else { break };
            match c {
                '|' if special => alternatives.push(Vec::new()),
                '+' if special => repeat(items, 1),
                '?' if special => limit(items),
                '(' | ')' if special => {}
                '*' if !escaped && !items.is_empty() => repeat(items, 0),
                '.' if !escaped => items.push(once(Atom::Any)),
                '^' if !escaped && items.is_empty() => items.push(once(Atom::Start)),
                '$' if !escaped && matches!(chars.peek(), None | Some('|')) => items.push(once(Atom::End)),
                '[' if !escaped => items.push(once(class(&mut chars))),
                's' if escaped => items.push(once(Atom::Class(vec![(' ', ' '), ('\t', '\t')], false))),
                'd' if escaped => items.push(once(Atom::Class(vec![('0', '9')], false))),
                c => items.push(once(Atom::Char(c))),
            }
        }
        Regex { alternatives, ignore_case }
    }

    pub(crate) fn is_match(&self, text: &str) -> bool {
        self.find(text, 0).is_some()
    }

    /// The first match at or after a byte offset: from where to where, in bytes.
    pub(crate) fn find(&self, text: &str, from: usize) -> Option<(usize, usize)> {
        let chars: Vec<(usize, char)> = text.char_indices().collect();
        let ends = |at: usize| chars.get(at).map_or(text.len(), |(offset, _)| *offset);
        let mut steps = 0;
        let first = chars.iter().position(|(offset, _)| *offset >= from).unwrap_or(chars.len());
        for start in first..=chars.len() {
            for items in &self.alternatives {
                if let Some(end) = self.matches(items, &chars, start, &mut steps) {
                    return Some((ends(start), ends(end)));
                }
            }
            if steps > MAX_STEPS {
                return None;
            }
        }
        None
    }

    fn matches(
        &self,
        items: &[Item],
        chars: &[(usize, char)],
        at: usize,
        steps: &mut usize,
    ) -> Option<usize> {
        *steps += 1;
        if *steps > MAX_STEPS {
            return None;
        }
        let Some((item, rest)) = items.split_first() else { return Some(at) };
        match item.atom {
            Atom::Start => return if at == 0 { self.matches(rest, chars, at, steps) } else { None },
            Atom::End => {
                return if at == chars.len() { self.matches(rest, chars, at, steps) } else { None };
            }
            _ => {}
        }
        let (fewest, most) = item.times;
        let fits = |at: usize| chars.get(at).is_some_and(|(_, c)| self.fits(&item.atom, *c));
        let mut count = 0;
        while count < most && fits(at + count) {
            count += 1;
        }
        // The longest first, as grep and sed do.
        while count >= fewest {
            if let Some(end) = self.matches(rest, chars, at + count, steps) {
                return Some(end);
            }
            if count == 0 {
                return None;
            }
            count -= 1;
        }
        None
    }

    fn fits(&self, atom: &Atom, c: char) -> bool {
        let same = |a: char, b: char| a == b || (self.ignore_case && a.to_lowercase().eq(b.to_lowercase()));
        match atom {
            Atom::Char(wanted) => same(*wanted, c),
            Atom::Any => true,
            Atom::Class(ranges, negated) => {
                let within = |c: char| ranges.iter().any(|(from, to)| (*from..=*to).contains(&c));
                let folded = self.ignore_case && c.to_lowercase().chain(c.to_uppercase()).any(within);
                (within(c) || folded) != *negated
            }
            Atom::Start | Atom::End => false,
        }
    }
}

fn once(atom: Atom) -> Item {
    Item { atom, times: (1, 1) }
}

fn repeat(items: &mut [Item], fewest: usize) {
    if let Some(item) = items.last_mut() {
        item.times = (fewest, usize::MAX);
    }
}

fn limit(items: &mut [Item]) {
    if let Some(item) = items.last_mut() {
        item.times = (0, 1);
    }
}

fn class(chars: &mut std::iter::Peekable<std::str::Chars<'_>>) -> Atom {
    let negated = chars.next_if_eq(&'^').is_some();
    let mut ranges: Vec<(char, char)> = Vec::new();
    let mut first = true;
    while let Some(c) = chars.next() {
        if c == ']' && !first {
            break;
        }
        first = false;
        let is_range = chars.peek() == Some(&'-') && chars.clone().nth(1).is_some_and(|end| end != ']');
        if is_range {
            chars.next();
            let end = chars.next().unwrap_or(c);
            ranges.push((c, end));
        } else {
            ranges.push((c, c));
        }
    }
    Atom::Class(ranges, negated)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn patterns_match_as_grep_matches() {
        for (pattern, extended, text, expected) in [
            ("agent", false, "my agent-x", Some((3, 8))),
            ("^agent$", false, "agent", Some((0, 5))),
            ("^agent$", false, "agent-x", None),
            ("a.c", false, "xabc", Some((1, 4))),
            ("a*b", false, "aaab", Some((0, 4))),
            ("a+b", true, "b aab", Some((2, 5))),
            ("a+b", false, "a+b", Some((0, 3))),
            ("[0-9]*m", false, "x250m", Some((1, 5))),
            ("[^a-z]", false, "ab1", Some((2, 3))),
            ("Running|Pending", true, "is Pending", Some((3, 10))),
            ("Running\\|Pending", false, "is Pending", Some((3, 10))),
            ("x\\.y", false, "xzy", None),
            ("*a", false, "*a", Some((0, 2))),
            ("데.셋", false, "데몬셋", Some((0, 9))),
        ] {
            assert_eq!(Regex::new(pattern, extended, false).find(text, 0), expected, "{pattern} {text}");
        }
        assert!(Regex::new("READY", false, true).is_match("ready"));
    }

    #[test]
    fn hostile_patterns_end() {
        let pattern = "a*".repeat(30) + "b";
        assert!(!Regex::new(&pattern, false, false).is_match(&"a".repeat(1000)));
    }
}
