//! Which objects a command line means: `pods`, `ds/agent`, `pods,ds -l app=x`, `node a b`.
//!
//! Kubernetes: cli-runtime/pkg/resource/builder.go.

use std::borrow::Cow;

use api::field::go_quote;
use api::object::{Key, Kind, Object};
use api::schema::{self, KindInfo};
use api::status_error::{StatusError, StatusReason};
use cli_runtime::job::{Failure, Io, Stop};
use wire::{Call, Reply};

use super::selector::Filter;

/// What `all` stands for: the kinds of the category in the order of their names.
const ALL: &[&str] = &[
    "pods",
    "replicationcontrollers",
    "services",
    "daemonsets.apps",
    "deployments.apps",
    "replicasets.apps",
    "statefulsets.apps",
    "horizontalpodautoscalers.autoscaling",
    "cronjobs.batch",
    "jobs.batch",
];

/// What can be done with the objects of a kind, as discovery says it.
pub(crate) fn verbs(info: &KindInfo) -> &'static [&'static str] {
    match (info.group, info.plural) {
        ("", "bindings") | ("authentication.k8s.io" | "authorization.k8s.io", _) => &["create"],
        ("", "componentstatuses") => &["get", "list"],
        ("", "namespaces") => &["create", "delete", "get", "list", "patch", "update", "watch"],
        _ => &["create", "delete", "deletecollection", "get", "list", "patch", "update", "watch"],
    }
}

/// The names that stand for several kinds together.
pub(crate) fn categories(info: &KindInfo) -> &'static [&'static str] {
    match (info.group, info.plural) {
        ("admissionregistration.k8s.io" | "apiextensions.k8s.io" | "apiregistration.k8s.io", _) => {
            &["api-extensions"]
        }
        _ if ALL.contains(&info.resource.as_str()) => &["all"],
        _ => &[],
    }
}

/// Refuses to look at what can only be sent, or is not kept here.
fn check_readable(kind: Kind) -> Result<(), Failure> {
    let verbs = verbs(kind.info());
    if verbs.contains(&"get") {
        return Ok(());
    }
    let text = "the server does not allow this method on the requested resource";
    let error = Box::new(StatusError::new(StatusReason::MethodNotAllowed, text));
    Err(Failure::Status { prefix: String::new(), error })
}

/// A kind, and the names wanted of it; `None`: all that match.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Target {
    pub(crate) kind: Kind,
    pub(crate) name: Option<String>,
    /// Where the object of a file belongs; `None`: in the namespace of the command.
    pub(crate) namespace: Option<String>,
}

impl Target {
    pub(crate) fn new(kind: Kind, name: Option<String>) -> Target {
        Target { kind, name, namespace: None }
    }
}

/// Where and what to look for.
#[derive(Clone, Debug, Default)]
pub(crate) struct Scope {
    pub(crate) namespace: String,
    pub(crate) all_namespaces: bool,
    pub(crate) filter: Filter,
    /// The targets are what files hold: of these the selector picks some.
    pub(crate) by_paths: bool,
}

/// An object a command works on.
#[derive(Clone, Debug)]
pub(crate) struct Info {
    pub(crate) kind: Kind,
    pub(crate) object: Object,
}

/// The kind a person names; the error is kubectl's (CLI-010).
pub(crate) fn kind_of(name: &str) -> Result<Kind, Failure> {
    match schema::by_resource_name(name) {
        Some(info) => Ok(Kind::from_info(info)),
        None => Err(Failure::Message(no_such_type(name))),
    }
}

/// Says so where a type is named by a short name that two resources have.
///
/// Kubernetes: client-go/restmapper/shortcut.go, expandResourceShortcut.
pub(crate) fn warn_of_ambiguous_short_names(io: &mut Io, args: &[String]) {
    let first = args.first().into_iter().filter(|word| !word.contains('/')).flat_map(|word| word.split(','));
    let of_names = args.iter().filter_map(|word| word.split_once('/')).map(|(resource, _)| resource);
    for name in first.chain(of_names) {
        let short = |kind: &&schema::KindInfo| kind.short_names.contains(&name);
        let mut known: Vec<(&str, &str)> = Vec::new();
        for kind in schema::kinds().iter().filter(short) {
            if !known.contains(&(kind.plural, kind.group)) {
                known.push((kind.plural, kind.group));
            }
        }
        for (plural, group) in known.into_iter().skip(1) {
            io.err(format!(
                "Warning: short name {} could also match lower priority resource {plural}.{group}\n",
                go_quote(name)
            ));
        }
    }
}

