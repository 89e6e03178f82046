// npm test: everything, from nothing but Rust, a C compiler and Node. Stops at the first stage that fails.
// `-- --only e2e,types` runs these stages; `-- --list` names them all.

import { mkdirSync, readdirSync, readFileSync, writeFileSync } from "node:fs";
import { delimiter, dirname } from "node:path";
import { parseArgs } from "node:util";
import { buildSteps, DIST, STABLE_DIST } from "./build.mjs";
import { browser, browserSteps, findDriver } from "./lib/browser.mjs";
import { collectorStep } from "./lib/collector.mjs";
import { ownTemporaryDirectory } from "./lib/ending.mjs";
import { isFresh } from "./lib/freshness.mjs";
import { command, seconds, showing, steps } from "./lib/progress.mjs";
import { at, main, manifest, Problem, root } from "./lib/project.mjs";
import { setUp, WASM_TARGET } from "./lib/toolchain.mjs";

// The collector that `cargo test` compiled serves the end-to-end tests as well.
process.env.RECOBEACON_COLLECTOR = "debug";

const BROWSER_TEST_S = 120;

/** One of several dozen browsers that start one after the other does not answer now and then; a test that hangs does so again. */
const BROWSER_HUNG = /Timed out receiving message from renderer/;

/** What a runner says about itself, each of its summaries added up. */
const SUMMARIES = {
  // "test result: ok. 12 passed; 0 failed; 0 ignored; ...": cargo test and wasm-bindgen-test-runner
  cargo: /test result: \w+\. (?<passed>\d+) passed; (?<failed>\d+) failed; (?<skipped>\d+) ignored/g,
  // "pass 12 ... fail 0 ... cancelled 0 ... skipped 0": node --test
  node: /^\S+ pass (?<passed>\d+)\n\S+ fail (?<failed>\d+)\n\S+ cancelled (?<cancelled>\d+)\n\S+ skipped (?<skipped>\d+)/gm,
  // "35 passed, 0 failed": scripts/faults.mjs
  faults: /^(?<passed>\d+) passed, (?<failed>\d+) failed/gm,
};

function count(kind, text) {
  const sum = { passed: 0, failed: 0, skipped: 0 };
  for (const { groups } of text.matchAll(SUMMARIES[kind])) {
    sum.passed += Number(groups.passed);
    sum.failed += Number(groups.failed) + Number(groups.cancelled ?? 0);
    sum.skipped += Number(groups.skipped ?? 0);
  }
  return sum;
}

/** Runs a runner and counts by its own words. A run without a single test is a failure: it proves nothing. */
async function counted(kind, task, program, args, options = {}) {
  let text;
  let error;
  try {
    text = (await command(program, args, { task, cwd: root, ...options })).out;
  } catch (failure) {
    error = failure;
    text = failure.out ?? "";
  }
  const sum = count(kind, text);
  if (!error && sum.passed === 0) error = new Problem(`${text}\n${program} ${args.join(" ")} has run no test.`);
  if (!error && sum.skipped > 0) error = new Problem(`${text}\n${sum.skipped} tests were skipped.`);
  if (!error && /only configured to run in node/.test(text))
    error = new Problem(`${text}\nA suite was not run, as it is not configured for the browser.`);
  if (error) throw Object.assign(error, { sum: { ...sum, failed: Math.max(sum.failed, 1) } });
  return sum;
}

/** A check that passes or fails as a whole. */
async function check(task, program, args, options = {}) {
  await command(program, args, { task, cwd: root, ...options });
  return { passed: 1, failed: 0 };
}

const total = (sums) =>
  sums.reduce((a, b) => ({ passed: a.passed + b.passed, failed: a.failed + b.failed }), { passed: 0, failed: 0 });

const cargo = (task, args, options) => check(task, "cargo", args, options);
const nodeTests = (folder) => async (task) => {
  const files = readdirSync(at("tests", folder))
    .filter((name) => name.endsWith(".test.mjs"))
    .sort();
  // One file after another: with two at a time timings became those of a loaded machine.
  return counted("node", task, process.execPath, [
    "--test",
    "--test-concurrency=1",
    "--test-reporter=spec",
    ...files.map((name) => at("tests", folder, name)),
  ]);
};

/** dist/ of the sources as they are now, and the collector. */
async function built(task, options = {}) {
  if (isFresh(options.stable ? STABLE_DIST : DIST)) return;
  for (const step of buildSteps(options)) await step.run(task);
}

async function wasmPack(task) {
  // wasm-pack finds the tools on PATH and downloads nothing; the driver finds the browser by webdriver.json.
  const capabilities = JSON.parse(readFileSync(at("webdriver.json"), "utf8"));
  capabilities["goog:chromeOptions"].binary = browser();
  mkdirSync(at("target"), { recursive: true });
  const file = at("target", "webdriver.json");
  writeFileSync(file, JSON.stringify(capabilities));
  const driver = findDriver();
  const run = () =>
    counted(
      "cargo",
      task,
      at(".tools", "bin", "wasm-pack"),
      ["test", "--headless", "--chrome", "--chromedriver", driver, "--mode", "no-install", ".", "--lib", "--test", "*"],
      {
        env: {
          PATH: [at(".tools", "bin"), dirname(driver), process.env.PATH].join(delimiter),
          WASM_BINDGEN_TEST_WEBDRIVER_JSON: file,
          WASM_BINDGEN_TEST_TIMEOUT: String(BROWSER_TEST_S),
          WASM_BINDGEN_TEST_DRIVER_TIMEOUT: "30",
          // Scraping while it runs sometimes repeats or cuts a line, and the summary is counted.
          WASM_BINDGEN_TEST_NO_STREAM: "1",
        },
      },
    );
  try {
    return await run();
  } catch (error) {
    if (!BROWSER_HUNG.test(error.message)) throw error;
    console.log("      a browser did not answer: once more, from the start");
    return run();
  }
}

