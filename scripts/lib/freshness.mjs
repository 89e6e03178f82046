// Whether a build is up to date with the sources, by their contents. Times are not reliable: a checkout of another
// revision changes them in both directions, and a deleted file has none.

import { createHash } from "node:crypto";
import { existsSync, mkdirSync, readdirSync, readFileSync, statSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { at, root } from "./project.mjs";

/** The sources of dist/. www/demo is served unchanged. */
const SOURCES = [
  "Cargo.toml",
  "Cargo.lock",
  "package.json",
  "package-lock.json",
  "engine",
  "src",
  "www",
  "scripts/build.mjs",
  "scripts/build",
];
const NOT_SOURCES = new Set([at("www", "demo")]);

function* files(path) {
  if (NOT_SOURCES.has(path) || !existsSync(path)) return;
  if (statSync(path).isFile()) return yield path;
  for (const name of readdirSync(path).sort()) yield* files(join(path, name));
}

export function sourcesDigest() {
  const hash = createHash("sha256");
  for (const source of SOURCES) {
    for (const file of files(at(source))) {
      hash
        .update(`${file.slice(root.length)}\0`)
        .update(readFileSync(file))
        .update("\0");
    }
  }
  return hash.digest("hex");
}

const stamp = (directory) =>
  at("target", "built", `${directory.slice(root.length + 1).replaceAll(/[\\/]/g, "-")}.sha256`);

/** True if `directory` exists and was built from the present sources. */
export function isFresh(directory) {
  const file = stamp(directory);
  return (
    existsSync(join(directory, "integrity.json")) && existsSync(file) && readFileSync(file, "utf8") === sourcesDigest()
  );
}

/** Records that `directory` was built from sources with this digest. */
export function markFresh(directory, digest) {
  mkdirSync(dirname(stamp(directory)), { recursive: true });
  writeFileSync(stamp(directory), digest);
}
