// `make bench-web`: figures of the page in Chromium, as one JSON on standard output.
//
// Wall times vary with the machine's load; compare figures of one run with each other. What is measured and
// how stands in docs/performance.md. `node tests/e2e/bench.mjs --dir DIR --nodes N --sets N` for smaller ones.

import { chromium } from "playwright-core";
import { findChromium, FLAGS } from "../../scripts/chromium.mjs";
import { serve } from "../../scripts/serve.mjs";

const option = (name, otherwise) => {
  const at = process.argv.indexOf(`--${name}`);
  return at < 0 ? otherwise : process.argv[at + 1];
};
const RUNS = 5;
const NODES = Number(option("nodes", 5000));
const SETS = Number(option("sets", 30));
const only = option("only", "").split(",").filter(Boolean);
const wanted = (name) => only.length === 0 || only.includes(name);
const note = (text) => process.stderr.write(`${text}\n`);

let url = "";
let browser;

// ---- loading --------------------------------------------------------------------------------------

/** A telephone of some years ago, and the way to it. */
const SLOW = { cpu: 4, latency: 40, downloadThroughput: 10e6 / 8, uploadThroughput: 10e6 / 8, offline: false };

/** The browser's own throttling of a page. */
async function slowDown(page) {
  const { cpu, ...network } = SLOW;
  const session = await page.context().newCDPSession(page);
  await session.send("Network.enable");
  await session.send("Network.emulateNetworkConditions", network);
  await session.send("Emulation.setCPUThrottlingRate", { rate: cpu });
}

/** From the start of the navigation, each time with an empty cache; the median of some runs, in ms. */
async function load(query, prepare = () => {}) {
  const [ready, running] = [[], []];
  for (let run = 0; run < RUNS; run += 1) {
    const context = await browser.newContext({ viewport: { width: 1440, height: 900 } });
    const page = await context.newPage();
    await prepare(page);
    await page.addInitScript(watchReady);
    await page.goto(url + query);
    ready.push(await page.evaluate(() => globalThis.whenReady));
    running.push(await page.evaluate(() => globalThis.whenRunning));
    await context.close();
  }
  return { readyMs: median(ready), firstRunningPodMs: median(running), runs: RUNS };
}

/** Runs in the page: notes when the app's root says that its first picture stands, and the first pod. */
function watchReady() {
  const when = (selector) =>
    new Promise((resolve) => {
      const look = () => {
        if (document.querySelector(selector)) resolve(performance.now());
        else requestAnimationFrame(look);
      };
      look();
    });
  globalThis.whenReady = when('[data-app="kubestage"][data-ready="true"]');
  globalThis.whenRunning = when('[data-pod][data-state="running"]');
}

// ---- what the page's own scripts take -------------------------------------------------------------

/** Runs in the page: times every frame's scripting (microtasks included), long tasks, and key presses. */
function watchScripts() {
  const frames = [];
  const longTasks = [];
  const keys = [];
  globalThis.figures = { frames, longTasks, keys };
  const request = globalThis.requestAnimationFrame.bind(globalThis);
  globalThis.requestAnimationFrame = (callback) =>
    request((at) => {
      const begin = performance.now();
      callback(at);
      // What the frame has put off to the end of the task comes before this.
      Promise.resolve().then(() => Promise.resolve()).then(() => Promise.resolve()).then(() => frames.push(performance.now() - begin));
    });
  new PerformanceObserver((list) => {
    for (const entry of list.getEntries()) longTasks.push(Math.round(entry.duration));
  }).observe({ type: "longtask", buffered: true });
  new PerformanceObserver((list) => {
    for (const entry of list.getEntries()) if (entry.name === "keydown") keys.push(entry.duration);
  }).observe({ type: "event", durationThreshold: 16, buffered: true });
  addEventListener("TrunkApplicationStarted", (event) => {
    globalThis.wasm = event.detail.wasm;
  });
}

async function open(query = "") {
  const page = await browser.newPage({ viewport: { width: 1440, height: 900 } });
  await page.addInitScript(watchScripts);
  await page.goto(`${url}?start=demo&speed=1${query.replace("?", "&")}`);
  await isReady(page);
  return page;
}

