//! `label`, `annotate` and `taint`.
//!
//! Kubernetes: kubectl/pkg/cmd/label/label.go, cmd/annotate/annotate.go, cmd/taint (taint.go, utils.go).

use std::collections::BTreeMap;
use std::rc::Rc;

use serde_json::{Map, Value, json};

use super::apply::dry_run;
use super::flags::{Takes, flag};
use super::output;
use super::resources::{self, Info};
use super::{
    ALL, ALL_NAMESPACES, Cmd, Command, DRY_RUN, FIELD_SELECTOR, FILENAME, OUTPUT, RECURSIVE, SELECTOR,
    patched, print_obj, print_value,
};
use crate::api::field::go_quote;
use crate::api::label::{is_qualified_name, is_valid_label_value};
use crate::api::meta::StringMap;
use crate::api::object::{Kind, Object};
use crate::api::toleration::{Taint, TaintEffect};
use crate::job::{Failure, Io, Stop};
use crate::wire::{Call, FieldValidation, Patch};

const FLAGS: &[super::Flag] = &[
    FILENAME,
    RECURSIVE,
    OUTPUT,
    SELECTOR,
    FIELD_SELECTOR,
    ALL,
    ALL_NAMESPACES,
    DRY_RUN,
    flag("overwrite", '\0', Takes::Bool),
    flag("list", '\0', Takes::Bool),
    flag("local", '\0', Takes::Bool),
    flag("resource-version", '\0', Takes::Text),
    flag("field-manager", '\0', Takes::Text),
];

pub(super) const LABEL: Command = Command {
    name: "label",
    aliases: &[],
    short: "Update the labels on a resource",
    usage: "[--overwrite] (-f FILENAME | TYPE NAME) KEY_1=VAL_1 ... KEY_N=VAL_N",
    flags: FLAGS,
    run: |io, cmd| change_pairs(io, cmd, Pairs::Labels),
    subs: &[],
};

pub(super) const ANNOTATE: Command = Command {
    name: "annotate",
    aliases: &[],
    short: "Update the annotations on a resource",
    usage: "[--overwrite] (-f FILENAME | TYPE NAME) KEY_1=VAL_1 ... KEY_N=VAL_N",
    flags: FLAGS,
    run: |io, cmd| change_pairs(io, cmd, Pairs::Annotations),
    subs: &[],
};

#[derive(Clone, Copy, PartialEq)]
enum Pairs {
    Labels,
    Annotations,
}

/// What the words at the end of the line change.
#[derive(Default)]
struct Changes {
    set: BTreeMap<String, String>,
    remove: Vec<String>,
}

/// Words that are objects, and those behind them that are changes.
fn split(
    args: &[String],
    what: &str,
    is_change: impl Fn(&str) -> bool,
) -> Result<(Vec<String>, Vec<String>), Failure> {
    let (mut objects, mut changes) = (Vec::new(), Vec::new());
    for word in args {
        if is_change(word) {
            changes.push(word.clone());
        } else if changes.is_empty() {
            objects.push(word.clone());
        } else {
            return Err(Failure::Message(format!(
                "all resources must be specified before {what} changes: {word}"
            )));
        }
    }
    Ok((objects, changes))
}

fn is_pair(word: &str) -> bool {
    (word.contains('=') && !word.starts_with('=')) || (word.ends_with('-') && word != "-")
}

fn read_changes(words: &[String], pairs: Pairs) -> Result<Changes, Failure> {
    let mut changes = Changes::default();
    let (spec, name) = match pairs {
        Pairs::Labels => ("label", "a label"),
        Pairs::Annotations => ("annotation", "an annotation"),
    };
    for word in words {
        if let Some((key, value)) = word.split_once('=') {
            if pairs == Pairs::Labels {
                if value.contains('=') {
                    return Err(Failure::Message(format!("invalid label spec: {word}")));
                }
                let problems = is_valid_label_value(value);
                if !problems.is_empty() {
                    let text = format!("invalid label value: {}: {}", go_quote(word), problems.join(";"));
                    return Err(Failure::Message(text));
                }
            }
            changes.set.insert(key.to_owned(), value.to_owned());
        } else if let Some(key) = word.strip_suffix('-') {
            changes.remove.push(key.to_owned());
        } else {
            return Err(Failure::Message(format!("unknown {spec} spec: {word}")));
        }
    }
    if changes.remove.iter().any(|key| changes.set.contains_key(key)) {
        return Err(Failure::Message(format!("can not both modify and remove {name} in the same command")));
    }
    Ok(changes)
}

