// Common code of the end-to-end tests: a collector with an empty table, and Chromium. The collector's rows are the only
// evidence of what was tracked; no request is intercepted.

import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import { existsSync, mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { after, before, test } from "node:test";
import { setTimeout as pause } from "node:timers/promises";
import { browser, launch } from "../../scripts/lib/browser.mjs";
import { atEnd, exitOnSignals, temporaryDirectory } from "../../scripts/lib/ending.mjs";
import { at } from "../../scripts/lib/project.mjs";
import { hashed } from "../../scripts/replay/visitors.mjs";
import { startGate } from "./gate.mjs";
import { borrow } from "./shared.mjs";

/**
 * Ends a scenario that hangs. A scenario needs less than half a minute, but up to ten times as long on a busy machine.
 */
const TEST_MS = 300_000;
const PAGE_MS = 30_000;
const END_MS = 15_000;
const CONNECT_MS = 5_000;
const CONNECT_TRIES = 4;

/** `npm run test:all` runs the scenarios again in pages without WebAssembly. */
export const WITHOUT_WASM = process.env.RECOBEACON_E2E === "without-wasm";

export const DIST = at("dist");
export const DEMO = at("www", "demo");
export const snippet = () => readFileSync(join(DIST, "snippet.js"), "utf8").trim();

// The test runner ends unfinished files with SIGTERM. Their collectors and browsers must end with them.
exitOnSignals();

let shared;

/**
 * Called once in a file: starts one browser for its scenarios, each with its own profile. `full`: not the headless
 * shell, which has no back/forward cache.
 */
export function useBrowser(options) {
  before(async () => {
    shared = await launch(options);
  });
  after(() => shared?.close());
}

/** Resolves when the previous scenario has ended, even after a timeout, because scenarios share a collector. */
let previous = Promise.resolve();

/**
 * A test with an empty table and a new visitor.
 *
 * `site`: a directory, an object of files, or a function that makes one of these. `allow`: patterns of console errors
 * that the scenario expects; any other console error or uncaught exception fails it. `context`: Playwright's options of
 * the visitor's profile; `timeout`: in milliseconds. `wasm`: the scenario needs WebAssembly. `gated`: with a proxy
 * before the collector (gate.mjs); `host`: the host name of the pages there. The body gets
 * `{ t, page, context, url, collector, gate, visit, identity }`.
 */
export function scenario(name, options, body) {
  test(name, { timeout: options.timeout ?? TEST_MS }, (t) => {
    const run = previous.then(() => play(t, options, body));
    previous = run.catch(() => {});
    return run;
  });
}

async function play(t, options, body) {
  const {
    site = DEMO,
    dist,
    config,
    allow = [],
    context: profile = {},
    openContext,
    gated = false,
    host,
    wasm = false,
  } = options;
  const ends = [];
  try {
    const collector = await borrow({ site: typeof site === "function" ? await site() : site, dist, config });
    ends.push(collector.stop);
    const gate = gated && (await startGate(collector.url));
    if (gate) ends.push(gate.stop);
    const url = host ? `http://${host}:${gate.port}` : (gate || collector).url;
    const context = await (openContext ? openContext() : shared.newContext(profile));
    ends.push(() => context.close());
    context.setDefaultTimeout(PAGE_MS);
    if (WITHOUT_WASM && !wasm) await context.addInitScript(() => Reflect.deleteProperty(globalThis, "WebAssembly"));
    const noise = listen(context, allow);
    const page = await context.newPage();
    const visit = (path = "/", options) => page.goto(new URL(path, url).href, options);
    const hash = (id) => hashed(collector.secret, id);
    const identity = async () => {
      const cookies = await context.cookies();
      const id = cookies.find((cookie) => cookie.name === "reco_id")?.value;
      return { id, hash: id && hash(id) };
    };
    await Promise.race([body({ t, page, context, url, collector, gate, visit, identity, hash }), outOfTime(t)]);
    assert.deepEqual(noise, [], "the pages logged errors to the console");
  } finally {
    await finish(ends.reverse());
  }
}

/** Rejects when the test has timed out, so that its page and its collector are closed. */
const outOfTime = ({ signal }) =>
  new Promise((_, reject) => signal.addEventListener("abort", () => reject(signal.reason), { once: true }));

/** Runs all clean-up steps, even if one fails or hangs. A remaining process would block the whole run. */
async function finish(ends) {
  const failures = [];
  for (const end of ends)
    await Promise.race([Promise.resolve().then(end), pause(END_MS, undefined, { ref: false })]).catch((error) =>
      failures.push(error),
    );
  if (failures.length > 0) throw failures[0];
}

/** Collects uncaught exceptions, console errors and missing files. */
function listen(context, allow) {
  const noise = [];
  const note = (text) => allow.some((pattern) => pattern.test(text)) || noise.push(text);
  context.on("weberror", (webError) => note(`uncaught: ${webError.error().stack ?? webError.error()}`));
  context.on("console", (message) => {
    if (message.type() === "error") note(`${message.text()} (${message.location().url})`);
  });
  return noise;
}

/** A profile in which the visitor has blocked all cookies, which also blocks all other storage. */
export async function blockingCookies() {
  const { chromium } = await import("playwright-core");
  const directory = temporaryDirectory().path;
  mkdirSync(join(directory, "Default"));
  const BLOCK = 2;
  writeFileSync(
    join(directory, "Default", "Preferences"),
    JSON.stringify({ profile: { default_content_setting_values: { cookies: BLOCK } } }),
  );
  return chromium.launchPersistentContext(directory, { executablePath: browser(), args: ["--disable-dev-shm-usage"] });
}

/**
 * A browser with normal focus. Playwright normally tells every page that it has the focus, so that no tab is ever
 * hidden. Here a page becomes hidden as soon as another one is brought to the front.
 */
export async function realTabs() {
  const { chromium } = await import("playwright-core");
  const directory = temporaryDirectory().path;
  // Port 0: a free one. The browser writes it into its profile.
  const running = spawn(
    browser(),
    [
      "--headless",
      "--no-sandbox",
      "--no-first-run",
      "--mute-audio",
      "--disable-dev-shm-usage",
      "--remote-debugging-port=0",
      `--user-data-dir=${directory}`,
    ],
    { stdio: "ignore" },
  );
  const kill = () => running.kill("SIGKILL");
  const forget = atEnd(kill);
  const ended = new Promise((resolve) => running.once("exit", resolve));
  const file = join(directory, "DevToolsActivePort");
  const connect = async (tries) => {
    await until(() => existsSync(file) && readFileSync(file, "utf8").includes("\n"), "the browser's port");
    try {
      return await chromium.connectOverCDP(`http://127.0.0.1:${readFileSync(file, "utf8").split("\n")[0]}`, {
        noDefaults: true,
        timeout: CONNECT_MS,
      });
    } catch (error) {
      // A starting browser sometimes does not respond on its first connection.
      if (tries > 1) return connect(tries - 1);
      throw error;
    }
  };
  const connected = await connect(CONNECT_TRIES).catch((error) => {
    // A remaining process would block the whole run.
    kill();
    throw error;
  });
  const [context] = connected.contexts();
  context.close = async () => {
    await connected.close();
    kill();
    await ended;
    forget();
  };
  return context;
}

/** Brings another tab to the front, and resolves when the page is hidden. `back()` shows the page again. */
export async function hide(page) {
  const other = await page.context().newPage();
  await other.bringToFront();
  await page.waitForFunction(() => document.visibilityState === "hidden", null, { polling: 20 });
  return async () => {
    await page.bringToFront();
    await page.waitForFunction(() => document.visibilityState === "visible", null, { polling: 20 });
    await other.close();
  };
}

const COLLECT = '{ protocol: "batch", endpoint: "/v1/events" }';

/**
 * A shop's page with the script tag. `window.warnings` has the tracker's warnings as `{ code, field }`. `config`:
 * source of further options; `script`: runs after the tag; `load: false`: the test loads reco.js.
 */
export function tagged({
  config = "",
  destinations = COLLECT,
  head = "",
  script = "",
  body = "",
  load = true,
  nonce = "",
} = {}) {
  const attribute = nonce && ` nonce="${nonce}"`;
  return `<!doctype html>
<html lang="en"><head><meta charset="utf-8"><title>A shop</title><link rel="icon" href="data:,">${head}
<script${attribute}>${snippet()}</script>
${load ? '<script async src="/dist/reco.js"></script>' : ""}
<script${attribute}>
  window.warnings = [];
  reco("create", { destinations: ${destinations}, onWarning: ({ code, field }) => warnings.push({ code, field }), ${config} });
  ${script}
</script></head><body>${body}</body></html>`;
}

/** Resolves in the page when the tracker has loaded. */
export async function ready(page) {
  // The page's head may not have run yet.
  await page.waitForFunction(() => typeof window.reco === "function");
  await page.evaluate(() => new Promise((resolve) => window.reco("ready", () => resolve())));
}

/** Sends everything that is queued, and waits for the attempt. */
export const flush = (page) =>
  page.evaluate(() => new Promise((resolve) => window.reco("ready", (tracker) => resolve(tracker.flush()))));

export const warnings = (page) => page.evaluate(() => window.warnings);

/** Polls until `question` returns a true value, for conditions without an event. */
export async function until(question, what, within = PAGE_MS) {
  const deadline = performance.now() + within;
  for (;;) {
    const asked = performance.now();
    const answer = await question();
    if (answer) return answer;
    if (performance.now() > deadline) assert.fail(`${what}: not within ${within} ms`);
    // A question that takes long must not slow down what it waits for.
    await pause(Math.max(20, performance.now() - asked));
  }
}
