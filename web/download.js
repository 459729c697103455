// @ts-check
// Files for a person to keep. wasm-bindgen takes this file as it is (src/desk/download.rs, src/share.rs).

/**
 * Hands bytes, or a text, to the person as a file.
 *
 * @param {string} name
 * @param {BlobPart} bytes
 */
export function downloadBytes(name, bytes) {
  const link = document.createElement("a");
  link.href = URL.createObjectURL(new Blob([bytes], { type: "application/octet-stream" }));
  link.download = name;
  link.click();
  setTimeout(() => URL.revokeObjectURL(link.href), 1000);
}

/**
 * Hands files to the person as one archive. What makes it is fetched now; rejects when it cannot be had.
 *
 * @param {string} name
 * @param {[path: string, bytes: Uint8Array][]} files
 * @param {string} language
 */
export async function downloadZip(name, files, language) {
  const named = document.querySelector('meta[name="zip"]');
  if (!(named instanceof HTMLMetaElement)) throw new Error("index.html names no zip");
  /** @type {typeof import("./zip.ts")} */
  const { pack } = await import(new URL(named.content, document.baseURI).href);
  downloadBytes(name, pack(files, language));
}
