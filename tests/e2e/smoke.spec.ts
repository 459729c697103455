// The page arrives and stands, at the root of a host and below a path of it.

import { expect, open, shot, SUB_PATH, test } from "./harness.ts";

for (const [where, path] of [
  ["at the root", ""],
  ["below a path", SUB_PATH],
]) {
  test(`the page loads ${where}`, async ({ page }) => {
    await open(page, path);
    await expect(page).toHaveTitle(/kubestage/);
    await expect(page.getByRole("heading", { name: "kubestage" })).toBeVisible();
    await shot(page, `smoke ${where}`);
  });
}

test("every file arrives with the type that a browser insists on", async ({ page, request }) => {
  const types: Record<string, string> = {};
  page.on("response", (response) => {
    const name = new URL(response.url()).pathname.split(".").pop() ?? "";
    types[name] = response.headers()["content-type"] ?? "";
  });
  await open(page);
  expect(types["wasm"]).toBe("application/wasm");
  expect(types["js"]).toContain("text/javascript");
  expect(types["css"]).toContain("text/css");
  const missing = await request.get(new URL("../../etc/passwd", page.url()).href);
  expect(missing.status()).toBe(404);
});
