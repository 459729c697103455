//! The command line.

use std::ffi::OsString;
use std::io::Read as _;

use lexopt::prelude::*;
use sim::Duration;
use stage::script::WORKERS_MAX;

/// What is wrong with the command line or with a file it names, in a sentence.
#[derive(Debug)]
pub(crate) struct Misuse(pub String);

impl Misuse {
    /// Points to the help of the command instead of the program's.
    fn of(self, command: &str) -> Misuse {
        Misuse(self.0.replace("'kubestage --help'", &format!("'kubestage {command} --help'")))
    }
}

impl From<lexopt::Error> for Misuse {
    fn from(error: lexopt::Error) -> Misuse {
        Misuse(format!("{error}\nSee 'kubestage --help' for usage."))
    }
}

#[derive(Debug)]
pub(crate) enum Invocation {
    Help(&'static str),
    Explain(Explain),
    Run(Run),
    Check(Check),
}

#[derive(Debug, Default)]
pub(crate) struct Explain {
    pub file: String,
    pub nodes: Option<String>,
}

#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) enum Output {
    #[default]
    Table,
    Json,
    Log,
}

#[derive(Debug)]
pub(crate) struct Run {
    pub files: Vec<String>,
    pub until: Duration,
    pub script: Option<String>,
    /// A saved session, played instead of all else.
    pub session: Option<String>,
    pub output: Output,
    pub seed: u64,
    pub workers: u32,
}

#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) enum As {
    #[default]
    Apply,
    Static,
}

#[derive(Debug, Default)]
pub(crate) struct Check {
    pub file: String,
    pub as_: As,
    pub json: bool,
}

const HELP: &str = "\
kubestage plays a small Kubernetes without a cluster.

Usage:
  kubestage COMMAND [options]

Commands:
  explain   Say for each node whether a DaemonSet lands there, or why not
  run       Play a session and print the state of the cluster
  check     Print what kubectl or the kubelet would say of a manifest

Options:
  -h, --help      Help for kubestage or a command
  -V, --version   The version

Exit codes: 0 fine, 1 the manifest is refused or lands nowhere, 2 misuse.
Use \"kubestage COMMAND --help\" for more about a command.
";

const EXPLAIN: &str = "\
Say for each node whether a DaemonSet lands there, or every reason why not.

Usage:
  kubestage explain -f FILE [--nodes FILE]

Examples:
  # On the standard cluster: one control-plane and three worker nodes
  kubestage explain -f ds.yaml
  # On the nodes of a real cluster
  kubectl get nodes -o yaml > nodes.yaml && kubestage explain -f ds.yaml --nodes nodes.yaml

Options:
  -f, --filename FILE   The manifest; - reads the standard input
      --nodes FILE      Nodes as `kubectl get nodes -o yaml` (or -o json) prints them
";

const RUN: &str = "\
Play a session and print the state of the cluster at its end. What the commands say goes to stderr.
Messages take 10 ms each way, as in a small cluster; in a session of the page, as long as they did there.

Usage:
  kubestage run [-f FILE]... [--script FILE] [--until DURATION] [-o table|json|log] [options]
  kubestage run --session FILE [-o table|json|log]

Examples:
  kubestage run -f ds.yaml --until 5m
  kubestage run -f ds.yaml --script commands.txt -o log

Options:
  -f, --filename FILE   A manifest to apply at the beginning; may be repeated
      --until DURATION  How long to play after the cluster is up: 90s, 5m, 1h (default 1m)
      --script FILE     Shell lines, one a line: `kubectl …`, `ssh NODE …`; `sleep 10s` lets time pass
      --session FILE    A session as the page saves it: played to its end, instead of all above
  -o, --output FORMAT   table, json or log (default table)
      --seed N          What chance is drawn from (default 1)
      --workers N       How many worker nodes there are (default 3)
";

const CHECK: &str = "\
Print what kubectl apply, or a node's kubelet, would say of a manifest.

Usage:
  kubestage check FILE [--as apply|static] [-o text|json]

Examples:
  kubestage check ds.yaml
  kubestage check pod.yaml --as static -o json

Options:
      --as WAY          apply (kubectl apply -f) or static (a file in staticPodPath); default apply
  -o, --output FORMAT   text or json: line, column, field, reason, message (default text)
";

/// Reads a file, or the standard input for `-`.
pub(crate) fn read(path: &str) -> Result<Vec<u8>, Misuse> {
    let failed = |error: std::io::Error| Misuse(format!("cannot read {path}: {error}"));
    if path == "-" {
        let mut bytes = Vec::new();
        std::io::stdin().read_to_end(&mut bytes).map_err(failed)?;
        return Ok(bytes);
    }
    std::fs::read(path).map_err(failed)
}

fn duration(text: &str) -> Result<Duration, Misuse> {
    let wrong = || Misuse(format!("invalid duration {text:?}: 90s, 5m and 1h30m are valid"));
    api::human_duration::parse_go_duration(text).ok_or_else(wrong)
}

/// A number from 0 to `most`.
fn number(flag: &str, most: u64, text: &str) -> Result<u64, Misuse> {
    let number = text.parse().ok().filter(|number| *number <= most);
    number.ok_or_else(|| Misuse(format!("invalid value {text:?} for --{flag}: 0 to {most} are valid")))
}

