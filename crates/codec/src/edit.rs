//! Small changes of a manifest's text that leave all else as it was written: comments, order, quotes.

use api::toleration::Toleration;
use serde_json::{Value, json};
use yaml::{Node, NodeValue, Reader, read_documents};

/// The text with one more toleration in the pod template of a DaemonSet, at the end of those it has. `None` if
/// the text has no such DaemonSet, or writes its tolerations in a way that takes no more lines.
pub fn add_toleration(text: &str, namespace: &str, name: &str, toleration: &Toleration) -> Option<String> {
    let tree = daemonset(text, namespace, name)?;
    let spec = tree.get("spec")?.get("template")?.get("spec")?;
    let edited = insert(text, spec, toleration)?;
    // Whatever stood there: what is meant must have come of it, and nothing else.
    let mut wanted = tree.to_value();
    match &mut wanted["spec"]["template"]["spec"]["tolerations"] {
        Value::Array(list) => list.push(toleration.to_value()),
        slot => *slot = json!([toleration.to_value()]),
    }
    (daemonset(&edited, namespace, name)?.to_value() == wanted).then_some(edited)
}

fn daemonset(text: &str, namespace: &str, name: &str) -> Option<Node> {
    let is_it = |tree: &Node| {
        let meta = tree.get("metadata");
        let field = |key: &str| meta.and_then(|meta| meta.get(key)).and_then(Node::as_str);
        tree.get("kind").and_then(Node::as_str) == Some("DaemonSet")
            && field("name") == Some(name)
            && field("namespace").unwrap_or("default") == namespace
    };
    let read = read_documents(text.as_bytes(), Reader::Kubectl);
    read.documents.into_iter().map(|document| document.tree).find(is_it)
}

fn insert(text: &str, spec: &Node, toleration: &Toleration) -> Option<String> {
    let NodeValue::Map(entries) = &spec.value else { return None };
    let first = entries.first()?;
    let indent = first.key_span.start.column as usize - 1;
    let lines: Vec<&str> = text.split_inclusive('\n').collect();
    // Spec and its first key on one line: `{…}`, which takes no lines.
    let of_line = |line: u32| lines.get(line as usize - 1).copied().unwrap_or_default();
    if !of_line(first.key_span.start.line).get(..indent)?.trim().is_empty() {
        return None;
    }
    match entries.iter().find(|entry| entry.key == "tolerations") {
        None => {
            let at = first.key_span.start.line as usize - 1;
            let block = format!("{:indent$}tolerations:\n{}", "", item(toleration, indent));
            Some(with_lines(&lines, at, &block))
        }
        Some(entry) => match &entry.value.value {
            NodeValue::List(items) => {
                let last = items.last()?;
                let start = items.first()?.span.start;
                // The dash stands before the item's first key.
                let dash = of_line(start.line).find('-').filter(|dash| *dash + 1 < start.column as usize)?;
                Some(with_lines(&lines, last.span.end.line as usize, &item(toleration, dash)))
            }
            _ => None,
        },
    }
}

/// One item of a block list, its dash at this column.
fn item(toleration: &Toleration, dash: usize) -> String {
    let value = toleration.to_value();
    // In the order in which people write them.
    let fields = ["key", "operator", "value", "effect", "tolerationSeconds"];
    let fields = fields.iter().filter_map(|field| Some((field, value.get(field)?)));
    let line = |(at, (field, value)): (usize, (&&str, &Value))| {
        let mark = if at == 0 { "- " } else { "  " };
        format!("{:dash$}{mark}{field}: {}", "", yaml::to_yaml(value))
    };
    fields.enumerate().map(line).collect()
}

fn with_lines(lines: &[&str], at: usize, block: &str) -> String {
    let at = at.min(lines.len());
    let mut text: String = lines[..at].concat();
    if !text.is_empty() && !text.ends_with('\n') {
        text.push('\n');
    }
    text.push_str(block);
    text.push_str(&lines[at..].concat());
    text
}

#[cfg(test)]
mod tests {
    use super::*;
    use api::toleration::TaintEffect;

    const HEAD: &str =
        "apiVersion: apps/v1\nkind: DaemonSet\nmetadata:\n  name: agent\nspec:\n  template:\n    spec:\n";

    fn with(spec: &str) -> Option<String> {
        let text = format!("# mine\nkind: ConfigMap\n---\n{HEAD}{spec}");
        let toleration = Toleration::exists("dedicated", TaintEffect::NoSchedule);
        let edited = add_toleration(&text, "default", "agent", &toleration)?;
        Some(edited.strip_prefix("# mine\nkind: ConfigMap\n---\n")?.strip_prefix(HEAD)?.to_owned())
    }

    #[test]
    fn a_list_is_begun_before_the_rest_of_the_spec() {
        assert_eq!(
            with("      # why\n      containers:\n      - name: c\n").as_deref(),
            Some(
                "      # why\n      tolerations:\n      - key: dedicated\n        operator: Exists\n        effect: NoSchedule\n      containers:\n      - name: c\n"
            )
        );
    }

    #[test]
    fn a_list_that_is_there_gets_one_more_however_it_is_indented() {
        let spec = "      tolerations:  # known\n        - key: a\n          operator: Exists\n      containers: []\n";
        assert_eq!(
            with(spec).as_deref(),
            Some(
                "      tolerations:  # known\n        - key: a\n          operator: Exists\n        - key: dedicated\n          operator: Exists\n          effect: NoSchedule\n      containers: []\n"
            )
        );
        // The last lines of a file need no line's end.
        assert!(with("      containers: []\n      tolerations:\n      - key: a").is_some());
    }

    #[test]
    fn what_takes_no_lines_is_left_alone() {
        assert_eq!(with("      {containers: []}\n"), None);
        assert_eq!(with("      tolerations: [{key: a}]\n      containers: []\n"), None);
        assert_eq!(with("      tolerations:\n      containers: []\n"), None);
        let toleration = Toleration::exists("a", TaintEffect::NoSchedule);
        assert_eq!(add_toleration(HEAD, "default", "other", &toleration), None);
        assert_eq!(add_toleration("a: [", "default", "agent", &toleration), None);
    }
}
