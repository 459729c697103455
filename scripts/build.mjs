// Builds the page: node scripts/build.mjs [--dev]
//
// index.html and Trunk.toml describe the page as Trunk wants it; this does what they say with the tools that are
// there anyway, as Trunk takes longer to build than the page (docs/dependencies.md). What it does not know of
// Trunk's format it refuses. Without --dev it writes dist/, optimised and compressed; with it dist-dev/, quickly.

import { execFileSync, spawn } from "node:child_process";
import { createHash } from "node:crypto";
import { copyFileSync, existsSync, mkdirSync, readFileSync, readdirSync, renameSync, rmSync, writeFileSync } from "node:fs";
import { basename, dirname, join, parse } from "node:path";
import { pathToFileURL } from "node:url";
import { build as bundle } from "esbuild";
import { compress } from "./compress.mjs";
import { thirdParty } from "./third-party.mjs";

/** In a page that is being worked on: scripts/dev.mjs tells it of each build. */
const RELOADS = `<script>new EventSource("./.live").onmessage = () => location.reload();</script>\n  `;

/** What one build needs to know: its options, and the folder in which it gathers the page. */
class Build {
  /** @param {{ dev: boolean, reloads?: boolean }} options */
  constructor({ dev, reloads = false }) {
    this.dev = dev;
    this.reloads = reloads;
    this.out = dev ? "dist-dev" : "dist";
    this.staging = `${this.out}.new`;
    this.env = { ...process.env, TRUNK_PROFILE: dev ? "debug" : "release", TRUNK_STAGING_DIR: this.staging };
  }

  async run() {
    rmSync(this.staging, { recursive: true, force: true });
    mkdirSync(this.staging, { recursive: true });
    await this.hooks("pre_build");
    // The page's last steps keep one core busy, so the other program is done on the second one.
    const [program] = await Promise.all([this.cargo(), run("scripts/setup.sh", ["module"])]);
    this.program = program;
    const tags = { rust: this.rust, css: this.css, icon: this.icon, inline: this.inline, "copy-file": this.copy };
    const tagged = await replace(readFileSync("index.html", "utf8"), /<link\s[^>]*\bdata-trunk\b[^>]*>/g, async ([tag]) => {
      const attributes = attributesOf(tag);
      const make = tags[attributes.rel];
      if (!make) throw new Error(`index.html: scripts/build.mjs does not know ${tag}`);
      return make.call(this, attributes);
    });
    const html = tagged.replace('content="descriptions.txt"', `content="./${this.place(this.descriptions, "descriptions.txt")}"`);
    writeFileSync(join(this.staging, "index.html"), this.reloads ? html.replace("</head>", `${RELOADS}</head>`) : html);
    await this.hooks("post_build");
    if (!this.dev) {
      writeFileSync(join(this.staging, "third-party.txt"), thirdParty());
      compress(this.staging);
    }
    rmSync(this.out, { recursive: true, force: true });
    renameSync(this.staging, this.out);
  }

