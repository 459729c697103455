//! Regular expressions as grep, sed and awk read them: POSIX basic and extended ones with GNU's additions,
//! and what Perl's have in common with these. They are rewritten for the crate `regex-lite`, which looks in
//! linear time.
//!
//! Differs: of several alternatives that fit at one place the first is taken, as in Perl, not the longest.
//! Not simulated: back-references (`\1` in a pattern) and look-around; both are refused.

use super::glob::named_class;

/// A pattern, ready to be looked for.
#[derive(Clone, Debug)]
pub(super) struct Pattern {
    regex: regex_lite::Regex,
}

/// A pattern of crictl's (Go's syntax); one that cannot be read matches nothing.
#[derive(Clone, Debug)]
pub(crate) struct Regex(Option<Pattern>);

impl Regex {
    pub(crate) fn new(pattern: &str, _extended: bool, ignore_case: bool) -> Regex {
        Regex(Pattern::perl(pattern, ignore_case).ok())
    }

    pub(crate) fn is_match(&self, text: &str) -> bool {
        self.0.as_ref().is_some_and(|pattern| pattern.is_match(text))
    }
}

/// Where something lies in a text, in bytes.
pub(super) type Range = (usize, usize);

impl Pattern {
    /// `grep`, `sed`: `\(`, `\|`, `\+`, `\{` have a meaning, the same without a backslash have none.
    pub(super) fn basic(pattern: &str, ignore_case: bool) -> Result<Pattern, String> {
        Pattern::build(&translate(pattern, false)?, ignore_case)
    }

    /// `grep -E`, `sed -E`, awk, `[[ =~ ]]`.
    pub(super) fn extended(pattern: &str, ignore_case: bool) -> Result<Pattern, String> {
        Pattern::build(&translate(pattern, true)?, ignore_case)
    }

    /// `grep -P`, jq.
    pub(super) fn perl(pattern: &str, ignore_case: bool) -> Result<Pattern, String> {
        if ["(?=", "(?!", "(?<=", "(?<!"].iter().any(|sign| pattern.contains(sign)) {
            return Err("look-around is not simulated".to_owned());
        }
        Pattern::build(pattern, ignore_case)
    }

    /// `grep -F`: the text itself.
    pub(super) fn fixed(text: &str, ignore_case: bool) -> Result<Pattern, String> {
        Pattern::build(&regex_lite::escape(text), ignore_case)
    }

    fn build(pattern: &str, ignore_case: bool) -> Result<Pattern, String> {
        let mut builder = regex_lite::RegexBuilder::new(pattern);
        builder.case_insensitive(ignore_case).dot_matches_new_line(true).size_limit(1 << 20);
        match builder.build() {
            Ok(regex) => Ok(Pattern { regex }),
            Err(_) => Err("Invalid regular expression".to_owned()),
        }
    }

    pub(super) fn is_match(&self, text: &str) -> bool {
        self.regex.is_match(text)
    }

    /// The first match that begins at `start` or behind it.
    pub(super) fn find(&self, text: &str, start: usize) -> Option<Range> {
        if !text.is_char_boundary(start) {
            return None;
        }
        self.regex.find_at(text, start).map(|found| (found.start(), found.end()))
    }

    /// The same with its groups; the whole match is the first.
    pub(super) fn captures(&self, text: &str, start: usize) -> Option<Vec<Option<Range>>> {
        if !text.is_char_boundary(start) {
            return None;
        }
        let found = self.regex.captures_at(text, start)?;
        let ranges = (0..found.len()).map(|at| found.get(at).map(|group| (group.start(), group.end())));
        Some(ranges.collect())
    }

    /// The texts of the first match and its groups.
    pub(super) fn groups<'t>(&self, text: &'t str) -> Option<Vec<Option<&'t str>>> {
        let ranges = self.captures(text, 0)?;
        Some(ranges.into_iter().map(|range| range.and_then(|(from, to)| text.get(from..to))).collect())
    }

    /// All matches that do not overlap, from the left.
    pub(super) fn all(&self, text: &str) -> Vec<Range> {
        self.regex.find_iter(text).map(|found| (found.start(), found.end())).collect()
    }

    /// The names of its groups, in order; the whole match is the first and has none.
    pub(super) fn group_names(&self) -> Vec<Option<String>> {
        self.regex.capture_names().map(|name| name.map(str::to_owned)).collect()
    }
}

