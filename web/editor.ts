// The text editor of the page: CodeMirror with what a manifest needs and no more.
// esbuild bundles this file to one module; web/loader.js fetches it when the page already stands.

import {
  acceptCompletion,
  autocompletion,
  closeBrackets,
  closeBracketsKeymap,
  completionKeymap,
  insertCompletionText,
  pickedCompletion,
  startCompletion,
  type Completion as CodeMirrorCompletion,
  type CompletionContext,
  type CompletionResult,
} from "@codemirror/autocomplete";
import { defaultKeymap, history, historyKeymap, indentLess, indentMore, isolateHistory } from "@codemirror/commands";
import { yaml } from "@codemirror/lang-yaml";
import { bracketMatching, codeFolding, foldGutter, foldKeymap, indentUnit, syntaxHighlighting } from "@codemirror/language";
import { type Diagnostic as Lint, forEachDiagnostic, lintGutter, lintKeymap, setDiagnostics } from "@codemirror/lint";
import { search, searchKeymap } from "@codemirror/search";
import { Annotation, Compartment, EditorState, Prec, Text, Transaction, type Extension } from "@codemirror/state";
import {
  EditorView,
  highlightActiveLine,
  highlightActiveLineGutter,
  highlightSpecialChars,
  hoverTooltip,
  keymap,
  lineNumbers,
  type Tooltip,
  type ViewUpdate,
} from "@codemirror/view";
import type { Completion, Diagnostic, Editor, EditorOptions, Fix, Highlight, Marker } from "./editor-api.ts";
import { BIG, isParsable } from "./editor-limits.ts";
import { highlightField, markerGutter, setHighlightsEffect, setMarkersEffect } from "./editor-marks.ts";
import { highlightStyle, theme } from "./editor-theme.ts";

export type * from "./editor-api.ts";

const BIG_PAUSE_MS = 300;
/** More underlines than these tell nobody anything, and cost time at every key. */
const MOST_DIAGNOSTICS = 500;

const LANGUAGE: Extension = yaml();
const NONE: Extension = [];

const fromOutside = Annotation.define<boolean>();

/** Creates an editor that fills `parent`. */
export function createEditor(parent: HTMLElement, options: EditorOptions): Editor {
  return new CodeMirrorEditor(parent, options);
}

class CodeMirrorEditor implements Editor {
  private readonly view: EditorView;
  private readonly readOnly = new Compartment();
  private readonly words = new Compartment();
  private readonly language = new Compartment();
  private readonly keys = new Compartment();
  private readonly hint: HTMLElement;
  private readonly extensions: Extension;
  private readonly kept = new Map<string, { state: EditorState; scroll: number }>();
  private key = "";
  private owed: ReturnType<typeof setTimeout> | undefined;
  private cursorOwed = false;
  private destroyed = false;
  private isReadOnly: boolean;
  private wantsVim = false;
  /** Vim's keys, once they have come. */
  private vim: Extension | undefined;
  private label: string;
  private phrases: Record<string, string>;

  constructor(
    parent: HTMLElement,
    private readonly options: EditorOptions,
  ) {
    this.isReadOnly = options.readOnly ?? false;
    this.label = options.label;
    this.phrases = options.phrases ?? {};
    this.hint = document.createElement("span");
    this.hint.id = `editor-hint-${Math.floor(performance.now() * 1000)}-${parent.childElementCount}`;
    this.hint.hidden = true;
    this.hint.textContent = options.hint ?? "";
    this.extensions = this.makeExtensions();
    this.view = new EditorView({ state: this.makeState(options.text), parent });
    parent.append(this.hint);
  }

  getText(): string {
    return this.view.state.doc.toString();
  }

  setText(text: string): void {
    const change = difference(this.view.state.doc, this.view.state.toText(text));
    if (!change) return;
    this.view.dispatch({ changes: change, annotations: [fromOutside.of(true), isolateHistory.of("full")] });
  }

  openDocument(key: string, text: string): void {
    if (key === this.key) return this.setText(text);
    this.settleLater();
    this.kept.set(this.key, { state: this.view.state, scroll: this.view.scrollDOM.scrollTop });
    const before = this.kept.get(key);
    this.kept.delete(key);
    this.key = key;
    this.view.setState(before?.state ?? this.makeState(text));
    const effects = [this.readOnlyEffect(), this.wordsEffect(), this.keysEffect()];
    // What is typed now is a step of its own, however little time has passed.
    this.view.dispatch({ effects, annotations: isolateHistory.of("full") });
    this.setText(text);
    this.view.scrollDOM.scrollTop = before?.scroll ?? 0;
  }

