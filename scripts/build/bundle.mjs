// www/ and the built module -> the files of dist/.

import { createHash } from "node:crypto";
import { copyFileSync, mkdirSync, readdirSync, readFileSync, renameSync, rmSync, writeFileSync } from "node:fs";
import { dirname, extname, join } from "node:path";
import { SOURCES } from "../../www/consent/names.js";
import { at, root } from "../lib/project.mjs";

const TARGET = 2020;
/** The target of the npm package: the parser of webpack 4 (acorn 6) has no support for newer syntax. */
const NPM_TARGET = 2019;
/** The drop-in needs no WebAssembly, so it supports the same browsers as the script that it replaces. */
const OLD_TARGET = 2015;
/**
 * The stub is part of every page, so each byte counts, hence `catch` without a name. A browser too old for that cannot
 * run the module either. For tag managers that accept ES5 only, there is the same stub in ES5.
 */
const STUB_TARGET = "es2019";

/** Files that the npm entry loads on demand. */
const CHUNKS = ["./core.js", "./core-all.js", "./larger.js", "./measure.js", "./consent-sources.js"];
/** The larger module as JavaScript. */
const FALLBACK = "./fallback.js";

/** The file of a banner's interface. */
const sourceFile = (name) => `./consent-${name}.js`;

/** The type declarations. */
const TYPES = ["index.d.ts", "config.d.ts"];

/**
 * The files of src/browser/host/, and the name under which host.rs imports them. For the browser tests it is a real
 * path.
 */
const HOST = { entry: at("src", "browser", "host", "index.js"), name: "/target/host.js" };

const sha = (algorithm, bytes, encoding) => createHash(algorithm).update(bytes).digest(encoding);
/** A file as www/verified.js needs it: SHA-256 has the shortest hash that browsers accept. */
const hashed = (folder, file) => [file, `sha256-${sha("sha256", readFileSync(join(folder, file)), "base64")}`];

/** Writes dist/ into `out`. `work` has the glue and the modules of these names. */
export async function bundle(work, out, modules) {
  // Written to a separate folder and then swapped, so that a failed build keeps the last good one.
  const next = `${out}.next`;
  rmSync(next, { recursive: true, force: true });
  mkdirSync(next, { recursive: true });

  const modulesHashed = modules.map((name) => hashed(work, `${name}.wasm`));
  const define = {
    __WASM_FILES__: JSON.stringify(modulesHashed),
    __WASM_INTEGRITY__: JSON.stringify(modulesHashed.map(([, integrity]) => integrity).join(" ")),
  };
  /** @type {import("esbuild").BuildOptions} */
  const options = { define, plugins: [generated(work)], outdir: next };
  // First, because their hashes are in reco.js, like those of the modules.
  const later = ["./measure.js", ...SOURCES.map(sourceFile)];
  await write(NPM_TARGET, { ...options, entryPoints: later.map((file) => `www/${file}`), format: "esm" });
  // terser needs ten times as long for this file and does not make it smaller.
  const plain = { ...options, entryPoints: [`www/${FALLBACK}`], format: "esm" };
  await write(NPM_TARGET, plain, { shrink: false });
  await write(OLD_TARGET, { ...options, entryPoints: ["www/ycq-consent.js"], format: "iife" });
  const built = (file) => hashed(next, file.slice("./".length));
  define.__MEASURE_FILE__ = JSON.stringify(built("./measure.js"));
  define.__FALLBACK_FILE__ = JSON.stringify(built(FALLBACK));
  define.__YCQ_CONSENT_FILE__ = JSON.stringify(built("./ycq-consent.js"));
  const hashes = SOURCES.map((name) => [name, built(sourceFile(name))[1]]);
  define.__CONSENT_FILES__ = JSON.stringify(Object.fromEntries(hashes));
  await Promise.all([
    write(TARGET, { ...options, entryPoints: { reco: "www/tag.js" }, format: "iife" }),
    write(NPM_TARGET, {
      ...options,
      entryPoints: ["www/index.js", "www/larger.js", "www/consent-sources.js"],
      format: "esm",
      external: [...CHUNKS, ...SOURCES.map(sourceFile)],
    }),
    write(NPM_TARGET, {
      ...options,
      entryPoints: ["www/core.js", "www/core-all.js"],
      format: "esm",
      external: [FALLBACK],
    }),
    commonJs(options, join(next, "cjs")),
    write(OLD_TARGET, { ...options, entryPoints: ["www/ycq.js"], format: "iife" }),
    stubs(next),
  ]);
  for (const name of modules) copyFileSync(join(work, `${name}.wasm`), join(next, `${name}.wasm`));
  for (const file of TYPES) copyFileSync(at("www", file), join(next, file));

  writeFileSync(join(next, "integrity.json"), `${JSON.stringify(integrity(next), null, 2)}\n`);
  rmSync(out, { recursive: true, force: true });
  mkdirSync(dirname(out), { recursive: true });
  renameSync(next, out);
}

