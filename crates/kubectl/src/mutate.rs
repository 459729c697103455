//! `label` and `annotate`.
//!
//! Kubernetes: kubectl/pkg/cmd/label/label.go, cmd/annotate/annotate.go.

use std::rc::Rc;

use serde_json::{Map, Value, json};
use sim::SortedMap;

use super::apply::dry_run;
use super::local::{LOCAL, find, is_shown_only};
use super::resources::{Info, continue_on_error};
use super::{
    ALL, ALL_NAMESPACES, Cmd, Command, DRY_RUN, FIELD_SELECTOR, FILENAME, OUTPUT, RECURSIVE, SELECTOR,
    patched, print_obj, print_value,
};
use api::field::go_quote;
use api::label::is_valid_label_value;
use api::meta::StringMap;
use api::object::Object;
use cli_runtime::flags::{Takes, flag};
use cli_runtime::job::{Failure, Io, Stop};
use cli_runtime::output;
use wire::{Call, FieldValidation, Patch};

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
    LOCAL,
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
    set: SortedMap<String, String>,
    remove: Vec<String>,
}

/// Words that are objects, and those behind them that are changes.
pub(super) fn split(
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
    let (infos, failures) = find(io, cmd, &objects)?;
    let alone = infos.len() == 1 && !cmd.selects();
    continue_on_error(io, &infos, failures, |io, info| match cmd.parsed.flag("list") {
        true => list_pairs(io, info, &changes, pairs, alone),
        false => change_one(io, cmd, info, &changes, pairs, dry),
    })
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
    let mut listed: SortedMap<&str, &str> = current.iter().map(|(k, v)| (&**k, &**v)).collect();
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
    let format = cmd.format(io)?;
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
    if !matches!(cmd.parsed.text("resource-version"), None | Some("")) {
        return Err(super::absent::flag_text("resource-version").into());
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
    if is_shown_only(cmd, dry) {
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
    let object = patched(io, &info.object, Patch::Merge(Rc::new(body)), dry)?;
    Ok(print_obj(io, format.as_ref(), &object, verb, dry)?)
}

/// A patch of an object, even if it was changed meanwhile.
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
