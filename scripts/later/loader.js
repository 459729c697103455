// Fetches the part of the page's module that comes later (src/later.rs, scripts/later/cut.mjs), in the place of the
// script that wasm-split writes: that one cannot fetch at once.

import { initSync } from "./web.js";

const url = new URL("./split_later.wasm", import.meta.url);
let loading;

/** What the first part exports is what the later one imports. */
const first = () => initSync(undefined, undefined);
const isHere = () => first().__later_is_here.value === 1;

/** Puts the module beside the first one, unless that has been done meanwhile. */
function place(module) {
  if (isHere()) return;
  new WebAssembly.Instance(module, { __wasm_split: first() });
  first().__later_is_here.value = 1;
}

async function load() {
  if (isHere()) return;
  place(await WebAssembly.compileStreaming(fetch(url, { priority: "low" })));
}

/** The crate's way to ask for it: `callback(data, success)` is called in the table of functions. */
export async function __wasm_split_load_later(callback, data) {
  let success = true;
  try {
    await (loading ??= load());
  } catch (error) {
    console.error(error);
    success = false;
    loading = undefined;
  }
  first().__indirect_function_table.get(callback)(data, success);
}

/**
 * A function of the later part is called before it has come: nothing else can go on until it is there. This is a way
 * out, not a plan: what a first visit needs is in the first part.
 */
export function hurry() {
  console.info("What comes later is needed already", new Error().stack);
  const request = new XMLHttpRequest();
  request.open("GET", url, false);
  // Bytes as they are: a request that is waited for may not ask for a buffer.
  request.overrideMimeType("text/plain; charset=x-user-defined");
  request.send();
  if (request.status !== 200) throw new Error(`${url} could not be fetched: ${request.status}`);
  place(new WebAssembly.Module(Uint8Array.from(request.responseText, (letter) => letter.charCodeAt(0) & 0xff)));
}
