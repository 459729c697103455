// Vim's keys for the editor: a module of its own, fetched when somebody switches them on.

import { Prec, type Extension } from "@codemirror/state";
import { drawSelection, EditorView, ViewPlugin } from "@codemirror/view";
import { getCM, vim, Vim } from "@replit/codemirror-vim";

/** What `:w` does in each editor. */
const savers = new WeakMap<EditorView, () => void>();

const write = (cm: { cm6: EditorView }) => savers.get(cm.cm6)?.();
Vim.defineEx("write", "w", write);
Vim.defineEx("wq", "wq", write);
Vim.defineEx("xit", "x", write);

/**
 * In normal mode the Tab key leaves the editor, as it does on the rest of the page: Vim has no use for it there. From
 * the other modes Escape leads to normal mode, so that "Escape, then Tab" holds in all of them.
 */
class TabLeaves {
  private readonly follow = (change: { mode: string }) => this.view.setTabFocusMode(change.mode === "normal");

  constructor(
    private readonly view: EditorView,
    save: () => void,
  ) {
    savers.set(view, save);
    getCM(view)?.on("vim-mode-change", this.follow);
    view.setTabFocusMode(true);
  }

  destroy(): void {
    getCM(this.view)?.off("vim-mode-change", this.follow);
    this.view.setTabFocusMode(false);
    savers.delete(this.view);
  }
}

const colours = EditorView.theme({
  "& .cm-fat-cursor": { background: "var(--editor-cursor, light-dark(#2457c5, #8fb2ff)) !important", color: "var(--editor-background, light-dark(#fff, #14171d)) !important" },
  "&:not(.cm-focused) .cm-fat-cursor": { background: "none !important", outline: "1px solid var(--editor-cursor, light-dark(#2457c5, #8fb2ff)) !important" },
  ".cm-selectionBackground, &.cm-focused > .cm-scroller > .cm-selectionLayer .cm-selectionBackground": {
    background: "var(--editor-selection, light-dark(#cfe0ff, #2d4371))",
  },
  ".cm-vim-panel": { padding: "2px 8px", fontFamily: "var(--editor-font, ui-monospace, monospace)", minHeight: "1.6em" },
  ".cm-vim-panel input": { color: "inherit", background: "none", border: "0", outline: "none", font: "inherit" },
});

/** Vim's keys; `save` is what `:w` does. */
export function vimKeys(save: () => void): Extension {
  return [Prec.high(vim({ status: true })), drawSelection(), ViewPlugin.define((view) => new TabLeaves(view, save)), colours];
}
