// All files as an archive: a module of its own, fetched when somebody asks for it (src/desk/download.rs).

import { strToU8, zipSync, type Zippable } from "fflate";
import english from "./zip-readme.en.md";
import korean from "./zip-readme.ko.md";

/** The bytes of an archive that holds these files, and a README in the language of that code. */
export function pack(files: [path: string, bytes: Uint8Array][], language: string): Uint8Array<ArrayBuffer> {
  const readme = strToU8(language === "ko" ? korean : english);
  const all: Zippable = Object.fromEntries([["README.md", readme], ...files]);
  return zipSync(all, { level: 6 });
}
