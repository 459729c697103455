// @ts-check
// Gives the page an editor at once: a plain <textarea>, which CodeMirror replaces as soon as its module
// has arrived. When that fails the <textarea> stays, and everything but the comfort goes on.
// wasm-bindgen takes this file as it is (src/editor_js.rs); editor-api.ts says what each method does.

/** @import { Diagnostic, Editor, EditorModule, EditorOptions, Highlight, Marker } from "./editor-api.ts" */

/** @type {Promise<EditorModule> | undefined} */
let module;

/** Fetches CodeMirror once. index.html names the file, whose name changes with its content. */
function load() {
  const meta = document.querySelector('meta[name="editor"]');
  const file = meta instanceof HTMLMetaElement ? meta.content : "editor.js";
  module ??= import(new URL(file, document.baseURI).href);
  return module;
}

/**
 * Creates an editor that fills `parent`.
 *
 * @param {HTMLElement} parent
 * @param {EditorOptions} options
 * @returns {Editor}
 */
export function createEditor(parent, options) {
  const holder = new Holder(parent, options);
  load().then(
    (loaded) => holder.upgrade(loaded),
    (error) => console.warn("The editor is a plain text area, as its module did not load:", error),
  );
  return holder;
}

/**
 * Stands for whichever editor there is, and tells the second what the first was told.
 *
 * @implements {Editor}
 */
class Holder {
  /**
   * @param {HTMLElement} parent
   * @param {EditorOptions} options
   */
  constructor(parent, options) {
    this.parent = parent;
    this.options = { ...options };
    this.key = "";
    this.destroyed = false;
    /** @type {Diagnostic[]} */
    this.diagnostics = [];
    /** @type {Marker[]} */
    this.markers = [];
    /** @type {Highlight[]} */
    this.highlights = [];
    this.vim = false;
    /** @type {Editor} */
    this.inner = new TextArea(parent, this.options);
  }

  /** @param {EditorModule} loaded */
  upgrade(loaded) {
    if (this.destroyed) return;
    const before = /** @type {TextArea} */ (this.inner);
    const focused = document.activeElement === before.element;
    const { selectionStart, selectionEnd } = before.element;
    const editor = loaded.createEditor(this.parent, { ...this.options, text: before.getText() });
    if (this.key !== "") editor.openDocument(this.key, before.getText());
    before.destroy();
    this.inner = editor;
    editor.setDiagnostics(this.diagnostics);
    editor.setMarkers(this.markers);
    editor.setHighlights(this.highlights);
    if (this.vim) editor.setVim(true);
    if (!focused) return;
    editor.select(selectionStart, selectionEnd);
    editor.focus();
  }

  getText() {
    return this.inner.getText();
  }

  /** @param {string} text */
  setText(text) {
    this.inner.setText(text);
  }

  /** @param {string} key @param {string} text */
  openDocument(key, text) {
    this.key = key;
    this.diagnostics = [];
    this.markers = [];
    this.highlights = [];
    this.inner.openDocument(key, text);
  }

  /** @param {string} from @param {string} to */
  renameDocument(from, to) {
    if (this.key === from) this.key = to;
    this.inner.renameDocument(from, to);
  }

  /** @param {Diagnostic[]} diagnostics */
  setDiagnostics(diagnostics) {
    this.diagnostics = diagnostics;
    this.inner.setDiagnostics(diagnostics);
  }

  /** @param {Marker[]} markers */
  setMarkers(markers) {
    this.markers = markers;
    this.inner.setMarkers(markers);
  }

  /** @param {Highlight[]} highlights */
  setHighlights(highlights) {
    this.highlights = highlights;
    this.inner.setHighlights(highlights);
  }

  /** @param {boolean} readOnly */
  setReadOnly(readOnly) {
    this.options.readOnly = readOnly;
    this.inner.setReadOnly(readOnly);
  }

  /** @param {boolean} on */
  setVim(on) {
    this.vim = on;
    this.inner.setVim(on);
  }

  /** @param {string} label @param {string} hint @param {Record<string, string>} phrases */
  setWords(label, hint, phrases) {
    Object.assign(this.options, { label, hint, phrases });
    this.inner.setWords(label, hint, phrases);
  }

  focus() {
    this.inner.focus();
  }

  /** @param {number} line @param {number} [column] */
  revealLine(line, column) {
    this.inner.revealLine(line, column);
  }

  /** @param {number} from @param {number} to */
  select(from, to) {
    this.inner.select(from, to);
  }

  /** @param {number} line @param {number} column */
  offsetAt(line, column) {
    return this.inner.offsetAt(line, column);
  }

