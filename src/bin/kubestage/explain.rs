//! `kubestage explain`: which nodes a DaemonSet lands on, and why not on the others.

use std::rc::Rc;

use kubestage::api::daemonset::DaemonSet;
use kubestage::api::node::Node;
use kubestage::cluster::boot::standard_nodes;
use kubestage::controllers::daemon::explain::why_not_on_node;
use kubestage::controllers::daemon::nodes::DaemonTemplate;
use kubestage::manifest::check_apply;
use kubestage::yaml::{Reader, Severity, read_documents};
use serde_json::Value;

use crate::args::{Explain, Misuse, read};

/// Whether every DaemonSet of the file lands somewhere.
pub fn explain(explain: &Explain) -> Result<bool, Misuse> {
    let bytes = read(&explain.file)?;
    let mistakes: Vec<_> =
        check_apply(&bytes).into_iter().filter(|found| found.severity == Severity::Error).collect();
    if !mistakes.is_empty() {
        for mistake in mistakes {
            eprintln!("{}:{}: {}", explain.file, mistake.span.start.line, mistake.message);
        }
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
    let mut all_land = true;
    for ds in &daemonsets {
        all_land &= print(ds, &nodes);
    }
    Ok(all_land)
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
            kubestage::api::defaults::set_defaults(&mut object);
            found.push(DaemonSet::from_value(&object));
        }
    }
    found
}

/// Prints one line for each node; whether any of them gets a pod.
fn print(ds: &DaemonSet, nodes: &[Node]) -> bool {
    let template = DaemonTemplate::new(&Rc::clone(&ds.template));
    let widest = nodes.iter().map(|node| node.meta.name.len()).max().unwrap_or(0).max("NODE".len());
    println!("daemonset.apps/{}", ds.meta.name);
    let mut lands = 0;
    for node in nodes {
        let reasons = why_not_on_node(&template, node);
        let said =
            if reasons.is_empty() { "lands".to_owned() } else { format!("no: {}", reasons.join("; ")) };
        lands += usize::from(reasons.is_empty());
        println!("  {:widest$}   {said}", node.meta.name);
    }
    println!("  {lands} of {} nodes", nodes.len());
    lands > 0
}
