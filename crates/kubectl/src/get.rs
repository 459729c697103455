//! `kubectl get`: tables, objects, and changes as they happen.
//!
//! Kubernetes: kubectl/pkg/cmd/get/get.go.

use std::ops::ControlFlow;
use std::rc::Rc;

use serde_json::{Value, json};

use super::mapper;
use super::raw::{nothing_there, raw};
use super::resources::{self, Info, Scope, Target};
use super::sorter::{self, Sorted};
use super::{ALL_NAMESPACES, Cmd, Command, FIELD_SELECTOR, FILENAME, OUTPUT, RECURSIVE, SELECTOR};
use api::meta::Uid;
use api::object::{Kind, Object};
use cli_runtime::flags::{Takes, flag};
use cli_runtime::job::{Failure, Io, Stop};
use cli_runtime::jsonpath::Execution;
use cli_runtime::output::{self, Format};
use cli_runtime::tabwriter::TabWriter;
use printers::table::{Table, TableOptions};
use wire::WatchEvent;

pub(super) const COMMAND: Command = Command {
    name: "get",
    aliases: &[],
    short: "Display one or many resources",
    usage: "[(-o|--output=)json|yaml|name|wide|jsonpath=...|custom-columns=...] (TYPE [NAME | -l label] | TYPE/NAME ...) [flags]",
    flags: &[
        OUTPUT,
        SELECTOR,
        FIELD_SELECTOR,
        ALL_NAMESPACES,
        FILENAME,
        RECURSIVE,
        flag("watch", 'w', Takes::Bool),
        flag("watch-only", '\0', Takes::Bool),
        flag("output-watch-events", '\0', Takes::Bool),
        flag("show-labels", '\0', Takes::Bool),
        flag("show-kind", '\0', Takes::Bool),
        flag("label-columns", 'L', Takes::Text),
        flag("no-headers", '\0', Takes::Bool),
        flag("sort-by", '\0', Takes::Text),
        flag("ignore-not-found", '\0', Takes::Bool),
        flag("chunk-size", '\0', Takes::Int),
        flag("server-print", '\0', Takes::Bool),
        flag("kustomize", 'k', Takes::Text),
        flag("raw", '\0', Takes::Text),
        flag("subresource", '\0', Takes::Text),
    ],
    run,
    subs: &[],
};

const SUGGEST_API_RESOURCES: &str =
    "Use \"kubectl api-resources\" for a complete list of supported resources.";

fn run(io: &mut Io, cmd: &Cmd) -> Result<i32, Stop> {
    let output = cmd.text("output");
    if let Some(path) = cmd.parsed.text("raw").filter(|path| !path.is_empty()) {
        return raw(io, cmd, path);
    }
    if cmd.args().is_empty() && !cmd.parsed.given("filename") {
        io.err(format!("You must specify the type of resource to get. {SUGGEST_API_RESOURCES}\n\n"));
        return Err(cmd
            .usage_error("Required resource not specified.\nUse \"kubectl explain <resource>\" for a detailed description of that resource (e.g. kubectl explain pods).")
            .into());
    }
    if cmd.parsed.flag("show-labels") && !matches!(output, "" | "wide") {
        return Err(format!("--show-labels option cannot be used with {output} printer").into());
    }
    let watches = cmd.parsed.flag("watch") || cmd.parsed.flag("watch-only");
    if cmd.parsed.flag("output-watch-events") && !watches {
        let text = "--output-watch-events option can only be used with --watch or --watch-only";
        return Err(text.into());
    }
    let of_one_type = matches!(cmd.args(), [types] if !types.contains('/'));
    if of_one_type && cmd.parsed.text("subresource").is_some_and(|text| !text.is_empty()) {
        return Err("subresource cannot be used when bulk resources are specified".into());
    }
    let targets = cmd.targets(io, cmd.args(), true).map_err(mapper::gathered)?;
    let has = |name: &str| match name {
        "" | "status" => true,
        "scale" => targets.iter().all(|target| super::set::has_scale(target.kind)),
        _ => false,
    };
    let subresource = cmd.parsed.text("subresource").unwrap_or_default();
    if !has(subresource) {
        return Err(nothing_there());
    }
    if subresource == "scale" {
        return Err("--subresource=scale is not simulated: kubectl get shows the replicas".into());
    }
    if watches {
        return watch(io, cmd, &targets);
    }
    let scope = cmd.scope();
    let (infos, failures) = resources::visit(io, &targets, &scope)?;
    let ignore = cmd.parsed.flag("ignore-not-found");
    let failures: Vec<Failure> =
        failures.into_iter().filter(|failure| !(ignore && failure.is_not_found())).collect();
    // Where the one object that was named is not there, nobody looks at the form any more.
    let single = matches!(targets.as_slice(), [target] if target.name.is_some());
    if single && let Some(failure) = Failure::aggregate(failures.clone()) {
        return Err(failure.into());
    }
    match cmd.get_format(io)? {
        Some(format) => print_objects(io, cmd, &targets, &infos, &format)?,
        None => print_tables(io, cmd, &targets, &scope, infos, &failures)?,
    }
    match Failure::aggregate(failures) {
        Some(failure) => Err(failure.into()),
        None => Ok(0),
    }
}

