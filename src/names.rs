//! Names wherever they are written: that of the selection is lit up, and a click on one selects what it names.

use view::Board;
use wasm_bindgen::prelude::*;
use yew::prelude::*;

use super::page::use_selection;
use super::state::Selection;

#[wasm_bindgen(module = "/web/names.js")]
extern "C" {
    #[wasm_bindgen(js_name = lightName)]
    fn light_name(selected: &str);

    /// The word at a place of the window, in its pixels; empty if there is none.
    #[wasm_bindgen(js_name = wordAt)]
    pub fn word_at(x: i32, y: i32) -> String;
}

/// Lights up the name of what is selected. Draws nothing itself.
#[component]
pub fn LitNames() -> Html {
    let name = use_selection(Selection::short_name);
    use_effect_with(name, |name| light_name(name));
    Html::default()
}

/// What the cluster has under this name: a pod, a node or a DaemonSet.
pub fn named(board: &Board, name: &str) -> Option<Selection> {
    let pods = || board.nodes.iter().flat_map(|node| &node.pods).chain(&board.pending);
    let pod = || pods().find(|pod| *pod.name == *name).map(|pod| Selection::Pod(pod.id.clone()));
    let node = || board.nodes.iter().find(|node| *node.name == *name);
    let daemonset = || board.daemonsets.iter().find(|set| *set.name == *name);
    pod()
        .or_else(|| node().map(|node| Selection::Node(node.name.clone())))
        .or_else(|| daemonset().map(|set| Selection::DaemonSet(set.id.clone())))
}

/// What an object reference as kubectl prints it means: `pod/web-worker-1` of a namespace, or `DaemonSet/agent`.
pub fn referred(board: &Board, namespace: &str, reference: &str) -> Option<Selection> {
    let (kind, name) = reference.split_once('/')?;
    let id = format!("{namespace}/{name}");
    match kind.to_ascii_lowercase().as_str() {
        "pod" => super::menu::find_pod(board, &id).map(|pod| Selection::Pod(pod.id.clone())),
        "node" => super::menu::find_node(board, name).map(|node| Selection::Node(node.name.clone())),
        "daemonset" => {
            board.daemonsets.iter().find(|set| *set.id == *id).map(|set| Selection::DaemonSet(set.id.clone()))
        }
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use stage::{Options, Stage};

    #[test]
    fn names_and_references_find_what_they_mean() {
        let mut stage = Stage::new(Options::default());
        let board = stage.board();
        let pod = Selection::Pod("default/web-worker-1".into());
        assert_eq!(named(&board, "web-worker-1"), Some(pod.clone()));
        assert_eq!(named(&board, "worker-1"), Some(Selection::Node("worker-1".into())));
        assert_eq!(named(&board, "agent"), Some(Selection::DaemonSet("default/agent".into())));
        assert_eq!(named(&board, "nosuch"), None);
        assert_eq!(referred(&board, "default", "pod/web-worker-1"), Some(pod));
        assert_eq!(referred(&board, "kube-system", "pod/web-worker-1"), None);
        let agent = Some(Selection::DaemonSet("default/agent".into()));
        assert_eq!(referred(&board, "default", "DaemonSet/agent"), agent);
        assert_eq!(referred(&board, "default", "daemonset/agent"), agent);
    }
}
