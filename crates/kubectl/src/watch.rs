//! `events`, `wait`.
//!
//! Kubernetes: kubectl/pkg/cmd/events (events.go, event_printer.go), cmd/wait.

use std::ops::ControlFlow;
use std::rc::Rc;

use serde_json::Value;

use super::resources::{self, Info, continue_on_error};
use super::{ALL, ALL_NAMESPACES, Cmd, Command, FIELD_SELECTOR, FILENAME, OUTPUT, RECURSIVE, SELECTOR};
use api::event::Event;
use api::field::go_quote;
use api::json;
use api::object::{Key, Kind, Object};
use cli_runtime::flags::{Takes, flag};
use cli_runtime::job::{Failure, Io, Stop};
use cli_runtime::jsonpath::{JsonPath, text_of};
use cli_runtime::output;
use cli_runtime::tabwriter::TabWriter;
use printers::age;
use sim::order::SortShared;
use sim::{Duration, Time};
use wire::{Call, CallError, Reply, WatchEvent};

pub(super) const EVENTS: Command = Command {
    name: "events",
    aliases: &[],
    short: "List events",
    usage: "[(-o|--output=)json|yaml|name] [--for TYPE/NAME] [--watch] [--types=Normal,Warning]",
    flags: &[
        OUTPUT,
        ALL_NAMESPACES,
        flag("for", '\0', Takes::Text),
        flag("types", '\0', Takes::Text),
        flag("watch", 'w', Takes::Bool),
        flag("no-headers", '\0', Takes::Bool),
        flag("chunk-size", '\0', Takes::Int),
    ],
    run: events,
    subs: &[],
};

/// Rule: CLI-004.
fn events(io: &mut Io, cmd: &Cmd) -> Result<i32, Stop> {
    let all = cmd.parsed.flag("all-namespaces");
    let namespace = cmd.namespace();
    let about = match cmd.parsed.text("for") {
        None => None,
        Some(text) => match text.split_once('/') {
            Some((kind, name)) => Some((resources::kind_of(kind)?, name.to_owned())),
            None => return Err("--for must be in resource/name form".into()),
        },
    };
    let types: Vec<String> = cmd.parsed.list("types").iter().map(|kind| kind.to_lowercase()).collect();
    if types.iter().any(|kind| !matches!(kind.as_str(), "normal" | "warning")) {
        return Err("valid --types are Normal or Warning".into());
    }
    let wanted = |event: &Event| {
        let kind = if event.draft.is_warning() { "warning" } else { "normal" };
        let regarding = &event.draft.regarding;
        let named =
            about.as_ref().is_none_or(|(kind, name)| regarding.kind == *kind && *regarding.name == **name);
        named && (types.is_empty() || types.iter().any(|wanted| wanted == kind))
    };
    let listed = resources::list(io, Kind::Event, (!all).then_some(namespace.as_str()))?;
    let mut found: Vec<Rc<Event>> = listed
        .iter()
        .filter_map(|object| match object {
            Object::Event(event) if wanted(event) => Some(event.clone()),
            _ => None,
        })
        .collect();
    found.sort_shared_by_key(|event| (event.draft.last, event.serial));
    let watch = cmd.parsed.flag("watch");
    if found.is_empty() && !watch {
        io.err(match all {
            true => "No events found.\n".to_owned(),
            false => format!("No events found in {namespace} namespace.\n"),
        });
        return Ok(0);
    }
    if let Some(format) = cmd.format(io)? {
        let items: Vec<Value> = found.iter().map(|event| event.to_value()).collect();
        let list = serde_json::json!({"apiVersion": "v1", "kind": "List", "metadata": {}, "items": items});
        let names = || found.iter().map(|event| format!("event/{}\n", event.name())).collect();
        format.print_obj(io, &list, names)?;
        return Ok(0);
    }
    let mut writer = TabWriter::for_tables();
    let mut text = String::new();
    if !cmd.parsed.flag("no-headers") {
        text += if all { "NAMESPACE\t" } else { "" };
        text += "LAST SEEN\tTYPE\tREASON\tOBJECT\tMESSAGE\n";
    }
    let now = io.now();
    text.extend(found.iter().map(|event| event_line(event, all, now)));
    io.out(writer.format(&text));
    if !watch {
        return Ok(0);
    }
    let watching = io.watch(Kind::Event, (!all).then_some(namespace.as_str()), &listed);
    io.repeat(writer, |io, writer| {
        let Some(Ok(event)) = io.next(&watching, None)? else { return Ok(ControlFlow::Break(())) };
        if let WatchEvent::Added(Object::Event(event)) | WatchEvent::Modified(Object::Event(event)) = &event
            && wanted(event)
        {
            let line = event_line(event, all, io.now());
            io.out(writer.format(&line));
        }
        Ok(ControlFlow::Continue(()))
    })?;
    Ok(0)
}

