// Why a DaemonSet has a pod on a node or none, and the change that mends it, shown before it is made.

import { api, expect, open, paste, shot, test, type Page } from "./harness.ts";
import { daemonSet } from "./manifests.mjs";

test.slow();

const manifest = (spec = "", name = "probe"): string => daemonSet({ name, spec });

const apply = async (page: Page, text: string): Promise<void> => {
  // By the button alone: both at once would be two commands.
  await page.locator('[data-control="live"]').uncheck();
  await paste(page, "daemonset", text);
  await page.locator('[data-control="apply"]').click();
  await api(page, "advance", 30);
  const name = /name: (\S+)/.exec(text)![1];
  await expect(page.locator(`[data-selected="daemonset:default/${name}"]`)).toHaveCount(1, { timeout: 30_000 });
  await expect(page.locator(`[data-why-not="default/${name}"]`).first()).toBeVisible({ timeout: 30_000 });
};

const line = (page: Page, node: string) => page.locator(`.node[data-node="${node}"] [data-why-not]`);
const onNode = (page: Page, node: string) => page.locator(`[data-on-node="${node}"]`);

test("a newly applied DaemonSet is selected, and every node says why it has a pod or none", async ({ page }) => {
  await open(page, "?lang=en");
  await apply(page, manifest());
  await expect(page.locator('[data-selected="daemonset:default/probe"]')).toHaveCount(1);
  for (const worker of ["worker-1", "worker-2", "worker-3"]) {
    await expect(onNode(page, worker)).toHaveAttribute("data-fit", "runs");
    await expect(line(page, worker)).toContainText("eligible");
  }
  await expect(onNode(page, "control-plane")).toHaveAttribute("data-fit", "unfit");
  await expect(line(page, "control-plane")).toHaveAttribute("data-cause", "taint");
  await expect(line(page, "control-plane")).toContainText("untolerated taint node-role.kubernetes.io/control-plane:NoSchedule");
  for (const theme of ["light", "dark"]) {
    await page.evaluate((theme) => document.documentElement.setAttribute("data-theme", theme), theme);
    await shot(page, `why-${theme}`);
  }
});

test("a toleration is shown as a difference, and goes into the open text", async ({ page }) => {
  await open(page, "?lang=en");
  await apply(page, manifest());
  await line(page, "control-plane").locator('[data-control="mend"]').click();
  const box = page.locator('[data-mend="open"]');
  await expect(box).toHaveAccessibleName("Tolerate the taint node-role.kubernetes.io/control-plane");
  await expect(box.locator(".diff .added")).toHaveText([
    /\+ +tolerations:/, /\+ +- key: node-role.kubernetes.io\/control-plane/, /\+ +operator: Exists/, /\+ +effect: NoSchedule/,
  ]);
  await expect(box.locator(".diff .removed")).toHaveCount(0);
  await shot(page, "mend-diff");
  // Nothing is changed before the button is pressed; the focus is held, and given back.
  await page.keyboard.press("Tab");
  await page.keyboard.press("Escape");
  await expect(box).toHaveCount(0);
  await expect(line(page, "control-plane").locator('[data-control="mend"]')).toBeFocused();
  await expect(page.locator('[data-editor="daemonset"]')).not.toContainText("tolerations:");
  await page.keyboard.press("Enter");
  await box.locator('[data-control="do-mend"]').click();
  await expect(box).toHaveCount(0);
  await expect(page.locator('[data-editor="daemonset"]')).toContainText("- key: node-role.kubernetes.io/control-plane");
  await api(page, "advance", 30);
  await expect(onNode(page, "control-plane")).toHaveAttribute("data-fit", "runs");
  await expect(line(page, "control-plane")).toContainText("is tolerated");
});

test("a label and a ServiceAccount are mended by a command that is shown first", async ({ page }) => {
  await open(page, "?lang=en");
  await apply(page, manifest("      nodeSelector:\n        disk: ssd\n"));
  await onNode(page, "worker-2").locator('[data-control="mend"]').click();
  const box = page.locator('[data-mend="open"]');
  await expect(box).toContainText("$ kubectl label node worker-2 disk=ssd");
  await box.locator('[data-control="do-mend"]').click();
  await api(page, "advance", 30);
  await expect(onNode(page, "worker-2")).toHaveAttribute("data-fit", "runs");
  await expect(onNode(page, "worker-1")).toHaveAttribute("data-fit", "unfit");
  await apply(page, manifest("      serviceAccountName: robot\n", "robot"));
  await expect(line(page, "worker-1")).toContainText('serviceaccount "robot" not found');
  await line(page, "worker-1").locator('[data-control="mend"]').click();
  await expect(box).toContainText("$ kubectl create serviceaccount robot");
  await box.locator('[data-control="do-mend"]').click();
  await api(page, "advance", 120);
  await expect(onNode(page, "worker-1")).toHaveAttribute("data-fit", "runs");
  // What was done stands in the console as the command that a person would have typed.
  expect((await api(page, "state")).nodes.length).toBe(4);
});

test("a port that a static pod has is freed by moving its file away", async ({ page }) => {
  await open(page, "?lang=ko");
  const port = "\n    ports:\n    - containerPort: 80\n      hostPort: 8080\n";
  const pod = `apiVersion: v1\nkind: Pod\nmetadata:\n  name: front\nspec:\n  containers:\n  - name: front\n    image: nginx:1.29${port}`;
  await api(page, "writeFile", "worker-1", "/etc/kubernetes/manifests/front.yaml", pod);
  await api(page, "advance", 30);
  await apply(page, manifest() + "        ports:\n        - containerPort: 80\n          hostPort: 8080\n");
  await expect(line(page, "worker-1")).toContainText("hostPort 8080/TCP: default/front-worker-1 파드가 사용 중");
  await shot(page, "why-port-ko");
  await line(page, "worker-1").locator('[data-control="mend"]').click();
  await expect(page.locator('[data-mend="open"]')).toContainText("mv /etc/kubernetes/manifests/front.yaml /tmp/front.yaml");
  await page.locator('[data-control="do-mend"]').click();
  await api(page, "advance", 90);
  await expect(onNode(page, "worker-1")).toHaveAttribute("data-fit", "runs");
});
