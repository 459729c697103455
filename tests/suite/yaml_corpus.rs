//! Single files through the YAML reader and the strict decoder; `tests/corpus.rs` reads all of the corpus.

use api::schema::{self, KindInfo};
use codec::decode;
use yaml::{Document, Reader, read_documents, to_yaml};

fn kind_of(document: &Document) -> Option<&'static KindInfo> {
    schema::kind(document.tree.get("apiVersion")?.as_str()?, document.tree.get("kind")?.as_str()?)
}

#[test]
fn kl_011_the_kubelet_drops_unknown_fields_and_we_warn() {
    let text = include_bytes!("../data/corpus/own/static-unknown-field.yaml");
    let document = read_documents(text, Reader::Kubelet).documents.remove(0);
    let kind = kind_of(&document).expect("a served kind");
    let found = decode(&document.tree.to_value(), kind);
    let warnings = found.lenient_diagnostics(&document.tree);
    let shown: Vec<(u32, &str, Option<&str>)> =
        warnings.iter().map(|w| (w.span.start.line, w.message.as_str(), w.help.as_deref())).collect();
    assert_eq!(
        shown,
        [
            (
                9,
                "unknown field \"spec.containers[0].imagePulPolicy\"",
                Some("Did you mean imagePullPolicy? The kubelet drops it without a word.")
            ),
            (10, "unknown field \"spec.replicas\"", Some("The kubelet drops it without a word.")),
        ]
    );
    assert_eq!(kind.kind, "Pod");
    assert_eq!(found.value["spec"].get("replicas"), None);
}

/// The deepest documents that are read fit into a browser's stack of 1 MiB, in a debug build too.
#[test]
fn the_deepest_document_fits_a_small_stack() {
    let lists = format!("apiVersion: v1\nkind: Pod\nspec: {}{}\n", "[".repeat(498), "]".repeat(498));
    let schema = format!(
        "apiVersion: apiextensions.k8s.io/v1\nkind: CustomResourceDefinition\nspec: {{versions: [{{schema: {{openAPIV3Schema: {}{}}}}}]}}\n",
        "{properties: {a: ".repeat(240),
        "{}".to_owned() + &"}}".repeat(240),
    );
    for text in [lists, schema] {
        let work = move || {
            let document = read_documents(text.as_bytes(), Reader::Kubectl).documents.remove(0);
            let kind = kind_of(&document).expect("a served kind");
            let value = document.tree.to_value();
            let decoded = decode(&value, kind);
            let printed = to_yaml(&value);
            assert_eq!(decoded.unknown, []);
            assert_eq!(
                read_documents(printed.as_bytes(), Reader::Kubectl).documents[0].tree.to_value(),
                value
            );
        };
        let thread = std::thread::Builder::new().stack_size(1 << 20).spawn(work).expect("a thread");
        thread.join().expect("no overflow");
    }
}
