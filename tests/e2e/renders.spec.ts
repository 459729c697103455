// The page draws no more than what changed: with `?renders` it lists each drawing of a component.

import { editor, expect, open, test, type Page } from "./harness.ts";

/** What has been drawn since the last call, sorted, each once. */
const drawn = (page: Page): Promise<string[]> =>
  page.evaluate(() => [...new Set((window as any).kubestageRenders.splice(0) as string[])].sort());

/** Waits until nothing is drawn any more, and forgets what was. */
async function settle(page: Page): Promise<void> {
  await page.evaluate(() => (window as any).kubestage.pause());
  await expect.poll(async () => (await page.waitForTimeout(150), await drawn(page))).toEqual([]);
}

test("a change of one pod draws that pod and its node, and no other", async ({ page }) => {
  await open(page, "?lang=en&renders");
  await page.evaluate(() => (window as any).kubestage.untilQuiet());
  await settle(page);
  const name: string = await page.evaluate(() => {
    const k = (window as any).kubestage;
    const node = () => k.state().nodes.find((node: any) => node.name === "worker-2");
    const pod = () => node().pods.find((pod: any) => pod.namespace === "default" && pod.origin === "daemonset");
    const before = JSON.stringify(pod());
    k.crash(`default/${pod().name}`);
    for (let step = 0; step < 100 && JSON.stringify(pod()) === before; step += 1) k.advance(0.01);
    return pod().name;
  });
  await page.waitForTimeout(500);
  const seen = await drawn(page);
  expect(seen.filter((one) => one.startsWith("Pod "))).toEqual([`Pod ${name}`]);
  expect(seen.filter((one) => one.startsWith("Node "))).toEqual(["Node worker-2"]);
  // The command is a line of the console, and the details are those of the pod's DaemonSet, which counts its ready pods.
  const others = seen.filter((one) => !one.startsWith("Pod ") && !one.startsWith("Node "));
  expect(others.filter((one) => !["Console", "Inspector", "Nodes", "Shell"].includes(one))).toEqual([]);
});

test("a keystroke draws the editor's status only", async ({ page }) => {
  await open(page, "?lang=en&renders");
  await page.evaluate(() => (window as any).kubestage.untilQuiet());
  await page.locator('[data-control="live"]').uncheck();
  await (await editor(page, "daemonset")).focus();
  await page.keyboard.press("ControlOrMeta+End");
  await settle(page);
  await page.keyboard.type("#");
  await page.waitForTimeout(300);
  expect(await drawn(page)).toEqual(["Outcome", "OwnTabs"]);
  await page.keyboard.type("another");
  await page.waitForTimeout(300);
  expect(await drawn(page)).toEqual([]);
});

test("what the pointer and the clock do draws nothing", async ({ page }) => {
  await open(page, "?lang=en&renders");
  await page.evaluate(() => (window as any).kubestage.untilQuiet());
  await settle(page);
  for (let step = 0; step < 20; step += 1) await page.mouse.move(400 + 30 * step, 300 + 10 * step);
  await page.waitForTimeout(200);
  expect(await drawn(page)).toEqual([]);
});

test("preferences are saved when they change, once, and later", async ({ page }) => {
  await page.addInitScript(() => {
    const saved: string[] = ((window as any).saved = []);
    const set = Storage.prototype.setItem;
    Storage.prototype.setItem = function (key: string, value: string) {
      saved.push(key);
      set.call(this, key, value);
    };
  });
  await open(page, "?fresh&lang=en");
  const saved = () => page.evaluate(() => ((window as any).saved as string[]).splice(0).sort());
  await page.evaluate(() => (window as any).kubestage.pause());
  await page.waitForTimeout(1500);
  await saved();
  const at_once = await page.evaluate(() => {
    for (const tab of ["events", "messages"]) document.querySelector<HTMLElement>(`[data-tab="${tab}"]`)!.click();
    return (window as any).saved.length;
  });
  expect(at_once).toBe(0);
  await expect.poll(saved).toContain("kubestage.prefs");
  await page.locator('[data-control="help"]').click();
  await page.keyboard.press("Escape");
  await page.waitForTimeout(1500);
  expect(await saved()).toEqual([]);
});
