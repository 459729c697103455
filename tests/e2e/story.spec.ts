// The article's seven claims, in order, through the page's own controls: what a person would type and
// click, and what they would see. Virtual time is let pass at once where nothing is clicked meanwhile.

import { expect, open, paste, shot, test, type Page } from "./harness.ts";

const NAME = /^agent-[bcdfghjklmnpqrstvwxz2456789]{5}$/;

interface Pod {
  namespace: string;
  name: string;
  uid: string;
  origin: string;
  state: string;
  restarts: number;
  apiStatus: string | null;
  nodeStatus: string | null;
  difference: string | null;
}

const advance = (page: Page, seconds: number) =>
  page.evaluate((seconds) => (window as any).kubestage.advance(seconds), seconds);

/** The chips of a node's card in one namespace, as a person sees them. */
async function chips(page: Page, node: string, namespace = "default"): Promise<string[]> {
  const found = page.locator(`article[data-node="${node}"] [data-pod], section[data-node="${node}"] [data-pod], li[data-node="${node}"] [data-pod], div[data-node="${node}"] [data-pod]`);
  const ids = await found.evaluateAll((all) => all.map((one) => one.getAttribute("data-pod") ?? ""));
  return [...new Set(ids)].filter((id) => id.startsWith(`${namespace}/`)).map((id) => id.slice(namespace.length + 1)).sort();
}

const daemonPods = async (page: Page, node: string) => (await chips(page, node)).filter((name) => name.startsWith("agent-"));

const chip = (page: Page, pod: string) => page.locator(`[data-pod="${pod}"]`).first();

const pods = (page: Page): Promise<Pod[]> =>
  page.evaluate(() => (window as any).kubestage.state().nodes.flatMap((node: any) => node.pods));

/** Clicks a pod's chip and chooses from its menu. */
async function choose(page: Page, pod: string, control: string): Promise<void> {
  await chip(page, pod).click();
  await page.locator(`[data-menu="object"] [data-control="${control}"]`).first().click();
}

/** Makes a file in a node's directory by the desk's own controls. */
async function newFile(page: Page, node: string, name: string, text: string): Promise<void> {
  await page.locator('[data-tab="node-files"]').click();
  await page.locator('[data-control="node"]').selectOption(node);
  await page.locator('[data-control="new-file-name"]').fill(name);
  await page.locator('[data-control="new-file"]').click();
  await paste(page, "node-file", text);
  await page.keyboard.press("ControlOrMeta+s");
}

const manifest = (name: string) =>
  `apiVersion: v1\nkind: Pod\nmetadata:\n  name: ${name}\nspec:\n  containers:\n  - name: main\n    image: redis:8\n`;

async function apiServer(page: Page, up: boolean): Promise<void> {
  await page.locator('header [data-control="api-server"]').click();
  await advance(page, 40);
  await expect(page.locator("[data-api-server]").first()).toHaveAttribute("data-api-server", up ? "running" : "down");
}

