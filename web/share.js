// @ts-check
// A session as a link's fragment, which never leaves the browser: deflated, then base64url.
// wasm-bindgen takes this file as it is (src/share.rs).

/** @param {Blob} blob @param {CompressionStream | DecompressionStream} stream */
function through(blob, stream) {
  return new Response(blob.stream().pipeThrough(stream));
}

/**
 * @param {string} text
 * @returns {Promise<string>}
 */
export async function pack(text) {
  const packed = await through(new Blob([text]), new CompressionStream("deflate-raw")).arrayBuffer();
  let binary = "";
  for (const byte of new Uint8Array(packed)) binary += String.fromCharCode(byte);
  return btoa(binary).replaceAll("+", "-").replaceAll("/", "_").replaceAll("=", "");
}

/**
 * @param {string} text
 * @returns {Promise<string>}
 */
export async function unpack(text) {
  const binary = atob(text.replaceAll("-", "+").replaceAll("_", "/"));
  const bytes = Uint8Array.from(binary, (character) => character.charCodeAt(0));
  return through(new Blob([bytes]), new DecompressionStream("deflate-raw")).text();
}

/**
 * Puts a text into the clipboard; whether that was allowed.
 *
 * @param {string} text
 * @returns {Promise<boolean>}
 */
export async function copy(text) {
  try {
    await navigator.clipboard.writeText(text);
    return true;
  } catch {
    return false;
  }
}
