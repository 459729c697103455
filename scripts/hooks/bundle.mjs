// Trunk runs this before each build: makes modules of web/, one style sheet of its parts, and one file of the
// templates, all in static/generated/.

import { mkdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { build } from "esbuild";

const OUT = "static/generated";
const common = { bundle: true, minify: process.env.TRUNK_PROFILE !== "debug", logLevel: "warning" };
const module = { ...common, format: "esm", target: "es2022", legalComments: "none", outdir: OUT };

rmSync(OUT, { recursive: true, force: true });
mkdirSync(OUT, { recursive: true });

await Promise.all([
  // What the editor and Vim's keys share is a third module, as both have to see one CodeMirror.
  build({
    ...module,
    entryPoints: { editor: "web/editor.ts", "editor-vim": "web/editor-vim.ts" },
    splitting: true,
    chunkNames: "editor-core",
  }),
  build({ ...module, entryPoints: { zip: "web/zip.ts" }, loader: { ".md": "text" } }),
  build({ ...common, entryPoints: ["static/style/main.css"], outfile: `${OUT}/style.css` }),
]);

/** Each entry of the list with the text of its file. */
const templates = JSON.parse(readFileSync("static/templates/index.json", "utf8")).map((template) => ({
  ...template,
  text: readFileSync(`static/templates/${template.id}.yaml`, "utf8"),
}));
writeFileSync(`${OUT}/templates.json`, JSON.stringify(templates));