pub(crate) fn parse(args: impl IntoIterator<Item = OsString>) -> Result<Invocation, Misuse> {
    let mut parser = lexopt::Parser::from_args(args);
    match parser.next()? {
        None | Some(Short('h') | Long("help")) => Ok(Invocation::Help(HELP)),
        Some(Short('V') | Long("version")) => {
            Ok(Invocation::Help(concat!("kubestage ", env!("CARGO_PKG_VERSION"), "\n")))
        }
        Some(Value(command)) => match command.to_str() {
            Some("explain") => explain(parser).map_err(|misuse| misuse.of("explain")),
            Some("run") => run(parser).map_err(|misuse| misuse.of("run")),
            Some("check") => check(parser).map_err(|misuse| misuse.of("check")),
            Some("help") => help(parser),
            _ => Err(unknown_command(&command.to_string_lossy())),
        },
        Some(other) => Err(other.unexpected().into()),
    }
}

fn unknown_command(name: &str) -> Misuse {
    Misuse(format!("unknown command {name:?} for \"kubestage\"\nSee 'kubestage --help' for usage."))
}

/// `kubestage help run`.
fn help(mut parser: lexopt::Parser) -> Result<Invocation, Misuse> {
    match parser.next()? {
        Some(Value(command)) => match command.to_str() {
            Some("explain") => Ok(Invocation::Help(EXPLAIN)),
            Some("run") => Ok(Invocation::Help(RUN)),
            Some("check") => Ok(Invocation::Help(CHECK)),
            _ => Err(unknown_command(&command.to_string_lossy())),
        },
        None | Some(Short('h') | Long("help")) => Ok(Invocation::Help(HELP)),
        Some(other) => Err(other.unexpected().into()),
    }
}

fn explain(mut parser: lexopt::Parser) -> Result<Invocation, Misuse> {
    let mut explain = Explain::default();
    while let Some(arg) = parser.next()? {
        match arg {
            Short('h') | Long("help") => return Ok(Invocation::Help(EXPLAIN)),
            Short('f') | Long("filename") => explain.file = parser.value()?.string()?,
            Long("nodes") => explain.nodes = Some(parser.value()?.string()?),
            other => return Err(other.unexpected().into()),
        }
    }
    if explain.file.is_empty() {
        return Err(Misuse("must specify -f\nSee 'kubestage explain --help' for usage.".to_owned()));
    }
    Ok(Invocation::Explain(explain))
}

fn run(mut parser: lexopt::Parser) -> Result<Invocation, Misuse> {
    let mut run = Run {
        files: Vec::new(),
        until: Duration::from_secs(60),
        script: None,
        session: None,
        output: Output::Table,
        seed: 1,
        workers: 3,
    };
    while let Some(arg) = parser.next()? {
        match arg {
            Short('h') | Long("help") => return Ok(Invocation::Help(RUN)),
            Short('f') | Long("filename") => run.files.push(parser.value()?.string()?),
            Long("until") => run.until = duration(&parser.value()?.string()?)?,
            Long("script") => run.script = Some(parser.value()?.string()?),
            Long("session") => run.session = Some(parser.value()?.string()?),
            Long("seed") => run.seed = number("seed", u64::MAX, &parser.value()?.string()?)?,
            Long("workers") => {
                let most = u64::from(WORKERS_MAX);
                run.workers = number("workers", most, &parser.value()?.string()?)? as u32;
            }
            Short('o') | Long("output") => {
                run.output = match parser.value()?.string()?.as_str() {
                    "table" => Output::Table,
                    "json" => Output::Json,
                    "log" => Output::Log,
                    other => {
                        return Err(Misuse(format!(
                            "unknown output {other:?}: table, json and log are known"
                        )));
                    }
                }
            }
            other => return Err(other.unexpected().into()),
        }
    }
    if run.session.is_some() && (run.script.is_some() || !run.files.is_empty()) {
        return Err(Misuse("a session is played as it is: leave out -f and --script".to_owned()));
    }
    Ok(Invocation::Run(run))
}

fn check(mut parser: lexopt::Parser) -> Result<Invocation, Misuse> {
    let mut check = Check::default();
    while let Some(arg) = parser.next()? {
        match arg {
            Short('h') | Long("help") => return Ok(Invocation::Help(CHECK)),
            Long("as") => {
                check.as_ = match parser.value()?.string()?.as_str() {
                    "apply" => As::Apply,
                    "static" => As::Static,
                    other => {
                        return Err(Misuse(format!("unknown way {other:?}: apply and static are known")));
                    }
                }
            }
            Short('o') | Long("output") => {
                check.json = match parser.value()?.string()?.as_str() {
                    "json" => true,
                    "text" => false,
                    other => {
                        return Err(Misuse(format!("unknown output {other:?}: text and json are known")));
                    }
                }
            }
            Short('f') | Long("filename") if check.file.is_empty() => {
                check.file = parser.value()?.string()?
            }
            Value(file) if check.file.is_empty() => check.file = file.string()?,
            other => return Err(other.unexpected().into()),
        }
    }
    if check.file.is_empty() {
        return Err(Misuse("must name a FILE\nSee 'kubestage check --help' for usage.".to_owned()));
    }
    Ok(Invocation::Check(check))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn durations_are_gos() {
        assert_eq!(duration("1h30m").unwrap(), Duration::from_secs(5400));
        assert_eq!(duration("500ms").unwrap(), Duration::from_millis(500));
        assert!(duration("5").is_err() && duration("").is_err() && duration("m").is_err());
    }

    #[test]
    fn misuse_is_said_in_a_sentence() {
        let said = |args: &[&str]| parse(args.iter().map(OsString::from)).unwrap_err().0;
        assert!(said(&["frobnicate"]).starts_with("unknown command \"frobnicate\" for \"kubestage\""));
        assert!(said(&["explain"]).starts_with("must specify -f\n"));
        assert!(said(&["run", "--until", "x"]).starts_with("invalid duration \"x\""));
    }
}