/// Rewrites a POSIX expression.
fn translate(pattern: &str, extended: bool) -> Result<String, String> {
    let chars: Vec<char> = pattern.chars().collect();
    let mut out = String::with_capacity(pattern.len() + 8);
    let mut at = 0;
    let mut open = 0_u32;
    // Nothing stands here yet that could be repeated.
    let mut start = true;
    while let Some(c) = chars.get(at).copied() {
        at += 1;
        let next = chars.get(at).copied();
        let (token, is_operator) = match (c, next) {
            ('\\', None) => return Err("Trailing backslash".to_owned()),
            ('\\', Some(next)) => {
                at += 1;
                match next {
                    '(' | ')' | '{' | '}' | '|' | '+' | '?' => (next, !extended),
                    '1'..='9' => return Err("back-references in patterns are not simulated".to_owned()),
                    '<' | '>' | 'b' | 'B' | 'w' | 'W' | 's' | 'S' => {
                        out.push('\\');
                        out.push(next);
                        start = false;
                        continue;
                    }
                    '`' => {
                        out.push_str("\\A");
                        continue;
                    }
                    '\'' => {
                        out.push_str("\\z");
                        continue;
                    }
                    'n' => ('\n', false),
                    't' => ('\t', false),
                    next => (next, false),
                }
            }
            ('(' | ')' | '{' | '|' | '+' | '?', _) => (c, extended),
            ('*' | '.' | '[' | '^' | '$', _) => (c, true),
            _ => (c, false),
        };
        if !is_operator {
            push_literal(&mut out, token);
            start = false;
            continue;
        }
        match token {
            '(' => {
                open += 1;
                out.push('(');
                start = true;
            }
            ')' if open > 0 => {
                open -= 1;
                out.push(')');
                start = false;
            }
            ')' if extended => return Err("Unmatched ) or \\)".to_owned()),
            ')' => return Err("Unmatched ) or \\)".to_owned()),
            '|' => {
                out.push('|');
                start = true;
            }
            '*' | '+' | '?' if start => {
                // At the beginning these stand for themselves, or for nothing.
                if !extended || token != '*' {
                    push_literal(&mut out, token);
                    start = false;
                }
            }
            // `a**` is `a*`.
            '*' if out.ends_with('*') && !out.ends_with("\\*") => {}
            '*' | '+' | '?' => {
                if out.ends_with(['*', '+', '?']) && !ends_escaped(&out) {
                    // A repetition of a repetition, which the engine would read as something else.
                    let inner = std::mem::take(&mut out);
                    out = format!("(?:{inner})");
                }
                out.push(token);
            }
            '{' => match interval(&chars, at, extended) {
                Some((text, end)) if !start => {
                    out.push_str(&text);
                    at = end;
                }
                _ if extended => {
                    push_literal(&mut out, '{');
                    start = false;
                }
                _ => return Err("Invalid preceding regular expression".to_owned()),
            },
            '.' => {
                out.push('.');
                start = false;
            }
            '[' => {
                let (text, end) = bracket(&chars, at)?;
                out.push_str(&text);
                at = end;
                start = false;
            }
            '^' if extended || start => out.push('^'),
            '$' if extended || ends_group(&chars, at) => out.push('$'),
            other => {
                push_literal(&mut out, other);
                start = false;
            }
        }
    }
    if open > 0 {
        return Err("Unmatched ( or \\(".to_owned());
    }
    Ok(out)
}

/// Whether the last character follows a backslash.
fn ends_escaped(out: &str) -> bool {
    let before = out.len() - out.chars().next_back().map_or(0, char::len_utf8);
    out.get(..before).unwrap_or_default().chars().rev().take_while(|c| *c == '\\').count() % 2 == 1
}

fn push_literal(out: &mut String, c: char) {
    // Escaped, these two would be the ends of a word.
    if c.is_ascii_punctuation() && !matches!(c, '<' | '>') {
        out.push('\\');
    }
    out.push(c);
}

/// In a basic expression `$` is an anchor at the end, and before `\)` and `\|`.
fn ends_group(chars: &[char], at: usize) -> bool {
    match chars.get(at) {
        None => true,
        Some('\\') => matches!(chars.get(at + 1), Some(')' | '|')),
        Some(_) => false,
    }
}

/// `{2}`, `{2,}`, `{,3}`, `{2,3}` whose `{` was read; with the place behind it.
fn interval(chars: &[char], start: usize, extended: bool) -> Option<(String, usize)> {
    let mut at = start;
    let mut text = String::new();
    while let Some(c) = chars.get(at).filter(|c| c.is_ascii_digit() || **c == ',') {
        text.push(*c);
        at += 1;
    }
    if !extended {
        if chars.get(at) != Some(&'\\') {
            return None;
        }
        at += 1;
    }
    if chars.get(at) != Some(&'}') || text.is_empty() || text.matches(',').count() > 1 {
        return None;
    }
    let text = if text.starts_with(',') { format!("0{text}") } else { text };
    Some((format!("{{{text}}}"), at + 1))
}

