//! Regular expressions with looking around and references back, which recordings are normalised with.

use std::borrow::Cow;

use fancy_regex::Regex;

/// An expression that is known to be sound.
#[derive(Debug)]
pub struct Pattern(Regex);

impl Pattern {
    /// Panics if it is not sound: it stands in this folder, or in the head of a transcript.
    pub fn new(expression: &str) -> Pattern {
        Pattern(Regex::new(expression).unwrap_or_else(|error| panic!("{expression}: {error}")))
    }

    /// Whether it matches the whole text.
    pub fn whole(expression: &str) -> Pattern {
        Pattern::new(&format!("^(?:{expression})$"))
    }

    pub fn is_in(&self, text: &str) -> bool {
        self.0.is_match(text).expect("no text is long enough to try too often")
    }

    pub fn all<'t>(&self, text: &'t str) -> impl Iterator<Item = &'t str> {
        self.0.find_iter(text).map(|found| found.expect("as above").as_str())
    }

    /// The groups of the first match.
    pub fn groups<'t>(&self, text: &'t str) -> Option<Vec<&'t str>> {
        let found = self.0.captures(text).expect("as above")?;
        Some(found.iter().map(|group| group.map_or("", |group| group.as_str())).collect())
    }

    /// Every match replaced: `$1` stands for the first group.
    pub fn replace<'t>(&self, text: &'t str, with: &str) -> Cow<'t, str> {
        self.0.replace_all(text, with)
    }

    pub fn replace_by(&self, text: &str, with: impl Fn(&str) -> String) -> String {
        let (mut out, mut end) = (String::new(), 0);
        for found in self.0.find_iter(text) {
            let found = found.expect("as above");
            out += &text[end..found.start()];
            out += &with(found.as_str());
            end = found.end();
        }
        out + &text[end..]
    }
}
