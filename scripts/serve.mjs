// A static file server for the built page: node scripts/serve.mjs [--dir dist] [--port 8080]
// It listens on this machine only, knows the types that a browser insists on, sends the compressed file that
// stands beside another one to a browser that takes it, and lets nothing be taken from a cache unasked, so that a
// reload always shows the last build.

import { createHash } from "node:crypto";
import { readFile } from "node:fs/promises";
import { createServer } from "node:http";
import { extname, join, normalize, sep } from "node:path";
import { pathToFileURL } from "node:url";
import { ENCODINGS } from "./compress.mjs";

const TYPES = {
  ".css": "text/css; charset=utf-8",
  ".html": "text/html; charset=utf-8",
  ".ico": "image/x-icon",
  ".js": "text/javascript; charset=utf-8",
  ".json": "application/json",
  ".map": "application/json",
  ".mjs": "text/javascript; charset=utf-8",
  ".png": "image/png",
  ".svg": "image/svg+xml",
  ".txt": "text/plain; charset=utf-8",
  ".wasm": "application/wasm",
  ".webmanifest": "application/manifest+json",
  ".woff2": "font/woff2",
  ".yaml": "text/yaml; charset=utf-8",
};

/**
 * Serves `dir`, and the same again below each of `bases` ("/some/where/"); resolves to { server, url }.
 * Port 0 takes any free one. `first` may answer a request itself and says so by returning true.
 *
 * @param {{ dir: string, port?: number, bases?: string[], first?: (request: import("node:http").IncomingMessage, response: import("node:http").ServerResponse) => boolean }} options
 */
export function serve({ dir, port = 8080, bases = [], first = () => false }) {
  const server = createServer((request, response) => {
    if (first(request, response)) return;
    answer(dir, bases, request, response).catch((error) => {
      response.writeHead(500, { "content-type": "text/plain" });
      response.end(String(error));
    });
  });
  return new Promise((resolve, reject) => {
    server.once("error", reject);
    server.listen(port, "127.0.0.1", () => resolve({ server, url: `http://127.0.0.1:${server.address().port}/` }));
  });
}

async function answer(dir, bases, request, response) {
  if (request.method !== "GET" && request.method !== "HEAD") return refuse(response, 405, "Only GET and HEAD");
  const path = pathOf(request.url, bases);
  if (path === undefined) return refuse(response, 400, "Not a path");
  const file = join(dir, path.endsWith("/") ? path + "index.html" : path);
  if (!file.startsWith(normalize(dir + sep))) return refuse(response, 404, "Not found");
  const found = await read(file, request.headers["accept-encoding"] ?? "");
  if (!found) return refuse(response, 404, "Not found");
  const { body, encoding } = found;
  // Each encoding has its own tag: to a cache they are different answers.
  const etag = `"${createHash("sha1").update(body).digest("base64url")}"`;
  const head = { "cache-control": "no-cache", etag, vary: "Accept-Encoding", "x-content-type-options": "nosniff" };
  if (tagsOf(request.headers["if-none-match"]).includes(etag)) {
    response.writeHead(304, head);
    return response.end();
  }
  head["content-type"] = TYPES[extname(file)] ?? "application/octet-stream";
  head["content-length"] = body.length;
  if (encoding) head["content-encoding"] = encoding;
  response.writeHead(200, head);
  response.end(request.method === "HEAD" ? undefined : body);
}

/** The file in the best encoding that is accepted and there; undefined when there is no such file. */
async function read(file, accepted) {
  const attempt = (path) => readFile(path).catch(() => undefined);
  const plain = await attempt(file);
  if (!plain) return undefined;
  for (const { ext, name } of ENCODINGS) {
    if (!accepts(accepted, name)) continue;
    const body = await attempt(file + ext);
    if (body) return { body, encoding: name };
  }
  return { body: plain, encoding: undefined };
}

/** Whether an `Accept-Encoding` header names the encoding, or any, with a weight above 0. */
export function accepts(header, encoding) {
  const weights = new Map();
  for (const part of header.toLowerCase().split(",")) {
    const [name, ...parameters] = part.split(";").map((word) => word.trim());
    const q = parameters.find((parameter) => parameter.startsWith("q="));
    weights.set(name, q === undefined ? 1 : Number(q.slice(2)));
  }
  return (weights.get(encoding) ?? weights.get("*") ?? 0) > 0;
}

/** The tags of an `If-None-Match` header; a weak one counts as its strong form, as a proxy may have made it. */
function tagsOf(header = "") {
  return header.split(",").map((tag) => tag.trim().replace(/^W\//, ""));
}

function pathOf(url, bases) {
  let path;
  try {
    path = decodeURIComponent(new URL(url, "http://localhost").pathname);
  } catch {
    return undefined;
  }
  if (path.includes("\0")) return undefined;
  const base = bases.find((base) => path.startsWith(base));
  return base ? path.slice(base.length - 1) : path;
}

function refuse(response, status, text) {
  response.writeHead(status, { "content-type": "text/plain; charset=utf-8" });
  response.end(text + "\n");
}

function option(name, otherwise) {
  const at = process.argv.indexOf(name);
  return at < 0 ? otherwise : process.argv[at + 1];
}

if (import.meta.url === pathToFileURL(process.argv[1] ?? "").href) {
  const port = Number(option("--port", "8080"));
  try {
    const { url } = await serve({ dir: option("--dir", "dist"), port });
    console.log(`\nkubestage is at ${url}  (Ctrl+C ends it)\n`);
  } catch (error) {
    if (error.code !== "EADDRINUSE") throw error;
    console.error(`kubestage: port ${port} is taken; choose another one: make run PORT=${port + 1}`);
    process.exit(1);
  }
}
