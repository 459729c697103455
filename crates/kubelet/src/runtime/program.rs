//! What the program of a container does, as far as its command tells.
//!
//! Nothing is executed. A program runs for ever and ends when asked to, unless its command is one of a few
//! simple ones that people use to try things out: `sleep 5`, `false`, `sh -c "echo hi; exit 1"`. What
//! prepares something, a regular init container, is done after a while instead of running for ever.

use super::component;
use api::field::go_quote;
use api::pod::{Container, ContainerKind};
use sim::Duration;

/// How a program ends by itself, and what it does when it is asked to end.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Program {
    /// After how long it ends by itself, and with which exit code.
    pub(crate) ends: Option<(Duration, i32)>,
    /// Whether it ends on SIGTERM. `sleep` and plain shells do not: they have no handler for it, and as
    /// process 1 of their container the signal's default action does not touch them.
    pub(crate) ends_on_sigterm: bool,
}

const FOREVER: Program = Program { ends: None, ends_on_sigterm: true };

/// How long a regular init container takes whose command does not say.
const PREPARATION: Duration = Duration::from_secs(1);

/// The program that `container` runs.
pub(crate) fn program(container: &Container) -> Program {
    let program = of_container(container);
    let sleeps = container.command.first().is_some_and(|word| word.ends_with("sleep"));
    match program.ends {
        None if container.kind == ContainerKind::Init && !sleeps => {
            Program { ends: Some((PREPARATION, 0)), ..program }
        }
        _ => program,
    }
}

fn of_container(container: &Container) -> Program {
    if let Some(complaint) = component::complaint(container) {
        return Program { ends: Some((Duration::ZERO, complaint.exit_code)), ends_on_sigterm: true };
    }
    match words_of(container).as_slice() {
        [] if is_bare(container) => ends_at_once(0),
        [] => FOREVER,
        words => of_words(words),
    }
}

/// Whether the container does nothing but wait: `sleep`, or a script of plain commands with one.
pub(super) fn sleeps(container: &Container) -> bool {
    let words = words_of(container);
    let Some(first) = words.first() else { return false };
    first.ends_with("sleep")
        || script_of(&words).is_some_and(|script| statements(script).all(|it| is_plain(it.words)))
}

fn is_plain(statement: &str) -> bool {
    statement.split_whitespace().next().is_none_or(|first| first == "sleep" || PLAIN.contains(&first))
}

/// Commands that end at once, and well.
const PLAIN: [&str; 12] =
    ["echo", "true", "date", "printf", ":", "trap", "export", "cd", "touch", "rm", "mkdir", "set"];

/// Whether the image has no program but a shell, which ends at once where nobody types into it.
fn is_bare(container: &Container) -> bool {
    BARE_IMAGES.contains(&image_base_name(&container.image)) && !container.stdin
}

/// What the runtime says of a program that the image does not have; `None` if it can start it.
///
/// Nobody knows what is in an image: it has every program, except those whose name begins with `nosuch` or has
/// `does-not-exist` in it, and the control plane's images have no program but their own.
///
/// Kubernetes: pkg/kubelet/kuberuntime/kuberuntime_container.go, startContainer; the words are runc's and
/// containerd's.
pub(crate) fn start_error(container: &Container) -> Option<String> {
    let word = container.command.iter().chain(&container.args).next()?;
    let name = word.rsplit('/').next().unwrap_or(word);
    let missing = name.starts_with("nosuch") || name.contains("does-not-exist");
    if !(missing && !words_of(container).is_empty() || component::is_foreign_program(container)) {
        return None;
    }
    let why = match word.contains('/') {
        true => format!("stat {word}: no such file or directory"),
        false => "executable file not found in $PATH".to_owned(),
    };
    Some(format!(
        "failed to create containerd task: failed to create shim task: OCI runtime create failed: runc create \
         failed: unable to start container process: error during container init: exec: {}: {why}",
        go_quote(word)
    ))
}

/// Images without a program of their own: what is given as `args` is the command.
const BARE_IMAGES: [&str; 5] = ["alpine", "busybox", "debian", "fedora", "ubuntu"];

/// The command that a container runs; empty where the image's own program runs, and `args` are its arguments.
fn words_of(container: &Container) -> Vec<&str> {
    let is_bare_image = BARE_IMAGES.contains(&image_base_name(&container.image));
    if container.command.is_empty() && !is_bare_image {
        return Vec::new();
    }
    container.command.iter().chain(&container.args).map(|word| &**word).collect()
}

/// The last part of an image's name: `busybox` of `registry.k8s.io/busybox:1.27.2`.
pub(super) fn image_base_name(image: &str) -> &str {
    let name = image.rsplit('/').next().unwrap_or(image);
    name.split(['@', ':']).next().unwrap_or(name)
}

