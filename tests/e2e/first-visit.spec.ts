// The first seconds of a first visit: the scene is set before the visitor's eyes, captions say each hop, and time
// adapts to what goes on.

import { api, expect, open, ready, test, URL_VARIABLE, type Page } from "./harness.ts";

const FIRST = "?start=first&speed=auto";
const caption = (page: Page) => page.locator("[data-caption]");
const entries = async (page: Page): Promise<any[]> => JSON.parse(await api(page, "script")).entries;

/** Keeps every caption that the page to come shows. */
async function listen(page: Page): Promise<void> {
  await page.addInitScript(() => {
    const said: string[] = ((window as any).said = []);
    new MutationObserver(() => {
      const text = document.querySelector("[data-caption]")?.textContent ?? "";
      if (text && said.at(-1) !== text) said.push(text);
    }).observe(document, { childList: true, characterData: true, subtree: true });
  });
}

const said = (page: Page): Promise<string[]> => page.evaluate(() => (window as any).said);

for (const [lang, words] of [
  ["en", ["kubectl sends DaemonSet agent", "controller-manager creates", "scheduler binds", "kubelet sets up", "web.yaml", "mirror pod"]],
  ["ko", ["DaemonSet agent 적용", "컨트롤러 매니저가", "노드를 배정", "실행을 준비", "web.yaml", "미러 파드"]],
] as const) {
  test(`a first visit sees the DaemonSet applied and the file arrive, told in ${lang}`, async ({ page }) => {
    await listen(page);
    await open(page, `${FIRST}&lang=${lang}`);
    await expect(page.locator('[data-pod="default/web-worker-1"][data-state="running"]')).toBeVisible({ timeout: 120_000 });
    await expect(page.locator('[data-value="ready"]').first()).toHaveText("3", { timeout: 60_000 });
    const all = await said(page);
    for (const word of words) expect(all.join("\n")).toContain(word);
    const lines = (await entries(page)).map((entry) => entry.command.line ?? entry.command.path);
    expect(lines).toEqual(["kubectl apply -f agent.yaml", "/etc/kubernetes/manifests/web.yaml"]);
    // The guide is that of the seven claims, and nothing of it is ticked by looking on.
    await expect(page.locator("[data-guide-step]")).toHaveCount(7);
    await expect(page.locator('[data-seen="true"]')).toHaveCount(0);
  });
}

test("who acts at once finds the scene set", async ({ page }) => {
  await open(page, FIRST);
  await expect.poll(async () => (await entries(page)).length, { timeout: 60_000 }).toBeGreaterThan(0);
  await page.locator('header [data-control="api-server"]').click();
  const commands = (await entries(page)).map((entry) => entry.command.do);
  expect(commands).toEqual(["exec", "writeFile", "setApiServer"]);
});

test("a reload goes on where it was, and does not begin again", async ({ page }) => {
  await open(page, FIRST);
  await expect.poll(async () => (await entries(page)).length, { timeout: 60_000 }).toBe(2);
  await page.waitForTimeout(900);
  await page.reload();
  await ready(page);
  await page.waitForTimeout(1500);
  expect(await entries(page)).toHaveLength(2);
});

test("nothing is set while time stands still", async ({ page }) => {
  await page.addInitScript(() => localStorage.setItem("kubestage.prefs", JSON.stringify({ playback: { playing: false } })));
  await page.goto(new URL("?start=first", process.env[URL_VARIABLE]).href);
  await ready(page);
  await page.waitForTimeout(1500);
  expect(await entries(page)).toHaveLength(0);
  await page.locator('[data-control="play"]').click();
  await expect.poll(async () => (await entries(page)).length, { timeout: 60_000 }).toBeGreaterThan(0);
});

test("time is slow while something is under way, and quick while all waits", async ({ page }) => {
  await open(page, "?lang=en&speed=auto");
  await expect(page.locator('[data-control="auto-speed"]')).toHaveAttribute("aria-pressed", "true");
  const calm = await page.evaluate(() => {
    const k = (window as any).kubestage;
    k.untilQuiet();
    return k.state();
  });
  expect(calm).toMatchObject({ auto: true, speed: 20 });
  // In one go: on a slow machine what is under way is over by the next call.
  const speed = await page.evaluate(() => {
    const k = (window as any).kubestage;
    k.writeFile("worker-2", "/etc/kubernetes/manifests/a.yaml", "x");
    return k.state().speed;
  });
  expect(speed).toBeLessThanOrEqual(0.5);
  await expect(page.locator("[data-speed-now]")).toHaveText(/×$/);
  // A speed that is chosen stays.
  await page.locator('[data-control="speed"]').fill("3");
  expect(await api(page, "state")).toMatchObject({ auto: false, speed: 2 });
  await expect(page.locator("[data-speed-now]")).toHaveText("2×");
  await page.locator('[data-control="auto-speed"]').click();
  expect(await api(page, "state")).toMatchObject({ auto: true });
});

test("without movement the captions are a list", async ({ page }) => {
  await page.emulateMedia({ reducedMotion: "reduce" });
  await open(page, `${FIRST}&lang=en`);
  const list = page.locator('[data-layer="facts"]');
  await expect(list).toContainText("kubectl sends DaemonSet agent", { timeout: 60_000 });
  await expect(list).toContainText("mirror pod", { timeout: 60_000 });
  expect((await list.innerText()).split("\n").length).toBeLessThanOrEqual(6);
});

for (const [width, height] of [[1440, 900], [1024, 768], [390, 844]] as const) {
  test(`captions fit at ${width}x${height}`, async ({ page }) => {
    await page.setViewportSize({ width, height });
    await open(page, `${FIRST}&lang=en`);
    await expect(page.locator("html[data-captioned]")).toHaveCount(1, { timeout: 60_000 });
    await expect(caption(page)).toBeVisible();
    const box = (await caption(page).boundingBox())!;
    expect(box.width).toBeGreaterThan(150);
    expect(box.x + box.width).toBeLessThanOrEqual(width);
    expect((await page.locator(".guide-line").boundingBox())!.height).toBeLessThan(44);
  });
}

test("a file that is about to be applied is not told to lack it", async ({ page }) => {
  await page.addInitScript(() => {
    const told = ((window as any).told = [] as string[]);
    new MutationObserver(() => {
      const state = document.querySelector("[data-outcome]")?.getAttribute("data-outcome");
      if (state && told.at(-1) !== state) told.push(state);
    }).observe(document, { subtree: true, childList: true, attributes: true, attributeFilter: ["data-outcome"] });
  });
  await open(page, FIRST);
  await expect(page.locator('[data-outcome="applied"]')).toBeVisible();
  const told: string[] = await page.evaluate(() => (window as any).told);
  expect(told).not.toContain("dirty");
  expect(told.at(-1)).toBe("applied");
});

test("no DaemonSet of the system is picked where a person has none", async ({ page }) => {
  await open(page, "?start=ready&lang=en");
  const picker = page.locator('.scene-bar [data-control="daemonset"]');
  await expect(picker).toHaveValue("");
  await expect(picker.locator("option:checked")).toHaveText("none");
  await expect(page.locator(".numbers")).toHaveCount(0);
  await picker.selectOption("kube-system/kube-proxy");
  await expect(page.locator(".numbers [data-value=desired]")).toHaveText("4");
});
