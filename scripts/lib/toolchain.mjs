// The set-up steps of a fresh machine: the wasm target, rust-src, npm packages, and the cargo tools in .tools. Only
// rustup's own components are installed outside the checkout.

import { spawnSync } from "node:child_process";
import { existsSync, readFileSync, statSync } from "node:fs";
import { command } from "./progress.mjs";
import { at, lockedVersion, manifest, Problem, root, tool } from "./project.mjs";

const NODE_MAJOR = 20;
export const WASM_TARGET = "wasm32-unknown-unknown";
const WASM_PACK_VERSION = "0.15.1";

const output = (program, args) => {
  const run = spawnSync(program, args, { encoding: "utf8" });
  return run.status === 0 ? run.stdout.trim() : null;
};

/** Tells what is missing and must be installed by the user. */
export function checkMachine() {
  if (Number(process.versions.node.split(".")[0]) < NODE_MAJOR) {
    throw new Problem(
      `Node ${NODE_MAJOR} or later is needed, this is ${process.version}: https://nodejs.org/en/download`,
    );
  }
  if (output("cargo", ["--version"]) === null) {
    throw new Problem(
      "Rust is needed and `cargo` was not found: install it from https://rustup.rs and open a new terminal.",
    );
  }
  if (process.platform !== "win32" && output(process.env.CC ?? "cc", ["--version"]) === null) {
    throw new Problem(
      "A C compiler is needed and `cc` was not found: on Debian or Ubuntu `apt-get install build-essential`, on macOS `xcode-select --install`.",
    );
  }
}

/**
 * A warning if the compiler is not the one named in package.json, otherwise null. The build for size uses unstable
 * options, which change without notice, and dist/ and its budgets are tested with one compiler. A rust-toolchain.toml
 * would pin it, but rustup would then download that toolchain, which is not possible on every machine.
 */
export function compilerNote(found = output("rustc", ["--version"]), tested = manifest.recobeacon.rustc) {
  const version = found?.split(" ")[1];
  if (version === tested) return null;
  return `This is rustc ${version}; dist/ is tested with ${tested} (package.json, "recobeacon.rustc"), and its bytes may differ.`;
}

/** The set-up steps that this checkout still needs. Without `build` nothing is compiled to WebAssembly. */
export function setUp({ build = true, wasmPack = false } = {}) {
  checkMachine();
  const wanted = [
    ...(build ? rustParts() : []),
    !packagesAreFresh() && {
      label: "installing npm packages",
      run: (task) => npm(["ci"], { task, cwd: root }),
    },
    build && cargoTool("wasm-bindgen", "wasm-bindgen-cli", lockedVersion("wasm-bindgen")),
    wasmPack && cargoTool("wasm-pack", "wasm-pack", WASM_PACK_VERSION),
  ];
  return wanted.filter(Boolean);
}

/** Runs npm: the one that runs this script, if there is one. */
export function npm(args, options) {
  const cli = process.env.npm_execpath;
  return cli?.endsWith("npm-cli.js")
    ? command(process.execPath, [cli, ...args], options)
    : command("npm", args, options);
}

function rustParts() {
  const sysroot = output("rustc", ["--print", "sysroot"]);
  const parts = [
    { kind: "target", name: WASM_TARGET, file: `${sysroot}/lib/rustlib/${WASM_TARGET}/lib` },
    { kind: "component", name: "rust-src", file: `${sysroot}/lib/rustlib/src/rust/library/std` },
  ];
  return parts
    .filter((part) => !existsSync(part.file))
    .map(({ kind, name }) => ({
      label: `adding Rust's ${name}`,
      run: async (task) => {
        if (output("rustup", ["--version"]) === null) {
          throw new Problem(
            `Rust's ${name} is needed and there is no rustup to add it: install Rust from https://rustup.rs.`,
          );
        }
        // In the checkout, so that a toolchain override applies.
        await command("rustup", [kind, "add", name], { task, cwd: root });
      },
    }));
}

// npm writes this file at the end of an install. A newer lock file means that packages have changed.
function packagesAreFresh() {
  const done = at("node_modules", ".package-lock.json");
  if (!existsSync(done)) return false;
  if (statSync(done).mtimeMs >= statSync(at("package-lock.json")).mtimeMs) return true;
  return samePackages(done);
}

// A checkout changes the lock file's time without changing its content.
function samePackages(done) {
  const versions = (file) => JSON.parse(readFileSync(file, "utf8")).packages;
  const installed = versions(done);
  return Object.entries(versions(at("package-lock.json"))).every(
    ([path, { version, optional }]) =>
      path === "" || installed[path]?.version === version || (optional && !installed[path]),
  );
}

/**
 * The step that installs a crate's program into .tools, or null if this version is installed. `ask` are the arguments with
 * which it prints its version.
 */
export function cargoTool(binary, crate, version, ask = ["--version"]) {
  const found = output(tool(binary), ask)?.split(/\s/)[1];
  if (found === version) return null;
  const install = (task, ...lock) =>
    command("cargo", ["install", crate, "--version", version, ...lock, "--force", "--root", at(".tools")], {
      task,
      cwd: root,
      // A permanent directory, so that an aborted install continues, and both tools share crates. Little optimisation:
      // the tools run for seconds, and full optimisation takes minutes.
      env: {
        CARGO_TARGET_DIR: at("target", "tools"),
        CARGO_PROFILE_RELEASE_OPT_LEVEL: "1",
        CARGO_PROFILE_RELEASE_LTO: "off",
      },
    });
  return {
    label: `installing ${crate} ${version}`,
    run: (task) =>
      install(task, "--locked").catch((error) => {
        // The registry may be behind, or the version may be yanked. Any other compatible version will do.
        if (/failed to select a version|is yanked/.test(error.message)) return install(task);
        throw error;
      }),
  };
}
