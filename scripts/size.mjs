// What a visitor downloads: every file of dist/ with its size raw, gzipped and with brotli.
// node scripts/size.mjs [--json]

import { readdirSync, readFileSync } from "node:fs";
import { extname, join } from "node:path";
import { brotliCompressSync, constants, gzipSync } from "node:zlib";

const dir = "dist";
const rows = readdirSync(dir, { recursive: true, withFileTypes: true })
  .filter((entry) => entry.isFile() && !entry.name.startsWith("."))
  .map((entry) => join(entry.parentPath ?? entry.path, entry.name))
  .filter((file) => !file.endsWith(".map"))
  .sort()
  .map((file) => {
    const body = readFileSync(file);
    const brotli = { params: { [constants.BROTLI_PARAM_SIZE_HINT]: body.length } };
    return {
      // Without the fingerprint, so that two builds can be laid side by side.
      file: file.slice(dir.length + 1).replace(/-[0-9a-f]{8,}/, ""),
      type: extname(file).slice(1),
      raw: body.length,
      gzip: gzipSync(body, { level: 9 }).length,
      brotli: brotliCompressSync(body, brotli).length,
    };
  });

const total = { file: "total", type: "", raw: 0, gzip: 0, brotli: 0 };
for (const row of rows) for (const key of ["raw", "gzip", "brotli"]) total[key] += row[key];

if (process.argv.includes("--json")) {
  console.log(JSON.stringify({ files: rows, total }));
} else {
  const kib = (bytes) => (bytes / 1024).toFixed(1).padStart(9);
  console.log(`${"KiB".padEnd(40)}${["raw", "gzip", "brotli"].map((word) => word.padStart(9)).join("")}`);
  for (const row of [...rows, total]) {
    console.log(`${row.file.padEnd(40)}${kib(row.raw)}${kib(row.gzip)}${kib(row.brotli)}`);
  }
}
