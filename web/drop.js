// @ts-check
// Files that are dragged: from the computer onto the page, and within the page onto a node. wasm-bindgen takes this
// file as it is (src/dropped.rs).

/** A larger file is no manifest and no session. */
const LARGEST = 4 * 1024 * 1024;
/** What a document of the page is dragged as: its key. */
const DOCUMENT = "application/x-kubestage-document";

/** @param {DragEvent} event @param {string} type */
const carries = (event, type) => event.dataTransfer?.types.includes(type) ?? false;

/** @param {Event} event */
const within = (event) => (event.target instanceof Element ? event.target : undefined);

/** The card of a node below the pointer. @param {Event} event */
const card = (event) => within(event)?.closest(".node[data-node]");

/** The key of the document that an element stands for. @param {Element} element */
function documentKey(element) {
  const own = element.getAttribute("data-own-file");
  return own ? `own/${own}` : `node/${element.getAttribute("data-node")}:${element.getAttribute("data-file")}`;
}

/**
 * Calls `take` with the name and text of each file that is dropped on the page, and with the node whose card it
 * was dropped on, if any; with `undefined` for the text of a file that is too large. Calls `copy` with the key of a
 * document of the page that is dropped on a node's card, and with the node.
 *
 * @param {(name: string, text: string | undefined, node: string | undefined) => void} take
 * @param {(key: string, node: string) => void} copy
 */
export function listenForFiles(take, copy) {
  /** @type {Element | null | undefined} */
  let marked;
  /** @param {Element | null | undefined} element */
  const mark = (element) => {
    if (element !== marked) marked?.removeAttribute("data-drop");
    element?.setAttribute("data-drop", "true");
    marked = element;
  };
  addEventListener("dragstart", (event) => {
    const dragged = within(event)?.closest("[draggable=true]:is([data-own-file], [data-file][data-node])");
    if (!dragged || !event.dataTransfer) return;
    event.dataTransfer.setData(DOCUMENT, documentKey(dragged));
    event.dataTransfer.effectAllowed = "copy";
  });
  addEventListener("dragover", (event) => {
    const files = carries(event, "Files");
    const onto = files || carries(event, DOCUMENT) ? card(event) : undefined;
    if (files || onto) event.preventDefault();
    // What is no node's goes to the desk.
    mark(onto ?? (files ? document.querySelector(".desk") : undefined));
  });
  for (const over of ["dragend", "drop"]) addEventListener(over, () => mark(undefined));
  addEventListener("dragleave", (event) => {
    if (!event.relatedTarget) mark(undefined);
  });
  addEventListener("drop", async (event) => {
    const node = card(event)?.getAttribute("data-node") ?? undefined;
    if (carries(event, DOCUMENT) && node && event.dataTransfer) {
      event.preventDefault();
      copy(event.dataTransfer.getData(DOCUMENT), node);
    }
    if (!carries(event, "Files")) return;
    event.preventDefault();
    for (const file of [...(event.dataTransfer?.files ?? [])]) {
      take(file.name, file.size > LARGEST ? undefined : await file.text(), node);
    }
  });
}
