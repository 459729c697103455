//! Shells over two computers, without a cluster: a line, the files it finds, what it prints, its exit code.

mod files;
mod filters;
mod nodes;
mod sessions;
mod syntax;

use std::rc::Rc;

use expect_test::Expect;
use sim::SortedMap;

use super::*;
use wire::Answer;

/// Two computers, without a cluster.
struct Desk {
    now: Time,
    home: Files,
    files: SortedMap<String, Files>,
    kubelet: Service,
    containers: Vec<ContainerView>,
    sandboxes: Vec<SandboxView>,
    unreachable: Vec<String>,
}

impl Desk {
    fn new() -> Desk {
        let mut files = Files::default();
        files.make_directory("/etc/kubernetes/manifests").unwrap();
        files.make_directory("/tmp").unwrap();
        files.make_directory("/root").unwrap();
        files.write("/etc/kubernetes/manifests/web.yaml", b"kind: Pod\nimage: web:1\n", Time::START).unwrap();
        let mut home = Files::default();
        for directory in ["/root", "/tmp"] {
            home.make_directory(directory).unwrap();
        }
        let started = Time::START + Duration::from_secs(60);
        let sandbox = SandboxView {
            id: "5e7f".repeat(16),
            pod: "web-worker-1".to_owned(),
            namespace: "default".to_owned(),
            uid: "u".to_owned(),
            created: started,
            ready: true,
            attempt: 0,
            labels: vec![("app".to_owned(), "web".to_owned())],
            ip: "10.244.1.2".to_owned(),
            pid: 4710,
        };
        let container = |id: &str, attempt: u32, state: RuntimeState, after: u64| ContainerView {
            id: id.repeat(16),
            sandbox: sandbox.id.clone(),
            pod: sandbox.pod.clone(),
            namespace: "default".to_owned(),
            uid: "u".to_owned(),
            name: "web".to_owned(),
            image: "registry.k8s.io/web:1".to_owned(),
            image_id: format!("sha256:{}", "1a2b".repeat(16)),
            created: started + Duration::from_secs(after),
            started: Some(started),
            finished: None,
            exit_code: 0,
            reason: String::new(),
            state,
            attempt,
            pid: if state == RuntimeState::Running { 4711 } else { 0 },
            command: vec!["/web".to_owned(), "--port=80".to_owned()],
        };
        let containers = vec![
            container("aaaa", 0, RuntimeState::Exited, 0),
            container("bbbb", 1, RuntimeState::Running, 30),
        ];
        Desk {
            now: Time::START + Duration::from_secs(600),
            home,
            files: ["worker-1", "worker-2"].map(|name| (name.to_owned(), files.clone())).into(),
            kubelet: Service { running: true, since: Time::START },
            containers,
            sandboxes: vec![sandbox],
            unreachable: vec!["worker-2".to_owned()],
        }
    }

    /// Runs a line to its end and returns what it printed, with the exit code if it is not 0.
    fn run(&mut self, line: &str) -> String {
        self.run_with(line, &[])
    }

    fn run_with(&mut self, line: &str, files: &[(&str, &str)]) -> String {
        for (name, text) in files {
            self.home.write(&format!("/root/{name}"), text.as_bytes(), self.now).unwrap();
        }
        let mut shell = Shell::line(line, None, Rc::default(), self.now);
        match self.finish(&mut shell) {
            (text, Some(0)) => text,
            (text, Some(code)) => format!("{text}[{code}]\n"),
            (text, None) => format!("{text}…\n"),
        }
    }

    /// Lets time pass until nothing more happens, an hour at most; what was shown, and the exit code.
    fn finish(&mut self, shell: &mut Shell) -> (String, Option<i32>) {
        let end = self.now + Duration::from_secs(3600);
        let mut text = String::new();
        let mut wakes = sim::SortedSet::new();
        loop {
            for request in shell.advance(self) {
                match request {
                    Request::Wake { at } => {
                        wakes.insert(at);
                    }
                    Request::Call { ticket, .. } => {
                        let refused = Answer { result: Err(wire::CallError::Refused), warnings: Vec::new() };
                        shell.mail(ticket, self.now, Mail::Answer(refused));
                        wakes.insert(self.now);
                    }
                    Request::Watch { .. } | Request::Unwatch { .. } | Request::ApplyFailed => {}
                }
            }
            text.extend(shell.take_output().into_iter().map(|chunk| chunk.text));
            match wakes.pop_first() {
                Some(at) if shell.is_running() && at <= end => self.now = self.now.max(at),
                _ => return (text, shell.exit_code()),
            }
        }
    }

    /// Lines entered in a terminal, each with its prompt, and what they print.
    fn session(&mut self, lines: &[&str]) -> String {
        let mut shell = Shell::terminal(Rc::default(), self.now);
        let mut text = self.finish(&mut shell).0;
        for line in lines {
            match shell.prompt().filter(|_| shell.at_prompt()) {
                Some(prompt) => {
                    text += &format!("{}{line}\n", prompt.text());
                    shell.enter(line);
                }
                None => shell.type_text(&format!("{line}\n")),
            }
            text += &self.finish(&mut shell).0;
        }
        text
    }

    fn check(&mut self, line: &str, expected: Expect) {
        expected.assert_eq(&self.run(line));
    }
}

