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
  // A machine with little to spare takes long; what is waited for is what is tested, never the clock.
  timeout: 240_000,
  expect: { timeout: 30_000 },
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
