// The stages of the test commands in the order of their start, with the tier of each.

import { mkdirSync, readdirSync, readFileSync, writeFileSync } from "node:fs";
import { delimiter, dirname } from "node:path";
import { bundleHost } from "../build/bundle.mjs";
import { buildSteps, DIST, STABLE_DIST } from "../build.mjs";
import { browser, findDriver } from "../lib/browser.mjs";
import { collectorStep } from "../lib/collector.mjs";
import { check, counted, total } from "../lib/counting.mjs";
import { temporaryDirectory } from "../lib/ending.mjs";
import { isFresh } from "../lib/freshness.mjs";
import { fuzzSteps } from "../lib/fuzz.mjs";
import { postgresServer } from "../lib/postgres.mjs";
import { command } from "../lib/progress.mjs";
import { at, manifest, tool } from "../lib/project.mjs";
import { sbomToolSteps } from "../lib/sbom.mjs";
import { WASM_TARGET } from "../lib/toolchain.mjs";

/** Each tier runs its own stages and those of the tiers before it. */
export const TIERS = ["check", "test", "all"];

/**
 * The tests run one after another in a single task, and the page answers the driver only after it. webdriver.json has
 * the same timeout.
 */
const BROWSER_TEST_S = 600;
/** Each file has its own browser and collector, and a scenario waits for much of its time. */
const SCENARIO_FILES_AT_ONCE = 5;

/** Tests that concern no database, or the file of SQLite with its key file and its list of erased visitors. */
const WITHOUT_POSTGRES = [
  "bounds::",
  "config::",
  "cors::",
  "files::",
  "guard::",
  "json_keys::",
  "logs::",
  "origins::",
  "refusals::",
  "round_trip::",
  "vendors_config::",
  "backup::",
  "migration::",
  "storage::",
  "owners::",
  "ready::",
  "forward::restored::",
  "erased::a_list_that_cannot_be_read_is_named",
  "erased::a_restore_erases_before_the_next_start",
  "visitors::a_restored_backup",
  "visitors::the_hash_of_an_id_is_found_by_hand",
  "visitors::the_key_file_is_rotated",
  "keeping::a_database_at_its_limit",
  "keeping::a_damaged_database",
  "keeping::damage_within",
  "keeping::the_log_has_a_limit",
  "no_plain_user_id_is_in_the_database",
  "forward::queue::the_ids_are_on_disk_only_encrypted",
  "lifecycle::the_largest_allowed_limits_work",
  "metrics::the_sizes_of_the_files",
  "command::check_notes_what_is_valid",
  "order_files::after_a_new_key",
];

const cargo = (task, args, options) => check(task, "cargo", args, options);
const cargoTest = (task, ...args) => counted("cargo", task, "cargo", ["test", ...args]);
const node = (task, ...args) => check(task, process.execPath, args);
const script = (task, name, ...args) => counted("script", task, process.execPath, [at("scripts", name), ...args]);
const npmTool = (...path) => at("node_modules", ...path);

/** Runs the *.test.mjs files of a folder of tests/. */
const nodeTests =
  (folder, filesAtOnce = SCENARIO_FILES_AT_ONCE, env = {}) =>
  (task) => {
    const files = readdirSync(at("tests", folder)).filter((name) => name.endsWith(".test.mjs"));
    const args = [
      "--test",
      `--test-concurrency=${filesAtOnce}`,
      "--test-reporter=spec",
      ...files.sort().map((name) => at("tests", folder, name)),
    ];
    return counted("node", task, process.execPath, args, { env });
  };

/** The builds of this run, by folder. Two stages may need the same one at the same time. */
const builds = new Map();

/** Builds dist/, unless it is up to date. */
function dist(task, options = {}) {
  const folder = options.stable ? STABLE_DIST : DIST;
  const build = async () => {
    if (isFresh(folder)) return;
    for (const step of buildSteps(options)) await step.run(task);
  };
  // A source that was changed during an earlier build makes it stale.
  const last = builds.get(folder) ?? Promise.resolve();
  builds.set(folder, last.then(build));
  return builds.get(folder);
}

const collector = (task) => collectorStep().run(task);

/** Installs Firefox and its driver. Imported here, because these files need npm's packages. */
async function firefox(task) {
  const { ENGINES } = await import("../../tests/faults/browsers/index.mjs");
  for (const step of ENGINES.firefox.steps()) await step.run(task);
}

/** wasm-pack finds the tools on PATH and downloads nothing; the driver finds the browser through webdriver.json. */
async function wasmPack(task) {
  await bundleHost();
  const capabilities = JSON.parse(readFileSync(at("webdriver.json"), "utf8"));
  capabilities["goog:chromeOptions"].binary = browser();
  mkdirSync(at("target"), { recursive: true });
  const file = at("target", "webdriver.json");
  writeFileSync(file, JSON.stringify(capabilities));
  const driver = findDriver();
  const where = ["--headless", "--chrome", "--chromedriver", driver, "--mode", "no-install"];
  return counted("cargo", task, tool("wasm-pack"), ["test", ...where, ".", "--test", "engine"], {
    env: {
      PATH: [at(".tools", "bin"), dirname(driver), process.env.PATH].join(delimiter),
      WASM_BINDGEN_TEST_WEBDRIVER_JSON: file,
      WASM_BINDGEN_TEST_TIMEOUT: String(BROWSER_TEST_S),
      WASM_BINDGEN_TEST_DRIVER_TIMEOUT: "30",
      // Reading the output during the run sometimes repeats or truncates a line, and the summary is counted.
      WASM_BINDGEN_TEST_NO_STREAM: "1",
    },
  });
}

