// Which texts are coloured. The parser behind the colours is made for texts that people write: one that is
// nested 10,000 deep overflows its stack, and one of many megabytes keeps it busy for seconds.

import type { Text } from "@codemirror/state";

/** From here on (UTF-16 units) a text is not coloured, nor handed around as a whole at every key. */
export const BIG = 512 * 1024;
/** Deeper than any manifest, and far from the parser's limit. */
const DEEPEST = 300;

/** Is this a text that the parser can be given at every key? */
export function isParsable(doc: Text): boolean {
  if (doc.length >= BIG) return false;
  const depth = { flow: 0, line: 0, atStart: true };
  for (const chunk of doc.iter()) if (nestsTooDeep(chunk, depth)) return false;
  return true;
}

/**
 * Counts brackets, and at a line's start spaces and the dashes of lists in lists. It knows nothing of
 * strings and comments: a text wrongly taken for deep only loses its colours.
 */
function nestsTooDeep(chunk: string, depth: { flow: number; line: number; atStart: boolean }): boolean {
  for (let at = 0; at < chunk.length; at += 1) {
    const character = chunk[at];
    if (character === "\n") {
      depth.line = 0;
      depth.atStart = true;
    } else if (depth.atStart && (character === " " || character === "-" || character === "?")) {
      depth.line += 1;
    } else {
      depth.atStart = false;
      if (character === "[" || character === "{") depth.flow += 1;
      else if ((character === "]" || character === "}") && depth.flow > 0) depth.flow -= 1;
    }
    if (depth.flow > DEEPEST || depth.line > 2 * DEEPEST) return true;
  }
  return false;
}
