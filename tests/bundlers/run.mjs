// One tool of `npm run bundlers`: installs it with the packed package, runs its build or tests, and checks that the
// collector has the event.

import { cpSync, existsSync, mkdirSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { setTimeout as pause } from "node:timers/promises";
import { readAll, startTemporary } from "../../scripts/lib/collector.mjs";
import { command } from "../../scripts/lib/progress.mjs";
import { at, manifest } from "../../scripts/lib/project.mjs";
import { npm } from "../../scripts/lib/toolchain.mjs";
import { writeFilesOf } from "./page.mjs";

const ARRIVES_MS = 60_000;
/** By this time after the event the page has made its prefetch requests, which wait until it is idle. */
const IDLE_MS = 2_000;

/** Switches telemetry off. */
const QUIET = {
  CI: "1",
  NEXT_TELEMETRY_DISABLED: "1",
  NUXT_TELEMETRY_DISABLED: "1",
  RSPACK_TRACE: "",
  NODE_ENV: undefined,
};

/** The folder in which a copy of the tool's project is installed and built. */
const folder = (tool) => at("target", "bundlers", tool);
const read = (tool) => JSON.parse(readFileSync(join(folder(tool), "package.json"), "utf8"));

/** Makes a fresh copy of the project with the files of its documentation page, and keeps installed packages. */
function lay(tool) {
  for (const name of existsSync(folder(tool)) ? readdirSync(folder(tool)) : [])
    if (name !== "node_modules") rmSync(join(folder(tool), name), { recursive: true, force: true });
  cpSync(at("tests", "bundlers", tool), folder(tool), { recursive: true, preserveTimestamps: true });
  const { page } = read(tool);
  if (page) writeFilesOf(at(page), folder(tool));
}

/** Runs `npm ci`, unless the packages of the lock file are installed. */
async function install(tool, task) {
  const done = join(folder(tool), "node_modules", ".package-lock.json");
  const lock = join(folder(tool), "package-lock.json");
  if (existsSync(done) && statSync(done).mtimeMs >= statSync(lock).mtimeMs) return;
  await npm(["ci", "--ignore-scripts", "--no-audit", "--no-fund"], { task, cwd: folder(tool) });
}

/** Unpacks a tarball like npm would. npm itself would write the tarball's hash into the lock file. */
async function unpack(tool, tarball, task) {
  const to = join(folder(tool), "node_modules", manifest.name);
  rmSync(to, { recursive: true, force: true });
  mkdirSync(to, { recursive: true });
  await command("tar", ["-xzf", tarball, "-C", to, "--strip-components=1"], { task });
}

const PART = 60;

/** A text that is in every file with the larger module, and in no other file. */
export function largerModule() {
  const [larger, smaller] = ["recobeacon-all.wasm", "recobeacon.wasm"].map((name) =>
    readFileSync(at("dist", name)).toString("base64"),
  );
  for (let place = 0; place < larger.length; place += PART) {
    const part = larger.slice(place, place + PART);
    if (!smaller.includes(part)) return part;
  }
  throw new Error("the larger module has no text that the smaller one lacks");
}

/** The types of the stored events, sorted, once there are as many as expected. The clicks have to be of the item with the tool's name. */
async function arrived(collector, tool, expected) {
  const deadline = performance.now() + ARRIVES_MS;
  for (;;) {
    const events = await readAll(collector, "/v1/events", "events");
    const found = events.map(({ type, itemId }) => (type === "click" && itemId !== tool ? `click of ${itemId}` : type));
    if (found.length >= expected.length || performance.now() > deadline) return found.sort();
    await pause(50);
  }
}

/** The difference between the stored and the expected events. */
const differs = (events, expected) =>
  events.join() === expected.join() ? [] : [`stored: ${events.join(", ") || "nothing"}`];

/** Tests a tool that makes files for a browser. */
async function inBrowser(tool, { site, stores }, browser, larger) {
  const page = join(folder(tool), "index.html");
  // Some tools copy the page as well. For the others it is added to their output.
  if (!existsSync(join(site, "index.html"))) writeFileSync(join(site, "index.html"), readFileSync(page));
  const collector = await startTemporary({ site });
  const context = await browser.newContext();
  try {
    const [problems, files] = [[], new Set()];
    context.on("weberror", (error) => problems.push(`uncaught: ${error.error()}`));
    context.on("console", (message) => {
      if (["error", "warning"].includes(message.type())) problems.push(message.text());
    });
    context.on("request", (request) => files.add(new URL(request.url()).pathname));
    const tab = await context.newPage();
    await tab.goto(collector.url, { waitUntil: "commit" });
    await arrived(collector, tool, stores);
    await pause(IDLE_MS);
    const events = await arrived(collector, tool, stores);
    const scripts = [...files].map((file) => join(site, file)).filter((file) => file.endsWith(".js"));
    const bytes = scripts.reduce((sum, file) => sum + statSync(file).size, 0);
    const loaded = scripts.filter((file) => readFileSync(file, "utf8").includes(larger));
    if (loaded.length) problems.push(`the larger module was loaded: ${loaded.map((file) => file.slice(site.length))}`);
    problems.push(...differs(events, stores));
    return { events: events.length, scripts: scripts.length, bytes, problems };
  } finally {
    await context.close();
    await collector.stop();
  }
}

/** Tests a tool that runs tests. */
async function inNode(tool, { stores }, task) {
  const collector = await startTemporary();
  try {
    const env = { ...QUIET, COLLECTOR: collector.url };
    const failure = await npm(["test"], { task, cwd: folder(tool), env }).then(
      () => undefined,
      (error) => error.message,
    );
    const events = await arrived(collector, tool, stores);
    return { events: events.length, problems: [failure, ...differs(events, stores)].filter(Boolean) };
  } finally {
    await collector.stop();
  }
}

/** `{ tool, versions, events, scripts, bytes, problems }` */
export async function runTool(tool, { tarball, browser, larger, task }) {
  lay(tool);
  const { site, devDependencies, stores = ["click"] } = read(tool);
  const versions = Object.entries(devDependencies).map(([name, version]) => `${name} ${version}`);
  try {
    await install(tool, task);
    await unpack(tool, tarball, task);
    if (!site) return { tool, versions, ...(await inNode(tool, { stores }, task)) };
    await npm(["run", "build"], { task, cwd: folder(tool), env: QUIET });
    return { tool, versions, ...(await inBrowser(tool, { site: join(folder(tool), site), stores }, browser, larger)) };
  } catch (error) {
    return { tool, versions, events: 0, problems: [error.message] };
  }
}
