//! What is wrong with a manifest, with places: what kubectl and the API server would say of it.
//!
//! Called by the page's editor and by `kubestage check`, which must not touch a cluster. The stages and
//! their words are those of the real programs; of other objects only the namespaces are looked at.

use serde_json::Value;
use sim::SortedSet;

use crate::decode::{join, without_key};
use crate::unstructured::{self, Mapping, mapping, no_match};
use crate::{DecodeError, Decoded, check_kind, decode_all, widen_integers};
use api::field::{FieldError, go_quote};
use api::object::Kind;
use api::schema::{self, KindInfo};
use api::status_error::StatusError;
use validation::create;
use yaml::{Diagnostic, Document, Node, Part, Reader, Span, locate, locate_bad_value, read_documents};

/// The namespaces that every cluster has.
const NAMESPACES: [&str; 4] = ["default", "kube-node-lease", "kube-public", "kube-system"];

/// Everything wrong with a file of manifests that is applied to a new cluster; empty when the API server
/// would take it all.
pub fn check_apply(bytes: &[u8]) -> Vec<Diagnostic> {
    check_apply_beside(bytes, &|namespace| NAMESPACES.contains(&namespace))
}

/// The same for a cluster that has these namespaces.
pub fn check_apply_beside(bytes: &[u8], has_namespace: &dyn Fn(&str) -> bool) -> Vec<Diagnostic> {
    let read = read_documents(bytes, Reader::Kubectl);
    let mut check = Check { has_namespace, made: SortedSet::new(), objects: 0, found: Vec::new() };
    for document in &read.documents {
        check.found.extend(document.warnings.iter().cloned());
        check.document(document);
    }
    let Check { objects, mut found, .. } = check;
    match read.error {
        Some(error) => found.push(error),
        None if objects == 0 => found.push(Diagnostic::error("no objects passed to apply", Span::default())),
        None => {}
    }
    found
}

/// The objects of a file as the API server would take them, with their defaults; those that it would not take
/// are left out.
pub fn defaulted_objects(bytes: &[u8]) -> Vec<Value> {
    let read = read_documents(bytes, Reader::Kubectl);
    let values = read.documents.iter().map(|document| document.tree.to_value());
    let objects = values.flat_map(|value| match &value["items"] {
        Value::Array(items) if value["kind"].as_str().is_some_and(|kind| kind.ends_with("List")) => {
            items.clone()
        }
        _ => vec![value],
    });
    let taken = objects.filter_map(|object| {
        let info = schema::kind(object["apiVersion"].as_str()?, object["kind"].as_str()?)?;
        let (decoded, _) = decode_all(&object, info);
        decoded.error.is_none().then(|| defaulted(decoded.value, info))
    });
    taken.collect()
}

/// An object with its namespace and the API server's defaults.
fn defaulted(mut value: Value, info: &KindInfo) -> Value {
    let has_namespace =
        value["metadata"]["namespace"].as_str().is_some_and(|namespace| !namespace.is_empty());
    if info.namespaced && !has_namespace && value["metadata"].is_object() {
        value["metadata"]["namespace"] = Value::from("default");
    }
    validation::defaults::set_defaults(&mut value);
    value
}

/// A check of a file under way.
struct Check<'a> {
    has_namespace: &'a dyn Fn(&str) -> bool,
    /// The namespaces that the file itself has made so far.
    made: SortedSet<String>,
    objects: usize,
    found: Vec<Diagnostic>,
}

/// An object in its document.
struct Place<'a> {
    tree: &'a Node,
    /// `items[2]` in a list; else empty.
    prefix: String,
}

impl Place<'_> {
    fn whole_path(&self, path: &str) -> String {
        join(&self.prefix, path)
    }

    fn at(&self, path: &str, part: Part) -> Span {
        locate(self.tree, &self.whole_path(path), part)
    }

    fn error(&self, path: &str, message: impl Into<String>) -> Diagnostic {
        let diagnostic = Diagnostic::error(message, self.at(path, Part::Value));
        if path.is_empty() { diagnostic } else { diagnostic.with_path(path) }
    }

    fn field_error(&self, error: &FieldError) -> Diagnostic {
        field_diagnostic_below(self.tree, &self.prefix, error)
    }
}

