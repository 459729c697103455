//! What a command prints in a container and how it ends, as far as its own words tell.
//!
//! Nothing is executed. A few commands that people try things out with are known, alone or in a plain script;
//! of any other nobody knows what it would say.

use api::json;
use api::pod::{Container, Pod};
use serde_json::Value;
use sim::{Duration, SortedMap};

/// What came of a command.
#[derive(Debug, Default, PartialEq, Eq)]
pub(super) struct Outcome {
    pub(super) out: String,
    pub(super) code: i32,
    pub(super) takes: Duration,
}

impl Outcome {
    fn code(code: i32) -> Option<Outcome> {
        Some(Outcome { code, ..Outcome::default() })
    }

    fn line(text: &str) -> Option<Outcome> {
        Some(Outcome { out: format!("{text}\n"), ..Outcome::default() })
    }
}

/// A container, as a command in it sees it.
pub(super) struct Inside {
    host: String,
    namespace: String,
    directory: String,
    variables: SortedMap<String, String>,
    /// Variables whose values nobody knows here.
    hidden: Vec<String>,
    mounts_token: bool,
}

impl Inside {
    pub(super) fn new(pod: &Pod, container: &Container) -> Inside {
        let raw = &pod.spec.raw;
        let all = ["containers", "initContainers"].map(|list| json::get(raw, list).as_array());
        let mut all = all.into_iter().flatten().flatten();
        let own = all.find(|it| it["name"] == *container.name).unwrap_or(&Value::Null);
        let given = json::get(raw, "hostname").as_str();
        let host = match (&pod.node_name, pod.spec.host_network) {
            (Some(node), true) => node.to_string(),
            _ => given.unwrap_or(&pod.meta.name).to_owned(),
        };
        let mut inside = Inside {
            namespace: pod.meta.namespace().to_string(),
            directory: own["workingDir"].as_str().unwrap_or("/").to_owned(),
            variables: SortedMap::from([("HOSTNAME".to_owned(), host.clone())]),
            hidden: Vec::new(),
            mounts_token: pod.spec.mounts_token,
            host,
        };
        inside.read_variables(own);
        inside
    }

    fn read_variables(&mut self, own: &Value) {
        for variable in own["env"].as_array().into_iter().flatten() {
            let Some(name) = variable["name"].as_str() else { continue };
            let value = variable["value"].as_str().unwrap_or_default();
            if variable["valueFrom"].is_object() || value.contains("$(") {
                self.hidden.push(name.to_owned());
            } else {
                self.variables.insert(name.to_owned(), value.to_owned());
            }
        }
    }

    fn variable(&self, name: &str) -> Option<&str> {
        self.variables.get(name).map(String::as_str)
    }

    /// What a command says; `None` if that is not known.
    pub(super) fn run(&self, words: &[String]) -> Option<Outcome> {
        let (first, rest) = words.split_first()?;
        match (first.rsplit('/').next()?, rest) {
            ("true" | ":", _) => Outcome::code(0),
            ("false", _) => Outcome::code(1),
            ("exit", []) => Outcome::code(0),
            ("exit", [code]) => Outcome::code((code.parse::<i64>().ok()? & 0xff) as i32),
            ("echo", [dash, ..]) if dash.starts_with('-') => None,
            ("echo", words) => Outcome::line(&words.join(" ")),
            ("hostname", []) => Outcome::line(&self.host),
            ("pwd", []) => Outcome::line(&self.directory),
            ("whoami", []) => Outcome::line("root"),
            ("printenv", [name]) if !self.hidden.contains(name) => match self.variable(name) {
                Some(value) => Outcome::line(value),
                None if name == "PATH" || name == "HOME" || name.starts_with("KUBERNETES_") => None,
                None => Outcome::code(1),
            },
            ("sleep", [span]) => {
                let takes = Duration::from_secs(span.parse().ok()?);
                Some(Outcome { takes, ..Outcome::default() })
            }
            ("cat", [path]) => self.cat(path),
            ("sh" | "ash" | "bash", [flag, script]) if flag == "-c" => self.script(script),
            _ => None,
        }
    }

    fn cat(&self, path: &str) -> Option<Outcome> {
        const ACCOUNT: &str = "/run/secrets/kubernetes.io/serviceaccount/namespace";
        match path.strip_prefix("/var").unwrap_or(path) {
            "/etc/hostname" => Outcome::line(&self.host),
            ACCOUNT if self.mounts_token => {
                Some(Outcome { out: self.namespace.clone(), ..Outcome::default() })
            }
            _ => None,
        }
    }

    /// Plain commands, one after another.
    fn script(&self, script: &str) -> Option<Outcome> {
        let mut all = Outcome::default();
        for statement in script.split([';', '\n']) {
            for command in statement.split("&&") {
                let words = self.words(command)?;
                if words.is_empty() {
                    continue;
                }
                let one = self.run(&words)?;
                all.out.push_str(&one.out);
                all.takes = all.takes + one.takes;
                all.code = one.code;
                if words[0] == "exit" {
                    return Some(all);
                }
                if one.code != 0 {
                    break;
                }
            }
        }
        Some(all)
    }

    /// The words of a command, with its variables' values; `None` if it is more than words and quotes.
    fn words(&self, command: &str) -> Option<Vec<String>> {
        let mut words = Vec::new();
        for word in command.split_whitespace() {
            let bare = word.trim_matches('"');
            if bare.contains(['"', '\'', '`', '|', '<', '>', '(', '*', '?', '&', '\\', '{']) {
                return None;
            }
            words.push(match bare.strip_prefix('$') {
                Some(name) if self.hidden.iter().any(|hidden| hidden == name) => return None,
                Some(name) => self.variable(name)?.to_owned(),
                None if bare.contains('$') => return None,
                None => bare.to_owned(),
            });
        }
        Some(words)
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn said(words: &[&str]) -> Option<(String, i32)> {
        let pod = Pod::from_value(&json!({
            "metadata": {"name": "web", "namespace": "team"},
            "spec": {"containers": [{"name": "c", "image": "busybox", "env": [
                {"name": "COLOR", "value": "blue"},
                {"name": "NODE", "valueFrom": {"fieldRef": {"fieldPath": "spec.nodeName"}}}]}]},
        }));
        let words: Vec<String> = words.iter().map(|word| (*word).to_owned()).collect();
        let outcome = Inside::new(&pod, &pod.spec.containers[0]).run(&words)?;
        Some((outcome.out, outcome.code))
    }

    #[test]
    fn commands_say_what_they_must() {
        let line = |text: &str, code| Some((text.to_owned(), code));
        assert_eq!(said(&["hostname"]), line("web\n", 0));
        assert_eq!(said(&["/bin/false"]), line("", 1));
        assert_eq!(said(&["printenv", "COLOR"]), line("blue\n", 0));
        assert_eq!(said(&["printenv", "SIZE"]), line("", 1));
        assert_eq!(said(&["sh", "-c", "echo $COLOR; exit 3"]), line("blue\n", 3));
        assert_eq!(said(&["sh", "-c", "false && echo no"]), line("", 1));
        for unknown in [
            &["printenv", "NODE"][..],
            &["nginx", "-v"],
            &["sh", "-c", "echo $NODE"],
            &["sh", "-c", "ls | wc -l"],
        ] {
            assert_eq!(said(unknown), None, "{unknown:?}");
        }
    }
}
