//! `kubectl taint`.
//!
//! Kubernetes: kubectl/pkg/cmd/taint (taint.go, utils.go).

use std::rc::Rc;

use serde_json::{Value, json};

use super::apply::{DRY_RUN_CLIENT, dry_run};
use super::mutate::split;
use super::resources::{self, Info, continue_on_error};
use super::{ALL, Cmd, Command, DRY_RUN, OUTPUT, SELECTOR, VALIDATE, patched, print_obj, print_value};
use api::field::go_quote;
use api::label::{is_qualified_name, is_valid_label_value};
use api::object::{Kind, Object};
use api::toleration::{Taint, TaintEffect};
use cli_runtime::flags::{Takes, flag};
use cli_runtime::job::{Failure, Io, Stop};
use cli_runtime::output;
use wire::Patch;

pub(super) const COMMAND: Command = Command {
    name: "taint",
    aliases: &[],
    short: "Update the taints on one or more nodes",
    usage: "NODE NAME KEY_1=VAL_1:TAINT_EFFECT_1 ... KEY_N=VAL_N:TAINT_EFFECT_N",
    flags: &[
        OUTPUT,
        SELECTOR,
        ALL,
        DRY_RUN,
        flag("overwrite", '\0', Takes::Bool),
        VALIDATE,
        flag("field-manager", '\0', Takes::Text),
    ],
    run: taint,
    subs: &[],
};

/// A taint as it is written on the line; to take one away, the effect may be missing.
#[derive(Clone, Debug)]
struct Written {
    key: String,
    value: String,
    effect: Option<TaintEffect>,
}

impl Written {
    /// `key=value:effect`, `key:effect` or `key`.
    fn parse(text: &str) -> Result<Written, String> {
        let invalid = || format!("invalid taint spec: {text}");
        let parts: Vec<&str> = text.split(':').collect();
        let (pair, effect) = match parts.as_slice() {
            [key] => (*key, None),
            [pair, effect] => {
                let parsed = TaintEffect::parse(effect)
                    .ok_or_else(|| format!("invalid taint effect: {effect}, unsupported taint effect"))?;
                (*pair, Some(parsed))
            }
            _ => return Err(invalid()),
        };
        let (key, value) = match (effect, pair.split_once('=')) {
            (Some(_), Some((_, value))) if value.contains('=') => return Err(invalid()),
            (Some(_), Some((key, value))) => {
                let problems = is_valid_label_value(value);
                if !problems.is_empty() {
                    return Err(format!("{}, {}", invalid(), problems.join("; ")));
                }
                (key, value)
            }
            _ => (pair, ""),
        };
        let problems = is_qualified_name(key);
        if !problems.is_empty() {
            return Err(format!("{}, {}", invalid(), problems.join("; ")));
        }
        Ok(Written { key: key.to_owned(), value: value.to_owned(), effect })
    }

    fn matches(&self, taint: &Taint) -> bool {
        *self.key == *taint.key && self.effect.is_none_or(|effect| effect == taint.effect)
    }
}

impl std::fmt::Display for Written {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(&self.key)?;
        if !self.value.is_empty() {
            write!(f, "={}", self.value)?;
        }
        match self.effect {
            Some(effect) => write!(f, ":{effect}"),
            None => Ok(()),
        }
    }
}

fn parse_taints(words: &[String]) -> Result<(Vec<Taint>, Vec<Written>), String> {
    let (mut add, mut remove): (Vec<Taint>, Vec<Written>) = (Vec::new(), Vec::new());
    for word in words {
        if let Some(text) = word.strip_suffix('-') {
            remove.push(Written { value: String::new(), ..Written::parse(text)? });
            continue;
        }
        let written = Written::parse(word)?;
        let Some(effect) = written.effect else { return Err(format!("invalid taint spec: {word}")) };
        let taint = Taint::new(&written.key, &written.value, effect);
        if add.iter().any(|other| other.match_taint(&taint)) {
            return Err(format!(
                "duplicated taints with the same key and effect: {{{} {} {effect} <nil>}}",
                written.key, written.value
            ));
        }
        add.push(taint);
    }
    Ok((add, remove))
}

