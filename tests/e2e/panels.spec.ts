// The panels: rows that stand below each other, places that are kept, texts that have their room.

import { api, expect, open, test } from "./harness.ts";

test("each tab of the panel below keeps its own place", async ({ page }) => {
  await open(page, "?lang=en");
  await api(page, "pause");
  for (let line = 0; line < 12; line += 1) await api(page, "exec", `kubectl get pods -A # ${line}`);
  const body = page.locator("#drawer-body");
  await page.locator('[data-tab="events"]').click();
  await expect.poll(() => body.evaluate((element) => element.scrollHeight > element.clientHeight + 40)).toBe(true);
  await body.evaluate((element) => element.scrollTo(0, 40));
  await page.locator('[data-tab="console"]').click();
  // The console shows its last line, whatever the events show.
  const output = page.locator(".console-out");
  const atEnd = () => output.evaluate((element) => element.scrollHeight - element.clientHeight - element.scrollTop);
  await expect.poll(atEnd).toBeLessThan(3);
  await page.locator('[data-tab="events"]').click();
  await expect(body.locator("li").first()).toBeVisible();
});

test("the columns of events stand below each other", async ({ page }) => {
  await open(page, "?lang=en");
  await page.locator('[data-tab="events"]').click();
  await expect(page.locator("#drawer-body .events li").nth(5)).toBeVisible();
  const lefts = await page.locator("#drawer-body .events").evaluate((list) =>
    [".event-type", "b", ".event-text"].map((column) =>
      new Set([...list.querySelectorAll(`li > ${column}`)].map((cell) => Math.round(cell.getBoundingClientRect().left))).size));
  expect(lefts).toEqual([1, 1, 1]);
});

test("no word of the control plane or of the two truths is cut at 1280x720", async ({ page }) => {
  await page.setViewportSize({ width: 1280, height: 720 });
  await open(page, "?lang=en");
  await api(page, "pause");
  await api(page, "setApiServer", false);
  await api(page, "advance", 40);
  await api(page, "crash", "default/web-worker-1", undefined, 1);
  await api(page, "advance", 1);
  await page.locator('[data-pod="default/web-worker-1"]').click();
  await page.locator('[data-menu] [data-control="show"]').click();
  await expect(page.locator('[data-truth="node"]')).toBeVisible();
  const cut = () =>
    page.evaluate(() => {
      const texts = [...document.querySelectorAll<HTMLElement>(".part-name, .part-state, .part-word, .truths b, .truths small")];
      return texts.filter((one) => one.scrollWidth > one.clientWidth + 1 && getComputedStyle(one).display !== "inline").map((one) => one.outerHTML.slice(0, 80));
    });
  expect(await cut()).toEqual([]);
  await api(page, "setApiServer", true);
  await api(page, "advance", 60);
  expect(await cut()).toEqual([]);
});

test("an event's message has the room of its words at 1280x720", async ({ page }) => {
  await page.setViewportSize({ width: 1280, height: 720 });
  await open(page, "?lang=en");
  await page.locator('[data-tab="events"]').click();
  const message = page.locator("#drawer-body .event-text").first();
  await expect.poll(() => message.evaluate((text) => text.getBoundingClientRect().width)).toBeGreaterThan(90);
  const wide = await page.locator("#drawer-body .events").evaluate((list) => list.scrollWidth - list.clientWidth);
  expect(wide).toBeLessThanOrEqual(1);
});

test("a stopped kubelet's directory and files are still there to see", async ({ page }) => {
  await open(page, "?lang=en");
  await api(page, "exec", "ssh worker-1 sudo systemctl stop kubelet");
  await expect(page.locator('.node[data-node="worker-1"] .disk-path')).toContainText("/etc/kubernetes/manifests");
  await page.locator('[data-tab="node-files"]').click();
  await expect(page.locator(".tree-dir").first()).toContainText("read when the kubelet starts");
  await expect(page.locator('.tree-files [data-file="/etc/kubernetes/manifests/web.yaml"]').first()).toBeVisible();
});

test("a static pod whose broken file was looked at again is gone from the picture", async ({ page }) => {
  await open(page, "?lang=en");
  await api(page, "pause");
  await api(page, "writeFile", "worker-1", "/etc/kubernetes/manifests/web.yaml", "kind: [");
  await api(page, "advance", 25);
  await expect(page.locator('[data-pod="default/web-worker-1"]')).toHaveCount(0);
});
