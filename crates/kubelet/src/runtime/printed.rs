//! What a program has written to its standard output, as far as its command tells: `echo` and its like.

use super::program::{script_of, sleep, statements};
use api::pod::Container;
use sim::Duration;

/// What a container that runs (or ran) for `span` has printed.
pub fn printed(container: &Container, span: Duration) -> String {
    let words: Vec<&str> = container.command.iter().chain(&container.args).map(|word| &**word).collect();
    let name = words.first().map(|word| word.rsplit('/').next().unwrap_or(word));
    match name {
        Some("echo") => echo(&words[1..].join(" ")),
        Some("sh" | "bash" | "ash" | "dash") => {
            script_of(&words).map_or(String::new(), |s| of_script(s, span))
        }
        _ => String::new(),
    }
}

/// Follows a script of plain commands for a while.
fn of_script(script: &str, span: Duration) -> String {
    let mut text = String::new();
    let mut spent = Duration::ZERO;
    for statement in statements(script) {
        let line = statement.words.trim();
        let words: Vec<&str> = line.split_whitespace().collect();
        match words.first().copied() {
            None => {}
            // What a shell would have to work out first is left out.
            Some("echo") if line.contains(['$', '`', '>', '|', '&']) => {}
            Some("echo") => text += &echo(line.get(4..).unwrap_or_default()),
            Some("sleep") => match sleep(&words) {
                Some(more) if spent + more <= span => spent = spent + more,
                _ => break,
            },
            Some("true" | ":" | "trap" | "export" | "cd" | "set" | "date" | "printf") => {}
            Some(_) => break,
        }
    }
    text
}

/// `echo` joins its words by single spaces; quotes hold them together.
fn echo(rest: &str) -> String {
    let mut words = vec![String::new()];
    let mut quote: Option<char> = None;
    for c in rest.trim().chars() {
        let last = words.last_mut();
        match (quote, last) {
            (Some(open), _) if c == open => quote = None,
            (None, _) if c == '"' || c == '\'' => quote = Some(c),
            (None, Some(word)) if c.is_whitespace() => {
                if !word.is_empty() {
                    words.push(String::new());
                }
            }
            (_, Some(word)) => word.push(c),
            (_, None) => {}
        }
    }
    words.join(" ") + "\n"
}

#[cfg(test)]
mod tests {
    use super::*;
    use api::pod::PodSpec;
    use serde_json::json;

    fn said(command: &[&str], seconds: u64) -> String {
        let spec = PodSpec::from_value(json!({"containers": [{"name": "c", "command": command}]}));
        printed(&spec.containers[0], Duration::from_secs(seconds))
    }

    #[test]
    fn a_script_has_printed_what_it_has_come_to() {
        assert_eq!(said(&["echo", "hello", "world"], 0), "hello world\n");
        assert_eq!(said(&["sh", "-c", "echo done"], 0), "done\n");
        let script = ["sh", "-c", "echo 'one  two'  three; sleep 5 && echo later; exit 1"];
        assert_eq!(said(&script, 3), "one  two three\n");
        assert_eq!(said(&script, 5), "one  two three\nlater\n");
        assert_eq!(said(&["sh", "-c", "echo $HOME; echo plain"], 0), "plain\n");
        assert_eq!(said(&["nginx"], 9), "");
    }
}
