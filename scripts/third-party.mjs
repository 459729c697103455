// Writes what is in the page and is not ours, with the texts of the licences, as those ask for: a plain text file
// beside the page. node scripts/third-party.mjs [FILE]; without one to standard output.

import { execFileSync } from "node:child_process";
import { existsSync, readdirSync, readFileSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { pathToFileURL } from "node:url";

const HEAD = `Parts of kubestage's page that others wrote.

Each with its licence. Where a part may be used under one of several, kubestage uses it under any of them that its
text below allows. The messages are those of Kubernetes, etcd, containerd and go-yaml: see the file NOTICE of the sources.
`;

/** The crates that are compiled into the page: what its binary depends on, without macros, which run at build time. */
function crates() {
  const args = ["metadata", "--locked", "--format-version=1", "--filter-platform=wasm32-unknown-unknown"];
  const { packages, resolve } = JSON.parse(execFileSync("cargo", args, { maxBuffer: 1 << 28 }));
  const nodes = new Map(resolve.nodes.map((node) => [node.id, node]));
  const macros = new Set(packages.filter(({ targets }) => targets.some(({ kind }) => kind.includes("proc-macro"))).map(({ id }) => id));
  const found = new Set();
  const visit = (id) => {
    if (found.has(id) || macros.has(id)) return;
    found.add(id);
    for (const { pkg, dep_kinds } of nodes.get(id).deps) if (dep_kinds.some(({ kind }) => kind === null)) visit(pkg);
  };
  visit(resolve.root);
  return packages
    .filter(({ id, source }) => found.has(id) && source)
    .map(({ name, version, license, manifest_path, authors }) => ({ name, version, license, by: authors.map((name) => name.replace(/ *<.*>/, "")), dir: dirname(manifest_path) }));
}

/** The npm packages that the editor's module is made of: what `web/` imports, and what those need. */
function packages() {
  const imported = readdirSync("web").flatMap((file) =>
    [...readFileSync(join("web", file), "utf8").matchAll(/from "([^."][^"]*)"/g)].map(([, name]) => name),
  );
  const found = new Map();
  const visit = (name) => {
    const dir = join("node_modules", name);
    if (found.has(name) || !existsSync(dir)) return;
    const { version, license, author, dependencies = {} } = JSON.parse(readFileSync(join(dir, "package.json"), "utf8"));
    found.set(name, { name, version, license, by: [(author?.name ?? author ?? "").replace(/ *<.*>/, "")].filter(Boolean), dir });
    Object.keys(dependencies).forEach(visit);
  };
  imported.forEach(visit);
  return [...found.values()];
}

/** The texts in a package's folder that its licence is told in. */
function texts(dir) {
  const names = readdirSync(dir).filter((name) => /^(licen[cs]e|copying|notice|unlicense)/i.test(name)).sort();
  return names.map((name) => readFileSync(join(dir, name), "utf8").trim()).filter(Boolean);
}

/** Everything as one text, in which a licence that several share stands once. */
export function thirdParty() {
  const under = new Map();
  const lists = [["Rust crates", crates()], ["npm packages", packages()]];
  let list = HEAD;
  for (const [title, parts] of lists) {
    list += `\n${title}:\n\n`;
    for (const part of parts.sort((a, b) => (a.name < b.name ? -1 : 1))) {
      const label = `${part.name} ${part.version}`;
      list += `  ${label} (${part.license ?? "see below"})${part.by.length ? `, ${part.by.join(", ")}` : ""}\n`;
      for (const text of texts(part.dir)) under.set(text, [...(under.get(text) ?? []), label]);
    }
  }
  const rule = "-".repeat(100);
  return list + [...under].map(([text, labels]) => `\n${rule}\n${[...new Set(labels)].join(", ")}\n\n${text}\n`).join("");
}

if (import.meta.url === pathToFileURL(process.argv[1] ?? "").href) {
  if (process.argv[2]) writeFileSync(process.argv[2], thirdParty());
  else process.stdout.write(thirdParty());
}
