// Trunk runs this after each build: gives what it has copied names that change with the content, as Trunk does for its
// own files, so that a browser or a proxy never mixes two versions of the page.

import { createHash } from "node:crypto";
import { readFileSync, renameSync, writeFileSync } from "node:fs";
import { join, parse } from "node:path";

const dir = process.env.TRUNK_STAGING_DIR;

/** Each comes after those that it names itself. */
const FILES = ["editor-core.js", "editor-vim.js", "editor.js", "zip.js", "templates.json"];

const names = new Map();

/** The text with the new names of what it mentions: in quotes, with or without `./`. */
function renamed(text) {
  return text.replace(/(["'])(?:\.\/)?([\w-]+\.\w+)\1/g, (whole, quote, name) =>
    names.has(name) ? `${quote}./${names.get(name)}${quote}` : whole,
  );
}

for (const file of FILES) {
  const text = renamed(readFileSync(join(dir, file), "utf8"));
  const { name, ext } = parse(file);
  names.set(file, `${name}-${createHash("sha256").update(text).digest("hex").slice(0, 16)}${ext}`);
  writeFileSync(join(dir, file), text);
  renameSync(join(dir, file), join(dir, names.get(file)));
}

const index = join(dir, "index.html");
const html = readFileSync(index, "utf8");
for (const file of FILES.filter((file) => file !== "editor-vim.js")) {
  if (!html.includes(`"${file}"`)) throw new Error(`index.html does not name ${file}`);
}
writeFileSync(index, renamed(html));
