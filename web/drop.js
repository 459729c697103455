// @ts-check
// Files that are dropped on the page. wasm-bindgen takes this file as it is (src/dropped.rs).

/** A larger file is no manifest and no session. */
const LARGEST = 4 * 1024 * 1024;

/** @param {DragEvent} event */
const hasFiles = (event) => event.dataTransfer?.types.includes("Files") ?? false;

/**
 * Calls `take` with the name and text of each file that is dropped on the page, and with the node whose card it
 * was dropped on, if any; with `undefined` for the text of a file that is too large.
 *
 * @param {(name: string, text: string | undefined, node: string | undefined) => void} take
 */
export function listenForFiles(take) {
  addEventListener("dragover", (event) => {
    if (hasFiles(event)) event.preventDefault();
  });
  addEventListener("drop", async (event) => {
    if (!hasFiles(event)) return;
    event.preventDefault();
    const target = event.target instanceof Element ? event.target : undefined;
    const node = target?.closest("[data-node]")?.getAttribute("data-node") ?? undefined;
    for (const file of [...(event.dataTransfer?.files ?? [])]) {
      take(file.name, file.size > LARGEST ? undefined : await file.text(), node);
    }
  });
}
