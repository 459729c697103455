//! Builtins that only look at the shell's state or change it.

mod declare;
mod print;
mod set;

use super::program::Cx;
use super::{conditional, launch};
use crate::env::{HOME, Host};
use crate::{absent, arith};

pub(super) use declare::Numbers;
pub(crate) use print::float_text;
pub use print::quoted;

/// Those that are no programs, which `sudo` cannot run.
const ONLY_BUILTIN: [&str; 26] = [
    "cd", "alias", "unalias", "export", "unset", "set", "shopt", "readonly", "declare", "typeset", "let",
    "shift", "history", "type", "hash", "umask", "ulimit", "jobs", "fg", "bg", "disown", "pushd", "popd",
    "dirs", "times", "getopts",
];

const ALSO_PROGRAMS: [&str; 12] =
    ["echo", "printf", "test", "[", "true", "false", ":", "pwd", "env", "printenv", "which", "command"];

pub(super) fn is_only_builtin(name: &str) -> bool {
    ONLY_BUILTIN.contains(&name)
        || matches!(
            name,
            "source"
                | "."
                | "eval"
                | "exec"
                | "exit"
                | "local"
                | "read"
                | "wait"
                | "trap"
                | "break"
                | "continue"
                | "return"
                | "builtin"
        )
}

pub(super) fn is_builtin(name: &str) -> bool {
    ONLY_BUILTIN.contains(&name) || ALSO_PROGRAMS.contains(&name)
}

/// The exit code, if this was one of them.
pub(super) fn run(cx: &mut Cx<'_>, name: &str, args: &[String]) -> Option<i32> {
    Some(match name {
        "true" | ":" => 0,
        "false" => 1,
        "echo" => print::echo(cx, args),
        "printf" => print::printf(cx, args),
        "cd" => cd(cx, args),
        "pwd" => {
            let cwd = cx.env().cwd.clone();
            cx.out(&format!("{cwd}\n"));
            0
        }
        "test" => test(cx, args),
        "[" => match args.split_last() {
            Some((last, args)) if last == "]" => test(cx, args),
            _ => {
                cx.complain("[: missing `]'");
                2
            }
        },
        "let" => let_command(cx, args),
        "export" => declare::export(cx, args),
        "readonly" => declare::readonly(cx, args),
        "declare" | "typeset" => declare::declare(cx, name, args),
        "unset" => declare::unset(cx, args),
        "alias" => declare::alias(cx, args),
        "unalias" => declare::unalias(cx, args),
        "set" => set::set(cx, args),
        "shopt" => set::shopt(cx, args),
        "shift" => shift(cx, args),
        "env" | "printenv" => env(cx, args),
        "type" => kind_of(cx, args, Kind::Sentence),
        "which" => kind_of(cx, args, Kind::Path),
        "command" => {
            let kind = if args.first().is_some_and(|arg| arg == "-V") { Kind::Sentence } else { Kind::Name };
            kind_of(cx, args.get(1..).unwrap_or_default(), kind)
        }
        "history" => history(cx, args),
        "hash" => 0,
        "umask" => {
            if args.is_empty() {
                cx.out("0022\n");
            }
            0
        }
        "jobs" => jobs(cx),
        "fg" | "bg" | "disown" | "ulimit" | "pushd" | "popd" | "dirs" | "times" | "getopts" => {
            cx.err(&absent::sentence(
                name,
                "cd, wait and kill are, and what runs in the background stays there",
            ));
            1
        }
        _ => return None,
    })
}

fn cd(cx: &mut Cx<'_>, args: &[String]) -> i32 {
    let args: Vec<&String> = args.iter().filter(|arg| !matches!(arg.as_str(), "-P" | "-L" | "--")).collect();
    if args.len() > 1 {
        return cx.complain("cd: too many arguments");
    }
    let before = cx.env().cwd.to_string();
    let (target, shows) = match args.first().map(|arg| arg.as_str()) {
        None => (cx.env().get("HOME").map_or(HOME.to_owned(), |home| home.to_string()), false),
        Some("-") => match cx.env().get("OLDPWD") {
            Some(old) => (old.to_string(), true),
            None => return cx.complain("cd: OLDPWD not set"),
        },
        Some(path) => (path.to_owned(), false),
    };
    let whole = cx.absolute(&target);
    let disk = cx.disk();
    let (there, is_directory) = (disk.exists(&whole), disk.is_directory(&whole));
    drop(disk);
    if !is_directory {
        let why = if there { "Not a directory" } else { "No such file or directory" };
        return cx.complain(&format!("cd: {target}: {why}"));
    }
    let env = &mut cx.thread.env;
    env.cwd = whole.as_str().into();
    env.put("OLDPWD", &before);
    env.put("PWD", &whole);
    if shows {
        cx.out(&format!("{whole}\n"));
    }
    0
}

