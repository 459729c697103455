//! What the Tab key offers: programs, files, and what kubectl and ssh take.

use super::env::{Env, Host};
use super::shell::Shell;
use super::{Machines, disk, programs};
use api::object::Kind;
use kubectl::Wanted;
use sim::order::SortShared;

/// What the word before the cursor may become.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Completion {
    /// Where the word begins, in bytes.
    pub from: usize,
    /// What may stand there instead, in order. One that ends in `/` or `=` goes on.
    pub words: Vec<String>,
}

/// More are not offered.
const MOST: usize = 1_000;

/// Names of the objects of a kind, in a namespace if it has any.
pub type Names<'a> = &'a dyn Fn(Kind, Option<&str>) -> Vec<String>;

impl Shell {
    /// What may stand for the last word of `text`, which ends at the cursor.
    pub(super) fn complete(&self, text: &str, world: &dyn Machines, names: Names<'_>) -> Completion {
        let login = Env::login(Host::Desk, None);
        let env = self.innermost_env().unwrap_or(&login);
        let from =
            text.rfind(is_break).map_or(0, |at| at + text[at..].chars().next().map_or(1, char::len_utf8));
        let last = &text[from..];
        // A command begins behind these.
        let begins = text[..from].rfind(['|', ';', '&', '(', '\n', '`']).map_or(0, |at| at + 1);
        let before = &text[begins..from];
        let mut words: Vec<&str> = before.split_whitespace().collect();
        let redirects = before.trim_end().ends_with(['<', '>']);
        let alias = words.first().and_then(|first| env.aliases.get(*first)).cloned();
        if let Some(alias) = &alias {
            words.splice(..1, alias.split_whitespace());
        }
        while let Some(first) = words.first() {
            let prefixes = ["sudo", "watch", "time", "xargs", "do", "then", "else", "if", "while", "!"];
            if !(prefixes.contains(first) || first.contains('=')) {
                break;
            }
            words.remove(0);
        }
        let mut found = match words.split_first() {
            _ if redirects => files(env, last, world),
            None if last.contains('/') => files(env, last, world),
            None => commands(env),
            Some((&"kubectl", rest)) => match kubectl::complete(rest, last) {
                Wanted::Words(words) => words,
                Wanted::Objects { kind, namespace, before } => {
                    let all = names(kind, namespace.as_deref());
                    all.into_iter().map(|name| format!("{before}{name}")).collect()
                }
                Wanted::Files => files(env, last, world),
                Wanted::Nothing => Vec::new(),
            },
            Some((&"ssh", [])) => world.names(),
            Some((&"systemctl", [])) => ["restart", "start", "status", "stop"].map(str::to_owned).to_vec(),
            Some((&"systemctl", _)) => vec!["kubelet".to_owned()],
            Some(_) => files(env, last, world),
        };
        found.retain(|word| word.starts_with(last));
        found.sort_shared();
        found.dedup();
        found.truncate(MOST);
        Completion { from, words: found }
    }
}

fn is_break(letter: char) -> bool {
    letter.is_whitespace() || matches!(letter, '|' | ';' | '&' | '(' | '<' | '>' | '`')
}

fn commands(env: &Env) -> Vec<String> {
    let builtins = ["alias", "cd", "echo", "exit", "export", "history", "test", "type", "unset"];
    let own = env.aliases.keys().chain(env.functions.keys()).map(|name| name.to_string());
    let all = programs::names(&env.host).chain(builtins).map(str::to_owned);
    own.chain(all).collect()
}

/// Files by the directory that has been typed; a directory ends in `/`.
fn files(env: &Env, last: &str, world: &dyn Machines) -> Vec<String> {
    let typed = last.rfind('/').map_or("", |at| &last[..=at]);
    let whole = match typed.strip_prefix("~/") {
        Some(rest) => format!("{}/{rest}", super::env::HOME),
        None if typed.is_empty() => env.cwd.to_string(),
        None => env.absolute(typed),
    };
    let extra = disk::Extra::default();
    let disk = disk::Disk::new(world, &env.host, &extra);
    let hidden = last[typed.len()..].starts_with('.');
    let names = disk.names(&whole).into_iter().filter(|(name, _)| hidden || !name.starts_with('.'));
    names
        .map(|(name, is_directory)| format!("{typed}{name}{}", if is_directory { "/" } else { "" }))
        .collect()
}
