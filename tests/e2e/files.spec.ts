// Whole files: from templates, under other names, twice, gone and back, taken home.

import { readFile } from "node:fs/promises";
import { strFromU8, unzipSync } from "fflate";
import { api, editor, expect, open, paste, ready, shot, test, type Page } from "./harness.ts";

const MANIFESTS = "/etc/kubernetes/manifests";

const outcome = (page: Page) => page.locator("[data-outcome]");
const control = (page: Page, name: string) => page.locator(`[data-control="${name}"]`);
const ownFiles = (page: Page) => page.locator("[data-own-file]").evaluateAll((all) => all.map((one) => one.getAttribute("data-own-file")));
const nodeFiles = (page: Page) =>
  page.locator(`[data-directory="${MANIFESTS}"] [data-file].tree-name`).evaluateAll((all) => all.map((one) => one.getAttribute("data-file")));
const fileMenu = (page: Page, path: string) => page.locator(`.tree-file [data-control="file-menu"][data-file="${path}"]`);
const lastCommand = async (page: Page) => JSON.parse(await api(page, "script")).entries.at(-1).command;

async function advanceUntil(page: Page, state: string): Promise<void> {
  await expect.poll(async () => (await api(page, "advance", 2), outcome(page).getAttribute("data-outcome")), { timeout: 30_000 }).toBe(state);
}

test("a template becomes one's own file, and runs once it is applied", async ({ page }) => {
  const asked: string[] = [];
  page.on("request", (request) => asked.push(request.url()));
  await open(page, "?lang=en");
  expect(asked.filter((url) => /templates|zip|vim/.test(url)), "nothing of it is loaded before").toEqual([]);
  await control(page, "templates").click();
  const menu = page.locator('[data-menu="object"]');
  await expect(menu.locator("[role=menuitem]")).toHaveText([/Node exporter/, /Log shipper/, /CNI plugin/, /Web server/]);
  await shot(page, "templates");
  await page.keyboard.press("ArrowDown");
  await page.keyboard.press("Enter");
  await expect(await editor(page, "daemonset")).toContainText("name: log-shipper");
  await expect.poll(() => ownFiles(page)).toEqual(["agent.yaml", "log-shipper.yaml"]);
  await expect(outcome(page)).toHaveAttribute("data-outcome", "dirty");
  await expect(page.locator("[data-diagnostic]")).toHaveCount(0);
  await control(page, "apply").click();
  await advanceUntil(page, "applied");
  await api(page, "advance", 60);
  expect(await api(page, "exec", "kubectl get ds -n logging --no-headers")).toMatch(/log-shipper +4 +4 +4/);
  await shot(page, "template-applied");
});

test("templates for a node are those that it can run", async ({ page }) => {
  await open(page, "?lang=ko&theme=dark");
  await page.locator('[data-tab="node-files"]').click();
  await control(page, "templates").click();
  const items = page.locator('[data-menu="object"] [role=menuitem]');
  await expect(items).toHaveCount(2);
  await shot(page, "templates-node-ko-dark");
  await control(page, "template-static-web").click();
  await expect(outcome(page)).toHaveAttribute("data-outcome", "dirty");
  await control(page, "save").click();
  await api(page, "advance", 30);
  expect(await api(page, "exec", "kubectl get pod static-web-worker-1 --no-headers")).toMatch(/1\/1 +Running/);
  await control(page, "node").selectOption("control-plane");
  await control(page, "templates").click();
  await expect(items).toHaveCount(3);
  await page.keyboard.press("Escape");
  await expect(control(page, "templates")).toBeFocused();
});

