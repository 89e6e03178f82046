// npm run build: Rust -> WebAssembly -> dist/, the files that shops load.
//
//   cargo (build-std) -> wasm-bindgen -> wasm-opt -> esbuild -> dist/
//
// `-- --stable` builds with the plain stable toolchain into target/stable-dist: larger, without a budget.

import { createHash } from "node:crypto";
import {
  copyFileSync,
  existsSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmSync,
  writeFileSync,
} from "node:fs";
import { dirname, extname, join } from "node:path";
import { pathToFileURL } from "node:url";
import { parseArgs } from "node:util";
import { isFresh, markFresh, sourcesDigest } from "./lib/freshness.mjs";
import { command, steps } from "./lib/progress.mjs";
import { at, main, manifest, root, tool } from "./lib/project.mjs";
import { compilerNote, setUp, WASM_TARGET } from "./lib/toolchain.mjs";

const PROFILE = "wasm";
const TARGET_JS = "es2020";
/** What npm gets: the parser of webpack 4 (acorn 6) knows no newer syntax. */
const NPM_TARGET_JS = "es2019";
/** The drop-in needs no WebAssembly, so it goes wherever the script goes whose place it takes. */
const OLD_TARGET_JS = "es2015";
/** Each byte of the stub stands in every page, hence `catch` without a name; a browser too old for that has no module to wait for either.
 * For tag managers that take ES5 only there is the same stub in ES5. */
const STUB_TARGET_JS = "es2019";

// The standard library is built too, so that its formatting and panic machinery, which the module
// never uses, is not in it. Unstable options of a stable compiler: hence RUSTC_BOOTSTRAP.
// https://doc.rust-lang.org/nightly/unstable-book/compiler-flags/
const SMALL = {
  args: ["-Z", "build-std=std", "-Z", "build-std-features=optimize_for_size"],
  env: {
    RUSTC_BOOTSTRAP: "1",
    RUSTFLAGS: [
      "-Zunstable-options -Cpanic=immediate-abort -Zlocation-detail=none -Zfmt-debug=none",
      // Generic functions are each crate's own: shared ones are public until the very end, and the
      // compiler does not dissolve them into their one caller (1.5 kB).
      "-Zshare-generics=no",
      // The smallest functions are inlined before LLVM sees them, at a bound that saves space (0.2 kB).
      "-Zinline-mir=yes -Zinline-mir-threshold=10 -Zinline-mir-hint-threshold=20",
      // Without reference types the glue keeps the few JavaScript values that the module holds: a list
      // in JavaScript is smaller than a table and its allocator in the module.
      "-Ctarget-feature=-reference-types",
    ].join(" "),
  },
};
const STABLE = { args: [], env: { RUSTFLAGS: "" } };

// Named one by one: --all-features makes a module that browsers refuse.
const WASM_FEATURES = [
  "bulk-memory",
  "bulk-memory-opt",
  "multivalue",
  "mutable-globals",
  "nontrapping-float-to-int",
  "reference-types",
  "sign-ext",
];

// Nothing lives in the first kilobyte, where the stack ends. (Not --traps-never-happen, which saves
// another 0.2 kB: a trap is how the façade learns that the module is broken.)
const ASSUMPTIONS = ["--low-memory-unused"];

// Twice, because -Oz undoes part of what flattening wins only on its second round; and a function with
// one caller is kept unless it is small: what is inlined everywhere compresses worse. Measured: 0.5 kB.
const PASSES = ["--flatten", "--rereloop", "-Oz", "-Oz", "--one-caller-inline-max-function-size=50"];

/** The two modules and what only the larger one has, as cargo features. Most shops speak to one system, and have no other's events. */
const MODULES = [
  { name: "recobeacon", features: [] },
  { name: "recobeacon-all", features: ["vendors", "sources"] },
];

/** What the entry for npm loads when it is needed. */
const CHUNKS = ["./core.js", "./core-all.js", "./larger.js", "./measure.js"];

