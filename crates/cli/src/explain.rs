//! `kubestage explain`: which nodes a DaemonSet lands on, and why not on the others.

use std::rc::Rc;

use api::daemonset::DaemonSet;
use api::node::Node;
use api::pod::Pod;
use cluster::boot::standard_nodes;
use codec::manifest::check_apply_beside;
use controllers::daemon::explain::why_not_on_node;
use controllers::daemon::nodes::DaemonTemplate;
use scheduler::explain::{self as fit, Obstacle};
use serde_json::Value;
use yaml::{Reader, Severity, read_documents};

use crate::args::{Explain, Misuse, read};
use crate::say_line;

/// Whether every DaemonSet of the file lands somewhere.
pub(crate) fn explain(explain: &Explain) -> Result<bool, Misuse> {
    if explain.file == "-" && explain.nodes.as_deref() == Some("-") {
        return Err(Misuse("only one of -f and --nodes can be the standard input".to_owned()));
    }
    let bytes = read(&explain.file)?;
    // A real cluster has namespaces and kinds that are not known here; they keep no daemon pod away.
    let (others, mistakes): (Vec<_>, Vec<_>) = check_apply_beside(&bytes, &|_| true)
        .into_iter()
        .filter(|found| found.severity == Severity::Error)
        .partition(|found| is_of_another_kind(&found.message));
    for (sort, found) in others.iter().map(|f| ("warning", f)).chain(mistakes.iter().map(|f| ("error", f))) {
        let start = found.span.start;
        eprintln!("{}:{}:{}: {sort}: {}", explain.file, start.line, start.column, found.message);
        if let Some(help) = &found.help {
            eprintln!("    {help}");
        }
    }
    if !mistakes.is_empty() {
        return Ok(false);
    }
    let nodes = match &explain.nodes {
        Some(path) => nodes_of(path)?,
        None => standard_nodes(),
    };
    let daemonsets = daemonsets_of(&bytes);
    if daemonsets.is_empty() {
        return Err(Misuse(format!("{} holds no DaemonSet", explain.file)));
    }
    let nodes: Vec<Rc<Node>> = nodes.into_iter().map(Rc::new).collect();
    let mut all_land = true;
    for ds in &daemonsets {
        all_land &= print(ds, &nodes);
    }
    Ok(all_land)
}

/// A DaemonSet in a version that is no longer served is a mistake of the manifest itself.
fn is_of_another_kind(message: &str) -> bool {
    message.starts_with("no matches for kind") && !message.contains("\"DaemonSet\"")
}

fn objects(bytes: &[u8]) -> Vec<Value> {
    let documents = read_documents(bytes, Reader::Kubectl).documents;
    let flatten = |value: Value| match value["items"].as_array() {
        Some(items) => items.clone(),
        None => vec![value],
    };
    documents.iter().map(|document| document.tree.to_value()).flat_map(flatten).collect()
}

fn nodes_of(path: &str) -> Result<Vec<Node>, Misuse> {
    let bytes = read(path)?;
    if let Some(error) = read_documents(&bytes, Reader::Kubectl).error {
        return Err(Misuse(format!("{path}:{}: {}", error.span.start.line, error.message)));
    }
    let nodes: Vec<Node> =
        objects(&bytes).iter().filter(|object| object["kind"] == "Node").map(Node::from_value).collect();
    if nodes.is_empty() {
        return Err(Misuse(format!(
            "{path} holds no Node: give it the output of `kubectl get nodes -o yaml`"
        )));
    }
    Ok(nodes)
}

fn daemonsets_of(bytes: &[u8]) -> Vec<DaemonSet> {
    let mut found = Vec::new();
    for mut object in objects(bytes) {
        if object["kind"] == "DaemonSet" {
            validation::defaults::set_defaults(&mut object);
            found.push(DaemonSet::from_value(&object));
        }
    }
    found
}

/// Prints one line for each node; whether any of them gets a pod that can run.
fn print(ds: &DaemonSet, nodes: &[Rc<Node>]) -> bool {
    let template = DaemonTemplate::new(&Rc::clone(&ds.template));
    let widest = nodes.iter().map(|node| node.meta.name.len()).max().unwrap_or(0).max("NODE".len());
    say_line(format_args!("daemonset.apps/{}", ds.meta.name));
    let short = resources_missing(&template, nodes);
    let mut lands = 0;
    for (node, short) in nodes.iter().zip(short) {
        let mut reasons: Vec<String> =
            why_not_on_node(&template, node).iter().map(ToString::to_string).collect();
        let said = if !reasons.is_empty() {
            reasons.extend(short);
            format!("no: {}", reasons.join("; "))
        } else if !short.is_empty() {
            format!("no: the pod is created and stays Pending: {}", short.join("; "))
        } else {
            lands += 1;
            "lands".to_owned()
        };
        say_line(format_args!("  {:widest$}   {said}", node.meta.name));
    }
    say_line(format_args!("  {lands} of {} nodes", nodes.len()));
    lands > 0
}

/// What the pod asks for beyond what each node has, even if nothing else ran there.
fn resources_missing(template: &DaemonTemplate, nodes: &[Rc<Node>]) -> Vec<Vec<String>> {
    let pod = Pod { spec: template.spec.clone(), ..Pod::from_value(&Value::Null) };
    let fit = |obstacle: &Obstacle| obstacle.plugin == "NodeResourcesFit";
    let said = |obstacle: Obstacle| format!("{} ({})", obstacle.reason, obstacle.matter);
    fit::explain(&pod, nodes, &[])
        .into_iter()
        .map(|on_node| on_node.obstacles.into_iter().filter(fit).map(said).collect())
        .collect()
}