fn table_options(cmd: &Cmd, kind: Kind, all_namespaces: bool) -> TableOptions {
    TableOptions {
        wide: cmd.parsed.text("output") == Some("wide"),
        with_namespace: all_namespaces && kind.is_namespaced(),
        with_kind: cmd.parsed.flag("show-kind"),
        show_labels: cmd.parsed.flag("show-labels"),
        label_columns: cmd.parsed.list("label-columns"),
        no_headers: cmd.parsed.flag("no-headers"),
    }
}

/// Whether several types are listed: each is answered by a table of its own, also where that is empty.
///
/// Kubernetes: get.go, multipleGVKsRequested.
fn lists_several_types(targets: &[Target]) -> bool {
    let mut listed = targets.iter().filter(|target| target.name.is_none()).map(|target| target.kind);
    listed.next().is_some_and(|first| listed.any(|other| other != first))
}

/// One table for each kind in the order of the objects.
fn print_tables(
    io: &mut Io,
    cmd: &Cmd,
    targets: &[Target],
    scope: &Scope,
    infos: Vec<Info>,
    failures: &[Failure],
) -> Result<(), Stop> {
    let now = io.now();
    if infos.is_empty() {
        if failures.is_empty() && !cmd.parsed.flag("ignore-not-found") {
            io.err(no_resources(cmd, scope)?);
        }
        return Ok(());
    }
    let several = lists_several_types(targets) || infos.windows(2).any(|pair| pair[0].kind != pair[1].kind);
    let path = cmd.parsed.text("sort-by").filter(|path| !path.is_empty()).map(str::to_owned);
    let sorts_rows = matches!(targets, [Target { name: None, .. }]);
    if let Some(path) = path.as_deref().filter(|_| targets.len() > 1) {
        // Several answers are sorted as wholes: each is a table, whatever stands in it.
        let tables =
            vec![json!({"kind": "Table", "apiVersion": "meta.k8s.io/v1", "metadata": {}}); targets.len()];
        sorter::order(io, path, &tables, Sorted::Objects)?;
    }
    let mut rest = infos.as_slice();
    let mut text = String::new();
    while let Some(info) = rest.first() {
        let count = rest.iter().take_while(|other| other.kind == info.kind).count();
        let (group, after) = rest.split_at(count);
        rest = after;
        let mut objects: Vec<&Object> = group.iter().map(|info| &info.object).collect();
        // Kubernetes: sorter.go, SortingPrinter.PrintObj: a single row is not sorted, whatever the path is.
        if let Some(path) = path.as_deref().filter(|_| sorts_rows && objects.len() > 1) {
            match sort_by(io, &mut objects, path, Sorted::Rows) {
                // Upstream drops what the printer says, and sees that nothing was printed.
                Err(Stop::Failed(Failure::Message(_))) => continue,
                other => other?,
            }
        }
        let mut options = table_options(cmd, info.kind, scope.all_namespaces);
        options.with_kind |= several;
        if !text.is_empty() && !cmd.parsed.flag("no-headers") {
            text.push('\n');
        }
        let table = Table::new(info.kind, options).text(objects, now);
        text.push_str(&TabWriter::for_tables().format(&table));
    }
    if text.is_empty() {
        io.err(no_resources(cmd, scope)?);
    }
    // Nothing is printed before everything is sorted.
    io.out(text);
    Ok(())
}