/** The contract. */
const TYPES = ["index.d.ts", "config.d.ts"];

/** The files of src/browser/host/, and the name under which host.rs imports them: in the tests in the browser it is this place. */
const HOST = { entry: at("src", "browser", "host", "index.js"), name: "/target/host.js" };

/** What wasm-opt calls every imported module. */
const SHORT_MODULE = "a";

const sha = (algorithm, bytes, encoding) => createHash(algorithm).update(bytes).digest(encoding);

export const DIST = at("dist");
export const STABLE_DIST = at("target", "stable-dist");

/** The steps of one build. They need what setUp() installs. */
export function buildSteps({ stable = false } = {}) {
  const out = stable ? STABLE_DIST : DIST;
  const work = at("target", stable ? "bindgen-stable" : "bindgen");
  // Its own target directory each: the flags differ, and switching would build everything again.
  const targetDir = at("target", stable ? "wasm-stable" : "wasm-small");
  // Taken before anything is read: what is changed meanwhile makes the result stale, as it should.
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
        // One reco.js for both.
        if (new Set(glues).size > 1) throw new Error("the two modules import or export different things");
        writeFileSync(join(work, "glue.js"), glues[0]);
      },
    },
    {
      label: `bundling into ${out.slice(root.length + 1)}/`,
      run: async () => {
        await bundle(work, out);
        markFresh(out, digest);
      },
    },
  ];
}

/** The same, but nothing when that build is of the sources as they are now. */
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

/** Leaves the module as small as it gets beside its glue, and gives the glue. */
async function shrink(task, name, work) {
  task.say(`${name}: wasm-bindgen`);
  await command(
    tool("wasm-bindgen"),
    // The same name for both: it is in the glue.
    [
      join(work, `${name}.compiled.wasm`),
      "--target",
      "web",
      "--omit-default-module-path",
      "--no-typescript",
      "--remove-name-section",
      "--remove-producers-section",
      "--out-dir",
      work,
      "--out-name",
      manifest.name,
    ],
    { task },
  );
  task.say(`${name}: wasm-opt`);
  const wasmOpt = (from, to, ...passes) =>
    command(
      process.execPath,
      [
        at("node_modules", "binaryen", "bin", "wasm-opt"),
        join(work, from),
        "-o",
        join(work, to),
        "--mvp-features",
        ...WASM_FEATURES.map((feature) => `--enable-${feature}`),
        ...passes,
      ],
      { task },
    );
  await wasmOpt(
    `${manifest.name}_bg.wasm`,
    "optimised.wasm",
    ...PASSES,
    ...ASSUMPTIONS,
    "--strip-debug",
    "--strip-producers",
    "--strip-target-features",
  );
  // wasm-bindgen's names for what crosses the boundary are long and have hashes in them: a kilobyte and a half, compressed.
  const { out } = await wasmOpt("optimised.wasm", `${name}.wasm`, "--minify-imports-and-exports-and-modules");
  return instances(shortenNames(readFileSync(join(work, `${manifest.name}.js`), "utf8"), JSON.parse(out)));
}

/** Gives the glue the names that the module has now. */
function shortenNames(glue, { imports, exports }) {
  const rename = (pattern, to, name) => {
    if (!glue.match(pattern)) throw new Error(`the glue does not name ${name}, which the module imports`);
    glue = glue.replace(pattern, typeof to === "function" ? to : () => to);
  };
  // The module knows one namespace now. Its imports are keys of the glue's own object, or functions
  // that the glue hands over from another module as they are.
  const own = `./${manifest.name}_bg.js`;
  const namespaces = new Map();
  for (const [module, name, short] of imports) {
    if (module === own) {
      rename(new RegExp(`\\b${name}(?=: function|\\()`, "g"), short, name);
      continue;
    }
    if (!namespaces.has(module)) {
      rename(
        new RegExp(`\\s*"${module}": (import\\d+),`, "g"),
        (_, namespace) => (namespaces.set(module, namespace), ""),
        module,
      );
    }
    rename("__proto__: null,", `__proto__: null, ${short}: ${namespaces.get(module)}.${name},`, name);
  }
  rename(`"${own}":`, `"${SHORT_MODULE}":`, own);
  // What the module does not import any more since it was shrunk.
  glue = glue.replace(/^ *__wbg\w+: function\(.*\n[\s\S]*?\n {8}\},\n/gm, "");
  for (const [name, short] of exports)
    glue = glue.replace(new RegExp(`\\bwasm\\.${name}\\b`, "g"), () => `wasm.${short}`);
  // Functions of the glue's own, named after the code that they call: by their places they are the same for both modules.
  const shims = [...new Set(glue.match(/\bwasm_bindgen_\w+_invoke_\w+/g))];
  return shims.reduce((glue, name, place) => glue.replaceAll(name, `invoke${place}`), glue);
}

