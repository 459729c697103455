//! A person at the keyboard: types lines, waits, reads what comes.

use kubeadm::MANIFESTS;
use sim::{Duration, SortedMap};
use stage::{Command, Options, Stage, Start};
use wire::JobId;

/// How long a command may take before a test gives up on it.
const PATIENCE: Duration = Duration::from_secs(600);

#[derive(Clone)]
pub struct Person {
    pub stage: Stage,
}

impl Person {
    /// At a cluster of a control-plane node and three workers that is up and calm. Booting takes long, so each
    /// thread does it once.
    pub fn new() -> Person {
        thread_local! {
            static BOOTED: Stage = Stage::new(Options { start: Start::Ready, ..Options::default() });
        }
        Person { stage: BOOTED.with(Clone::clone) }
    }

    pub fn wait(&mut self, seconds: u64) {
        self.wait_millis(seconds * 1000);
    }

    pub fn wait_millis(&mut self, millis: u64) {
        let until = self.stage.now() + Duration::from_millis(millis);
        self.stage.run_until(until);
    }

    /// Types a line and goes on at once.
    pub fn begin(&mut self, line: &str, files: &[(&str, &str)]) -> JobId {
        let files: SortedMap<_, _> =
            files.iter().map(|(name, text)| ((*name).to_owned(), (*text).into())).collect();
        self.stage.perform(Command::Exec { line: line.to_owned(), files })
    }

    /// What a command has printed so far.
    pub fn text(&self, job: JobId) -> String {
        self.stage.job(job).unwrap().text.to_string()
    }

    /// Types a line, waits for its end and reads what it printed, with the exit code if it is not 0.
    pub fn run(&mut self, line: &str) -> String {
        self.run_with(line, &[])
    }

    pub fn run_with(&mut self, line: &str, files: &[(&str, &str)]) -> String {
        let job = self.begin(line, files);
        let end = self.stage.now() + PATIENCE;
        loop {
            let view = self.stage.job(job).unwrap();
            match view.exit_code {
                Some(0) => return view.text.to_string(),
                Some(code) => return format!("{}[{code}]\n", view.text),
                None => assert!(self.stage.now() < end, "{line} does not end: {}", view.text),
            }
            self.wait_millis(50);
        }
    }

    pub fn apply(&mut self, text: &str) -> String {
        self.run_with("kubectl apply -f it.yaml", &[("it.yaml", text)])
    }

    /// Saves a manifest in a node's directory.
    pub fn write(&mut self, node: &str, file: &str, text: &str) {
        let path = format!("{MANIFESTS}/{file}");
        self.stage.perform(Command::WriteFile { node: node.to_owned(), path, text: text.into() });
    }

    pub fn remove(&mut self, node: &str, file: &str) {
        let path = format!("{MANIFESTS}/{file}");
        self.stage.perform(Command::RemoveFile { node: node.to_owned(), path });
    }

    /// What stands in a file of a node's manifest directory.
    pub fn read(&self, node: &str, file: &str) -> String {
        let files = &self.stage.cluster().machine(node).unwrap().files;
        let file = files.file(&format!("{MANIFESTS}/{file}")).unwrap();
        String::from_utf8_lossy(&file.bytes).into_owned()
    }

    /// Takes a part of the control plane away by moving its file, or puts it back.
    pub fn switch(&mut self, part: &str, on: bool) {
        let (inside, outside) = (format!("{MANIFESTS}/{part}.yaml"), format!("/tmp/{part}.yaml"));
        let (from, to) = if on { (outside, inside) } else { (inside, outside) };
        assert_eq!(self.run(&format!("ssh control-plane sudo mv {from} {to}")), "");
    }

    /// The lines of a table that contain `what`, as words.
    pub fn rows(&mut self, line: &str, what: &str) -> Vec<Vec<String>> {
        let text = self.run(line);
        let words = |line: &str| line.split_whitespace().map(str::to_owned).collect::<Vec<_>>();
        let rows = text.lines().filter(|line| !line.starts_with("No resources found"));
        rows.filter(|line| line.contains(what)).map(words).collect()
    }

    /// A field of an object by its JSONPath.
    pub fn field(&mut self, object: &str, path: &str) -> String {
        self.run(&format!("kubectl get {object} -o jsonpath='{{{path}}}'"))
    }

    /// The kubelet's log of a node.
    pub fn journal(&self, node: &str) -> String {
        self.stage.journal(node).into_iter().map(|(_, line)| line + "\n").collect()
    }
}