const deny = ["-D", "warnings"];
const ENGINE = ["--package", manifest.name, "--package", `${manifest.name}-engine`];
const inModule = [...ENGINE, "--lib", "--target", WASM_TARGET];
const rustdoc = { env: { RUSTDOCFLAGS: "-D warnings" } };

/** Runs the tests of the service with PostgreSQL in place of SQLite. */
async function withPostgres(task) {
  const { path: folder, remove } = temporaryDirectory();
  const server = await postgresServer({ folder, settings: { fsync: "off", max_connections: 300 } });
  try {
    await server.start();
    const skipped = WITHOUT_POSTGRES.flatMap((name) => ["--skip", name]);
    const args = [
      "test",
      "--package",
      "recobeacon-collector",
      "--test",
      "service",
      "--",
      "--test-threads=6",
      ...skipped,
    ];
    return await counted("cargo", task, "cargo", args, {
      // The generators of inputs are tested with SQLite. Here each input needs a database.
      env: { RECOBEACON_TEST_POSTGRES: server.address, PROPTEST_CASES: "8" },
    });
  } finally {
    await server.stop();
    remove();
  }
}

/**
 * A stage's `needs` run before it. `cargo`: it compiles with cargo for most of its time (run.mjs); `browser`: it needs
 * Chromium; `driver`: also chromedriver; `programs`: those of servers.mjs; `libraries`: Prototype and MooTools.
 * @type {Record<string, { tier: string, label: string, cargo?: boolean, needs?: ((task: any) => Promise<any>)[],
 * browser?: boolean, driver?: boolean, programs?: string[], libraries?: boolean, run(task: any): Promise<{ passed: number,
 * failed: number }> }>}
 */
