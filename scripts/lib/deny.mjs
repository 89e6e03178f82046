// Checks the crates of this repository: licences, versions and sources, by the rules of deny.toml.

import { command } from "./progress.mjs";
import { root, tool } from "./project.mjs";
import { cargoTool } from "./toolchain.mjs";

export const CARGO_DENY_VERSION = "0.20.2";
const OFFLINE_CHECKS = ["licenses", "bans", "sources"];

/** The steps that install cargo-deny if it is missing, and run it. The installation takes minutes. */
export const denySteps = ({ advisories = false } = {}) => [
  ...[cargoTool("cargo-deny", "cargo-deny", CARGO_DENY_VERSION)].filter(Boolean),
  {
    label: "checking licences, versions and sources of the crates",
    // Without --workspace cargo-deny checks only the root package, not the collector.
    run: (task) =>
      command(
        tool("cargo-deny"),
        ["--workspace", "check", "--deny", "warnings", ...OFFLINE_CHECKS, ...(advisories ? ["advisories"] : [])],
        { task, cwd: root },
      ),
  },
];