fn event_line(event: &Event, all: bool, now: Time) -> String {
    let draft = &event.draft;
    let first = age(&draft.first.stamp(), now);
    let interval = match draft.count {
        0 | 1 => first,
        count => format!("{} (x{count} over {first})", age(&draft.last.stamp(), now)),
    };
    let namespace = if all { format!("{}\t", draft.namespace()) } else { String::new() };
    let kind = if draft.is_warning() { "Warning" } else { "Normal" };
    let about = &draft.regarding;
    let message = draft.message();
    format!(
        "{namespace}{interval}\t{kind}\t{}\t{}/{}\t{}\n",
        draft.reason,
        about.kind.name(),
        about.name,
        message.trim()
    )
}

pub(super) const WAIT: Command = Command {
    name: "wait",
    aliases: &[],
    short: "Wait for a specific condition on one or many resources",
    usage: "([-f FILENAME] | resource.group/resource.name | resource.group [(-l label | --all)]) [--for=create|--for=delete|--for condition=available|--for=jsonpath='{}'[=value]]",
    flags: &[
        FILENAME,
        RECURSIVE,
        OUTPUT,
        SELECTOR,
        FIELD_SELECTOR,
        ALL,
        ALL_NAMESPACES,
        flag("for", '\0', Takes::Text),
        flag("timeout", '\0', Takes::Span),
    ],
    run: wait,
    subs: &[],
};

enum Condition {
    Delete,
    Create,
    /// A condition's type and the status it should have.
    Status(String, String),
    Path(JsonPath, Option<String>),
}

fn condition(text: &str) -> Result<Condition, Failure> {
    if text.eq_ignore_ascii_case("delete") {
        return Ok(Condition::Delete);
    }
    if text.eq_ignore_ascii_case("create") {
        return Ok(Condition::Create);
    }
    if let Some(rest) = text.strip_prefix("condition=") {
        let (name, status) = rest.split_once('=').unwrap_or((rest, "true"));
        return Ok(Condition::Status(name.to_lowercase(), status.to_lowercase()));
    }
    if let Some(rest) = text.strip_prefix("jsonpath=") {
        // Behind the path's braces, or without them behind the first equals sign.
        let end = rest.rfind('}').map(|at| at + 1).or_else(|| rest.find('=')).unwrap_or(rest.len());
        let (path, value) = rest.split_at(end);
        let parsed = JsonPath::relaxed(path.trim_matches('\'')).map_err(Failure::from)?;
        let value = value.trim_start_matches('\'').strip_prefix('=');
        let value = value.map(|value| value.trim_matches(['\'', '"']).to_owned());
        if value.as_deref() == Some("") {
            return Err(Failure::message(
                "jsonpath wait has to have a value after equal sign, like --for=jsonpath='{.status.readyReplicas}'=3",
            ));
        }
        return Ok(Condition::Path(parsed, value));
    }
    // Without the flag upstream prints its empty list.
    let shown = if text.is_empty() { "[]".to_owned() } else { go_quote(text) };
    Err(Failure::Message(format!("unrecognized condition: {shown}")))
}

