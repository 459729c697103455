//! `kubectl set env`, `set resources`, `set serviceaccount` and `set selector`.
//!
//! Kubernetes: kubectl/pkg/cmd/set/set_env.go, set_resources.go, set_serviceaccount.go, set_selector.go, helper.go;
//! kubectl/pkg/polymorphichelpers/updatepodspec.go.

use std::rc::Rc;

use serde_json::{Map, Value, json};

use super::find;
use crate::apply::dry_run;
use crate::create::{is_env_var_name, label_selector, resource_list};
use crate::local::is_shown_only;
use crate::resources::{
    Info, continue_on_error, go_type, missing_resource_error, resource_type_or_name_args, visit,
};
use crate::{Cmd, Command, SELECTOR, errors, patched, print_obj, print_value};
use api::field::go_quote;
use api::json;
use api::object::Kind;
use api::strategic_patch;
use cli_runtime::flags::{Flag, Takes, flag};
use cli_runtime::job::{Failure, Io, Stop};
use cli_runtime::output;
use wire::Patch;

const CONTAINERS: Flag = flag("containers", 'c', Takes::Text);

pub(super) const ENV: Command = Command {
    name: "env",
    aliases: &[],
    short: "Update environment variables on a pod template",
    usage: "RESOURCE/NAME KEY_1=VAL_1 ... KEY_N=VAL_N",
    flags: set_flags![
        SELECTOR,
        CONTAINERS,
        flag("env", 'e', Takes::Text),
        flag("from", '\0', Takes::Text),
        flag("keys", '\0', Takes::Text),
        flag("list", '\0', Takes::Bool),
        flag("overwrite", '\0', Takes::Bool),
        flag("prefix", '\0', Takes::Text),
        flag("resolve", '\0', Takes::Bool),
    ],
    run: set_env,
    subs: &[],
};

pub(super) const RESOURCES: Command = Command {
    name: "resources",
    aliases: &[],
    short: "Update resource requests/limits on objects with pod templates",
    usage: "(-f FILENAME | TYPE NAME)  ([--limits=LIMITS & --requests=REQUESTS]",
    flags: set_flags![
        SELECTOR,
        CONTAINERS,
        flag("limits", '\0', Takes::Text),
        flag("requests", '\0', Takes::Text),
    ],
    run: set_resources,
    subs: &[],
};

pub(super) const SERVICE_ACCOUNT: Command = Command {
    name: "serviceaccount",
    aliases: &["sa"],
    short: "Update the service account of a resource",
    usage: "(-f FILENAME | TYPE NAME) SERVICE_ACCOUNT",
    flags: set_flags![],
    run: set_service_account,
    subs: &[],
};

pub(super) const SELECT: Command = Command {
    name: "selector",
    aliases: &[],
    short: "Set the selector on a resource",
    usage: "(-f FILENAME | TYPE NAME) EXPRESSIONS [--resource-version=version]",
    flags: set_flags![flag("resource-version", '\0', Takes::Text)],
    run: set_selector,
    subs: &[],
};

/// Where the pod's spec stands in an object; `None`: there is none.
///
/// Kubernetes: updatepodspec.go, updatePodSpecForObject.
pub(super) fn pod_spec(kind: Kind, object: &Value) -> Option<&'static [&'static str]> {
    const JOBS: &[&str] = &["spec", "jobTemplate", "spec", "template", "spec"];
    const TEMPLATE: &[&str] = &["spec", "template", "spec"];
    match kind {
        Kind::Pod => Some(&["spec"]),
        _ if json::at(object, TEMPLATE).is_object() => Some(TEMPLATE),
        _ if json::at(object, JOBS).is_object() => Some(JOBS),
        _ => None,
    }
}

/// The value at a path, to be changed.
pub(super) fn at_path<'v>(object: &'v mut Value, path: &[&str]) -> Option<&'v mut Value> {
    path.iter().try_fold(object, |value, key| value.get_mut(*key))
}

/// An object and what becomes of it.
pub(super) struct Change<'a> {
    /// What is done, behind the object's name: `env updated`.
    pub(super) verb: &'a str,
    /// What stands before a refusal.
    pub(super) failed: &'a str,
}