  /** @param {number} offset */
  lineAt(offset) {
    return this.inner.lineAt(offset);
  }

  /** @param {number} offset */
  columnAt(offset) {
    return this.inner.columnAt(offset);
  }

  kind() {
    return this.inner.kind();
  }

  destroy() {
    this.destroyed = true;
    this.inner.destroy();
  }
}

/**
 * The editor without CodeMirror: no colours, no underlines, no completion.
 *
 * @implements {Editor}
 */
class TextArea {
  /**
   * @param {HTMLElement} parent
   * @param {EditorOptions} options
   */
  constructor(parent, options) {
    this.options = options;
    const element = document.createElement("textarea");
    this.element = element;
    element.className = "editor-textarea";
    element.value = options.text;
    // A browser puts the cursor behind a text that a script has set; an editor opens at its beginning.
    element.setSelectionRange(0, 0);
    element.readOnly = options.readOnly ?? false;
    element.spellcheck = false;
    element.autocapitalize = "off";
    element.wrap = "off";
    element.style.cssText = "box-sizing: border-box; width: 100%; height: 100%; resize: none; font-family: monospace";
    element.setAttribute("aria-label", options.label);
    if (options.name) element.dataset.editor = options.name;
    this.key = "";
    this.told = element.value;
    element.addEventListener("input", () => this.changed());
    element.addEventListener("keydown", (event) => this.pressed(event));
    element.addEventListener("selectionchange", () => this.moved());
    parent.append(element);
  }

  changed() {
    if (this.told === this.element.value) return;
    this.told = this.element.value;
    this.options.onChange?.(this.told, this.key);
  }

  /** @param {KeyboardEvent} event */
  pressed(event) {
    if (!(event.ctrlKey || event.metaKey) || !["Enter", "s"].includes(event.key)) return;
    event.preventDefault();
    this.options.onSubmit?.(this.element.value, this.key);
  }

  moved() {
    const offset = this.element.selectionEnd;
    this.options.onCursor?.(this.lineAt(offset), this.columnAt(offset), offset);
  }

  getText() {
    return this.element.value;
  }

  /** @param {string} text */
  setText(text) {
    if (text !== this.element.value) this.element.value = text;
    this.told = this.element.value;
  }

  /** @param {string} key @param {string} text */
  openDocument(key, text) {
    this.key = key;
    this.setText(text);
  }

  /** @param {string} from @param {string} to */
  renameDocument(from, to) {
    if (this.key === from) this.key = to;
  }

  /** @param {Diagnostic[]} diagnostics */
  setDiagnostics(diagnostics) {
    const invalid = diagnostics.some((diagnostic) => diagnostic.severity === "error");
    this.element.setAttribute("aria-invalid", String(invalid));
  }

  /** @param {Marker[]} _markers */
  setMarkers(_markers) {}

  /** @param {Highlight[]} _highlights */
  setHighlights(_highlights) {}

  /** @param {boolean} readOnly */
  setReadOnly(readOnly) {
    this.element.readOnly = readOnly;
  }

  /** A text area has but its own keys. @param {boolean} _on */
  setVim(_on) {}

  /** @param {string} label @param {string} _hint @param {Record<string, string>} _phrases */
  setWords(label, _hint, _phrases) {
    this.element.setAttribute("aria-label", label);
  }

  focus() {
    this.element.focus();
  }

  /** @param {number} line @param {number} [column] */
  revealLine(line, column = 1) {
    const offset = this.offsetAt(line, column);
    this.select(offset, offset);
    const height = this.element.scrollHeight / Math.max(this.lineAt(this.element.value.length), 1);
    this.element.scrollTop = Math.max((line - 1) * height - this.element.clientHeight / 2, 0);
  }

  /** @param {number} from @param {number} to */
  select(from, to) {
    this.element.setSelectionRange(from, to);
  }

  /** @param {number} line @param {number} column */
  offsetAt(line, column) {
    const text = this.element.value;
    let start = 0;
    for (let at = 1; at < line; at += 1) {
      const next = text.indexOf("\n", start);
      if (next < 0) break;
      start = next + 1;
    }
    const end = text.indexOf("\n", start);
    return Math.min(start + Math.max(column - 1, 0), end < 0 ? text.length : end);
  }

  /** @param {number} offset */
  lineAt(offset) {
    return this.element.value.slice(0, offset).split("\n").length;
  }

  /** @param {number} offset */
  columnAt(offset) {
    return offset - this.element.value.lastIndexOf("\n", offset - 1);
  }

  /** @returns {"textarea"} */
  kind() {
    return "textarea";
  }

  destroy() {
    this.element.remove();
  }
}
