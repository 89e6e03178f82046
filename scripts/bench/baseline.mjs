// The baseline: another commit of this repository. It is built once into target/bench/<commit>, with its own build command and npm packages.

import { existsSync, mkdirSync, rmSync, symlinkSync } from "node:fs";
import { join } from "node:path";
import { command } from "../lib/progress.mjs";
import { at, lockedVersion, Problem, root } from "../lib/project.mjs";
import { npm } from "../lib/toolchain.mjs";

/** The crate whose command-line tool is in .tools. The tool must have the version that the commit's Cargo.lock names. */
const BINDGEN = "wasm-bindgen";

/** The commit's full name. */
async function resolved(commit) {
  try {
    const { out } = await command("git", ["rev-parse", "--verify", "--quiet", `${commit}^{commit}`], { cwd: root });
    return out.trim();
  } catch {
    throw new Problem(`The commit ${commit} is not in this clone: \`git fetch --unshallow\` brings the whole history.`);
  }
}

/** Writes the commit's files into the folder, and links the installed tools if they have the right version. */
async function extract(commit, folder, task) {
  mkdirSync(folder, { recursive: true });
  const archive = `${folder}.tar`;
  await command("git", ["archive", "--output", archive, commit], { task, cwd: root });
  await command("tar", ["-x", "-f", archive, "-C", folder], { task });
  rmSync(archive);
  const isSame = lockedVersion(BINDGEN, join(folder, "Cargo.lock")) === lockedVersion(BINDGEN);
  const tools = join(folder, ".tools");
  if (isSame && existsSync(at(".tools")) && !existsSync(tools)) symlinkSync(at(".tools"), tools, "junction");
}

/**
 * Returns the name of the baseline in the tables, the path of its dist/, and the steps that build it. There are no steps if it is built already.
 * @param {string} commit
 */
export async function baselineOf(commit) {
  const full = await resolved(commit);
  const folder = at("target", "bench", full);
  const dist = join(folder, "dist");
  const label = full.slice(0, 7);
  const steps = [
    { label: `taking the files of ${label}`, run: (task) => extract(full, folder, task) },
    {
      label: `installing the npm packages of ${label}`,
      run: (task) => npm(["ci", "--ignore-scripts"], { task, cwd: folder }),
    },
    { label: `building ${label}`, run: (task) => npm(["run", "build"], { task, cwd: folder }) },
  ];
  return { name: `commit ${label}`, dist, steps: existsSync(join(dist, "integrity.json")) ? [] : steps };
}
