// Trunk runs this after each build: gives the editor's module a name that changes with its content, as
// Trunk does for its own files, so that a browser or a proxy never mixes two versions of the page.

import { createHash } from "node:crypto";
import { readFileSync, renameSync, writeFileSync } from "node:fs";
import { join } from "node:path";

const dir = process.env.TRUNK_STAGING_DIR;
const hash = createHash("sha256").update(readFileSync(join(dir, "editor.js"))).digest("hex").slice(0, 16);
renameSync(join(dir, "editor.js"), join(dir, `editor-${hash}.js`));

const index = join(dir, "index.html");
const html = readFileSync(index, "utf8");
const named = html.replace('href="editor.js"', `href="./editor-${hash}.js"`);
if (named === html) throw new Error('index.html has no <link rel="modulepreload" data-editor-module href="editor.js">');
writeFileSync(index, named);
