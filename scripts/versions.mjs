// Trunk.toml names the versions of the build's tools; says where a lock file names another one.

import { readFileSync } from "node:fs";

const trunk = readFileSync("Trunk.toml", "utf8");
const pinned = (key) => trunk.match(new RegExp(`^${key} *= *"(?:=|version_)?([^"]+)"`, "m"))?.[1];

const locked = (file, crate) => readFileSync(file, "utf8").match(new RegExp(`name = "${crate}"\nversion = "([^"]+)"`))?.[1];
const program = "scripts/wasm-bindgen/Cargo.lock";
const splitter = "scripts/wasm-split/Cargo.lock";
const npm = JSON.parse(readFileSync("package-lock.json", "utf8")).packages["node_modules/binaryen"]?.version;

const wrong = [
  ["wasm-bindgen in Cargo.lock", locked("Cargo.lock", "wasm-bindgen"), pinned("wasm_bindgen")],
  [`wasm-bindgen-cli-support in ${program}`, locked(program, "wasm-bindgen-cli-support"), pinned("wasm_bindgen")],
  [`wasm-bindgen-program in ${program}`, locked(program, "wasm-bindgen-program"), pinned("wasm_bindgen")],
  [`wasm_split_cli_support in ${splitter}`, locked(splitter, "wasm_split_cli_support"), locked(splitter, "wasm-split-program")],
  ["binaryen in package-lock.json", npm?.split(".")[0], pinned("wasm_opt")],
].filter(([, found, wanted]) => found !== wanted);

for (const [what, found, wanted] of wrong) console.error(`${what} is ${found}, Trunk.toml wants ${wanted}`);
process.exit(wrong.length ? 1 : 0);
