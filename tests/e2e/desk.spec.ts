// The files at the left: what takes effect, what does not, and what is said of it.

import { api, editor, expect, open, paste, ready, shot, test, type Page } from "./harness.ts";

const outcome = (page: Page) => page.locator("[data-outcome]");

test("a change by another command shows in the editor's status", async ({ page }) => {
  await open(page, "?lang=en");
  await expect(outcome(page)).toHaveAttribute("data-outcome", "applied");
  await api(page, "exec", "kubectl set image ds/agent agent=fluent/fluent-bit:4.0");
  await expect(outcome(page)).toHaveAttribute("data-outcome", "drifted");
  await expect(outcome(page)).toContainText("spec.template.spec.containers[0].image");
});

test("what Live could not apply is applied when the API server is back", async ({ page }) => {
  await open(page, "?lang=en");
  await page.locator('header [data-control="api-server"]').click();
  await api(page, "advance", 40);
  const text = (await (await editor(page, "daemonset")).innerText()).replace("fluent-bit:3.2", "fluent-bit:4.0");
  await paste(page, "daemonset", text);
  await expect.poll(async () => (await api(page, "advance", 1), outcome(page).getAttribute("data-outcome"))).toBe("failed");
  const control = page.locator('header [data-control="api-server"]');
  await expect(control).toHaveText(/Start/);
  await control.click();
  await api(page, "advance", 60);
  await expect.poll(async () => (await api(page, "advance", 2), outcome(page).getAttribute("data-outcome"))).toBe("applied");
});

test("a broken file can be saved on a node, and the kubelet refuses it", async ({ page }) => {
  await open(page, "?lang=en");
  await page.locator('[data-tab="node-files"]').click();
  await page.locator('[data-file="/etc/kubernetes/manifests/web.yaml"]').first().click();
  await paste(page, "node-file", "kind: [Pod\n");
  await expect(outcome(page)).toHaveAttribute("data-outcome", "refused");
  await page.locator('[data-control="save"]').click();
  await api(page, "advance", 30);
  await expect(outcome(page)).toHaveAttribute("data-outcome", "saved-refused");
});

test("a new file needs a name, and says so", async ({ page }) => {
  await open(page, "?lang=en");
  await page.locator('[data-tab="node-files"]').click();
  await page.locator('[data-control="new-file"]').click();
  await expect(page.locator('[data-hint="name-first"]')).toBeVisible();
  await expect(page.locator('[data-control="new-file-name"]')).toBeFocused();
});

test("a DaemonSet whose pods cannot be made says why, on each node", async ({ page }) => {
  await open(page, "?lang=en");
  const text = (await (await editor(page, "daemonset")).innerText())
    .replaceAll("agent", "exporter")
    .replace("      containers:", "      serviceAccountName: exporter\n      containers:");
  await page.locator('[data-control="new-own-file"]').click();
  await paste(page, "daemonset", text);
  await expect.poll(async () => (await api(page, "advance", 2), page.locator('[data-control="daemonset"]').inputValue())).toBe("default/exporter");
  await expect(page.locator('.node[data-node="worker-2"] [data-why-not="default/exporter"]')).toContainText("FailedCreate");
});

test("a wrong draft shows its error after a reload", async ({ page }) => {
  await open(page, "?lang=en");
  await paste(page, "daemonset", "apiVersion: apps/v1\nkind: DaemonSet\nspec: 5\n");
  await expect(outcome(page)).toHaveAttribute("data-outcome", "refused");
  await page.waitForTimeout(1200);
  await page.reload();
  await ready(page);
  await expect(outcome(page)).toHaveAttribute("data-outcome", "refused");
});

test("Korean words break between words only", async ({ page }) => {
  await open(page, "?lang=ko");
  expect(await page.locator("body").evaluate((body) => getComputedStyle(body).wordBreak)).toBe("keep-all");
  await expect(page.locator("body")).not.toContainText("은(는)");
});

test("a mistake is mended by its button, and by a key in the editor", async ({ page }) => {
  await open(page, "?lang=en");
  const sound = await (await editor(page, "daemonset")).innerText();
  await paste(page, "daemonset", sound.replace("image:", "imgae:"));
  await expect(outcome(page)).toHaveAttribute("data-outcome", "refused");
  await page.locator("[data-fix]", { hasText: "Change to image" }).click();
  await expect(outcome(page)).toHaveAttribute("data-outcome", "applied", { timeout: 30_000 });
  await expect(await editor(page, "daemonset")).toContainText("image: fluent");
  await paste(page, "daemonset", sound.replace("apiVersion: apps/v1\n", ""));
  await expect(page.locator("[data-fix]")).toHaveText("Add apiVersion: apps/v1");
  await shot(page, "quick-fix");
  await (await editor(page, "daemonset")).press("Control+.");
  await expect(outcome(page)).toHaveAttribute("data-outcome", "applied", { timeout: 30_000 });
  await (await editor(page, "daemonset")).press("ControlOrMeta+z");
  await expect(page.locator("[data-fix]")).toHaveCount(1);
});

