// Packs the npm package, and computes hashes of files.

import { createHash } from "node:crypto";
import { chmodSync, copyFileSync, mkdirSync, readdirSync, readFileSync, statSync } from "node:fs";
import { dirname, join, sep } from "node:path";
import { temporaryDirectory } from "./ending.mjs";
import { npm } from "./toolchain.mjs";

/**
 * Packs the checkout `directory`, whose dist/ is built, into the folder `destination`. Returns the tarball's path.
 * @param {string} directory
 * @param {string} destination
 * @param {{ task?: any, env?: Record<string, string> }} [options]
 */
export async function pack(directory, destination, { task, env } = {}) {
  mkdirSync(destination, { recursive: true });
  // --ignore-scripts, because "prepack" would build dist/ again.
  const npmPack = async (cwd, ...args) =>
    JSON.parse((await npm(["pack", "--json", "--ignore-scripts", ...args], { task, env, cwd })).out)[0];
  const { files } = await npmPack(directory, "--dry-run");
  const { path: stage, remove } = temporaryDirectory();
  // npm packs the files' permissions, which depend on the umask of the checkout's user.
  for (const { path } of files) copyReadable(join(directory, path), join(stage, path));
  const { filename } = await npmPack(stage, "--pack-destination", destination);
  remove();
  return join(destination, filename);
}

function copyReadable(from, to) {
  mkdirSync(dirname(to), { recursive: true });
  copyFileSync(from, to);
  chmodSync(to, 0o644);
}

/** The paths of all files below `directory`, with "/" between their parts, sorted. */
export const filesBelow = (directory) =>
  readdirSync(directory, { recursive: true, encoding: "utf8" })
    .filter((name) => statSync(join(directory, name)).isFile())
    .map((name) => name.split(sep).join("/"))
    .sort();

const hash = (algorithm, file, encoding) => createHash(algorithm).update(readFileSync(file)).digest(encoding);

/** A line of a file for `sha256sum --check`. */
export const checksumLine = (file, name) => `${hash("sha256", file, "hex")}  ${name}`;

/** A value for the `integrity` attribute: https://www.w3.org/TR/sri-2/#integrity-metadata-description. */
export const integrityOf = (file) => `sha384-${hash("sha384", file, "base64")}`;

/** The byte offset of the first difference between the two files, or -1 if they are equal. */
export function firstDifference(left, right) {
  if (left.equals(right)) return -1;
  const shorter = Math.min(left.length, right.length);
  for (let offset = 0; offset < shorter; offset++) if (left[offset] !== right[offset]) return offset;
  return shorter;
}

/** A line for each file that is in only one of the two directories, or that differs. */
export function differences(left, right) {
  const inLeft = new Set(filesBelow(left));
  const inRight = new Set(filesBelow(right));
  return [...new Set([...inLeft, ...inRight])].sort().flatMap((name) => {
    if (!inRight.has(name)) return [`${name} is only in ${left}`];
    if (!inLeft.has(name)) return [`${name} is only in ${right}`];
    const offset = firstDifference(readFileSync(join(left, name)), readFileSync(join(right, name)));
    return offset < 0 ? [] : [`${name} differs from byte ${offset} on`];
  });
}