  renameDocument(from: string, to: string): void {
    if (from === this.key) {
      this.settle();
      this.key = to;
      return;
    }
    const kept = this.kept.get(from);
    this.kept.delete(from);
    if (kept) this.kept.set(to, kept);
  }

  setDiagnostics(diagnostics: Diagnostic[]): void {
    const end = this.view.state.doc.length;
    const shown = diagnostics.slice(0, MOST_DIAGNOSTICS).map((diagnostic) => {
      const [from, to] = clamp(diagnostic, end);
      const { severity, message, source, fixes = [] } = diagnostic;
      const actions = fixes.map((fix) => ({ name: fix.title, apply: (view: EditorView) => mend(view, fix) }));
      return { from, to, severity, message, source, actions, renderMessage: () => messageOf(diagnostic) };
    });
    this.view.dispatch(setDiagnostics(this.view.state, shown));
  }

  setMarkers(markers: Marker[]): void {
    this.view.dispatch({ effects: setMarkersEffect.of(markers) });
  }

  setHighlights(highlights: Highlight[]): void {
    const end = this.view.state.doc.length;
    const inside = highlights.map((highlight) => {
      const [from, to] = clamp(highlight, end);
      return { from, to, className: highlight.className };
    });
    this.view.dispatch({ effects: setHighlightsEffect.of(inside) });
  }

  setReadOnly(readOnly: boolean): void {
    if (readOnly === this.isReadOnly) return;
    this.isReadOnly = readOnly;
    this.view.dispatch({ effects: this.readOnlyEffect() });
  }

  setVim(on: boolean): void {
    this.wantsVim = on;
    if (!on || this.vim) return this.takeKeys();
    import("./editor-vim.ts").then(
      ({ vimKeys }) => {
        this.vim = vimKeys(() => this.submit());
        this.takeKeys();
      },
      (error) => console.warn("The editor keeps its usual keys, as Vim's did not load:", error),
    );
  }

  setWords(label: string, hint: string, phrases: Record<string, string>): void {
    this.label = label;
    this.hint.textContent = hint;
    this.phrases = phrases;
    this.view.dispatch({ effects: this.wordsEffect() });
  }

  focus(): void {
    this.view.focus();
  }

  revealLine(line: number, column = 1): void {
    const offset = this.offsetAt(line, column);
    this.select(offset, offset);
  }

  select(from: number, to: number): void {
    const [anchor, head] = clamp({ from, to }, this.view.state.doc.length);
    const effects = EditorView.scrollIntoView(anchor, { y: "center" });
    this.view.dispatch({ selection: { anchor, head }, effects });
  }

  offsetAt(line: number, column: number): number {
    const { doc } = this.view.state;
    const at = doc.line(Math.min(Math.max(Math.trunc(line) || 1, 1), doc.lines));
    return Math.min(at.from + Math.max((Math.trunc(column) || 1) - 1, 0), at.to);
  }

  lineAt(offset: number): number {
    return this.lineOf(offset).number;
  }

  columnAt(offset: number): number {
    const line = this.lineOf(offset);
    return Math.min(Math.max(Math.trunc(offset) || 0, 0), line.to) - line.from + 1;
  }

  kind(): "codemirror" {
    return "codemirror";
  }

  destroy(): void {
    clearTimeout(this.owed);
    this.destroyed = true;
    this.view.destroy();
    this.hint.remove();
  }

  private lineOf(offset: number) {
    const { doc } = this.view.state;
    return doc.lineAt(Math.min(Math.max(Math.trunc(offset) || 0, 0), doc.length));
  }

  private makeState(text: string): EditorState {
    const doc = Text.of(text.split(/\r\n?|\n/));
    return EditorState.create({ doc, extensions: [this.extensions, this.language.of(this.languageFor(doc))] });
  }

  private languageFor(doc: Text): Extension {
    return this.options.language !== "text" && isParsable(doc) ? LANGUAGE : NONE;
  }

