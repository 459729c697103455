//! Patterns: `*`, `?`, `[a-z]`, and the paths that match them.

use super::disk::Disk;

/// A character of a pattern, with whether it stands for itself.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Part {
    /// `*`
    Any,
    /// `?`
    One,
    Literal(char),
    /// `[…]`: where its members stand in the pattern's list.
    Class(usize),
}

/// A pattern that has been read.
#[derive(Clone, Debug)]
pub(super) struct Pattern {
    parts: Vec<Part>,
    classes: Vec<Class>,
}

#[derive(Clone, Debug, Default)]
struct Class {
    negated: bool,
    ranges: Vec<(char, char)>,
    named: Vec<fn(char) -> bool>,
}

impl Class {
    fn holds(&self, c: char) -> bool {
        let found = self.ranges.iter().any(|(from, to)| (*from..=*to).contains(&c))
            || self.named.iter().any(|test| test(c));
        found != self.negated
    }
}

/// `[:name:]`
pub(super) fn named_class(name: &str) -> Option<fn(char) -> bool> {
    Some(match name {
        "alpha" => char::is_alphabetic,
        "digit" => |c| c.is_ascii_digit(),
        "alnum" => char::is_alphanumeric,
        "upper" => char::is_uppercase,
        "lower" => char::is_lowercase,
        "space" => char::is_whitespace,
        "blank" => |c| c == ' ' || c == '\t',
        "punct" => |c| c.is_ascii_punctuation(),
        "xdigit" => |c| c.is_ascii_hexdigit(),
        "cntrl" => char::is_control,
        "print" => |c| !c.is_control(),
        "graph" => |c| !c.is_control() && !c.is_whitespace(),
        _ => return None,
    })
}

impl Pattern {
    /// Reads a pattern; a backslash makes the next character stand for itself.
    pub(super) fn new(text: &str) -> Pattern {
        let chars: Vec<char> = text.chars().collect();
        let mut pattern = Pattern { parts: Vec::new(), classes: Vec::new() };
        let mut at = 0;
        while let Some(c) = chars.get(at) {
            at += 1;
            let part = match c {
                '*' if pattern.parts.last() == Some(&Part::Any) => continue,
                '*' => Part::Any,
                '?' => Part::One,
                '\\' => {
                    let next = chars.get(at).copied().unwrap_or('\\');
                    at += 1;
                    Part::Literal(next)
                }
                '[' => match class(&chars, at) {
                    Some((class, end)) => {
                        at = end;
                        pattern.classes.push(class);
                        Part::Class(pattern.classes.len() - 1)
                    }
                    None => Part::Literal('['),
                },
                c => Part::Literal(*c),
            };
            pattern.parts.push(part);
        }
        pattern
    }

    /// Whether anything in it is more than a literal character.
    pub(super) fn is_pattern(&self) -> bool {
        self.parts.iter().any(|part| !matches!(part, Part::Literal(_)))
    }

    fn literal(&self) -> String {
        let chars = self.parts.iter().filter_map(|part| match part {
            Part::Literal(c) => Some(*c),
            _ => None,
        });
        chars.collect()
    }

    fn fits(&self, part: Part, c: char) -> bool {
        match part {
            Part::Any => true,
            Part::One => true,
            Part::Literal(wanted) => wanted == c,
            Part::Class(at) => self.classes.get(at).is_some_and(|class| class.holds(c)),
        }
    }

    /// Whether the whole text matches. Costs at most pattern times text.
    pub(super) fn matches(&self, text: &str) -> bool {
        let text: Vec<char> = text.chars().collect();
        let (mut at, mut part) = (0, 0);
        // Where to go on when what follows the last `*` does not fit.
        let mut retry: Option<(usize, usize)> = None;
        loop {
            match (self.parts.get(part), text.get(at)) {
                (Some(Part::Any), _) => {
                    retry = Some((part, at));
                    part += 1;
                    continue;
                }
                (Some(wanted), Some(c)) if self.fits(*wanted, *c) => {
                    part += 1;
                    at += 1;
                    continue;
                }
                (None, None) => return true,
                _ => {}
            }
            let Some((star, from)) = retry else { return false };
            if from >= text.len() {
                return false;
            }
            retry = Some((star, from + 1));
            part = star + 1;
            at = from + 1;
        }
    }

