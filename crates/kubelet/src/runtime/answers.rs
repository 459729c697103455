//! What the program of a container answers when it is probed.
//!
//! Nothing is executed. A program is well as long as it runs, unless its image is one that is known to fail, or
//! the probe's own command says how it ends. A person decides otherwise with an annotation of the pod:
//! `probes.kubestage/CONTAINER: readiness=503` (see `Answer::told`).

use super::program::{FileState, file_state, image_base_name, of_words, script_of, sleeps};
use crate::prober::ProbeKind;
use api::meta::StringMap;
use api::pod::{Container, Probe, ProbeHandler};
use sim::Duration;

/// What comes back from a probe.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Answer {
    /// An HTTP status code, or the exit code of a command. Of a TCP or gRPC probe 0 and 200 to 399 are well.
    Code(u16),
    /// Nobody listens on the port.
    Refused,
    /// Nothing comes back before the probe's timeout.
    Silent,
}

/// An answer, with what the program writes besides, and for how long it answers so.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Answered {
    /// How it answers.
    pub answer: Answer,
    /// What it prints before that.
    pub output: String,
    /// When it begins to answer something else, counted from the container's start.
    pub until: Option<Duration>,
}

impl Answered {
    fn always(answer: Answer) -> Answered {
        Answered { answer, output: String::new(), until: None }
    }
}

/// The annotations that decide what containers answer begin so; the container's name follows.
const ANNOTATION: &str = "probes.kubestage/";

impl Answer {
    /// What a pod's annotations have a container answer to probes of one kind: `KIND=ANSWER` or `ANSWER` for all
    /// kinds, separated by commas. An answer is a number, `refused` or `timeout`. The last one that fits counts.
    ///
    /// The error is a sentence about an annotation that says something else.
    pub(crate) fn told(
        annotations: &StringMap,
        container: &str,
        kind: ProbeKind,
    ) -> Result<Option<Answer>, String> {
        let mut annotations = annotations.iter();
        let ours = annotations.find(|(key, _)| key.strip_prefix(ANNOTATION) == Some(container));
        let Some((key, value)) = ours else { return Ok(None) };
        let mut told = None;
        for item in value.split(',').map(str::trim).filter(|item| !item.is_empty()) {
            let (of, answer) = match item.split_once('=') {
                Some((of, answer)) => (ProbeKind::from_name(of.trim()), answer.trim()),
                None => (Some(kind), item),
            };
            let (Some(of), Some(answer)) = (of, Answer::from_word(answer)) else {
                return Err(format!(
                    "annotation {key}: \"{item}\" is no answer: want [liveness=|readiness=|startup=] and a number \
                     up to 599, \"refused\" or \"timeout\""
                ));
            };
            if of == kind {
                told = Some(answer);
            }
        }
        Ok(told)
    }

    fn from_word(word: &str) -> Option<Answer> {
        match word {
            "refused" => Some(Answer::Refused),
            "timeout" => Some(Answer::Silent),
            number => number.parse().ok().filter(|code| *code < 600).map(Answer::Code),
        }
    }
}

/// A program needs a moment from its start until it listens. Who asks at once is refused.
///
/// Recording: tests/data/oracle/kubelet-f-static-web.txt.
const LISTENS_AFTER: Duration = Duration::from_millis(50);

/// What a container that has run for so long answers to a probe by itself.
pub(crate) fn answer(container: &Container, probe: &Probe, running: Duration) -> Answered {
    match &probe.handler {
        ProbeHandler::HttpGet { port, .. }
        | ProbeHandler::TcpSocket { port }
        | ProbeHandler::Grpc { port }
            if listens(container, port) == Some(false) =>
        {
            Answered::always(Answer::Refused)
        }
        ProbeHandler::HttpGet { .. } | ProbeHandler::TcpSocket { .. } | ProbeHandler::Grpc { .. }
            if running < LISTENS_AFTER =>
        {
            Answered { until: Some(LISTENS_AFTER), ..Answered::always(Answer::Refused) }
        }
        ProbeHandler::HttpGet { path, .. } => of_server(container, path, running),
        ProbeHandler::Exec { command } => {
            let words: Vec<&str> = command.iter().map(|word| &**word).collect();
            of_command(container, &words, probe.timeout, running)
        }
        ProbeHandler::TcpSocket { .. } | ProbeHandler::Grpc { .. } => Answered::always(Answer::Code(0)),
    }
}

/// From then on the examples' server says that it is not well.
const LIVENESS_SERVER_FAILS: Duration = Duration::from_secs(10);

/// The ports on which well-known images' own programs listen.
const PORTS: [(&str, &str); 8] = [
    ("httpd", "80"),
    ("mariadb", "3306"),
    ("memcached", "11211"),
    ("mongo", "27017"),
    ("mysql", "3306"),
    ("nginx", "80"),
    ("postgres", "5432"),
    ("redis", "6379"),
];

/// Whether the program listens on a port, as far as its image or its command tells: `sleep` and plain scripts do
/// not. A configuration that is mounted may change what an image does.
fn listens(container: &Container, port: &str) -> Option<bool> {
    if sleeps(container) {
        return Some(false);
    }
    let own = port_of(container)?;
    as_it_comes(container).then(|| own == port)
}

