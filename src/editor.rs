//! The text editor as a component: a document in, what was typed out.

use std::cell::RefCell;
use std::rc::Rc;

use wasm_bindgen::prelude::Closure;
use web_sys::HtmlElement;
use yaml::{Diagnostic, Severity};
use yew::prelude::*;

use super::assist::editor_fixes;
use super::descriptions;
use super::desk::DeskAction;
use super::desk::hints::hint;
use super::desk::model::{Desk, DocId};
use super::editor_js::{Editor, EditorDiagnostic, EditorHooks, EditorOptions};
use super::page::{Page, use_page};
use super::renders;
use super::state::{Action, World};
use super::store::use_watch;
use super::words::Lang;

#[derive(PartialEq, Properties)]
pub struct EditorProps {
    /// The value of `data-editor`.
    pub name: AttrValue,
    pub label: AttrValue,
    /// Which document this is: each keeps its own cursor and undo.
    pub id: DocId,
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

fn hooks(shown: &Slot<Shown>, page: &Page) -> EditorHooks {
    let changed = {
        let (shown, page) = (shown.clone(), page.clone());
        move |text: String, key: String| {
            let text: Rc<str> = text.into();
            let mut shown = shown.borrow_mut();
            if shown.document == key {
                shown.text = text.clone();
            }
            drop(shown);
            if let Some(id) = DocId::parse(&key) {
                page.act(Action::Type(id, text));
            }
        }
    };
    let submitted = {
        let page = page.clone();
        move |text: String, key: String| {
            if let Some(id) = DocId::parse(&key) {
                page.act(Action::Submit(id, Some(text.into())));
            }
        }
    };
    let (complete, hover) = page.assist.hooks(page);
    EditorHooks {
        on_change: Some(Closure::new(changed)),
        on_submit: Some(Closure::new(submitted)),
        complete: Some(complete),
        hover: Some(hover),
        ..EditorHooks::default()
    }
}

/// What the document says: the draft, else what is on the node's disk.
fn text_of(id: &DocId, desk: &Desk, world: &World) -> Option<Rc<str>> {
    let on_disk = || match (id, &world.open_file) {
        (DocId::Node { node, path }, Some(file)) if file.node == *node && file.path == *path => {
            Some(file.text.clone())
        }
        _ => None,
    };
    desk.text(id).or_else(on_disk)
}

/// Shows the document, and whatever becomes of it. The editor is told directly: nothing of the page is drawn
/// again while somebody types.
#[component]
pub fn TextEditor(props: &EditorProps) -> Html {
    renders::note("TextEditor", "");
    let page = use_page();
    let parent = use_node_ref();
    let held = use_mut_ref(|| None::<Held>);
    let shown = use_mut_ref(Shown::default);
    {
        let (parent, held, shown, page) = (parent.clone(), held.clone(), shown.clone(), page.clone());
        let options = EditorOptions {
            text: String::new(),
            label: props.label.to_string(),
            name: props.name.to_string(),
            hint: page.words().editor.editor_hint.to_owned(),
            read_only: false,
        };
        use_effect_with((), move |()| {
            let hooks = hooks(&shown, &page);
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
    let show_text = {
        let (held, shown) = (held.clone(), shown.clone());
        move |(key, text): &(String, Option<Rc<str>>)| {
            if let Some(text) = text {
                show(&held, &shown, key, text);
            }
        }
    };
    // A draft is in one store, the file on the disk in the other.
    let (id, world) = (props.id.clone(), page.stores.world.clone());
    use_watch(&page.stores.desk, move |desk| (id.key(), text_of(&id, desk, &world.now())), show_text.clone());
    let (id, desk) = (props.id.clone(), page.stores.desk.clone());
    use_watch(&page.stores.world, move |world| (id.key(), text_of(&id, &desk.now(), world)), show_text);
    let (id, marked, told) = (props.id.clone(), held.clone(), page.clone());
    use_watch(
        &page.stores.desk,
        move |desk| (id.clone(), desk.found(&id)),
        move |(_, found)| {
            if let Some(held) = &*marked.borrow() {
                let found = found.as_ref().map_or(&[][..], |found| found);
                held.editor.set_diagnostics(&marks(&held.editor, found, told.stores.layout.now().lang));
            }
        },
    );
    let kept = held.clone();
    use_watch(
        &page.stores.desk,
        |desk| desk.renamed.clone(),
        move |renamed| {
            if let (Some(held), Some((from, to))) = (&*kept.borrow(), renamed) {
                held.editor.rename_document(&from.key(), &to.key());
            }
        },
    );
    let (id, moved, told) = (props.id.clone(), held.clone(), page.clone());
    use_watch(
        &page.stores.desk,
        move |desk| desk.go_to.clone().filter(|(of, ..)| *of == id),
        move |place| {
            if let (Some(held), Some((_, line, column))) = (&*moved.borrow(), place) {
                held.editor.reveal_line(*line, *column);
                held.editor.focus();
                told.act(DeskAction::Revealed);
            }
        },
    );
    let keyed = held.clone();
    use_watch(
        &page.stores.layout,
        |layout| layout.vim,
        move |on| {
            if let Some(held) = &*keyed.borrow() {
                held.editor.set_vim(*on);
            }
        },
    );
    let (id, desk) = (props.id.clone(), page.stores.desk.clone());
    use_effect_with((props.label.clone(), page.lang), move |(label, lang)| {
        if let Some(held) = &*held.borrow() {
            held.editor.set_words(label, lang.words().editor.editor_hint, lang.words().editor_phrases());
            let found = desk.now().found(&id);
            let found = found.as_ref().map_or(&[][..], |found| found);
            held.editor.set_diagnostics(&marks(&held.editor, found, *lang));
        }
    });
    // Who goes into the editor may ask for what the fields are for.
    let entered = Callback::from(|_: FocusEvent| descriptions::load(Callback::noop()));
    html! { <div class="editor" ref={parent} onfocusin={entered}></div> }
}

fn show(held: &Slot<Option<Held>>, shown: &Slot<Shown>, document: &str, text: &Rc<str>) {
    let held = held.borrow();
    let Some(Held { editor, .. }) = &*held else { return };
    let mut shown = shown.borrow_mut();
    if shown.document != document {
        editor.open_document(document, text);
    } else if shown.text != *text {
        editor.set_text(text);
    }
    *shown = Shown { document: document.to_owned(), text: text.clone() };
}

/// Diagnostics in the editor's offsets. Their columns count characters, the editor's UTF-16 units; outside
/// of a few signs the two are the same, and the editor keeps both ends within the line.
fn marks(editor: &Editor, diagnostics: &[Diagnostic], lang: Lang) -> Vec<EditorDiagnostic> {
    let text = if diagnostics.is_empty() { String::new() } else { editor.text() };
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
            help: hint(lang, diagnostic),
            fixes: editor_fixes(&text, diagnostic, lang.words()),
            source: None,
        }
    };
    diagnostics.iter().map(mark).collect()
}
