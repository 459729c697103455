//! Rust's side of the text editor, which is JavaScript: `web/loader.js` at once, CodeMirror a moment later.
//!
//! `web/editor-api.ts` says what each call does. Offsets count UTF-16 code units from 0, lines and columns
//! count from 1, and every line break is one `\n`. Lists go over as JSON, which costs no extra code.

use serde::Serialize;
use wasm_bindgen::prelude::*;
use web_sys::HtmlElement;

#[wasm_bindgen(module = "/web/loader.js")]
extern "C" {
    /// A text editor in the page. Dropping it leaves it there: call [`Editor::destroy`].
    #[derive(Clone, Debug)]
    pub type Editor;

    #[wasm_bindgen(js_name = createEditor)]
    fn create_editor(parent: &HtmlElement, options: &JsValue) -> Editor;

    #[wasm_bindgen(method, js_name = getText)]
    pub fn text(this: &Editor) -> String;
    #[wasm_bindgen(method, js_name = setText)]
    pub fn set_text(this: &Editor, text: &str);
    #[wasm_bindgen(method, js_name = openDocument)]
    pub fn open_document(this: &Editor, key: &str, text: &str);
    #[wasm_bindgen(method, js_name = renameDocument)]
    pub fn rename_document(this: &Editor, from: &str, to: &str);
    #[wasm_bindgen(method, js_name = setDiagnostics)]
    fn set_diagnostics_js(this: &Editor, diagnostics: &JsValue);
    #[wasm_bindgen(method, js_name = setMarkers)]
    fn set_markers_js(this: &Editor, markers: &JsValue);
    #[wasm_bindgen(method, js_name = setHighlights)]
    fn set_highlights_js(this: &Editor, highlights: &JsValue);
    #[wasm_bindgen(method, js_name = setReadOnly)]
    pub fn set_read_only(this: &Editor, read_only: bool);
    /// Vim's keys, or the usual ones.
    #[wasm_bindgen(method, js_name = setVim)]
    pub fn set_vim(this: &Editor, on: bool);
    #[wasm_bindgen(method, js_name = setWords)]
    fn set_words_js(this: &Editor, label: &str, hint: &str, phrases: &JsValue);
    #[wasm_bindgen(method)]
    pub fn focus(this: &Editor);
    #[wasm_bindgen(method, js_name = revealLine)]
    pub fn reveal_line(this: &Editor, line: u32, column: u32);
    #[wasm_bindgen(method)]
    pub fn select(this: &Editor, from: u32, to: u32);
    #[wasm_bindgen(method, js_name = offsetAt)]
    pub fn offset_at(this: &Editor, line: u32, column: u32) -> u32;
    #[wasm_bindgen(method, js_name = lineAt)]
    pub fn line_at(this: &Editor, offset: u32) -> u32;
    #[wasm_bindgen(method, js_name = columnAt)]
    pub fn column_at(this: &Editor, offset: u32) -> u32;
    /// `"codemirror"`, or `"textarea"` until that has arrived.
    #[wasm_bindgen(method)]
    pub fn kind(this: &Editor) -> String;
    #[wasm_bindgen(method)]
    pub fn destroy(this: &Editor);
}

impl Editor {
    /// Creates an editor that fills `parent`.
    pub fn new(parent: &HtmlElement, options: &EditorOptions, hooks: &EditorHooks) -> Self {
        let object = to_js(options);
        for (name, function) in hooks.named() {
            let set = js_sys::Reflect::set(&object, &name.into(), function);
            debug_assert!(set.is_ok(), "options are a plain object");
        }
        create_editor(parent, &object)
    }

    pub fn set_diagnostics(&self, diagnostics: &[EditorDiagnostic]) {
        self.set_diagnostics_js(&to_js(diagnostics));
    }

    pub fn set_markers(&self, markers: &[EditorMarker]) {
        self.set_markers_js(&to_js(markers));
    }

    pub fn set_highlights(&self, highlights: &[EditorHighlight]) {
        self.set_highlights_js(&to_js(highlights));
    }

    /// `phrases` are CodeMirror's own words and what stands for them.
    pub fn set_words(&self, label: &str, hint: &str, phrases: &[(&str, &str)]) {
        let object = js_sys::Object::new();
        for (theirs, ours) in phrases {
            let set = js_sys::Reflect::set(&object, &(*theirs).into(), &(*ours).into());
            debug_assert!(set.is_ok(), "a new object takes every key");
        }
        self.set_words_js(label, hint, &object);
    }
}

