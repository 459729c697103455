// The console as a terminal: where one is, what keys do, several lines, files, and the editor of vi.

import { expect, open, test, type Locator, type Page } from "./harness.ts";

const field = (page: Page): Locator => page.locator('[data-control="console"]');
const prompt = (page: Page): Locator => page.locator(".console-in .prompt");
const lastText = (page: Page): Locator => page.locator(".job").last().locator("> pre");

/** A calm cluster, and the focus in the console's line. */
async function begin(page: Page): Promise<void> {
  await open(page, "?lang=en");
  await page.evaluate(() => (window as any).kubestage.untilQuiet());
  await page.locator('[data-tab="console"]').click();
  await field(page).focus();
}

/** Lets time pass until the prompt is there again. */
async function settle(page: Page): Promise<void> {
  await expect
    .poll(async () => (await page.evaluate(() => (window as any).kubestage.advance(1)), await prompt(page).innerText()))
    .toContain("#");
}

async function enter(page: Page, line: string): Promise<void> {
  await field(page).fill(line);
  await field(page).press("Enter");
  await settle(page);
}

test("the prompt says where one is, and variables last", async ({ page }) => {
  await begin(page);
  await expect(prompt(page)).toHaveText(/^root@\S+:~# $/);
  await enter(page, "place=here");
  await enter(page, "echo $place");
  await expect(lastText(page)).toHaveText("here\n");
  await enter(page, "ssh worker-1");
  await expect(prompt(page)).toHaveText("root@worker-1:~# ");
  await enter(page, "cd /etc/kubernetes");
  await expect(prompt(page)).toHaveText("root@worker-1:/etc/kubernetes# ");
  await field(page).press("Control+d");
  await settle(page);
  await expect(prompt(page)).not.toContainText("worker-1");
});

test("Ctrl-C ends a watch, and copies where something is selected", async ({ page }) => {
  await begin(page);
  await field(page).fill("kubectl get nodes -w");
  await field(page).press("Enter");
  await page.evaluate(() => (window as any).kubestage.advance(2));
  const job = page.locator(".job").last();
  await expect(job.locator("> pre")).toContainText("worker-1");
  await expect(job).toHaveClass(/running/);
  await field(page).fill("marked");
  await field(page).press("ControlOrMeta+a");
  await page.evaluate(() => document.querySelector<HTMLTextAreaElement>('[data-control="console"]')?.select());
  await field(page).press("Control+c");
  await expect(job).toHaveClass(/running/);
  await field(page).press("End");
  await field(page).press("Control+c");
  await expect(field(page)).toHaveValue("");
  await expect(job).toHaveAttribute("data-exit", "130");
  await expect(job.locator("> pre")).toContainText("^C");
  await settle(page);
});

test("clear and Ctrl-L leave an empty screen", async ({ page }) => {
  await begin(page);
  await enter(page, "echo one");
  await enter(page, "clear");
  await expect(page.locator(".job")).toHaveCount(0);
  await enter(page, "echo two");
  await expect(page.locator(".job")).toHaveCount(1);
  await field(page).press("Control+l");
  await expect(page.locator(".job")).toHaveCount(0);
});

test("the history comes by arrows and by Ctrl-R", async ({ page }) => {
  await begin(page);
  for (const line of ["echo first", "echo second", "pwd"]) await enter(page, line);
  await field(page).press("ArrowUp");
  await expect(field(page)).toHaveValue("pwd");
  await field(page).press("ArrowUp");
  await expect(field(page)).toHaveValue("echo second");
  await field(page).press("ArrowDown");
  await field(page).press("ArrowDown");
  await expect(field(page)).toHaveValue("");
  await field(page).press("Control+r");
  await page.keyboard.type("ech");
  await expect(prompt(page)).toContainText("(reverse-i-search)`ech'");
  await expect(field(page)).toHaveValue("echo second");
  await field(page).press("Control+r");
  await expect(field(page)).toHaveValue("echo first");
  await field(page).press("Enter");
  await settle(page);
  await expect(lastText(page)).toHaveText("first\n");
});

test("Tab completes commands, kinds and names, and leaves an empty line", async ({ page }) => {
  await begin(page);
  await field(page).pressSequentially("k desc");
  await field(page).press("Tab");
  await expect(field(page)).toHaveValue("k describe ");
  await field(page).pressSequentially("nodes worker-");
  await field(page).press("Tab");
  await expect(page.locator("[data-offers]")).toContainText("worker-1  worker-2");
  await field(page).pressSequentially("2");
  await field(page).press("Tab");
  await expect(field(page)).toHaveValue("k describe nodes worker-2 ");
  await field(page).press("Control+c");
  await field(page).press("Tab");
  await expect(field(page)).not.toBeFocused();
});

test("a here-document takes several lines, typed or pasted, and its file is in the desk", async ({ page }) => {
  await begin(page);
  await field(page).pressSequentially("cat > note.yaml <<EOF");
  await field(page).press("Enter");
  await expect(prompt(page)).toContainText("\n> ");
  await field(page).pressSequentially("a: 1");
  await field(page).press("Enter");
  await field(page).pressSequentially("EOF");
  await field(page).press("Enter");
  await settle(page);
  await enter(page, "cat note.yaml");
  await expect(lastText(page)).toHaveText("a: 1\n");
  await expect(page.locator('[data-region="desk"]')).toContainText("note.yaml");
  await field(page).focus();
  await page.keyboard.insertText("echo one\nssh worker-2\nhostname");
  await field(page).press("Enter");
  await page.evaluate(() => (window as any).kubestage.advance(2));
  await settle(page);
  await expect(prompt(page)).toContainText("worker-2");
  await expect(lastText(page)).toHaveText("worker-2\n");
  await enter(page, "exit");
  await enter(page, "ls");
  await expect(lastText(page)).toContainText("agent.yaml");
});

test("vi opens an editor, and the command goes on when it is saved or closed", async ({ page }) => {
  await begin(page);
  await field(page).fill("vi hello.txt && cat hello.txt");
  await field(page).press("Enter");
  const text = page.locator('[data-editor="console-file"]').last();
  await expect(text).toBeVisible();
  await text.focus();
  await page.keyboard.insertText("hello");
  await page.locator('[data-control="edit-save"]').click();
  await settle(page);
  await expect(lastText(page)).toContainText("hello");
  await expect(page.locator("[data-editing]")).toHaveCount(0);
  await expect(field(page)).toBeFocused();
});

test("what is clicked is shown as a command", async ({ page }) => {
  await begin(page);
  await page.evaluate(() => (window as any).kubestage.restartKubelet("worker-1"));
  await expect(page.locator(".job").last()).toContainText("systemctl restart kubelet");
});

test("kubectl edit opens the object, and says what became of it", async ({ page }) => {
  await open(page, "?lang=en");
  const line = page.locator('[data-control="console"]');
  const last = page.locator(".job").last();
  await line.fill("kubectl edit ds agent");
  await line.press("Enter");
  const field = page.locator('[data-editor="console-file"].cm-content');
  await expect(field).toContainText("# Please edit the object below.");
  await page.locator('[data-control="edit-leave"]').click();
  await expect(last).toContainText("Edit cancelled, no changes made.");
  // The field will hold the lines in sight only.
  const whole: string = await page.evaluate(() => (window as any).kubestage.exec("kubectl get ds agent -o yaml"));
  await line.fill("kubectl edit ds agent");
  await line.press("Enter");
  await expect(field).toContainText("# Please edit the object below.");
  const text = whole.replaceAll("restartPolicy: Always", "restartPolicy: Never");
  await field.focus();
  await page.keyboard.press("ControlOrMeta+a");
  await page.keyboard.insertText(text);
  await field.press("ControlOrMeta+s");
  await expect(last).toContainText('error: daemonsets.apps "agent" is invalid');
  await expect(field).toContainText('Unsupported value: "Never"');
});

test("a file that is no text is not opened in vi", async ({ page }) => {
  await open(page, "?lang=en");
  const line = page.locator('[data-control="console"]');
  await line.fill("echo //4= | base64 -d > bytes; vi bytes");
  await line.press("Enter");
  await expect(page.locator(".job").last()).toContainText("holds bytes that are not UTF-8");
});

test("the panel takes all the room for a wide table, which scrolls in one place", async ({ page }) => {
  await begin(page);
  await enter(page, "kubectl get pods -A -o wide");
  const out = page.locator(".console-out");
  const overflow = () => out.evaluate((one) => one.scrollWidth - one.clientWidth);
  expect(await overflow()).toBeGreaterThan(0);
  expect(await page.locator(".job pre").evaluateAll((all) => all.filter((one) => one.scrollWidth > one.clientWidth).length)).toBe(0);
  await out.evaluate((one) => one.scrollTo(one.scrollWidth, 0));
  const line = await page.locator(".job-line").last().boundingBox();
  expect(line!.x).toBeGreaterThanOrEqual((await out.boundingBox())!.x);
  await page.locator('[data-control="fill-with-drawer"]').click();
  await expect(page.locator(".scene")).toBeHidden();
  await expect(field(page)).toBeInViewport();
  expect(await overflow()).toBeLessThanOrEqual(0);
  await page.locator('[data-control="fill-with-drawer"]').click();
  await expect(page.locator(".scene")).toBeVisible();
});