impl Change<'_> {
    /// Sends the difference, if there is one.
    pub(super) fn send(
        &self,
        io: &mut Io,
        cmd: &Cmd,
        info: &Info,
        before: &Value,
        after: &Value,
    ) -> Result<(), Stop> {
        let (dry, format) = (dry_run(cmd)?, cmd.format(io)?);
        let body = strategic_patch::two_way(info.kind.info(), before, after).map_err(Failure::from)?;
        let name = output::name_of(&info.object);
        if is_shown_only(cmd, dry) {
            return Ok(print_value(io, format.as_ref(), &name, self.verb, dry, after)?);
        }
        match patched(io, &info.object, Patch::Strategic(Rc::new(body)), dry) {
            Err(Stop::Failed(failure)) if !self.failed.is_empty() => {
                let text = errors::message(&failure, &io.client());
                Err(format!("{}{text}", self.failed).into())
            }
            result => Ok(print_obj(io, format.as_ref(), &result?, self.verb, dry)?),
        }
    }
}

/// Kubernetes: kubectl/pkg/polymorphichelpers/updatepodspec.go.
pub(super) fn no_template(info: &Info) -> Failure {
    let (resource, name) = (info.kind.info().plural, &info.object.key().name);
    let what = go_type(info.kind);
    Failure::Message(format!(
        "error: {resource}/{name} the object is not a pod or does not have a pod template: {what}\n"
    ))
}

/// The object as it is, and as it is once `change` has had its pod's spec.
fn with_pod_spec(
    io: &Io,
    info: &Info,
    change: impl FnOnce(&mut Value) -> Result<(), Stop>,
) -> Result<(Value, Value), Stop> {
    let before = info.object.to_value(io.now());
    let path = pod_spec(info.kind, &before).ok_or_else(|| no_template(info))?;
    let mut after = before.clone();
    at_path(&mut after, path).map_or(Ok(()), change)?;
    Ok((before, after))
}

/// Whether a container's name fits what -c says: a name, or one with `*` in it.
fn select_string(name: &str, wanted: &str) -> bool {
    if !wanted.contains('*') {
        return name == wanted;
    }
    let mut rest = name;
    let parts: Vec<&str> = wanted.split('*').collect();
    for (at, part) in parts.iter().enumerate().filter(|(_, part)| !part.is_empty()) {
        let last = at + 1 == parts.len();
        let next = match (at, last) {
            (0, _) => rest.strip_prefix(part),
            (_, true) => rest.ends_with(part).then_some(""),
            _ => rest.find(part).map(|found| &rest[found + part.len()..]),
        };
        match next {
            Some(left) => rest = left,
            None => return false,
        }
    }
    true
}

/// The containers that -c picks, those of the pod first and its init containers behind them.
fn each_container(spec: &mut Value, wanted: &str, mut change: impl FnMut(&mut Value)) -> bool {
    let mut found = false;
    for list in ["containers", "initContainers"] {
        for container in json::each(spec, list) {
            if select_string(json::text(container, "name"), wanted) {
                found = true;
                change(container);
            }
        }
    }
    found
}

/// What the words and flags of `set env` come to.
struct EnvChange {
    set: Vec<Value>,
    remove: Vec<String>,
}

/// Kubernetes: set/env/env_parse.go, parseIntoEnvVar.
fn parse_env(words: &[String]) -> Result<EnvChange, Failure> {
    let mut change = EnvChange { set: Vec::new(), remove: Vec::new() };
    for word in words {
        if let Some((key, value)) = word.split_once('=') {
            let errors = is_env_var_name(key);
            if !errors.is_empty() {
                let (key, why) = (go_quote(key), errors.join(";"));
                return Err(Failure::Message(format!("{key} is not a valid key name: {why}")));
            }
            change.set.push(json!({"name": key, "value": value}));
        } else if let Some(key) = word.strip_suffix('-') {
            change.remove.push(key.to_owned());
        } else {
            return Err(Failure::Message(format!("unknown environment variable: {word}")));
        }
    }
    let both = |name: &String| change.set.iter().any(|one| json::text(one, "name") == name);
    if change.remove.iter().any(both) {
        return Err(Failure::message(
            "can not both modify and remove the same environment variable in the same command",
        ));
    }
    Ok(change)
}

impl EnvChange {
    /// Kubernetes: helper.go, updateEnv.
    fn apply(&self, existing: &[Value]) -> Vec<Value> {
        let name = |one: &Value| json::text(one, "name").to_owned();
        let mut covered = self.remove.clone();
        let mut out = Vec::new();
        for one in existing {
            if covered.contains(&name(one)) {
                continue;
            }
            match self.set.iter().find(|new| name(new) == name(one)) {
                Some(newer) => {
                    covered.push(name(one));
                    out.push(newer.clone());
                }
                None => out.push(one.clone()),
            }
        }
        for one in &self.set {
            if !covered.contains(&name(one)) {
                covered.push(name(one));
                out.push(one.clone());
            }
        }
        out
    }

