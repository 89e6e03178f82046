// Installs cargo-fuzz, lists the fuzz targets, and builds them.

import { readdirSync } from "node:fs";
import { command } from "./progress.mjs";
import { at, root, tool } from "./project.mjs";
import { cargoTool } from "./toolchain.mjs";

export const CARGO_FUZZ_VERSION = "0.13.2";

/** The step that installs cargo-fuzz, if it is missing. */
export const fuzzSteps = () => [cargoTool("cargo-fuzz", "cargo-fuzz", CARGO_FUZZ_VERSION)].filter(Boolean);

/** The names of the targets: the files of fuzz/fuzz_targets. */
export const fuzzTargets = () =>
  readdirSync(at("fuzz", "fuzz_targets"))
    .map((file) => file.replace(/\.rs$/, ""))
    .sort();

/**
 * The step that builds all targets. They have no sanitizer, because the code has no `unsafe`: overflows and broken
 * properties panic. RUSTC_BOOTSTRAP allows cargo-fuzz's unstable options in a stable compiler.
 */
export const fuzzBuildStep = () => ({
  label: "building the fuzz targets",
  run: (task) =>
    command(tool("cargo-fuzz"), ["build", "--sanitizer", "none", "--target-dir", at("target", "fuzz")], {
      task,
      cwd: root,
      env: { RUSTC_BOOTSTRAP: "1" },
    }),
});
