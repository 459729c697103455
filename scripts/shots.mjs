// `make shots`: pictures of the page at the moments of the table below.
//
//   node scripts/shots.mjs                 all of them
//   node scripts/shots.mjs --readme        those of the README alone, which lie in docs/shots/
//   node scripts/shots.mjs calm phone      those whose names contain one of the words
//
// A moment is reached through window.kubestage and the data attributes of docs/page-api.md, at a fixed seed and with
// virtual time standing still, so the same tree gives the same pictures. The moments are taken in both themes and
// languages and land in tests/e2e/artifacts/shots/moments/; the README's are one picture each.

import { mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { chromium } from "playwright-core";
import { findChromium, FLAGS } from "./chromium.mjs";
import { serve } from "./serve.mjs";
import { daemonSet } from "../tests/e2e/manifests.mjs";

const README_DIR = "docs/shots";
const MOMENTS_DIR = "tests/e2e/artifacts/shots/moments";
/** A picture that is larger is taken again with less quality, down to the last one. In bytes. */
const LARGEST = 120_000;
const QUALITIES = [85, 75, 65, 50, 40];

const DESK = { width: 1440, height: 900 };
const PHONE = { width: 390, height: 844 };
const THEMES = ["light", "dark"];
const LANGUAGES = ["en", "ko"];

const MANIFESTS = "/etc/kubernetes/manifests";
const APISERVER = `${MANIFESTS}/kube-apiserver.yaml`;

const pod = (name) => `apiVersion: v1
kind: Pod
metadata:
  name: ${name}
spec:
  containers:
  - name: main
    image: redis:8
`;

/**
 * One moment: how to get there, and which pictures of it are wanted.
 *
 * `go` gets a `Scene`. `readme` makes it a picture of the README, in the theme given there. `strip` takes so many
 * pictures, one for each time that `go` yields, and lays them side by side. `start` are the options of the session.
 */
const MOMENTS = [
  {
    name: "overview",
    readme: { theme: "light" },
    async go(scene) {
      await scene.apply(daemonSet({ name: "log-shipper" }), 1.45);
    },
  },
  {
    name: "static-pod-alone",
    readme: { theme: "dark" },
    async go(scene) {
      await scene.call("setApiServer", false);
      await scene.call("advance", 40);
      await scene.call("writeFile", "worker-2", `${MANIFESTS}/cache.yaml`, pod("cache"));
      await scene.call("advance", 12);
      await scene.select('[data-pod="default/cache-worker-2"]');
    },
  },
  {
    name: "why-not",
    readme: { theme: "light" },
    async go(scene) {
      await scene.call("exec", "kubectl taint node worker-2 dedicated=gpu:NoExecute");
      await scene.call("exec", "kubectl cordon worker-3");
      await scene.call("advance", 60);
      await scene.select('[data-node="worker-2"]');
    },
  },
  {
    name: "rollout-5000",
    readme: { theme: "dark" },
    start: { start: "ready", workers: 5000, zones: 3 },
    go: (scene) => scene.rollout(8, 9),
  },

  // The moments that the page is looked at by, whenever it changes.
  {
    name: "01-first-second",
    asFound: true,
    async go(scene) {
      await scene.page.waitForTimeout(1000);
      await scene.call("pause");
    },
  },
  {
    name: "02-first-ten-seconds",
    asFound: true,
    strip: 6,
    async *go(scene) {
      for (let second = 0; second < 10; second += 2) {
        yield;
        await scene.page.waitForTimeout(2000);
      }
      yield;
    },
  },
  { name: "03-calm", async go() {} },
  {
    name: "04-edit",
    async go(scene) {
      await scene.off('[data-control="live"]');
      await scene.type("daemonset", daemonSet({ name: "agent", spec: "      nodeSelector:\n        disk: ssd\n" }));
    },
  },
  {
    name: "05-why-not",
    async go(scene) {
      const spec = "      serviceAccountName: exporter\n      nodeSelector:\n        disk: ssd\n";
      await scene.call("exec", "kubectl label node worker-1 disk=ssd");
      await scene.apply(daemonSet({ name: "exporter", spec }), 30);
      await scene.select('[data-node="worker-2"]');
    },
  },
  {
    name: "06-crash-loop",
    async go(scene) {
      for (let times = 0; times < 4; times += 1) {
        await scene.crash("worker-1");
        await scene.call("advance", 45);
      }
      await scene.crash("worker-1");
      await scene.call("advance", 14);
    },
  },
  {
    name: "07-api-server-down",
    async go(scene) {
      await scene.call("setApiServer", false);
      await scene.call("advance", 40);
      await scene.call("exec", "kubectl get pods");
    },
  },
  {
    name: "08-broken-kube-apiserver",
    async go(scene) {
      const text = await scene.file("control-plane", APISERVER);
      await scene.call("writeFile", "control-plane", APISERVER, text.replace("- kube-apiserver\n", "- kube-apiserver\n    - --no-such-flag\n"));
      await scene.call("advance", 60);
      await scene.select('[data-pod="kube-system/kube-apiserver-control-plane"]');
    },
  },
  {
    name: "09-node-off",
    async go(scene) {
      await scene.call("exec", "ssh worker-2 sudo poweroff");
      await scene.call("advance", 90);
      await scene.select('[data-node="worker-2"]');
    },
  },
  {
    name: "10-nodes-200",
    start: { start: "ready", workers: 200, zones: 3 },
    go: (scene) => scene.rollout(3, 8),
  },
  {
    name: "11-rollout-5000",
    start: { start: "ready", workers: 5000, zones: 3 },
    go: (scene) => scene.rollout(8, 9),
  },
  {
    name: "12-phone",
    size: PHONE,
    async go(scene) {
      await scene.apply(daemonSet({ name: "log-shipper" }), 1.45);
    },
  },
];

/** The page on its way to a moment. */
class Scene {
  constructor(page) {
    this.page = page;
  }

  /** A function of window.kubestage. */
  call(name, ...given) {
    return this.page.evaluate(([name, given]) => globalThis.kubestage[name](...given), [name, given]);
  }

  /** Applies a manifest and lets so many virtual seconds pass. */
  async apply(text, seconds) {
    await this.call("exec", "kubectl apply -f set.yaml", { "set.yaml": text });
    await this.call("advance", seconds);
  }

  /** So many DaemonSets everywhere, all of which get another image; the moment so many seconds later. */
  async rollout(count, seconds) {
    const names = Array.from({ length: count }, (_, number) => `agent-${number + 1}`);
    await this.apply(names.map((name) => daemonSet({ name, unavailable: "20%" })).join("---\n"), 0);
    await this.call("untilQuiet", 3600);
    for (const name of names) await this.call("exec", `kubectl set image ds/${name} main=busybox:1.38`);
    await this.call("advance", seconds);
  }

  /** Ends the container of the node's pod of the DaemonSet `agent`. */
  async crash(node) {
    const { nodes } = await this.call("state");
    const pod = nodes.find(({ name }) => name === node)?.pods.find(({ controlledBy }) => controlledBy === "DaemonSet/agent");
    if (pod) await this.call("crash", `${pod.namespace}/${pod.name}`, undefined, 1);
  }

  async file(node, path) {
    const { nodes } = await this.call("state");
    return nodes.find(({ name }) => name === node).files.find((file) => file.path === path).text;
  }

  /** Selects it, by the first line of its menu. */
  async select(selector) {
    await this.page.locator(selector).first().click({ position: { x: 24, y: 12 } });
    await this.page.locator('[data-menu="object"] [data-control="show"]').click();
  }

  /** Switches off a button or a box that is on. */
  async off(selector) {
    const control = this.page.locator(selector).first();
    const isOn = await control.evaluate((one) => one.getAttribute("aria-checked") ?? one.getAttribute("aria-pressed") ?? String(one.checked));
    if (isOn === "true") await control.click();
  }

  /** Writes an editor's whole text. */
  async type(editor, text) {
    await this.page.locator(`[data-editor="${editor}"].cm-content`).click();
    await this.page.keyboard.press("ControlOrMeta+a");
    await this.page.keyboard.insertText(text);
  }

  /** What is to be seen now, as WebP. */
  async picture(quality) {
    await this.page.mouse.move(0, 0);
    // The frame with the last change, and motion that is not bound to virtual time.
    await this.page.waitForTimeout(700);
    const session = await this.page.context().newCDPSession(this.page);
    const { data } = await session.send("Page.captureScreenshot", { format: "webp", quality });
    await session.detach();
    return Buffer.from(data, "base64");
  }
}

const isReady = (page) => page.waitForSelector('[data-app="kubestage"][data-ready="true"]', { timeout: 120_000 });

/** Goes to a moment and takes its pictures: one, or as many as its strip has. */
async function take(browser, url, moment, { theme, language }) {
  const context = await browser.newContext({ viewport: moment.size ?? DESK, colorScheme: theme, locale: language === "ko" ? "ko-KR" : "en-US", timezoneId: "UTC" });
  try {
    // What a person once chose, as the page keeps it.
    await context.addInitScript(([theme, language]) => {
      localStorage.setItem("kubestage.theme", theme);
      localStorage.setItem("kubestage.lang", language);
    }, [theme, language]);
    const page = await context.newPage();
    const scene = new Scene(page);
    await page.goto(`${url}?theme=${theme}&lang=${language}`);
    await isReady(page);
    if (!moment.asFound) {
      await page.waitForSelector(".cm-content", { state: "attached", timeout: 30_000 }).catch(() => undefined);
      await scene.call("pause");
      await scene.call("reset", 7, moment.start ?? { start: "demo" });
      await scene.call("untilQuiet", 600);
      await isReady(page);
    }
    if (!moment.strip) {
      await moment.go(scene);
      return await small((quality) => scene.picture(quality));
    }
    const frames = [];
    for await (const _ of moment.go(scene)) frames.push(await scene.picture(QUALITIES[0]));
    if (frames.length !== moment.strip) throw new Error(`${moment.name} has ${frames.length} pictures`);
    return await sideBySide(context, frames, moment.size ?? DESK);
  } finally {
    await context.close();
  }
}

/** The first quality at which the picture is small enough, or the last one. */
async function small(picture) {
  let taken;
  for (const quality of QUALITIES) {
    taken = await picture(quality);
    if (taken.length <= LARGEST) break;
  }
  return taken;
}

/** Six pictures as one, three in a row, each at half its size. */
async function sideBySide(context, frames, { width, height }) {
  const page = await context.newPage();
  await page.setViewportSize({ width: Math.round(width * 1.5), height: Math.ceil(frames.length / 3) * Math.round(height / 2) });
  const images = frames.map((frame) => `<img width="${width / 2}" src="data:image/webp;base64,${frame.toString("base64")}">`);
  await page.setContent(`<style>body { margin: 0; font-size: 0 }</style>${images.join("")}`);
  return small((quality) => new Scene(page).picture(quality));
}

// ---- all of it ------------------------------------------------------------------------------------

const words = process.argv.slice(2).filter((word) => !word.startsWith("--"));
const readmeOnly = process.argv.includes("--readme");
const chosen = MOMENTS.filter(({ name, readme }) => (!readmeOnly || readme) && (words.length === 0 || words.some((word) => name.includes(word))));
if (chosen.length === 0) {
  console.error(`kubestage: no moment is called like that; there are ${MOMENTS.map(({ name }) => name).join(", ")}`);
  process.exit(1);
}

for (const dir of [README_DIR, MOMENTS_DIR]) mkdirSync(dir, { recursive: true });
const { server, url } = await serve({ dir: "dist", port: 0 });
const browser = await chromium.launch({ executablePath: await findChromium(), args: FLAGS });
try {
  for (const moment of chosen) {
    const ways = moment.readme
      ? [{ language: "en", ...moment.readme }]
      : THEMES.flatMap((theme) => LANGUAGES.map((language) => ({ theme, language })));
    for (const way of ways) {
      const file = moment.readme
        ? join(README_DIR, `${moment.name}.webp`)
        : join(MOMENTS_DIR, `${moment.name}-${way.theme}-${way.language}.webp`);
      // One that cannot be reached leaves the others to be taken.
      try {
        const picture = await take(browser, url, moment, way);
        if (moment.readme && picture.length > LARGEST) throw new Error(`${picture.length} bytes are more than ${LARGEST}`);
        writeFileSync(file, picture);
        console.log(`${file}: ${Math.round(picture.length / 1000)} kB`);
      } catch (error) {
        console.error(`${file}: ${error.message}`);
        process.exitCode = 1;
      }
    }
  }
} finally {
  await browser.close();
  server.close();
  server.closeAllConnections();
}