test("what the cluster has instead is shown beside the file, and can be taken or overwritten", async ({ page }) => {
  await open(page, "?lang=en&theme=dark");
  await api(page, "exec", "kubectl set image ds/agent agent=fluent/fluent-bit:4.0");
  const beside = page.locator("[data-beside]");
  await expect(beside).toContainText("spec.template.spec.containers[0].image");
  await expect(beside.locator("del")).toHaveText("fluent/fluent-bit:3.2");
  await expect(beside.locator("ins")).toHaveText("fluent/fluent-bit:4.0");
  await shot(page, "beside-dark");
  await page.locator('[data-control="take-theirs"]').click();
  await expect(await editor(page, "daemonset")).toContainText("fluent-bit:4.0");
  await expect.poll(async () => (await api(page, "advance", 1), outcome(page).getAttribute("data-outcome"))).toBe("applied");
  await api(page, "exec", "kubectl set image ds/agent agent=fluent/fluent-bit:5.0");
  await page.locator('[data-control="apply-mine"]').click();
  await expect.poll(async () => (await api(page, "advance", 1), outcome(page).getAttribute("data-outcome"))).toBe("applied");
  const yaml = await api(page, "exec", "kubectl get ds agent -o yaml");
  expect(yaml).toContain("image: fluent/fluent-bit:4.0");
});

test("what Live is just applying is not applied a second time", async ({ page }) => {
  await open(page, "?lang=en");
  // So slow that kubectl still waits for its answer when everything below has been pressed.
  await api(page, "reset", 1, { start: "demo", linkDelayMs: 10000 });
  const text = await (await editor(page, "daemonset")).innerText();
  await paste(page, "daemonset", text.replace("fluent-bit:3.2", "fluent-bit:4.0"));
  await expect(outcome(page)).toHaveAttribute("data-outcome", "running");
  await page.locator('[data-control="apply"]').click();
  await (await editor(page, "daemonset")).press("ControlOrMeta+Enter");
  await expect.poll(async () => (await api(page, "advance", 1), outcome(page).getAttribute("data-outcome"))).toBe("applied");
  const applied = JSON.parse(await api(page, "script")).entries.filter((entry: any) => /kubectl apply/.test(entry.command.line));
  expect(applied).toHaveLength(1);
  // What has ended may be applied again.
  await page.locator('[data-control="apply"]').click();
  await expect(outcome(page).locator(".answer")).toContainText("unchanged");
});

test("in an empty cluster a file is not applied yet, and nothing of it is selected", async ({ page }) => {
  await open(page, "?start=ready&lang=en");
  await expect(outcome(page)).toHaveAttribute("data-outcome", "dirty");
  await expect(outcome(page)).toContainText("Not applied to this cluster yet");
  // The same after another session, whose objects are gone.
  await api(page, "reset", 1, { start: "demo" });
  await page.locator('.numbers[data-daemonset="default/agent"]').click();
  await page.locator('[data-menu] [data-control="show"]').click();
  await expect(page.locator('[data-selected="daemonset:default/agent"]')).toBeVisible();
  await api(page, "reset", 1, { start: "ready" });
  await expect(page.locator('[data-selected="daemonset:default/agent"]')).toHaveCount(0);
  await expect(outcome(page)).toHaveAttribute("data-outcome", "dirty");
});

test("while the cluster starts, a sound manifest is not told to be wrong", async ({ page }) => {
  await open(page, "?lang=en");
  await api(page, "pause");
  await api(page, "reset", 7, { start: "bare" });
  await api(page, "advance", 3);
  await expect(page.locator('[data-part="kube-apiserver"]')).not.toHaveAttribute("data-state", "running");
  await expect(page.locator("[data-outcome]")).toHaveAttribute("data-outcome", "dirty");
  await expect(page.locator("[data-diagnostic]")).toHaveCount(0);
});

test("the hint below a mistake is in the page's language, the mistake in the program's", async ({ page }) => {
  await open(page, "?lang=ko");
  await paste(page, "daemonset", "apiVersion: v1\nkind: Pod\nmetadata:\n\tname: a\n");
  const problem = page.locator("[data-diagnostic]").first();
  await expect(problem).toContainText("found character that cannot start any token");
  await expect(problem.locator("small")).toHaveText("YAML에서는 탭으로 들여쓸 수 없습니다. 공백을 쓰세요.");
});
