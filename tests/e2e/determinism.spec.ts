// The same session, played in the browser and by the native program, leaves the same log of messages.

import { execFileSync } from "node:child_process";
import { mkdirSync, writeFileSync } from "node:fs";
import { expect, open, test } from "./harness.ts";

const FOLDER = "tests/e2e/artifacts";

test("native and browser agree on every message of a session", async ({ page }) => {
  test.setTimeout(600_000);
  await open(page, "?fresh&lang=en");
  const played = await page.evaluate(() => {
    const kubestage = (window as any).kubestage;
    kubestage.pause();
    kubestage.reset(42, { start: "demo" });
    const pod = kubestage.state().nodes.flatMap((node: any) => node.pods).find((pod: any) => pod.origin === "daemonset" && pod.namespace === "default");
    kubestage.crash(`default/${pod.name}`);
    kubestage.advance(25);
    kubestage.exec(`kubectl delete pod ${pod.name}`);
    kubestage.setApiServer(false);
    kubestage.advance(12.5);
    kubestage.writeFile("worker-2", "/etc/kubernetes/manifests/x.yaml", "apiVersion: v1\nkind: Pod\nmetadata: {name: x}\nspec: {containers: [{name: c, image: i}]}\n");
    kubestage.advance(30);
    kubestage.setApiServer(true);
    kubestage.advance(120);
    kubestage.exec("kubectl label node worker-3 color=blue");
    kubestage.untilQuiet(600);
    return { script: kubestage.script(), hash: kubestage.logHash(), log: kubestage.log() };
  });
  expect(played.log.split("\n").length).toBeGreaterThan(300);

  // The page replays its own session to the same end.
  const again = await page.evaluate((script) => {
    const kubestage = (window as any).kubestage;
    kubestage.load(script);
    kubestage.pause();
    return kubestage.logHash();
  }, played.script);
  expect(again).toBe(played.hash);

  mkdirSync(FOLDER, { recursive: true });
  writeFileSync(`${FOLDER}/session.json`, played.script);
  const cargo = ["run", "--quiet", "--locked", "--no-default-features", "--bin", "kubestage", "--", "run", "--session", `${FOLDER}/session.json`];
  const native = JSON.parse(execFileSync("cargo", [...cargo, "-o", "json"], { encoding: "utf8", maxBuffer: 1 << 28 }));
  expect(native.logHash).toBe(played.hash);
});