/// What a container's script makes of a file.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct FileState {
    /// Whether the image has such a program.
    pub exists: bool,
    /// When that changes next, counted from the container's start.
    pub until: Option<Duration>,
}

/// Whether a file is there so long after the container's start, as far as its script touches and removes it;
/// `None` if the script says nothing of it.
pub(super) fn file_state(container: &Container, path: &str, at: Duration) -> Option<FileState> {
    let script = script_of(&words_of(container))?;
    let mut changes: Vec<(Duration, bool)> = Vec::new();
    follow(script, &mut |when, words| {
        let named = words[1..].contains(&path);
        match words[0] {
            "touch" if named => changes.push((when, true)),
            "rm" if named => changes.push((when, false)),
            _ => {}
        }
    });
    if changes.is_empty() {
        return None;
    }
    let exists = changes.iter().rev().find(|(when, _)| *when <= at).is_some_and(|(_, exists)| *exists);
    let until = changes.iter().find(|(when, _)| *when > at).map(|(when, _)| *when);
    Some(FileState { exists, until })
}

/// How a command ends.
pub(super) fn of_words(words: &[&str]) -> Program {
    let Some(first) = words.first() else { return FOREVER };
    let name = first.rsplit('/').next().unwrap_or(first);
    match name {
        "true" => ends_at_once(0),
        "false" => ends_at_once(1),
        "exit" => ends_at_once(exit_code(words.get(1).copied())),
        "sleep" => Program { ends: sleep(words).map(|span| (span, 0)), ends_on_sigterm: false },
        "sh" | "bash" | "ash" | "dash" => match script_of(words) {
            Some(script) => of_script(script),
            None => FOREVER,
        },
        _ => FOREVER,
    }
}

fn ends_at_once(code: i32) -> Program {
    Program { ends: Some((Duration::ZERO, code)), ends_on_sigterm: true }
}

fn exit_code(word: Option<&str>) -> i32 {
    word.and_then(|word| word.parse::<i64>().ok()).map_or(0, |code| (code & 0xff) as i32)
}

/// The script of `sh -c SCRIPT`, whatever other options stand before it (`-ec`, `-x -c`).
pub(super) fn script_of<'a>(words: &[&'a str]) -> Option<&'a str> {
    let at = words.iter().position(|word| word.starts_with('-') && word.ends_with('c'))?;
    words.get(at + 1).copied()
}

/// How long `sleep 5`, `sleep 0.5`, `sleep 2m` takes; `None` for ever.
pub(super) fn sleep(words: &[&str]) -> Option<Duration> {
    words[1..].iter().try_fold(Duration::ZERO, |total, word| Some(total + sleep_word(word)?))
}

fn sleep_word(word: &str) -> Option<Duration> {
    let (number, unit) = match word.char_indices().next_back() {
        Some((at, 's')) => (&word[..at], 1),
        Some((at, 'm')) => (&word[..at], 60),
        Some((at, 'h')) => (&word[..at], 3600),
        Some((at, 'd')) => (&word[..at], 86_400),
        _ => (word, 1),
    };
    let (whole, fraction) = number.split_once('.').unwrap_or((number, ""));
    let whole: u64 = if whole.is_empty() { 0 } else { whole.parse().ok()? };
    let digits: String = fraction.chars().chain("000000".chars()).take(6).collect();
    let micros: u64 = digits.parse().ok()?;
    let total = whole.saturating_mul(1_000_000).saturating_add(micros).saturating_mul(unit);
    Some(Duration::from_micros(total))
}

/// A script of plain commands, one after another. What it cannot follow runs for ever.
fn of_script(script: &str) -> Program {
    follow(script, &mut |_, _| ())
}

/// Follows a script; `visit` is told of each command, and when it begins.
fn follow(script: &str, visit: &mut impl FnMut(Duration, &[&str])) -> Program {
    let ends_on_sigterm = script.contains("trap ");
    let forever = Program { ends: None, ends_on_sigterm };
    let mut spent = Duration::ZERO;
    let mut code = 0;
    let mut stops_on_error = false;
    for statement in statements(script) {
        let words: Vec<&str> = statement.words.split_whitespace().collect();
        let words: Vec<&str> = words.iter().map(|word| word.trim_matches(['"', '\''])).collect();
        let Some(first) = words.first() else { continue };
        visit(spent, &words);
        match *first {
            "exit" => {
                let code = words.get(1).map_or(code, |word| exit_code(Some(word)));
                return Program { ends: Some((spent, code)), ends_on_sigterm };
            }
            "exec" => return FOREVER,
            "set" => stops_on_error = words.get(1).is_some_and(|word| word.starts_with("-e")),
            "sleep" => match sleep(&words) {
                Some(span) => {
                    spent = spent + span;
                    code = 0;
                }
                None => return forever,
            },
            first if PLAIN.contains(&first) => code = 0,
            "false" => code = 1,
            _ => return forever,
        }
        if code != 0 && (statement.ends_with_and || stops_on_error) {
            break;
        }
    }
    Program { ends: Some((spent, code)), ends_on_sigterm }
}