/**
 * Makes a function of the glue, which otherwise knows one instance of one module: a page may have two
 * trackers, one for each module. What loads a module is left out: that is the entries' business.
 */
function instances(glue) {
  const start = glue.indexOf("let wasmModule, wasmInstance, wasm;");
  if (start < 0 || glue.includes("__wbindgen_start"))
    throw new Error("the glue starts its module in another way than this knows");
  glue = glue.slice(0, start);
  const imports = [];
  glue = glue.replace(/^import .*\n/gm, (line) => (imports.push(line), ""));
  const exports = [];
  glue = glue.replace(/^export (function (\w+))/gm, (_, declaration, name) => (exports.push(name), declaration));
  return `${imports.join("")}export function instantiate(module) {\n${glue}\nconst wasm = new WebAssembly.Instance(module, __wbg_get_imports()).exports;\nreturn { ${exports.join(", ")} };\n}\n`;
}

async function bundle(work, out) {
  // Imported here: on a fresh machine it is there only after set-up.
  const { build } = await import("esbuild");
  const wasm = (name) => readFileSync(join(work, `${name}.wasm`));
  const versioned = (file, bytes) => `${file}?v=${sha("sha256", bytes, "hex").slice(0, 8)}`;
  // Beside each other and then swapped: a build that fails leaves the last good one.
  const next = `${out}.next`;
  rmSync(next, { recursive: true, force: true });
  mkdirSync(next, { recursive: true });

  /** @type {import("esbuild").BuildOptions} */
  const common = {
    bundle: true,
    minify: true,
    target: TARGET_JS,
    charset: "utf8",
    legalComments: "none",
    logLevel: "warning",
    absWorkingDir: root,
    plugins: [generated(work)],
    define: {
      // The glue would free forgotten closures with it, and none is: Rust drops every timer.
      FinalizationRegistry: "undefined",
      // Of one build or not at all: a cached reco.js never meets another build's module.
      __WASM_FILES__: JSON.stringify(MODULES.map(({ name }) => versioned(`${name}.wasm`, wasm(name)))),
    },
  };
  const npm = { ...common, target: NPM_TARGET_JS };
  // First: its hash stands in reco.js, for the same reason as those of the modules.
  await build({ ...npm, entryPoints: ["www/measure.js"], outfile: join(next, "measure.js"), format: "esm" });
  common.define.__MEASURE_FILE__ = JSON.stringify(versioned("measure.js", readFileSync(join(next, "measure.js"))));
  await Promise.all([
    build({ ...common, entryPoints: ["www/tag.js"], outfile: join(next, "reco.js"), format: "iife" }),
    build({
      ...npm,
      entryPoints: ["www/index.js", "www/larger.js"],
      outdir: next,
      format: "esm",
      external: CHUNKS,
    }),
    build({ ...npm, entryPoints: ["www/core.js", "www/core-all.js"], outdir: next, format: "esm" }),
    commonJs(build, npm, join(next, "cjs")),
    build({
      ...common,
      entryPoints: ["www/ycq.js"],
      outfile: join(next, "ycq.js"),
      format: "iife",
      target: OLD_TARGET_JS,
    }),
    // As it is: it is pasted into pages, and a wrapper would only cost bytes.
    build({
      ...common,
      entryPoints: ["www/stub.js"],
      outfile: join(next, "snippet.js"),
      bundle: false,
      plugins: [],
      target: STUB_TARGET_JS,
    }),
  ]);
  await bundleOldStub(next);
  for (const { name } of MODULES) copyFileSync(join(work, `${name}.wasm`), join(next, `${name}.wasm`));
  for (const file of TYPES) copyFileSync(at("www", file), join(next, file));

  const integrity = Object.fromEntries(
    readdirSync(next)
      .filter((file) => extname(file))
      .sort()
      .map((file) => [file, `sha384-${sha("sha384", readFileSync(join(next, file)), "base64")}`]),
  );
  writeFileSync(join(next, "integrity.json"), `${JSON.stringify(integrity, null, 2)}\n`);
  rmSync(out, { recursive: true, force: true });
  mkdirSync(dirname(out), { recursive: true });
  renameSync(next, out);
}