fn targets(io: &mut Io, cmd: &Cmd, objects: &[String]) -> Result<(Vec<Info>, Vec<Failure>), Stop> {
    let targets = cmd.targets(io, objects, false)?;
    resources::visit(io, &targets, &cmd.scope())
}

fn change_pairs(io: &mut Io, cmd: &Cmd, pairs: Pairs) -> Result<i32, Stop> {
    let what = if pairs == Pairs::Labels { "label" } else { "annotation" };
    let (objects, words) = split(cmd.args(), what, is_pair)?;
    let changes = read_changes(&words, pairs)?;
    if objects.is_empty() && !cmd.parsed.given("filename") {
        return Err(
            "one or more resources must be specified as <resource> <name> or <resource>/<name>".into()
        );
    }
    if words.is_empty() && !cmd.parsed.flag("list") {
        return Err(format!("at least one {what} update is required").into());
    }
    let dry = dry_run(cmd)?;
    let (infos, mut failures) = targets(io, cmd, &objects)?;
    for info in &infos {
        let done = io.once(|io| match cmd.parsed.flag("list") {
            true => list_pairs(io, info, &changes, pairs, infos.len() == 1 && !cmd.selects()),
            false => change_one(io, cmd, info, &changes, pairs, dry),
        });
        match done {
            Ok(_) => {}
            Err(Stop::Failed(failure)) => failures.push(failure),
            Err(Stop::Pending) => return Err(Stop::Pending),
        }
    }
    match Failure::aggregate(failures) {
        Some(failure) => Err(failure.into()),
        None => Ok(0),
    }
}

fn pairs_of(info: &Info, pairs: Pairs) -> StringMap {
    let pairs = info.object.meta().map(|meta| match pairs {
        Pairs::Labels => meta.labels(),
        Pairs::Annotations => meta.annotations(),
    });
    pairs.cloned().unwrap_or_default()
}

/// `--list`: what the object would have with the changes, which are not made.
///
/// Kubernetes: kubectl/pkg/cmd/label/label.go, RunLabel.
fn list_pairs(io: &mut Io, info: &Info, changes: &Changes, pairs: Pairs, one: bool) -> Result<(), Stop> {
    let current = pairs_of(info, pairs);
    let mut listed: BTreeMap<&str, &str> = current.iter().map(|(k, v)| (&**k, &**v)).collect();
    listed.extend(changes.set.iter().map(|(key, value)| (&**key, &**value)));
    changes.remove.iter().for_each(|key| {
        listed.remove(&**key);
    });
    let mut indent = "";
    if !one {
        let kind = info.object.kind().info();
        let what = if pairs == Pairs::Labels { "labels" } else { "annotations" };
        io.out(format!("Listing {what} for {}.{}/{}:\n", kind.kind, kind.group, info.object.key().name));
        indent = " ";
    }
    for (key, value) in listed {
        io.out(format!("{indent}{key}={value}\n"));
    }
    Ok(())
}

fn change_one(
    io: &mut Io,
    cmd: &Cmd,
    info: &Info,
    changes: &Changes,
    pairs: Pairs,
    dry: Option<&str>,
) -> Result<(), Stop> {
    let format = cmd.format()?;
    let current = &pairs_of(info, pairs);
    if pairs == Pairs::Labels {
        for key in changes.remove.iter().filter(|key| !current.contains_key(key.as_str())) {
            io.out(format!("label {} not found.\n", go_quote(key)));
        }
    }
    if !cmd.parsed.flag("overwrite")
        && let Some(failure) = overwritten(current, changes, pairs)
    {
        return Err(failure.into());
    }
    let set: Vec<(&String, &String)> = changes
        .set
        .iter()
        .filter(|(key, value)| current.get(key.as_str()).is_none_or(|have| **have != ***value))
        .collect();
    let removed: Vec<&String> =
        changes.remove.iter().filter(|key| current.contains_key(key.as_str())).collect();
    let verb = match (pairs, set.is_empty(), removed.is_empty()) {
        (Pairs::Annotations, ..) => "annotated",
        (Pairs::Labels, true, true) => "not labeled",
        (Pairs::Labels, false, true) => "labeled",
        (Pairs::Labels, true, false) => "unlabeled",
        (Pairs::Labels, false, false) => "modified",
    };
    let field = if pairs == Pairs::Labels { "labels" } else { "annotations" };
    if dry.is_some() {
        let mut value = info.object.to_value(io.now());
        let meta = &mut value["metadata"];
        for (key, text) in set {
            meta[field][key] = json!(text);
        }
        if let Some(map) = meta[field].as_object_mut() {
            removed.iter().for_each(|key| drop(map.remove(*key)));
        }
        return Ok(print_value(io, format.as_ref(), &output::name_of(&info.object), verb, dry, &value)?);
    }
    let mut map: Map<String, Value> = set.iter().map(|(k, v)| ((*k).clone(), json!(v))).collect();
    map.extend(removed.iter().map(|key| ((*key).clone(), Value::Null)));
    let body = match map.is_empty() {
        true => json!({}),
        false => json!({"metadata": {field: map}}),
    };
    let object = patched(io, &info.object, Patch::Merge(Rc::new(body)))?;
    Ok(print_obj(io, format.as_ref(), &object, verb, dry)?)
}

