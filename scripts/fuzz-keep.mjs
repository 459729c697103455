// Chooses the inputs worth keeping from the control file of a libFuzzer set cover merge: those that together reach
// most of the code, the small ones first, in a folder that stays small.
//
//   node scripts/fuzz-keep.mjs CONTROL_FILE FOLDER

import { copyFileSync, mkdirSync, readFileSync, rmSync } from "node:fs";
import { createHash } from "node:crypto";
import { join } from "node:path";

const FILES = 50;
const BYTES = 70_000;

const [control, folder] = process.argv.slice(2);
const lines = readFileSync(control, "utf8").split("\n");
const count = Number(lines[0]);
const inputs = lines.slice(2, 2 + count).map((path) => ({ path, edges: [] }));
for (const line of lines.slice(2 + count)) {
  const [what, at, ...numbers] = line.split(" ");
  if (what === "FT") inputs[Number(at)].edges = numbers.filter(Boolean);
}
for (const input of inputs) input.bytes = readFileSync(input.path);

const kept = [];
const covered = new Set();
const total = new Set(inputs.flatMap((input) => input.edges)).size;
let size = 0;
while (kept.length < FILES) {
  let best;
  for (const input of inputs) {
    const fresh = input.edges.filter((edge) => !covered.has(edge)).length;
    // A file costs something too, however small.
    const worth = fresh / (input.bytes.length + 1500);
    if (fresh > 0 && size + input.bytes.length <= BYTES && worth > (best?.worth ?? 0)) best = { input, worth };
  }
  if (!best) break;
  kept.push(best.input);
  size += best.input.bytes.length;
  for (const edge of best.input.edges) covered.add(edge);
}

rmSync(folder, { recursive: true, force: true });
mkdirSync(folder, { recursive: true });
for (const { path, bytes } of kept) {
  copyFileSync(path, join(folder, createHash("sha1").update(bytes).digest("hex").slice(0, 16)));
}
console.log(`${folder}: ${kept.length} of ${count} inputs, ${size} bytes, ${covered.size} of ${total} edges`);
