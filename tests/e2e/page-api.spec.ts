// window.kubestage does what docs/page-api.md says of each of its functions.

import { readFileSync } from "node:fs";
import { api, expect, open, test } from "./harness.ts";

const WEB = "apiVersion: v1\nkind: Pod\nmetadata: {name: x}\nspec: {containers: [{name: c, image: i}]}\n";

test("every function of docs/page-api.md is there, and no other", async ({ page }) => {
  await open(page, "?fresh&lang=en");
  const documented = [...readFileSync("docs/page-api.md", "utf8").matchAll(/^### `(\w+)\(/gm)].map((match) => match[1]);
  const offered = await page.evaluate(() => Object.keys((window as any).kubestage));
  expect([...offered].sort()).toEqual([...documented].sort());
});

test("the page is driven through window.kubestage alone", async ({ page }) => {
  test.setTimeout(120_000);
  await open(page, "?fresh&lang=en");
  const seen = await page.evaluate((web) => {
    const k = (window as any).kubestage;
    const static_ = "/etc/kubernetes/manifests";
    const pods = (node: string) => k.state().nodes.find((one: any) => one.name === node).pods;
    const named = (node: string, name: string) => pods(node).find((pod: any) => pod.name === name);
    const seen: Record<string, unknown> = {};
    k.pause();
    k.reset(7, { start: "demo", workers: 2 });
    seen.nodes = k.state().nodes.map((node: any) => node.name);
    const begin = k.now();
    k.advance(2.5);
    seen.advanced = k.now() - begin;
    seen.apply = k.exec("kubectl apply -f x.yaml", { "x.yaml": web });
    k.exec("kubectl delete pod x --wait=false");
    k.writeFile("worker-2", `${static_}/y.yaml`, web.replace("name: x", "name: web2"));
    seen.quiet = k.untilQuiet(600);
    seen.mirror = named("worker-2", "web2-worker-2")?.origin;
    k.moveFile("worker-2", `${static_}/y.yaml`, "/tmp/y.yaml");
    k.untilQuiet(600);
    seen.movedAway = named("worker-2", "web2-worker-2") === undefined;
    k.moveFile("worker-2", "/tmp/y.yaml", `${static_}/y.yaml`);
    k.untilQuiet(600);
    seen.movedBack = named("worker-2", "web2-worker-2") !== undefined;
    k.removeFile("worker-2", `${static_}/y.yaml`);
    k.untilQuiet(600);
    seen.removed = named("worker-2", "web2-worker-2") === undefined;
    k.restartKubelet("worker-2");
    k.untilQuiet(600);
    seen.console = k.exec("kubectl get nodes --no-headers").trim().split("\n").length;
    const daemon = () => pods("worker-1").find((pod: any) => pod.origin === "daemonset" && pod.namespace === "default");
    k.crash(`default/${daemon().name}`, undefined, 3);
    k.untilQuiet(600);
    seen.restarts = daemon().containers[0].restarts;
    k.setApiServer(false);
    k.advance(60);
    seen.refused = k.exec("kubectl get pods").includes("was refused");
    k.setApiServer(true);
    k.untilQuiet(600);
    seen.answered = k.exec("kubectl get ds agent --no-headers").startsWith("agent");
    seen.log = k.log().includes("kube-scheduler -> kube-apiserver bind Pod");
    k.untilQuiet(600);
    const [script, hash] = [k.script(), k.logHash()];
    k.reset(8);
    seen.another = k.logHash() !== hash;
    k.load(script);
    k.pause();
    seen.same = k.logHash() === hash;
    seen.bare = k.bareQueue(100).length > 0;
    return seen;
  }, WEB);
  expect(seen).toEqual({
    nodes: ["control-plane", "worker-1", "worker-2"], advanced: 2.5, apply: "pod/x created\n", quiet: true, mirror: "static",
    movedAway: true, movedBack: true, removed: true, console: 3, restarts: 1, refused: true, answered: true, log: true,
    another: true, same: true, bare: true,
  });
});

test("play and pause let virtual time pass and stand still", async ({ page }) => {
  await open(page, "?fresh&lang=en");
  const now = () => page.evaluate(() => (window as any).kubestage.now() as number);
  await page.evaluate(() => (window as any).kubestage.play(20));
  const begin = await now();
  await expect.poll(now).toBeGreaterThan(begin + 1);
  await page.evaluate(() => (window as any).kubestage.pause());
  const still = await now();
  await page.waitForTimeout(300);
  expect(await now()).toBe(still);
});

test("exec waits for the descriptions that kubectl explain prints", async ({ page }) => {
  await open(page);
  expect(await api(page, "exec", "kubectl explain pod.spec.nodeName")).toContain("NodeName indicates in which node this pod is scheduled");
  const kind = await page.evaluate(() => typeof (window as any).kubestage.exec("kubectl explain pod.spec.nodeName"));
  expect(kind).toBe("string");
});
