// The files that a page of docs/frameworks shows: a line with nothing but a path in backquotes, and the block behind it.

import { mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";

const FILE = /^`(?<path>[^`\n]+)`:\n+```\w+\n(?<code>.*?)^```/gms;

/** Writes them into the folder. */
export function writeFilesOf(page, folder) {
  const files = [...readFileSync(page, "utf8").matchAll(FILE)].map(({ groups }) => groups);
  if (!files.length) throw new Error(`${page} shows no file`);
  for (const { path, code } of files) {
    mkdirSync(dirname(join(folder, path)), { recursive: true });
    writeFileSync(join(folder, path), code);
  }
}