/// Rule: CLI-009.
fn no_resources(cmd: &Cmd, scope: &Scope) -> Result<String, Stop> {
    let targets = resources::resource_type_or_name_args(cmd.args(), true)?;
    // kubectl looks at what it found: nothing speaks against a namespace but -A.
    let namespaced = !scope.all_namespaces && targets.iter().all(|target| target.kind.is_namespaced());
    Ok(match namespaced {
        true => format!("No resources found in {} namespace.\n", scope.namespace),
        false => "No resources found\n".to_owned(),
    })
}

/// The objects in the order that `--sort-by` asks for.
fn sort_by(io: &mut Io, objects: &mut [&Object], path: &str, sorted: Sorted) -> Result<(), Stop> {
    let now = io.now();
    let values: Vec<Value> = objects.iter().map(|object| object.to_value(now)).collect();
    let order = sorter::order(io, path, &values, sorted)?;
    let before = objects.to_vec();
    for (slot, at) in objects.iter_mut().zip(order) {
        if let Some(object) = before.get(at) {
            *slot = *object;
        }
    }
    Ok(())
}

/// One object as it is; several, or what a kind without a name found, as a List.
///
/// Kubernetes: get.go, printGeneric.
fn print_objects(
    io: &mut Io,
    cmd: &Cmd,
    targets: &[Target],
    infos: &[Info],
    format: &Format,
) -> Result<(), Stop> {
    let now = io.now();
    let single = matches!(targets, [Target { name: Some(_), .. }]);
    if infos.is_empty() && (single || cmd.parsed.flag("ignore-not-found")) {
        return Ok(());
    }
    let mut objects: Vec<&Object> = infos.iter().map(|info| &info.object).collect();
    if let Some(path) = cmd.parsed.text("sort-by").filter(|path| !path.is_empty() && !single) {
        sort_by(io, &mut objects, path, Sorted::Objects)?;
    }
    let mut values: Vec<Value> = objects.iter().map(|object| object.to_value(now)).collect();
    if let Format::CustomColumns(columns) = format {
        let mut text = String::new();
        let result = columns.table(&values, !columns.no_headers, &mut text);
        io.out(text);
        return Ok(result.map_err(Failure::from)?);
    }
    let whole = match values.pop() {
        Some(value) if single && values.is_empty() => value,
        last => {
            values.extend(last);
            json!({"apiVersion": "v1", "kind": "List", "metadata": {"resourceVersion": ""}, "items": values})
        }
    };
    let names = || objects.iter().map(|object| output::name_of(object) + "\n").collect();
    format.print_obj(io, &whole, names)?;
    Ok(())
}

/// What `-w` remembers between changes.
#[derive(Clone)]
struct Watched {
    writer: TabWriter,
    headed: bool,
    /// What a JSONPath printer keeps from one object to the next.
    execution: Execution,
    /// What is known of the objects that match: their uid.
    known: sim::SortedMap<(Rc<str>, Rc<str>), Uid>,
}

