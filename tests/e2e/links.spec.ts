// Selection is one thing: a name that is written anywhere leads to what it names, and what is selected is lit up
// wherever its name is written. Files are dragged from node to node.

import { agent, api, expect, open, test, type Page } from "./harness.ts";

/** What is lit up, and the parts of the page that it is in. */
const lit = (page: Page): Promise<string[]> =>
  page.evaluate(() => {
    const ranges = [...(CSS.highlights.get("selected-name") ?? [])] as Range[];
    const part = (node: Node) => node.parentElement!.closest(".console-out, .events, .yaml, .cm-content")?.classList[0] ?? "";
    return ranges.map((range) => `${part(range.startContainer)} ${range.toString()}`);
  });

const shown = (page: Page) => page.locator("[data-selected]").first();

test("the name of the selected pod is lit up in the console, in events and in YAML", async ({ page }) => {
  await open(page);
  const name = await agent(page, "worker-1");
  await api(page, "exec", "kubectl get pods");
  await api(page, "advance", 3);
  await page.locator(`.node[data-node="worker-1"] [data-pod="default/${name}"]`).click();
  await page.locator('[data-menu] [data-control="show"]').click();
  await expect.poll(() => lit(page)).toContain(`console-out ${name}`);
  await expect.poll(() => lit(page)).toContain(`yaml ${name}`);
  await page.locator('[data-tab="events"]').click();
  await expect.poll(() => lit(page)).toContain(`events ${name}`);
  await page.locator('[data-control="close-inspector"]').click();
  await expect.poll(() => lit(page)).toEqual([]);
});

test("a part of a name is not the name", async ({ page }) => {
  await open(page);
  await api(page, "exec", "echo worker-1 worker-10 my-worker-1 'at worker-1.'");
  await page.locator('.node[data-node="worker-1"] [data-control="node-menu"]').click();
  await page.locator('[data-menu] [data-control="show"]').click();
  const inConsole = async () => (await lit(page)).filter((one) => one === "console-out worker-1").length;
  // The command's line and its output.
  await expect.poll(inConsole).toBe(4);
});

test("a name in the console selects what it names", async ({ page }) => {
  await open(page);
  await api(page, "exec", "kubectl get nodes");
  await api(page, "advance", 3);
  const output = page.locator(".job pre").last();
  await expect(output).toContainText("worker-2");
  const box = await output.evaluate((pre) => {
    const text = pre.firstChild as Text;
    const at = text.data.indexOf("worker-2");
    const range = new Range();
    range.setStart(text, at);
    range.setEnd(text, at + 8);
    const { x, y, width, height } = range.getBoundingClientRect();
    return { x: x + width / 2, y: y + height / 2 };
  });
  await page.mouse.click(box.x, box.y);
  await expect(page.locator('.node[data-node="worker-2"].selected')).toBeVisible();
  await expect(page.locator('[data-control="console"]')).toBeFocused();
});

test("an event leads to its object, and a pod to its DaemonSet", async ({ page }) => {
  await open(page);
  await page.locator('[data-tab="events"]').click();
  await page.locator('.events [data-object^="pod/agent-"]').first().click();
  await expect(shown(page)).toHaveAttribute("data-selected", /^pod:default\/agent-/);
  await page.locator('[data-control="show-owner"]').click();
  await expect(shown(page)).toHaveAttribute("data-selected", "daemonset:default/agent");
});

test("a file is dragged from one node to another, and one of the person's own to a node", async ({ page }) => {
  await open(page);
  const file = page.locator('.node[data-node="worker-1"] [data-file="/etc/kubernetes/manifests/web.yaml"]');
  await file.dragTo(page.locator('.node[data-node="worker-3"]'));
  await expect(page.locator('[data-pod="default/web-worker-3"]')).toBeVisible();
  await expect(page.locator(".node[data-drop]")).toHaveCount(0);
  await page.locator('[data-tab="daemonset"]').click();
  await page.locator('[data-own-file="agent.yaml"]').dragTo(page.locator('.node[data-node="worker-2"]'));
  const there = page.locator('.node[data-node="worker-2"] [data-file="/etc/kubernetes/manifests/agent.yaml"]');
  // A DaemonSet is none of a kubelet's business, and its file says so.
  await expect(there).toHaveClass(/bad/);
});
