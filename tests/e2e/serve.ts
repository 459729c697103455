// Serves dist/ on a free port while the tests run: at "/", and once more below a path, as a static host may.

import { existsSync } from "node:fs";
import { SUB_PATH, URL_VARIABLE } from "./harness.ts";
import { serve } from "../../scripts/serve.mjs";

export default async function start(): Promise<() => void> {
  if (!existsSync("dist/index.html")) throw new Error("dist/ is not built: run `make dist` first");
  const { server, url } = await serve({ dir: "dist", port: 0, bases: [`/${SUB_PATH}`] });
  process.env[URL_VARIABLE] = url;
  return () => {
    server.close();
    server.closeAllConnections();
  };
}