/// `[…]` whose `[` was read: a backslash in it stands for itself; with the place behind it.
fn bracket(chars: &[char], start: usize) -> Result<(String, usize), String> {
    let unmatched = || "Unmatched [, [^, [:, [., or [=".to_owned();
    let mut out = String::from("[");
    let mut at = start;
    if chars.get(at) == Some(&'^') {
        out.push('^');
        at += 1;
    }
    let mut first = true;
    loop {
        let c = *chars.get(at).ok_or_else(unmatched)?;
        at += 1;
        match c {
            ']' if !first => {
                out.push(']');
                return Ok((out, at));
            }
            '[' if chars.get(at) == Some(&':') => {
                let rest = chars.get(at + 1..).ok_or_else(unmatched)?;
                let end = rest.iter().position(|c| *c == ':').ok_or_else(unmatched)?;
                let name: String = rest.iter().take(end).collect();
                if named_class(&name).is_none() || rest.get(end + 1) != Some(&']') {
                    return Err("Invalid character class name".to_owned());
                }
                out.push_str(&format!("[:{name}:]"));
                at += end + 3;
            }
            '-' if !first && chars.get(at).is_some_and(|c| *c != ']') => out.push('-'),
            '\\' if matches!(chars.get(at), Some('n' | 't')) => {
                out.push('\\');
                out.extend(chars.get(at));
                at += 1;
            }
            c => push_literal(&mut out, c),
        }
        first = false;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn found(pattern: Result<Pattern, String>, text: &str) -> String {
        match pattern {
            Err(error) => error,
            Ok(pattern) => match pattern.find(text, 0) {
                Some((from, to)) => format!("<{}>", &text[from..to]),
                None => "-".to_owned(),
            },
        }
    }

    #[test]
    fn basic_expressions_are_those_of_grep() {
        for (pattern, text, expected) in [
            ("a+", "aa a+", "<a+>"),
            (r"a\+", "xaa", "<aa>"),
            (r"\(ab\)*c", "ababc", "<ababc>"),
            (r"a\|b", "xb", "<b>"),
            (r"a\{2\}", "aaa", "<aa>"),
            (r"a\{1,\}", "aaa", "<aaa>"),
            ("a{2}", "a{2}", "<a{2}>"),
            ("*a", "*a", "<*a>"),
            ("^*a", "*a", "<*a>"),
            ("a^b$c", "a^b$c", "<a^b$c>"),
            ("^ab$", "ab", "<ab>"),
            (r"\bweb\b", "the web", "<web>"),
            (r"\<web\>", "webs web", "<web>"),
            ("<w>", "w <w>", "<<w>>"),
            ("<", "w", "-"),
            (r"\w\+", "-ab_1-", "<ab_1>"),
            ("[[:digit:]]*x", "12x", "<12x>"),
            (r"[\.]", "a.b", "<.>"),
            ("[]x]", "a]", "<]>"),
            ("[^]x]", "]xa", "<a>"),
            ("[a-c-]", "-", "<->"),
            ("(x)", "a(x)", "<(x)>"),
            (r"a\.b", "axb a.b", "<a.b>"),
            ("a**b", "aab", "<aab>"),
            ("{}", "a{}", "<{}>"),
            ("/", "a/b", "</>"),
            (r"\(a", "a", r"Unmatched ( or \("),
            ("[a", "a", "Unmatched [, [^, [:, [., or [="),
            (r"\(a\)\1", "aa", "back-references in patterns are not simulated"),
            ("a\\", "a", "Trailing backslash"),
        ] {
            assert_eq!(found(Pattern::basic(pattern, false), text), expected, "{pattern}");
        }
    }

    #[test]
    fn extended_expressions_are_those_of_grep() {
        for (pattern, text, expected) in [
            ("a+", "xaa", "<aa>"),
            ("(ab|cd)+e", "abcde", "<abcde>"),
            ("^(Status|Reason):", "Reason: x", "<Reason:>"),
            ("a{2,3}", "aaaa", "<aaa>"),
            ("a{,2}b", "aab", "<aab>"),
            ("a{x", "a{x", "<a{x>"),
            (r"\(x\)", "(x)", "<(x)>"),
            (r"a\+", "a+", "<a+>"),
            ("x?y", "y", "<y>"),
            ("(a|b", "a", r"Unmatched ( or \("),
            ("a|", "b", "<>"),
        ] {
            assert_eq!(found(Pattern::extended(pattern, false), text), expected, "{pattern}");
        }
        assert_eq!(found(Pattern::extended("ABC", true), "xabc"), "<abc>");
        assert_eq!(found(Pattern::fixed("a.b*", false), "a.b*"), "<a.b*>");
        assert_eq!(found(Pattern::perl(r"\d+(?=x)", false), "1x"), "look-around is not simulated");
        assert_eq!(found(Pattern::perl(r"\d+", false), "a12"), "<12>");
    }

    #[test]
    fn patterns_made_to_be_slow_are_not() {
        let pattern = Pattern::extended("(a*)*b", false).unwrap();
        assert!(!pattern.is_match(&"a".repeat(3_000)));
        assert!(Pattern::extended(&"(".repeat(100_000), false).is_err());
        assert!(Pattern::extended("a{1000}{1000}{1000}", false).is_err());
    }
}
