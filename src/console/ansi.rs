//! What a program prints for a screen: colours become classes, and other control sequences are dropped.

/// Empties the screen, as `clear` and `watch` do.
const CLEAR: &str = "\x1b[2J";

/// What is left on the screen of a text, and whether it has cleared what stood above.
pub fn on_screen(text: &str) -> (&str, bool) {
    let Some(at) = text.rfind(CLEAR) else { return (text, false) };
    let rest = &text[at + CLEAR.len()..];
    (rest.strip_prefix("\x1b[3J").unwrap_or(rest), true)
}

/// Pieces of a text with the class that each is drawn in.
pub fn pieces(text: &str) -> Vec<(String, String)> {
    let mut parts = text.split('\x1b');
    let mut found: Vec<(String, String)> = Vec::new();
    let mut style = Style::default();
    let mut add = |class: String, text: &str| match found.last_mut() {
        _ if text.is_empty() => {}
        Some((same, before)) if *same == class => before.push_str(text),
        _ => found.push((class, text.to_owned())),
    };
    add(String::new(), parts.next().unwrap_or_default());
    for part in parts {
        let Some(body) = part.strip_prefix('[') else {
            add(style.class(), part);
            continue;
        };
        let end = body.find(|letter: char| ('@'..='~').contains(&letter));
        let Some(end) = end else { continue };
        if body[end..].starts_with('m') {
            style.change(&body[..end]);
        }
        add(style.class(), &body[end + 1..]);
    }
    found
}

#[derive(Default)]
struct Style {
    colour: Option<u8>,
    bold: bool,
}

impl Style {
    fn change(&mut self, codes: &str) {
        for code in codes.split(';') {
            match code.parse().unwrap_or(0) {
                0 => *self = Style::default(),
                1 => self.bold = true,
                22 => self.bold = false,
                code @ (30..=37 | 90..=97) => self.colour = Some(code % 10),
                39 => self.colour = None,
                _ => {}
            }
        }
    }

    fn class(&self) -> String {
        let colour = self.colour.map(|colour| format!("ansi-{colour}")).unwrap_or_default();
        let bold = if self.bold { " ansi-bold" } else { "" };
        format!("{colour}{bold}").trim_start().to_owned()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn colours_become_classes_and_the_rest_goes() {
        let text = "a \x1b[01;31mred\x1b[m\x1b[K b\x1b[1mc\x1b[0m";
        let found = pieces(text);
        let found: Vec<(&str, &str)> = found.iter().map(|(class, text)| (&**class, &**text)).collect();
        assert_eq!(found, [("", "a "), ("ansi-1 ansi-bold", "red"), ("", " b"), ("ansi-bold", "c")]);
    }

    #[test]
    fn a_cleared_screen_shows_what_comes_after() {
        assert_eq!(on_screen("old\x1b[H\x1b[2J\x1b[3Jnew"), ("new", true));
        assert_eq!(on_screen("old"), ("old", false));
    }
}
