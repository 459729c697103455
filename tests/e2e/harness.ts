// What every spec of the page starts from: `test` with a page that must stay free of errors,
// `open` to load it, `paste` to write into an editor, `shot` to keep a picture of a step.

import { test as base, expect, type Locator, type Page } from "@playwright/test";

export { expect };
export type { Locator, Page };

/** serve.ts tells the workers here where the page is. */
export const URL_VARIABLE = "KUBESTAGE_URL";

/** Below this path the same page is served again. */
export const SUB_PATH = "a/sub/path/";

/** Every test fails when the page or the browser logs an error or a warning, also when nothing else went wrong. */
export const test = base.extend<{ errors: string[] }>({
  errors: [
    async ({ page }, use) => {
      const errors: string[] = [];
      page.on("pageerror", (error) => errors.push(`thrown: ${error.message}`));
      page.on("console", (message) => {
        if (["error", "warning"].includes(message.type())) errors.push(`console.${message.type()}: ${message.text()}`);
      });
      await use(errors);
      expect(errors, "the page's own errors and warnings").toEqual([]);
    },
    { auto: true },
  ],
});

/**
 * Loads the page and waits until the app has drawn its first picture. Unless the path says otherwise it finds the calm
 * scene, in which time passes at its usual speed.
 */
export async function open(page: Page, path = ""): Promise<void> {
  const url = new URL(path, process.env[URL_VARIABLE]);
  if (!url.searchParams.has("start")) url.searchParams.set("start", "demo");
  if (!url.searchParams.has("speed")) url.searchParams.set("speed", "1");
  await page.goto(url.href);
  await ready(page);
}

/** The app puts `data-ready="true"` on its root once its first picture stands. */
export async function ready(page: Page): Promise<void> {
  await expect(page.locator('[data-app="kubestage"][data-ready="true"]')).toBeVisible({ timeout: 120_000 });
}

/** Keeps a picture as tests/e2e/artifacts/shots/NAME.png. */
export async function shot(page: Page, name: string): Promise<void> {
  await page.screenshot({ path: `tests/e2e/artifacts/shots/${name}.png`, animations: "disabled" });
}

/** The editor of that name (`data-editor`), once it is the full one. */
export async function editor(page: Page, name: string): Promise<Locator> {
  const field = page.locator(`[data-editor="${name}"].cm-content`);
  await expect(field).toBeVisible();
  return field;
}

/** Replaces an editor's whole text as a person pasting over it would. */
export async function paste(page: Page, name: string, text: string): Promise<void> {
  await (await editor(page, name)).focus();
  await page.keyboard.press("ControlOrMeta+a");
  await page.keyboard.insertText(text);
}

/** Calls a function of `window.kubestage`. */
export const api = (page: Page, call: string, ...args: unknown[]): Promise<any> =>
  page.evaluate(({ call, args }) => (window as any).kubestage[call](...args), { call, args });

/** The name of the DaemonSet's pod on a node. */
export async function agent(page: Page, node: string): Promise<string> {
  const state = await api(page, "state");
  const pods = state.nodes.find((one: any) => one.name === node).pods;
  return pods.find((pod: any) => pod.namespace === "default" && pod.origin === "daemonset").name;
}
