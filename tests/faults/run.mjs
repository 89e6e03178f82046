// Runs one row in one engine: a new profile, the fault, the visitor's next page view, and the count.

import { setTimeout as pause } from "node:timers/promises";
import { temporaryDirectory } from "../../scripts/lib/ending.mjs";
import { startServer } from "./server.mjs";

/** How long the next page view may take to deliver the rest. A batch without acknowledgement is repeated after 15 s. */
const QUIET_MS = 40_000;
/** With nothing queued and nothing arriving for longer than that, the missing events are lost. */
const SETTLED_MS = 20_000;
/** Duplicates of stored events also need a moment to be sent. */
const LEAST_MS = 2_000;
const POLL_MS = 200;
const ROW_MS = 240_000;
const START_MS = 60_000;
/**
 * On a loaded machine WebKit's driver sometimes waits for ever for a browser that has started. The start of a browser
 * is not under test.
 */
const START_TRIES = 2;
/** A browser that hangs at its end must not delay the others. */
const END_MS = 30_000;

/** The transports of rows in which they make a difference. */
export const BOTH = ["beacon", "auto"];

/** Thrown by a row that the engine or its driver cannot run. */
export class NotApplicable extends Error {}

/** The numbers of the events that were made. Other events are not expected. */
function numbers() {
  const made = new Set();
  let next = 0;
  return {
    made,
    /** The first of `count` new numbers. They count as made from now on. */
    take: (count) => {
      const from = next;
      for (; next < from + count; next++) made.add(next);
      return from;
    },
  };
}

/**
 * The visitor and their browser. `open(options)` opens the tracker's page in a new tab, built with these options, and
 * adds `make(count)` and `value(count)` to it. If the browser was closed or killed, it is started with the same
 * profile.
 */
function visitorOf({ engine, profile, tracker, server, transport, cookies, take }) {
  let browser;
  let alive = false;
  const start = async (tries = START_TRIES) => {
    const over = new AbortController();
    const starting = engine.start({ profile, cookies, signal: over.signal });
    try {
      browser = await limited(starting, START_MS, "the browser's start");
      alive = true;
    } catch (error) {
      over.abort();
      await starting.catch(() => {});
      if (tries === 1) throw error;
      await start(tries - 1);
    }
  };
  const end = (how) => async () => {
    if (!alive) return;
    await browser[how]();
    alive = false;
  };
  const address = (options) => server.page(tracker.page({ transport, ...options }));
  const withEvents = (page) => {
    const making = (verb) => async (count) => {
      const from = take(count);
      await page.run(`(verb, from, count) => window.faults[verb](from, count)`, verb, from, count);
    };
    return Object.assign(page, {
      make: making("make"),
      value: making("value"),
      ready: () => page.run("() => window.faults.ready()"),
      pending: () => page.run("() => window.faults.pending()"),
    });
  };
  return {
    start,
    address,
    close: end("close"),
    kill: end("kill"),
    version: () => browser.version,
    offline: (yes) => {
      if (!browser.offline) throw new NotApplicable("the driver cannot switch off the network");
      return browser.offline(yes);
    },
    openUrl: async (url) => {
      if (!alive) await start();
      return withEvents(await browser.open(url));
    },
    async open(options) {
      return this.openUrl(address(options));
    },
  };
}

const limited = (work, within, what) => {
  let timer;
  const late = new Promise((_, reject) => {
    timer = setTimeout(() => reject(new Error(`${what}: not within ${within / 1000} s`)), within);
  });
  return Promise.race([work, late]).finally(() => clearTimeout(timer));
};

/** `{ made, once, lost, twice, pending, seconds, version }`, or `{ na }`, or `{ error }` with the counts so far. */
export async function runRow({ engine, row, transport, makeTracker, short }) {
  const started = performance.now();
  const { path: profile, remove } = temporaryDirectory();
  const tracker = await (row.tracker ?? makeTracker)();
  const server = await startServer(tracker);
  const { made, take } = numbers();
  const visitor = visitorOf({ engine, profile, tracker, server, transport, cookies: row.cookies, take });
  const result = {};
  // A row that has timed out must not continue beside the next one.
  const over = new AbortController();
  const rest = (ms) => pause(ms, undefined, { signal: over.signal });
  try {
    await visitor.start();
    result.version = visitor.version();
    const rowMs = row.limitMs ?? ROW_MS;
    await limited(row.run({ visitor, server, tracker, take, short, pause: rest }), rowMs, row.name);
    await server.up();
    server.heal();
    result.pending = await limited(
      nextPageView({ visitor, server, tracker, made, options: row.next }),
      2 * QUIET_MS,
      "the next page view",
    );
  } catch (error) {
    if (error instanceof NotApplicable) result.na = error.message;
    else result.error = String(error.stack ?? error);
  } finally {
    over.abort();
    await limited(visitor.close(), END_MS, "closing the browser").catch(() => visitor.kill());
    await server.close();
    Object.assign(result, await count(tracker, made));
    result.requests = server.log.length;
    await tracker.stop();
    remove();
  }
  return { ...result, seconds: Math.round((performance.now() - started) / 1000) };
}

/**
 * Ends when everything is stored and nothing is in flight or queued, or when nothing arrives any more. Returns the
 * number of queued events.
 */
async function nextPageView({ visitor, server, tracker, made, options }) {
  const page = await visitor.open(options);
  await page.ready();
  let requests = -1;
  let pending;
  let since;
  await pause(LEAST_MS);
  for (const deadline = performance.now() + QUIET_MS; performance.now() < deadline; await pause(POLL_MS)) {
    if (requests !== server.log.length || server.busy() > 0) {
      requests = server.log.length;
      since = performance.now();
    }
    const all = missing(await tracker.stored(), made).length === 0;
    pending = await page.pending();
    const isQuiet = server.busy() === 0 && pending === 0;
    if (isQuiet && (all || performance.now() - since > SETTLED_MS)) break;
  }
  return pending;
}

const missing = (stored, made) => [...made].filter((number) => !stored.has(number));

async function count(tracker, made) {
  const stored = await tracker.stored();
  const lost = missing(stored, made);
  const twice = [...stored].filter(([number, times]) => times > 1 || !made.has(number)).map(([number]) => number);
  return {
    made: made.size,
    once: [...made].filter((number) => stored.get(number) === 1).length,
    lost: lost.length,
    twice: twice.length,
    which: { lost: lost.slice(0, 20), twice: twice.slice(0, 20) },
  };
}