/// The kind's type as Go's `%T` prints it.
pub(crate) fn go_type(kind: Kind) -> String {
    let version = kind.api_version().rsplit('/').next().unwrap_or_default();
    format!("*{version}.{}", kind.name())
}

fn no_such_type(name: &str) -> String {
    let resource = name.split_once('.').map_or(name, |(resource, _)| resource);
    format!("the server doesn't have a resource type {}", go_quote(resource))
}

/// Reads `TYPE[,TYPE…] [NAME…]` or `TYPE/NAME…`.
///
/// `all_by_default`: types without names mean all objects of them, as with `get`.
///
/// Kubernetes: cli-runtime/pkg/resource/builder.go, ResourceTypeOrNameArgs.
pub(crate) fn resource_type_or_name_args(
    args: &[String],
    all_by_default: bool,
) -> Result<Vec<Target>, Failure> {
    let args = &*normalize_multiple_resources_args(args);
    if args.iter().any(|arg| arg.contains('/')) {
        return args.iter().map(|arg| tuple(arg)).collect();
    }
    let Some((types, names)) = args.split_first() else { return Ok(Vec::new()) };
    let mut kinds = Vec::new();
    for name in types.split(',').filter(|name| !name.is_empty()) {
        match expand(name) {
            expanded if expanded.is_empty() => kinds.push(kind_of(name)?),
            expanded => kinds.extend(expanded),
        }
    }
    if kinds.is_empty() {
        return Err(Failure::message("arguments must consist of a resource or a resource and name"));
    }
    if names.is_empty() {
        if !all_by_default {
            return Err(Failure::message("resource(s) were provided, but no name was specified"));
        }
        let mut seen = Vec::new();
        kinds.retain(|kind| {
            !seen.contains(kind) && {
                seen.push(*kind);
                true
            }
        });
        return Ok(kinds.into_iter().map(|kind| Target::new(kind, None)).collect());
    }
    match kinds.as_slice() {
        [kind] => Ok(names.iter().map(|name| Target::new(*kind, Some(name.clone()))).collect()),
        _ => Err(Failure::message("you must specify only one resource")),
    }
}

/// `a,b x y` is `a/x a/y b/x b/y`.
fn normalize_multiple_resources_args(args: &[String]) -> Cow<'_, [String]> {
    let Some((types, names)) = args.split_first() else { return args.into() };
    let types: Vec<&str> = types.split(',').filter(|name| !name.is_empty()).collect();
    if names.is_empty() || types.len() < 2 {
        return args.into();
    }
    let pairs = types.iter().flat_map(|kind| names.iter().map(move |name| format!("{kind}/{name}")));
    pairs.collect::<Vec<_>>().into()
}

/// The kinds of a category, in the order of their names.
fn expand(category: &str) -> Vec<Kind> {
    if category == "all" {
        return ALL.iter().filter_map(|name| schema::by_resource_name(name)).map(Kind::from_info).collect();
    }
    let members = schema::kinds().iter().filter(|info| categories(info).contains(&category));
    members.map(Kind::from_info).collect()
}

/// What speaks against a selector, or --all, beside these arguments.
///
/// Kubernetes: cli-runtime/pkg/resource/builder.go, visitBySelector.
pub(crate) fn visit_by_selector(args: &[String]) -> Result<(), Failure> {
    Err(Failure::message(match &*normalize_multiple_resources_args(args) {
        [] => "at least one resource must be specified to use a selector",
        args if args.iter().any(|arg| arg.contains('/')) => {
            "selectors and the all flag cannot be used when passing resource/name arguments"
        }
        [_] => return Ok(()),
        _ => "name cannot be provided when a selector is specified",
    }))
}