  private makeExtensions(): Extension {
    const submit = { preventDefault: true, run: () => this.submit() };
    return [
      this.keys.of(NONE),
      Prec.highest(
        keymap.of([
          { key: "Mod-Enter", ...submit },
          { key: "Mod-s", ...submit },
          { key: "Mod-.", run: (view) => fixHere(view), preventDefault: true },
        ]),
      ),
      lineNumbers(),
      markerGutter,
      lintGutter(),
      codeFolding(),
      foldGutter(),
      highlightField,
      highlightSpecialChars(),
      highlightActiveLine(),
      highlightActiveLineGutter(),
      history(),
      bracketMatching(),
      closeBrackets(),
      search({ top: true }),
      autocompletion({ override: [(context) => this.completions(context)], icons: false }),
      hoverTooltip((view, offset) => this.hovered(view, offset)),
      indentUnit.of("  "),
      EditorState.tabSize.of(2),
      EditorState.transactionExtender.of((transaction) => this.languageEffect(transaction)),
      syntaxHighlighting(highlightStyle),
      theme,
      keymap.of([
        // Escape, then Tab leaves the editor: CodeMirror's own rule, which hint tells.
        { key: "Tab", run: acceptCompletion },
        { key: "Tab", run: indentMore, shift: indentLess },
        ...closeBracketsKeymap,
        ...completionKeymap,
        ...searchKeymap,
        ...historyKeymap,
        ...lintKeymap,
        ...foldKeymap,
        { key: "Enter", run: indentBelowKey },
        ...defaultKeymap,
      ]),
      EditorView.updateListener.of((update) => this.updated(update)),
      this.readOnly.of(this.readOnlyExtension()),
      this.words.of(this.wordsExtension()),
    ];
  }

  private readOnlyExtension(): Extension {
    return [
      EditorState.readOnly.of(this.isReadOnly),
      EditorView.contentAttributes.of({ "aria-readonly": String(this.isReadOnly) }),
    ];
  }

  private wordsExtension(): Extension {
    // The tab index says that the keyboard reaches it, and with it what scrolls around it.
    const attributes: Record<string, string> = { "aria-label": this.label, "aria-describedby": this.hint.id, tabindex: "0" };
    if (this.options.name) attributes["data-editor"] = this.options.name;
    return [EditorView.contentAttributes.of(attributes), EditorState.phrases.of(this.phrases)];
  }

  /** Colours go and come with what the text has become, before anything parses it. */
  private languageEffect(transaction: Transaction) {
    if (!transaction.docChanged) return null;
    const wanted = this.languageFor(transaction.newDoc);
    if (wanted === this.language.get(transaction.startState)) return null;
    return { effects: this.language.reconfigure(wanted) };
  }

  private keysEffect() {
    return this.keys.reconfigure((this.wantsVim ? this.vim : undefined) ?? NONE);
  }

  private takeKeys(): void {
    if (!this.destroyed) this.view.dispatch({ effects: this.keysEffect() });
  }

  private readOnlyEffect() {
    return this.readOnly.reconfigure(this.readOnlyExtension());
  }

  private wordsEffect() {
    return this.words.reconfigure(this.wordsExtension());
  }

  private updated(update: ViewUpdate): void {
    if (update.docChanged && !update.transactions.every((one) => one.annotation(fromOutside))) this.owe();
    if (update.docChanged || update.selectionSet) this.tellCursor();
  }

  /** After the task, as whoever moved the cursor by a method here may not be ready for a call. */
  private tellCursor(): void {
    const { onCursor } = this.options;
    if (!onCursor || this.cursorOwed) return;
    this.cursorOwed = true;
    queueMicrotask(() => {
      this.cursorOwed = false;
      if (this.destroyed) return;
      const offset = this.view.state.selection.main.head;
      const line = this.view.state.doc.lineAt(offset);
      onCursor(line.number, offset - line.from + 1, offset);
    });
  }

  private owe(): void {
    if (!this.options.onChange) return;
    const wait = this.view.state.doc.length < BIG ? 0 : BIG_PAUSE_MS;
    if (this.owed !== undefined) {
      if (wait === 0) return;
      clearTimeout(this.owed);
    }
    this.owed = setTimeout(() => this.settle(), wait);
  }

  /** Says now what onChange still owes. */
  private settle(): void {
    if (this.owed === undefined) return;
    clearTimeout(this.owed);
    this.owed = undefined;
    this.options.onChange?.(this.getText(), this.key);
  }

  /** The same, for a document that goes: what it was is remembered, and said after this task. */
  private settleLater(): void {
    if (this.owed === undefined) return;
    clearTimeout(this.owed);
    this.owed = undefined;
    const { key } = this;
    const text = this.getText();
    setTimeout(() => {
      if (!this.destroyed) this.options.onChange?.(text, key);
    });
  }

  private submit(): boolean {
    this.settle();
    this.options.onSubmit?.(this.getText(), this.key);
    return true;
  }

  private async completions(context: CompletionContext): Promise<CompletionResult | null> {
    const { complete } = this.options;
    if (!complete || context.state.readOnly || context.state.doc.length >= BIG) return null;
    const answer = await complete(context.state.doc.toString(), context.pos, context.explicit);
    if (!answer || answer.options.length === 0) return null;
    const from = Math.min(Math.max(answer.from, 0), context.pos);
    return { from, options: answer.options.map(option), validFor: /^[\w./:-]*$/ };
  }

