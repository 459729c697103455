// Room: on each size of screen what counts is whole, and nothing that is read is cut.

import { api, expect, open, test, type Locator, type Page } from "./harness.ts";
import { daemonSet } from "./manifests.mjs";

const PHONE = { width: 390, height: 844 };
const LAPTOP = { width: 1280, height: 720 };

const height = async (place: Locator): Promise<number> => (await place.boundingBox())!.height;

/** Of all that match and can be seen: the texts that do not fit their boxes. */
const cut = (page: Page, selector: string): Promise<string[]> =>
  page.locator(selector).evaluateAll((all) =>
    all.filter((one) => one.checkVisibility() && one.scrollWidth > one.clientWidth + 1).map((one) => one.textContent ?? ""));

/** Another session, in which time stands still. */
async function begin(page: Page, start: object): Promise<void> {
  await api(page, "pause");
  await api(page, "reset", 7, start);
  await api(page, "untilQuiet", 600);
}

async function fleet(page: Page): Promise<void> {
  await begin(page, { start: "ready", workers: 200, zones: 3 });
  await api(page, "exec", "kubectl apply -f set.yaml", { "set.yaml": daemonSet({ name: "agent-1" }) });
  await api(page, "untilQuiet", 600);
  await expect(page.locator(".small-node").first()).toBeVisible();
}

for (const lang of ["en", "ko"]) {
  test(`a phone's bar has two lines, and a panel that is chosen again makes room (${lang})`, async ({ page }) => {
    await page.setViewportSize(PHONE);
    await open(page, `?lang=${lang}`);
    const button = page.locator('[data-control="help"]');
    expect(await height(page.locator(".header"))).toBeLessThan(2.5 * (await height(button)) + 16);
    expect(await height(page.locator(".scene-bar"))).toBeLessThan(44);
    const before = await height(page.locator(".scene"));
    await page.locator('[data-pane-button="desk"]').click();
    await expect(page.locator(".desk")).toBeHidden();
    expect(await height(page.locator(".scene"))).toBeGreaterThan(before + 200);
    await page.locator('[data-pane-button="drawer"]').click();
    await expect(page.locator('[data-control="console"]')).toBeVisible();
  });

  test(`two hundred nodes leave a phone a map, and a laptop a bar of one line (${lang})`, async ({ page }) => {
    await page.setViewportSize(PHONE);
    await open(page, `?lang=${lang}`);
    await fleet(page);
    await page.locator('[data-control="distance-map"]').click();
    expect(await height(page.locator(".map-view"))).toBeGreaterThan(180);
    await page.locator('[data-pane-button="desk"]').click();
    expect(await height(page.locator(".map-view"))).toBeGreaterThan(400);
    await page.setViewportSize(LAPTOP);
    await expect.poll(() => height(page.locator(".scene-bar"))).toBeLessThan(44);
  });

  test(`at 1280x720 four nodes with three pods of a person's own are whole (${lang})`, async ({ page }) => {
    await page.setViewportSize(LAPTOP);
    await open(page, `?lang=${lang}`);
    await begin(page, { start: "demo" });
    for (const name of ["log-shipper", "metrics"]) await api(page, "exec", "kubectl apply -f set.yaml", { "set.yaml": daemonSet({ name }) });
    await api(page, "untilQuiet", 600);
    await expect(page.locator('.node[data-node="worker-1"] .pods .pod')).toHaveCount(4);
    await expect(page.locator(".drawer")).toBeVisible();
    const bottom = await page.locator(".scene-scroll").evaluate((one) => one.getBoundingClientRect().bottom);
    const nodes = await page.locator(".nodes > .node").evaluateAll((all) => all.map((one) => one.getBoundingClientRect().bottom));
    expect(nodes).toHaveLength(4);
    for (const node of nodes) expect(node).toBeLessThanOrEqual(bottom);
  });
}

test("what a node's heading says is whole, also of a cordoned one and of one that is off", async ({ page }) => {
  await open(page, "?lang=en");
  await api(page, "exec", "kubectl cordon worker-1");
  await api(page, "exec", "kubectl cordon control-plane");
  await api(page, "advance", 5);
  await expect(page.locator('.node[data-node="worker-1"]')).toHaveAttribute("data-status", "Ready,SchedulingDisabled");
  await expect(page.locator('.node[data-node="worker-1"] .node-cordoned')).toContainText("cordoned");
  for (const size of [{ width: 1440, height: 900 }, LAPTOP, { width: 1024, height: 768 }, PHONE]) {
    await page.setViewportSize(size);
    await expect.poll(() => cut(page, ".node-name, .node-word, .node-state, .node-cordoned"), String(size.width)).toEqual([]);
  }
});

