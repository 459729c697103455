//! `export`, `declare`, `readonly`, `unset`, `alias`.

use std::rc::Rc;

use super::Cx;
use super::print::quoted;
use crate::arith;
use crate::env::{Env, Value, Variable, is_name};

/// Arithmetic on a shell's variables.
pub(in crate::shell) struct Numbers<'e>(pub(in crate::shell) &'e mut Env);

impl arith::Variables for Numbers<'_> {
    fn get(&mut self, name: &str) -> String {
        self.0.get(name).map_or(String::new(), |text| text.to_string())
    }

    fn set(&mut self, name: &str, value: i64) {
        // A read-only variable keeps its value.
        let _ = self.0.assign(name, Value::Text(value.to_string().into()));
    }
}

/// Sets and marks the variables that the arguments name.
fn each(cx: &mut Cx<'_>, command: &str, args: &[&String], mark: impl Fn(&mut Variable)) -> i32 {
    let mut code = 0;
    for arg in args {
        let (name, value) = match arg.split_once('=') {
            Some((name, value)) => (name, Some(value)),
            None => (arg.as_str(), None),
        };
        let (name, append) = match name.strip_suffix('+') {
            Some(name) => (name, true),
            None => (name, false),
        };
        if !is_name(name) {
            code = cx.complain(&format!("{command}: `{arg}': not a valid identifier"));
            continue;
        }
        let before = if append { cx.env().get(name) } else { None };
        if let Some(value) = value {
            let value = format!("{}{value}", before.unwrap_or_default());
            let assigned = cx.thread.env.assign(name, Value::Text(value.into()));
            if let Err(text) = assigned {
                code = cx.complain(&text);
                continue;
            }
        }
        cx.thread.env.mark(name, &mark);
    }
    code
}

fn operands(args: &[String]) -> Vec<&String> {
    args.iter().filter(|arg| !arg.starts_with('-')).collect()
}

pub(super) fn export(cx: &mut Cx<'_>, args: &[String]) -> i32 {
    let names = operands(args);
    if names.is_empty() {
        return list(cx, "declare -x", |variable| variable.exported);
    }
    if args.iter().any(|arg| arg == "-f") {
        return cx.complain("export: -f: exporting functions is not simulated");
    }
    let remove = args.iter().any(|arg| arg == "-n");
    each(cx, "export", &names, |variable| variable.exported = !remove)
}

pub(super) fn readonly(cx: &mut Cx<'_>, args: &[String]) -> i32 {
    let names = operands(args);
    if names.is_empty() {
        return list(cx, "declare -r", |variable| variable.readonly);
    }
    each(cx, "readonly", &names, |variable| variable.readonly = true)
}

pub(super) fn declare(cx: &mut Cx<'_>, command: &str, args: &[String]) -> i32 {
    let flags: String =
        args.iter().filter(|arg| arg.starts_with('-')).map(|arg| arg.trim_start_matches('-')).collect();
    if flags.contains('A') {
        return cx.complain(&format!("{command}: -A: associative arrays are not simulated"));
    }
    if let Some(strange) = flags.chars().find(|c| !matches!(c, 'x' | 'r' | 'i' | 'a' | 'p' | 'g' | 'f' | 'F'))
    {
        return cx.complain(&format!("{command}: -{strange}: invalid option"));
    }
    if flags.contains(['f', 'F']) {
        let names: String = cx.env().functions.keys().map(|name| format!("declare -f {name}\n")).collect();
        cx.out(&names);
        return 0;
    }
    let names = operands(args);
    if flags.contains('p') || names.is_empty() {
        let wanted: Vec<String> = names.into_iter().cloned().collect();
        if let Some(missing) = wanted.iter().find(|name| cx.env().variable(name).is_none()) {
            return cx.complain(&format!("{command}: {missing}: not found"));
        }
        let text = cx
            .env()
            .variables()
            .filter(|(name, _)| wanted.is_empty() || wanted.iter().any(|wanted| **wanted == ***name));
        let text: String = text.map(|(name, variable)| declaration("declare --", name, variable)).collect();
        cx.out(&text);
        return 0;
    }
    let has = |letter| flags.contains(letter);
    let (exported, readonly, integer) = (has('x'), has('r'), has('i'));
    let code = each(cx, command, &names, |variable| {
        variable.exported |= exported;
        variable.readonly |= readonly;
        variable.integer |= integer;
    });
    if has('a') {
        for name in names {
            if cx.env().get(name).is_none() && is_name(name) {
                // It is new, so nothing keeps it from being set.
                let _ = cx.thread.env.assign(name, Value::Array(Rc::default()));
            }
        }
    }
    code
}