    /// How many characters the shortest or longest beginning has that matches. Costs at most pattern times
    /// text, and little where nothing can match any more.
    fn reach(&self, text: impl Iterator<Item = char>, reversed: bool, longest: bool) -> Option<usize> {
        let count = self.parts.len();
        let part = |at: usize| self.parts.get(if reversed { count - 1 - at } else { at }).copied();
        // The places in the pattern that may have been reached so far.
        let mut here = vec![false; count + 1];
        let mut found = None;
        let spread = |here: &mut Vec<bool>| {
            for at in 0..count {
                if here.get(at) == Some(&true)
                    && part(at) == Some(Part::Any)
                    && let Some(next) = here.get_mut(at + 1)
                {
                    *next = true;
                }
            }
        };
        if let Some(first) = here.first_mut() {
            *first = true;
        }
        spread(&mut here);
        if here.last() == Some(&true) {
            found = Some(0);
        }
        for (taken, c) in (1..).zip(text) {
            if found.is_some() && !longest {
                break;
            }
            let mut next = vec![false; count + 1];
            for at in (0..count).filter(|at| here.get(*at) == Some(&true)) {
                let Some(wanted) = part(at) else { continue };
                let to = if wanted == Part::Any { at } else { at + 1 };
                if self.fits(wanted, c)
                    && let Some(slot) = next.get_mut(to)
                {
                    *slot = true;
                }
            }
            spread(&mut next);
            if !next.contains(&true) {
                break;
            }
            if next.last() == Some(&true) {
                found = Some(taken);
            }
            here = next;
        }
        found
    }

    /// The shortest or longest beginning that matches, in bytes.
    pub(super) fn prefix(&self, text: &str, longest: bool) -> Option<usize> {
        let count = self.reach(text.chars(), false, longest)?;
        Some(text.chars().take(count).map(char::len_utf8).sum())
    }

    /// Where the shortest or longest end that matches begins, in bytes.
    pub(super) fn suffix(&self, text: &str, longest: bool) -> Option<usize> {
        let count = self.reach(text.chars().rev(), true, longest)?;
        Some(text.len() - text.chars().rev().take(count).map(char::len_utf8).sum::<usize>())
    }

    /// The first place that matches, as long as possible, from `start` on.
    pub(super) fn find(&self, text: &str, start: usize) -> Option<(usize, usize)> {
        let rest = text.get(start..)?;
        if !self.is_pattern() {
            let literal = self.literal();
            let from = start + rest.find(&literal)?;
            return Some((from, from + literal.len()));
        }
        let starts = rest.char_indices().map(|(at, _)| at).chain([rest.len()]);
        starts.into_iter().find_map(|from| {
            let length = self.prefix(&rest[from..], true)?;
            Some((start + from, start + from + length))
        })
    }
}

/// Reads the members of `[…]`, which begin at `at`; with the place behind it.
fn class(chars: &[char], mut at: usize) -> Option<(Class, usize)> {
    let mut class = Class::default();
    if matches!(chars.get(at), Some('!' | '^')) {
        class.negated = true;
        at += 1;
    }
    let mut first = true;
    loop {
        let mut c = *chars.get(at)?;
        at += 1;
        match c {
            ']' if !first => return Some((class, at)),
            '[' if chars.get(at) == Some(&':') => {
                let rest = chars.get(at + 1..)?;
                let end = rest.iter().position(|c| *c == ':')?;
                let name: String = rest.iter().take(end).collect();
                class.named.push(named_class(&name)?);
                at += end + 3;
                first = false;
                continue;
            }
            '\\' => {
                c = *chars.get(at)?;
                at += 1;
            }
            _ => {}
        }
        first = false;
        let to = match (chars.get(at), chars.get(at + 1)) {
            (Some('-'), Some(to)) if *to != ']' => {
                at += 2;
                *to
            }
            _ => c,
        };
        class.ranges.push((c, to));
    }
}

