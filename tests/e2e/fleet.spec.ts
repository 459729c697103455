// Many nodes: small cards, the map and its list, the way from one to the other, and how to come there.

import { expect, open, shot, test, type Page } from "./harness.ts";

const daemonSet = `apiVersion: apps/v1
kind: DaemonSet
metadata:
  name: many
spec:
  selector:
    matchLabels: {app: many}
  template:
    metadata:
      labels: {app: many}
    spec:
      containers:
      - name: main
        image: nginx
`;

const call = (page: Page, name: string, ...rest: unknown[]) =>
  page.evaluate(([name, rest]) => (window as any).kubestage[name as string](...(rest as unknown[])), [name, rest] as const);

/** So many nodes, in zones, with one DaemonSet's pods on all workers. */
async function start(page: Page, workers: number): Promise<void> {
  await open(page, "?fresh&lang=en");
  await call(page, "reset", 1, { workers, zones: 3, start: "ready", kubeProxy: false });
  await call(page, "exec", "kubectl apply -f many.yaml", { "many.yaml": daemonSet });
  await call(page, "untilQuiet");
  await call(page, "pause");
}

const tally = (page: Page, state: string) => page.locator(`[data-region="fleet"] [data-state="${state}"][data-count]`);

/** Zooms with the keys until cards of this kind are in sight. */
async function zoomTo(page: Page, card: string): Promise<void> {
  await page.locator("[data-map]").focus();
  await expect
    .poll(async () => {
      await page.keyboard.press("+");
      await page.waitForTimeout(250);
      return page.locator(`.map-card ${card}`).count();
    })
    .toBeGreaterThan(0);
}

/** A pod's card that lies wholly within the map. */
async function podInSight(page: Page): Promise<string> {
  const found = await page.evaluate(() => {
    const map = document.querySelector("[data-map]")!.getBoundingClientRect();
    const inside = (rect: DOMRect) => rect.top > map.top && rect.bottom < map.bottom && rect.left > map.left && rect.right < map.right;
    const pods = [...document.querySelectorAll<HTMLElement>(".map-card [data-pod]")];
    return pods.find((pod) => inside(pod.getBoundingClientRect()))?.dataset.pod;
  });
  expect(found).toBeTruthy();
  return found!;
}

test("hundreds of nodes are small cards with a sign for each pod", async ({ page }) => {
  await start(page, 120);
  await expect(page.locator('[data-layer="scene"]')).toHaveAttribute("data-distance", "cards");
  await expect(page.locator("button.small-node")).toHaveCount(121);
  const card = page.locator('button.small-node[data-node="worker-9"]');
  await expect(card).toHaveAttribute("data-pods", "1");
  await expect(card.locator('path[data-state="running"][data-origin="daemonset"]')).toHaveCount(1);
  await expect(page.locator('button.small-node[data-node="control-plane"] path[data-origin="static"]')).toHaveCount(1);
  await expect(card).toHaveAccessibleName(/worker-9\s+Ready\s+1 Running/);
  await card.click();
  await expect(page.locator('[data-menu="object"] [data-control="stop-kubelet"]')).toBeVisible();
  await page.locator('[data-menu="object"] [data-control="stop-kubelet"]').click();
  await expect(card).toHaveAttribute("data-kubelet", "stopped");
  await shot(page, "fleet-small-cards");
});

test("more are a map, whose numbers say what is there", async ({ page }) => {
  await start(page, 500);
  const map = page.locator("[data-map]");
  await expect(map).toBeVisible();
  await expect(map).toHaveAccessibleName("Map of 501 nodes");
  await expect(page.locator("[data-painter]")).toHaveAttribute("data-painter", /webgl2|2d/);
  await expect(tally(page, "running")).toHaveAttribute("data-count", "504");
  // No element for a node or a pod.
  expect(await page.locator("[data-pod]").count()).toBe(0);
  expect(await page.locator("*").count()).toBeLessThan(1500);
  await expect(page.locator(".map-groups span")).toHaveCount(4);
  await page.locator('[data-control="group-by"]').selectOption("");
  await expect(page.locator(".map-groups span")).toHaveCount(0);
  await shot(page, "fleet-map");
  await call(page, "exec", "kubectl delete daemonset many");
  await call(page, "untilQuiet");
  await expect(tally(page, "running")).toHaveAttribute("data-count", "4");
});

test("the map's picture follows the theme and the pods", async ({ page }) => {
  await start(page, 420);
  const picture = () =>
    page.evaluate(() => {
      const canvas = document.querySelector<HTMLCanvasElement>(".map-canvas")!;
      const copy = document.createElement("canvas");
      [copy.width, copy.height] = [canvas.width, canvas.height];
      const context = copy.getContext("2d")!;
      context.drawImage(canvas, 0, 0);
      const { data } = context.getImageData(0, 0, copy.width, copy.height);
      let [green, dark, painted] = [0, 0, 0];
      for (let at = 0; at < data.length; at += 4) {
        if (data[at + 3] === 0) continue;
        painted += 1;
        if (data[at + 1] > data[at] + 40) green += 1;
        if (data[at] + data[at + 1] + data[at + 2] < 120) dark += 1;
      }
      return { green: green / painted, dark: dark / painted, painted };
    });
  await expect.poll(async () => (await picture()).green).toBeGreaterThan(0.05);
  expect((await picture()).dark).toBeLessThan(0.05);
  await page.locator('[data-control="theme-dark"]').click();
  await expect.poll(async () => (await picture()).dark).toBeGreaterThan(0.3);
  await call(page, "exec", "kubectl delete daemonset many");
  await call(page, "untilQuiet");
  await expect.poll(async () => (await picture()).green).toBeLessThan(0.02);
});

