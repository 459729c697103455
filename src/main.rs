//! The page's binary: mounts the Yew app. Trunk builds it.

mod ui;

use ui::editor_js::{
    Editor, EditorCompletion, EditorDiagnostic, EditorHooks, EditorOptions, completions, hover,
};
use wasm_bindgen::prelude::*;
use yew::prelude::*;

const TEXT: &str = "apiVersion: apps/v1\nkind: DaemonSet\nmetadata:\n  name: agent # one on each node\nspec:\n  replicas: 3\n";

#[component]
fn App() -> Html {
    let parent = use_node_ref();
    let said = use_state(String::new);
    {
        let (parent, said) = (parent.clone(), said.clone());
        use_effect_with((), move |()| {
            let (changed, submitted) = (said.clone(), said);
            let hooks = EditorHooks {
                on_change: Some(Closure::new(move |text: String, _: String| {
                    changed.set(format!("changed {}", text.len()))
                })),
                on_submit: Some(Closure::new(move |text: String, _: String| {
                    submitted.set(format!("submitted {}", text.len()))
                })),
                complete: Some(Closure::new(|_: String, at: u32, _: bool| {
                    let option = EditorCompletion { label: "template".into(), ..EditorCompletion::default() };
                    completions(at.saturating_sub(1), &[option])
                })),
                hover: Some(Closure::new(|_: String, at: u32| {
                    hover(at, at, "DaemonSetSpec\nWhat is wanted")
                })),
                ..EditorHooks::default()
            };
            let options = EditorOptions {
                text: TEXT.into(),
                label: "DaemonSet manifest".into(),
                name: "daemonset".into(),
                hint: "Press Escape, then Tab to leave the editor".into(),
                read_only: false,
            };
            let editor = parent.cast::<web_sys::HtmlElement>().map(|at| Editor::new(&at, &options, &hooks));
            if let Some(editor) = &editor {
                let from = editor.offset_at(6, 3);
                editor.set_diagnostics(&[EditorDiagnostic {
                    from,
                    to: from + 8,
                    severity: "error",
                    message: "unknown field \"spec.replicas\"".into(),
                    help: Some(
                        "A DaemonSet has no replicas: it runs one pod on each node that matches".into(),
                    ),
                    source: Some("kubectl".into()),
                }]);
            }
            move || {
                editor.iter().for_each(Editor::destroy);
                drop(hooks);
            }
        });
    }
    html! {
        <main data-app="kubestage" data-ready="true">
            <h1>{ "kubestage" }</h1>
            <div ref={parent} style="height: 20rem"></div>
            <output>{ (*said).clone() }</output>
        </main>
    }
}

fn main() {
    yew::Renderer::<App>::new().render();
}
