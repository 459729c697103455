// Signs beside lines and coloured ranges, both given from outside.

import { RangeSet, StateEffect, StateField } from "@codemirror/state";
import { Decoration, EditorView, gutter, GutterMarker, type DecorationSet } from "@codemirror/view";
import type { Highlight, Marker } from "./editor-api.ts";

export const setMarkersEffect = StateEffect.define<Marker[]>();
export const setHighlightsEffect = StateEffect.define<Highlight[]>();

class Sign extends GutterMarker {
  constructor(private readonly marker: Marker) {
    super();
  }

  override eq(other: Sign): boolean {
    const { glyph, className, title } = this.marker;
    return glyph === other.marker.glyph && className === other.marker.className && title === other.marker.title;
  }

  override toDOM(): Node {
    const element = document.createElement("span");
    element.className = `cm-sign ${this.marker.className ?? ""}`;
    element.textContent = this.marker.glyph;
    element.title = this.marker.title;
    return element;
  }
}

const markerField = StateField.define<RangeSet<GutterMarker>>({
  create: () => RangeSet.empty,
  update(signs, transaction) {
    let now = signs.map(transaction.changes);
    for (const effect of transaction.effects) {
      if (!effect.is(setMarkersEffect)) continue;
      const { doc } = transaction.state;
      const ranges = effect.value
        .filter((marker) => marker.line >= 1 && marker.line <= doc.lines)
        .map((marker) => new Sign(marker).range(doc.line(marker.line).from));
      now = RangeSet.of(ranges, true);
    }
    return now;
  },
});

/** Takes no room while there are no signs. */
export const markerGutter = [
  markerField,
  gutter({ class: "cm-signs", renderEmptyElements: false, markers: (view) => view.state.field(markerField) }),
];

export const highlightField = StateField.define<DecorationSet>({
  create: () => Decoration.none,
  update(decorations, transaction) {
    let now = decorations.map(transaction.changes);
    for (const effect of transaction.effects) {
      if (!effect.is(setHighlightsEffect)) continue;
      const ranges = effect.value
        .filter((highlight) => highlight.to > highlight.from)
        .map((highlight) => Decoration.mark({ class: highlight.className }).range(highlight.from, highlight.to));
      now = Decoration.set(ranges, true);
    }
    return now;
  },
  provide: (field) => EditorView.decorations.from(field),
});