const docs = { RUSTDOCFLAGS: "-D warnings" };

const STAGES = {
  fmt: { label: "formatting", run: (task) => cargo(task, ["fmt", "--all", "--check"]) },
  clippy: {
    label: "clippy, on this machine and for wasm",
    run: async (task) =>
      total([
        await cargo(task, ["clippy", "--workspace", "--all-targets", "--", "-D", "warnings"]),
        await cargo(task, [
          "clippy",
          "--package",
          manifest.name,
          "--lib",
          "--target",
          WASM_TARGET,
          "--",
          "-D",
          "warnings",
        ]),
        await cargo(task, [
          "clippy",
          "--package",
          manifest.name,
          "--lib",
          "--target",
          WASM_TARGET,
          "--no-default-features",
          "--",
          "-D",
          "warnings",
        ]),
      ]),
  },
  cargo: {
    label: "engine and collector (cargo test), and the engine of the smaller module",
    run: async (task) =>
      total([
        await counted("cargo", task, "cargo", ["test", "--workspace"]),
        await counted("cargo", task, "cargo", ["test", "--package", manifest.name, "--no-default-features", "--tests"]),
      ]),
  },
  docs: {
    label: "documentation without warnings",
    run: async (task) =>
      total([
        await cargo(task, ["doc", "--no-deps", "--package", manifest.name], { env: docs }),
        await cargo(task, ["doc", "--no-deps", "--package", manifest.name, "--target", WASM_TARGET], { env: docs }),
      ]),
  },
  wasm: { label: "engine and shell in Chromium (wasm-pack)", run: wasmPack },
  build: {
    label: "build and size",
    run: async (task) => {
      await built(task);
      const { out } = await command(process.execPath, [at("scripts", "size.mjs")], { task });
      console.log(`\n${out.trimEnd()}`);
      return { passed: 1, failed: 0 };
    },
  },
  stable: {
    label: "build with the plain stable toolchain",
    needs: [(task) => built(task, { stable: true }), collector],
    run: nodeTests("stable"),
  },
  types: {
    label: "types",
    run: async (task) => {
      await built(task);
      return check(task, process.execPath, [
        at("node_modules", "typescript", "bin", "tsc"),
        "--project",
        at("tests", "types"),
      ]);
    },
  },
  package: { label: "npm package", needs: [built, collector], run: nodeTests("package") },
  e2e: {
    label: "demo shop and pages in Chromium, told by the collector",
    needs: [built, collector],
    run: nodeTests("e2e"),
  },
  readme: { label: "the README's own pages", needs: [built, collector], run: nodeTests("readme") },
  faults: {
    label: "what is lost when things go wrong, the short cut in Chromium",
    needs: [built, collector],
    run: (task) => counted("faults", task, process.execPath, [at("scripts", "faults.mjs"), "--short"]),
  },
};

async function collector(task) {
  await collectorStep().run(task);
}

function chosen() {
  const { values } = parseArgs({ options: { only: { type: "string" }, list: { type: "boolean" } } });
  const names = values.only?.split(",") ?? Object.keys(STAGES);
  const unknown = names.find((name) => !STAGES[name]);
  if (unknown) throw new Problem(`There is no stage "${unknown}". The stages are: ${Object.keys(STAGES).join(", ")}.`);
  return { names, list: values.list };
}

await main(async () => {
  const started = performance.now();
  const { names, list } = chosen();
  if (list)
    return console.log(
      Object.entries(STAGES)
        .map(([name, { label }]) => `${name.padEnd(8)} ${label}`)
        .join("\n"),
    );

  ownTemporaryDirectory();
  const inBrowser = names.some((name) => ["wasm", "stable", "package", "e2e", "readme", "faults"].includes(name));
  await steps([
    ...setUp({ wasmPack: names.includes("wasm") }),
    ...(inBrowser ? browserSteps({ driver: names.includes("wasm") }) : []),
  ]);

  const sums = [];
  let failure;
  for (const [index, name] of names.entries()) {
    const { label, needs = [], run } = STAGES[name];
    try {
      const sum = await showing(`\n[${index + 1}/${names.length}] ${name}: ${label}`.trimStart(), async (task) => {
        for (const need of needs) await need(task);
        return run(task);
      });
      console.log(`      ${sum.passed} passed`);
      sums.push(sum);
    } catch (error) {
      sums.push(error.sum ?? { passed: 0, failed: 1 });
      failure = error;
      break;
    }
  }
  const { passed, failed } = total(sums);
  if (failure) console.error(`\n${failure instanceof Problem ? failure.message : failure.stack}`);
  else console.log(`\nAll of it took ${seconds(started)}.`);
  console.log(`${passed} passed, ${failed} failed`);
  if (failure) process.exitCode = 1;
});
