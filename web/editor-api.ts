// What the page and its text editor say to each other. web/editor.ts fills it with CodeMirror,
// web/loader.js with a plain <textarea> until that has arrived; src/editor_js.rs is Rust's side.
//
// Offsets count UTF-16 code units from 0, lines and columns count from 1. Every line break is one "\n":
// whatever was given to the editor, it is the text that getText and onChange give back that offsets
// refer to.

export interface EditorOptions {
  /** The text to begin with. */
  text: string;
  /** The accessible name: "DaemonSet manifest". */
  label: string;
  /** Becomes data-editor on the element that holds the text. */
  name?: string;
  /** Read out after the name; says how the keyboard leaves the editor. */
  hint?: string;
  /** Highlighting and indentation; "yaml" unless told. */
  language?: "yaml" | "text";
  readOnly?: boolean;
  /** The editor's own words in another language: CodeMirror's phrases. */
  phrases?: Record<string, string>;
  /**
   * The person changed the text of the document `key`; setText and openDocument do not call it. Changes
   * within one task come as one call; from 512 Ki characters on, a pause in typing is awaited first. The
   * call is a task of its own, never inside a call of a method here.
   */
  onChange?: (text: string, key: string) => void;
  /** Ctrl/Cmd+Enter or Ctrl/Cmd+S. What onChange still owed has been said before. */
  onSubmit?: (text: string, key: string) => void;
  /** The cursor moved. Several moves within one task come as one call, after it. */
  onCursor?: (line: number, column: number, offset: number) => void;
  /** What fits at this place; asked while typing and on Ctrl+Space. Not asked from 512 Ki characters on. */
  complete?: (text: string, offset: number, explicit: boolean) => Answer<Completions>;
  /** What the pointer rests on. Not asked from 512 Ki characters on. */
  hover?: (text: string, offset: number) => Answer<Hover>;
}

export type Answer<T> = T | null | undefined | Promise<T | null | undefined>;

export interface Completions {
  /** Where the word that is being completed begins; the cursor's offset when there is none yet. */
  from: number;
  options: Completion[];
}

export interface Completion {
  label: string;
  /** Stands behind the label: the type. */
  detail?: string;
  /** Stands beside the list: what it is for. Text, never markup. */
  info?: string;
  /** What is put in, when it is not the label. */
  apply?: string;
  /** Higher comes first, -99 to 99; 0 unless told. */
  boost?: number;
}

export interface Hover {
  from: number;
  to: number;
  /** Text, never markup; the first line stands out. */
  text: string;
}

export interface Diagnostic {
  from: number;
  to: number;
  severity: "error" | "warning" | "info" | "hint";
  /** The real program's words. */
  message: string;
  /** One plain sentence that helps. */
  help?: string;
  /** Where the message comes from: "kubectl", "kubelet". */
  source?: string;
  /** What mends it, the likeliest first: buttons beside the message; Ctrl/Cmd+. does the first. */
  fixes?: Fix[];
}

export interface Fix {
  /** What the button says. */
  title: string;
  /** In the order of the text; none overlaps another. */
  edits: { from: number; to: number; insert: string }[];
}

/** A sign beside a line. Gutters are not read out: say the same elsewhere on the page as text. */
export interface Marker {
  line: number;
  /** One or two characters. */
  glyph: string;
  className?: string;
  /** Its words, shown under the pointer. */
  title: string;
}

/** A range drawn in a way that the style sheet says. */
export interface Highlight {
  from: number;
  to: number;
  className: string;
}

export interface Editor {
  getText(): string;
  /** Puts another text in, leaving cursor and undo as they are where the texts agree. */
  setText(text: string): void;
  /**
   * Shows another document. The one that goes keeps its cursor, scroll and undo under its key, and has
   * them again when it comes back. The key of the first document is "".
   */
  openDocument(key: string, text: string): void;
  /** The same document has another key from now on, and keeps its cursor, scroll and undo. */
  renameDocument(from: string, to: string): void;
  setDiagnostics(diagnostics: Diagnostic[]): void;
  setMarkers(markers: Marker[]): void;
  setHighlights(highlights: Highlight[]): void;
  setReadOnly(readOnly: boolean): void;
  /** Vim's keys, or the usual ones; they come a moment later when they are wanted for the first time. */
  setVim(on: boolean): void;
  /** Other words for label, hint and phrases: the page's language changed. */
  setWords(label: string, hint: string, phrases: Record<string, string>): void;
  focus(): void;
  /** Moves the cursor there and scrolls it into view; the focus stays where it is. */
  revealLine(line: number, column?: number): void;
  /** Selects a range and scrolls it into view; the focus stays where it is. */
  select(from: number, to: number): void;
  offsetAt(line: number, column: number): number;
  lineAt(offset: number): number;
  columnAt(offset: number): number;
  /** "textarea" until CodeMirror has arrived, or for ever when it cannot. */
  kind(): "codemirror" | "textarea";
  /** Takes the editor away. Nothing is called any more: what onChange still owes, getText gives. */
  destroy(): void;
}

/** web/editor.ts as a module. */
export interface EditorModule {
  createEditor(parent: HTMLElement, options: EditorOptions): Editor;
}