/// A patch of an object, whoever has changed it meanwhile.
pub(super) fn patch_call(object: &Object, patch: Patch) -> Call {
    Call::Patch {
        kind: object.kind(),
        key: object.key(),
        uid: None,
        patch,
        // kubectl asks for no validation here, and the API server's own choice is to warn.
        validation: FieldValidation::Warn,
    }
}

/// Rule: CLI-036.
fn overwritten(current: &StringMap, changes: &Changes, pairs: Pairs) -> Option<Failure> {
    let clash = |(key, value): (&String, &String)| {
        let have = current.get(key.as_str()).filter(|have| ***have != **value)?;
        Some((key.clone(), have.to_string()))
    };
    let clashes: Vec<(String, String)> = changes.set.iter().filter_map(clash).collect();
    match pairs {
        Pairs::Labels => Failure::aggregate(
            clashes
                .iter()
                .map(|(key, have)| {
                    Failure::Message(format!(
                        "'{key}' already has a value ({have}), and --overwrite is false"
                    ))
                })
                .collect(),
        ),
        Pairs::Annotations => {
            let cause = "kubernetes.io/change-cause";
            let texts: Vec<String> = clashes
                .iter()
                .filter(|(key, _)| key != cause)
                .map(|(key, have)| format!("'{key}' already has a value ({have})"))
                .collect();
            (!texts.is_empty()).then(|| {
                Failure::Message(format!(
                    "--overwrite is false but found the following declared annotation(s): {}",
                    texts.join("; ")
                ))
            })
        }
    }
}

pub(super) const TAINT: Command = Command {
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
        flag("validate", '\0', Takes::Optional("strict")),
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
    let kind = kind.split('/').next().unwrap_or(kind);
    if resources::kind_of(kind)? != Kind::Node {
        return Err(format!("invalid resource type {kind}, only node types are supported").into());
    }
    let clash = |gone: &&Written| add.iter().any(|taint| gone.matches(taint));
    let clashes: Vec<String> = remove
        .iter()
        .filter(clash)
        .map(|gone| format!("{{\"{}\":\"{}\"}}", gone.key, gone.effect.map_or("", TaintEffect::as_str)))
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
    let slash = objects.iter().any(|word| word.contains('/'));
    if !selects && names.is_empty() && !slash {
        return Err("at least one resource name must be specified since 'all' parameter is not set".into());
    }
    let targets = resources::resource_type_or_name_args(&objects, selects)?;
    let (infos, mut failures) = resources::visit(io, &targets, &cmd.scope())?;
    let dry = dry_run(cmd)?;
    for info in &infos {
        match io.once(|io| taint_one(io, cmd, info, &add, &remove, dry)) {
            Ok(_) => {}
            Err(Stop::Failed(failure)) => failures.push(failure),
            Err(Stop::Pending) => return Err(Stop::Pending),
        }
    }
    match Failure::aggregate(failures) {
        Some(failure) => Err(failure.into()),
        None => Ok(0),
    }
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
    let format = cmd.format()?;
    let taints: Vec<Value> = new.iter().map(Taint::to_value).collect();
    let taints = if taints.is_empty() { Value::Null } else { Value::Array(taints) };
    if dry.is_some() {
        let mut value = info.object.to_value(io.now());
        value["spec"]["taints"] = taints;
        return Ok(print_value(io, format.as_ref(), &output::name_of(&info.object), verb, dry, &value)?);
    }
    let body = json!({"spec": {"taints": taints}});
    let object = patched(io, &info.object, Patch::Strategic(Rc::new(body)))?;
    Ok(print_obj(io, format.as_ref(), &object, verb, dry)?)
}
