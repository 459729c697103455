// The numbered hops that the last command leaves, and the filter that greys the rest.

import { agent, api, expect, open, shot, test, type Page } from "./harness.ts";

test.slow();

const hops = (page: Page) => page.locator('[data-layer="trail"] [data-hop]:not([aria-hidden])');

test("a deletion leaves its hops in order, until the next command", async ({ page }) => {
  await open(page, "?lang=en");
  await api(page, "pause");
  await api(page, "exec", `kubectl delete pod ${await agent(page, "worker-1")} --wait=false`);
  await api(page, "advance", 60);
  const all = await hops(page).evaluateAll((found) => found.map((hop) => hop.getAttribute("title")!));
  expect(all[0]).toMatch(/kubectl → kube-apiserver: delete Pod default\/agent-/);
  const at = (pattern: RegExp) => all.findIndex((text) => pattern.test(text));
  const chain = [
    at(/kubectl → kube-apiserver: delete Pod/),
    at(/kube-controller-manager → kube-apiserver: create Pod/),
    at(/kube-scheduler → kube-apiserver: bind Pod/),
    at(/kubelet worker-1 → agent-.*: run Sandbox/),
  ];
  expect(chain.every((place) => place >= 0)).toBe(true);
  expect(chain).toEqual([...chain].sort((a, b) => a - b));
  await expect(hops(page).first()).toHaveAttribute("data-way", "api");
  for (const theme of ["light", "dark"]) {
    await page.evaluate((theme) => document.documentElement.setAttribute("data-theme", theme), theme);
    await shot(page, `trail-${theme}`);
  }
  await api(page, "exec", "kubectl label node worker-2 disk=ssd");
  await api(page, "advance", 10);
  await expect(hops(page).first()).toHaveAttribute("title", /label|patch/);
});

test("a file leaves hops of the other way, told apart by their shape", async ({ page }) => {
  await open(page, "?lang=en");
  await api(page, "pause");
  const pod = "apiVersion: v1\nkind: Pod\nmetadata:\n  name: late\nspec:\n  containers:\n  - name: late\n    image: redis:8\n";
  await api(page, "writeFile", "worker-2", "/etc/kubernetes/manifests/late.yaml", pod);
  await api(page, "advance", 40);
  const first = hops(page).first();
  await expect(first).toHaveAttribute("title", /worker-2:\/ → kubelet worker-2: read File .*late\.yaml, from a file/);
  await expect(first).toHaveCSS("border-style", "double");
  const ways = await hops(page).evaluateAll((found) => found.map((hop) => `${hop.getAttribute("data-way")} ${hop.getAttribute("title")}`));
  expect(ways.some((text) => /^file .*kubelet worker-2 → late-worker-2: run Sandbox/.test(text))).toBe(true);
  expect(ways.some((text) => /^file .*kubelet worker-2 → kube-apiserver: create Pod default\/late-worker-2/.test(text))).toBe(true);
  await shot(page, "trail-file");
});

test("a hop opens its message", async ({ page }) => {
  await open(page, "?lang=en");
  await api(page, "pause");
  await api(page, "exec", `kubectl delete pod ${await agent(page, "worker-1")} --wait=false`);
  await api(page, "advance", 30);
  await hops(page).first().click();
  await expect(page.locator('[data-region="messages"] tr.marked')).toContainText("delete");
  await expect(page.locator('[data-region="messages"] tr.marked')).toBeInViewport();
});

test("what is typed into the filter stands out, and Escape takes it away", async ({ page }) => {
  await open(page, "?lang=en");
  await page.locator('[data-layer="scene"] [data-pod]').first().focus();
  await page.keyboard.press("f");
  await expect(page.locator('[data-control="filter"]')).toBeFocused();
  const lit = async () => page.locator('.nodes [data-pod]:not([data-dim])').evaluateAll((pods) => pods.map((pod) => (pod as HTMLElement).dataset.pod!.split("/")[1].replace(/-[a-z0-9]{5}$/, "")));
  await page.locator('[data-control="filter"]').fill("node=worker-1 kind=static");
  await expect.poll(lit).toEqual(["web-worker-1"]);
  await expect(page.locator('[data-region="filtered"]')).toHaveText(/^1 of \d+$/);
  await expect(page.locator('.node[data-node="worker-2"]')).toHaveAttribute("data-dim", "true");
  await shot(page, "filter");
  await page.locator('[data-control="filter"]').fill("app=agent");
  await expect.poll(lit).toEqual(["agent", "agent", "agent"]);
  await page.locator('[data-control="filter"]').fill("status=CrashLoopBackOff");
  await expect.poll(lit).toEqual([]);
  await page.keyboard.press("Escape");
  await expect(page.locator("[data-dim]")).toHaveCount(0);
});