fn taint(io: &mut Io, cmd: &Cmd) -> Result<i32, Stop> {
    let is_taint = |word: &str| word.contains(['=', ':']) || word.ends_with('-');
    let (objects, words) = split(cmd.args(), "taint", is_taint)?;
    let Some((kind, names)) = objects.split_first() else {
        return Err("one or more resources must be specified as <resource> <name>".into());
    };
    if words.is_empty() {
        return Err("at least one taint update is required".into());
    }
    let (add, remove) = parse_taints(&words).map_err(|error| cmd.usage_error(&error))?;
    if resources::kind_of(kind)? != Kind::Node {
        return Err(format!("invalid resource type {kind}, only node types are supported").into());
    }
    let clashes: Vec<String> = add
        .iter()
        .flat_map(|taint| remove.iter().filter(|gone| gone.matches(taint)))
        .map(|gone| format!("{}={}", gone.key, gone.effect.map_or("", TaintEffect::as_str)))
        .collect();
    if !clashes.is_empty() {
        let clashes = clashes.join(", ");
        return Err(format!(
            "can not both modify and remove the following taint(s) in the same command: {clashes}"
        )
        .into());
    }
    let selects = cmd.parsed.flag("all") || cmd.parsed.given("selector");
    if cmd.parsed.flag("all") && cmd.parsed.given("selector") {
        return Err("setting 'all' parameter with a non empty selector is prohibited".into());
    }
    if !selects && names.is_empty() {
        return Err("at least one resource name must be specified since 'all' parameter is not set".into());
    }
    let targets = resources::resource_type_or_name_args(&objects, selects)?;
    let (infos, failures) = resources::visit(io, &targets, &cmd.scope())?;
    let dry = dry_run(cmd)?;
    continue_on_error(io, &infos, failures, |io, info| taint_one(io, cmd, info, &add, &remove, dry))
}

/// Rules: CLI-037, CLI-038.
fn taint_one(
    io: &mut Io,
    cmd: &Cmd,
    info: &Info,
    add: &[Taint],
    remove: &[Written],
    dry: Option<&str>,
) -> Result<(), Stop> {
    let Object::Node(node) = &info.object else { return Ok(()) };
    let overwrite = cmd.parsed.flag("overwrite");
    let old = &node.taints;
    if !overwrite {
        let there: Vec<&str> = add
            .iter()
            .filter(|taint| old.iter().any(|have| have.match_taint(taint)))
            .map(|taint| &*taint.key)
            .collect();
        if !there.is_empty() {
            return Err(format!(
                "node {} already has {} taint(s) with same effect(s) and --overwrite is false",
                node.meta.name,
                there.join(",")
            )
            .into());
        }
    }
    let mut new: Vec<Taint> = add.to_vec();
    new.extend(old.iter().filter(|have| !add.iter().any(|taint| taint.match_taint(have))).cloned());
    let added = old.len() != new.len();
    let mut deleted = false;
    let mut failures = Vec::new();
    for gone in remove {
        let before = new.len();
        new.retain(|taint| !gone.matches(taint));
        deleted = new.len() != before;
        if !deleted {
            failures.push(Failure::Message(format!("taint {} not found", go_quote(&gone.to_string()))));
        }
    }
    if let Some(failure) = Failure::aggregate(failures) {
        return Err(failure.into());
    }
    let verb = match (added && deleted || overwrite, added) {
        (true, _) => "modified",
        (false, true) => "tainted",
        (false, false) => "untainted",
    };
    let format = cmd.format(io)?;
    let taints: Vec<Value> = new.iter().map(Taint::to_value).collect();
    let taints = if taints.is_empty() { Value::Null } else { Value::Array(taints) };
    if dry == Some(DRY_RUN_CLIENT) {
        let mut value = info.object.to_value(io.now());
        value["spec"]["taints"] = taints;
        // Nothing is said of the dry run: taint.go gives its printer no strategy.
        return Ok(print_value(io, format.as_ref(), &output::name_of(&info.object), verb, None, &value)?);
    }
    let body = json!({"spec": {"taints": taints}});
    let object = patched(io, &info.object, Patch::Strategic(Rc::new(body)), dry)?;
    Ok(print_obj(io, format.as_ref(), &object, verb, None)?)
}
