//! `set`, `shopt`.

use super::Cx;
use super::print::quoted;
use crate::env::{Options, Value};

/// Options of `set` by letter and name.
const OPTIONS: [(char, &str); 6] = [
    ('e', "errexit"),
    ('u', "nounset"),
    ('x', "xtrace"),
    ('f', "noglob"),
    ('C', "noclobber"),
    (' ', "pipefail"),
];

/// Those that change nothing here: editing at the prompt, how jobs are told of.
const WITHOUT_EFFECT: [&str; 7] = ["emacs", "vi", "history", "monitor", "notify", "hashall", "braceexpand"];

fn switch(options: &mut Options, name: &str, on: bool) -> bool {
    let option = match name {
        "errexit" => &mut options.errexit,
        "nounset" => &mut options.nounset,
        "xtrace" => &mut options.xtrace,
        "noglob" => &mut options.noglob,
        "noclobber" => &mut options.noclobber,
        "pipefail" => &mut options.pipefail,
        name => return WITHOUT_EFFECT.contains(&name),
    };
    *option = on;
    true
}

fn is_on(options: &Options, name: &str) -> bool {
    match name {
        "errexit" => options.errexit,
        "nounset" => options.nounset,
        "xtrace" => options.xtrace,
        "noglob" => options.noglob,
        "noclobber" => options.noclobber,
        _ => options.pipefail,
    }
}

pub(super) fn set(cx: &mut Cx<'_>, args: &[String]) -> i32 {
    if args.is_empty() {
        return list(cx);
    }
    let mut rest = args;
    while let Some((word, after)) = rest.split_first() {
        let on = match word.chars().next() {
            Some('-') if word == "--" => {
                cx.thread.env.arguments = after.into();
                return 0;
            }
            Some('-') => true,
            Some('+') => false,
            _ => {
                cx.thread.env.arguments = rest.into();
                return 0;
            }
        };
        rest = after;
        for letter in word.chars().skip(1) {
            if letter == 'o' {
                let Some((name, after)) = rest.split_first() else { return names(cx) };
                rest = after;
                if !switch(&mut cx.thread.env.options, name, on) {
                    return cx.complain(&format!("set: {name}: invalid option name"));
                }
                continue;
            }
            match OPTIONS.iter().find(|(known, _)| *known == letter) {
                Some((_, name)) => {
                    switch(&mut cx.thread.env.options, name, on);
                }
                // Marking variables for export, job control, hashing: without effect here.
                None if matches!(letter, 'h' | 'm' | 'b' | 'B' | 'H' | 'i') => {}
                None => {
                    cx.complain(&format!("set: {}{letter}: invalid option", if on { '-' } else { '+' }));
                    return 2;
                }
            }
        }
    }
    0
}

fn list(cx: &mut Cx<'_>) -> i32 {
    let variables = cx.env().variables();
    let text: String = variables
        .filter_map(|(name, variable)| match variable.value.as_ref()? {
            Value::Text(text) => Some(format!("{name}={}\n", quoted(text))),
            Value::Array(items) => {
                let items: Vec<String> = items
                    .iter()
                    .enumerate()
                    .filter_map(|(at, item)| Some(format!("[{at}]=\"{}\"", item.as_ref()?)))
                    .collect();
                Some(format!("{name}=({})\n", items.join(" ")))
            }
        })
        .collect();
    cx.out(&text);
    0
}

fn names(cx: &mut Cx<'_>) -> i32 {
    let options = cx.env().options;
    let text: String = OPTIONS
        .iter()
        .map(|(_, name)| format!("{name:<15}\t{}\n", if is_on(&options, name) { "on" } else { "off" }))
        .collect();
    cx.out(&text);
    0
}

pub(super) fn shopt(cx: &mut Cx<'_>, args: &[String]) -> i32 {
    let on = args.iter().any(|arg| arg == "-s");
    let changes = on || args.iter().any(|arg| arg == "-u");
    let mut code = 0;
    for name in args.iter().filter(|arg| !arg.starts_with('-')) {
        let options = &mut cx.thread.env.options;
        let option = match name.as_str() {
            "nullglob" => &mut options.nullglob,
            "dotglob" => &mut options.dotglob,
            "expand_aliases" | "checkwinsize" | "histappend" | "cmdhist" | "progcomp" if !changes || on => {
                continue;
            }
            other => {
                let text = format!("shopt: {other}: invalid shell option name");
                code = cx.complain(&text);
                continue;
            }
        };
        if changes {
            *option = on;
        } else {
            code = i32::from(!*option);
        }
    }
    code
}
