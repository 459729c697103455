// @ts-check
// What Kubernetes' API says of its fields: a file of its own, which index.html names. wasm-bindgen takes this file
// as it is (src/descriptions.rs).

/**
 * The file's text; rejects when it cannot be had.
 *
 * @returns {Promise<string>}
 */
export async function fetchDescriptions() {
  const named = document.querySelector('meta[name="descriptions"]');
  const url = new URL(named instanceof HTMLMetaElement ? named.content : "descriptions.txt", document.baseURI);
  const response = await fetch(url);
  if (!response.ok) throw new Error(`${url.pathname}: ${response.status}`);
  return response.text();
}
