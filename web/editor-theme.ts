// The editor's colours: the page's custom properties where it sets them, else a pair for light and dark.

import { HighlightStyle } from "@codemirror/language";
import { EditorView } from "@codemirror/view";
import { tags } from "@lezer/highlight";

const colour = (name: string, light: string, dark: string) => `var(--editor-${name}, light-dark(${light}, ${dark}))`;

const text = colour("text", "#1f2430", "#e3e7ef");
const muted = colour("muted", "#5a6272", "#99a2b3");
const background = colour("background", "#ffffff", "#14171d");
const raised = colour("raised", "#f4f6f9", "#1d222b");
const border = colour("border", "#c3cad6", "#3a4250");
const selection = colour("selection", "#cfe0ff", "#2d4371");
const error = colour("error", "#b3261e", "#ff8f86");
const warning = colour("warning", "#8a5a00", "#f2bd5a");
const focus = colour("focus", "#2457c5", "#8fb2ff");

export const theme = EditorView.theme({
  "&": { color: text, backgroundColor: background, height: "100%", fontSize: "var(--editor-font-size, 0.8125rem)" },
  "&.cm-focused": { outline: "none" },
  // Drawn above the gutter and inside the box, where nothing hides or cuts it.
  "&.cm-focused::after": {
    content: '""',
    position: "absolute",
    inset: "0",
    border: `2px solid ${focus}`,
    pointerEvents: "none",
    zIndex: "300",
  },
  ".cm-scroller": { fontFamily: "var(--editor-font, ui-monospace, monospace)", lineHeight: "1.5", overflow: "auto" },
  ".cm-content": { caretColor: text, padding: "0.5em 0" },
  ".cm-gutters": { color: muted, backgroundColor: background, border: "none" },
  ".cm-activeLine, .cm-activeLineGutter": { backgroundColor: colour("active-line", "#5a62720f", "#99a2b314") },
  ".cm-content ::selection, .cm-line::selection": { backgroundColor: selection },
  ".cm-matchingBracket": { backgroundColor: selection, outline: `1px solid ${border}` },
  ".cm-searchMatch": { backgroundColor: colour("match", "#ffe28a", "#6b5410") },
  ".cm-searchMatch-selected": { outline: `2px solid ${focus}` },
  ".cm-specialChar": { color: error },
  ".cm-sign": { padding: "0 0.25em" },

  ".cm-panels, .cm-tooltip": { color: text, backgroundColor: raised, border: `1px solid ${border}` },
  ".cm-panel button, .cm-button": { color: text, background: background, border: `1px solid ${border}`, borderRadius: "4px" },
  ".cm-textfield": { color: text, backgroundColor: background, border: `1px solid ${border}` },
  ".cm-tooltip": { borderRadius: "6px", maxWidth: "min(34rem, 90vw)" },
  ".cm-tooltip-autocomplete > ul": { fontFamily: "var(--editor-font, ui-monospace, monospace)", maxHeight: "14em" },
  ".cm-tooltip-autocomplete > ul > li[aria-selected]": { color: text, backgroundColor: selection },
  ".cm-completionDetail": { color: muted, fontStyle: "normal" },
  // It stands beside the list, outside of its box.
  ".cm-tooltip.cm-completionInfo": { width: "min(24em, 60vw)", maxWidth: "none", padding: "0.5em 0.75em", fontFamily: "var(--sans, sans-serif)", overflowWrap: "anywhere", whiteSpace: "pre-line" },
  ".cm-hoverCard": { padding: "0.5em 0.75em", fontSize: "var(--editor-font-size, 0.8125rem)", overflowWrap: "anywhere" },
  ".cm-hoverTitle": { fontWeight: "600" },
  ".cm-hoverText": { whiteSpace: "pre-line" },

  ".cm-lintRange-error": { backgroundImage: "none", textDecoration: `underline wavy ${error}` },
  ".cm-lintRange-warning": { backgroundImage: "none", textDecoration: `underline wavy ${warning}` },
  ".cm-lintRange-info, .cm-lintRange-hint": { backgroundImage: "none", textDecoration: `underline dotted ${muted}` },
  ".cm-diagnostic": { padding: "0.5em 0.75em", fontSize: "var(--editor-font-size, 0.8125rem)" },
  ".cm-diagnostic-error": { borderLeft: `4px solid ${error}` },
  ".cm-diagnostic-warning": { borderLeft: `4px solid ${warning}` },
  ".cm-diagnosticMessage": { whiteSpace: "pre-wrap", overflowWrap: "anywhere" },
  ".cm-diagnosticHelp": { color: muted, marginTop: "0.25em" },
});

export const highlightStyle = HighlightStyle.define([
  { tag: [tags.definition(tags.propertyName), tags.propertyName], color: colour("key", "#0b5cad", "#8cc2ff") },
  { tag: [tags.string, tags.special(tags.string)], color: colour("string", "#12692f", "#86d69b") },
  { tag: [tags.comment, tags.lineComment], color: muted },
  { tag: [tags.meta, tags.processingInstruction], color: colour("meta", "#7a3fb0", "#cfa4f7") },
  { tag: [tags.labelName, tags.typeName], color: colour("anchor", "#9a3b00", "#ffb184") },
  { tag: [tags.keyword, tags.bool, tags.null, tags.number], color: colour("value", "#9a3b00", "#ffb184") },
  { tag: [tags.punctuation, tags.separator, tags.bracket], color: muted },
  { tag: tags.invalid, color: error },
]);