test("a click on the map opens a node's menu, and keys do the same", async ({ page }) => {
  await start(page, 420);
  const map = page.locator("[data-map]");
  await map.focus();
  await page.keyboard.press("ArrowRight");
  await page.keyboard.press("ArrowDown");
  const said = await page.locator("[data-map-said]").innerText();
  expect(said).toMatch(/^worker-\d+\s+Ready/);
  const name = said.split(/\s/)[0];
  await expect(page.locator(".map-ring")).toBeVisible();
  await page.keyboard.press("Enter");
  const menu = page.locator('[data-menu="object"]');
  await expect(menu).toContainText(name);
  await menu.locator('[data-control="show"]').click();
  await expect(page.locator(`[data-selected="node:${name}"]`)).toContainText("Ready");
  const box = (await map.boundingBox())!;
  // Somewhere in the grid there is a node under the pointer.
  await page.mouse.click(box.x + box.width * 0.62, box.y + box.height * 0.6);
  await expect(menu).toContainText(/worker-\d+/);
  await menu.locator('[data-control="stop-kubelet"]').click();
  await expect(page.locator("[data-job]").last()).toContainText("systemctl stop kubelet");
});

test("zooming brings the names back: small cards, then full ones with their pods", async ({ page }) => {
  await start(page, 420);
  await zoomTo(page, "button.small-node");
  await shot(page, "fleet-map-small-cards");
  await zoomTo(page, "[data-pod]");
  await expect(page.locator(".map-card [data-pod]").first()).toHaveAttribute("data-state", "running");
  await shot(page, "fleet-map-full-cards");
  const id = await podInSight(page);
  await page.locator(`.map-card [data-pod="${id}"]`).click();
  await page.locator('[data-menu="object"] [data-control="show"]').click();
  await expect(page.locator(`[data-selected="pod:${id}"]`)).toContainText("DaemonSet/many");
  await page.locator('[data-control="zoom-fit"]').click();
  await expect(page.locator(".map-card")).toHaveCount(0);
  // It stays picked, far away as it is.
  await expect(page.locator(`[data-selected="pod:${id}"]`)).toContainText("DaemonSet/many");
});

test("the list says what the map shows, and is found by name and by keys", async ({ page }) => {
  await start(page, 420);
  await page.locator('[data-control="distance-list"]').click();
  const rows = page.locator("[data-row]");
  await expect(rows.first()).toContainText("control-plane");
  expect(await rows.count()).toBeLessThan(60);
  await expect(page.locator('[role="grid"]')).toHaveAttribute("aria-rowcount", "422");
  await page.locator("[data-row] .list-name").first().focus();
  await page.keyboard.press("End");
  await expect(page.locator('[data-node="worker-420"] .list-name')).toBeFocused();
  await page.keyboard.press("ArrowUp");
  await expect(page.locator('[data-node="worker-419"] .list-name')).toBeFocused();
  await page.keyboard.press("Enter");
  await expect(page.locator('[data-menu="object"]')).toContainText("worker-419");
  await page.keyboard.press("Escape");
  await page.locator('[data-control="filter-nodes"]').fill("worker-21");
  await expect(page.locator("[data-listed]")).toHaveAttribute("data-listed", "11");
  await page.locator('[data-control="only-troubled"]').check();
  await expect(page.locator("[data-listed]")).toHaveAttribute("data-listed", "0");
  await page.locator('[data-control="only-troubled"]').uncheck();
  await shot(page, "fleet-list");
  await page.locator('[data-node="worker-213"] [data-control="show-on-map"]').click();
  await expect(page.locator('.map-card [data-node="worker-213"]').first()).toBeVisible();
});

test("a session starts with the number of nodes that is typed", async ({ page }) => {
  await open(page, "?fresh&lang=ko");
  await page.locator('[data-control="scenarios"]').click();
  await expect(page.locator('[data-control="start-fleet"]')).toContainText("노드 5,000개");
  await page.locator('[data-control="nodes"]').fill("40");
  await page.locator('[data-control="start-ready"]').click();
  await expect(page.locator('[data-app][data-ready="true"]')).toBeVisible();
  await expect(page.locator("button.small-node")).toHaveCount(40);
  await expect(page.locator('[data-light="running"] b')).toHaveText("40");
  await page.reload();
  await expect(page.locator("button.small-node")).toHaveCount(40);
});

