// Chooses anew what comes later (names.txt): builds a page that notes which of its functions are called, plays first
// visits in it, and names what was not called before the later part came. `make later`.
//
// A function that is called in a hurry all the same does what it should (loader.js), only not smoothly; a name that is
// no function's any more does nothing.

import { readFileSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { chromium } from "playwright-core";
import { Build } from "../build.mjs";
import { FLAGS, findChromium } from "../chromium.mjs";
import { serve } from "../serve.mjs";
import { demangled } from "./demangle.mjs";
import { NAMES, keysOf, writeNames } from "./names.mjs";
import { SECTION, Reader, bodiesOf, functionNames, importedTypes, list, moduleOf, number, padded, relocationsOf, sectionsOf, withRelocations } from "./wasm.mjs";

const PAGE = 65536;
/** What is not worth a name, in bytes before wasm-opt. */
const LEAST = 120;
/** How visits begin: with which address, and which session of an earlier one. */
const VISITS = [
  { query: "" },
  { query: "?start=demo" },
  { query: "?start=ready&theme=dark" },
  { query: "?start=bare&lang=ko" },
  { query: "", options: { seed: 7, workers: 40, start: "ready", zones: 3 } },
  { query: "?lang=ko", options: { seed: 9, workers: 500, start: "ready", kubeProxy: false } },
];
/** How long each is watched, from the first picture on. */
const WATCHED_MS = 12_000;
const OP = { i32Const: 0x41, store8: 0x3a };

/** The program with a byte for each of its own functions, which its first instruction sets; `base` is where they lie. */
function watched(program) {
  const sections = sectionsOf(program);
  const find = (id, name) => sections.find((one) => one.id === id && one.name === name);
  const memory = find(5);
  const limits = new Reader(memory.body, 1);
  const flags = limits.byte();
  const pages = limits.number();
  const base = pages * PAGE;
  const code = find(SECTION.code);
  const bodies = bodiesOf(code);
  // How much further behind the start of each body its content now is; its length takes five bytes.
  const moves = [];
  let grown = 0;
  const made = bodies.map(({ start, end }, at) => {
    const locals = new Reader(code.body, start);
    locals.list((reader) => [reader.number(), reader.byte()]);
    const head = code.body.subarray(start, locals.at);
    const mark = Buffer.concat([Buffer.from([OP.i32Const, 0, OP.i32Const, 1, OP.store8, 0]), padded(base + at)]);
    grown += 5 - number(end - start).length + mark.length;
    moves.push({ end, by: grown });
    return Buffer.concat([padded(end - start + mark.length), head, mark, code.body.subarray(locals.at, end)]);
  });
  const { target, entries } = relocationsOf(find(SECTION.custom, "reloc.CODE"));
  const order = [...entries].sort((a, b) => a.offset - b.offset);
  let body = 0;
  for (const one of order) {
    while (moves[body].end <= one.offset) body += 1;
    one.offset += moves[body].by;
  }
  const bodiesNow = new Map([
    [memory, Buffer.concat([Buffer.from([1, flags]), number(pages + Math.ceil(bodies.length / PAGE)), limits.rest()])],
    [code, list(made)],
    [find(SECTION.custom, "reloc.CODE"), withRelocations({ name: "reloc.CODE" }, target, order)],
  ]);
  const names = functionNames(find(SECTION.custom, "name"));
  const first = importedTypes(find(SECTION.import)).length;
  const functions = bodies.map(({ start, end }, at) => ({ name: demangled(names.get(first + at) ?? ""), size: end - start }));
  return { program: moduleOf(program.subarray(0, 8), sections.map((one) => ({ id: one.id, body: bodiesNow.get(one) ?? one.body }))), base, functions };
}

class WatchedBuild extends Build {
  constructor() {
    super({ dev: false, out: "dist-watched" });
  }

  prepare(program, parts) {
    const made = watched(readFileSync(program));
    Object.assign(this, { base: made.base, functions: made.functions });
    const file = join(parts, "watched.wasm");
    writeFileSync(file, made.program);
    return file;
  }

  parts(level) {
    // Only what is made anew is watched.
    rmSync(this.folder(), { recursive: true, force: true });
    return super.parts(level);
  }

  /** As it is compiled: optimised, it would have other functions. */
  level() {
    return undefined;
  }

  compress() {}
}

/** Which functions visits call before the later part comes: it never does. */
async function visit({ base, functions, out }) {
  const { server, url } = await serve({ dir: out, port: 0 });
  const browser = await chromium.launch({ executablePath: await findChromium(), args: [...FLAGS, "--no-sandbox"] });
  const called = new Set();
  for (const { query, options } of VISITS) {
    const context = await browser.newContext({ viewport: { width: 1440, height: 900 } });
    const page = await context.newPage();
    await page.addInitScript((options) => {
      addEventListener("TrunkApplicationStarted", (event) => { globalThis.wasm = event.detail.wasm; });
      if (options) localStorage.setItem("kubestage.session", JSON.stringify({ version: 1, options, entries: [] }));
    }, options);
    await page.route("**/split_later*", (route) => route.abort());
    await page.goto(url + query);
    await page.waitForFunction(() => globalThis.wasm && document.querySelector("[data-app]"), undefined, { timeout: 120_000 });
    await page.waitForTimeout(WATCHED_MS);
    const bytes = await page.evaluate(([base, count]) => Array.from(new Uint8Array(globalThis.wasm.memory.buffer, base, count)), [base, functions.length]);
    bytes.forEach((byte, at) => byte && called.add(at));
    process.stderr.write(`${query} ${JSON.stringify(options ?? {})}: ${called.size} functions so far\n`);
    await context.close();
  }
  await browser.close();
  server.close();
  return called;
}

/** As few keys as name most of what was not called, and nothing that was. */
function choose(functions, called) {
  const candidates = new Map();
  functions.forEach((one, at) => {
    for (const key of one.name ? keysOf(one.name) : []) {
      const found = candidates.get(key) ?? { isLater: true, all: [] };
      if (called.has(at)) found.isLater = false;
      found.all.push(at);
      candidates.set(key, found);
    }
  });
  const size = (all) => all.reduce((sum, at) => sum + functions[at].size, 0);
  const rows = [...candidates].filter(([, { isLater }]) => isLater).map(([key, { all }]) => ({ key, all, size: size(all) }));
  // The widest first, and of two that name the same the shorter.
  rows.sort((a, b) => b.size - a.size || a.key.length - b.key.length || (a.key < b.key ? -1 : 1));
  const done = new Set();
  const keys = [];
  for (const { key, all } of rows) {
    const fresh = all.filter((at) => !done.has(at));
    if (size(fresh) < LEAST) continue;
    fresh.forEach((at) => done.add(at));
    keys.push(key);
  }
  return keys;
}

const build = new WatchedBuild();
await build.run();
const keys = choose(build.functions, await visit(build));
writeNames(keys);
for (const folder of [build.out, build.folder()]) rmSync(folder, { recursive: true, force: true });
process.stderr.write(`${keys.length} names in ${NAMES}\n`);