/// What speaks against arguments beside files.
///
/// Kubernetes: cli-runtime/pkg/resource/builder.go, visitByPaths.
pub(crate) fn visit_by_paths(args: &[String]) -> Result<(), Failure> {
    Err(Failure::message(match &*normalize_multiple_resources_args(args) {
        [] => return Ok(()),
        args if args.iter().any(|arg| arg.contains('/')) => {
            "resource/name arguments cannot be provided when a path is specified"
        }
        _ => {
            "when paths, URLs, or stdin is provided as input, you may not specify resource arguments as well"
        }
    }))
}

/// `TYPE/NAME`.
fn tuple(arg: &str) -> Result<Target, Failure> {
    let Some((kind, name)) = arg.split_once('/') else {
        return Err(Failure::message(
            "there is no need to specify a resource type as a separate argument when passing arguments in resource/name form (e.g. 'kubectl get resource/<resource_name>' instead of 'kubectl get resource resource/<resource_name>'",
        ));
    };
    if name.contains('/') {
        return Err(Failure::message("arguments in resource/name form may not have more than one slash"));
    }
    if kind.is_empty() || name.is_empty() || kind.contains(',') {
        return Err(Failure::message("arguments in resource/name form must have a single resource and name"));
    }
    Ok(Target::new(kind_of(kind)?, Some(name.to_owned())))
}

