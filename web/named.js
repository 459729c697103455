// @ts-check
// Texts that are files of their own, fetched when somebody asks for what they hold: index.html names each, as its
// name changes with its content. wasm-bindgen takes this file as it is (src/named.rs).

/**
 * The text of the file that `<meta name=… content=FILE>` names; rejects when it cannot be had.
 *
 * @param {string} name
 * @returns {Promise<string>}
 */
export async function fetchNamed(name) {
  const named = document.querySelector(`meta[name="${name}"]`);
  if (!(named instanceof HTMLMetaElement)) throw new Error(`index.html names no ${name}`);
  const url = new URL(named.content, document.baseURI);
  const response = await fetch(url);
  if (!response.ok) throw new Error(`${url.pathname}: ${response.status}`);
  return response.text();
}
