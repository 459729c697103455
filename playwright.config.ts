// The page's tests in a real Chromium, against dist/ served by scripts/serve.mjs. `make e2e` runs them.

import { defineConfig } from "@playwright/test";
import { findChromium, FLAGS } from "./scripts/chromium.mjs";

export default defineConfig({
  testDir: "tests/e2e",
  testMatch: "**/*.spec.ts",
  outputDir: "tests/e2e/artifacts/failures",
  globalSetup: "./tests/e2e/serve.ts",
  reporter: [["list"], ["./tests/e2e/reporter.ts"]],
  forbidOnly: !!process.env.CI,
  fullyParallel: true,
  timeout: 60_000,
  expect: { timeout: 10_000 },
  use: {
    browserName: "chromium",
    viewport: { width: 1440, height: 900 },
    colorScheme: "light",
    locale: "en-US",
    timezoneId: "UTC",
    trace: "retain-on-failure",
    screenshot: "only-on-failure",
    launchOptions: { executablePath: await findChromium(), args: FLAGS },
  },
});
