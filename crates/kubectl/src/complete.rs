//! What can stand at the end of a kubectl command line: the Tab key's question.
//!
//! Kubernetes: kubectl/pkg/util/completion/completion.go.

use super::{COMMANDS, Command};
use api::object::Kind;
use api::schema;
use cli_runtime::flags::{Flag, GLOBAL, Takes};

/// What the word that is being typed may become.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Wanted {
    /// One of these.
    Words(Vec<String>),
    /// The name of an object, behind this text: `pod/` in `pod/web`.
    Objects {
        /// The kind of the object.
        kind: Kind,
        /// The namespace that the line names with `-n`.
        namespace: Option<String>,
        /// What stands before the name.
        before: String,
    },
    /// A file.
    Files,
    /// Nothing that could be completed.
    Nothing,
}

const FORMATS: [&str; 8] =
    ["json", "yaml", "name", "wide", "jsonpath=", "custom-columns=", "go-template=", "jsonpath-file="];

/// Commands whose first word is a kind and whose further ones are names.
const OF_OBJECTS: [&str; 12] = [
    "get", "describe", "delete", "edit", "label", "annotate", "patch", "scale", "expose", "taint", "wait",
    "set",
];

/// What a line is about, as far as it has been read.
struct Line<'a> {
    command: Option<&'static Command>,
    /// The words that are no flags, behind the command's own.
    args: Vec<&'a str>,
    namespace: Option<&'a str>,
    /// The flag whose value the next word is.
    open: Option<&'static Flag>,
}

fn find_flag(command: Option<&'static Command>, word: &str) -> Option<&'static Flag> {
    let all = command.map_or(&[][..], |command| command.flags).iter().chain(GLOBAL);
    let mut all = all.filter(|flag| !matches!(flag.takes, Takes::Bool | Takes::Optional(_)));
    match word.strip_prefix("--") {
        Some(name) => all.find(|flag| flag.name == name),
        // `-it`, `-nkube-system`: only a single letter waits for its value.
        None => {
            let mut letters = word.strip_prefix('-')?.chars();
            let (letter, None) = (letters.next()?, letters.next()) else { return None };
            all.find(|flag| flag.short == letter)
        }
    }
}

fn read<'a>(words: &[&'a str]) -> Line<'a> {
    let mut line = Line { command: None, args: Vec::new(), namespace: None, open: None };
    for word in words {
        if let Some(flag) = line.open.take() {
            if flag.name == "namespace" {
                line.namespace = Some(word);
            }
            continue;
        }
        if let Some(name) = word.strip_prefix("--namespace=").or_else(|| word.strip_prefix("-n=")) {
            line.namespace = Some(name);
        } else if word.starts_with('-') && word.len() > 1 {
            line.open = find_flag(line.command, word);
        } else {
            let among = line.command.map_or(COMMANDS, |command| command.subs);
            match among.iter().find(|command| line.args.is_empty() && command.is(word)) {
                Some(command) => line.command = Some(command),
                None => line.args.push(word),
            }
        }
    }
    line
}

/// What may follow `words`, the words behind `kubectl`, where `last` has been typed of the next one.
pub fn complete(words: &[&str], last: &str) -> Wanted {
    let line = read(words);
    if let Some(flag) = line.open {
        return value_of(flag, "");
    }
    if let Some((name, _)) = last.split_once('=').filter(|_| last.starts_with("--")) {
        return find_flag(line.command, name)
            .map_or(Wanted::Nothing, |flag| value_of(flag, &format!("{name}=")));
    }
    if last.starts_with('-') {
        let own = line.command.map_or(&[][..], |command| command.flags);
        return Wanted::Words(own.iter().chain(GLOBAL).map(|flag| format!("--{}", flag.name)).collect());
    }
    let Some(command) = line.command else {
        return names(COMMANDS);
    };
    if !command.subs.is_empty() {
        return if line.args.is_empty() { names(command.subs) } else { Wanted::Nothing };
    }
    let takes_objects = OF_OBJECTS.contains(&command.name) || words.contains(&"rollout");
    match command.name {
        "explain" => kinds(last),
        "logs" | "exec" | "attach" | "port-forward" | "debug" if line.args.is_empty() => {
            objects("pods", line.namespace, "")
        }
        "cordon" | "uncordon" | "drain" => objects("nodes", None, ""),
        _ if takes_objects => match (line.args.first(), last.split_once('/')) {
            (None, Some((kind, _))) => objects(kind, line.namespace, &format!("{kind}/")),
            (None, None) => kinds(last),
            (Some(kind), _) if kind.contains('/') => match last.split_once('/') {
                Some((kind, _)) => objects(kind, line.namespace, &format!("{kind}/")),
                None => kinds(last),
            },
            (Some(kind), _) => objects(kind, line.namespace, ""),
        },
        _ => Wanted::Nothing,
    }
}