    /// Kubernetes: set_env.go, validateNoOverwrites.
    fn overwrites(&self, existing: &[Value]) -> Result<(), Failure> {
        for one in &self.set {
            let name = json::text(one, "name");
            let have = existing.iter().find(|have| json::text(have, "name") == name);
            if let Some(have) = have.filter(|have| json::text(have, "value") != json::text(one, "value")) {
                let value = json::text(have, "value");
                return Err(Failure::Message(format!(
                    "'{name}' already has a value ({value}), and --overwrite is false"
                )));
            }
        }
        Ok(())
    }
}

fn set_env(io: &mut Io, cmd: &Cmd) -> Result<i32, Stop> {
    if cmd.parsed.flag("all") && cmd.parsed.text("selector").is_some_and(|text| !text.is_empty()) {
        return Err("cannot set --all and --selector at the same time".into());
    }
    let is_change = |word: &String| word.contains('=') || (word.ends_with('-') && word.len() > 1);
    let first = cmd.args().iter().position(is_change).unwrap_or(cmd.args().len());
    let (objects, words) = cmd.args().split_at(first);
    if !words.iter().all(is_change) {
        let all = cmd.args().join(" ");
        return Err(format!("all resources must be specified before environment changes: {all}").into());
    }
    if objects.is_empty() && !cmd.parsed.given("filename") {
        return Err(
            "one or more resources must be specified as <resource> <name> or <resource>/<name>".into()
        );
    }
    let list = cmd.parsed.flag("list");
    if list && !cmd.text("output").is_empty() {
        return Err("--list and --output may not be specified together".into());
    }
    if cmd.parsed.given("keys") && cmd.text("from").is_empty() {
        return Err("when specifying --keys, a configmap or secret must be provided with --from".into());
    }
    let all: Vec<String> = cmd.parsed.all("env").iter().chain(words).cloned().collect();
    let mut change = parse_env(&all)?;
    if !cmd.text("from").is_empty() {
        from_object(io, cmd, &mut change.set)?;
    }
    for one in &mut change.set {
        one["name"] = json!(format!("{}{}", cmd.text("prefix"), json::text(one, "name")));
    }
    let wanted = cmd.parsed.text("containers").unwrap_or("*");
    let (infos, failures) = find(io, cmd, objects)?;
    continue_on_error(io, &infos, failures, |io, info| {
        let (mut refused, mut lines, mut found) = (None, String::new(), false);
        let head = format!("{} {}", info.kind.name(), info.object.key().name);
        let set = |container: &mut Value| {
            let existing = json::list(container, "env").to_vec();
            if !cmd.parsed.flag_or("overwrite", true) {
                refused = refused.take().or_else(|| change.overwrites(&existing).err());
            }
            let env = change.apply(&existing);
            lines += &format!("# {head}, container {}\n", json::text(container, "name"));
            env.iter().for_each(|one| lines += &listed(one));
            if let Some(map) = container.as_object_mut() {
                match env.is_empty() {
                    true => drop(map.remove("env")),
                    false => drop(map.insert("env".to_owned(), Value::Array(env))),
                }
            }
        };
        let (before, after) = with_pod_spec(io, info, |spec| {
            found = each_container(spec, wanted, set);
            Ok(())
        })?;
        if !found {
            let name = format!("{}/{}", info.kind.name(), info.object.key().name);
            io.err(format!("Warning: {name} does not have any containers matching {}\n", go_quote(wanted)));
            return Ok(());
        }
        if let Some(failure) = refused {
            let text = errors::message(&failure, &io.client());
            return Err(format!("error: {} {text}\n", output::name_of(&info.object)).into());
        }
        if list {
            io.out(lines);
            return Ok(());
        }
        let change = Change { verb: "env updated", failed: "failed to patch env update to pod template: " };
        match before == after {
            true => Ok(()),
            false => change.send(io, cmd, info, &before, &after),
        }
    })
}

/// A variable as --list shows it.
///
/// Kubernetes: set/env/env_resolve.go, GetEnvVarRefString.
fn listed(one: &Value) -> String {
    let (name, from) = (json::text(one, "name"), json::get(one, "valueFrom"));
    let reference = |key: &str, sort: &str| {
        let found = json::get(from, key);
        let (object, field) = (json::text(found, "name"), json::text(found, "key"));
        found.is_object().then(|| format!("{sort} {object}, key {field}"))
    };
    let field = json::get(from, "fieldRef");
    let resource = json::get(from, "resourceFieldRef");
    let from = if from.is_null() {
        return format!("{name}={}\n", json::text(one, "value"));
    } else if let Some(text) = reference("configMapKeyRef", "configmap") {
        text
    } else if let Some(text) = reference("secretKeyRef", "secret") {
        text
    } else if field.is_object() {
        format!("field path {}", json::text(field, "fieldPath"))
    } else if resource.is_object() {
        let container = match json::text(resource, "containerName") {
            "" => String::new(),
            container => format!("{container}/"),
        };
        format!("resource field {container}{}", json::text(resource, "resource"))
    } else {
        "invalid valueFrom".to_owned()
    };
    format!("# {name} from {from}\n")
}

