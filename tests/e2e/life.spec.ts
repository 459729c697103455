// A pod's life as it is drawn: what its start waits for, what runs down, where its place goes.

import { agent, api, expect, open, shot, test } from "./harness.ts";

test.slow();

test("a start says what it waits for, and comes to an end", async ({ page }) => {
  await open(page, "?lang=en");
  await api(page, "pause");
  await api(page, "exec", `kubectl run fresh --image=redis:8`);
  const seen = new Set<string>();
  const chip = page.locator('[data-pod="default/fresh"]');
  for (let step = 0; step < 60; step += 1) {
    await api(page, "advance", 0.1);
    const found = await chip.evaluateAll((all) => all.map((one) => one.getAttribute("data-step") ?? one.getAttribute("data-state")!));
    found.forEach((word) => seen.add(word));
  }
  await api(page, "advance", 60);
  await expect(chip).toHaveAttribute("data-state", "running");
  for (const step of ["sandbox", "image", "container"]) expect([...seen]).toContain(step);
});

test("a back-off is a ring that runs down, with its seconds beside it", async ({ page }) => {
  await open(page, "?lang=en");
  await api(page, "pause");
  const name = await agent(page, "worker-2");
  const crash = () => api(page, "crash", `default/${name}`);
  await crash();
  await api(page, "advance", 3);
  await crash();
  const chip = page.locator(`[data-pod="default/${name}"]`);
  for (let step = 0; step < 30 && (await chip.getAttribute("data-state")) !== "crash-loop"; step += 1) await api(page, "advance", 0.2);
  await expect(chip).toHaveAttribute("data-state", "crash-loop");
  const left = async () => Number(await chip.locator("[data-ring]").evaluate((ring) => (ring as HTMLElement).style.getPropertyValue("--left")));
  const seconds = async () => Number(await chip.locator("[data-until]").textContent());
  await expect.poll(left).toBeGreaterThan(0);
  const [before, said] = [await left(), await seconds()];
  await shot(page, "ring");
  await api(page, "advance", 4);
  await expect.poll(seconds).toBeLessThanOrEqual(said - 3);
  expect(await left()).toBeLessThan(before);
});

test("a pod that has a grace period shows it running", async ({ page }) => {
  await open(page, "?lang=en");
  await api(page, "pause");
  const name = await agent(page, "worker-2");
  await api(page, "exec", `kubectl delete pod ${name} --wait=false`);
  const chip = page.locator(`[data-pod="default/${name}"]`);
  for (let step = 0; step < 20 && (await chip.locator("[data-ring]").count()) === 0; step += 1) await api(page, "advance", 0.1);
  await expect(chip).toHaveAttribute("data-state", "terminating");
  await expect(chip.locator(".countdown")).toHaveAttribute("title", "killed in");
});

test("a pod that is gone points at its successor", async ({ page }) => {
  await open(page, "?lang=en");
  await api(page, "pause");
  const name = await agent(page, "worker-2");
  await page.locator(`[data-pod="default/${name}"]`).click();
  await page.locator('[data-menu] [data-control="show"]').click();
  await api(page, "exec", `kubectl delete pod ${name} --wait=false`);
  await api(page, "advance", 60);
  const after = await agent(page, "worker-2");
  expect(after).not.toBe(name);
  const gone = page.locator('[data-lineage="replaced"]');
  await expect(gone).toContainText(`${name} is gone`);
  await expect(gone.locator('[data-control="successor"]')).toHaveText(after);
  await shot(page, "lineage");
  await gone.locator('[data-control="successor"]').click();
  await expect(page.locator(`[data-selected="pod:default/${after}"]`)).toHaveCount(1);
});

test("a static pod says since when its container runs, whatever became of its mirror", async ({ page }) => {
  await open(page, "?lang=en");
  await api(page, "pause");
  await page.locator('[data-pod="default/web-worker-1"]').click();
  await page.locator('[data-menu] [data-control="show"]').click();
  const line = page.locator('[data-lineage="static"]');
  const since = /running since (T\+[\d:]+)/.exec((await line.textContent())!)![1];
  const mirror = async () => /is from (T\+[\d:]+)/.exec((await line.textContent())!)![1];
  const before = await mirror();
  await api(page, "exec", "kubectl delete pod web-worker-1 --wait=false");
  await api(page, "advance", 60);
  await expect.poll(mirror).not.toBe(before);
  await expect(line).toContainText(`running since ${since}.`);
});

test("the focus goes to the successor of the pod that had it", async ({ page }) => {
  await open(page, "?lang=en");
  await api(page, "pause");
  const name = await agent(page, "worker-1");
  await page.locator(`[data-pod="default/${name}"]`).focus();
  await page.keyboard.press("Delete");
  await api(page, "advance", 60);
  await expect(page.locator(`[data-pod="default/${await agent(page, "worker-1")}"]`)).toBeFocused();
});

test("a pod that is given a node comes to it from the tray", async ({ page }) => {
  await open(page, "?lang=en");
  await api(page, "pause");
  await api(page, "exec", "kubectl cordon worker-1 && kubectl cordon worker-2 && kubectl cordon worker-3");
  await api(page, "advance", 10);
  await api(page, "exec", "kubectl run late --image=redis:8");
  await api(page, "advance", 10);
  await expect(page.locator('[data-region="pending"] [data-pod="default/late"]')).toBeVisible();
  await api(page, "exec", "kubectl uncordon worker-3");
  await api(page, "advance", 30);
  const chip = page.locator('.node[data-node="worker-3"] [data-pod="default/late"]');
  await expect(chip).toHaveClass(/arrives/);
  await expect(page.locator('[data-region="pending"]')).toHaveCount(0);
});

test("with reduced motion a pod that is given a node is simply there", async ({ page }) => {
  await page.emulateMedia({ reducedMotion: "reduce" });
  await open(page, "?lang=en");
  await api(page, "pause");
  await api(page, "exec", "kubectl cordon worker-1 && kubectl cordon worker-2 && kubectl cordon worker-3");
  await api(page, "advance", 10);
  await api(page, "exec", "kubectl run late --image=redis:8");
  await api(page, "advance", 10);
  await api(page, "exec", "kubectl uncordon worker-3");
  await api(page, "advance", 30);
  const chip = page.locator('.node[data-node="worker-3"] [data-pod="default/late"]');
  await expect(chip).toBeVisible();
  await expect(chip).not.toHaveClass(/arrives/);
});

test("a DaemonSet that is gone offers no commands", async ({ page }) => {
  await open(page, "?lang=en");
  await api(page, "pause");
  await page.locator(".numbers").click();
  await page.locator('[data-menu] [data-control="show"]').click();
  await expect(page.locator('[data-control="inspector-rollout-restart"]')).toBeVisible();
  await api(page, "exec", "kubectl delete ds agent");
  await api(page, "advance", 60);
  await expect(page.locator(".details .gone")).toContainText("default/agent is gone");
  await expect(page.locator(".details .commands")).toHaveCount(0);
});