impl Condition {
    fn holds(&self, value: &Value) -> bool {
        match self {
            Condition::Delete => false,
            Condition::Create => true,
            Condition::Status(name, wanted) => {
                let named = |condition: &&Value| json::text(condition, "type").to_lowercase() == *name;
                json::list(&value["status"], "conditions").iter().find(named).is_some_and(|condition| {
                    json::text(condition, "status").to_lowercase() == *wanted
                        && !is_outdated(value, condition)
                })
            }
            Condition::Path(path, wanted) => {
                let found = path.find(value).unwrap_or_default();
                match (found.first(), wanted) {
                    (None, _) => false,
                    (Some(_), None) => true,
                    (Some(found), Some(wanted)) => text_of(found) == *wanted,
                }
            }
        }
    }
}

/// Whether a condition speaks of an earlier version of the object's spec.
///
/// Kubernetes: kubectl/pkg/cmd/wait/condition.go, checkCondition, getObservedGeneration.
fn is_outdated(object: &Value, condition: &Value) -> bool {
    let observed = json::int(condition, "observedGeneration")
        .or_else(|| json::int(&object["status"], "observedGeneration"));
    let generation = json::int(&object["metadata"], "generation");
    observed.zip(generation).is_some_and(|(observed, generation)| observed < generation)
}

fn wait(io: &mut Io, cmd: &Cmd) -> Result<i32, Stop> {
    let condition = condition(cmd.text("for"))?;
    let until = io.now() + cmd.parsed.span("timeout").unwrap_or(Duration::from_secs(30));
    let targets = cmd.targets(io, cmd.args(), false)?;
    let scope = cmd.scope();
    let keys: Vec<(Kind, Key)> = match condition {
        Condition::Create => targets
            .iter()
            .map(|target| {
                let name = target.name.as_deref().unwrap_or_default();
                let namespace = target.namespace.as_deref().unwrap_or(&scope.namespace);
                (target.kind, resources::key(target.kind, namespace, name))
            })
            .collect(),
        _ => {
            let (infos, failures) = resources::visit(io, &targets, &scope)?;
            let gone = matches!(condition, Condition::Delete);
            let failures: Vec<Failure> =
                failures.into_iter().filter(|f| !(gone && f.is_not_found())).collect();
            if let Some(failure) = Failure::aggregate(failures) {
                return Err(failure.into());
            }
            if infos.is_empty() && !gone {
                return Err("no matching resources found".into());
            }
            infos.iter().map(|info: &Info| (info.kind, info.object.key())).collect()
        }
    };
    continue_on_error(io, &keys, Vec::new(), |io, (kind, key)| {
        wait_for(io, *kind, key, &condition, until)?;
        io.out(format!("{} condition met\n", output::name(*kind, &key.name)));
        Ok(())
    })
}

fn wait_for(io: &mut Io, kind: Kind, key: &Key, condition: &Condition, until: Time) -> Result<(), Stop> {
    if matches!(condition, Condition::Delete) {
        return super::delete::wait_gone(io, kind, key, None, Some(until));
    }
    let current = match io.ask(Call::Get { kind, key: key.clone() })? {
        Ok(Reply::Object(object)) if condition.holds(&object.to_value(io.now())) => return Ok(()),
        Ok(Reply::Object(object)) => Some(object),
        Ok(_) => None,
        Err(CallError::Status(status)) if status.is_not_found() && matches!(condition, Condition::Create) => {
            None
        }
        Err(error) => return Err(Failure::of(&error, "").into()),
    };
    let namespace = Some(&*key.namespace).filter(|namespace| !namespace.is_empty());
    let watching = io.watch(kind, namespace, current.iter());
    io.repeat((), |io, ()| {
        let event = match io.next(&watching, Some(until))? {
            None | Some(Err(_)) if matches!(condition, Condition::Create) => {
                return Err("timed out waiting for the condition".into());
            }
            None | Some(Err(_)) => {
                let resource = kind.info().plural;
                return Err(format!("timed out waiting for the condition on {resource}/{}", key.name).into());
            }
            Some(Ok(event)) => event,
        };
        let object = event.object();
        let met = object.key() == *key
            && !matches!(event, WatchEvent::Deleted(_))
            && condition.holds(&object.to_value(io.now()));
        Ok(if met { ControlFlow::Break(()) } else { ControlFlow::Continue(()) })
    })
}
