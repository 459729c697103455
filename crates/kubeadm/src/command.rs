//! The program `kubeadm` on a node, as far as it reads and prints: version, configuration, certificates, tokens.
//!
//! Kubernetes: cmd/kubeadm/app/cmd.
// Not simulated: what sets a cluster up or takes it down (init, join, reset, upgrade), which a session begins with.

mod certs;
mod config;
mod token;
mod version;

use cli_runtime::flags::{self, Flag, FlagError, GLOBAL, Parsed, Takes, flag};
use cli_runtime::job::{Failure, Io, Stop};

/// A command that does something: its words, its flags, how many arguments it takes at most, and what it does.
struct Command {
    path: &'static str,
    short: &'static str,
    flags: &'static [Flag],
    most: usize,
    run: fn(&mut Io, &Parsed) -> Result<(), Stop>,
}

const OUTPUT: Flag = flag("output", 'o', Takes::Text);

const COMMANDS: &[Command] = &[
    certs::CERTIFICATE_KEY,
    certs::CHECK_EXPIRATION,
    config::IMAGES_LIST,
    config::INIT_DEFAULTS,
    config::JOIN_DEFAULTS,
    token::CREATE,
    token::DELETE,
    token::GENERATE,
    token::LIST,
    version::VERSION,
];

/// What kubeadm can do elsewhere, and what to say instead of doing it.
const ABSENT: &[(&str, &str)] = &[
    ("alpha", "of kubeadm there are version, config, certs and token here"),
    ("certs generate-csr", "certificates are stand-ins here, and nothing is signed"),
    ("certs renew", "certificates are stand-ins here, and nothing is signed"),
    ("completion", "the console completes by itself"),
    ("config images pull", "crictl pull gets an image"),
    ("config migrate", "there are no older configurations here"),
    ("config print reset-defaults", "reset is not there either"),
    ("config print upgrade-defaults", "upgrade is not there either"),
    ("config validate", "kubeadm reads no configuration files here"),
    ("init", "the cluster is set up already, and its files lie in /etc/kubernetes"),
    ("join", "every node of this cluster has joined already"),
    ("kubeconfig", "nobody but root is known here, who may do everything"),
    ("reset", "a new session begins with a new cluster"),
    ("upgrade", "there is no other version to go to"),
];

/// Flags that every command has.
const COMMON: [&str; 3] = ["help", "kubeconfig", "v"];

/// Runs `kubeadm` with these words behind it; the exit code.
pub fn run(io: &mut Io) -> Result<i32, Stop> {
    let words = io.words();
    match dispatch(io, &words) {
        Ok(()) => Ok(0),
        Err(Stop::Failed(Failure::Exit(code))) => Ok(code),
        Err(Stop::Failed(failure)) => {
            let text = failure.text(&io.client());
            io.err(format!(
                "error: {text}\nTo see the stack trace of this error execute with --v=5 or higher\n"
            ));
            Ok(1)
        }
        Err(stop) => Err(stop),
    }
}

fn dispatch(io: &mut Io, words: &[String]) -> Result<(), Stop> {
    let path = path(words);
    let rest = words.get(path.len()..).unwrap_or_default();
    let path = path.join(" ");
    if let Some((_, why)) = ABSENT.iter().find(|(name, _)| *name == path) {
        io.err(format!("(kubeadm {path} is not simulated: {why})\n"));
        return Err(Failure::Exit(127).into());
    }
    let Some(command) = COMMANDS.iter().find(|command| command.path == path) else {
        return group(io, &path, rest);
    };
    let parsed = flags::parse(rest, command.flags).map_err(Failure::from)?;
    // kubectl's flags are not kubeadm's.
    let foreign = GLOBAL.iter().find(|flag| {
        parsed.given(flag.name)
            && !COMMON.contains(&flag.name)
            && !command.flags.iter().any(|own| own.name == flag.name)
    });
    if let Some(flag) = foreign {
        return Err(Failure::from(FlagError::Unknown(flag.name.to_owned())).into());
    }
    if parsed.flag("help") {
        let usage: String = command.flags.iter().map(|flag| format!(" [--{}]", flag.name)).collect();
        io.out(format!("{}\n\nUsage:\n  kubeadm {path}{usage}\n", command.short));
        return Ok(());
    }
    if let Some(word) = parsed.args.get(command.most) {
        return Err(format!("unknown command \"{word}\" for \"kubeadm {path}\"").into());
    }
    (command.run)(io, &parsed)
}

/// The words at the beginning that name a command, or a group of commands.
fn path(words: &[String]) -> Vec<&str> {
    let mut path: Vec<&str> = Vec::new();
    for word in words {
        // The one alias.
        let word = if path.is_empty() && word == "certificates" { "certs" } else { word.as_str() };
        path.push(word);
        if !names().any(|name| starts(name, &path.join(" "))) {
            path.pop();
            break;
        }
    }
    path
}

fn names() -> impl Iterator<Item = &'static str> {
    COMMANDS.iter().map(|command| command.path).chain(ABSENT.iter().map(|(name, _)| *name))
}

/// Whether a command is this one, or one of this group.
fn starts(name: &str, path: &str) -> bool {
    name.strip_prefix(path).is_some_and(|rest| rest.is_empty() || rest.starts_with(' '))
}

/// `kubeadm token` and the like: what is in it is listed.
fn group(io: &mut Io, path: &str, rest: &[String]) -> Result<(), Stop> {
    let whole = if path.is_empty() { "kubeadm".to_owned() } else { format!("kubeadm {path}") };
    match rest.first().map(String::as_str) {
        None | Some("-h" | "--help") => {}
        Some(flag) if flag.starts_with('-') => {
            return Err(Failure::from(FlagError::Unknown(flag.trim_start_matches('-').to_owned())).into());
        }
        Some(word) => return Err(format!("unknown command \"{word}\" for \"{whole}\"").into()),
    }
    let mut text = format!("Usage:\n  {whole} [command]\n\nAvailable Commands:\n");
    for command in COMMANDS.iter().filter(|command| path.is_empty() || starts(command.path, path)) {
        text += &format!("  {:<27} {}\n", command.path, command.short);
    }
    io.out(text);
    match path.is_empty() || !rest.is_empty() {
        true => Ok(()),
        false => Err("\nerror: subcommand is required".into()),
    }
}

/// A command that talks to the API server needs a kubeconfig file of the administrator, which workers lack.
///
/// Kubernetes: cmd/kubeadm/app/cmd/util/cmdutil.go, GetKubeConfigPath.
fn check_kubeconfig(io: &Io, parsed: &Parsed) -> Result<(), Stop> {
    let own = "/root/.kube/config";
    let known = [own, "/etc/kubernetes/admin.conf"];
    let path = parsed.text("kubeconfig").or_else(|| known.into_iter().find(|path| io.file(path).is_some()));
    let path = path.unwrap_or(own);
    if io.file(path).is_none() {
        return Err(format!("failed to load admin kubeconfig: open {path}: no such file or directory").into());
    }
    Ok(())
}

/// A failure with what was tried before it.
fn wrapped<T>(result: Result<T, Stop>, tried: &str) -> Result<T, Stop> {
    result.map_err(|stop| match stop {
        Stop::Failed(failure) => Stop::Failed(failure.after(&format!("{tried}: "))),
        stop => stop,
    })
}

#[cfg(test)]
mod tests;
