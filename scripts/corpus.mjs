// Fetches the manifests of other projects that tests read, each from its repository at its commit, into the
// folder that CORPUS_DIR names (default ../shared/corpus): `make corpus`. What is there already is left alone.
// CORPUS_FROM names another server than GitHub's.
import { createHash } from "node:crypto";
import { mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { dirname, resolve } from "node:path";

const root = resolve(import.meta.dirname, "..");
const folder = resolve(root, process.env.CORPUS_DIR || "../shared/corpus");
const server = process.env.CORPUS_FROM || "https://raw.githubusercontent.com";
const { files } = JSON.parse(readFileSync(resolve(root, "tests/data/corpus/third-party.json"), "utf8"));

const digest = (bytes) => createHash("sha256").update(bytes).digest("hex");

function isThere(path, sha256) {
  try {
    return digest(readFileSync(path)) === sha256;
  } catch {
    return false;
  }
}

/** The lines that stand, deeper, behind `contents: |` of the task for a path. */
function extracted(text, source) {
  const wanted = /task for (\S+)$/.exec(source.extracted)[1];
  for (const task of text.split(/^---$/m)) {
    if (!task.split("\n").includes(`path: ${wanted}`)) continue;
    const lines = task.split("\n");
    const begin = lines.findIndex((line) => /^contents: \|/.test(line)) + 1;
    const end = lines.findIndex((line, at) => at >= begin && line !== "" && !line.startsWith(" "));
    return lines.slice(begin, end).map((line) => line.replace(/^ {2}/, "")).join("\n") + "\n";
  }
  throw new Error(`there is no task for ${wanted}`);
}

async function fetched({ source }) {
  const repository = source.repo.replace("https://github.com/", "");
  const path = source.path.split("/").map(encodeURIComponent).join("/");
  const answer = await fetch(`${server}/${repository}/${source.commit}/${path}`);
  if (!answer.ok) throw new Error(`${answer.status} ${answer.statusText}`);
  const bytes = Buffer.from(await answer.arrayBuffer());
  return source.extracted ? Buffer.from(extracted(bytes.toString("utf8"), source)) : bytes;
}

let missing = 0;
for (const entry of files) {
  const path = resolve(folder, entry.file);
  if (isThere(path, entry.sha256)) continue;
  try {
    const bytes = await fetched(entry);
    if (digest(bytes) !== entry.sha256) throw new Error("it is not the file that the tests know");
    mkdirSync(dirname(path), { recursive: true });
    writeFileSync(path, bytes);
  } catch (error) {
    missing += 1;
    console.error(`${entry.file}: ${error.cause?.message ?? error.message}`);
  }
}
console.log(`${files.length - missing} of ${files.length} manifests are in ${folder}`);
process.exit(missing === 0 ? 0 : 1);
