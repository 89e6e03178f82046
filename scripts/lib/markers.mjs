// Generated parts of a document stand between two HTML comments.

import { readFileSync, writeFileSync } from "node:fs";

/** Replaces the text between `<!-- <name> begins -->` and `<!-- <name> ends -->` in the file. */
export function replaceBetween(file, name, text) {
  const begin = `<!-- ${name} begins -->`;
  const end = `<!-- ${name} ends -->`;
  const [before, rest] = readFileSync(file, "utf8").split(begin);
  const after = rest?.split(end)[1];
  if (after === undefined) throw new Error(`${file} has no "${begin}" with its end`);
  writeFileSync(file, `${before}${begin}\n\n${text}\n\n${end}${after}`);
}
