// @ts-check
// Lights up a name wherever it is written: in the console, in lists, in YAML. wasm-bindgen takes this file as it is
// (src/names.rs). Browsers without the CSS Custom Highlight API show the rest of the page as it is.

/** Where names are looked for. */
const REGIONS = ".console-out, .events, [data-region=messages], .yaml, .cm-content, .facts-list";
/** More places are not marked: nobody looks through them. */
const MOST = 300;
/** Text that comes is looked through once in this time at most. In milliseconds. */
const PAUSE = 200;
/** Letters that a name may have before or behind it and be another name. */
const LETTER = /[A-Za-z0-9_.-]/;

/** @type {string} */
let name = "";
/** @type {MutationObserver | undefined} */
let observer;
let waiting = false;

/** @param {Text} node @param {Range[]} found */
function search(node, found) {
  for (let at = node.data.indexOf(name); at >= 0; at = node.data.indexOf(name, at + name.length)) {
    const end = at + name.length;
    // A name may end a sentence.
    const behind = node.data.slice(end, end + 2);
    if (LETTER.test(node.data[at - 1] ?? "") || (LETTER.test(behind[0] ?? "") && !/^\.(\s|$)/.test(behind))) continue;
    const range = new Range();
    range.setStart(node, at);
    range.setEnd(node, end);
    found.push(range);
  }
}

function look() {
  waiting = false;
  /** @type {Range[]} */
  const found = [];
  for (const region of document.querySelectorAll(REGIONS)) {
    const walker = document.createTreeWalker(region, NodeFilter.SHOW_TEXT);
    for (let node = walker.nextNode(); node && name && found.length < MOST; node = walker.nextNode()) {
      search(/** @type {Text} */ (node), found);
    }
  }
  if (found.length > 0) CSS.highlights.set("selected-name", new Highlight(...found));
  else CSS.highlights.delete("selected-name");
}

function lookSoon() {
  if (waiting) return;
  waiting = true;
  setTimeout(look, PAUSE);
}

/**
 * From now on this name is lit up; nothing if it is empty.
 *
 * @param {string} selected
 */
export function lightName(selected) {
  if (!("highlights" in CSS) || selected === name) return;
  name = selected;
  look();
  observer?.disconnect();
  if (name === "") return;
  observer = new MutationObserver((changes) => {
    const inRegion = (/** @type {Node} */ node) => (node instanceof Element ? node : node.parentElement)?.closest(REGIONS);
    if (changes.some((change) => inRegion(change.target))) lookSoon();
  });
  observer.observe(document.body, { childList: true, characterData: true, subtree: true });
}

/**
 * The word below the pointer, of letters that names have; empty if there is none.
 *
 * @param {number} x
 * @param {number} y
 * @returns {string}
 */
export function wordAt(x, y) {
  const old = /** @type {{caretRangeFromPoint?: (x: number, y: number) => Range | null}} */ (document);
  const place = document.caretPositionFromPoint?.(x, y);
  const range = place ? undefined : old.caretRangeFromPoint?.(x, y);
  const node = place?.offsetNode ?? range?.startContainer;
  const at = place?.offset ?? range?.startOffset ?? 0;
  if (!(node instanceof Text)) return "";
  const before = /[A-Za-z0-9.-]*$/.exec(node.data.slice(0, at))?.[0] ?? "";
  const behind = /^[A-Za-z0-9.-]*/.exec(node.data.slice(at))?.[0] ?? "";
  return before + behind;
}