test("one's own file has another name, a copy, is gone and back, each by its command", async ({ page }) => {
  await open(page, "?lang=en");
  await control(page, "file-menu").click();
  await shot(page, "file-menu");
  await expect(control(page, "duplicate-file")).toContainText("cp agent.yaml agent-copy.yaml");
  await control(page, "rename-file").click();
  const field = control(page, "rename");
  await expect(field).toBeFocused();
  await field.fill("a/b.yaml");
  await field.press("Enter");
  await expect(page.locator('[data-hint="rename"]')).toBeVisible();
  await field.fill("node agent.yaml");
  await field.press("Enter");
  await expect.poll(() => ownFiles(page)).toEqual(["node agent.yaml"]);
  expect((await lastCommand(page)).line).toBe("mv agent.yaml 'node agent.yaml'");
  await expect(page.locator('[data-own-file="node agent.yaml"]')).toBeFocused();
  // It is what was applied, under another name.
  await expect(outcome(page)).not.toHaveAttribute("data-outcome", "dirty");
  await control(page, "undo-file").click();
  await expect.poll(() => ownFiles(page)).toEqual(["agent.yaml"]);

  await control(page, "file-menu").click();
  await control(page, "duplicate-file").click();
  await expect.poll(() => ownFiles(page)).toEqual(["agent.yaml", "agent-copy.yaml"]);
  expect((await lastCommand(page)).line).toBe("cp agent.yaml agent-copy.yaml");
  await paste(page, "daemonset", "kind: Pod\n");
  await control(page, "file-menu").click();
  await control(page, "delete-file").click();
  await expect.poll(() => ownFiles(page)).toEqual(["agent.yaml"]);
  expect(await api(page, "exec", "ls")).toBe("agent.yaml\n");
  await expect(control(page, "undo-file")).toBeFocused();
  await shot(page, "undo");
  await page.keyboard.press("Enter");
  await expect.poll(() => ownFiles(page)).toEqual(["agent.yaml", "agent-copy.yaml"]);
  await expect(await editor(page, "daemonset")).toContainText("kind: Pod");
  await expect(control(page, "undo-file")).toHaveCount(0);
  // The terminal takes them as they are here.
  await page.locator('[data-tab="console"]').click();
  await control(page, "console").fill("ls");
  await control(page, "console").press("Enter");
  await expect(page.locator('[data-region="drawer"]')).toContainText("agent-copy.yaml");
  await expect.poll(() => ownFiles(page)).toEqual(["agent.yaml", "agent-copy.yaml"]);
});

test("a node's file has another name, a copy, is gone and back, each by its command", async ({ page }) => {
  await open(page, "?lang=en");
  await page.locator('[data-tab="node-files"]').click();
  const web = `${MANIFESTS}/web.yaml`;
  await fileMenu(page, web).click();
  await control(page, "rename-file").click();
  await control(page, "rename").fill("front.yaml");
  await control(page, "rename").press("Enter");
  const front = `${MANIFESTS}/front.yaml`;
  await expect.poll(() => nodeFiles(page)).toEqual([front]);
  expect(await lastCommand(page)).toMatchObject({ do: "moveFile", from: web, to: front });
  await expect(await editor(page, "node-file")).toContainText("name: web");

  await fileMenu(page, front).click();
  await expect(control(page, "duplicate-file")).toContainText(`ssh worker-1 sudo cp ${front} ${MANIFESTS}/front-copy.yaml`);
  await control(page, "duplicate-file").click();
  await expect.poll(() => nodeFiles(page)).toEqual([`${MANIFESTS}/front-copy.yaml`, front]);
  await control(page, "undo-file").click();
  await expect.poll(() => nodeFiles(page)).toEqual([front]);

  await fileMenu(page, front).click();
  await control(page, "rename-file").click();
  await control(page, "rename").press("Escape");
  await expect(control(page, "rename")).toHaveCount(0);

  await page.locator(`[data-control="delete-file"][data-file="${front}"]`).click();
  await expect.poll(() => nodeFiles(page)).toEqual([]);
  await api(page, "advance", 60);
  expect(await api(page, "exec", "kubectl get pods web-worker-1")).toContain("NotFound");
  await control(page, "undo-file").click();
  await expect.poll(() => nodeFiles(page)).toEqual([front]);
  await expect(await editor(page, "node-file")).toContainText("name: web");
  await api(page, "advance", 60);
  expect(await api(page, "exec", "kubectl get pods web-worker-1 --no-headers")).toContain("Running");
});