fn port_of(container: &Container) -> Option<&'static str> {
    let image = image_base_name(&container.image);
    PORTS.iter().find(|(name, _)| *name == image).map(|(_, port)| *port)
}

/// Whether a container runs its image's own program with what the image brings along.
fn as_it_comes(container: &Container) -> bool {
    container.command.is_empty() && container.args.is_empty() && !container.has_mounts
}

/// What a web server's image serves as it comes.
fn serves(image: &str, path: &str) -> bool {
    let path = path.split(['?', '#']).next().unwrap_or(path).trim_start_matches('/');
    matches!(path, "" | "index.html") || image == "nginx" && path == "50x.html"
}

/// Most servers are well. Those of nginx and httpd know their first page. The one of Kubernetes' documentation on probes is so for ten seconds.
///
/// Kubernetes: test/images/agnhost/liveness/server.go.
fn of_server(container: &Container, path: &str, running: Duration) -> Answered {
    let first = container.command.iter().chain(&container.args).next();
    let is_liveness_server = match image_base_name(&container.image) {
        "agnhost" => first.is_some_and(|word| **word == *"liveness"),
        "liveness" => true,
        _ => false,
    };
    let image = image_base_name(&container.image);
    match path {
        _ if matches!(image, "nginx" | "httpd") && as_it_comes(container) && !serves(image, path) => {
            Answered::always(Answer::Code(404))
        }
        _ if !is_liveness_server => Answered::always(Answer::Code(200)),
        "/healthz" if running < LIVENESS_SERVER_FAILS => {
            Answered { until: Some(LIVENESS_SERVER_FAILS), ..Answered::always(Answer::Code(200)) }
        }
        "/healthz" => Answered::always(Answer::Code(500)),
        "/started" => Answered::always(Answer::Code(200)),
        _ => Answered::always(Answer::Code(404)),
    }
}

/// A command that looks at a file finds what the container's script made of it; others end as they say.
fn of_command(container: &Container, words: &[&str], timeout: Duration, running: Duration) -> Answered {
    if let Some(script) = script_of(words)
        && !script.contains([';', '&', '|', '\n'])
    {
        let words: Vec<&str> = script.split_whitespace().collect();
        return of_command(container, &words, timeout, running);
    }
    if let Some(path) = file_asked_for(words)
        && let Some(state) = file_state(container, path, running).or_else(|| never_there(container, path))
    {
        let code = u16::from(!state.exists);
        let output = if state.exists { String::new() } else { complaint(container, words, path) };
        return Answered { answer: Answer::Code(code), output, until: state.until };
    }
    let sleeps = words.first().is_some_and(|word| word.ends_with("sleep"));
    match of_words(words).ends {
        Some((span, _)) if span > timeout => Answered::always(Answer::Silent),
        Some((_, code)) => Answered::always(Answer::Code(code as u16)),
        None if sleeps => Answered::always(Answer::Silent),
        None => Answered::always(Answer::Code(0)),
    }
}

/// A file of a directory that is empty in every image, where nothing makes one: the program waits, or is that of
/// a well-known image.
fn never_there(container: &Container, path: &str) -> Option<FileState> {
    let quiet = sleeps(container) || as_it_comes(container) && port_of(container).is_some();
    (quiet && path.starts_with("/tmp/")).then_some(FileState { exists: false, until: None })
}

/// The file that a command succeeds on if it is there: `cat FILE`, `ls FILE`, `stat FILE`, `test -f FILE`.
fn file_asked_for<'a>(words: &[&'a str]) -> Option<&'a str> {
    let (first, rest) = words.split_first()?;
    match (first.rsplit('/').next().unwrap_or(first), rest) {
        ("cat" | "ls" | "stat", [.., path])
        | ("test", ["-e" | "-f", path])
        | ("[", ["-e" | "-f", path, "]"]) => Some(path),
        _ => None,
    }
}