  private async hovered(view: EditorView, offset: number): Promise<Tooltip | null> {
    const { hover } = this.options;
    if (!hover || view.state.doc.length >= BIG) return null;
    const answer = await hover(view.state.doc.toString(), offset);
    if (!answer) return null;
    const [pos, end] = clamp(answer, view.state.doc.length);
    return { pos, end, above: true, create: () => ({ dom: hoverCard(answer.text) }) };
  }
}

function mend(view: EditorView, fix: Fix): void {
  const end = view.state.doc.length;
  const changes = fix.edits.map((edit) => {
    const [from, to] = clamp(edit, end);
    return { from, to, insert: edit.insert };
  });
  view.dispatch({ changes, annotations: isolateHistory.of("full"), userEvent: "input.fix" });
  view.focus();
}

/** Does the first fix of a mistake in the cursor's line; without one there, of the first mistake that has one. */
function fixHere(view: EditorView): boolean {
  const line = view.state.doc.lineAt(view.state.selection.main.head);
  const found: { here?: Lint; first?: Lint } = {};
  forEachDiagnostic(view.state, (diagnostic, from, to) => {
    if (!diagnostic.actions?.length) return;
    found.first ??= diagnostic;
    if (from <= line.to && to >= line.from) found.here ??= diagnostic;
  });
  const diagnostic = found.here ?? found.first;
  diagnostic?.actions?.[0]?.apply(view, diagnostic.from, diagnostic.to);
  return diagnostic !== undefined;
}

/** Puts in what is chosen; where a value or a block begins behind it, what fits there is offered at once. */
function option({ apply, ...shown }: Completion): CodeMirrorCompletion {
  if (apply === undefined) return shown;
  const put = (view: EditorView, chosen: CodeMirrorCompletion, from: number, to: number) => {
    view.dispatch(insertCompletionText(view.state, apply, from, to), {
      annotations: pickedCompletion.of(chosen),
      scrollIntoView: true,
    });
    if (/\s$/.test(apply)) startCompletion(view);
  };
  return { ...shown, apply: put };
}

/** Behind a key without a value the next line is one step deeper; behind a dash it stands where its text does. */
function indentBelowKey(view: EditorView): boolean {
  const { state } = view;
  const { head, empty } = state.selection.main;
  const line = state.doc.lineAt(head);
  const before = line.text.slice(0, head - line.from);
  if (!empty || state.readOnly || head !== line.to) return false;
  const [, blanks = "", dash = ""] = /^(\s*)((?:- +)*)/.exec(before) ?? [];
  const depth = blanks.length + dash.length;
  const isOpen = /^[^#]*[\w"'.\/-]:\s*(?:[|>][-+]?)?$/.test(before);
  if (!isOpen && dash === "") return false;
  const indent = " ".repeat(isOpen ? depth + 2 : depth);
  view.dispatch(state.replaceSelection(`\n${indent}`), { scrollIntoView: true, userEvent: "input" });
  return true;
}

/** The smallest change that makes one text of the other: what both begin and end with stays. */
function difference(before: Text, after: Text): { from: number; to: number; insert: Text } | undefined {
  if (before.eq(after)) return undefined;
  const old = before.toString();
  const now = after.toString();
  const most = Math.min(old.length, now.length);
  let start = 0;
  while (start < most && old.charCodeAt(start) === now.charCodeAt(start)) start += 1;
  let end = 0;
  while (
    end < most - start &&
    old.charCodeAt(old.length - 1 - end) === now.charCodeAt(now.length - 1 - end)
  ) {
    end += 1;
  }
  return { from: start, to: old.length - end, insert: after.slice(start, now.length - end) };
}

function clamp(range: { from: number; to: number }, end: number): [number, number] {
  const from = Math.min(Math.max(Math.trunc(range.from) || 0, 0), end);
  return [from, Math.min(Math.max(Math.trunc(range.to) || 0, from), end)];
}

function messageOf(diagnostic: Diagnostic): Node {
  const whole = document.createElement("div");
  whole.append(line("cm-diagnosticMessage", diagnostic.message));
  if (diagnostic.help) whole.append(line("cm-diagnosticHelp", diagnostic.help));
  return whole;
}

function hoverCard(text: string): HTMLElement {
  const card = document.createElement("div");
  card.className = "cm-hoverCard";
  const [first = "", ...rest] = text.split("\n");
  card.append(line("cm-hoverTitle", first));
  if (rest.length > 0) card.append(line("cm-hoverText", rest.join("\n")));
  return card;
}

function line(className: string, text: string): HTMLElement {
  const element = document.createElement("div");
  element.className = className;
  element.textContent = text;
  return element;
}