test("a file, and all of them as an archive, can be taken home", async ({ page }) => {
  await open(page, "?lang=en");
  await api(page, "writeFile", "worker-2", `${MANIFESTS}/cache.yaml`, "kind: [");
  await control(page, "file-menu").click();
  const [one] = await Promise.all([page.waitForEvent("download"), control(page, "download-file").click()]);
  expect(one.suggestedFilename()).toBe("agent.yaml");
  expect(await readFile(await one.path(), "utf8")).toContain("kind: DaemonSet");
  await control(page, "desk-menu").click();
  await shot(page, "desk-menu");
  const [all] = await Promise.all([page.waitForEvent("download"), control(page, "download-all").click()]);
  expect(all.suggestedFilename()).toBe("kubestage.zip");
  const files = unzipSync(await readFile(await all.path()));
  expect(Object.keys(files).sort()).toEqual([
    "README.md",
    "kustomization.yaml",
    "manifests/agent.yaml",
    `nodes/worker-1${MANIFESTS}/web.yaml`,
    `nodes/worker-2${MANIFESTS}/cache.yaml`,
  ]);
  // As `kubectl apply -k` reads it: one Kustomization, and each file that it names is there.
  const kustomization = strFromU8(files["kustomization.yaml"]!);
  expect(kustomization).toContain("apiVersion: kustomize.config.k8s.io/v1beta1\nkind: Kustomization\n");
  const resources = [...kustomization.matchAll(/^ *- (.+)$/gm)].map(([, path]) => path!);
  expect(resources).toEqual(["manifests/agent.yaml"]);
  expect(strFromU8(files["manifests/agent.yaml"]!)).toContain("kind: DaemonSet");
  expect(strFromU8(files[`nodes/worker-2${MANIFESTS}/cache.yaml`])).toBe("kind: [");
});

test("what the kubelet runs is shown beside a file that it has not taken up", async ({ page }) => {
  await open(page, "?lang=en");
  await page.locator('[data-tab="node-files"]').click();
  await page.locator(`[data-file="${MANIFESTS}/web.yaml"]`).first().click();
  await api(page, "exec", "ssh worker-1 sudo systemctl stop kubelet");
  const text = (await (await editor(page, "node-file")).innerText()).replace("nginx:1.29", "nginx:1.30");
  await paste(page, "node-file", text);
  await expect(outcome(page)).toHaveAttribute("data-outcome", "lagging", { timeout: 15_000 });
  const beside = page.locator('[data-beside="kubelet"]');
  await expect(beside).toContainText("default/web-worker-1");
  await expect(beside.locator("del")).toHaveText("nginx:1.30");
  await expect(beside.locator("ins")).toHaveText("nginx:1.29");
  await shot(page, "lagging");
  await control(page, "start-kubelet").first().click();
  await advanceUntil(page, "applied");
  // A text that it cannot read takes nothing away until it looks through the directory.
  await paste(page, "node-file", "kind: [Pod\n");
  await control(page, "save").click();
  await expect(outcome(page)).toHaveAttribute("data-outcome", "lagging");
  await expect(outcome(page)).toContainText("cannot read it");
  await advanceUntil(page, "saved-refused");
});

