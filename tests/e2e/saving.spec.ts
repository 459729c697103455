// What is kept and what is lost: blocked and full storage, links of others, files that are dropped.

import { readFileSync } from "node:fs";
import { expect, open, ready, test, type Page } from "./harness.ts";

const SHARE = readFileSync("web/share.js", "utf8");

const notice = (page: Page) => page.locator("[data-notice]");
const exec = (page: Page, line: string): Promise<string> =>
  page.evaluate((line) => (window as any).kubestage.exec(line), line);

/** A link's fragment for a session of one command. */
async function fragment(page: Page, line: string): Promise<string> {
  return page.evaluate(
    async ({ line, source }) => {
      const { pack } = await import(URL.createObjectURL(new Blob([source], { type: "text/javascript" })));
      const entries = [{ at: 130_000_000, command: { do: "exec", line } }];
      const script = { version: 1, options: { seed: 1, start: "demo" }, entries, until: 140_000_000 };
      return `#v1=${await pack(JSON.stringify(script))}`;
    },
    { line, source: SHARE },
  );
}

test("blocked storage does not break the page, and is told once", async ({ page }) => {
  await page.addInitScript(() => {
    for (const name of ["localStorage", "sessionStorage"]) {
      Object.defineProperty(window, name, { get: () => { throw new DOMException("denied", "SecurityError"); } });
    }
  });
  await open(page, "?lang=en");
  await expect(page.locator('[data-node="worker-1"]').first()).toBeVisible();
  await expect(notice(page)).toContainText("save nothing");
});

test("full storage is told", async ({ page }) => {
  await page.addInitScript(() => {
    Storage.prototype.setItem = () => { throw new DOMException("full", "QuotaExceededError"); };
    localStorage.removeItem("x");
  });
  await open(page, "?lang=en");
  await expect(notice(page)).toBeVisible();
});

test("the theme of the address counts", async ({ page }) => {
  await open(page, "?lang=en&theme=dark");
  await expect(page.locator("html")).toHaveAttribute("data-theme", "dark");
  await page.locator('[data-control="theme-light"]').click();
  await expect(page.locator("html")).toHaveAttribute("data-theme", "light");
});

test("somebody's link leaves one's own session alone", async ({ page }) => {
  await open(page, "?lang=en");
  await page.locator('[data-control="console"]').fill("kubectl create namespace mine");
  await page.locator('[data-control="console"]').press("Enter");
  await page.waitForTimeout(1500);
  // Pasted into the open tab: only the fragment changes.
  const link = await fragment(page, "kubectl create namespace theirs");
  await page.evaluate((link) => { location.hash = link; }, link);
  await expect(page.locator("[data-guest]")).toBeVisible();
  await ready(page);
  expect(await exec(page, "kubectl get ns theirs --no-headers")).toContain("theirs");
  expect(page.url()).not.toContain("#v1=");
  await page.reload();
  await ready(page);
  await expect(page.locator("[data-guest]")).toBeVisible();
  expect(await exec(page, "kubectl get ns theirs --no-headers")).toContain("theirs");
  await page.locator('[data-control="guest-back"]').click();
  await ready(page);
  await expect(page.locator("[data-guest]")).toHaveCount(0);
  expect(await exec(page, "kubectl get ns mine --no-headers")).toContain("mine");
});

test("links that cannot be read say why", async ({ page }) => {
  await open(page, "?lang=en");
  for (const [hash, text] of [["#v1=AAAA", "damaged or cut off"], ["#v7=abc", "format 7"]]) {
    await page.evaluate((hash) => { location.hash = hash; }, hash);
    await expect(notice(page)).toContainText(text);
  }
});

test("a manifest that is dropped on a node goes into its directory", async ({ page }) => {
  await open(page, "?lang=en");
  await page.evaluate(() => {
    const data = new DataTransfer();
    const text = "apiVersion: v1\nkind: Pod\nmetadata: {name: dropped}\nspec: {containers: [{name: c, image: redis:8}]}\n";
    data.items.add(new File([text], "dropped.yaml"));
    const card = document.querySelector('.node[data-node="worker-3"]')!;
    for (const type of ["dragover", "drop"]) card.dispatchEvent(new DragEvent(type, { dataTransfer: data, bubbles: true, cancelable: true }));
  });
  await expect(page.locator('.node[data-node="worker-3"] [data-file="/etc/kubernetes/manifests/dropped.yaml"]')).toBeVisible();
  await page.evaluate(() => (window as any).kubestage.advance(30));
  await expect(page.locator('[data-pod="default/dropped-worker-3"]')).toBeVisible();
});

test("a manifest that is dropped beside the nodes becomes one's own file, and where it goes is marked", async ({ page }) => {
  await open(page, "?lang=en");
  await page.locator('[data-control="live"]').click();
  /** What a browser tells of a file that is dragged. */
  const drag = (type: string, over: string, name = "mine.yaml") =>
    page.evaluate(({ type, over, name }) => {
      const data = new DataTransfer();
      data.items.add(new File(["apiVersion: v1\nkind: ConfigMap\nmetadata: {name: mine}\n"], name));
      document.querySelector(over)!.dispatchEvent(new DragEvent(type, { dataTransfer: data, bubbles: true, cancelable: true }));
    }, { type, over, name });
  await drag("dragover", '.node[data-node="worker-3"]');
  await expect(page.locator(".node[data-drop]")).toHaveAttribute("data-node", "worker-3");
  await drag("dragover", ".header");
  await expect(page.locator(".node[data-drop]")).toHaveCount(0);
  await expect(page.locator(".desk[data-drop]")).toBeVisible();
  await drag("dragleave", ".header");
  await expect(page.locator("[data-drop]")).toHaveCount(0);
  await drag("drop", ".desk");
  await expect(page.locator('[data-own-file="mine.yaml"]')).toBeVisible();
  await expect(page.locator('[data-editor="daemonset"].cm-content')).toContainText("kind: ConfigMap");
  await drag("drop", ".desk", "holiday.png");
  await expect(notice(page)).toContainText("holiday.png");
});
