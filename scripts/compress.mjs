// Writes FILE.br and FILE.gz beside each file of a folder, where they are worth it. Static hosts send such a file in
// place of the other to a browser that takes it, and so does scripts/serve.mjs.

import { readdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { brotliCompressSync, constants, gzipSync } from "node:zlib";

/** What may stand beside a file: the end of its name, and what `Content-Encoding` calls it. The best comes first. */
export const ENCODINGS = [
  { ext: ".br", name: "br" },
  { ext: ".gz", name: "gzip" },
];

const MAKE = {
  br: (body) =>
    brotliCompressSync(body, {
      params: { [constants.BROTLI_PARAM_QUALITY]: constants.BROTLI_MAX_QUALITY, [constants.BROTLI_PARAM_SIZE_HINT]: body.length },
    }),
  gzip: (body) => gzipSync(body, { level: constants.Z_BEST_COMPRESSION }),
};

/** A file that loses less than this part of itself is sent as it is, and so is one that fits a packet or two. */
const WORTH = 0.1;
const SMALL = 1024;

export const isCompressed = (name) => ENCODINGS.some(({ ext }) => name.endsWith(ext));

/** The folder's files, those in folders below it too, without the compressed ones and hidden ones; sorted. */
export function filesOf(dir) {
  return readdirSync(dir, { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile() && !entry.name.startsWith(".") && !isCompressed(entry.name))
    .map((entry) => join(entry.parentPath ?? entry.path, entry.name))
    .sort();
}

export function compress(dir) {
  for (const file of filesOf(dir)) {
    const body = readFileSync(file);
    if (body.length < SMALL) continue;
    for (const { ext, name } of ENCODINGS) {
      const made = MAKE[name](body);
      if (made.length < body.length * (1 - WORTH)) writeFileSync(file + ext, made);
    }
  }
}
