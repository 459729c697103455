// What comes later, by names: scripts/later/names.txt has a line for each. A line is a path (`controllers::job`: all in
// it), what stands in the brackets with which a method's name begins, or the whole name of a function. Where some copies
// of a generic function come later and others do not, the line ends in the compiler's number of the copy; it stays the
// same when sources change, but not when the compiler does. A line that names nothing does no harm: what it named comes
// first again, `make size` shows it, and `make later` chooses anew.

import { readFileSync, writeFileSync } from "node:fs";
import { demangled } from "./demangle.mjs";

export const NAMES = "scripts/later/names.txt";
const HEAD = "# What a first visit does not run, and so comes later (scripts/later/names.mjs). Made by `make later`.\n";
/** Between a name and the numbers of its copies. */
const COPIES = " #";
/** So many letters of a copy's number tell it from the others of its name. */
const LETTERS = 8;

/** Whether a function comes later, by the name that the compiler gave it. */
export function laterNames(file = NAMES) {
  const text = readFileSync(file, "utf8");
  const rows = text.split("\n").filter((line) => line && !line.startsWith("#")).map((line) => line.split(COPIES));
  const keys = new Set(rows.flatMap(([name, copies]) => copies?.split(" ").map((copy) => copyOf(name, copy)) ?? [name]));
  return (name) => keysOf(demangled(name)).some((key) => keys.has(key));
}

/** Writes the file for these keys. */
export function writeNames(keys, file = NAMES) {
  const rows = new Map();
  for (const key of [...keys].sort()) {
    const [name, copy] = key.split(COPIES);
    rows.set(name, [...(rows.get(name) ?? []), ...(copy ? [copy] : [])]);
  }
  const lines = [...rows].map(([name, copies]) => (copies.length ? `${name}${COPIES}${copies.join(" ")}` : name));
  writeFileSync(file, `${HEAD}${lines.join("\n")}\n`);
}

const copyOf = (name, copy) => `${name}${COPIES}${copy}`;

/** All keys that would name a function: its copy, its name, the brackets with which it begins, and each path in it. */
export function keysOf(name) {
  const [, plain, number] = /^(.*?)(?:::h([0-9a-f]{16}))?$/.exec(name);
  const keys = new Set([plain]);
  if (number) keys.add(copyOf(plain, number.slice(0, LETTERS)));
  const own = ownType(plain);
  if (own) keys.add(own);
  for (const [path] of plain.matchAll(/[A-Za-z_]\w*(?:::[\w{}]+)+/g)) {
    const parts = path.split("::");
    for (let count = 2; count <= parts.length; count += 1) keys.add(parts.slice(0, count).join("::"));
  }
  return [...keys];
}

/** What stands in the angle brackets with which a method's name begins. */
function ownType(name) {
  if (!name.startsWith("<")) return undefined;
  let depth = 0;
  for (let at = 0; at < name.length; at += 1) {
    if (name[at] === "<") depth += 1;
    if (name[at] === ">" && name[at - 1] !== "-") depth -= 1;
    if (depth === 0) return name.slice(0, at + 1);
  }
  return undefined;
}
