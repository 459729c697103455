// Trunk runs this before each build: bundles web/editor.ts to static/generated/editor.js.

import { build } from "esbuild";

await build({
  entryPoints: ["web/editor.ts"],
  outfile: "static/generated/editor.js",
  bundle: true,
  format: "esm",
  target: "es2022",
  minify: process.env.TRUNK_PROFILE !== "debug",
  legalComments: "none",
  logLevel: "warning",
});
