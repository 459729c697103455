// The guide that stays, and the comparison: each step and row with its tick, where to look, and a button that does it.

import { api, expect, open, shot, test, type Page } from "./harness.ts";

const guide = (page: Page) => page.locator('[data-region="guide"]');
const step = (page: Page, name: string) => page.locator(`[data-guide-step="${name}"]`);

const CLAIMS = ["through-api", "without-api", "path", "control-plane", "names", "where", "come-back"];

/** Lets virtual time pass, a second for each look, until something is so. */
async function passUntil(page: Page, done: () => Promise<boolean>, seconds = 300): Promise<void> {
  for (let second = 0; second < seconds && !(await done()); second += 1) await api(page, "advance", 1);
  expect(await done()).toBe(true);
}

const isSeen = (page: Page, name: string) => async () => (await step(page, name).getAttribute("data-seen")) === "true";

test("the seven claims, by the keyboard alone", async ({ page }) => {
  test.setTimeout(480_000);
  await open(page, "?lang=en");
  await expect(page.locator("[data-guide-step]")).toHaveCount(CLAIMS.length);
  await expect(page.locator('[data-guide-step][data-seen="true"]')).toHaveCount(0);
  // Tab leads to the step that is shown; from there on, two Tabs lead to what does it.
  for (let press = 0; press < 40; press += 1) {
    if (await step(page, "through-api").evaluate((element) => element === document.activeElement)) break;
    await page.keyboard.press("Tab");
  }
  await expect(step(page, "through-api")).toBeFocused();
  for (const [at, name] of CLAIMS.entries()) {
    await expect(guide(page)).toHaveAttribute("data-step", name);
    await expect(step(page, name)).toBeFocused();
    await page.keyboard.press("Tab");
    await expect(page.locator('[data-control="guide-where"]')).toBeFocused();
    await expect(page.locator("[data-lit]")).toHaveCount(1);
    await page.keyboard.press("Tab");
    const parts = await page.locator("[data-part-of-step]").count();
    for (let part = 0; part < parts && !(await isSeen(page, name)()); part += 1) {
      const seen = page.locator('[data-part-of-step][data-seen="true"]');
      const before = await seen.count();
      await expect(page.locator('[data-control="guide-do"]')).toBeFocused();
      await page.keyboard.press("Enter");
      await passUntil(page, async () => (await seen.count()) > before);
      await passUntil(page, async () => (await isSeen(page, name)()) || (await page.locator('[data-control="guide-do"]').getAttribute("aria-disabled")) === "false" || (await seen.count()) > before + 1);
    }
    await expect(step(page, name)).toHaveAttribute("data-seen", "true");
    if (at === CLAIMS.length - 1) break;
    await page.keyboard.press("Shift+Tab");
    await page.keyboard.press("Shift+Tab");
    await page.keyboard.press("ArrowRight");
  }
  await expect(page.locator('[data-guide-step][data-seen="true"]')).toHaveCount(CLAIMS.length);
  await expect(guide(page)).toContainText("All seen");
  await shot(page, "guide-all-seen");
});

test("a step done by hand is ticked, and stays until the next is asked for", async ({ page }) => {
  await open(page, "?lang=en");
  await expect(guide(page)).toContainText("Stop the API server");
  await page.locator('header [data-control="api-server"]').click();
  await api(page, "advance", 40);
  await expect(guide(page)).toContainText("2 of 2");
  await expect(guide(page)).toHaveAttribute("data-seen", "false");
  await page.locator('[data-control="apply"]').click();
  await api(page, "advance", 5);
  await expect(guide(page)).toHaveAttribute("data-seen", "true");
  await expect(guide(page)).toHaveAttribute("data-step", "through-api");
  await page.locator('[data-control="guide-next"]').click();
  await expect(guide(page)).toHaveAttribute("data-step", "without-api");
  // What was seen is kept.
  await page.waitForTimeout(900);
  await page.reload();
  await expect(step(page, "through-api")).toHaveAttribute("data-seen", "true", { timeout: 30_000 });
  await expect(guide(page)).toHaveAttribute("data-step", "without-api");
});

