// What every end-to-end test needs: a collector with an empty table, and a Chromium that visits pages.
// The collector's rows are the only witness of what was tracked; no request is intercepted.

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

/** Ends a scenario that hangs. None takes half a minute, but a machine that does other things as well may need ten times as long. */
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

// The test runner ends the files that still run with SIGTERM. Their collectors and browsers end with them.
exitOnSignals();

let shared;

/**
 * To be called once in a file: one browser for its scenarios, each with a profile of its own. `full`: not the headless shell, which has no
 * back/forward cache.
 */
export function useBrowser(options) {
  before(async () => {
    shared = await launch(options);
  });
  after(() => shared?.close());
}

/** The scenario before has ended, also one that ran out of time: they share a collector. */
let previous = Promise.resolve();

/**
 * A test with an empty table and a fresh visitor.
 *
 * `site`: a directory, an object of files, or a function that makes one of these. `allow`: patterns of console errors that belong to the scenario;
 * any other console error or uncaught exception fails it. `context`: Playwright's options of the visitor's profile; `timeout`: in milliseconds.
 * `wasm`: the scenario needs WebAssembly. `gated`: with a gate before the collector (gate.mjs); `host`: the name under which the pages are visited there.
 * The body gets `{ t, page, context, url, collector, gate, visit, identity }`.
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
    assert.deepEqual(noise, [], "the pages have put errors on the console");
  } finally {
    await finish(ends.reverse());
  }
}

/** Rejects when the test has run out of time, so that its page and its collector are closed. */
const outOfTime = ({ signal }) =>
  new Promise((_, reject) => signal.addEventListener("abort", () => reject(signal.reason), { once: true }));

/** Whatever fails or hangs at its end keeps nobody else from ending: a process that is left would keep the whole run. */
async function finish(ends) {
  const failures = [];
  for (const end of ends)
    await Promise.race([Promise.resolve().then(end), pause(END_MS, undefined, { ref: false })]).catch((error) =>
      failures.push(error),
    );
  if (failures.length > 0) throw failures[0];
}

/** Collects what a page should never do: uncaught exceptions, errors on the console, files that are not there. */
function listen(context, allow) {
  const noise = [];
  const note = (text) => allow.some((pattern) => pattern.test(text)) || noise.push(text);
  context.on("weberror", (webError) => note(`uncaught: ${webError.error().stack ?? webError.error()}`));
  context.on("console", (message) => {
    if (message.type() === "error") note(`${message.text()} (${message.location().url})`);
  });
  return noise;
}

/** A profile in which the visitor has blocked all cookies, which blocks every other storage as well. */
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
 * A browser as it is: Playwright otherwise tells every page that it has the focus, and then no tab is ever hidden. Here a page is, as soon as
 * another one is brought to the front.
 */
export async function realTabs() {
  const { chromium } = await import("playwright-core");
  const directory = temporaryDirectory().path;
  // Port 0: a free one, which the browser writes into its profile.
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
      // A browser that is still starting was seen to say nothing on its first connection.
      if (tries > 1) return connect(tries - 1);
      throw error;
    }
  };
  const connected = await connect(CONNECT_TRIES).catch((error) => {
    // Left behind, it would keep the whole run.
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

/** Brings another tab to the front, and returns when the page is hidden; `back()` shows the page again. */
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
 * A shop's page with the tag. What the tracker warns of stands in `window.warnings`, as `{ code, field }`.
 * `config`: source of further options; `script`: runs after the tag; `load: false` leaves reco.js to the test.
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

/** Resolves in the page when the tracker is there. */
export async function ready(page) {
  // The page's own head may not have run yet.
  await page.waitForFunction(() => typeof window.reco === "function");
  await page.evaluate(() => new Promise((resolve) => window.reco("ready", () => resolve())));
}

/** Sends everything that is queued, and waits until that was tried. */
export const flush = (page) =>
  page.evaluate(() => new Promise((resolve) => window.reco("ready", (tracker) => resolve(tracker.flush()))));

export const warnings = (page) => page.evaluate(() => window.warnings);

/** Polls until `question` answers with something true. For what no event announces. */
export async function until(question, what, within = PAGE_MS) {
  const deadline = performance.now() + within;
  for (;;) {
    const answer = await question();
    if (answer) return answer;
    if (performance.now() > deadline) assert.fail(`${what}: not within ${within} ms`);
    await pause(20);
  }
}