  /** Runs what Trunk.toml wants run at that stage. */
  async hooks(stage) {
    for (const [, body] of readFileSync("Trunk.toml", "utf8").matchAll(/^\[\[hooks\]\]\n((?:(?!\[).*\n?)*)/gm)) {
      const value = (key) => JSON.parse(body.match(new RegExp(`^${key} *= *(.+)$`, "m"))?.[1] ?? "null");
      if (value("stage") === stage) await run(value("command"), value("command_arguments") ?? [], { env: this.env });
    }
  }

  /** Compiles the page's binary; resolves to its path. Notes where the descriptions of the API's fields lie. */
  async cargo() {
    const profile = this.dev ? "dev" : "page";
    const args = ["rustc", "--locked", "--target=wasm32-unknown-unknown", "--bin=web", `--profile=${profile}`];
    // What arrives later is cut off afterwards; for that the linker has to leave its notes in.
    const cut = this.dev ? [] : ["--features=split", "--", "-Clink-arg=--emit-relocs"];
    // The browser sees no debug information anyway, and wasm-bindgen would have to read it.
    const env = this.dev ? { ...process.env, CARGO_PROFILE_DEV_DEBUG: "0" } : process.env;
    await run("cargo", [...args, ...cut], { env });
    // Nothing is left to be done; it says where the program lies.
    const said = execFileSync("cargo", [...args, "--quiet", "--message-format=json", ...cut], { env, maxBuffer: 1 << 28, encoding: "utf8" });
    const artifacts = said.trim().split("\n").map((line) => JSON.parse(line));
    const files = artifacts.findLast((one) => one.reason === "compiler-artifact" && one.target.name === "web")?.filenames ?? [];
    const program = files.find((file) => file.endsWith(".wasm"));
    if (!program) throw new Error("cargo names no web.wasm");
    // What crates/api/build.rs has written beside the table of fields.
    const api = artifacts.findLast((one) => one.reason === "build-script-executed" && /[/]crates[/]api[@#]/.test(one.package_id));
    if (!api) throw new Error("cargo names no build script of crates/api");
    this.descriptions = join(api.out_dir, "descriptions.txt");
    return program;
  }

  async rust(attributes) {
    const parts = await this.parts(this.dev ? undefined : attributes["data-wasm-opt"]);
    const wasm = this.place(join(parts, "web_bg.wasm"), "web.wasm");
    const bundle = join(parts, "bundle.js");
    let script = readFileSync(bundle, "utf8");
    for (const file of laterParts(parts)) {
      if (!script.includes(`"./${file}"`)) throw new Error(`the page's script does not fetch ${file}`);
      script = script.replaceAll(`"./${file}"`, `"./${this.place(join(parts, file), file)}"`);
    }
    const named = join(parts, "named.js");
    writeFileSync(named, script);
    const js = this.place(named, "web.js");
    // No `integrity`: the files come from where this page comes from, and browsers ignore it for a fetch.
    return `<link rel="modulepreload" href="./${js}">
    <link rel="preload" href="./${wasm}" as="fetch" type="application/wasm" crossorigin>
    <script type="module">
      import init from "./${js}";
      const wasm = await init({ module_or_path: "./${wasm}" });
      dispatchEvent(new CustomEvent("TrunkApplicationStarted", { detail: { wasm } }));
    </script>`;
  }

  /** Makes the module and its script out of the program, unless that has not changed; resolves to their folder. */
  async parts(level) {
    const parts = join(dirname(this.program), "web-parts");
    const stamp = join(parts, "made-from");
    const from = `${hash(this.program)} ${level}`;
    if (existsSync(stamp) && readFileSync(stamp, "utf8") === from) return parts;
    rmSync(parts, { recursive: true, force: true });
    let program = this.program;
    if (!this.dev) {
      await run("wasm-split", [`--out-dir=${parts}`, "--out-name=web", program]);
      program = join(parts, "web.wasm");
    }
    // What the linker exports stays: the modules that come later share the table of functions.
    const options = ["--target=web", "--no-typescript", "--omit-default-module-path", "--keep-lld-exports"];
    await run("wasm-bindgen", [...options, `--out-dir=${parts}`, "--out-name=web", program]);
    // Its snippets are bundled with it: one request instead of one for each.
    await bundle({
      entryPoints: [join(parts, "web.js")],
      outfile: join(parts, "bundle.js"),
      bundle: true,
      format: "esm",
      target: "es2022",
      minify: !this.dev,
      legalComments: "none",
      logLevel: "warning",
    });
    if (level) {
      say("Optimising the page's module with wasm-opt (20 seconds)");
      const optimise = (file) => run("wasm-opt", [`-O${level}`, join(parts, file), `--output=${join(parts, file)}`]);
      await Promise.all(["web_bg.wasm", ...laterParts(parts)].map(optimise));
    }
    writeFileSync(stamp, from);
    return parts;
  }

  css({ href }) {
    return `<link rel="stylesheet" href="./${this.place(href, basename(href))}">`;
  }

  icon({ href }) {
    return `<link rel="icon" href="./${this.place(href, basename(href))}">`;
  }

  inline({ href }) {
    return readFileSync(href, "utf8").trimEnd();
  }

  copy({ href }) {
    copyFileSync(href, join(this.staging, basename(href)));
    return "";
  }

  /** Puts a copy where the page is gathered, under a name that changes with its content; returns that name. */
  place(from, as) {
    const { name, ext } = parse(as);
    const placed = `${name}-${hash(from)}${ext}`;
    copyFileSync(from, join(this.staging, placed));
    return placed;
  }
}

/** The modules that the page fetches once the first one runs. */
function laterParts(parts) {
  return readdirSync(parts).filter((file) => /^(split|chunk)_.*\.wasm$/.test(file)).sort();
}

function hash(file) {
  return createHash("sha256").update(readFileSync(file)).digest("hex").slice(0, 16);
}

function say(text) {
  process.stderr.write(`\x1b[1m==>\x1b[0m ${text}\n`);
}

/** Runs a program, whose output goes where ours goes as messages; rejects when it fails. */
function run(command, args, options = {}) {
  return new Promise((resolve, reject) => {
    const child = spawn(command, args, { stdio: ["ignore", 2, 2], ...options });
    child.on("error", reject);
    child.on("exit", (code) => (code === 0 ? resolve() : reject(new Error(`${command} failed`))));
  });
}

/** `text.replaceAll` with a function that may wait; one match after the other. */
async function replace(text, pattern, make) {
  let [made, end] = ["", 0];
  for (const match of text.matchAll(pattern)) {
    made += text.slice(end, match.index) + (await make(match));
    end = match.index + match[0].length;
  }
  return made + text.slice(end);
}

function attributesOf(tag) {
  return Object.fromEntries([...tag.matchAll(/([\w-]+)="([^"]*)"/g)].map(([, name, value]) => [name, value]));
}

/** Builds the page once; rejects with a sentence when it cannot. */
export function build(options) {
  return new Build(options).run();
}

if (import.meta.url === pathToFileURL(process.argv[1] ?? "").href) {
  try {
    if (!existsSync("index.html")) throw new Error("run it in the project's folder");
    await build({ dev: process.argv.includes("--dev") });
  } catch (error) {
    process.stderr.write(`\x1b[1mkubestage:\x1b[0m the page could not be built: ${error.message}\n`);
    process.exit(1);
  }
}