test("while a large session opens, the page says how far it is and stays awake", async ({ page }) => {
  await open(page, "?fresh&lang=en");
  await page.locator('[data-control="scenarios"]').click();
  await page.locator('[data-control="nodes"]').fill("1000");
  await page.locator('[data-control="start-ready"]').click();
  const bar = page.locator("[data-opening]");
  await expect(bar).toContainText(/Starting [\d,]+ nodes/);
  // Words change at once, though the session is not open yet.
  await page.locator('[data-control="lang-ko"]').click();
  await expect(page.locator("html")).toHaveAttribute("lang", "ko");
  await expect(page.locator('[data-app][data-ready="true"]')).toBeVisible({ timeout: 40_000 });
  await expect(bar).toHaveCount(0);
  await expect(page.locator('[data-light="running"] b')).toHaveText("1,000");
});

test("where a DaemonSet has no pod is told by reasons", async ({ page }) => {
  await start(page, 420);
  await page.locator("[data-daemonset]").click();
  await page.locator('[data-menu="object"] [data-control="show"]').click();
  const group = page.locator("[data-without]");
  await expect(group).toHaveAttribute("data-without", "1");
  await expect(group).toContainText("control-plane");
});

test("a rollout says what its bands are, and the list goes from the worst node to the best", async ({ page }) => {
  await open(page, "?fresh&lang=en");
  await call(page, "reset", 1, { workers: 600, zones: 3, start: "ready", kubeProxy: false });
  await call(page, "pause");
  await call(page, "exec", "kubectl apply -f many.yaml", { "many.yaml": daemonSet });
  for (let step = 0; step < 40 && (await page.locator('[data-band="create"]').count()) === 0; step += 1) await call(page, "advance", 0.2);
  await expect(page.locator('[data-band="create"]')).toContainText("1, 2, 4 …, and 250 in one sync at most");
  await call(page, "untilQuiet");
  await expect(page.locator("[data-band]")).toHaveCount(0);
  await call(page, "exec", "kubectl set image ds/many main=nginx:1.30");
  for (let step = 0; step < 40 && (await page.locator('[data-band="update"]').count()) === 0; step += 1) await call(page, "advance", 0.2);
  await expect(page.locator('[data-band="update"]')).toContainText("at most 1 unavailable at a time");
  await call(page, "exec", "ssh worker-77 sudo systemctl stop kubelet");
  await call(page, "advance", 120);
  await page.locator('[data-control="distance-list"]').click();
  await page.locator('[data-control="worst-first"]').check();
  await expect(page.locator('[data-region="node-list"] [data-row="0"]')).toHaveAttribute("data-node", "worker-77");
});

test("a filter greys the small cards without what is asked for, and counts", async ({ page }) => {
  await start(page, 60);
  await page.locator('[data-control="filter"]').fill("node=worker-7");
  await expect(page.locator("button.small-node:not([data-dim])")).toHaveCount(1);
  await expect(page.locator('button.small-node[data-node="worker-7"]')).not.toHaveAttribute("data-dim", /./);
  await page.locator('[data-control="filter"]').fill("app=many");
  await expect(page.locator("button.small-node[data-dim]")).toHaveCount(1);
  await page.locator('[data-control="filter"]').fill("");
  await expect(page.locator("button.small-node[data-dim]")).toHaveCount(0);
});

test("a filter greys the map's cells", async ({ page }) => {
  await start(page, 420);
  const greens = () =>
    page.evaluate(() => {
      const canvas = document.querySelector<HTMLCanvasElement>(".map-canvas")!;
      const copy = Object.assign(document.createElement("canvas"), { width: canvas.width, height: canvas.height });
      const brush = copy.getContext("2d")!;
      brush.drawImage(canvas, 0, 0);
      const { data } = brush.getImageData(0, 0, copy.width, copy.height);
      let count = 0;
      for (let at = 0; at < data.length; at += 4) if (data[at + 1]! > data[at]! + 40 && data[at + 1]! > data[at + 2]! + 20) count += 1;
      return count;
    });
  await expect.poll(greens).toBeGreaterThan(1000);
  const all = await greens();
  await page.locator('[data-control="filter"]').fill("node=worker-7");
  await expect.poll(greens).toBeLessThan(all / 20);
  await page.locator('[data-control="filter"]').fill("");
  await expect.poll(greens).toBe(all);
});

test("the map's tip goes when the picture moves below it", async ({ page }) => {
  await start(page, 600);
  const box = (await page.locator("[data-map]").boundingBox())!;
  const tip = page.locator(".map-tip");
  // Wherever there is a node.
  await expect
    .poll(async () => {
      for (let step = 1; step < 12 && !(await tip.isVisible()); step += 1) {
        await page.mouse.move(box.x + (box.width * step) / 12, box.y + box.height / 3);
        await page.waitForTimeout(60);
      }
      return tip.isVisible();
    })
    .toBe(true);
  await expect(tip).toContainText("worker-");
  await page.mouse.wheel(0, -120);
  await expect(tip).toBeHidden();
});
