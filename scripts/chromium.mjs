// Finds a Chromium on this machine. As a program it prints the path, or fails without a word.

import { spawnSync } from "node:child_process";
import { existsSync } from "node:fs";
import { delimiter, join } from "node:path";
import { pathToFileURL } from "node:url";

const NAMES = ["chromium", "chromium-browser", "google-chrome", "google-chrome-stable", "chrome", "microsoft-edge"];

const APPLICATIONS = [
  "/Applications/Google Chrome.app/Contents/MacOS/Google Chrome",
  "/Applications/Chromium.app/Contents/MacOS/Chromium",
  "/opt/google/chrome/chrome",
];

/** Started without a display or a network, so that nothing but the page is measured and nothing hangs. */
export const FLAGS = [
  "--disable-gpu",
  "--disable-quic",
  "--no-first-run",
  "--disable-background-networking",
  "--disable-component-update",
  "--disable-sync",
  "--disable-dev-shm-usage",
];

/** The first Chromium that really starts: CHROMIUM, PATH, the usual places, Playwright's own. */
export async function findChromium() {
  if (process.env.CHROMIUM) {
    return starts(process.env.CHROMIUM) ? process.env.CHROMIUM : undefined;
  }
  const onPath = NAMES.flatMap((name) =>
    (process.env.PATH ?? "").split(delimiter).map((folder) => join(folder, name)),
  );
  for (const path of [...onPath, ...APPLICATIONS, await playwrights()]) {
    if (path && existsSync(path) && starts(path)) return path;
  }
  return undefined;
}

/** Ubuntu's chromium-browser, for one, is a stub that only tells you to use snap. */
function starts(path) {
  return spawnSync(path, ["--version"], { stdio: "ignore", timeout: 20_000 }).status === 0;
}

async function playwrights() {
  try {
    const { chromium } = await import("playwright-core");
    return chromium.executablePath();
  } catch {
    return undefined; // its packages are not installed yet
  }
}

if (import.meta.url === pathToFileURL(process.argv[1] ?? "").href) {
  const path = await findChromium();
  if (!path) process.exit(1);
  console.log(path);
}
