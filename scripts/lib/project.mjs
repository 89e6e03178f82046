// Paths in this repository, and values of its two manifests.

import { readFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";

export const root = join(dirname(fileURLToPath(import.meta.url)), "..", "..");
export const at = (...parts) => join(root, ...parts);

const exe = process.platform === "win32" ? ".exe" : "";
/** A tool that set-up has installed into the checkout. */
export const tool = (name) => at(".tools", "bin", name + exe);

/** npm test sets this to "debug", so that the tests use what `cargo test` has compiled. */
export const collectorProfile = () => (process.env.RECOBEACON_COLLECTOR === "debug" ? "debug" : "release");
export const collectorBinary = () => at("target", collectorProfile(), `recobeacon-collector${exe}`);

export const manifest = JSON.parse(readFileSync(at("package.json"), "utf8"));

/**
 * The version of a crate in a Cargo.lock, by default this project's. The command-line tool that writes the glue must have
 * the same version.
 */
export function lockedVersion(crate, file = at("Cargo.lock")) {
  const lock = readFileSync(file, "utf8");
  const found = lock.match(new RegExp(`name = "${crate}"\\nversion = "([^"]+)"`));
  if (!found) throw new Error(`${file} does not have ${crate}`);
  return found[1];
}

/** Ends a script with a message instead of a stack trace, for problems that the user can solve. */
export class Problem extends Error {}

/** Runs a script's main function. An error becomes exit code 1 and a short message. */
export async function main(run) {
  try {
    await run();
  } catch (error) {
    // A wrong option: https://nodejs.org/api/util.html#utilparseargsconfig
    const isForUser = error instanceof Problem || String(error?.code).startsWith("ERR_PARSE_ARGS");
    console.error(isForUser ? `\n${error.message}` : error);
    process.exitCode = 1;
  }
}
