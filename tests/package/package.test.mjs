// The package as delivered by npm: its files, its behaviour in Node, and its use by bundlers without set-up.

import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
import { createHash } from "node:crypto";
import { copyFileSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { test } from "node:test";
import { build as esbuild } from "esbuild";
import { at } from "../../scripts/lib/project.mjs";
import { ready, scenario, useBrowser } from "../e2e/harness.mjs";
import { install, lend } from "./installed.mjs";

useBrowser();

const BATCH = '{ protocol: "batch", endpoint: "/v1/events" }';
const application = (destinations) => `
import { createTracker } from "recobeacon";
const warnings = [];
const tracker = createTracker({
  destinations: ${destinations},
  onWarning: (warning) => warnings.push(warning.code),
});
tracker.click({ itemId: 1, categoryPath: "a", search: { query: "q", position: 1 } });
tracker.ready.then(() => tracker.click({ itemId: 2, categoryPath: "a", search: { query: "q", position: 2 } }));
window.tracker = tracker;
window.warnings = warnings;
`;
const APP = application(BATCH);
const page = (script) =>
  `<!doctype html><title>An application</title><link rel="icon" href="data:,"><script type="module" src="${script}"></script>`;

/** The bundled application works in a browser. */
async function works({ page, visit, collector }) {
  await visit();
  await page.waitForFunction(() => window.tracker);
  await page.evaluate(() => window.tracker.ready);
  await collector.expectExactly({ type: "click", itemId: "1" }, { type: "click", itemId: "2" });
  assert.deepEqual(await page.evaluate(() => window.warnings), []);
}

/** The files for browsers and bundlers, and the types. */
const FILES = [
  "config.d.ts",
  "consent-google.js",
  "consent-gpp.js",
  "consent-shopify.js",
  "consent-sources.js",
  "consent-tcf.js",
  "consent-wp.js",
  "core-all.js",
  "core.js",
  "fallback.js",
  "index.d.ts",
  "index.js",
  "larger.js",
  "measure.js",
  "reco.js",
  "recobeacon-all.wasm",
  "recobeacon.wasm",
  "snippet.es5.js",
  "snippet.js",
  "ycq-consent.js",
  "ycq.js",
];

let asItIs;
const plain = () => (asItIs ??= install("plain"));

test("the package has the expected files, and no others", () => {
  const { packed } = plain();
  const commonJs = FILES.filter((name) => /^(config|consent|core|fallback|index|larger|measure)/.test(name));
  const expected = [...commonJs, "package.json"].map((name) => `dist/cjs/${name}`);
  expected.push(...[...FILES, "integrity.json"].map((name) => `dist/${name}`));
  expected.sort();
  const beside = packed.filter((file) => !expected.includes(file));
  assert.deepEqual(
    packed.filter((file) => file.startsWith("dist/")),
    expected,
  );
  assert.deepEqual(beside, ["CHANGELOG.md", "LICENSE-APACHE", "LICENSE-MIT", "README.md", "package.json"]);
});

test("integrity.json has the hash of every file that a page may load", () => {
  const { app } = plain();
  const dist = join(app, "node_modules", "recobeacon", "dist");
  const integrity = JSON.parse(readFileSync(join(dist, "integrity.json"), "utf8"));
  assert.deepEqual(Object.keys(integrity).sort(), FILES);
  for (const [file, said] of Object.entries(integrity)) {
    assert.equal(
      said,
      `sha384-${createHash("sha384")
        .update(readFileSync(join(dist, file)))
        .digest("base64")}`,
      file,
    );
  }
});

test("shipped files contain no path of the build machine", () => {
  const { app, packed } = plain();
  for (const file of packed) {
    const text = readFileSync(join(app, "node_modules", "recobeacon", file), "latin1");
    assert.ok(!text.includes(at("")), file);
    assert.ok(!/\.cargo\/registry|\/rustlib\//.test(text), `${file} names a path of the Rust installation`);
  }
});

for (const [name, bring] of [
  ["in Node, import does nothing and every call is a silent no-op", 'await import("recobeacon")'],
  ["in Node, require does nothing and every call is a silent no-op", 'createRequire(import.meta.url)("recobeacon")'],
]) {
  test(name, () => {
    const { app } = install("node", {
      "ssr.mjs": `
      import { createRequire } from "node:module";
      const before = Reflect.ownKeys(globalThis).map(String).sort().join();
      const { createTracker } = ${bring};
      if (Reflect.ownKeys(globalThis).map(String).sort().join() !== before) throw new Error("the import has left something in the global object");
      const tracker = createTracker({ destinations: { protocol: "batch", endpoint: "/v1/events" }, autoTrack: { attributes: true, routes: true }, onWarning(warning) { throw warning; } });
      await tracker.ready;
      const methods = ["click", "consume", "basket", "deleteFromBasket", "wishlist", "deleteFromWishlist", "buy", "rate", "blacklist", "rendered",
        "clickRecommended", "followLink", "triggerOpened", "clickTriggered", "feedback", "cacheHit", "landingPageClick", "predictiveBasketClick",
        "login", "logout", "page", "consent"];
      for (const method of methods) if (tracker[method]({ itemId: 1 }) !== undefined) throw new Error(method);
      const timer = tracker.consumeTimer({ itemId: 1 }, { by: "time", fullAfterMs: 1000 });
      if (timer.percentage !== 0) throw new Error("percentage");
      timer.stop();
      tracker.consumeTimer({ itemId: 1 }, { by: "scroll", element: null }).stop();
      tracker.observeRecommendations(null, { scenario: "s" }).disconnect();
      tracker.on("sent", () => {})();
      await tracker.flush();
      for (const [name, value] of Object.entries(tracker.stats())) if (typeof value === "number" && value !== 0) throw new Error(name);
      if (tracker.userId !== null || tracker.anonymousId !== null || tracker.sessionId !== null) throw new Error("somebody is known");
      // A server renders for many visitors, so data of one must not reach another.
      createTracker({ destinations: { protocol: "batch", endpoint: "/v1/events" } });
      tracker.dispose();
      console.log("end");
    `,
    });
    // No timer and no handle remains, so the process ends by itself.
    const { status, stdout, stderr } = spawnSync(process.execPath, ["ssr.mjs"], {
      cwd: app,
      encoding: "utf8",
      timeout: 20_000,
    });
    assert.deepEqual({ status, stdout, stderr }, { status: 0, stdout: "end\n", stderr: "" });
  });
}

test("the types are found by every module resolution in use", () => {
  const { app } = install("types", {
    "use.cts":
      'import recobeacon = require("recobeacon");\nexport const tracker: recobeacon.Tracker = recobeacon.createTracker({ destinations: { protocol: "batch", endpoint: "/v1/events" } });\n',
    "use.mts":
      'import { createTracker, type Tracker } from "recobeacon";\nexport const tracker: Tracker = createTracker({ destinations: { protocol: "batch", endpoint: "/v1/events" } });\n',
  });
  for (const [module, resolution] of [
    ["nodenext", "nodenext"],
    ["esnext", "bundler"],
  ]) {
    writeFileSync(
      join(app, "tsconfig.json"),
      JSON.stringify({
        compilerOptions: {
          module,
          moduleResolution: resolution,
          target: "es2022",
          lib: ["es2022", "dom"],
          types: [],
          strict: true,
          noEmit: true,
        },
        // Both in one program, because both declare the global `reco`.
        files: resolution === "nodenext" ? ["use.mts", "use.cts"] : ["use.mts"],
      }),
    );
    const { status, stdout } = spawnSync(
      process.execPath,
      [at("node_modules", "typescript", "bin", "tsc"), "--project", app],
      { encoding: "utf8" },
    );
    assert.equal(status, 0, `${resolution}: ${stdout}`);
  }
});

async function bundledByEsbuild(options, source = APP) {
  const { app } = install("esbuild", { "app.js": source });
  const outdir = join(app, "site");
  await esbuild({
    absWorkingDir: app,
    entryPoints: ["app.js"],
    bundle: true,
    minify: true,
    outdir,
    logLevel: "error",
    ...options,
  });
  writeFileSync(join(outdir, "index.html"), page("/app.js"));
  return outdir;
}

async function bundledByVite(source = APP) {
  const { app } = install("vite", { "app.js": source, "index.html": page("/app.js") });
  lend(app, "vite");
  const { build } = await import("vite");
  await build({ root: app, configFile: false, logLevel: "error", build: { outDir: "site", emptyOutDir: true } });
  return join(app, "site");
}

scenario(
  "bundled by esbuild, with the core in a chunk of its own",
  { site: () => bundledByEsbuild({ format: "esm", splitting: true }) },
  works,
);
scenario("bundled by esbuild into one file", { site: () => bundledByEsbuild({ format: "iife" }) }, works);
scenario("bundled by Vite, without any set-up", { site: () => bundledByVite() }, works);

/** docs/bundlers.md: one file without the larger module, and that module beside it. */
async function oneFile(source) {
  const site = await bundledByEsbuild({ format: "iife", external: ["./core-all.js"] }, source);
  const [{ app }, file] = [plain(), "core-all.js"];
  copyFileSync(join(app, "node_modules", "recobeacon", "dist", file), join(site, file));
  return site;
}

const BUNDLERS = [
  ["esbuild into one file", oneFile, "core"],
  ["esbuild", (source) => bundledByEsbuild({ format: "esm", splitting: true }, source)],
  ["Vite", bundledByVite],
];
const DESTINATIONS = [
  ["factfinder", '{ protocol: "factfinder", channel: "de", endpoint: location.origin }', "core-all"],
  ["ibexa", '{ protocol: "ibexa", customerId: "00000", endpoint: location.origin }', "core"],
];
for (const [bundler, bundled, inlined] of BUNDLERS) {
  for (const [source, destination, core] of DESTINATIONS) {
    scenario(
      `bundled by ${bundler}: ${source} loads ${core}.js and not the other`,
      { site: () => bundled(application(destination)) },
      async ({ page, visit, collector }) => {
        await visit();
        await page.waitForFunction(() => window.tracker);
        await page.evaluate(() => window.tracker.ready.then(() => window.tracker.flush()));
        const rows = await collector.expectStored(
          { type: "click", itemId: "1", source },
          { type: "click", itemId: "2", source },
        );
        assert.equal((await collector.stored()).length, rows.length);
        const loaded = await page.evaluate(() =>
          performance.getEntriesByType("resource").map(({ name }) => new URL(name).pathname.split("/").at(-1)),
        );
        assert.deepEqual(
          loaded.map((name) => name.match(/^core(-all)?(?=[-.])/)?.[0]).filter(Boolean),
          core === inlined ? [] : [core],
          loaded.join(" "),
        );
        assert.deepEqual(await page.evaluate(() => window.warnings), []);
      },
    );
  }
}

const WITHOUT_CODE = `
import { createTracker } from "recobeacon";
window.warnings = [];
window.tracker = createTracker({ destinations: ${BATCH}, autoTrack: true, onWarning: (warning) => window.warnings.push(warning.code) });
document.body.innerHTML = '<i data-reco="click" data-reco-item="7"></i>';
`;
const INTO_ONE = ["esbuild, into one file", (source) => bundledByEsbuild({ format: "iife" }, source)];
for (const [bundler, bundled] of [...BUNDLERS, INTO_ONE]) {
  scenario(
    `bundled by ${bundler}: measure.js is found`,
    { site: () => bundled(WITHOUT_CODE) },
    async ({ page, visit, collector }) => {
      await visit();
      await collector.expectExactly({ type: "click", itemId: "7" });
      assert.deepEqual(await page.evaluate(() => window.warnings), []);
    },
  );
}

scenario(
  "unbundled, from a server, with an import map",
  {
    site: {
      "index.html": `<!doctype html><title>No bundler</title><link rel="icon" href="data:,"><script type="importmap">{ "imports": { "recobeacon": "/dist/index.js" } }</script><script type="module">${APP}</script>`,
    },
  },
  works,
);

scenario(
  "the files load with subresource integrity",
  {
    site: () => {
      const integrity = JSON.parse(readFileSync(at("dist", "integrity.json"), "utf8"));
      const snippet = readFileSync(at("dist", "snippet.js"), "utf8");
      return {
        "index.html": `<!doctype html><title>SRI</title><link rel="icon" href="data:,"><script>${snippet}</script><script async src="/dist/reco.js" integrity="${integrity["reco.js"]}" crossorigin="anonymous"></script>
          <script>reco("create", { destinations: { protocol: "batch", endpoint: "/v1/events" } }); reco("click", { itemId: 1 });</script>`,
      };
    },
  },
  async ({ page, visit, collector }) => {
    await visit();
    await ready(page);
    await collector.expectExactly({ itemId: "1" });
  },
);
