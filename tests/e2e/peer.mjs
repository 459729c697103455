// `make bench-peer`: 500 pods on 500 nodes here and in @ngrok/webernetes, in the same Chromium; one JSON.
//
// There it is a Deployment of 500 replicas (it has no DaemonSets), here one DaemonSet. Both clusters are up
// beforehand; measured is the time from the apply until all pods are Running, what the main thread had to do
// meanwhile, and the time from the page's load. Theirs runs in real time: an image's pull or a back-off takes as
// long as it says. Ours runs in virtual time as fast as it can. So the first ratio compares how long a person
// waits; that of the main thread's work compares what the computer does.

import { chromium } from "playwright-core";
import { build } from "esbuild";
import { mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { findChromium, FLAGS } from "../../scripts/chromium.mjs";
import { serve } from "../../scripts/serve.mjs";

const NODES = Number(process.argv[2] ?? 500);
const PEER = fileURLToPath(new URL("peer/", import.meta.url));
/** Ours is quick, so it is done several times; each figure is the median. */
const RUNS = 5;
const LIMIT_MS = 15 * 60_000;

const { server, url } = await serve({ dir: "dist", port: 0 });
const browser = await chromium.launch({ executablePath: await findChromium(), args: FLAGS });
try {
  const here = await ours();
  const there = await theirs();
  const ratio = Object.fromEntries(Object.keys(here).map((figure) => [figure, there[figure] / here[figure]]));
  console.log(JSON.stringify({ chromium: browser.version(), nodes: NODES, pods: NODES, here, there, ratio }, rounded, 2));
} finally {
  await browser.close();
  server.close();
  server.closeAllConnections();
}

async function ours() {
  const runs = [];
  for (let run = 0; run < RUNS; run += 1) {
    runs.push(await inPage(url, async (page, work) => {
      await page.waitForSelector('[data-app="kubestage"][data-ready="true"]');
      await page.evaluate(bootOurs, NODES);
      return work(() => page.evaluate(applyOurs, NODES));
    }));
  }
  return Object.fromEntries(Object.keys(runs[0]).map((figure) => [figure, median(runs.map((run) => run[figure]))]));
}

async function theirs() {
  const dir = await mkdtemp(join(tmpdir(), "peer-"));
  await bundle(dir);
  const { server, url } = await serve({ dir, port: 0 });
  try {
    return await inPage(url, async (page, work) => {
      await page.evaluate(bootTheirs, NODES);
      return work(() => page.evaluate(applyTheirs, NODES));
    });
  } finally {
    server.close();
    server.closeAllConnections();
    await rm(dir, { recursive: true });
  }
}

/** A page of its own. `work` measures one call, which returns [start, end] by the page's clock. */
async function inPage(address, task) {
  const context = await browser.newContext();
  try {
    const page = await context.newPage();
    page.setDefaultTimeout(LIMIT_MS);
    const client = await context.newCDPSession(page);
    await client.send("Performance.enable", { timeDomain: "threadTicks" });
    await page.goto(address);
    return await task(page, async (call) => {
      const before = await busy(client);
      const [start, end] = await call();
      const after = await busy(client);
      return {
        applyToRunningMs: end - start,
        mainThreadCpuMs: after - before,
        loadToRunningMs: end,
      };
    });
  } finally {
    await context.close();
  }
}

/** How long the main thread has computed so far, in ms. */
async function busy(client) {
  const { metrics } = await client.send("Performance.getMetrics");
  return 1000 * metrics.find(({ name }) => name === "TaskDuration").value;
}

/** A page with the package and nothing else. */
async function bundle(dir) {
  const { version } = JSON.parse(await readFile(join(PEER, "node_modules/@ngrok/webernetes/package.json"), "utf8"));
  console.error(`Comparing with @ngrok/webernetes ${version}, which takes some minutes`);
  const stdin = { contents: 'export { Cluster } from "@ngrok/webernetes";', resolveDir: PEER };
  const options = { bundle: true, minify: true, format: "iife", globalName: "webernetes" };
  await build({ stdin, ...options, define: { global: "globalThis" }, outfile: join(dir, "peer.js") });
  await writeFile(join(dir, "index.html"), '<!doctype html><title>peer</title><script src="peer.js"></script>');
}

// ---- these run in the page ----

function bootOurs(nodes) {
  const { kubestage } = globalThis;
  kubestage.pause();
  kubestage.reset(1, { start: "ready", workers: nodes, kubeProxy: false });
  if (!kubestage.untilQuiet()) throw new Error("our cluster does not come to rest");
  const ready = kubestage.state().nodes.filter((node) => node.ready).length;
  if (ready !== nodes + 1) throw new Error(`${ready} of our nodes are Ready`);
  // What the boot left to draw is drawn before the clock runs.
  return new Promise((done) => requestAnimationFrame(() => requestAnimationFrame(done)));
}

async function applyOurs(nodes) {
  const { kubestage } = globalThis;
  const text = `apiVersion: apps/v1
kind: DaemonSet
metadata:
  name: agent
spec:
  selector:
    matchLabels: {app: agent}
  template:
    metadata:
      labels: {app: agent}
    spec:
      containers:
      - name: agent
        image: registry.k8s.io/pause:3.9
`;
  const start = performance.now();
  kubestage.exec("kubectl apply -f ds.yaml", { "ds.yaml": text });
  kubestage.untilQuiet();
  const end = performance.now();
  const pods = kubestage.exec("kubectl get pods --no-headers").trim().split("\n");
  const running = pods.filter((line) => /\s1\/1\s+Running\s/.test(line)).length;
  if (running !== nodes) throw new Error(`${running} of our pods are Running`);
  return [start, end];
}

async function bootTheirs(nodes) {
  const cluster = new globalThis.webernetes.Cluster({ nodes });
  globalThis.cluster = cluster;
  await cluster.init();
  // Its control plane runs as pods.
  await new Promise((done) => {
    const running = new Map();
    cluster.informer("pods", (_, pod) => {
      running.set(pod.metadata.name, pod.status?.phase === "Running");
      if ([...running.values()].every(Boolean)) done();
    }, { namespace: "kube-system" });
  });
}

async function applyTheirs(nodes) {
  const { cluster } = globalThis;
  const running = new Set();
  let allRunning;
  const end = new Promise((done) => (allRunning = done));
  const seen = (_, pod) => {
    if (pod.status?.phase !== "Running") return;
    running.add(pod.metadata.name);
    if (running.size === nodes) allRunning(performance.now());
  };
  cluster.informer("pods", seen, { namespace: "default" });
  const template = {
    metadata: { labels: { app: "agent" } },
    spec: { containers: [{ name: "agent", image: "registry.k8s.io/pause:3.9" }] },
  };
  const spec = { replicas: nodes, selector: { matchLabels: { app: "agent" } }, template };
  const start = performance.now();
  await cluster.apply([{ apiVersion: "apps/v1", kind: "Deployment", metadata: { name: "agent" }, spec }]);
  return [start, await end];
}

// ---- numbers ----

function median(numbers) {
  return [...numbers].sort((a, b) => a - b)[Math.floor(numbers.length / 2)];
}

function rounded(_, value) {
  return typeof value === "number" ? Math.round(value * 10) / 10 : value;
}