const isReady = (page) => page.waitForSelector('[data-ready="true"]', { timeout: 300_000 });
const forget = (page) => page.evaluate(() => { for (const list of Object.values(figures)) list.length = 0; });
const frames = (page) => page.evaluate(() => figures.frames.slice());
const longest = (page) => page.evaluate(() => ({ longTasks: figures.longTasks.length, longestTaskMs: Math.max(0, ...figures.longTasks) }));

const daemonSet = (n) => `apiVersion: apps/v1
kind: DaemonSet
metadata:
  name: agent-${n}
spec:
  selector:
    matchLabels: {app: agent-${n}}
  template:
    metadata:
      labels: {app: agent-${n}}
    spec:
      tolerations: [{operator: Exists}]
      containers:
      - name: agent
        image: example.com/agent:${n}
        resources: {requests: {cpu: 10m}}
`;
const daemonSets = (count) => Array.from({ length: count }, (_, n) => daemonSet(n)).join("---\n");

/** How many frames a second while 30 pods appear on a small cluster, played at real speed. */
async function appear() {
  const page = await open();
  await forget(page);
  const seconds = 3;
  await page.evaluate((text) => kubestage.exec("kubectl apply -f all.yaml", { "all.yaml": text }), daemonSets(8));
  await page.waitForTimeout(seconds * 1000);
  const all = await frames(page);
  const figure = { framesPerSecond: Math.round(all.length / seconds), scriptMs: spread(all), ...(await longest(page)) };
  await page.close();
  return figure;
}

// ---- a storm --------------------------------------------------------------------------------------

/** As fast as possible, in one go, against a bare event queue in the same page. */
async function storm() {
  note("storm in one go");
  const page = await open();
  const figure = await page.evaluate(
    ([nodes, sets, text]) => {
      const timed = (work) => {
        const begin = performance.now();
        work();
        return Math.round(performance.now() - begin);
      };
      const memory = () => globalThis.wasm?.memory.buffer.byteLength ?? 0;
      kubestage.pause();
      const bootMs = timed(() => kubestage.reset(1, { workers: nodes - 1, start: "ready", kubeProxy: false }));
      const booted = memory();
      const stormMs = timed(() => {
        kubestage.exec("kubectl apply -f all.yaml", { "all.yaml": text });
        kubestage.untilQuiet();
      });
      const after = memory();
      // Last, since its memory would be there for the storm to use.
      const bareQueueMs = timed(() => kubestage.bareQueue(nodes * sets));
      return { bareQueueMs, bootMs, stormMs, booted, after, virtualSeconds: Math.round(kubestage.now()) };
    },
    [NODES, SETS, daemonSets(SETS)],
  );
  const pods = NODES * SETS;
  // The marks of so many nodes follow over some frames.
  for (let look = 0; look < 100 && (await running(page)) < pods; look += 1) await page.waitForTimeout(100);
  const runningPods = await running(page);
  const { booted, after, ...times } = figure;
  await page.close();
  return {
    ...times,
    runningPods,
    stormToBareQueue: round(times.stormMs / times.bareQueueMs),
    wasmMemoryBytes: after,
    // All of it, the page's own too.
    wasmBytesPerPod: Math.round(after / pods),
    wasmBytesPerPodAfterBoot: Math.round((after - booted) / pods),
  };
}

/** Starts the large cluster by the page's own controls. */
async function start(page) {
  await page.click('[data-control="scenarios"]');
  if (NODES === 5000) await page.click('[data-control="start-fleet"]');
  else {
    await page.fill('[data-control="nodes"]', String(NODES));
    await page.click('[data-control="start-ready"]');
  }
  await page.waitForSelector('[data-app]:not([data-ready="true"])', { timeout: 5000 }).catch(() => {});
  await isReady(page);
}

/** The text is typed in one go, as a paste is. */
async function paste(page, text) {
  await page.locator('[data-editor="daemonset"]').click();
  await page.keyboard.press("ControlOrMeta+a");
  await page.keyboard.insertText(text);
}

const running = (page) =>
  page.evaluate(() => Number(document.querySelector('[data-region="fleet"] [data-state="running"][data-count]')?.dataset.count ?? 0));