/** The stub in ES5, of the same source. esbuild writes no ES5. */
async function bundleOldStub(out) {
  const { transform } = await import("@swc/wasm");
  /** @type {any} The package does not declare `assumptions`: https://swc.rs/docs/configuration/compilation#jscassumptions */
  const options = {
    isModule: false,
    minify: true,
    jsc: {
      target: "es5",
      loose: true,
      parser: { syntax: "ecmascript" },
      minify: { compress: { negate_iife: false, passes: 3 }, mangle: true },
      assumptions: { ignoreFunctionLength: true },
    },
  };
  const { code } = await transform(readFileSync(at("www", "stub.js"), "utf8"), options);
  writeFileSync(join(out, "snippet.es5.js"), `${code}\n`);
}

/**
 * The same for `require()`: Jest and Node without ES modules. Bundlers take the ES modules, also for a `require()` (the condition
 * "module" in package.json). In a folder of its own, whose package.json says what its .js and .d.ts files are.
 */
async function commonJs(build, options, out) {
  const entryPoints = ["www/index.js", ...CHUNKS.map((chunk) => join("www", chunk))];
  await build({
    ...options,
    entryPoints,
    outdir: out,
    format: "cjs",
    external: CHUNKS,
    // Jest cannot `import()` as long as Node lacks --experimental-vm-modules: https://jestjs.io/docs/ecmascript-modules
    supported: { "dynamic-import": false },
  });
  writeFileSync(join(out, "package.json"), '{ "type": "commonjs" }\n');
  for (const file of TYPES) copyFileSync(at("www", file), join(out, file));
}

/** Writes the files of src/browser/host/ as one, for the tests in the browser. */
export async function bundleHost() {
  const { build } = await import("esbuild");
  await build({ entryPoints: [HOST.entry], outfile: at(HOST.name), bundle: true, format: "esm", logLevel: "warning" });
}

/**
 * Resolves the names under which www/ imports what the build makes: the glue, and a module as bytes; and the name under which the glue imports
 * the files of src/browser/host/, which www/ uses too.
 */
const generated = (work) => ({
  name: "recobeacon-generated",
  setup(build) {
    build.onResolve({ filter: /^built:/ }, ({ path }) => ({ path: join(work, path.slice("built:".length)) }));
    build.onResolve({ filter: new RegExp(`^${HOST.name}$`) }, () => ({ path: HOST.entry }));
    build.onLoad({ filter: /\.wasm$/ }, ({ path }) => ({ contents: readFileSync(path), loader: "binary" }));
  },
});

if (import.meta.url === pathToFileURL(process.argv[1]).href) {
  await main(async () => {
    const { values } = parseArgs({ options: { stable: { type: "boolean" } } });
    await steps([...setUp(), ...buildSteps(values)]);
    if (!values.stable && existsSync(DIST)) console.log("\ndist/ is ready; `npm run size` shows what it weighs.");
  });
}