pub(super) struct Statement<'a> {
    pub(super) words: &'a str,
    /// The next one runs only if this one succeeds.
    ends_with_and: bool,
}

pub(super) fn statements(script: &str) -> impl Iterator<Item = Statement<'_>> {
    script.split([';', '\n']).flat_map(|line| {
        let count = line.split("&&").count();
        line.split("&&")
            .enumerate()
            .map(move |(at, words)| Statement { words, ends_with_and: at + 1 < count })
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn ends(words: &[&str]) -> Option<(u64, i32)> {
        of_words(words).ends.map(|(span, code)| (span.as_millis(), code))
    }

    #[test]
    fn simple_commands_end_as_they_say() {
        assert_eq!(ends(&["sleep", "5"]), Some((5000, 0)));
        assert_eq!(ends(&["/bin/sleep", "0.5"]), Some((500, 0)));
        assert_eq!(ends(&["sleep", "2m"]), Some((120_000, 0)));
        assert_eq!(ends(&["sleep", "infinity"]), None);
        assert_eq!(ends(&["false"]), Some((0, 1)));
        assert_eq!(ends(&["/usr/bin/true"]), Some((0, 0)));
        assert_eq!(ends(&["nginx", "-g", "daemon off;"]), None);
        assert_eq!(ends(&["sleep", "é"]), None);
    }

    #[test]
    fn scripts_are_followed_while_they_are_plain() {
        let sh = |script| ends(&["sh", "-c", script]);
        assert_eq!(sh("echo hello; sleep 3; exit 1"), Some((3000, 1)));
        assert_eq!(sh("exit 300"), Some((0, 44)));
        assert_eq!(sh("false && sleep 9"), Some((0, 1)));
        assert_eq!(sh("set -e\nfalse\nsleep 9"), Some((0, 1)));
        assert_eq!(sh("while true; do date; sleep 1; done"), None);
        assert_eq!(sh("sleep 2 && exec nginx"), None);
        assert_eq!(ends(&["bash", "-ec", "exit 3"]), Some((0, 3)));
    }

    #[test]
    fn a_shell_that_nobody_types_into_ends_and_a_missing_program_does_not_start() {
        let of = |container: serde_json::Value| {
            let spec = api::pod::PodSpec::from_value(serde_json::json!({"containers": [container]}));
            let container = &spec.containers[0];
            (program(container).ends.map(|(_, code)| code), start_error(container))
        };
        let json = |text: &str| serde_json::from_str(text).unwrap();
        assert_eq!(of(json(r#"{"name": "c", "image": "busybox"}"#)), (Some(0), None));
        assert_eq!(of(json(r#"{"name": "c", "image": "busybox", "stdin": true}"#)), (None, None));
        let (_, error) = of(json(r#"{"name": "c", "image": "busybox", "command": ["/bin/nosuch"]}"#));
        assert!(
            error.unwrap().ends_with("exec: \"/bin/nosuch\": stat /bin/nosuch: no such file or directory")
        );
    }

    #[test]
    fn a_script_makes_and_removes_files() {
        let spec = serde_json::json!({"containers": [{"name": "c", "image": "registry.k8s.io/busybox:1.27.2",
            "args": ["/bin/sh", "-c", "touch /tmp/healthy; sleep 30; rm -f /tmp/healthy; sleep 600"]}]});
        let spec = api::pod::PodSpec::from_value(spec);
        let container = &spec.containers[0];
        let state = |path, second| file_state(container, path, Duration::from_secs(second));
        let until = Some(Duration::from_secs(30));
        assert_eq!(state("/tmp/healthy", 0), Some(FileState { exists: true, until }));
        assert_eq!(state("/tmp/healthy", 30), Some(FileState { exists: false, until: None }));
        assert_eq!(state("/tmp/other", 30), None);
        assert_eq!(program(container).ends, Some((Duration::from_secs(630), 0)));
    }

    #[test]
    fn a_sleeping_process_1_ignores_sigterm() {
        assert!(!of_words(&["sleep", "3600"]).ends_on_sigterm);
        assert!(!of_words(&["sh", "-c", "while true; do sleep 1; done"]).ends_on_sigterm);
        assert!(of_words(&["sh", "-c", "trap 'exit 0' TERM; sleep infinity"]).ends_on_sigterm);
        assert!(of_words(&["nginx"]).ends_on_sigterm);
    }
}