/// What `cat` and its like say of a file that is not there, in the words of busybox or of the GNU tools.
fn complaint(container: &Container, words: &[&str], path: &str) -> String {
    let name = words.first().map_or("", |word| word.rsplit('/').next().unwrap_or(word));
    let busybox = matches!(image_base_name(&container.image), "alpine" | "busybox");
    let why = "No such file or directory";
    match name {
        "cat" if busybox => format!("cat: can't open '{path}': {why}\n"),
        "cat" => format!("cat: {path}: {why}\n"),
        "ls" if busybox => format!("ls: {path}: {why}\n"),
        "ls" => format!("ls: cannot access '{path}': {why}\n"),
        "stat" if busybox => format!("stat: can't stat '{path}': {why}\n"),
        "stat" => format!("stat: cannot statx '{path}': {why}\n"),
        _ => String::new(),
    }
}

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};

    use super::*;
    use api::pod::PodSpec;

    /// What a container answers to its liveness probe after so many seconds.
    fn says(image: &str, args: Value, probe: Value, second: u64) -> Answered {
        let container = json!({"name": "c", "image": image, "args": args, "livenessProbe": probe});
        let spec = PodSpec::from_value(json!({"containers": [container]}));
        let container = &spec.containers[0];
        answer(container, container.liveness.as_ref().unwrap(), Duration::from_secs(second))
    }

    #[test]
    fn the_documentations_server_is_well_for_ten_seconds() {
        let at = |path, second| {
            let probe = json!({"httpGet": {"path": path, "port": 8080}});
            says("registry.k8s.io/e2e-test-images/agnhost:2.40", json!(["liveness"]), probe, second)
        };
        let until = Some(Duration::from_secs(10));
        assert_eq!(at("/healthz", 9), Answered { until, ..Answered::always(Answer::Code(200)) });
        assert_eq!(at("/healthz", 10), Answered::always(Answer::Code(500)));
        assert_eq!(at("/", 1), Answered::always(Answer::Code(404)));
        assert_eq!(at("/", 0).answer, Answer::Refused, "it does not listen yet");
    }

    #[test]
    fn a_known_server_listens_on_its_port_and_serves_its_page() {
        let at = |image, args: Value, port: u16, path: &str| {
            says(image, args, json!({"httpGet": {"path": path, "port": port}}), 5).answer
        };
        assert_eq!(at("nginx:1.27", Value::Null, 80, "/"), Answer::Code(200));
        assert_eq!(at("nginx:1.27", Value::Null, 80, "/healthz"), Answer::Code(404));
        assert_eq!(at("nginx:1.27", Value::Null, 8080, "/"), Answer::Refused);
        assert_eq!(at("nginx:1.27", json!(["nginx-debug"]), 8080, "/healthz"), Answer::Code(200));
        assert_eq!(at("registry.k8s.io/app:1", Value::Null, 8080, "/healthz"), Answer::Code(200));
        assert_eq!(at("busybox:1.36", json!(["sleep", "3600"]), 80, "/"), Answer::Refused);
        let probe = json!({"exec": {"command": ["cat", "/tmp/ready"]}});
        assert_eq!(says("busybox:1.36", json!(["sleep", "3600"]), probe, 5).answer, Answer::Code(1));
    }

    #[test]
    fn the_documentations_script_removes_the_file_that_is_asked_for() {
        let script = "touch /tmp/healthy; sleep 30; rm -f /tmp/healthy; sleep 600";
        let args = json!(["/bin/sh", "-c", script]);
        let at = |image, second| {
            says(image, args.clone(), json!({"exec": {"command": ["cat", "/tmp/healthy"]}}), second)
        };
        let well = at("registry.k8s.io/busybox:1.27.2", 5);
        assert_eq!((well.answer, well.until), (Answer::Code(0), Some(Duration::from_secs(30))));
        let failed = at("busybox", 30);
        assert_eq!(failed.answer, Answer::Code(1));
        assert_eq!(failed.output, "cat: can't open '/tmp/healthy': No such file or directory\n");
        assert_eq!(at("debian:12", 30).output, "cat: /tmp/healthy: No such file or directory\n");
    }

    #[test]
    fn a_probes_command_ends_as_it_says() {
        let says = |command: Value| {
            let probe = json!({"exec": {"command": command}, "timeoutSeconds": 2});
            says("nginx", Value::Null, probe, 100).answer
        };
        assert_eq!(says(json!(["false"])), Answer::Code(1));
        assert_eq!(says(json!(["sh", "-c", "exit 3"])), Answer::Code(3));
        assert_eq!(says(json!(["sleep", "2"])), Answer::Code(0));
        assert_eq!(says(json!(["sleep", "3"])), Answer::Silent);
        assert_eq!(says(json!(["sleep", "infinity"])), Answer::Silent);
        assert_eq!(says(json!(["nginx", "-t"])), Answer::Code(0));
        assert_eq!(says(json!(["cat", "/etc/nginx/nginx.conf"])), Answer::Code(0));
    }

    #[test]
    fn an_annotation_decides_for_one_container_and_kind() {
        let told = |value: &str, kind| {
            let annotations = StringMap::from([("probes.kubestage/web".into(), value.into())]);
            assert_eq!(Answer::told(&annotations, "other", kind), Ok(None));
            Answer::told(&annotations, "web", kind)
        };
        assert_eq!(told("503", ProbeKind::Startup), Ok(Some(Answer::Code(503))));
        assert_eq!(told("readiness=refused", ProbeKind::Readiness), Ok(Some(Answer::Refused)));
        assert_eq!(told("readiness=refused", ProbeKind::Liveness), Ok(None));
        assert_eq!(told("1, liveness=timeout", ProbeKind::Liveness), Ok(Some(Answer::Silent)));
        assert_eq!(told("", ProbeKind::Liveness), Ok(None));
        for wrong in ["600", "bad", "ready=503", "readiness=", "é"] {
            let sentence = told(wrong, ProbeKind::Readiness).unwrap_err();
            assert!(sentence.contains(&format!("\"{wrong}\" is no answer")), "{sentence}");
        }
    }
}
