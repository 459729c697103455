// The cluster as it is drawn: what stays where it is, what has room, what the keyboard does.

import { agent, api, expect, open, test } from "./harness.ts";

test("the static pod's chip stays the same element, in its place, whatever happens beside it", async ({ page }) => {
  await open(page, "?lang=en");
  await api(page, "pause");
  const chip = page.locator('[data-pod="default/web-worker-1"]');
  await chip.evaluate(async (element) => {
    (window as any).kept = element;
    // What comes into sight has its size at the end of its way.
    await Promise.allSettled(document.getAnimations().filter((one) => one.effect?.getComputedTiming().iterations !== Infinity).map((one) => one.finished));
  });
  const place = await chip.boundingBox();
  const same = () =>
    page.evaluate(() => document.querySelector('[data-pod="default/web-worker-1"]') === (window as any).kept);
  for (const line of [`kubectl delete pod ${await agent(page, "worker-1")} --wait=false`, "kubectl delete pod web-worker-1 --wait=false"]) {
    await api(page, "exec", line);
    for (let step = 0; step < 40; step += 1) {
      await api(page, "advance", 0.5);
      expect(await same()).toBe(true);
      expect(await chip.boundingBox()).toEqual(place);
    }
  }
});

for (const [width, height, drawer] of [[1280, 720, true], [1024, 768, false]] as const) {
  test(`four nodes with their pods are whole on screen at ${width}x${height}`, async ({ page }) => {
    await page.setViewportSize({ width, height });
    await open(page, "?lang=en");
    if (!drawer) await page.locator('[data-control="close-drawer"]').click();
    const stage = (await page.locator(".scene-scroll").boundingBox())!;
    for (const node of ["worker-1", "worker-2", "worker-3", "control-plane"]) {
      const box = (await page.locator(`.node[data-node="${node}"]`).boundingBox())!;
      expect(box.y).toBeGreaterThanOrEqual(stage.y);
      expect(box.y + box.height).toBeLessThanOrEqual(stage.y + stage.height + 0.5);
    }
  });
}

test("a bad flag in the API server's file is no running pod", async ({ page }) => {
  await open(page, "?lang=en");
  await page.evaluate(() => {
    const k = (window as any).kubestage;
    const path = "/etc/kubernetes/manifests/kube-apiserver.yaml";
    const file = k.state().nodes[0].files.find((file: any) => file.path === path);
    k.writeFile("control-plane", path, file.text.replace("--etcd-servers", "--etcd-server-z"));
    k.advance(60);
  });
  const chip = page.locator('[data-pod="kube-system/kube-apiserver-control-plane"]');
  await expect(chip).toHaveCount(1);
  await expect(chip).toHaveAttribute("data-state", "crash-loop");
  await chip.click();
  await expect(page.locator('[data-menu] [data-control="crash"]')).toHaveCount(0);
  await page.locator('[data-menu] [data-control="show"]').click();
  await expect(page.locator('[data-truth="node"]')).toContainText("CrashLoopBackOff");
  await expect(page.locator('[data-truth="api"]')).toContainText("as last known at T+");
  await expect(page.locator(".inspector .with-state")).toHaveText("CrashLoopBackOff");
  // To move the file back would help nothing: it lies where it should.
  await page.locator('header [data-control="api-server"]').click();
  await expect(page.locator('[data-editor="node-file"]')).toContainText("etcd-server-z");
});

test("keys work from the start, and act on the pod that has the focus", async ({ page }) => {
  await open(page, "?lang=en");
  await page.keyboard.press(" ");
  await expect(page.locator("[data-app]")).toHaveAttribute("data-playing", "false");
  const name = await agent(page, "worker-2");
  await page.locator(`[data-pod="default/${name}"]`).focus();
  await page.keyboard.press("Delete");
  await api(page, "advance", 60);
  await expect(page.locator(`[data-pod="default/${name}"]`)).toHaveCount(0);
  // Its button is gone; the focus stays on the node.
  await expect.poll(() => page.evaluate(() => document.activeElement?.closest(".node")?.getAttribute("data-node"))).toBe("worker-2");
});

test("the cluster is one tab stop, and the arrow keys go through it", async ({ page }) => {
  await open(page, "?lang=en");
  const stops = page.locator('[data-layer="scene"] button[tabindex="0"]');
  await expect(stops).toHaveCount(1);
  await page.locator('[data-pod="default/web-worker-1"]').focus();
  await expect(stops).toHaveCount(1);
  await page.keyboard.press("ArrowDown");
  await expect(page.locator(`[data-pod="default/${await agent(page, "worker-1")}"]`)).toBeFocused();
});

test("the next change is one that can be seen", async ({ page }) => {
  await open(page, "?lang=en");
  await api(page, "pause");
  await api(page, "untilQuiet");
  await api(page, "exec", `kubectl delete pod ${await agent(page, "worker-1")} --wait=false`);
  for (let press = 0; press < 5; press += 1) {
    const before = await api(page, "now");
    await page.locator('[data-control="step"]').click();
    expect(await api(page, "now")).toBeGreaterThan(before);
  }
});

test("help holds the focus and gives it back", async ({ page }) => {
  await open(page, "?lang=en");
  await page.locator('[data-control="help"]').click();
  for (let press = 0; press < 8; press += 1) {
    await page.keyboard.press("Tab");
    const within = await page.evaluate(() => {
      const active = document.activeElement;
      return active === document.body || active?.closest("dialog") !== null;
    });
    expect(within).toBe(true);
  }
  await page.keyboard.press("Escape");
  await expect(page.locator("[data-dialog]")).toHaveCount(0);
  await expect(page.locator('[data-control="help"]')).toBeFocused();
});

test("a click opens the menu below the chip, and nothing else", async ({ page }) => {
  await open(page, "?lang=en");
  const chip = page.locator('[data-pod="default/web-worker-1"]');
  const selected = () => page.locator("[data-selected]").evaluateAll((all) => all.map((one) => one.getAttribute("data-selected")));
  const before = await selected();
  await chip.click();
  const [menu, box] = [(await page.locator('[data-menu="object"]').boundingBox())!, (await chip.boundingBox())!];
  expect(menu.y >= box.y + box.height || menu.y + menu.height <= box.y).toBe(true);
  expect(await selected()).toEqual(before);
});

test("presenter mode makes all larger, and the page makes room", async ({ page }) => {
  await open(page, "?lang=en");
  const size = () => page.locator(".node-name").first().evaluate((element) => parseFloat(getComputedStyle(element).fontSize));
  const before = await size();
  await page.locator('[data-control="scale"]').click();
  await page.locator('[data-control="scale"]').click();
  expect(await size()).toBeCloseTo(before * 1.5, 1);
  await expect(page.locator("html")).toHaveAttribute("data-size", "medium");
});
