// What a visitor downloads: every file of dist/ with its size as it is, and as hosts send it, with gzip and brotli.
//
//   node scripts/size.mjs            a table; fails when it is over the recorded budget
//   node scripts/size.mjs --json     the same as JSON
//   node scripts/size.mjs --record   makes what it is now the budget

import { readFileSync, statSync, writeFileSync } from "node:fs";
import { basename, extname } from "node:path";
import { filesOf } from "./compress.mjs";

const dir = "dist";
const BUDGET = "scripts/size-budget.json";
/** How much more than recorded is let pass: another compiler makes another module of the same sources. */
const PLAY = 0.03;

/** The size of the file that hosts send: the compressed one, where there is one. */
const sent = (file, ext) => statSync(file + ext, { throwIfNoEntry: false })?.size ?? statSync(file).size;

/** Fetched when somebody asks for it, which few do: Vim's keys, all files as an archive, the templates. */
const ASKED_FOR = /^(editor-vim|zip|templates)\b/;

const rows = filesOf(dir)
  // A page loads neither the licences of its parts nor what helps to debug it, and the descriptions of the API's
  // fields (descriptions.txt) only for who edits a manifest.
  .filter((file) => ![".map", ".txt"].includes(extname(file)) && !ASKED_FOR.test(basename(file)))
  .map((file) => ({
    // Without the fingerprint, so that two builds can be laid side by side.
    file: file.slice(dir.length + 1).replace(/-[0-9a-f]{8,}/, ""),
    type: extname(file).slice(1),
    raw: statSync(file).size,
    gzip: sent(file, ".gz"),
    brotli: sent(file, ".br"),
  }));

const sum = (file, rows) => rows.reduce(
  (sum, row) => ({ ...sum, raw: sum.raw + row.raw, gzip: sum.gzip + row.gzip, brotli: sum.brotli + row.brotli }),
  { file, type: "", raw: 0, gzip: 0, brotli: 0 },
);
const total = sum("total", rows);

/** Fetched once the page can be used: what runs in the shells, and the text editor. */
const isLater = ({ file }) => /^(split|chunk)_|^editor/.test(file);
const first = sum("before the first interaction", rows.filter((row) => !isLater(row)));

/** What the budget speaks of: bytes of brotli. */
const figures = {
  first: first.brotli,
  wasm: sum("wasm", rows.filter((row) => row.type === "wasm" && !isLater(row))).brotli,
  total: total.brotli,
};
const kib = (bytes) => (bytes / 1024).toFixed(1);

if (process.argv.includes("--record")) {
  writeFileSync(BUDGET, `${JSON.stringify(figures, null, 2)}\n`);
} else if (process.argv.includes("--json")) {
  console.log(JSON.stringify({ files: rows, first, total }));
} else {
  const column = (text) => String(text).padStart(9);
  console.log(`${"KiB".padEnd(40)}${["raw", "gzip", "brotli"].map(column).join("")}`);
  for (const row of [...rows, first, total]) {
    console.log(`${row.file.padEnd(40)}${[row.raw, row.gzip, row.brotli].map((bytes) => column(kib(bytes))).join("")}`);
  }
}

const budget = JSON.parse(readFileSync(BUDGET, "utf8"));
for (const [name, bytes] of Object.entries(figures)) {
  const change = `${name}: ${kib(bytes)} KiB of brotli, recorded are ${kib(budget[name])}`;
  if (bytes > budget[name] * (1 + PLAY)) {
    console.error(`${change}: more than ${PLAY * 100} % over. Make it smaller, or record it with its reason: make size-record`);
    process.exitCode = 1;
  } else if (bytes < budget[name] * (1 - PLAY)) {
    console.error(`${change}: record the gain with make size-record`);
  }
}
