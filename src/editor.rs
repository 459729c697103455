//! The text editor as a component: a document in, what was typed out.

use std::cell::RefCell;
use std::rc::Rc;

use wasm_bindgen::prelude::Closure;
use web_sys::HtmlElement;
use yaml::{Diagnostic, Severity};
use yew::prelude::*;

use super::editor_js::{Editor, EditorDiagnostic, EditorHooks, EditorOptions};
use super::page::use_page;

#[derive(PartialEq, Properties)]
pub struct EditorProps {
    /// The value of `data-editor`.
    pub name: AttrValue,
    pub label: AttrValue,
    /// Which document this is: each keeps its own cursor and undo.
    pub document: AttrValue,
    pub text: Rc<str>,
    pub diagnostics: Rc<Vec<Diagnostic>>,
    /// Line and column to go to; the number makes the same place count again.
    #[prop_or_default]
    pub go_to: Option<(u32, u32, u32)>,
    /// Document and text.
    pub on_change: Callback<(String, Rc<str>)>,
    pub on_submit: Callback<(String, Rc<str>)>,
}

/// What stands as long as the editor does.
struct Held {
    editor: Editor,
    _hooks: EditorHooks,
}

/// What the editor shows now, as far as we know.
#[derive(Default)]
struct Shown {
    document: String,
    text: Rc<str>,
}

type Slot<T> = Rc<RefCell<T>>;

fn hooks(shown: &Slot<Shown>, out: &Slot<Callbacks>) -> EditorHooks {
    let changed = {
        let (shown, out) = (shown.clone(), out.clone());
        move |text: String, key: String| {
            let text: Rc<str> = text.into();
            let mut shown = shown.borrow_mut();
            if shown.document == key {
                shown.text = text.clone();
            }
            drop(shown);
            let callback = out.borrow().change.clone();
            callback.emit((key, text));
        }
    };
    let submitted = {
        let out = out.clone();
        move |text: String, key: String| {
            let callback = out.borrow().submit.clone();
            callback.emit((key, text.into()));
        }
    };
    EditorHooks {
        on_change: Some(Closure::new(changed)),
        on_submit: Some(Closure::new(submitted)),
        ..EditorHooks::default()
    }
}

#[derive(Default)]
struct Callbacks {
    change: Callback<(String, Rc<str>)>,
    submit: Callback<(String, Rc<str>)>,
}

#[component]
pub fn TextEditor(props: &EditorProps) -> Html {
    let page = use_page();
    let words = page.words();
    let parent = use_node_ref();
    let held = use_mut_ref(|| None::<Held>);
    let shown = use_mut_ref(Shown::default);
    let callbacks = use_mut_ref(Callbacks::default);
    *callbacks.borrow_mut() = Callbacks { change: props.on_change.clone(), submit: props.on_submit.clone() };
    {
        let (parent, held, shown, callbacks) =
            (parent.clone(), held.clone(), shown.clone(), callbacks.clone());
        let options = EditorOptions {
            text: String::new(),
            label: props.label.to_string(),
            name: props.name.to_string(),
            hint: words.editor_hint.to_owned(),
            read_only: false,
        };
        use_effect_with((), move |()| {
            let hooks = hooks(&shown, &callbacks);
            let element = parent.cast::<HtmlElement>();
            let editor = element.map(|element| Editor::new(&element, &options, &hooks));
            *held.borrow_mut() = editor.map(|editor| Held { editor, _hooks: hooks });
            move || {
                if let Some(held) = held.borrow_mut().take() {
                    held.editor.destroy();
                }
            }
        });
    }
    {
        let held = held.clone();
        use_effect_with((props.document.clone(), props.text.clone()), move |(document, text)| {
            show(&held, &shown, document, text);
        });
    }
    {
        let held = held.clone();
        use_effect_with((props.document.clone(), props.diagnostics.clone()), move |(_, diagnostics)| {
            if let Some(held) = &*held.borrow() {
                held.editor.set_diagnostics(&marks(&held.editor, diagnostics));
            }
        });
    }
    {
        let held = held.clone();
        use_effect_with(props.go_to, move |place| {
            if let (Some(held), Some((line, column, _))) = (&*held.borrow(), place) {
                held.editor.reveal_line(*line, *column);
                held.editor.focus();
            }
        });
    }
    {
        use_effect_with((props.label.clone(), page.lang), move |(label, lang)| {
            if let Some(held) = &*held.borrow() {
                held.editor.set_words(label, lang.words().editor_hint, lang.words().editor_phrases());
            }
        });
    }
    html! { <div class="editor" ref={parent}></div> }
}

fn show(held: &Slot<Option<Held>>, shown: &Slot<Shown>, document: &AttrValue, text: &Rc<str>) {
    let held = held.borrow();
    let Some(Held { editor, .. }) = &*held else { return };
    let mut shown = shown.borrow_mut();
    if shown.document != **document {
        editor.open_document(document, text);
    } else if shown.text != *text {
        editor.set_text(text);
    }
    *shown = Shown { document: document.to_string(), text: text.clone() };
}

/// Diagnostics in the editor's offsets. Their columns count characters, the editor's UTF-16 units; outside
/// of a few signs the two are the same, and the editor keeps both ends within the line.
fn marks(editor: &Editor, diagnostics: &[Diagnostic]) -> Vec<EditorDiagnostic> {
    let mark = |diagnostic: &Diagnostic| {
        let (start, end) = (diagnostic.span.start, diagnostic.span.end);
        let from = editor.offset_at(start.line, start.column);
        let to = editor.offset_at(end.line, end.column);
        EditorDiagnostic {
            from,
            to: to.max(from + 1),
            severity: match diagnostic.severity {
                Severity::Error => "error",
                Severity::Warning => "warning",
            },
            message: diagnostic.message.clone(),
            help: diagnostic.help.clone(),
            source: None,
        }
    };
    diagnostics.iter().map(mark).collect()
}