test("the guide lights up where it can be seen, and brings that into sight", async ({ page }) => {
  await page.setViewportSize({ width: 390, height: 844 });
  await open(page, "?lang=en");
  await page.locator('[data-control="guide-fold"]').click();
  await step(page, "control-plane").click();
  await page.locator('[data-control="guide-where"]').click();
  await expect(page.locator("[data-app]")).toHaveAttribute("data-lit", "control-plane");
  const outline = (selector: string) => page.locator(selector).first().evaluate((element) => getComputedStyle(element).outlineStyle);
  expect(await outline('[data-part="etcd"]')).toBe("solid");
  expect(await outline('[data-pod="default/web-worker-1"]')).toBe("none");
  await step(page, "where").click();
  await page.locator('[data-control="guide-where"]').click();
  await expect(page.locator('.node[data-node="worker-1"]')).toBeInViewport();
});

test("each scenario has a guide of its own", async ({ page }) => {
  await open(page, "?lang=en");
  const first = { ready: "daemonset", bare: "plane" };
  for (const [start, name] of Object.entries(first)) {
    await api(page, "reset", 1, { start });
    await expect(guide(page)).toHaveAttribute("data-step", name);
  }
  await api(page, "reset", 1, { start: "ready", workers: 60 });
  await expect(guide(page)).toHaveAttribute("data-step", "spread");
});

for (const [width, height] of [[1440, 900], [1280, 720], [1024, 768], [390, 844], [844, 390]] as const) {
  for (const lang of ["en", "ko"]) {
    test(`the guide is one line that fits at ${width}x${height} in ${lang}`, async ({ page }) => {
      await page.setViewportSize({ width, height });
      await open(page, `?lang=${lang}`);
      if ((await page.locator('[data-control="guide-fold"]').getAttribute("aria-expanded")) === "true") {
        await page.locator('[data-control="guide-fold"]').click();
      }
      for (const name of CLAIMS) {
        const line = (await page.locator(".guide").boundingBox())!;
        expect(line.height).toBeLessThan(44);
        expect(line.x + line.width).toBeLessThanOrEqual(width);
        const cut = await page.locator(".guide-line > *").evaluateAll((all) =>
          all.filter((one) => one.checkVisibility() && one.getBoundingClientRect().right > innerWidth).map((one) => one.className));
        expect(cut).toEqual([]);
        const title = page.locator(".guide-title");
        expect((await title.boundingBox())!.width, name).toBeGreaterThan(90);
        await step(page, name).dispatchEvent("click");
      }
      expect(await page.evaluate(() => document.documentElement.scrollWidth)).toBeLessThanOrEqual(width);
      await shot(page, `guide-${width}-${lang}`);
    });
  }
}

test("the comparison is one table on one screen, and each row can be played", async ({ page }) => {
  test.setTimeout(480_000);
  await open(page, "?lang=en");
  await page.locator('[data-tab="compare"]').click();
  const rows = page.locator("[data-row-of-comparison]");
  await expect(rows).toHaveCount(9);
  const body = page.locator(".side-body");
  expect(await body.evaluate((element) => element.scrollHeight - element.clientHeight)).toBeLessThanOrEqual(0);
  await shot(page, "compare");
  for (const name of ["delete", "mistake"]) {
    const row = page.locator(`[data-row-of-comparison="${name}"]`);
    await expect(row).toHaveAttribute("data-seen", "false");
    for (let part = 1; part <= 2; part += 1) {
      await row.locator("button").click();
      const seen = async () => (await row.getAttribute("data-seen")) === "true" || (part === 1 && ((await row.textContent()) ?? "").includes("1 of 2"));
      await passUntil(page, seen);
    }
    await expect(row).toHaveAttribute("data-seen", "true");
  }
  await page.locator('[data-control="forget-seen"]').click();
  // A mistake that still stands in a file is seen again at once; what has happened is over.
  await expect(page.locator('[data-row-of-comparison="delete"]')).toHaveAttribute("data-seen", "false");
});

test("nothing is seen of a calm cluster, however long one looks", async ({ page }) => {
  await open(page, "?lang=en");
  for (let minute = 0; minute < 5; minute += 1) await api(page, "advance", 60);
  await page.waitForTimeout(300);
  await expect(page.locator('[data-seen="true"]')).toHaveCount(0);
});