/** Bundles entries. terser makes esbuild's minified output 6 % smaller. */
async function write(ecma, options, { shrink = true } = {}) {
  // Imported here, because on a fresh machine they exist only after set-up.
  const { build } = await import("esbuild");
  const { minify } = await import("terser");
  const { outputFiles } = await build({
    bundle: true,
    minify: true,
    target: `es${ecma}`,
    charset: "utf8",
    legalComments: "none",
    logLevel: "warning",
    absWorkingDir: root,
    write: false,
    ...options,
  });
  const module = options.format === "esm";
  for (const { path, text } of outputFiles) {
    const minified = () =>
      minify(text, { ecma, module, compress: { passes: 3, unsafe_arrows: ecma > OLD_TARGET }, mangle: true });
    const { code } = shrink ? await minified() : { code: text.trimEnd() };
    mkdirSync(dirname(path), { recursive: true });
    writeFileSync(path, `${code}\n`);
  }
}

/**
 * The stub with the imported constants inserted as numbers, because it is pasted into pages. And the same in ES5, which
 * esbuild cannot write.
 */
async function stubs(out) {
  const { build } = await import("esbuild");
  /** @returns {Promise<string>} */
  const inlined = async (options) => {
    const entry = { entryPoints: [at("www", "stub.js")], bundle: true, format: "esm", target: STUB_TARGET };
    const { outputFiles } = await build({ ...entry, charset: "utf8", legalComments: "none", write: false, ...options });
    const [{ text }] = outputFiles;
    // Anything else would be a global of the page.
    if (!/^(\/\/.*\n)*\(\(/.test(text))
      throw new Error("the stub is not a single expression: an imported constant was not inlined");
    return text;
  };
  writeFileSync(join(out, "snippet.js"), await inlined({ minify: true }));

  const swc = await import("@swc/wasm");
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
  const old = await swc.transform(await inlined({ minifySyntax: true }), options);
  writeFileSync(join(out, "snippet.es5.js"), `${old.code}\n`);
}

/**
 * The same for `require()`, for Jest and for Node without ES modules. Bundlers use the ES modules, even for `require()`
 * (the condition "module" in package.json). It has its own folder, whose package.json gives the type of its .js and
 * .d.ts files.
 */
async function commonJs(options, out) {
  const chunks = [...CHUNKS, ...SOURCES.map(sourceFile)];
  const entries = ["./index.js", ...chunks].map((chunk) => ({ in: join("www", chunk), out: chunk.slice(2, -3) }));
  const entryPoints = [...entries, { in: "www/fallback-none.js", out: FALLBACK.slice(2, -3) }];
  await write(NPM_TARGET, {
    ...options,
    entryPoints,
    outdir: out,
    format: "cjs",
    external: [...chunks, FALLBACK],
    // Jest cannot `import()` unless Node runs with --experimental-vm-modules: https://jestjs.io/docs/ecmascript-modules
    supported: { "dynamic-import": false },
  });
  writeFileSync(join(out, "package.json"), '{ "type": "commonjs" }\n');
  for (const file of TYPES) copyFileSync(at("www", file), join(out, file));
}

/** The hash of each file, for the attribute `integrity`. */
const integrity = (folder) =>
  Object.fromEntries(
    readdirSync(folder)
      .filter((file) => extname(file))
      .sort()
      .map((file) => [file, `sha384-${sha("sha384", readFileSync(join(folder, file)), "base64")}`]),
  );

/** Bundles the files of src/browser/host/ for the browser tests. */
export async function bundleHost() {
  const { build } = await import("esbuild");
  await build({ entryPoints: [HOST.entry], outfile: at(HOST.name), bundle: true, format: "esm", logLevel: "warning" });
}

/**
 * Resolves the names under which www/ imports built files: the glue, and a module as bytes; and the name under which
 * the glue imports the files of src/browser/host/, which www/ uses as well.
 */
const generated = (work) => ({
  name: "recobeacon-generated",
  setup(build) {
    build.onResolve({ filter: /^built:/ }, ({ path }) => ({ path: join(work, path.slice("built:".length)) }));
    build.onResolve({ filter: new RegExp(`^${HOST.name}$`) }, () => ({ path: HOST.entry }));
    build.onLoad({ filter: /\.wasm$/ }, ({ path }) => ({ contents: readFileSync(path), loader: "binary" }));
  },
});