/// Rule: CLI-008.
fn watch(io: &mut Io, cmd: &Cmd, targets: &[Target]) -> Result<i32, Stop> {
    if cmd.parsed.given("sort-by") {
        io.err(match cmd.parsed.flag("watch") {
            true => "warning: --watch requested, --sort-by will be ignored for watch events received\n",
            false => "warning: --watch-only requested, --sort-by will be ignored\n",
        });
    }
    let [target] = targets else {
        return Err("you may only specify a single resource type".into());
    };
    let format = cmd.get_format(io)?;
    let scope = cmd.scope();
    let (infos, failures) = resources::visit(io, std::slice::from_ref(target), &scope)?;
    if let Some(failure) = Failure::aggregate(failures) {
        return Err(failure.into());
    }
    let kind = target.kind;
    let table = Table::new(kind, table_options(cmd, kind, scope.all_namespaces));
    let with_events = cmd.parsed.flag("output-watch-events");
    let show = |io: &mut Io, state: &mut Watched, object: &Object, event: &str| -> Result<(), Failure> {
        let event = with_events.then_some(event);
        line(io, &table, state, object, event, format.as_ref())
    };
    let mut start = Watched {
        writer: TabWriter::for_tables(),
        headed: false,
        execution: Execution::default(),
        known: sim::SortedMap::new(),
    };
    for info in &infos {
        let key = info.object.key();
        start.known.insert((key.namespace, key.name), uid(&info.object));
    }
    if !cmd.parsed.flag("watch-only") && !infos.is_empty() {
        let start = &mut start;
        if format.is_some() || with_events {
            infos.iter().try_for_each(|info| show(io, start, &info.object, "ADDED"))?;
        } else {
            let text = table.text(infos.iter().map(|info| &info.object), io.now());
            start.headed = true;
            io.out(start.writer.format(&text));
        }
    }
    let namespace = target.namespace.as_deref().unwrap_or(&scope.namespace);
    let namespace = (kind.is_namespaced() && !scope.all_namespaces).then_some(namespace);
    let objects: Vec<Object> = infos.iter().map(|info| info.object.clone()).collect();
    let watching = io.watch(kind, namespace, &objects);
    // The client's time limit is over a watch too, which then ends without a word.
    let until = io.request_deadline();
    let named = |object: &Object| target.name.as_ref().is_none_or(|name| *object.key().name == **name);
    io.repeat(start, |io, state| {
        let Some(Ok(event)) = io.next(&watching, until)? else { return Ok(ControlFlow::Break(())) };
        let object = event.object();
        let key = object.key();
        let key = (key.namespace, key.name);
        let matches = named(object) && scope.filter.matches(object);
        let known = state.known.contains_key(&key);
        // With a selector, an object that stops matching counts as deleted (API-019).
        let gone = matches!(event, WatchEvent::Deleted(_)) || (known && !matches);
        if gone && known {
            state.known.remove(&key);
            show(io, state, object, "DELETED")?;
        } else if !gone && matches {
            state.known.insert(key, uid(object));
            // An object that begins to match a selector is new to a watch with that selector.
            show(io, state, object, if known { "MODIFIED" } else { "ADDED" })?;
        }
        Ok(ControlFlow::Continue(()))
    })?;
    Ok(0)
}

fn uid(object: &Object) -> Uid {
    object.meta().map(|meta| meta.uid).unwrap_or_default()
}

/// Prints one change; `event`: what sort of change, where it was asked for.
fn line(
    io: &mut Io,
    table: &Table,
    state: &mut Watched,
    object: &Object,
    event: Option<&str>,
    format: Option<&Format>,
) -> Result<(), Failure> {
    let now = io.now();
    let Some(format) = format else {
        // Upstream pads the words themselves (tableprinter.go, formattedEventType).
        let (head, word) = match event {
            Some(event) => ("EVENT\t", format!("{event:8}\t")),
            None => ("", String::new()),
        };
        let header = match table.header() {
            header if state.headed || header.is_empty() => String::new(),
            header => format!("{head}{header}"),
        };
        state.headed = true;
        let text = state.writer.format(&(header + &word + &table.line(object, now)));
        io.out(text);
        return Ok(());
    };
    let value = object.to_value(now);
    match (format, event) {
        (Format::Json, Some(event)) => {
            let object = output::json(&value).trim_end().replace('\n', "\n    ");
            io.out(format!("{{\n    \"type\": \"{event}\",\n    \"object\": {object}\n}}\n"));
        }
        (Format::Yaml, Some(event)) => {
            io.out(format!("{}---\n", output::yaml(&json!({"object": value, "type": event}))));
        }
        (Format::Yaml, None) => io.out(format!("{}---\n", output::yaml(&value))),
        (Format::CustomColumns(columns), _) => {
            let headed = std::mem::replace(&mut state.headed, true) || columns.no_headers;
            let mut text = String::new();
            let result = columns.table(&[value], !headed, &mut text);
            io.out(text);
            return result.map_err(Failure::from);
        }
        (format, _) => {
            format.print_again(io, &mut state.execution, &value, || output::name_of(object) + "\n")?;
        }
    }
    Ok(())
}
