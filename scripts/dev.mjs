// `make dev`: serves the page without optimisation, builds it anew when a file changes, and lets open pages reload.
// node scripts/dev.mjs [--port 8080]

import { readdirSync, readFileSync, statSync } from "node:fs";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { build } from "./build.mjs";
import { serve } from "./serve.mjs";

/** How often the files are looked at, in milliseconds. Watching them is no use in many containers. */
const EVERY = 700;

const trunk = readFileSync("Trunk.toml", "utf8");
const list = (key) => JSON.parse(trunk.match(new RegExp(`^${key} *= *(\\[.*\\])$`, "m"))?.[1] ?? "[]");
const [watched, ignored] = [list("watch"), list("ignore")];

/** The time of the newest change below a path, in milliseconds. */
function newest(path) {
  if (ignored.includes(path)) return 0;
  const stat = statSync(path, { throwIfNoEntry: false });
  if (!stat?.isDirectory()) return stat?.mtimeMs ?? 0;
  return readdirSync(path).reduce((most, name) => Math.max(most, newest(join(path, name))), stat.mtimeMs);
}

/** What a page reads that wants to know of the next build (scripts/build.mjs puts a line into it). */
const waiting = new Set();

function first(request, response) {
  if (!request.url?.endsWith("/.live")) return false;
  response.writeHead(200, { "content-type": "text/event-stream", "cache-control": "no-store" });
  response.write("\n");
  waiting.add(response);
  request.on("close", () => waiting.delete(response));
  return true;
}

const at = process.argv.indexOf("--port");
const { url } = await serve({ dir: "dist-dev", port: at < 0 ? 8080 : Number(process.argv[at + 1]), first });
for (let built = -1; ; await sleep(EVERY)) {
  const changed = Math.max(...watched.map(newest));
  if (changed <= built) continue;
  built = changed;
  try {
    await build({ dev: true, reloads: true });
    console.log(`\nkubestage is at ${url}  (built anew at each change; Ctrl+C ends it)\n`);
    for (const page of waiting) page.write("data: built\n\n");
  } catch (error) {
    console.error(`kubestage: ${error.message}; waiting for the next change`);
  }
}