test("a box that is drawn around pods filters them", async ({ page }) => {
  await open(page, "?lang=en");
  const chip = (await page.locator('[data-pod="default/web-worker-1"]').boundingBox())!;
  const card = (await page.locator('.node[data-node="worker-1"]').boundingBox())!;
  await page.mouse.move(card.x - 6, chip.y - 4);
  await page.mouse.down();
  await page.mouse.move(chip.x + 40, chip.y + chip.height - 6, { steps: 4 });
  await expect(page.locator(".box-select")).toBeVisible();
  await page.mouse.up();
  await expect(page.locator('[data-control="filter"]')).toHaveValue("name=web-worker-1");
  await expect(page.locator('[data-pod="default/web-worker-1"]')).not.toHaveAttribute("data-dim", "true");
});

for (const [width, height] of [[1440, 900], [1280, 720], [1024, 768]] as const) {
  test(`no number stands on a word, or touches another one, at ${width}x${height}`, async ({ page }) => {
    await page.setViewportSize({ width, height });
    await open(page, "?lang=en");
    await api(page, "pause");
    await api(page, "exec", "kubectl rollout restart ds/agent");
    await api(page, "advance", 40);
    await expect(hops(page).first()).toBeVisible();
    const covered = await page.evaluate(() => {
      const marks = [...document.querySelectorAll(".hop:not(.nowhere)")].map((mark) => mark.getBoundingClientRect());
      const words = [...document.querySelectorAll(".pod-name, .pod-word, .node-name, .disk-path span, .file, .part-name, .part-word, .kubelet")];
      return words.filter((word) => {
        const range = document.createRange();
        range.selectNodeContents(word);
        const rect = range.getBoundingClientRect();
        return marks.some((mark) => mark.left < rect.right - 1 && mark.right > rect.left + 1 && mark.top < rect.bottom - 3 && mark.bottom > rect.top + 3);
      }).map((word) => word.textContent);
    });
    expect(covered).toEqual([]);
    const touching = await page.evaluate(() => {
      const marks = [...document.querySelectorAll(".hop:not(.nowhere)")].map((mark) => ({ mark, box: mark.getBoundingClientRect() }));
      const meet = (a: DOMRect, b: DOMRect) => a.left < b.right && b.left < a.right && a.top < b.bottom && b.top < a.bottom;
      return marks.flatMap(({ mark, box }, at) =>
        marks.slice(0, at).filter((other) => meet(box, other.box)).map((other) => `${other.mark.textContent} and ${mark.textContent}`));
    });
    expect(touching).toEqual([]);
  });
}

test("no label of a message stands on the name of a part at 1280x720", async ({ page }) => {
  await page.setViewportSize({ width: 1280, height: 720 });
  await open(page, "?lang=en");
  await api(page, "pause");
  await api(page, "exec", "kubectl rollout restart ds/agent");
  const seen = new Set<string>();
  for (let step = 0; step < 40; step += 1) {
    await api(page, "advance", 0.03);
    const { labels, covered } = await page.evaluate(async () => {
      await new Promise((drawn) => requestAnimationFrame(() => requestAnimationFrame(drawn)));
      const names = [...document.querySelectorAll(".part-name")].map((name) => {
        const range = document.createRange();
        range.selectNodeContents(name);
        return range.getBoundingClientRect();
      });
      const labels = [...document.querySelectorAll(".flight.level .flight-label")].filter((label) => label.checkVisibility());
      const covers = (box: DOMRect) => names.some((name) => box.left < name.right - 2 && name.left + 2 < box.right && box.top < name.bottom - 4 && name.top + 4 < box.bottom);
      return { labels: labels.map((label) => label.textContent!), covered: labels.filter((label) => covers(label.getBoundingClientRect())).map((label) => label.textContent) };
    });
    labels.forEach((label) => seen.add(label));
    expect(covered, `step ${step}`).toEqual([]);
  }
  expect(seen.size, "labels were there to be looked at").toBeGreaterThan(0);
});
