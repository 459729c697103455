// What comes later, and what happens before it has come.

import { api, expect, open, ready, test, type Page } from "./harness.ts";

const LATER = "**/split_later*";

/** The later part comes late; what asks for it at once is let through, since nothing else could go on. */
async function delay(page: Page, milliseconds: number): Promise<void> {
  await page.route(LATER, async (route) => {
    if (route.request().resourceType() === "fetch") await new Promise((done) => setTimeout(done, milliseconds));
    await route.continue();
  });
}

/** The address of a session of so many nodes, kept from an earlier visit. */
async function keep(page: Page, options: object): Promise<void> {
  const text = JSON.stringify({ version: 1, options, entries: [], until: 200_000_000 });
  await page.addInitScript((text) => localStorage.setItem("kubestage.session", text), text);
}

const log = async (page: Page): Promise<string[]> => (await api(page, "log")).split("\n");

for (const start of ["first", "demo", "ready", "bare"]) {
  test(`a visit that begins with ${start} goes well though the later part comes late`, async ({ page }) => {
    await delay(page, 8000);
    await page.goto(new URL(`?start=${start}`, process.env.KUBESTAGE_URL).href);
    await expect(page.locator('[data-pod][data-state="running"]').first()).toBeVisible({ timeout: 60_000 });
    await ready(page);
    expect(await api(page, "exec", "kubectl version --client")).toContain("Client Version");
  });
}

test("a session is the same whenever the later part comes, and whatever it needs of it before", async ({ page, context }) => {
  test.setTimeout(600_000);
  const options = { seed: 3, workers: 120, zones: 3, start: "ready", kubeProxy: true };
  await keep(page, options);
  await open(page);
  const soon = await log(page);
  const other = await context.newPage();
  await keep(other, options);
  await delay(other, 4000);
  await open(other);
  const late = await log(other);
  const shared = Math.min(soon.length, late.length);
  expect(shared).toBeGreaterThan(200);
  expect(late.slice(0, shared - 1)).toEqual(soon.slice(0, shared - 1));
});