impl Check<'_> {
    fn document(&mut self, document: &Document) {
        let mut object = document.tree.to_value();
        if object.is_null() {
            return;
        }
        widen_integers(&mut object);
        let whole = Place { tree: &document.tree, prefix: String::new() };
        let problems = unstructured::object_kind(&object);
        if !problems.is_empty() {
            let problem = |(path, text)| whole.error(path, format!("error validating data: {text}"));
            self.found.extend(problems.into_iter().map(problem));
            self.objects += 1;
            return;
        }
        let refused = unstructured::undecodable(&object, document.json.as_deref());
        let items = object.get_mut("items").map(Value::take);
        if let Some(error) = &refused {
            self.found.push(error.diagnostic(&document.tree));
        }
        match items {
            // The items of a list are checked as objects of their own; their places are below `items[i]`.
            Some(Value::Array(items)) => {
                for (index, item) in items.iter().enumerate() {
                    let prefix = format!("items[{index}]");
                    self.object(&Place { tree: &document.tree, prefix }, item, None);
                }
            }
            _ => self.object(&whole, &object, refused.as_ref()),
        }
    }

    /// Checks an object that the reader of documents refused for `refused`, if for anything.
    fn object(&mut self, place: &Place, object: &Value, refused: Option<&DecodeError>) {
        self.objects += 1;
        let (kind, info) = match kind_of(object, place) {
            Ok(kind) => (kind, kind.info()),
            Err(diagnostic) => return self.found.push(*diagnostic),
        };
        if refused.is_none()
            && let Some(diagnostic) = refused_by_kubectl(object, place)
        {
            return self.found.push(diagnostic);
        }
        if let Err(why) = check_kind(object, info) {
            return self.found.push(place.error("kind", why.to_string()));
        }
        let (decoded, mut mistakes) = decode_all(object, info);
        mistakes.retain(|error| refused.is_none_or(|refused| refused.path != error.path));
        let strict = strict_diagnostics(&decoded, &mistakes, place);
        let sound = strict.is_empty();
        self.found.extend(strict);
        if decoded.error.is_some() {
            return;
        }
        let missed = missed(&decoded, &mistakes);
        let Some(value) = prepared(decoded.value, kind) else { return };
        self.namespace(place, &value, info);
        let mut errors = validation::validate(&value);
        errors.retain(|error| !follows(error, &missed));
        self.found.extend(errors.iter().map(|error| place.field_error(error)));
        if sound && errors.is_empty() && info.group.is_empty() && info.kind == "Namespace" {
            self.made.extend(value["metadata"]["name"].as_str().map(str::to_owned));
        }
    }

    /// NamespaceLifecycle comes before validation; what that would say next is worth knowing too.
    fn namespace(&mut self, place: &Place, value: &Value, info: &KindInfo) {
        let namespace = value["metadata"]["namespace"].as_str().unwrap_or_default();
        if info.namespaced && !self.made.contains(namespace) && !(self.has_namespace)(namespace) {
            let message = format!("namespaces {} not found", go_quote(namespace));
            let help = "Create the namespace first; documents of one file are applied in their order.";
            self.found.push(place.error("metadata.namespace", message).with_help(help));
        }
    }
}

/// What kubectl apply refuses before it asks the API server (CLI-027).
///
/// Kubernetes: kubectl/pkg/cmd/apply/apply.go.
fn refused_by_kubectl(object: &Value, place: &Place) -> Option<Diagnostic> {
    let text = |key: &str| object["metadata"][key].as_str().unwrap_or_default();
    let (name, generate_name) = (text("name"), text("generateName"));
    if name.is_empty() && !generate_name.is_empty() {
        let message = format!("from {generate_name}: cannot use generate name with apply");
        let help = "Give metadata.name, or use kubectl create.";
        return Some(place.error("metadata.generateName", message).with_help(help));
    }
    name_problem(name).map(|problem| place.error("metadata.name", problem))
}

/// What a client itself says of a name before it asks.
///
/// Kubernetes: client-go/rest/request.go, Name; apimachinery/pkg/api/validation/path/name.go.
pub fn name_problem(name: &str) -> Option<String> {
    if name.is_empty() {
        return Some("resource name may not be empty".to_owned());
    }
    segment_problem("resource name", name)
}

/// The same of the namespace that the request goes to; empty is none.
///
/// Kubernetes: client-go/rest/request.go, Namespace.
pub fn namespace_problem(namespace: &str) -> Option<String> {
    segment_problem("namespace", namespace)
}

/// What cannot be a part of a request's path.
fn segment_problem(what: &str, text: &str) -> Option<String> {
    let wrong = validation::validate_path_segment_name(text, false);
    (!wrong.is_empty()).then(|| format!("invalid {what} {}: [{}]", go_quote(text), wrong.join(" ")))
}

/// The fields whose values are not what was meant: of the wrong type, or written under a name that is misspelt.
fn missed(decoded: &Decoded, mistakes: &[DecodeError]) -> Vec<String> {
    let misspelt = decoded.unknown.iter().filter_map(|field| {
        let parent = field.path.rfind('.').map_or("", |at| &field.path[..=at]);
        field.nearest.map(|nearest| format!("{parent}{nearest}"))
    });
    mistakes.iter().map(|error| without_key(&error.path).to_owned()).chain(misspelt).collect()
}

