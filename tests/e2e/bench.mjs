// `make bench-web`: figures of the page in Chromium, as one JSON on standard output.
// Wall times vary with the machine's load; compare figures of one run with each other.

import { chromium } from "playwright-core";
import { findChromium, FLAGS } from "../../scripts/chromium.mjs";
import { serve } from "../../scripts/serve.mjs";

const RUNS = 5;

const { server, url } = await serve({ dir: "dist", port: 0 });
const browser = await chromium.launch({ executablePath: await findChromium(), args: FLAGS });
try {
  const figures = { chromium: browser.version(), load: await load() };
  console.log(JSON.stringify(figures, null, 2));
} finally {
  await browser.close();
  server.close();
  server.closeAllConnections();
}

/** From the start of the navigation, each time with an empty cache; the median of some runs, in ms. */
async function load() {
  const ready = [];
  for (let run = 0; run < RUNS; run += 1) {
    const context = await browser.newContext();
    const page = await context.newPage();
    await page.addInitScript(watchReady);
    await page.goto(url);
    ready.push(await page.evaluate(() => globalThis.whenReady));
    await context.close();
  }
  return { readyMs: median(ready), runs: RUNS };
}

/** Runs in the page: notes when the app's root says that its first picture stands. */
function watchReady() {
  globalThis.whenReady = new Promise((resolve) => {
    const look = () => {
      if (document.querySelector('[data-app="kubestage"][data-ready="true"]')) resolve(performance.now());
      else requestAnimationFrame(look);
    };
    look();
  });
}

function median(numbers) {
  const sorted = [...numbers].sort((a, b) => a - b);
  return Math.round(sorted[Math.floor(sorted.length / 2)]);
}
