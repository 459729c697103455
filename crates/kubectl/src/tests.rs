//! kubectl against an API server that answers at once, without controllers: what is asked and what is
//! printed, character for character.

mod apply;
mod arguments;
mod changes;
mod create;
mod debug;
mod delete;
mod describe;
mod drain;
mod edit;
mod face;
mod generators;
mod get;
mod mutate;
mod rollout;
mod set;

use std::collections::VecDeque;
use std::rc::Rc;

use expect_test::Expect;
use serde_json::Value;

use api::object::{Key, Kind, Object};
use apiserver::ApiServer;
use cli_runtime::job::{Client, Edited, FileSet, Io, Job, Outcome, Progress, Stop};
use sim::{Duration, Time};
use wire::{Answer, Call, CallError, FieldValidation};

/// A terminal in front of an API server.
struct Terminal {
    api: ApiServer,
    now: Time,
    up: bool,
    /// The calls that were made since the last [`Terminal::run`] began.
    calls: Vec<String>,
    files: FileSet,
    /// What a person does to each text to edit: the first by the second; nothing to any further one.
    edits: VecDeque<(&'static str, &'static str)>,
    /// The texts that were to be edited.
    edited: Vec<String>,
}

fn program(io: &mut Io) -> Result<i32, Stop> {
    let line = io.line();
    let words: Vec<String> = line.split(' ').filter(|word| !word.is_empty()).map(str::to_owned).collect();
    super::run(io, &words)
}

impl Terminal {
    fn new() -> Terminal {
        let mut terminal = Terminal {
            api: ApiServer::new(1),
            now: Time::START,
            up: true,
            calls: Vec::new(),
            files: FileSet::new(),
            edits: VecDeque::new(),
            edited: Vec::new(),
        };
        for name in ["default", "kube-system"] {
            terminal.make(&format!("apiVersion: v1\nkind: Namespace\nmetadata: {{name: {name}}}\n"));
            terminal.make(&format!(
                "apiVersion: v1\nkind: ServiceAccount\nmetadata: {{name: default, namespace: {name}}}\n"
            ));
        }
        terminal
    }

    fn client() -> Rc<Client> {
        Rc::new(Client { server: "10.0.0.10:6443".to_owned(), ..Client::default() })
    }

    /// Creates an object without kubectl.
    fn make(&mut self, yaml: &str) {
        let read = yaml::read_documents(yaml.as_bytes(), yaml::Reader::Kubectl);
        for document in read.documents {
            let body = document.tree.to_value();
            let text = |value: &Value| value.as_str().unwrap_or_default().to_owned();
            let kind = Kind::of(&text(&body["apiVersion"]), &text(&body["kind"])).expect("a served kind");
            let namespace = match text(&body["metadata"]["namespace"]) {
                empty if empty.is_empty() && kind.is_namespaced() => "default".to_owned(),
                given => given,
            };
            let call = Call::Post {
                kind,
                namespace: namespace.as_str().into(),
                body: Rc::new(body),
                validation: FieldValidation::Ignore,
            };
            let answer = self.api.handle(call, self.now);
            assert!(answer.result.is_ok(), "{answer:?}");
        }
    }

    fn file(&mut self, name: &str, text: &str) {
        self.files.insert(name.to_owned(), text.as_bytes().into());
    }

    fn later(&mut self, seconds: u64) {
        self.now += Duration::from_secs(seconds);
    }

    fn start(&self, line: &str) -> Job {
        Job::new(line, program, self.files.clone(), Terminal::client(), self.now)
    }

    /// Runs a line as far as it gets and returns what it printed; the exit code if it is not 0; `…` if it
    /// still waits for something.
    fn run(&mut self, line: &str) -> String {
        let mut job = self.start(line);
        self.calls.clear();
        let mut naps = 0;
        loop {
            match job.advance() {
                Progress::Needs(call) => {
                    self.calls.push(format!("{} {}", call.verb(), call.kind().name()));
                    let answer = match self.up {
                        true => self.api.handle(call, self.now),
                        false => Answer { result: Err(CallError::Refused), warnings: Vec::new() },
                    };
                    job.answer(self.now, answer);
                }
                // Every kubelet runs, and no container has written anything.
                Progress::Acts(_) => job.done(self.now, Outcome::default()),
                Progress::Edits(wanted) => {
                    let text = String::from_utf8_lossy(&wanted.text).into_owned();
                    let edited = match self.edits.pop_front() {
                        Some((from, to)) => Edited::Saved(text.replace(from, to).as_bytes().into()),
                        None => Edited::Left,
                    };
                    self.edited.push(text);
                    job.edited(self.now, edited);
                }
                Progress::Sleeps { until } if naps < 20 => {
                    naps += 1;
                    self.now = until;
                    job.woke(until);
                }
                Progress::Done { exit_code: 0 } => return job.text(),
                Progress::Done { exit_code } => return format!("{}[{exit_code}]\n", job.text()),
                _ => return format!("{}…\n", job.text()),
            }
        }
    }

    /// Runs lines one after the other; each with what it says.
    fn transcript(&mut self, lines: &[&str]) -> String {
        lines.iter().map(|line| format!("$ {line}\n{}", self.run(line))).collect()
    }

    fn check(&mut self, lines: &[&str], expected: Expect) {
        expected.assert_eq(&self.transcript(lines));
    }

    fn get(&self, kind: Kind, namespace: &str, name: &str) -> Value {
        let mut api = self.api.clone();
        let answer = api.handle(Call::Get { kind, key: Key::new(namespace, name) }, self.now);
        let object = answer.result.ok().and_then(|reply| reply.object().cloned());
        object.map(|object: Object| object.to_value(self.now)).unwrap_or_default()
    }
}

const AGENT: &str = "apiVersion: apps/v1
kind: DaemonSet
metadata:
  name: agent
spec:
  selector:
    matchLabels: {app: agent}
  template:
    metadata:
      labels: {app: agent}
    spec:
      containers:
        - name: main
          image: agent:1
";

const NODE: &str = "apiVersion: v1
kind: Node
metadata:
  name: worker-1
";

fn pod(name: &str, labels: &str) -> String {
    format!(
        "apiVersion: v1\nkind: Pod\nmetadata:\n  name: {name}\n  labels: {labels}\nspec:\n  containers: [{{name: main, image: x:1}}]\n"
    )
}