#[derive(Clone, Debug, Default, PartialEq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct EditorOptions {
    pub text: String,
    /// The accessible name.
    pub label: String,
    /// Becomes `data-editor` on the element that holds the text.
    pub name: String,
    /// How the keyboard leaves the editor.
    pub hint: String,
    pub read_only: bool,
}

type Hook<T> = Option<Closure<T>>;

/// What the editor calls. Keep it as long as the editor lives: a call into a dropped closure throws.
#[derive(Default)]
pub struct EditorHooks {
    /// The person changed the text; with the key of the document (see [`Editor::open_document`]). Comes as
    /// a task of its own, never inside a call of ours.
    pub on_change: Hook<dyn FnMut(String, String)>,
    /// Ctrl/Cmd+Enter or Ctrl/Cmd+S; text and key.
    pub on_submit: Hook<dyn FnMut(String, String)>,
    /// Line, column, offset.
    pub on_cursor: Hook<dyn FnMut(u32, u32, u32)>,
    /// Text, offset, asked for by key; answers `undefined` or what [`completions`] makes.
    pub complete: Hook<dyn FnMut(String, u32, bool) -> JsValue>,
    /// Text, offset; answers `undefined` or what [`hover`] makes, or a promise of it.
    pub hover: Hook<dyn FnMut(String, u32) -> JsValue>,
}

impl EditorHooks {
    fn named(&self) -> impl Iterator<Item = (&'static str, &JsValue)> {
        [
            ("onChange", self.on_change.as_ref().map(|hook| hook.as_ref())),
            ("onSubmit", self.on_submit.as_ref().map(|hook| hook.as_ref())),
            ("onCursor", self.on_cursor.as_ref().map(|hook| hook.as_ref())),
            ("complete", self.complete.as_ref().map(|hook| hook.as_ref())),
            ("hover", self.hover.as_ref().map(|hook| hook.as_ref())),
        ]
        .into_iter()
        .filter_map(|(name, function)| Some((name, function?)))
    }
}

/// An underlined range; `severity` is `error`, `warning`, `info` or `hint`.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct EditorDiagnostic {
    pub from: u32,
    pub to: u32,
    pub severity: &'static str,
    /// The real program's words.
    pub message: String,
    /// One plain sentence that helps.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub help: Option<String>,
    /// What mends it, the likeliest first.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub fixes: Vec<EditorFix>,
    /// Who says so: `kubectl`, `kubelet`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub source: Option<String>,
}

/// A change that mends a mistake, as a button.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct EditorFix {
    pub title: String,
    pub edits: Vec<EditorEdit>,
}

/// Another text in the place of a range.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct EditorEdit {
    pub from: u32,
    pub to: u32,
    pub insert: String,
}

/// A sign beside a line.
#[derive(Clone, Debug, PartialEq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct EditorMarker {
    pub line: u32,
    pub glyph: String,
    pub class_name: String,
    pub title: String,
}

/// A range drawn in the style sheet's way.
#[derive(Clone, Debug, PartialEq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct EditorHighlight {
    pub from: u32,
    pub to: u32,
    pub class_name: String,
}

#[derive(Clone, Debug, Default, PartialEq, Serialize)]
pub struct EditorCompletion {
    pub label: String,
    /// Follows the label: the type.
    pub detail: String,
    /// Stands beside the list: what it is for.
    pub info: String,
    /// What is put in, when it is not the label.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub apply: Option<String>,
    /// Higher comes first, -99 to 99.
    pub boost: i32,
}

/// An answer to [`EditorHooks::complete`]; the word being completed begins at `from`.
pub fn completions(from: u32, options: &[EditorCompletion]) -> JsValue {
    #[derive(Serialize)]
    struct Completions<'a> {
        from: u32,
        options: &'a [EditorCompletion],
    }
    to_js(&Completions { from, options })
}

/// An answer to [`EditorHooks::hover`]: plain text, whose first line stands out.
pub fn hover(from: u32, to: u32, text: &str) -> JsValue {
    #[derive(Serialize)]
    struct Hover<'a> {
        from: u32,
        to: u32,
        text: &'a str,
    }
    to_js(&Hover { from, to, text })
}

fn to_js<T: Serialize + ?Sized>(value: &T) -> JsValue {
    let json = serde_json::to_string(value).unwrap_or_else(|_| "null".to_owned());
    js_sys::JSON::parse(&json).unwrap_or(JsValue::NULL)
}