test("Vim's keys are there when they are wanted, and trap nobody", async ({ page }) => {
  await open(page, "?lang=en");
  const field = await editor(page, "daemonset");
  await expect(page.locator(".cm-vim-panel")).toHaveCount(0);
  await control(page, "desk-menu").click();
  await control(page, "vim").click();
  await expect(page.locator(".cm-vim-panel")).toBeVisible();
  await field.click();
  await page.keyboard.type("ggdd");
  await expect(field).not.toContainText("apiVersion: apps/v1");
  await page.keyboard.type("u");
  await expect(field).toContainText("apiVersion: apps/v1");
  await shot(page, "vim");
  // In normal mode the Tab key leaves at once; from insert mode after Escape.
  await page.keyboard.press("Tab");
  await expect(field).not.toBeFocused();
  await page.keyboard.press("Shift+Tab");
  await expect(field).toBeFocused();
  await page.keyboard.type("i");
  await expect(page.locator(".cm-vim-panel")).toContainText("INSERT");
  await page.keyboard.press("Tab");
  await expect(field).toBeFocused();
  await page.keyboard.press("Escape");
  await page.keyboard.press("Tab");
  await expect(field).not.toBeFocused();
  await expect(field).toContainText("kind: DaemonSet");
  // :w applies.
  await page.locator('[data-control="live"]').uncheck();
  await field.focus();
  // What the Tab key has put in goes again.
  await page.keyboard.type("u");
  await expect(outcome(page)).not.toHaveAttribute("data-outcome", "refused");
  await page.keyboard.type(":%s/fluent-bit:3.2/fluent-bit:4.0/");
  await page.keyboard.press("Enter");
  await expect(field).toContainText("fluent-bit:4.0");
  await expect(outcome(page)).toHaveAttribute("data-outcome", "dirty");
  await page.keyboard.type(":w");
  await page.keyboard.press("Enter");
  await advanceUntil(page, "applied");
  await page.waitForTimeout(1200);
  await page.reload();
  await ready(page);
  await expect(page.locator(".cm-vim-panel")).toBeVisible();
  await page.locator('[data-control="help"]').click();
  await control(page, "vim").uncheck();
  await page.keyboard.press("Escape");
  await expect(page.locator(".cm-vim-panel")).toHaveCount(0);
});

test("each of several documents has its mistakes at its own lines", async ({ page }) => {
  await open(page, "?lang=en");
  const document = (name: string, wrong: string) =>
    `apiVersion: v1\nkind: Pod\nmetadata:\n  name: ${name}\nspec:\n  containers:\n  - name: c\n    image: nginx\n    ${wrong}: x\n`;
  await paste(page, "daemonset", [document("a", "imgae"), document("b", "image1"), document("c", "comand")].join("---\n"));
  const found = page.locator('[data-diagnostic="error"]');
  await expect(found).toHaveCount(3);
  expect(await found.evaluateAll((all) => all.map((one) => one.getAttribute("data-line")))).toEqual(["9", "19", "29"]);
  await expect(page.locator(".cm-lintRange-error")).toHaveText(["imgae", "image1", "comand"]);
  // A folded block hides its lines and nothing else.
  const field = await editor(page, "daemonset");
  await page.locator(".cm-foldGutter .cm-gutterElement span[title]:visible").first().click();
  await expect(page.locator(".cm-foldPlaceholder")).toBeVisible();
  await expect(field).toContainText("name: b");
  await page.locator(".cm-foldPlaceholder").click();
  await expect(page.locator(".cm-foldPlaceholder")).toHaveCount(0);
});

test("the line below a key begins one step deeper", async ({ page }) => {
  await open(page, "?lang=en");
  await page.locator('[data-control="live"]').uncheck();
  await paste(page, "daemonset", "spec:");
  await page.keyboard.press("Enter");
  await page.keyboard.type("containers:");
  await page.keyboard.press("Enter");
  await page.keyboard.type("- name: a");
  await page.keyboard.press("Enter");
  await page.keyboard.type("image: b");
  expect((await (await editor(page, "daemonset")).locator(".cm-line").allInnerTexts()).join("\n")).toBe(
    "spec:\n  containers:\n    - name: a\n      image: b",
  );
});

test("a file under another name keeps what can be undone in it", async ({ page }) => {
  await open(page, "?lang=en");
  await control(page, "live").uncheck();
  const text = await editor(page, "daemonset");
  await text.click();
  await page.keyboard.press("ControlOrMeta+Home");
  await page.keyboard.insertText("# a note\n");
  await expect(text).toContainText("# a note");
  await control(page, "file-menu").click();
  await control(page, "rename-file").click();
  await control(page, "rename").fill("other.yaml");
  await control(page, "rename").press("Enter");
  await expect.poll(() => ownFiles(page)).toEqual(["other.yaml"]);
  await expect(text).toContainText("# a note");
  await text.focus();
  await page.keyboard.press("ControlOrMeta+z");
  await expect(text).not.toContainText("# a note");
});
