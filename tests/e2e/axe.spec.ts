// axe-core on the page in all the states that a visitor may have before them: nothing serious, nothing critical.

import { readFileSync } from "node:fs";
import { createRequire } from "node:module";
import { api, expect, open, paste, test, type Page } from "./harness.ts";

const AXE = readFileSync(createRequire(import.meta.url).resolve("axe-core/axe.min.js"), "utf8");

/** What axe-core calls serious or critical: the rule, and the first element. */
async function findings(page: Page): Promise<string[]> {
  if (!(await page.evaluate(() => "axe" in window))) await page.evaluate(AXE);
  return page.evaluate(async () => {
    const { violations } = await (window as any).axe.run(document, { resultTypes: ["violations"] });
    return violations
      .filter((one: any) => ["serious", "critical"].includes(one.impact))
      .map((one: any) => `${one.id}: ${one.nodes.map((node: any) => node.html.slice(0, 120)).join(" | ")}`);
  });
}

const tab = (name: string) => (page: Page) => page.locator(`[data-tab="${name}"]`).first().click();

/** How each state is reached from the one before it. */
const STATES: [string, (page: Page) => Promise<unknown>][] = [
  ["as it opens", async () => {}],
  ["a node's files", tab("node-files")],
  ["events", tab("events")],
  ["messages", tab("messages")],
  ["the comparison", tab("compare")],
  ["a pod's menu", (page) => page.locator('[data-pod="default/web-worker-1"]').click()],
  ["a pod's details", (page) => page.locator('[data-menu] [data-control="show"]').click()],
  ["help", (page) => page.keyboard.press("?")],
  ["the command palette", async (page) => {
    await page.keyboard.press("Escape");
    await page.keyboard.press("ControlOrMeta+k");
  }],
  ["a manifest with a mistake", async (page) => {
    await page.keyboard.press("Escape");
    await tab("daemonset")(page);
    await paste(page, "daemonset", "apiVersion: apps/v1\nkind: DaemonSet\nmetadata:\n  nam: x\n");
    await expect(page.locator(".cm-lint-marker, [data-diagnostic]").first()).toBeVisible();
  }],
  ["the API server down", (page) => api(page, "setApiServer", false)],
  ["a crash loop", async (page) => {
    await api(page, "setApiServer", true);
    await api(page, "advance", 30);
    for (let round = 0; round < 3; round += 1) {
      await api(page, "crash", "default/web-worker-1", undefined, 1).catch(() => {});
      await api(page, "advance", 2);
    }
  }],
  ["200 nodes", async (page) => {
    await api(page, "reset", 1, { workers: 200 });
    await api(page, "untilQuiet", 300);
  }],
  ["a list of nodes", (page) => page.locator('[data-control="distance-list"]').click()],
];

for (const theme of ["light", "dark"]) {
  for (const lang of ["en", "ko"]) {
    test(`axe-core finds nothing serious in ${theme}, ${lang}`, async ({ page }) => {
      test.setTimeout(240_000);
      await open(page, `?fresh&lang=${lang}&theme=${theme}`);
      await api(page, "pause");
      const found: string[] = [];
      for (const [state, reach] of STATES) {
        await reach(page);
        await page.waitForTimeout(150); // what fades in has its colours then
        found.push(...(await findings(page)).map((finding) => `${state}: ${finding}`));
      }
      expect(found).toEqual([]);
    });
  }
}

test("axe-core finds nothing serious on a phone", async ({ page }) => {
  await page.setViewportSize({ width: 390, height: 844 });
  await open(page, "?fresh&lang=en");
  const found = await findings(page);
  // The files are open at first.
  for (const pane of ["drawer", "inspector", "desk"]) {
    await page.locator(`[data-pane-button="${pane}"]`).click();
    found.push(...(await findings(page)).map((finding) => `${pane}: ${finding}`));
  }
  expect(found).toEqual([]);
});

test("what is wrong is found", async ({ page }) => {
  await open(page, "?lang=en");
  await page.evaluate(() => {
    const bad = document.createElement("div");
    bad.innerHTML = `<div role="tablist"><input></div>`;
    document.body.append(bad);
  });
  expect((await findings(page)).map((finding) => finding.split(":")[0])).toEqual(expect.arrayContaining(["aria-required-children", "label"]));
});
