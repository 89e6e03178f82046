// node scripts/older-version.mjs <commit>: runs the tracker of an older commit, and writes the cookies and the texts that it leaves in localStorage into
// tests/vectors/outbox-<commit>.json, with the events that a later version has to deliver from them (tests/e2e/older-version.test.mjs).

import { writeFileSync } from "node:fs";
import { setTimeout as pause } from "node:timers/promises";
import { parseArgs } from "node:util";
import { startServer } from "../tests/faults/server.mjs";
import { recobeacon } from "../tests/faults/trackers/recobeacon.mjs";
import { baselineOf } from "./bench/baseline.mjs";
import { browserSteps, launch } from "./lib/browser.mjs";
import { collectorStep } from "./lib/collector.mjs";
import { exitOnSignals } from "./lib/ending.mjs";
import { steps } from "./lib/progress.mjs";
import { at, main, Problem } from "./lib/project.mjs";
import { setUp } from "./lib/toolchain.mjs";
import { expectations, VISITS } from "./older-version/visits.mjs";

/** The time of the first call on the pages' clock. Each page is a minute later, and each of its calls a second. */
const START = Date.UTC(2025, 11, 1, 12);
/** The response to the beacon of a page that was left arrives in this time. */
const ANSWERED_MS = 3_000;
const STAYS_MS = 700;

/** Runs in the page: its clock stands still until it is set. */
function stoppedClock(start) {
  let now = start;
  window.Date = new Proxy(Date, {
    construct: (Native, args, target) => Reflect.construct(Native, args.length ? args : [now], target),
    get: (Native, name) => (name === "now" ? () => now : Native[name]),
  });
  /** @type {any} */ (window).setNow = (time) => {
    now = time;
  };
}

/** Runs in the page: makes the calls, a second apart on its clock. Returns their times. */
const makeCalls = ([calls, start]) =>
  calls.map((call, place) => {
    const time = start + place * 1000;
    /** @type {any} */ (window).setNow(time);
    reco(...call);
    return time;
  });

const stored = (page) => page.evaluate(() => Object.entries(localStorage));
const isReady = (page) => page.evaluate(() => new Promise((resolve) => reco("ready", () => resolve(undefined))));

/**
 * Makes one page view in a profile that has `before`, and returns the cookies and texts that it leaves.
 * @param {any} browser
 * @param {any} server
 * @param {any} visit
 * @param {any} options
 */
async function visited(browser, server, visit, { before, start, snippet }) {
  const { destinations, calls, offlineCalls = [], hold = null, fault, session, stays = STAYS_MS } = visit;
  const offline = offlineCalls.length > 0;
  const context = await browser.newContext();
  try {
    await context.addCookies(before.cookies.map(([name, value]) => ({ name, value, url: server.url })));
    await context.addInitScript(stoppedClock, start);
    let page = await context.newPage();
    await page.goto(server.elsewhere);
    await page.evaluate((texts) => texts.forEach(([key, text]) => localStorage.setItem(key, text)), before.texts);
    server.hold = hold;
    await page.goto(server.page(htmlOf(destinations, snippet)), { waitUntil: "domcontentloaded" });
    if (!hold) await isReady(page);
    else if (!hold.test("reco.js")) await page.waitForFunction(() => reco.q && !Array.isArray(reco.q));
    if (fault) server.fault = fault;
    const times = await page.evaluate(makeCalls, [calls, start]);
    if (session) await page.evaluate(() => new Promise((resolve) => reco("ready", (it) => resolve(it.sessionId))));
    await pause(stays);
    if (offline) {
      await context.setOffline(true);
      // The tracker hears of it in an event, and would send a purchase before.
      await pause(stays);
      times.push(...(await page.evaluate(makeCalls, [offlineCalls, start + 1000 * calls.length])));
      await pause(stays);
      // A tracker that is online again would send: the page has to be gone by then.
      await page.close();
      await pause(stays);
      await context.setOffline(false);
      page = await context.newPage();
    }
    await page.goto(server.elsewhere);
    await pause(ANSWERED_MS);
    const cookies = (await context.cookies()).map(({ name, value }) => [name, value]);
    return { times, cookies, texts: await stored(page) };
  } finally {
    server.heal();
    await context.close();
  }
}

const htmlOf = (
  destinations,
  snippet,
) => `<!doctype html><meta charset="utf-8"><title>A shop</title><link rel="icon" href="data:,">
<script>${snippet}</script>
<script async src="/dist/reco.js"></script>
<script>reco("create", { destinations: ${JSON.stringify(destinations)} })</script>`;

/** Keys that each page reads and writes again: the next visit begins with them. */
const isShared = ([key]) => /^reco_(orders|logins|session)$/.test(key);

async function leftBy(dist) {
  const tracker = await recobeacon({ dist });
  const server = await startServer({ ...tracker, owns: (path) => /^\/(v1\/events|api)/.test(path) });
  const browser = await launch();
  const snippet = String(tracker.file("/dist/snippet.js").body).trim();
  const left = { start: START, cookies: [], texts: [], events: [] };
  try {
    for (const [place, visit] of VISITS.entries()) {
      const start = START + place * 60_000;
      const before = {
        cookies: left.cookies.filter(([name]) => !name.startsWith("reco_ack_")),
        texts: left.texts.filter(isShared),
      };
      const { times, cookies, texts } = await visited(browser, server, visit, { before, start, snippet });
      if (visit.denies) {
        Object.assign(left, { denied: { cookies } });
        continue;
      }
      const acknowledgements = left.cookies.filter(([name]) => name.startsWith("reco_ack_"));
      left.cookies = [...cookies, ...acknowledgements];
      left.texts = [...left.texts.filter((entry) => !isShared(entry)), ...texts];
      left.events.push(...expectations(visit, times, texts));
    }
    return JSON.parse(JSON.stringify(left).replaceAll(server.url, "{origin}"));
  } finally {
    await browser.close();
    await server.close();
    await tracker.stop();
  }
}

exitOnSignals();

await main(async () => {
  const { positionals } = parseArgs({ allowPositionals: true });
  if (positionals.length !== 1) throw new Problem("Which commit? node scripts/older-version.mjs 4a0c6fb");
  const [commit] = positionals;
  const baseline = await baselineOf(commit);
  await steps([...setUp(), ...browserSteps({ driver: false }), collectorStep(), ...baseline.steps]);
  const left = await leftBy(baseline.dist);
  const file = at("tests", "vectors", `outbox-${commit}.json`);
  writeFileSync(file, `${JSON.stringify({ commit, ...left }, null, 2)}\n`);
  console.log(`${left.texts.length} texts and ${left.events.length} events: ${file}`);
});