impl Machines for Desk {
    fn now(&self) -> Time {
        self.now
    }
    fn names(&self) -> Vec<String> {
        self.files.keys().cloned().collect()
    }
    fn is_reachable(&self, node: &str) -> bool {
        !self.unreachable.iter().any(|name| name == node)
    }
    fn booted(&self, _: &str) -> Option<Time> {
        Some(Time::START)
    }
    fn listeners(&self, _: &str) -> Vec<Listener> {
        let listener = |address: &str, port, program: &str, is_tls| Listener {
            address: address.to_owned(),
            port,
            pid: if program == "sshd" { SSHD_PID } else { 4711 },
            program: program.to_owned(),
            is_tls,
            is_well: true,
        };
        vec![
            listener("*", 22, "sshd", false),
            listener("*", 6443, "kube-apiserver", true),
            listener("127.0.0.1", 10248, "kubelet", false),
        ]
    }
    fn address(&self, node: &str) -> String {
        format!("192.168.56.{}", if node == "worker-1" { 11 } else { 12 })
    }
    fn home(&self) -> &Files {
        &self.home
    }
    fn home_mut(&mut self) -> &mut Files {
        &mut self.home
    }
    fn settle(&mut self) {}
    fn is_powered(&self, node: &str) -> bool {
        self.is_reachable(node)
    }
    fn power(&mut self, node: &str, verb: PowerVerb) -> Result<(), HostError> {
        self.unreachable.retain(|name| name != node);
        if verb == PowerVerb::Off {
            self.unreachable.push(node.to_owned());
        }
        Ok(())
    }
    fn set_link(&mut self, node: &str, up: bool) -> Result<(), HostError> {
        self.power(node, if up { PowerVerb::On } else { PowerVerb::Off })
    }
    fn files(&self, node: &str) -> Option<&Files> {
        self.files.get(node)
    }
    fn write(&mut self, node: &str, path: &str, bytes: &[u8]) -> Result<(), FileError> {
        let now = self.now;
        self.files.get_mut(node).unwrap().write(path, bytes, now)
    }
    fn remove(&mut self, node: &str, path: &str) -> Result<(), FileError> {
        self.files.get_mut(node).unwrap().remove(path)
    }
    fn rename(&mut self, node: &str, from: &str, to: &str) -> Result<String, FileError> {
        self.files.get_mut(node).unwrap().rename(from, to)
    }
    fn make_directory(&mut self, node: &str, path: &str) -> Result<(), FileError> {
        self.files.get_mut(node).unwrap().make_directory(path)
    }
    fn set_mode(&mut self, node: &str, path: &str, mode: u16) -> Result<(), FileError> {
        self.files.get_mut(node).unwrap().set_mode(path, mode)
    }
    fn kubelet(&self, _: &str) -> Service {
        self.kubelet
    }
    fn control_kubelet(&mut self, _: &str, verb: ServiceVerb) {
        self.kubelet = Service { running: verb != ServiceVerb::Stop, since: self.now };
    }
    fn journal(&self, _: &str) -> Vec<(Time, String)> {
        let line = |after: u64, text: &str| (Time::START + Duration::from_secs(after), text.to_owned());
        vec![line(1, "Starting kubelet"), line(500, "Could not process manifest file")]
    }
    fn sandboxes(&self, _: &str) -> Vec<SandboxView> {
        self.sandboxes.clone()
    }
    fn containers(&self, _: &str) -> Vec<ContainerView> {
        self.containers.clone()
    }
    fn images(&self, _: &str) -> Vec<String> {
        self.containers.iter().map(|container| container.image.clone()).collect()
    }
    fn pull_image(&mut self, _: &str, image: &str) -> Result<(), String> {
        match image.contains("nosuch") {
            true => Err(format!("rpc error: code = NotFound desc = {image}: not found")),
            false => Ok(()),
        }
    }
    fn container_log(&self, _: &str, id: &str) -> String {
        format!("log of {}\n", &id[..4])
    }
    fn stop_container(&mut self, _: &str, id: &str, timeout: Duration) -> Duration {
        for container in self.containers.iter_mut().filter(|container| container.id == id) {
            container.state = RuntimeState::Exited;
            container.pid = 0;
        }
        timeout
    }
    fn kill_container(&mut self, node: &str, id: &str, signal: i32) {
        self.stop_container(node, id, Duration::ZERO);
        for container in self.containers.iter_mut().filter(|container| container.id == id) {
            container.exit_code = 128 + signal;
        }
    }
    fn remove_container(&mut self, _: &str, id: &str) {
        self.containers.retain(|container| container.id != id);
    }
    fn stop_sandbox(&mut self, _: &str, id: &str) {
        for sandbox in self.sandboxes.iter_mut().filter(|sandbox| sandbox.id == id) {
            sandbox.ready = false;
        }
    }
    fn remove_sandbox(&mut self, _: &str, id: &str) {
        self.sandboxes.retain(|sandbox| sandbox.id != id);
    }
}

/// Runs each line on a computer of its own and compares what it prints, with its exit code if that is not 0.
fn check_all(cases: &[(&str, &str)]) {
    check_with(&[], cases);
}

/// The same beside some files.
fn check_with(files: &[(&str, &str)], cases: &[(&str, &str)]) {
    let mut wrong = String::new();
    for (line, expected) in cases {
        let printed = Desk::new().run_with(line, files);
        if printed != *expected {
            wrong += &format!("$ {line}\n-- expected\n{expected}-- printed\n{printed}");
        }
    }
    assert!(wrong.is_empty(), "\n{wrong}");
}
