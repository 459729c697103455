// Trunk runs this before each build: makes one file of web/editor.ts and its modules, and one of the style
// sheet's parts, both in static/generated/.

import { build } from "esbuild";

const minify = process.env.TRUNK_PROFILE !== "debug";

await Promise.all([
  build({
    entryPoints: ["web/editor.ts"],
    outfile: "static/generated/editor.js",
    bundle: true,
    format: "esm",
    target: "es2022",
    minify,
    legalComments: "none",
    logLevel: "warning",
  }),
  build({
    entryPoints: ["static/style/main.css"],
    outfile: "static/generated/style.css",
    bundle: true,
    minify,
    logLevel: "warning",
  }),
]);