export const STAGES = {
  format: {
    tier: "check",
    label: "formatting and lint of JavaScript, formatting of Rust",
    run: async (task) =>
      total([
        await node(task, npmTool("@biomejs", "biome", "bin", "biome"), "ci", "--error-on-warnings", "."),
        await cargo(task, ["fmt", "--all", "--check"]),
        await cargo(task, ["fmt", "--manifest-path", at("fuzz", "Cargo.toml"), "--check"]),
      ]),
  },
  types: {
    tier: "check",
    label: "types of the shipped JavaScript, of the scripts, and of a customer's TypeScript",
    run: async (task) => {
      const tsc = npmTool("typescript-7", "bin", "tsc");
      const projects = [at("www"), at("scripts"), at("tests", "types")];
      const sums = [];
      for (const project of projects) sums.push(await node(task, tsc, "--project", project));
      return total(sums);
    },
  },
  clippy: {
    tier: "check",
    cargo: true,
    label: "clippy, on this machine, and the lock file of the fuzz targets",
    run: async (task) => {
      const fuzz = ["--manifest-path", at("fuzz", "Cargo.toml")];
      return total([
        await cargo(task, ["metadata", "--locked", "--format-version", "1", ...fuzz]),
        await cargo(task, ["clippy", "--workspace", "--all-targets", "--", ...deny]),
      ]);
    },
  },
  rules: {
    tier: "check",
    label: "JavaScript rules generated from Rust, and consent before the module has loaded",
    run: nodeTests("rules"),
  },
  engine: {
    tier: "check",
    cargo: true,
    label: "the engine's tests",
    run: (task) => cargoTest(task, ...ENGINE),
  },

  "clippy-wasm": {
    tier: "test",
    cargo: true,
    label: "clippy of the two modules",
    run: async (task) =>
      total([
        await cargo(task, ["clippy", ...inModule, "--tests", "--", ...deny]),
        await cargo(task, ["clippy", ...inModule, "--no-default-features", "--", ...deny]),
      ]),
  },
  collector: {
    tier: "test",
    cargo: true,
    label: "the collector's tests",
    run: (task) => cargoTest(task, "--package", "recobeacon-collector"),
  },
  postgres: {
    tier: "test",
    cargo: true,
    label: "the collector's tests with PostgreSQL",
    programs: ["initdb", "postgres"],
    run: withPostgres,
  },
  smaller: {
    tier: "test",
    cargo: true,
    label: "the engine of the smaller module",
    run: (task) => cargoTest(task, ...ENGINE, "--no-default-features"),
  },
  rustdoc: {
    tier: "test",
    cargo: true,
    label: "Rust documentation without warnings",
    run: async (task) =>
      total([
        await cargo(task, ["doc", "--no-deps", "--workspace"], rustdoc),
        await cargo(task, ["doc", "--no-deps", ...ENGINE, "--target", WASM_TARGET], rustdoc),
      ]),
  },
  wasm: {
    tier: "test",
    cargo: true,
    label: "engine and shell in Chromium (wasm-pack)",
    browser: true,
    driver: true,
    run: wasmPack,
  },
  size: {
    tier: "test",
    label: "build, and its size against the budgets",
    needs: [dist],
    run: async (task) => {
      const { out } = await command(process.execPath, [at("scripts", "size.mjs")], { task });
      console.log(`\n${out.trimEnd()}`);
      return { passed: 1, failed: 0 };
    },
  },
  contract: { tier: "test", label: "index.d.ts against the tracker", needs: [dist], run: nodeTests("types") },
  e2e: {
    tier: "test",
    label: "demo shop and pages in Chromium, checked by the collector's rows",
    needs: [dist, collector],
    browser: true,
    programs: ["nginx", "caddy"],
    libraries: true,
    run: nodeTests("e2e"),
  },
  deployment: {
    tier: "test",
    label: "systemd unit and container files of the collector",
    needs: [collector],
    programs: ["systemd-analyze"],
    run: nodeTests("deployment"),
  },
  cluster: {
    tier: "test",
    label: "collectors, NATS, writers and PostgreSQL",
    needs: [collector],
    programs: ["nats-server", "initdb", "postgres"],
    run: nodeTests("cluster"),
  },
  "cluster-long": {
    tier: "all",
    label: "each part of a cluster killed under load",
    needs: [collector],
    programs: ["nats-server", "initdb", "postgres"],
    run: nodeTests("cluster/long"),
  },
  package: { tier: "test", label: "npm package", needs: [dist, collector], browser: true, run: nodeTests("package") },
  docs: {
    tier: "test",
    label: "documentation site, in Chromium, its examples as TypeScript, and the links of all Markdown files",
    browser: true,
    run: async (task) =>
      total([await node(task, at("scripts", "docs.mjs"), "--build", "--no-rust"), await nodeTests("docs")(task)]),
  },
  readme: {
    tier: "test",
    label: "code blocks of README and docs",
    needs: [dist, collector],
    browser: true,
    run: nodeTests("readme"),
  },

  "e2e-without-wasm": {
    tier: "all",
    label: "the same pages without WebAssembly",
    needs: [dist, collector],
    browser: true,
    programs: ["nginx", "caddy"],
    libraries: true,
    run: nodeTests("e2e", SCENARIO_FILES_AT_ONCE, { RECOBEACON_E2E: "without-wasm" }),
  },
  "e2e-long": {
    tier: "all",
    label: "end-to-end tests that take minutes, and the shop in Firefox",
    needs: [dist, collector, firefox],
    browser: true,
    libraries: true,
    run: nodeTests("e2e/long"),
  },
  stable: {
    tier: "all",
    label: "build with the plain stable toolchain",
    needs: [(task) => dist(task, { stable: true }), collector],
    browser: true,
    run: nodeTests("stable"),
  },
  crates: {
    tier: "all",
    label: "licences, versions and sources of crates",
    // Not in "test": cargo-deny takes minutes to compile on a fresh machine.
    run: (task) => node(task, at("scripts", "deny.mjs")),
  },
  fuzz: {
    tier: "all",
    label: "a minute of random inputs for each reader, and clippy of the fuzz targets",
    run: async (task) => {
      for (const step of fuzzSteps()) await step.run(task);
      const manifestPath = ["--manifest-path", at("fuzz", "Cargo.toml"), "--target-dir", at("target", "fuzz")];
      return total([
        await cargo(task, ["clippy", "--locked", "--all-targets", ...manifestPath, "--", ...deny], {
          env: { RUSTFLAGS: "--cfg fuzzing" },
        }),
        await script(task, "fuzz.mjs"),
      ]);
    },
  },
  sbom: {
    tier: "all",
    label: "software bills of materials",
    // Not in "test": cargo-cyclonedx takes minutes to compile on a fresh machine.
    needs: [
      async (task) => {
        for (const step of sbomToolSteps()) await step.run(task);
      },
    ],
    run: nodeTests("sbom"),
  },
  reproducible: {
    tier: "all",
    label: "the same bytes from two clean clones",
    run: (task) => node(task, at("scripts", "reproducible.mjs")),
  },
  faults: {
    tier: "all",
    label: "lost and duplicated events under faults, in three browser engines",
    needs: [dist, collector],
    browser: true,
    run: (task) => script(task, "faults.mjs"),
  },
  peers: {
    tier: "all",
    label: "the same faults with other trackers",
    needs: [dist, collector],
    browser: true,
    run: (task) => script(task, "faults.mjs", "--peers"),
  },
  bundlers: {
    tier: "all",
    label: "the package in bundlers and test runners installed by npm",
    needs: [dist, collector],
    browser: true,
    run: (task) => script(task, "bundlers.mjs"),
  },
  clients: {
    tier: "all",
    label: "the vendors' own clients against the collector",
    needs: [collector],
    run: (task) => script(task, "clients.mjs"),
  },
};