fn declaration(prefix: &str, name: &str, variable: &Variable) -> String {
    match &variable.value {
        None => format!("{prefix} {name}\n"),
        Some(Value::Text(text)) => {
            format!("{prefix} {name}=\"{}\"\n", text.replace('\\', "\\\\").replace('"', "\\\""))
        }
        Some(Value::Array(items)) => {
            let items: Vec<String> = items
                .iter()
                .enumerate()
                .filter_map(|(at, item)| Some(format!("[{at}]=\"{}\"", item.as_ref()?)))
                .collect();
            format!("declare -a {name}=({})\n", items.join(" "))
        }
    }
}

fn list(cx: &mut Cx<'_>, prefix: &str, wanted: impl Fn(&Variable) -> bool) -> i32 {
    let variables = cx.env().variables().filter(|(_, variable)| wanted(variable));
    let text: String = variables.map(|(name, variable)| declaration(prefix, name, variable)).collect();
    cx.out(&text);
    0
}

pub(super) fn unset(cx: &mut Cx<'_>, args: &[String]) -> i32 {
    let mut code = 0;
    let functions = args.iter().any(|arg| arg == "-f");
    for name in operands(args) {
        let is_variable = cx.env().variable(name).is_some() && !functions;
        if !is_variable {
            Rc::make_mut(&mut cx.thread.env.functions).remove(name.as_str());
            continue;
        }
        let removed = cx.thread.env.unset(name);
        if let Err(text) = removed {
            code = cx.complain(&format!("unset: {text}"));
        }
    }
    code
}

pub(super) fn alias(cx: &mut Cx<'_>, args: &[String]) -> i32 {
    let names = operands(args);
    if names.is_empty() {
        let aliases = cx.env().aliases.clone();
        let text: String =
            aliases.iter().map(|(name, text)| format!("alias {name}={}\n", in_quotes(text))).collect();
        cx.out(&text);
        return 0;
    }
    let mut code = 0;
    for arg in names {
        match arg.split_once('=') {
            Some((name, _)) if name.is_empty() || name.contains(['/', '$', '`', ' ', '\'', '"']) => {
                code = cx.complain(&format!("alias: `{name}': invalid alias name"));
            }
            Some((name, text)) => {
                Rc::make_mut(&mut cx.thread.env.aliases).insert(name.into(), text.into());
            }
            None => match cx.env().aliases.get(arg.as_str()).cloned() {
                Some(text) => cx.out(&format!("alias {arg}={}\n", in_quotes(&text))),
                None => code = cx.complain(&format!("alias: {arg}: not found")),
            },
        }
    }
    code
}

fn in_quotes(text: &str) -> String {
    format!("'{}'", text.replace('\'', "'\\''"))
}

pub(super) fn unalias(cx: &mut Cx<'_>, args: &[String]) -> i32 {
    if args.iter().any(|arg| arg == "-a") {
        cx.thread.env.aliases = Rc::default();
        return 0;
    }
    let mut code = 0;
    for name in operands(args) {
        let removed = Rc::make_mut(&mut cx.thread.env.aliases).remove(name.as_str());
        if removed.is_none() {
            code = cx.complain(&format!("unalias: {}: not found", quoted(name)));
        }
    }
    code
}
