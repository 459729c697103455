// Before a text takes effect: outlines of the pods that would come, marks on those that would go or start anew.

import { api, expect, open, paste, shot, test, type Page } from "./harness.ts";

test.slow();

const manifest = (spec: string, image = "fluent/fluent-bit:3.2"): string => `apiVersion: apps/v1
kind: DaemonSet
metadata:
  name: agent
  labels:
    app: agent
spec:
  selector:
    matchLabels:
      app: agent
  template:
    metadata:
      labels:
        app: agent
    spec:
${spec}      containers:
      - name: agent
        image: ${image}
        resources:
          requests:
            cpu: 100m
            memory: 64Mi
`;

const TOLERATE = "      tolerations:\n      - operator: Exists\n";

const chip = (page: Page, node: string) => page.locator(`.node[data-node="${node}"] .pod[data-origin="daemonset"]:not(.compact)`);
const sum = (page: Page) => page.locator('[data-region="foreseen"]');

test("a toleration would bring a pod, a nodeSelector would take pods away, an image would restart them", async ({ page }) => {
  await open(page, "?lang=en");
  await page.locator('[data-control="live"]').uncheck();
  await expect(sum(page)).toHaveCount(0);
  await paste(page, "daemonset", manifest(TOLERATE, "fluent/fluent-bit:3.2"));
  const ghost = page.locator('.node[data-node="control-plane"] .ghost-pod');
  await expect(ghost).toHaveAttribute("data-foreseen", "appears");
  await expect(ghost).toContainText("+1");
  // The template is another one, so the others would be replaced.
  await expect(chip(page, "worker-1")).toHaveAttribute("data-foreseen", "restarts");
  await expect(sum(page).locator('[data-foreseen="appears"]')).toHaveAttribute("data-count", "1");
  await expect(sum(page).locator('[data-foreseen="restarts"]')).toHaveAttribute("data-count", "3");
  for (const theme of ["light", "dark"]) {
    await page.evaluate((theme) => document.documentElement.setAttribute("data-theme", theme), theme);
    await shot(page, `ghosts-${theme}`);
  }
  await paste(page, "daemonset", manifest("      nodeSelector:\n        disk: ssd\n"));
  await expect(chip(page, "worker-2")).toHaveAttribute("data-foreseen", "vanishes");
  await expect(chip(page, "worker-2")).toHaveAccessibleName(/would go$/);
  await expect(sum(page)).toContainText("−3");
  await expect(ghost).toHaveCount(0);
  // Nothing has happened so far.
  expect((await api(page, "state")).nodes[1].pods.filter((pod: any) => pod.origin === "daemonset").length).toBe(2);
  await page.locator('[data-control="apply"]').click();
  await api(page, "advance", 60);
  await expect(sum(page)).toHaveCount(0);
  await expect(chip(page, "worker-2")).toHaveCount(0);
});

test("a pod that would not fit is an outline that says why", async ({ page }) => {
  await open(page, "?lang=en");
  await page.locator('[data-control="live"]').uncheck();
  await paste(page, "daemonset", manifest("").replaceAll("agent", "big").replace("cpu: 100m", "cpu: 64"));
  const ghost = page.locator('.node[data-node="worker-1"] .ghost-pod');
  await expect(ghost).toHaveAttribute("data-foreseen", "waits");
  await expect(ghost).toHaveAttribute("title", /wants 64 cpu, [\d.]+ free/);
});

test("a text with a mistake foresees nothing", async ({ page }) => {
  await open(page, "?lang=en");
  await page.locator('[data-control="live"]').uncheck();
  await paste(page, "daemonset", manifest(TOLERATE));
  await expect(sum(page)).toBeVisible();
  await paste(page, "daemonset", manifest(TOLERATE).replace("image:", "imaeg:"));
  await expect(sum(page)).toHaveCount(0);
});

test("a static pod's file foresees its pod", async ({ page }) => {
  await open(page, "?lang=en");
  await page.locator('[data-control="live"]').uncheck();
  await page.locator('.node[data-node="worker-1"] [data-file]').click();
  const text = (await api(page, "state")).nodes.find((node: any) => node.name === "worker-1").files
    .find((file: any) => file.path.endsWith("/web.yaml")).text as string;
  const web = page.locator('[data-pod="default/web-worker-1"]');
  await paste(page, "node-file", text.replace(/image: .*/, "image: nginx:1.30"));
  await expect(web).toHaveAttribute("data-foreseen", "restarts");
  await paste(page, "node-file", text.replace("name: web", "name: shop"));
  await expect(web).toHaveAttribute("data-foreseen", "vanishes");
  await expect(page.locator('.node[data-node="worker-1"] .ghost-pod')).toContainText("shop-worker-1");
  await shot(page, "ghosts-static");
});

test("a Deployment's pods are foreseen where the scheduler would put them", async ({ page }) => {
  await open(page, "?lang=en");
  await page.locator('[data-control="live"]').uncheck();
  const web = (replicas: number) =>
    manifest("", "nginx:1.29").replace("kind: DaemonSet", "kind: Deployment").replace("spec:\n", `spec:\n  replicas: ${replicas}\n`).replaceAll("agent", "front");
  await paste(page, "daemonset", web(4));
  const come = page.locator(".ghost-pod");
  await expect(sum(page).locator('[data-foreseen="appears"]')).toHaveAttribute("data-count", "4");
  const counts = await come.locator("b").allTextContents();
  expect(counts.map(Number).reduce((all, one) => all + one, 0)).toBe(4);
  await expect(come.first()).toContainText("front");
  // Nothing has happened so far.
  const pods = async () => (await api(page, "state")).nodes.flatMap((node: any) => node.pods.filter((pod: any) => pod.name.startsWith("front-")));
  expect(await pods()).toEqual([]);
  const nodes = await page.locator(".node:has(.ghost-pod)").evaluateAll((found) => found.map((node) => node.getAttribute("data-node")));
  await page.locator('[data-control="apply"]').click();
  await api(page, "advance", 60);
  expect([...new Set((await pods()).map((pod: any) => pod.node))].sort()).toEqual(nodes.sort());
  await expect(come).toHaveCount(0);
  // Fewer: those that go are marked, one by one.
  await paste(page, "daemonset", web(1));
  await expect(page.locator('.pod[data-foreseen="vanishes"]')).toHaveCount(3);
  await expect(sum(page)).toContainText("−3");
});