/// Whether an error only follows from a value that was missed.
fn follows(error: &FieldError, missed: &[String]) -> bool {
    let path = path_of(error);
    let below = |path: &str, field: &str| {
        path.strip_prefix(field).is_some_and(|rest| rest.is_empty() || rest.starts_with(['.', '[']))
    };
    missed.iter().any(|field| {
        // Without its selector, no labels of a template fit.
        below(&path, field)
            || (below(field, "spec.selector") && below(&path, "spec.template.metadata.labels"))
    })
}

/// Unknown fields and wrong types: what a strict API server refuses (API-034).
fn strict_diagnostics(decoded: &Decoded, mistakes: &[DecodeError], place: &Place) -> Vec<Diagnostic> {
    let helped = |diagnostic: Diagnostic, help: Option<String>| Diagnostic { help, ..diagnostic };
    let mistaken = mistakes.iter().map(|error| error.diagnostic_below(place.tree, &place.prefix));
    let unknown = decoded.unknown.iter().map(|field| {
        let span = place.at(&field.path, Part::Key);
        let diagnostic = Diagnostic::error(field.message(), span).with_path(&field.path);
        helped(diagnostic, field.nearest.map(|nearest| format!("Did you mean {nearest}?")))
    });
    mistaken.chain(unknown).collect()
}

/// Kind and version, as kubectl looks them up (API-037, API-038, CLI-027).
fn kind_of(object: &Value, place: &Place) -> Result<Kind, Box<Diagnostic>> {
    let text = |key: &str| object[key].as_str().unwrap_or_default();
    let (version, kind) = (text("apiVersion"), text("kind"));
    match mapping(version, kind) {
        Some(Mapping::Served(kind)) => return Ok(kind),
        Some(Mapping::Unserved) => {
            return Err(Box::new(place.error("kind", StatusError::not_served().message)));
        }
        None => {}
    }
    let known = schema::kinds().iter().find(|info| info.kind.eq_ignore_ascii_case(kind));
    let field = if known.is_some_and(|info| info.kind == kind) { "apiVersion" } else { "kind" };
    let diagnostic = place.error(field, no_match(version, kind));
    Err(Box::new(match known {
        Some(info) => {
            diagnostic.with_help(format!("Kubernetes serves it as {} {}", info.api_version, info.kind))
        }
        None => diagnostic,
    }))
}

/// The object as it is validated: in its own namespace, and as the API server changes it before.
fn prepared(mut value: Value, kind: Kind) -> Option<Value> {
    let namespace = value["metadata"]["namespace"].as_str().filter(|namespace| !namespace.is_empty());
    let namespace = namespace.unwrap_or("default").to_owned();
    create::before_admission(kind, &mut value, &namespace, &mut Vec::new()).ok()?;
    create::prepare_for_create(kind, &mut value, &mut Vec::new());
    Some(value)
}

/// Where the field of an error is. Kubernetes leaves `metadata` out of the path to a template's labels and
/// annotations.
fn path_of(error: &FieldError) -> String {
    match error.field.strip_prefix("spec.template.") {
        Some(rest) if rest.starts_with("labels") || rest.starts_with("annotations") => {
            format!("spec.template.metadata.{rest}")
        }
        _ => error.field.clone(),
    }
}

/// A validation error with its place in the text.
pub fn field_diagnostic(tree: &Node, error: &FieldError) -> Diagnostic {
    field_diagnostic_below(tree, "", error)
}