fn value_of(flag: &Flag, before: &str) -> Wanted {
    match flag.name {
        "namespace" => objects("namespaces", None, before),
        "output" => Wanted::Words(FORMATS.iter().map(|format| format!("{before}{format}")).collect()),
        "dry-run" => Wanted::Words(["client", "server", "none"].map(|how| format!("{before}{how}")).to_vec()),
        "filename" | "kubeconfig" | "kustomize" | "from-file" => Wanted::Files,
        _ => Wanted::Nothing,
    }
}

fn names(commands: &[Command]) -> Wanted {
    Wanted::Words(commands.iter().map(|command| command.name.to_owned()).collect())
}

/// The kinds in the plural; short names are for those who know them.
fn kinds(last: &str) -> Wanted {
    // `get pods,no`: what stands before the last comma stays.
    let before = last.rfind(',').map_or("", |at| &last[..=at]);
    Wanted::Words(schema::kinds().iter().map(|kind| format!("{before}{}", kind.plural)).collect())
}

fn objects(kind: &str, namespace: Option<&str>, before: &str) -> Wanted {
    let Some(info) = schema::by_resource_name(kind) else { return Wanted::Nothing };
    let namespace = info.namespaced.then(|| namespace.unwrap_or("default").to_owned());
    Wanted::Objects { kind: Kind::from_info(info), namespace, before: before.to_owned() }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn words(line: &str) -> Vec<String> {
        let all: Vec<&str> = line.split(' ').collect();
        let (last, words) = all.split_last().unwrap();
        match complete(words, last) {
            Wanted::Words(words) => words.into_iter().filter(|word| word.starts_with(last)).collect(),
            other => panic!("{line}: {other:?}"),
        }
    }

    #[test]
    fn commands_kinds_flags_and_formats_are_offered() {
        assert_eq!(words("desc"), ["describe"]);
        assert_eq!(words("-n kube-system des"), ["describe"]);
        assert_eq!(words("rollout resta"), ["restart"]);
        assert_eq!(words("get daemonse"), ["daemonsets"]);
        assert_eq!(words("get pods,daemonse"), ["pods,daemonsets"]);
        assert_eq!(words("get pods -o wi"), ["wide"]);
        assert_eq!(words("get pods --output=wi"), ["--output=wide"]);
        assert_eq!(words("get --all-n"), ["--all-namespaces"]);
    }

    #[test]
    fn names_are_those_of_the_kind_in_the_namespace_of_the_line() {
        let of = |line: &str| {
            let all: Vec<&str> = line.split(' ').collect();
            let (last, words) = all.split_last().unwrap();
            complete(words, last)
        };
        let pods = |namespace: &str, before: &str| Wanted::Objects {
            kind: Kind::Pod,
            namespace: Some(namespace.to_owned()),
            before: before.to_owned(),
        };
        assert_eq!(of("delete po ag"), pods("default", ""));
        assert_eq!(of("delete pod/ag"), pods("default", "pod/"));
        assert_eq!(of("-n kube-system logs k"), pods("kube-system", ""));
        assert_eq!(of("describe pod -n kube-system k"), pods("kube-system", ""));
        let nodes = Wanted::Objects { kind: Kind::Node, namespace: None, before: String::new() };
        assert_eq!(of("cordon w"), nodes);
        assert_eq!(of("taint nodes w"), nodes);
        assert_eq!(of("apply -f a"), Wanted::Files);
        assert_eq!(of("version x"), Wanted::Nothing);
    }
}
