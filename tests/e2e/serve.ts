// Serves dist/ on a free port while the tests run: at "/", and once more below a path, as a static host may.
// DIST names another folder, such as that of a build without optimisation.

import { existsSync } from "node:fs";
import type { IncomingMessage, ServerResponse } from "node:http";
import { SUB_PATH, URL_VARIABLE } from "./harness.ts";
import { serve } from "../../scripts/serve.mjs";

export default async function start(): Promise<() => void> {
  const dir = process.env.DIST ?? "dist";
  if (!existsSync(`${dir}/index.html`)) throw new Error(`${dir}/ is not built: run \`make dist\` first`);
  const { server, url } = await serve({ dir, port: 0, bases: [`/${SUB_PATH}`], first: isToldOfBuilds });
  process.env[URL_VARIABLE] = url;
  return () => {
    server.close();
    server.closeAllConnections();
  };
}

/** A page built for work listens for the next build: it hears of none here. */
function isToldOfBuilds(request: IncomingMessage, response: ServerResponse): boolean {
  if (!request.url?.endsWith("/.live")) return false;
  response.writeHead(200, { "content-type": "text/event-stream" }).flushHeaders();
  return true;
}
