// Where things are in this repository, and what its two manifests say.

import { readFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";

export const root = join(dirname(fileURLToPath(import.meta.url)), "..", "..");
export const at = (...parts) => join(root, ...parts);

const exe = process.platform === "win32" ? ".exe" : "";
/** A tool that set-up has installed into the checkout. */
export const tool = (name) => at(".tools", "bin", name + exe);

/** npm test sets this to "debug": what `cargo test` has compiled already serves the tests as well. */
export const collectorProfile = () => (process.env.RECOBEACON_COLLECTOR === "debug" ? "debug" : "release");
export const collectorBinary = () => at("target", collectorProfile(), `recobeacon-collector${exe}`);

export const manifest = JSON.parse(readFileSync(at("package.json"), "utf8"));

/** The version of a crate in a Cargo.lock, ours by default: the command-line tool that writes the glue must be of the same one. */
export function lockedVersion(crate, file = at("Cargo.lock")) {
  const lock = readFileSync(file, "utf8");
  const found = lock.match(new RegExp(`name = "${crate}"\\nversion = "([^"]+)"`));
  if (!found) throw new Error(`${file} names no ${crate}`);
  return found[1];
}

/** Ends a script with one sentence instead of a stack trace: for what the reader can put right. */
export class Problem extends Error {}

/** Runs a script's main function; whatever goes wrong becomes exit code 1 and as few lines as say it. */
export async function main(run) {
  try {
    await run();
  } catch (error) {
    console.error(error instanceof Problem ? `\n${error.message}` : error);
    process.exitCode = 1;
  }
}