/// Does something to each, once, whatever becomes of the others; what failed is said in the end.
///
/// Kubernetes: cli-runtime/pkg/resource/visitor.go, ContinueOnErrorVisitor.
pub(super) fn continue_on_error<T>(
    io: &mut Io,
    items: impl IntoIterator<Item = T>,
    mut failures: Vec<Failure>,
    mut each: impl FnMut(&mut Io, T) -> Result<(), Stop>,
) -> Result<i32, Stop> {
    for item in items {
        match io.once(|io| each(io, item)) {
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

/// Fetches what the targets mean; a failure does not keep the others from being fetched.
pub(crate) fn visit(
    io: &mut Io,
    targets: &[Target],
    scope: &Scope,
) -> Result<(Vec<Info>, Vec<Failure>), Stop> {
    let mut infos = Vec::new();
    let mut failures = Vec::new();
    if let Some(failure) = misuse(targets, scope) {
        return Err(failure.into());
    }
    if scope.by_paths {
        // A selector that cannot be read is said once.
        scope.filter.picks(None)?;
    }
    for target in targets {
        match fetch(io, target, scope) {
            Ok(found) => infos.extend(found),
            Err(Stop::Failed(failure)) => failures.push(failure),
            Err(Stop::Pending) => return Err(Stop::Pending),
        }
    }
    // The same connection fails for everything: it is said once.
    let unreachable = |failure: &Failure| matches!(failure, Failure::Unreachable { .. });
    if failures.len() > 1 && failures.iter().all(unreachable) {
        failures.truncate(1);
    }
    Ok((infos, failures))
}

fn misuse(targets: &[Target], scope: &Scope) -> Option<Failure> {
    if scope.by_paths {
        return None;
    }
    let named = targets.iter().any(|target| target.name.is_some());
    if named && scope.filter.has_labels() {
        return Some(Failure::message("name cannot be provided when a selector is specified"));
    }
    if named && scope.all_namespaces {
        return Some(Failure::message("a resource cannot be retrieved by name across all namespaces"));
    }
    None
}

fn fetch(io: &mut Io, target: &Target, scope: &Scope) -> Result<Vec<Info>, Stop> {
    let kind = target.kind;
    match &target.name {
        Some(name) => {
            let namespace = target.namespace.as_deref().unwrap_or(&scope.namespace);
            let object = get(io, kind, namespace, name)?;
            let wanted = !scope.by_paths || scope.filter.picks(object.meta().map(|meta| meta.labels()))?;
            Ok(if wanted { vec![Info { kind, object }] } else { Vec::new() })
        }
        None => {
            scope.filter.check(kind)?;
            let namespace = (!scope.all_namespaces).then_some(scope.namespace.as_str());
            let objects = list(io, kind, namespace)?;
            let matching = objects.into_iter().filter(|object| scope.filter.matches(object));
            Ok(matching.map(|object| Info { kind, object }).collect())
        }
    }
}

/// The key of an object of a kind: kinds that belong to no namespace have none.
pub(crate) fn key(kind: Kind, namespace: &str, name: &str) -> Key {
    Key::new(if kind.is_namespaced() { namespace } else { "" }, name)
}

/// Kubernetes: cli-runtime/pkg/resource/builder.go, missingResourceError.
pub(crate) fn missing_resource_error() -> Failure {
    Failure::message(
        "You must provide one or more resources by argument or filename.\nExample resource specifications include:\n   '-f rsrc.yaml'\n   '--filename=rsrc.json'\n   '<resource> <name>'\n   '<resource>'",
    )
}

/// Refuses a name that no request can carry.
pub(crate) fn check_name(name: &str) -> Result<(), Failure> {
    codec::manifest::name_problem(name).map_or(Ok(()), |problem| Err(Failure::Message(problem)))
}

fn check_namespace(kind: Kind, namespace: &str) -> Result<(), Failure> {
    let problem = kind.is_namespaced().then(|| codec::manifest::namespace_problem(namespace)).flatten();
    problem.map_or(Ok(()), |problem| Err(Failure::Message(problem)))
}

/// One object.
pub(crate) fn get(io: &mut Io, kind: Kind, namespace: &str, name: &str) -> Result<Object, Stop> {
    check_readable(kind)?;
    check_namespace(kind, namespace)?;
    check_name(name)?;
    match io.must(Call::Get { kind, key: key(kind, namespace, name) })? {
        Reply::Object(object) => Ok(object),
        _ => Err("the server returned no object".into()),
    }
}

/// All objects of a kind; `None`: of all namespaces.
pub(crate) fn list(io: &mut Io, kind: Kind, namespace: Option<&str>) -> Result<Vec<Object>, Stop> {
    check_readable(kind)?;
    check_namespace(kind, namespace.unwrap_or_default())?;
    let namespace = namespace.filter(|_| kind.is_namespaced()).map(Into::into);
    match io.must(Call::List { kind, namespace })? {
        Reply::List(objects) => Ok(objects),
        _ => Err("the server returned no list".into()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(line: &str) -> Result<Vec<(&'static str, Option<String>)>, Failure> {
        let args: Vec<String> = line.split(' ').map(str::to_owned).collect();
        let targets = resource_type_or_name_args(&args, true)?;
        Ok(targets.into_iter().map(|target| (target.kind.name(), target.name)).collect())
    }

    fn refused(line: &str) -> String {
        match read(line) {
            Err(Failure::Message(text)) => text,
            other => panic!("{other:?}"),
        }
    }

    #[test]
    fn types_and_names_are_read_in_every_form() {
        let some = |text: &str| Some(text.to_owned());
        assert_eq!(read("po").unwrap(), [("Pod", None)]);
        assert_eq!(read("pods,ds").unwrap(), [("Pod", None), ("DaemonSet", None)]);
        assert_eq!(read("node a b").unwrap(), [("Node", some("a")), ("Node", some("b"))]);
        assert_eq!(read("ds/x pod/y").unwrap(), [("DaemonSet", some("x")), ("Pod", some("y"))]);
        assert_eq!(read("ds,po x").unwrap(), [("DaemonSet", some("x")), ("Pod", some("x"))]);
        assert_eq!(read("pods,po").unwrap(), [("Pod", None)]);
        assert_eq!(read("all").unwrap().len(), 10);
    }

    #[test]
    fn cli_010_unknown_kinds_and_mixed_forms_are_refused() {
        assert_eq!(refused("foo"), "the server doesn't have a resource type \"foo\"");
        assert_eq!(refused("ds.batch"), "the server doesn't have a resource type \"ds\"");
        assert_eq!(refused("all a"), "you must specify only one resource");
        assert_eq!(refused("pod/a/b"), "arguments in resource/name form may not have more than one slash");
        assert_eq!(refused("pod/"), "arguments in resource/name form must have a single resource and name");
        assert!(
            refused("pod pod/a").starts_with("there is no need to specify a resource type as a separate")
        );
    }
}