/** Shown live: boot, storm, typing meanwhile, then panning and zooming, and one pod that changes. */
async function live(query) {
  note(`live ${query}`);
  const page = await open(query);
  await forget(page);
  await start(page);
  const figure = { boot: { scriptMs: spread(await frames(page)), ...(await longest(page)) } };
  figure.painter = await page.getAttribute("[data-painter]", "data-painter");
  await page.evaluate(() => kubestage.play(1000));
  await paste(page, daemonSets(SETS));
  await page.keyboard.press("ControlOrMeta+Enter");
  await page.click('[data-control="new-own-file"]');
  await page.locator('[data-editor="daemonset"]').click();
  await page.keyboard.press("ControlOrMeta+End");
  await forget(page);
  const begin = Date.now();
  const most = NODES * SETS;
  let typed = 0;
  const comment = "# a line that is typed while the storm runs, letter by letter\n";
  while ((await running(page)) < most && Date.now() - begin < 240_000) {
    await page.keyboard.type(comment[typed % comment.length] === "\n" ? "\n" : comment[typed % comment.length]);
    typed += 1;
    await page.waitForTimeout(60);
  }
  const stormFrames = await frames(page);
  const keys = await page.evaluate(() => figures.keys.slice());
  // Quicker ones than the threshold are not reported.
  const all = [...keys, ...Array(Math.max(0, typed - keys.length)).fill(8)];
  figure.storm = {
    seconds: round((Date.now() - begin) / 1000),
    running: await running(page),
    frames: stormFrames.length,
    scriptMs: spread(stormFrames),
    ...(await longest(page)),
    keyToPaintMs: spread(all),
    keys: typed,
  };
  figure.map = await panAndZoom(page);
  figure.onePod = await onePod(page);
  await page.close();
  return figure;
}

/** Scripting of each frame while the map is dragged and zoomed. */
async function panAndZoom(page) {
  await page.evaluate(() => kubestage.pause());
  const box = await page.locator("[data-map]").boundingBox();
  const at = (x, y) => page.mouse.move(box.x + box.width * x, box.y + box.height * y);
  await at(0.5, 0.5);
  await forget(page);
  for (let turn = 0; turn < 3; turn += 1) {
    for (let step = 0; step < 12; step += 1) {
      await page.mouse.wheel(0, turn % 2 ? 260 : -130);
      await page.waitForTimeout(30);
    }
    await page.mouse.down();
    for (let step = 0; step < 20; step += 1) await at(0.5 + 0.3 * Math.sin(step / 3), 0.5 + 0.3 * Math.cos(step / 3));
    await page.mouse.up();
  }
  const all = await frames(page);
  await page.keyboard.press("Escape");
  return { frames: all.length, scriptMs: spread(all), ...(await longest(page)) };
}

/** What the page does after one pod of all has changed, without the simulation itself. */
async function onePod(page) {
  // The storm's last pods are Ready, and all marks are made: nothing else changes.
  await page.evaluate(() => kubestage.untilQuiet());
  await page.click('[data-control="zoom-fit"]');
  await page.waitForTimeout(3000);
  const found = [];
  for (let run = 0; run < 9; run += 1) {
    const took = await page.evaluate(async (run) => {
      const name = kubestage.exec(`kubectl get pods -o name --field-selector spec.nodeName=worker-${run + 5}`).split("\n")[0].replace("pod/", "");
      const settle = async (count) => {
        for (let frame = 0; frame < count; frame += 1) await new Promise((done) => requestAnimationFrame(done));
      };
      kubestage.crash(name);
      await settle(12);
      figures.frames.length = 0;
      // Its container starts again: the pod is Running on the node, then for the API server.
      kubestage.advance(4);
      const begin = performance.now();
      await Promise.resolve();
      await Promise.resolve();
      await Promise.resolve();
      const rendered = performance.now() - begin;
      await settle(4);
      return { rendered, frames: figures.frames.slice(0, 3) };
    }, run);
    found.push({ renderedMs: took.rendered, frameMs: Math.max(...took.frames) });
  }
  const middle = (name) => round(found.map((one) => one[name]).sort((a, b) => a - b)[4]);
  return { renderedMs: middle("renderedMs"), frameMs: middle("frameMs"), runs: found.length };
}