/// The variables that a config map's or a secret's keys become.
fn from_object(io: &mut Io, cmd: &Cmd, env: &mut Vec<Value>) -> Result<(), Stop> {
    let from = cmd.text("from").to_owned();
    let targets = resource_type_or_name_args(&[from], false)?;
    let (infos, failures) = visit(io, &targets, &cmd.scope())?;
    if let Some(failure) = Failure::aggregate(failures) {
        return Err(failure.into());
    }
    let keys = cmd.parsed.list("keys");
    for info in &infos {
        let reference = match info.kind.name() {
            "ConfigMap" => "configMapKeyRef",
            "Secret" => "secretKeyRef",
            _ => return Err("unsupported resource specified in --from".into()),
        };
        let object = info.object.to_value(io.now());
        for key in object["data"].as_object().into_iter().flat_map(Map::keys) {
            if keys.is_empty() || keys.contains(key) {
                let letter = |c: char| if c.is_ascii_alphanumeric() { c.to_ascii_uppercase() } else { '_' };
                let name: String = key.chars().map(letter).collect();
                let source = json!({reference: {"key": key, "name": info.object.key().name}});
                env.push(json!({"name": name, "valueFrom": source}));
            }
        }
    }
    Ok(())
}

fn set_resources(io: &mut Io, cmd: &Cmd) -> Result<i32, Stop> {
    if cmd.args().is_empty() && !cmd.parsed.given("filename") {
        return Err(missing_resource_error().into());
    }
    let (infos, failures) = find(io, cmd, cmd.args())?;
    if cmd.text("limits").is_empty() && cmd.text("requests").is_empty() {
        return Err(
            "you must specify an update to requests or limits (in the form of --requests/--limits)".into()
        );
    }
    let mut lists = Vec::new();
    for list in ["limits", "requests"] {
        if !cmd.text(list).is_empty() {
            lists.push((list, resource_list(cmd.text(list))?));
        }
    }
    let wanted = cmd.parsed.text("containers").unwrap_or("*");
    continue_on_error(io, &infos, failures, |io, info| {
        let (before, after) = with_pod_spec(io, info, |spec| {
            let found = each_container(spec, wanted, |container| {
                for (list, amounts) in &lists {
                    for (name, amount) in amounts {
                        container["resources"][*list][name] = amount.clone();
                    }
                }
            });
            match found {
                true => Ok(()),
                false => Err(format!("error: unable to find container named {wanted}").into()),
            }
        })?;
        let change = Change {
            verb: "resource requirements updated",
            failed: "failed to patch resources update to pod template ",
        };
        match before == after {
            true => Ok(()),
            false => change.send(io, cmd, info, &before, &after),
        }
    })
}

fn set_service_account(io: &mut Io, cmd: &Cmd) -> Result<i32, Stop> {
    let Some((account, objects)) = cmd.args().split_last() else {
        return Err("serviceaccount is required".into());
    };
    let (infos, failures) = find(io, cmd, objects)?;
    continue_on_error(io, &infos, failures, |io, info| {
        let (before, after) = with_pod_spec(io, info, |spec| {
            spec["serviceAccountName"] = json!(account);
            Ok(())
        })?;
        let change = Change { verb: "serviceaccount updated", failed: "failed to patch ServiceAccountName " };
        change.send(io, cmd, info, &before, &after)
    })
}

fn set_selector(io: &mut Io, cmd: &Cmd) -> Result<i32, Stop> {
    let Some((expression, objects)) = cmd.args().split_last() else {
        return Err("one selector is required".into());
    };
    let selector = label_selector(expression)?;
    let (infos, failures) = find(io, cmd, objects)?;
    continue_on_error(io, &infos, failures, |io, info| {
        if (info.kind.info().group, info.kind.name()) != ("", "Service") {
            return Err("setting a selector is only supported for Services".into());
        }
        if json::has(&selector, "matchExpressions") {
            return Err("match expressions are not supported on this object".into());
        }
        let before = info.object.to_value(io.now());
        let mut after = before.clone();
        after["spec"]["selector"] = json::get(&selector, "matchLabels").clone();
        Change { verb: "selector updated", failed: "" }.send(io, cmd, info, &before, &after)
    })
}
