// dist/ as another build would have made it: some files are different, and reco.js has their hashes.

import { createHash } from "node:crypto";
import { cpSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { temporaryDirectory } from "../../scripts/lib/ending.mjs";
import { DIST } from "./harness.mjs";

const integrityOf = (bytes) => `sha256-${createHash("sha256").update(bytes).digest("base64")}`;

/**
 * A copy of dist/ in which `change(bytes)` has made these files.
 *
 * @param {Record<string, (bytes: Buffer) => string | Uint8Array>} changes
 */
export function ownBuild(changes) {
  const { path } = temporaryDirectory();
  cpSync(DIST, path, { recursive: true });
  const entry = join(path, "reco.js");
  for (const [name, change] of Object.entries(changes)) {
    const before = readFileSync(join(DIST, name));
    const after = change(before);
    const text = readFileSync(entry, "utf8");
    if (!text.includes(integrityOf(before))) throw new Error(`reco.js does not have the hash of ${name}`);
    writeFileSync(join(path, name), after);
    writeFileSync(entry, text.replaceAll(integrityOf(before), integrityOf(after)));
  }
  return path;
}