/// Text in which nothing is a pattern.
pub(super) fn escape(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    for c in text.chars() {
        if matches!(c, '*' | '?' | '[' | ']' | '\\') {
            out.push('\\');
        }
        out.push(c);
    }
    out
}

/// The paths that match, in order; none if there are none. Relative ones begin at `cwd`.
pub(super) fn paths(pattern: &str, cwd: &str, disk: &Disk<'_>, dotfiles: bool) -> Vec<String> {
    let (start, rest) = match pattern.strip_prefix('/') {
        Some(rest) => ("/".to_owned(), rest),
        None => (String::new(), pattern),
    };
    let mut found = vec![start];
    let parts: Vec<&str> = rest.split('/').filter(|part| !part.is_empty()).collect();
    for (at, part) in parts.iter().enumerate() {
        let pattern = Pattern::new(part);
        let last = at + 1 == parts.len();
        let mut next = Vec::new();
        for before in &found {
            let directory = match before.as_str() {
                "" => cwd.to_owned(),
                path if path.starts_with('/') => path.to_owned(),
                path => format!("{cwd}/{path}"),
            };
            let join = |name: &str| match before.as_str() {
                "" => name.to_owned(),
                path => format!("{}/{name}", path.trim_end_matches('/')),
            };
            if !pattern.is_pattern() {
                let name = pattern.literal();
                let whole = format!("{directory}/{name}");
                if disk.exists(&whole) && (last || disk.is_directory(&whole)) {
                    next.push(join(&name));
                }
                continue;
            }
            for (name, is_directory) in disk.names(&directory) {
                let hidden = name.starts_with('.') && !part.starts_with('.') && !dotfiles;
                if !hidden && (last || is_directory) && pattern.matches(&name) {
                    next.push(join(&name));
                }
            }
        }
        found = next;
    }
    if pattern.ends_with('/') {
        found.iter_mut().for_each(|path| path.push('/'));
    }
    found
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn patterns_match_as_in_a_shell() {
        for (pattern, text, expected) in [
            ("*.yaml", "pod.yaml", true),
            ("*.yaml", "pod.yml", false),
            ("a*b*c", "aXbYbZc", true),
            ("a*b*c", "aXcYb", false),
            ("?", "ü", true),
            ("?", "", false),
            ("[a-c]x", "bx", true),
            ("[!a-c]x", "bx", false),
            ("[^a]", "b", true),
            ("[]x]", "]", true),
            ("[[:digit:]]*", "4x", true),
            ("[[:digit:]-]", "-", true),
            ("a\\*", "a*", true),
            ("a\\*", "ab", false),
            ("[a", "[a", true),
            ("", "", true),
            ("**", "", true),
        ] {
            assert_eq!(Pattern::new(pattern).matches(text), expected, "{pattern} {text}");
        }
    }

    #[test]
    fn a_pattern_made_to_be_slow_is_not() {
        let pattern = Pattern::new(&"*a".repeat(200));
        assert!(!pattern.matches(&"a".repeat(199)));
    }

    #[test]
    fn beginnings_and_ends_are_cut() {
        let pattern = Pattern::new("*/");
        assert_eq!(pattern.prefix("a/b/c", false), Some(2));
        assert_eq!(pattern.prefix("a/b/c", true), Some(4));
        let pattern = Pattern::new(".*");
        assert_eq!(pattern.suffix("a.b.c", false), Some(3));
        assert_eq!(pattern.suffix("a.b.c", true), Some(1));
    }
}
