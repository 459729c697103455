// The command palette: found by key, used by key, and true to what can be done.

import { agent, api, expect, open, test, type Page } from "./harness.ts";

const query = (page: Page) => page.locator('[data-control="palette-query"]');
const rows = (page: Page) => page.locator('[data-dialog="palette"] [role="option"]');

async function openPalette(page: Page): Promise<void> {
  await page.keyboard.press("ControlOrMeta+k");
  await expect(query(page)).toBeFocused();
}

test("a few words and Enter crash a pod, and the focus is back where it was", async ({ page }) => {
  await open(page);
  await page.locator('[data-pod="default/web-worker-1"]').focus();
  await openPalette(page);
  await query(page).fill("web-worker-1 crash");
  await expect(rows(page).first()).toHaveAttribute("data-choice", "crash");
  await page.keyboard.press("Enter");
  await expect(page.locator('[data-dialog="palette"]')).toHaveCount(0);
  await expect.poll(async () => {
    const state = await api(page, "state");
    const pods = state.nodes.find((node: any) => node.name === "worker-1").pods;
    return pods.find((pod: any) => pod.name === "web-worker-1").restarts;
  }).toBeGreaterThan(0);
  await expect(page.locator('[data-pod="default/web-worker-1"]')).toBeFocused();
});

test("arrows choose, Escape leaves everything as it was", async ({ page }) => {
  await open(page);
  const before = await agent(page, "worker-2");
  await openPalette(page);
  await query(page).fill("worker-2");
  const marked = page.locator('[data-dialog="palette"] [aria-selected="true"]');
  await expect(marked).toHaveCount(1);
  const first = await marked.textContent();
  await page.keyboard.press("ArrowDown");
  expect(await marked.textContent()).not.toBe(first);
  expect(await query(page).getAttribute("aria-activedescendant")).toBe(await marked.getAttribute("id"));
  await page.keyboard.press("ArrowUp");
  expect(await marked.textContent()).toBe(first);
  await page.keyboard.press("Escape");
  await expect(page.locator('[data-dialog="palette"]')).toHaveCount(0);
  expect(await agent(page, "worker-2")).toBe(before);
});

test("the shell's words find it too, in both languages", async ({ page }) => {
  for (const lang of ["en", "ko"]) {
    await open(page, `?lang=${lang}`);
    await openPalette(page);
    await query(page).fill("kubectl cordon worker-3");
    await expect(rows(page).first()).toHaveAttribute("data-choice", "cordon");
    await expect(rows(page).first()).toHaveAttribute("data-on", "worker-3");
    await query(page).fill("nothing has these words");
    await expect(rows(page)).toHaveCount(0);
    await expect(page.locator(".palette-none")).toBeVisible();
    await page.keyboard.press("Escape");
  }
});

test("it opens from the editor and the bar, and not over the shell's own Ctrl-K", async ({ page }) => {
  await open(page);
  await page.locator('[data-editor="daemonset"].cm-content').focus();
  await openPalette(page);
  await page.keyboard.press("Escape");
  await page.locator('[data-control="palette"]').click();
  await expect(query(page)).toBeFocused();
  await page.keyboard.press("Escape");
  const line = page.locator('[data-control="console"]');
  await line.fill("kubectl get pods");
  await line.press("Home");
  await page.keyboard.press("Control+k");
  await expect(line).toHaveValue("");
  await expect(page.locator('[data-dialog="palette"]')).toHaveCount(0);
});

test("with 5,000 nodes a node is found by its name", async ({ page }) => {
  test.setTimeout(240_000);
  await open(page, "?fresh&lang=en");
  await api(page, "reset", 1, { workers: 4999, start: "ready" });
  await api(page, "untilQuiet");
  await openPalette(page);
  await query(page).fill("worker-4321");
  await expect(rows(page).first()).toHaveAttribute("data-on", "worker-4321");
  await page.keyboard.press("Enter");
  await expect(page.locator('[data-region="inspector"]')).toHaveAttribute("data-selected", "node:worker-4321");
});

test("what does the same is offered once", async ({ page }) => {
  await open(page, "?lang=en");
  await openPalette(page);
  await query(page).fill("crash");
  await expect(rows(page).first()).toBeVisible();
  const lines = await rows(page).locator("code").allTextContents();
  expect(lines.length).toBeGreaterThan(8);
  expect(new Set(lines).size).toBe(lines.length);
  await query(page).fill("crash kube-apiserver");
  await expect(rows(page)).toHaveCount(1);
});
