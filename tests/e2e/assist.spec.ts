// What the editor offers beside the text: completion and hover texts from the schema and the cluster.

import { editor, expect, open, paste, shot, test, type Page } from "./harness.ts";

const POD = "apiVersion: v1\nkind: Pod\nmetadata:\n  name: a\nspec:\n  containers:\n  - name: a\n    image: nginx:1.29\n";
const DESCRIPTIONS = /descriptions-[0-9a-f]+\.txt$/;

const options = (page: Page) => page.locator(".cm-tooltip-autocomplete li");

/** Puts the text into the editor of the person's own file, with the cursor at its end. */
async function write(page: Page, text: string): Promise<void> {
  await paste(page, "daemonset", text);
  await page.keyboard.press("ControlOrMeta+End");
}

test("the descriptions are fetched when somebody edits, not before", async ({ page }) => {
  const asked: string[] = [];
  page.on("request", (request) => {
    if (DESCRIPTIONS.test(request.url())) asked.push(request.url());
  });
  await open(page, "?lang=en");
  await page.waitForTimeout(1500);
  expect(asked).toEqual([]);
  await (await editor(page, "daemonset")).focus();
  await expect.poll(() => asked.length).toBe(1);
});

test("fields are offered with their types, what must be there first", async ({ page }) => {
  await open(page, "?lang=en");
  await write(page, `${POD}  nodeN`);
  await page.keyboard.type("a");
  await expect(options(page).first()).toContainText("nodeName");
  await expect(options(page).first()).toContainText("string");
  await expect(page.locator(".cm-completionInfo")).toContainText("NodeName indicates in which node this pod is scheduled.");
  // It stands beside the list, and nothing cuts it away.
  const inSight = () => page.locator(".cm-completionInfo").evaluate((info) => {
    const box = info.getBoundingClientRect();
    return info.contains(document.elementFromPoint(box.left + box.width / 2, box.top + box.height / 2));
  });
  await expect.poll(inSight).toBe(true);
  // What is chosen offers the nodes of this cluster at once.
  await page.keyboard.press("Enter");
  await expect(options(page)).toHaveText([/control-plane/, /worker-1/, /worker-2/, /worker-3/]);
  await shot(page, "complete-nodes");
  await page.keyboard.press("ArrowDown");
  await page.keyboard.press("Enter");
  await expect(await editor(page, "daemonset")).toContainText("nodeName: worker-1");
  await write(page, "apiVersion: v1\nkind: Pod\nspec:\n  ");
  await page.keyboard.press("Control+Space");
  await expect(options(page).first()).toContainText("containers");
  await expect(options(page).first()).toContainText("required");
  await shot(page, "complete-fields");
});

test("values are those that the API server takes", async ({ page }) => {
  await open(page, "?lang=ko&theme=dark");
  await write(page, `${POD}    imagePullPolicy:`);
  await page.keyboard.type(" ");
  await expect(options(page)).toHaveText(["Always", "IfNotPresent", "Never"]);
  await write(page, "apiVersion: v1\nkind: Pod\nspec:\n  ");
  await page.keyboard.press("Control+Space");
  await expect(options(page).first()).toContainText("필수");
  await shot(page, "complete-fields-ko-dark");
});

test("the pointer on a field says what it is for", async ({ page }) => {
  await open(page, "?lang=en");
  await write(page, `${POD}    imagePullPolicy: Always\n`);
  await page.locator(".cm-content").getByText("imagePullPolicy").hover();
  const card = page.locator(".cm-hoverCard");
  await expect(card).toContainText("imagePullPolicy <string>");
  await expect(card).toContainText("Defaults to Always if :latest tag is specified");
  await expect(card).toContainText("One of: Always, IfNotPresent, Never");
  await shot(page, "hover");
});

test("without its file the editor goes on, with types only", async ({ page, errors }) => {
  await page.route(DESCRIPTIONS, (route) => route.abort());
  await open(page, "?lang=en");
  await write(page, `${POD}  hostNetw`);
  await page.keyboard.type("o");
  await expect(options(page).first()).toContainText("hostNetwork");
  await expect(page.locator(".cm-completionInfo")).toHaveCount(0);
  await page.locator('[data-control="console"]').fill("kubectl explain pod.spec.nodeName");
  await page.keyboard.press("Enter");
  await expect(page.locator(".job").last()).toContainText("could not be loaded");
  errors.splice(0);
});

test("kubectl explain waits for the descriptions, and says the same after a reload", async ({ page }) => {
  await open(page, "?lang=en");
  await page.locator('[data-control="console"]').fill("kubectl explain pod.spec.nodeName");
  await page.keyboard.press("Enter");
  const said = page.locator(".job").last();
  await expect(said).toContainText("NodeName indicates in which node this pod is scheduled");
  await expect(said).toHaveAttribute("data-exit", "0");
  await page.waitForTimeout(1200);
  await page.reload();
  await expect(page.locator(".job").last()).toContainText("NodeName indicates in which node this pod is scheduled", { timeout: 30_000 });
});