fn test(cx: &mut Cx<'_>, args: &[String]) -> i32 {
    // `-t 1`: whether a descriptor is a terminal.
    if let [operator, fd] = args
        && operator == "-t"
    {
        let fd = fd.parse().unwrap_or(u8::MAX);
        return i32::from(!cx.is_terminal(fd));
    }
    let held = conditional::test(args, cx.env(), &cx.disk());
    match held {
        Ok(holds) => i32::from(!holds),
        Err(text) => {
            cx.complain(&format!("[: {text}"));
            2
        }
    }
}

fn let_command(cx: &mut Cx<'_>, args: &[String]) -> i32 {
    let mut last = 0;
    for text in args {
        let mut variables = declare::Numbers(&mut cx.thread.env);
        match arith::evaluate(text, &mut variables) {
            Ok(value) => last = value,
            Err(error) => return cx.complain(&format!("let: {error}")),
        }
    }
    i32::from(last == 0)
}

fn shift(cx: &mut Cx<'_>, args: &[String]) -> i32 {
    let count = args.first().map_or(Some(1), |text| text.parse::<usize>().ok());
    let arguments = cx.env().arguments.clone();
    match count.and_then(|count| arguments.get(count..)) {
        Some(rest) => {
            cx.thread.env.arguments = rest.into();
            0
        }
        None => 1,
    }
}

fn env(cx: &mut Cx<'_>, args: &[String]) -> i32 {
    if let Some(name) = args.first().filter(|arg| !arg.contains('=')) {
        let value = cx.env().exported().find(|(known, _)| ***known == **name).map(|(_, value)| value.clone());
        return match value {
            Some(value) => {
                cx.out(&format!("{value}\n"));
                0
            }
            None => 1,
        };
    }
    let text: String = cx.env().exported().map(|(name, value)| format!("{name}={value}\n")).collect();
    cx.out(&text);
    0
}

/// What is told of a command's name.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Kind {
    /// `type`
    Sentence,
    /// `which`
    Path,
    /// `command -v`
    Name,
}

fn kind_of(cx: &mut Cx<'_>, args: &[String], kind: Kind) -> i32 {
    let mut code = 0;
    let short = args.iter().any(|arg| arg == "-t");
    for name in args.iter().filter(|arg| !arg.starts_with('-')) {
        let host: Host = cx.host();
        let alias = cx.env().aliases.get(name.as_str()).filter(|_| kind != Kind::Path).cloned();
        let is_function = cx.env().functions.contains_key(name.as_str()) && kind != Kind::Path;
        let path = launch::program_path(name, &host);
        let is_builtin = kind != Kind::Path
            && (is_builtin(name) || is_only_builtin(name))
            && !matches!(name.as_str(), "env" | "printenv" | "which");
        let (word, sentence) = match (&alias, path) {
            (Some(text), _) => {
                ("alias", (format!("alias {name}='{text}'"), format!("{name} is aliased to `{text}'")))
            }
            _ if is_function => ("function", (name.clone(), format!("{name} is a function"))),
            _ if is_builtin => ("builtin", (name.clone(), format!("{name} is a shell builtin"))),
            (_, Some(path)) => ("file", (path.clone(), format!("{name} is {path}"))),
            (None, None) => {
                code = 1;
                if kind == Kind::Sentence && !short {
                    cx.complain(&format!("type: {name}: not found"));
                }
                continue;
            }
        };
        let text = match kind {
            Kind::Sentence if short => word.to_owned(),
            Kind::Sentence => sentence.1,
            Kind::Path | Kind::Name => sentence.0,
        };
        cx.out(&format!("{text}\n"));
    }
    code
}

fn history(cx: &mut Cx<'_>, args: &[String]) -> i32 {
    if args.first().is_some_and(|arg| arg == "-c") {
        cx.shell.history = Default::default();
        return 0;
    }
    let all = cx.shell.history.clone();
    let count = args.first().and_then(|text| text.parse::<usize>().ok()).unwrap_or(all.len());
    let skip = all.len().saturating_sub(count);
    let lines = all.iter().enumerate().skip(skip);
    let text: String = lines.map(|(at, line)| format!("{:5}  {line}\n", at + 1)).collect();
    cx.out(&text);
    0
}

fn jobs(cx: &mut Cx<'_>) -> i32 {
    let running = cx.shell.threads.values().filter(|thread| thread.background);
    let text: String = (1..)
        .zip(running)
        .map(|(at, thread)| {
            format!("[{at}]+  Running                 {} &\n", super::schedule::process_id(thread.id))
        })
        .collect();
    cx.out(&text);
    0
}