test("the seven claims", async ({ page }) => {
  test.setTimeout(120_000);
  await page.setViewportSize({ width: 1440, height: 900 });
  await open(page, "?fresh&lang=en");
  await shot(page, "story-0-first-visit");

  // What a first visit finds: a DaemonSet's pod on each worker, a static pod on worker-1.
  for (const node of ["worker-1", "worker-2", "worker-3"]) {
    const [name, ...more] = await daemonPods(page, node);
    expect(name).toMatch(NAME);
    expect(more).toEqual([]);
  }
  expect(await daemonPods(page, "control-plane")).toEqual([]);
  await expect(page.locator('.node[data-node="control-plane"] [data-why-not="default/agent"]')).toContainText("node-role.kubernetes.io/control-plane");

  // 1. With the API server down nothing new is deployed.
  const before = await pods(page);
  await apiServer(page, false);
  await page.locator('[data-tab="daemonset"]').click();
  const text = (await page.locator('[data-editor="daemonset"]').innerText()).replace("fluent-bit:3.2", "fluent-bit:4.0");
  await paste(page, "daemonset", text);
  await page.keyboard.press("ControlOrMeta+Enter");
  await advance(page, 10);
  await expect(page.locator('[data-outcome="failed"]')).toBeVisible();
  const said: string = await page.evaluate(() => (window as any).kubestage.exec("kubectl get pods"));
  expect(said).toBe("The connection to the server 192.168.56.10:6443 was refused - did you specify the right host or port?\n");
  const names = (all: Pod[]) => all.filter((pod) => pod.origin === "daemonset").map((pod) => pod.name).sort();
  expect(names(await pods(page))).toEqual(names(before));
  await shot(page, "story-1-api-server-down");

  // 2. A static pod needs neither the API server nor another node.
  await newFile(page, "worker-2", "cache.yaml", manifest("cache"));
  await advance(page, 10);
  await expect(chip(page, "default/cache-worker-2")).toHaveAttribute("data-difference", "only-on-node");
  await shot(page, "story-2-static-pod-without-api-server");
  await apiServer(page, true);
  await advance(page, 100);
  const cache = (await pods(page)).find((pod) => pod.name === "cache-worker-2");
  expect(cache).toMatchObject({ apiStatus: "Running", nodeStatus: "Running", difference: null });
  await shot(page, "story-2-mirror-pod-appears");

  // 4. The control plane's own parts are static pods.
  const system = await chips(page, "control-plane", "kube-system");
  for (const part of ["etcd", "kube-apiserver", "kube-controller-manager", "kube-scheduler"]) {
    expect(system).toContain(`${part}-control-plane`);
    await expect(chip(page, `kube-system/${part}-control-plane`)).toHaveAttribute("data-origin", "static");
  }

  // 5, 6. Names, and where the pods are: a file on worker-1 gives a pod on worker-1 only.
  expect(await chips(page, "worker-1")).toContain("web-worker-1");
  for (const node of ["control-plane", "worker-2", "worker-3"]) {
    expect((await chips(page, node)).filter((name) => name.startsWith("web"))).toEqual([]);
  }
  await shot(page, "story-5-names");

  // 7. Deleted, either kind comes back: a daemon pod with a new name, a static pod with its own.
  const [old] = await daemonPods(page, "worker-1");
  await choose(page, `default/${old}`, "delete");
  await advance(page, 45);
  const [again, ...others] = await daemonPods(page, "worker-1");
  expect(others).toEqual([]);
  expect(again).toMatch(NAME);
  expect(again).not.toBe(old);
  const mirror = (await pods(page)).find((pod) => pod.name === "web-worker-1");
  await choose(page, "default/web-worker-1", "delete");
  await advance(page, 20);
  const back = (await pods(page)).find((pod) => pod.name === "web-worker-1");
  expect(back).toMatchObject({ state: "running", restarts: 0 });
  expect(back?.uid).not.toBe(mirror?.uid);
  await shot(page, "story-7-both-come-back");

  // To be rid of a static pod its file is moved away.
  await page.locator('[data-tab="node-files"]').click();
  await page.locator('[data-control="node"]').selectOption("worker-1");
  await page.locator('[data-control="move-away"][data-file="/etc/kubernetes/manifests/web.yaml"]').click();
  await advance(page, 40);
  expect(await chips(page, "worker-1")).not.toContain("web-worker-1");
  await shot(page, "story-7-file-moved-away");

  // To be rid of a DaemonSet's pods the DaemonSet is deleted.
  await page.locator('[data-tab="console"]').click();
  await page.locator('[data-control="console"]').fill("kubectl delete ds agent");
  await page.locator('[data-control="console"]').press("Enter");
  await advance(page, 60);
  for (const node of ["worker-1", "worker-2", "worker-3"]) expect(await daemonPods(page, node)).toEqual([]);
  await shot(page, "story-7-daemonset-deleted");

  // 3. The path can be changed on each node; it counts after the kubelet's restart.
  await newFile(page, "worker-3", "old.yaml", manifest("old"));
  await advance(page, 10);
  expect(await chips(page, "worker-3")).toEqual(["old-worker-3"]);
  await page.evaluate((text) => (window as any).kubestage.writeFile("worker-3", "/srv/pods/new.yaml", text), manifest("new"));
  await page.locator('[data-file="/var/lib/kubelet/config.yaml"]').first().click();
  // The editor shows a part of a long file only.
  const config: string = await page.evaluate(() => (window as any).kubestage.exec("ssh worker-3 cat /var/lib/kubelet/config.yaml"));
  expect(config).toContain("staticPodPath: /etc/kubernetes/manifests\n");
  await paste(page, "node-file", config.replace("/etc/kubernetes/manifests", "/srv/pods"));
  await page.keyboard.press("ControlOrMeta+s");
  await advance(page, 30);
  expect(await chips(page, "worker-3")).toEqual(["old-worker-3"]);
  await page.locator('[data-control="restart-kubelet"]').first().click();
  await advance(page, 60);
  expect(await chips(page, "worker-3")).toEqual(["new-worker-3"]);
  await shot(page, "story-3-another-path");
});
