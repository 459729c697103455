// Every crate and npm package that we build with must be under a licence that lets anybody use the page,
// and come from its registry. Says what does not.

import { execFileSync } from "node:child_process";
import { readFileSync } from "node:fs";

const FREE = ["Apache-2.0", "Apache-2.0 WITH LLVM-exception", "MIT", "MIT-0", "ISC", "Zlib", "0BSD", "Unlicense", "Unicode-3.0", "BSL-1.0", "CC0-1.0"];
const isFree = (name) => FREE.includes(name) || /^BSD-[23]-Clause$/.test(name);

/** Those that carry the text of a licence and not its name. Read, and found free. */
const READ = { "libyaml-safer": "MIT" };

/** "(MIT OR Apache-2.0) AND Unicode-3.0", and "MIT/Apache-2.0" as it was written once. */
function permits(licence) {
  const parts = (licence ?? "none").replaceAll("/", " OR ").replace(/[()]/g, "").split(" AND ");
  return parts.every((part) => part.split(" OR ").some((name) => isFree(name.trim())));
}

/** Looks at the page in a test, and goes into nothing that is built; its licence asks for its own source alone. */
const TESTS_ONLY = { "node_modules/axe-core": "MPL-2.0" };

const wrong = [];

for (const manifest of ["Cargo.toml", "scripts/wasm-bindgen/Cargo.toml", "scripts/wasm-split/Cargo.toml"]) {
  const args = ["metadata", "--locked", "--format-version=1", "--manifest-path", manifest];
  for (const { name, license, source } of JSON.parse(execFileSync("cargo", args, { maxBuffer: 1 << 28 })).packages) {
    if (source === null) continue;
    if (!source.startsWith("registry+")) wrong.push(`crate ${name} comes from ${source}`);
    if (!permits(license ?? READ[name])) wrong.push(`crate ${name} is under ${license}`);
  }
}

const { packages } = JSON.parse(readFileSync("package-lock.json", "utf8"));
for (const [path, { license, resolved }] of Object.entries(packages)) {
  if (path === "") continue;
  if (resolved?.startsWith("git")) wrong.push(`package ${path} comes from ${resolved}`);
  if (!permits(license) && TESTS_ONLY[path] !== license) wrong.push(`package ${path} is under ${license}`);
}

for (const line of wrong) console.error(line);
process.exit(wrong.length ? 1 : 0);