test("what stands beside a name is whole at 1280x720: a node that is not registered, and the other truth of one that is off", async ({ page }) => {
  await page.setViewportSize(LAPTOP);
  await open(page, "?lang=en");
  await api(page, "pause");
  await api(page, "reset", 7, { start: "bare" });
  await api(page, "advance", 1);
  await expect(page.locator('.node[data-node="control-plane"] .node-word')).toHaveText("not registered");
  await expect.poll(() => cut(page, ".node-name, .node-word, .node-state, .part-note")).toEqual([]);
  await begin(page, { start: "demo" });
  await api(page, "exec", "ssh worker-2 sudo poweroff");
  await api(page, "advance", 90);
  await expect(page.locator('.node[data-node="worker-2"] .pods .pod-truths')).toContainText("Running");
  await expect.poll(() => cut(page, ".pod-truths, .node-name, .node-word, .node-state")).toEqual([]);
});

test("the control plane's card has its place from the first moment of the boot", async ({ page }) => {
  await open(page, "?lang=en");
  await api(page, "pause");
  await api(page, "reset", 7, { start: "bare" });
  const order = () => page.locator(".nodes > .node").evaluateAll((all) => all.map((one) => one.getAttribute("data-node")));
  const all = ["worker-1", "worker-2", "worker-3", "control-plane"];
  await expect.poll(order).toEqual(all);
  await api(page, "untilQuiet", 600);
  await expect(page.locator('.node[data-node="control-plane"]')).toHaveAttribute("data-status", "Ready");
  expect(await order()).toEqual(all);
});

test("with reduced motion four nodes are whole at 1280x720 below the captions", async ({ page }) => {
  await page.emulateMedia({ reducedMotion: "reduce" });
  await page.setViewportSize(LAPTOP);
  await open(page, "?lang=en");
  await api(page, "pause");
  await api(page, "exec", "kubectl rollout restart ds/agent");
  await api(page, "play", 1);
  await expect(page.locator('[data-layer="facts"]')).toContainText("controller-manager", { timeout: 60_000 });
  const bottom = await page.locator(".scene-scroll").evaluate((one) => one.getBoundingClientRect().bottom);
  const nodes = await page.locator(".nodes > .node").evaluateAll((all) => all.map((one) => one.getBoundingClientRect().bottom));
  expect(nodes).toHaveLength(4);
  for (const node of nodes) expect(node).toBeLessThanOrEqual(bottom);
});

test("the sum of the pods whose two truths differ is told in a word that fits", async ({ page }) => {
  await open(page, "?lang=en");
  await fleet(page);
  await api(page, "exec", "ssh worker-2 sudo poweroff");
  await api(page, "advance", 60);
  const tally = page.locator("[data-differing]");
  await expect(tally).toContainText("differ");
  await expect(tally).toHaveAttribute("title", "API server and node differ");
  expect(await cut(page, ".all-pods, .all-pods small")).toEqual([]);
});

test("four nodes never stand three and one", async ({ page }) => {
  await open(page, "?lang=en");
  for (const width of [1100, 1440, 1700, 1920, 2200, 2560, 3440]) {
    await page.setViewportSize({ width, height: Math.round((width * 9) / 16) });
    const inRow = () => page.locator(".nodes > .node").evaluateAll((all) => {
      const tops = all.map((one) => Math.round(one.getBoundingClientRect().top));
      return tops.filter((top) => top === tops[0]).length;
    });
    await expect.poll(inRow, String(width)).not.toBe(3);
  }
});

test("presenter mode leaves the cluster alone on the page, and gives the panels back", async ({ page }) => {
  await open(page, "?lang=en");
  const scale = page.locator('[data-control="scale"]');
  for (const percent of ["125%", "150%", "200%"]) {
    await scale.click();
    await expect(scale).toHaveText(percent);
    await expect(page.locator(".desk")).toBeHidden();
    await expect(page.locator(".drawer")).toBeHidden();
    await expect(page.locator(".nodes > .node").first()).toBeInViewport({ ratio: 1 });
  }
  // Legible from the last row, and all there: nothing has to be scrolled.
  for (const node of await page.locator(".nodes > .node").all()) await expect(node).toBeInViewport({ ratio: 1 });
  await expect(page.locator('.node[data-node="worker-1"] .pods .pod')).toHaveCount(2);
  await expect(page.locator('[data-pod="default/web-worker-1"]')).toBeInViewport({ ratio: 1 });
  await scale.click();
  await expect(page.locator(".desk")).toBeVisible();
  await expect(page.locator(".drawer")).toBeVisible();
});
