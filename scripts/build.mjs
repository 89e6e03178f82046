// npm run build: Rust -> WebAssembly -> dist/, the files that shops load.
//
// cargo (build-std) -> wasm-bindgen -> wasm-opt -> esbuild, terser -> dist/
//
// `-- --stable` builds with the plain stable toolchain into target/stable-dist: larger, without a budget.

import { copyFileSync, existsSync, mkdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { pathToFileURL } from "node:url";
import { parseArgs } from "node:util";
import { bundle } from "./build/bundle.mjs";
import { writeFallback } from "./build/fallback.mjs";
import { caughtTimers, checkedViews, instances, shortenNames, withoutRegister } from "./build/glue.mjs";
import { withoutUnusedShims } from "./build/table.mjs";
import { isFresh, markFresh, sourcesDigest } from "./lib/freshness.mjs";
import { command, steps } from "./lib/progress.mjs";
import { at, main, manifest, root, tool } from "./lib/project.mjs";
import { compilerNote, setUp, WASM_TARGET } from "./lib/toolchain.mjs";

const PROFILE = "wasm";
/** Names with paths and generic types, which build/table.mjs reads. It is not yet the default of the stable compiler. */
const NAMES = "-Csymbol-mangling-version=v0";
/**
 * Without reference types the glue keeps the few JavaScript values of the module. A list in JavaScript is smaller than a
 * table and its allocator in the module, and wasm2js supports only one table.
 */
const ONE_TABLE = "-Ctarget-feature=-reference-types";

// The standard library is compiled as well, to leave out its formatting and panic code, which the module does not use.
// RUSTC_BOOTSTRAP allows unstable options in a stable compiler.
// https://doc.rust-lang.org/nightly/unstable-book/compiler-flags/
const SMALL = {
  args: ["-Z", "build-std=std", "-Z", "build-std-features=optimize_for_size"],
  env: {
    RUSTC_BOOTSTRAP: "1",
    RUSTFLAGS: [
      NAMES,
      "-Zunstable-options -Cpanic=immediate-abort -Zlocation-detail=none -Zfmt-debug=none",
      // Each crate has its own generic functions. Shared ones stay public until the end, so that the compiler does not
      // inline them into their only caller (1.5 kB).
      "-Zshare-generics=no",
      // The engine is a separate crate. This allows each of its functions to be inlined into the shell (1.0 kB).
      "-Zcross-crate-inline-threshold=always",
      // The smallest functions are inlined before LLVM, up to a limit that saves space (0.2 kB).
      "-Zinline-mir=yes -Zinline-mir-threshold=10 -Zinline-mir-hint-threshold=20",
      ONE_TABLE,
    ].join(" "),
  },
};
const STABLE = { args: [], env: { RUSTFLAGS: `${NAMES} ${ONE_TABLE}` } };

// Named one by one, because --all-features makes a module that browsers refuse.
const WASM_FEATURES = [
  "bulk-memory",
  "bulk-memory-opt",
  "multivalue",
  "mutable-globals",
  "nontrapping-float-to-int",
  "reference-types",
  "sign-ext",
];

const FEATURES = ["--mvp-features", ...WASM_FEATURES.map((feature) => `--enable-${feature}`)];

// The first kilobyte, where the stack ends, is not used. (--traps-never-happen would save another 0.2 kB, but the
// façade detects a broken module by its trap.)
const ASSUMPTIONS = ["--low-memory-unused"];

// Two rounds, because -Oz undoes a part of flattening's gain in the first. A function with one caller is inlined only
// if it is small, because inlined code compresses worse. Measured: 0.6 kB.
const PASSES = [
  ...["--flatten", "--rereloop", "-Oz", "--flatten", "--rereloop", "-Oz", "-Oz"],
  ...["--one-caller-inline-max-function-size=50", "--always-inline-max-function-size=4"],
];

/** The two modules, with the cargo features of the larger one. Most shops use one system and no events of others. */
const MODULES = [
  { name: "recobeacon", features: [] },
  { name: "recobeacon-all", features: ["vendors", "sources"] },
];

export const DIST = at("dist");
export const STABLE_DIST = at("target", "stable-dist");

/** The steps of one build. They need what setUp() installs. */
export function buildSteps({ stable = false } = {}) {
  const out = stable ? STABLE_DIST : DIST;
  const work = at("target", stable ? "bindgen-stable" : "bindgen");
  // A separate target directory for each, because the flags differ and switching would rebuild everything.
  const targetDir = at("target", stable ? "wasm-stable" : "wasm-small");
  // Taken before the sources are read, so that a change during the build makes the result stale.
  let digest;
  return [
    {
      label: `compiling the tracker${stable ? " (stable)" : " and the standard library for size"}`,
      run: async (task) => {
        const note = compilerNote();
        if (note) console.warn(note);
        digest = sourcesDigest();
        rmSync(work, { recursive: true, force: true });
        mkdirSync(work, { recursive: true });
        for (const module of MODULES) await compile(task, module, targetDir, work, stable ? STABLE : SMALL);
      },
    },
    {
      label: "writing the glue and shrinking the modules",
      run: async (task) => {
        const glues = [];
        for (const { name } of MODULES) glues.push(await shrink(task, name, work));
        // Both modules share one reco.js.
        if (new Set(glues).size > 1) throw new Error("the two modules import or export different things");
        writeFileSync(join(work, "glue.js"), glues[0]);
        await writeFallback(task, MODULES.at(-1).name, work, FEATURES);
      },
    },
    {
      label: `bundling into ${out.slice(root.length + 1)}/`,
      run: async () => {
        const names = MODULES.map(({ name }) => name);
        await bundle(work, out, names);
        markFresh(out, digest);
      },
    },
  ];
}

/** The same steps, or none if that build is up to date. */
export const buildStepsIfStale = (options = {}) =>
  isFresh(options.stable ? STABLE_DIST : DIST) ? [] : buildSteps(options);

async function compile(task, { name, features }, targetDir, work, { args, env }) {
  task.say(name);
  await command(
    "cargo",
    [
      "build",
      "--package",
      manifest.name,
      "--lib",
      "--no-default-features",
      "--features",
      features.join(),
      "--profile",
      PROFILE,
      "--target",
      WASM_TARGET,
      "--target-dir",
      targetDir,
      ...args,
    ],
    { task, cwd: root, env: { ...env, CARGO_ENCODED_RUSTFLAGS: undefined } },
  );
  copyFileSync(join(targetDir, WASM_TARGET, PROFILE, `${manifest.name}.wasm`), join(work, `${name}.compiled.wasm`));
}

/** Shrinks the module and its glue, and returns the glue. */
async function shrink(task, name, work) {
  const binaryen = (program, from, to, ...passes) =>
    command(
      process.execPath,
      [at("node_modules", "binaryen", "bin", program), join(work, from), "-o", join(work, to), ...FEATURES, ...passes],
      { task },
    );
  task.say(`${name}: wasm-bindgen`);
  // The stable compiler's standard library names reference types as its feature, for which wasm-bindgen would need a table.
  await binaryen("wasm-opt", `${name}.compiled.wasm`, "bare.wasm", "--debuginfo", "--strip-target-features");
  await command(
    tool("wasm-bindgen"),
    // The same name for both, because it is in the glue.
    [
      join(work, "bare.wasm"),
      "--target",
      "web",
      "--omit-default-module-path",
      "--no-typescript",
      "--remove-producers-section",
      "--out-dir",
      work,
      "--out-name",
      manifest.name,
    ],
    { task },
  );
  task.say(`${name}: wasm-opt`);
  await binaryen("wasm-dis", `${manifest.name}_bg.wasm`, "named.wat");
  const text = withoutUnusedShims(readFileSync(join(work, "named.wat"), "utf8"));
  writeFileSync(join(work, "shims.wat"), text);
  await binaryen("wasm-as", "shims.wat", "shims.wasm");
  await binaryen(
    "wasm-opt",
    "shims.wasm",
    "optimised.wasm",
    ...PASSES,
    ...ASSUMPTIONS,
    "--strip-debug",
    "--strip-producers",
    "--strip-target-features",
  );
  // wasm-bindgen's names for imports and exports are long and contain hashes: 1.5 kB compressed.
  const minify = "--minify-imports-and-exports-and-modules";
  const { out } = await binaryen("wasm-opt", "optimised.wasm", `${name}.wasm`, minify);
  const glue = readFileSync(join(work, `${manifest.name}.js`), "utf8");
  return checkedViews(instances(caughtTimers(withoutRegister(shortenNames(glue, JSON.parse(out))))));
}

if (import.meta.url === pathToFileURL(process.argv[1]).href) {
  await main(async () => {
    const { values } = parseArgs({ options: { stable: { type: "boolean" } } });
    await steps([...setUp(), ...buildSteps(values)]);
    if (!values.stable && existsSync(DIST)) console.log("\ndist/ is ready; `npm run size` shows its size.");
  });
}