/// A validation error with its place in the text.
fn field_diagnostic_below(tree: &Node, prefix: &str, error: &FieldError) -> Diagnostic {
    let path = path_of(error);
    let place = Place { tree, prefix: prefix.to_owned() };
    let span = match error.bad_value.as_ref().and_then(Value::as_str) {
        Some(bad) => locate_bad_value(tree, &place.whole_path(&path), bad),
        None => place.at(&path, Part::Value),
    };
    Diagnostic::error(error.to_string(), span).with_path(&error.field)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn checked(text: &str) -> Vec<(u32, String)> {
        check_apply(text.as_bytes()).into_iter().map(|d| (d.span.start.line, d.message)).collect()
    }

    const SOUND: &str = "apiVersion: apps/v1\nkind: DaemonSet\nmetadata:\n  name: a\nspec:\n  selector:\n    matchLabels:\n      app: a\n  template:\n    metadata:\n      labels:\n        app: a\n    spec:\n      containers:\n      - name: c\n        image: nginx\n";

    #[test]
    fn a_sound_manifest_has_no_mistakes() {
        assert_eq!(checked(SOUND), []);
    }

    #[test]
    fn every_mistake_of_a_document_is_named_at_its_line() {
        let text =
            SOUND.replace("image: nginx", "imagee: nginx").replace("app: a\n    spec", "app: b\n    spec");
        // That the image is missing follows from the wrong spelling, and is not said.
        let labels = "spec.template.metadata.labels: Invalid value: {\"app\":\"b\"}: `selector` does not match template `labels`";
        assert_eq!(
            checked(&text),
            [(16, "unknown field \"spec.template.spec.containers[0].imagee\"".into()), (11, labels.into())]
        );
        let text = SOUND.replace("name: a\n", "name: A\n").replace("        app: a\n", "        app: b\n");
        let lines: Vec<u32> = checked(&text).iter().map(|(line, _)| *line).collect();
        assert_eq!(lines, [4, 11]);
    }

    #[test]
    fn mistakes_of_every_sort_are_named_together() {
        let text = SOUND
            .replace(
                "name: c\n",
                "name: 5\n        imagePullPolicy: Sometimes\n        resources: {requests: {cpu: lots}}\n",
            )
            .replace("selector:", "selectors:");
        let found = check_apply(text.as_bytes());
        let fields: Vec<(u32, &str)> =
            found.iter().map(|d| (d.span.start.line, d.path.as_deref().unwrap_or_default())).collect();
        assert_eq!(
            fields,
            [
                (17, "spec.template.spec.containers[0].resources.requests"),
                (15, "spec.template.spec.containers[0].name"),
                (6, "spec.selectors"),
                (16, "spec.template.spec.containers[0].imagePullPolicy"),
            ],
            "{found:#?}"
        );
    }

    #[test]
    fn api_037_an_unknown_kind_is_marked_where_it_stands() {
        let text = SOUND.replace("kind: DaemonSet", "kind: Daemonset");
        let no_match = "no matches for kind \"Daemonset\" in version \"apps/v1\"";
        assert_eq!(checked(&text), [(2, no_match.into())]);
        let text = SOUND.replace("apps/v1", "extensions/v1beta1");
        assert_eq!(checked(&text)[0].0, 1);
    }

    #[test]
    fn what_kubectl_refuses_by_itself_is_marked_too() {
        let text = SOUND.replace("  name: a\n", "  generateName: a-\n");
        assert_eq!(checked(&text), [(4, "from a-: cannot use generate name with apply".into())]);
        let text = SOUND.replace("  name: a\n", "  name: a/b\n");
        assert_eq!(checked(&text), [(4, "invalid resource name \"a/b\": [may not contain '/']".into())]);
        let text = SOUND.replace("  name: a\n", "  labels: {}\n");
        assert_eq!(checked(&text), [(3, "resource name may not be empty".into())]);
        assert_eq!(checked("# nothing\n"), [(1, "no objects passed to apply".into())]);
    }

    #[test]
    fn a_namespace_must_be_there_before() {
        let text = SOUND.replace("  name: a\n", "  name: a\n  namespace: b\n");
        assert_eq!(checked(&text), [(5, "namespaces \"b\" not found".into())]);
        let made = "apiVersion: v1\nkind: Namespace\nmetadata:\n  name: b\n";
        assert_eq!(checked(&format!("{made}---\n{text}")), []);
        assert_eq!(checked(&format!("{text}---\n{made}")).len(), 1);
        assert_eq!(check_apply_beside(text.as_bytes(), &|namespace| namespace == "b"), []);
    }

    #[test]
    fn a_bad_label_is_marked_in_its_map() {
        let text = SOUND.replace("app: a", "app: -a");
        let lines: Vec<u32> = checked(&text).iter().map(|(line, _)| *line).collect();
        assert_eq!(lines, [8, 12]);
    }

    #[test]
    fn api_034_a_label_of_another_type_is_marked_in_its_map() {
        let text = SOUND.replacen("app: a", "app: y", 1);
        let found = check_apply(text.as_bytes());
        assert_eq!(found[0].path.as_deref(), Some("spec.selector.matchLabels"));
        assert_eq!((found.len(), found[0].span.start.line), (1, 8));
    }

    #[test]
    fn fields_whose_gates_are_off_are_dropped_before_the_check() {
        let image = "image: nginx\n";
        let text = SOUND.replace(image, "image: nginx\n        lifecycle: {stopSignal: SIGNONE}\n");
        assert_eq!(checked(&text), []);
    }

    #[test]
    fn kubectl_decodes_metadata_itself() {
        let text = SOUND.replace("  name: a\n", "  name: a\n  labels: {x: 1}\n");
        let found = checked(&text);
        let message =
            "json: cannot unmarshal number into Go struct field ObjectMeta.metadata.labels of type string";
        assert_eq!(found, [(5, message.into())]);
    }

    #[test]
    fn a_kind_in_lower_case_finds_its_path_and_no_more() {
        let text = SOUND.replace("kind: DaemonSet", "kind: daemonset");
        assert_eq!(checked(&text)[0].0, 2);
        assert!(checked(&text)[0].1.contains("no kind \"daemonset\" is registered"));
    }
}
