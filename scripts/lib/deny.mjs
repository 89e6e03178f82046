// Checks the crates that this repository builds with: licences, versions and sources, by the rules of deny.toml.

import { command } from "./progress.mjs";
import { root, tool } from "./project.mjs";
import { cargoTool } from "./toolchain.mjs";

export const CARGO_DENY_VERSION = "0.20.2";
const OFFLINE_CHECKS = ["licenses", "bans", "sources"];

/** The steps that install cargo-deny, where it is missing, and run it. Installing takes minutes. */
export const denySteps = ({ advisories = false } = {}) => [
  ...[cargoTool("cargo-deny", "cargo-deny", CARGO_DENY_VERSION)].filter(Boolean),
  {
    label: "checking licences, versions and sources of the crates",
    // --workspace: without it cargo-deny looks at the package of the root alone, not at the collector.
    run: (task) =>
      command(
        tool("cargo-deny"),
        ["--workspace", "check", "--deny", "warnings", ...OFFLINE_CHECKS, ...(advisories ? ["advisories"] : [])],
        { task, cwd: root },
      ),
  },
];
