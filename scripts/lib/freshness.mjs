// Whether a build is up to date with the sources, by their contents. Times are not reliable: a checkout of another
// revision changes them in both directions, and a deleted file has none.

import { createHash } from "node:crypto";
import { existsSync, mkdirSync, readdirSync, readFileSync, statSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { at, root } from "./project.mjs";

/** The sources of dist/. www/demo is served unchanged. */
const DIST_SOURCES = [
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
/** The sources of the collector, and files beside them that it is not made of. */
const COLLECTOR_SOURCES = ["Cargo.toml", "Cargo.lock", "engine", "collector"];
const NOT_SOURCES = new Set([at("www", "demo")]);

function* files(path) {
  if (NOT_SOURCES.has(path) || !existsSync(path)) return;
  if (statSync(path).isFile()) return yield path;
  for (const name of readdirSync(path).sort()) yield* files(join(path, name));
}

function digestOf(sources) {
  const hash = createHash("sha256");
  for (const source of sources) {
    for (const file of files(at(source))) {
      hash
        .update(`${file.slice(root.length)}\0`)
        .update(readFileSync(file))
        .update("\0");
    }
  }
  return hash.digest("hex");
}

export const sourcesDigest = () => digestOf(DIST_SOURCES);
export const collectorDigest = () => digestOf(COLLECTOR_SOURCES);

const stamp = (path) => at("target", "built", `${path.slice(root.length + 1).replaceAll(/[\\/]/g, "-")}.sha256`);

function write(path, text) {
  mkdirSync(dirname(stamp(path)), { recursive: true });
  writeFileSync(stamp(path), text);
}

/** True if `directory` exists and was built from the present sources. */
export function isFresh(directory) {
  const file = stamp(directory);
  return (
    existsSync(join(directory, "integrity.json")) && existsSync(file) && readFileSync(file, "utf8") === sourcesDigest()
  );
}

/** Records that `directory` was built from sources with this digest. */
export function markFresh(directory, digest) {
  write(directory, digest);
}

/** The content of a program's stamp. It names the file too, because `cargo build` by hand may write another one. */
function programStamp(file, digest) {
  const { size, mtimeMs } = statSync(file);
  return `${digest} ${size} ${mtimeMs}`;
}

/** True if the program was built from sources with this digest. */
export const isProgramFresh = (file, digest) =>
  existsSync(file) && existsSync(stamp(file)) && readFileSync(stamp(file), "utf8") === programStamp(file, digest);

/** Records that the program was built from sources with this digest. */
export const markProgramFresh = (file, digest) => write(file, programStamp(file, digest));
