// The page arrives and stands, at the root of a host and below a path of it.

import { get, type IncomingHttpHeaders } from "node:http";
import { brotliDecompressSync, gunzipSync } from "node:zlib";
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

/** An answer as it comes over the wire, which a browser would have decompressed already. */
function fetchRaw(url: string, headers: Record<string, string>): Promise<{ status: number; headers: IncomingHttpHeaders; body: Buffer }> {
  return new Promise((resolve, reject) => {
    get(url, { headers }, (response) => {
      const chunks: Buffer[] = [];
      response.on("data", (chunk: Buffer) => chunks.push(chunk));
      response.on("end", () => resolve({ status: response.statusCode ?? 0, headers: response.headers, body: Buffer.concat(chunks) }));
    }).on("error", reject);
  });
}

test("the module comes compressed to whoever takes it so, and is the same", async ({ page }) => {
  let url = "";
  page.on("response", (response) => {
    if (response.url().endsWith(".wasm")) url = response.url();
  });
  await open(page);
  const plain = await fetchRaw(url, {});
  const gzip = await fetchRaw(url, { "accept-encoding": "deflate, gzip" });
  const brotli = await fetchRaw(url, { "accept-encoding": "gzip, deflate, br;q=0.9" });
  const refused = await fetchRaw(url, { "accept-encoding": "br;q=0, *;q=0" });
  expect([plain, gzip, brotli, refused].map((answer) => answer.headers["content-encoding"])).toEqual([undefined, "gzip", "br", undefined]);
  for (const answer of [plain, gzip, brotli, refused]) {
    expect(answer.headers).toMatchObject({ "content-type": "application/wasm", vary: "Accept-Encoding", "content-length": String(answer.body.length) });
  }
  expect(gunzipSync(gzip.body).equals(plain.body)).toBe(true);
  expect(brotliDecompressSync(brotli.body).equals(plain.body)).toBe(true);
  expect(brotli.body.length).toBeLessThan(plain.body.length / 3);

  const tags = [plain, gzip, brotli].map((answer) => answer.headers.etag ?? "");
  expect(new Set(tags).size).toBe(3);
  const again = await fetchRaw(url, { "accept-encoding": "br", "if-none-match": `"other", W/${tags[2]}` });
  expect([again.status, again.body.length]).toEqual([304, 0]);
  const other = await fetchRaw(url, { "accept-encoding": "br", "if-none-match": tags[0] ?? "" });
  expect(other.status).toBe(200);
});

test("the browser has nothing to warn of while the page loads", async ({ page }) => {
  const said: string[] = [];
  page.on("console", (message) => said.push(`${message.type()}: ${message.text()}`));
  await open(page, "?fresh");
  await page.locator('[data-editor].cm-content').first().waitFor();
  // A file that was preloaded in vain is told of some seconds after the load.
  await page.waitForTimeout(6_000);
  expect(said).toEqual([]);
});