/** A manifest of 1,000 lines in many documents, whose last word is not whole yet. */
function longManifest() {
  const documents = [];
  for (let lines = 0; lines < 1000; lines = documents.join("---\n").split("\n").length) {
    const env = Array.from({ length: 10 }, (_, n) => `        - name: VARIABLE_${n}\n          value: "${n}"\n`).join("");
    documents.push(`${daemonSet(documents.length).trimEnd()}\n        env:\n${env}      hostNetwork: tru`);
  }
  return documents.map((text) => `${text}e\n`).join("---\n").slice(0, -2);
}

/** From a key that makes a mistake, or mends it, to its mark: in the document, and painted. */
async function marks() {
  note("marks");
  const page = await open();
  await page.uncheck('[data-control="live"]');
  const text = longManifest();
  await paste(page, text);
  await page.waitForSelector(".cm-lintRange-error");
  await page.evaluate(() => {
    globalThis.marked = [];
    let begin = 0;
    addEventListener("keydown", (event) => { begin = event.timeStamp; }, true);
    const had = () => document.querySelector(".cm-lintRange-error") !== null;
    let before = had();
    new MutationObserver(() => {
      if (had() === before) return;
      before = had();
      const [from, inDocument] = [begin, performance.now() - begin];
      requestAnimationFrame(() => setTimeout(() => marked.push({ inDocument, painted: performance.now() - from })));
    }).observe(document.querySelector(".cm-content"), { subtree: true, childList: true, attributes: true });
  });
  for (let key = 0; key < 40; key += 1) {
    await page.keyboard.press(key % 2 ? "Backspace" : "e");
    await page.waitForTimeout(250);
  }
  const all = await page.evaluate(() => marked);
  await page.close();
  return {
    lines: text.split("\n").length,
    keys: all.length,
    keyToMarkMs: spread(all.map((one) => one.inDocument)),
    keyToPaintedMarkMs: spread(all.map((one) => one.painted)),
  };
}

/** A session with a storm in it, played anew after a reload. */
async function reload() {
  note("reload");
  const page = await open();
  await start(page);
  await page.evaluate((text) => {
    kubestage.exec("kubectl apply -f all.yaml", { "all.yaml": text });
    kubestage.untilQuiet();
  }, daemonSets(SETS));
  await page.waitForTimeout(1500);
  const begin = Date.now();
  await page.reload();
  await isReady(page);
  const figure = { seconds: round((Date.now() - begin) / 1000), scriptMs: spread(await frames(page)), ...(await longest(page)) };
  await page.close();
  return figure;
}

// ---- numbers --------------------------------------------------------------------------------------

function median(numbers) {
  const sorted = [...numbers].sort((a, b) => a - b);
  return Math.round(sorted[Math.floor(sorted.length / 2)]);
}

function round(number) {
  return Math.round(number * 100) / 100;
}

function spread(numbers) {
  const sorted = [...numbers].sort((a, b) => a - b);
  const at = (part) => round(sorted[Math.min(sorted.length - 1, Math.floor(sorted.length * part))] ?? 0);
  return { p50: at(0.5), p95: at(0.95), most: at(1) };
}

// ---- all of it ------------------------------------------------------------------------------------

const served = await serve({ dir: option("dir", "dist"), port: 0 });
url = served.url;
browser = await chromium.launch({ executablePath: await findChromium(), args: FLAGS });
try {
  const figures = { chromium: browser.version(), nodes: NODES, daemonSets: SETS };
  if (wanted("load")) figures.load = { firstVisit: await load(""), slowFirstVisit: await load("", slowDown), demo: await load("?start=demo&speed=1") };
  if (wanted("appear")) figures.appear = await appear();
  if (wanted("storm")) figures.storm = await storm();
  if (wanted("live")) figures.live = await live("");
  // By the processor, which is only right where a graphics card is imitated.
  if (only.includes("webgl")) figures.webgl = await live("?webgl");
  if (wanted("marks")) figures.marks = await marks();
  if (wanted("reload")) figures.reload = await reload();
  console.log(JSON.stringify(figures, null, 2));
} finally {
  await browser.close();
  served.server.close();
  served.server.closeAllConnections();
}
