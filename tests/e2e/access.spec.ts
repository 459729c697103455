// What those need who do not see the page or use no mouse: roles with the children they promise, names that
// contain what is written, panels that the keyboard reaches, a way past the bar.

import { expect, open, test, type Page } from "./harness.ts";

/** Everything wrong with the page as it stands now. */
const faults = (page: Page): Promise<string[]> =>
  page.evaluate(() => {
    const found: string[] = [];
    const all = (selector: string) => [...document.querySelectorAll<HTMLElement>(selector)];
    const shown = (element: HTMLElement) => element.checkVisibility({ visibilityProperty: true });
    const name = (element: HTMLElement) => element.outerHTML.slice(0, 90);
    for (const list of all('[role="tablist"]')) {
      if ([...list.children].some((child) => child.getAttribute("role") !== "tab")) found.push(`not only tabs: ${name(list)}`);
    }
    const plain = (text: string) => text.toLowerCase().replace(/[^\p{L}\p{N}]+/gu, " ").trim();
    for (const button of all("button[aria-label]").filter(shown)) {
      const [label, text] = [plain(button.getAttribute("aria-label")!), plain(button.innerText)];
      // A pod's chip is told in a sentence, which has each of its words.
      const words = text.split(" ").filter((word) => !label.includes(word));
      if (words.length > 0 && !button.matches(".pod, .small-node")) found.push(`name without "${words}": ${name(button)}`);
    }
    for (const element of all("*").filter(shown)) {
      const style = getComputedStyle(element);
      if (!/auto|scroll/.test(style.overflowY) || element.scrollHeight <= element.clientHeight + 1) continue;
      const reached = element.matches('[tabindex="0"]') || element.querySelector('button:not([tabindex="-1"]), [tabindex="0"], input, select, [contenteditable="true"]');
      if (!reached) found.push(`scrolls, and no key reaches it: ${name(element)}`);
    }
    for (const header of all("th").filter(shown)) if (header.innerText.trim() === "") found.push(`empty header: ${name(header)}`);
    const landmark = "header, main, aside, nav, section[aria-label], dialog, [role='status'], [role='alert']";
    for (const element of all("button, [role='separator'], [role='menu'], input").filter(shown)) {
      if (!element.closest(landmark)) found.push(`in no landmark: ${name(element)}`);
    }
    return found;
  });

test("what is wrong is found", async ({ page }) => {
  await open(page, "?lang=en");
  await page.evaluate(() => {
    const bad = document.createElement("div");
    bad.innerHTML = `<div role="tablist"><input></div><button aria-label="x">word</button><table><tr><th></th></tr></table>
      <div style="height: 20px; overflow: auto"><p style="height: 90px">text</p></div>`;
    bad.style.cssText = "position: fixed; inset: 0 auto auto 0; z-index: 99";
    document.body.append(bad);
  });
  const found = (await faults(page)).map((fault) => fault.split(":")[0].replace(/".*"/, "…"));
  const kinds = ["empty header", "in no landmark", "name without …", "not only tabs", "scrolls, and no key reaches it"];
  expect([...new Set(found)].sort()).toEqual(kinds);
});

for (const theme of ["light", "dark"]) {
  test(`nothing is wrong in ${theme}, whatever stands open`, async ({ page }) => {
    await open(page, `?lang=en&theme=${theme}`);
    expect(await faults(page)).toEqual([]);
    for (const tab of ["node-files", "events", "messages", "compare", "details"]) {
      await page.locator(`[data-tab="${tab}"]`).click();
      expect(await faults(page), tab).toEqual([]);
    }
    await page.locator('[data-pod="default/web-worker-1"]').click();
    expect(await faults(page), "menu").toEqual([]);
    await page.locator('[data-menu] [data-control="show"]').click();
    expect(await faults(page), "details of a pod").toEqual([]);
  });
}

test("the first tab stop leads past the bar", async ({ page }) => {
  await open(page, "?lang=en");
  await page.keyboard.press("Tab");
  await expect(page.locator('[data-control="skip-to-cluster"]')).toBeFocused();
  await page.keyboard.press("Enter");
  await expect(page.locator('[data-layer="scene"] button:focus')).toHaveCount(1);
});

test("tabs are moved by the arrow keys", async ({ page }) => {
  await open(page, "?lang=en");
  await page.locator('[data-tab="console"]').focus();
  await page.keyboard.press("ArrowRight");
  await expect(page.locator('[data-tab="events"]')).toBeFocused();
  await expect(page.locator('[data-tab="events"]')).toHaveAttribute("aria-selected", "true");
});

for (const [width, height] of [[390, 844], [844, 390]]) {
  test(`nothing is cut or too small to hit at ${width}x${height}`, async ({ page }) => {
    await page.setViewportSize({ width, height });
    await open(page, "?lang=en");
    await expect(page.locator('[data-control="help"]')).toBeVisible();
    const small = await page.evaluate(() => {
      const targets = [...document.querySelectorAll<HTMLElement>("button, select, input:not([type=range]):not([type=checkbox])")];
      const shown = targets.filter((element) => element.checkVisibility() && !element.closest(".skip"));
      return shown.filter((element) => {
        const box = element.getBoundingClientRect();
        return box.height < 23.5 || box.width < 23.5;
      }).map((element) => element.outerHTML.slice(0, 80));
    });
    expect(small).toEqual([]);
    const cut = await page.evaluate(() =>
      [...document.querySelectorAll<HTMLElement>(".part-name, .scene-bar > *")].filter((element) => {
        const box = element.getBoundingClientRect();
        return box.right > innerWidth || element.scrollWidth > element.clientWidth + 1;
      }).map((element) => element.outerHTML.slice(0, 80)));
    expect(cut).toEqual([]);
    await expect(page.locator('[data-pane-button="desk"]')).toHaveAttribute("aria-pressed", "true");
    await page.locator('[data-tab="node-files"]').click();
    await expect(page.locator('[data-control="new-file-name"]')).toBeVisible();
  });
}
