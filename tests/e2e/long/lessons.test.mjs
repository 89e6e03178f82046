// Faults reported by users of other trackers, as tests of this one. docs/lessons.md lists all of them, with the tests
// in other files.

import assert from "node:assert/strict";
import { createServer } from "node:http";
import { down, late } from "../gate.mjs";
import { flush, ready, scenario, tagged, useBrowser, warnings } from "../harness.mjs";
import { batchOf, click, final, items, NETWORK, shop, stats } from "./two-pages.mjs";

useBrowser({ full: true, ignoreDefaultArgs: ["--disable-back-forward-cache"] });

const batch = (transport) => `{ protocol: "batch", endpoint: "/v1/events", transport: "${transport}" }`;

/** A server of another origin before the collector. It records everything that would cause a preflight. */
async function elsewhere(to) {
  const seen = [];
  const server = createServer(async (request, response) => {
    const parts = [];
    for await (const part of request) parts.push(part);
    seen.push({ method: request.method, type: request.headers["content-type"] });
    const { host, connection, "content-length": length, ...headers } = request.headers;
    const answer = await fetch(new URL(request.url, to), {
      method: request.method,
      headers,
      body: parts.length ? Buffer.concat(parts) : undefined,
    });
    response
      .writeHead(answer.status, {
        "access-control-allow-origin": request.headers.origin ?? "*",
        "access-control-allow-credentials": "true",
      })
      .end();
  });
  await new Promise((listening) => server.listen(0, "127.0.0.1", listening));
  const stop = () => {
    server.close();
    server.closeAllConnections();
  };
  // A different host name for this machine is a different origin.
  return { url: `http://localhost:${server.address().port}/v1/events`, seen, stop };
}

// PostHog/posthog-js PR 4139: `application/json` needs a preflight, for which a page that is left does not wait, while
// sendBeacon returns true.
for (const transport of ["beacon", "auto", "fetch"]) {
  const toElsewhere = `{ protocol: "batch", endpoint: new URLSearchParams(location.search).get("to"), transport: "${transport}" }`;
  scenario(
    `no request to another origin needs a preflight: ${transport}`,
    { site: shop({ destinations: toElsewhere }) },
    async ({ page, url, collector, visit }) => {
      const other = await elsewhere(url);
      try {
        await visit(`/?to=${encodeURIComponent(other.url)}`);
        await ready(page);
        await click(page, 1);
        await flush(page);
        await page.evaluate(() => {
          window.reco("click", { itemId: 2 });
          window.reco("buy", { itemId: 3 });
          location.href = "/elsewhere.html";
        });
        await page.waitForURL(/elsewhere/);
        await collector.expectStored({ itemId: "1" }, { itemId: "2" }, { itemId: "3" });
        assert.deepEqual([...new Set(other.seen.map(({ method }) => method))], ["POST"]);
        assert.deepEqual(
          [...new Set(other.seen.map(({ type }) => type.toLowerCase().replace(" ", "")))],
          ["text/plain;charset=utf-8"],
        );
      } finally {
        other.stop();
      }
    },
  );
}

// mixpanel/mixpanel-js 341: batches every 5 s lost 6 % of the conversions; segmentio/analytics-next 1167: the checkout
// is on another site.
scenario(
  "pending events are sent when the visitor leaves, also to another site",
  { site: shop() },
  async ({ page, visit, collector }) => {
    await visit();
    await ready(page);
    await page.evaluate(() => {
      for (let itemId = 1; itemId <= 5; itemId++) window.reco("click", { itemId });
      location.href = "about:blank";
    });
    await page.waitForURL("about:blank");
    await collector.expectExactly(...items(1, 5));
  },
);

// snowplow/snowplow-javascript-tracker 719: events tracked after the tracker's own flush were not sent.
scenario(
  "events tracked by the page's own pagehide handlers are sent as well",
  { site: shop() },
  async ({ page, visit, collector }) => {
    await visit();
    await ready(page);
    await page.evaluate(() => {
      window.reco("click", { itemId: 1 });
      // After the tracker's own listener, because listeners are called in order.
      window.addEventListener("pagehide", () => window.reco("click", { itemId: 2 }));
      document.addEventListener("visibilitychange", () => window.reco("click", { itemId: 3 }));
    });
    await visit("/elsewhere.html");
    await collector.expectExactly({ itemId: "1" }, { itemId: "2" }, { itemId: "3" });
  },
);

// umami-software/umami 1160: lists of ad blockers match beacons of every page, but not fetch.
for (const transport of ["beacon", "auto"]) {
  scenario(
    `cancelled beacons lose no event: ${transport}`,
    { site: shop({ destinations: batch(transport) }), gated: true, allow: NETWORK },
    async ({ page, context, visit, collector }) => {
      await context.route("**/*", (route) =>
        route.request().resourceType() === "ping" ? route.abort("blockedbyclient") : route.fallback(),
      );
      await visit();
      await ready(page);
      await click(page, 1, 2);
      await visit("/elsewhere.html");
      await visit();
      await ready(page);
      await click(page, 3);
      await final(page);
      await collector.expectStored(...items(1, 3));
      assert.equal((await collector.stored()).length, 3);
      const { dropped } = await stats(page);
      assert.equal(dropped, 0);
      assert.deepEqual(await warnings(page), []);
    },
  );
}

// amplitude/Amplitude-TypeScript 963: on a slow network a second flush repeated events of the first one in flight.
for (const transport of ["beacon", "auto", "fetch"]) {
  scenario(
    `flushes during a slow response send nothing twice: ${transport}`,
    { site: shop({ destinations: batch(transport) }), gated: true },
    async ({ page, gate, visit, collector }) => {
      gate.fault = late(2_000);
      await visit();
      await ready(page);
      for (let itemId = 1; itemId <= 5; itemId++) {
        await click(page, itemId);
        await page.evaluate(() => {
          window.reco("ready", (tracker) => [1, 2, 3].forEach(() => tracker.flush()));
          document.dispatchEvent(new Event("visibilitychange"));
          window.dispatchEvent(new Event("online"));
        });
      }
      await final(page);
      const sent = gate.log.map(batchOf);
      assert.equal(new Set(sent).size, sent.length, sent.join(" "));
      await collector.expectExactly(...items(1, 5));
    },
  );
}

/** Counts writes to localStorage, and their characters. */
const counting = () => {
  window.written = { times: 0, characters: 0 };
  for (const name of ["setItem", "removeItem"]) {
    const real = Storage.prototype[name];
    Storage.prototype[name] = function (...args) {
      const [key, value = ""] = args;
      window.written.times += 1;
      window.written.characters += name === "setItem" ? key.length + String(value).length : 0;
      return real.apply(this, args);
    };
  }
};

// rudderlabs/rudder-sdk-js PR 1651: acknowledgements in localStorage every second, even without any event.
scenario(
  "storage is written only when events happen, and in proportion to them",
  { site: shop(), gated: true, allow: NETWORK },
  async ({ page, gate, visit }) => {
    await page.addInitScript(counting);
    gate.fault = down;
    await visit();
    await ready(page);
    const EVENTS = 100;
    await click(page, ...Array.from({ length: EVENTS }, (_, i) => i + 1));
    await flush(page);
    const { times, characters } = await page.evaluate(() => window.written);
    // Each event is written, then replaced by its batch, then deleted. An event has about 150 characters.
    assert.ok(times <= 3 * EVENTS, `${times} writes`);
    assert.ok(characters <= 1_000 * EVENTS, `${characters} characters`);
    const quiet = await page.evaluate(async () => {
      const before = window.written.times;
      // No attempt falls into this time: the first pause is a second.
      await new Promise((resolve) => setTimeout(resolve, 400));
      return window.written.times - before;
    });
    assert.ok(quiet <= 5, `${quiet} writes by an idle page`);
  },
);

// snowplow/snowplow-javascript-tracker 764: with an ad blocker the queue grew over many pages up to the quota of the
// shop's storage.
scenario(
  "if nothing is ever delivered, most of the storage stays free for the shop",
  { site: shop(), gated: true, allow: NETWORK },
  async ({ page, gate, visit }) => {
    gate.fault = down;
    const MOST = 4_100_000;
    const NEXT = 1_000_000;
    const own = () =>
      page.evaluate(() =>
        Object.entries(localStorage)
          .filter(([key]) => key.startsWith("reco_"))
          .reduce((sum, [key, value]) => sum + key.length + value.length, 0),
      );
    for (let view = 0; view < 18; view++) {
      await visit();
      await ready(page);
      await page.evaluate((view) => {
        // More than half a kilobyte each: all pages together have one and a half times the limit of the outboxes.
        for (let n = 0; n < 500; n++) window.reco("click", { itemId: view * 1_000 + n, categoryPath: "x".repeat(450) });
      }, view);
      await flush(page);
      const used = await own();
      assert.ok(used <= MOST, `${used} characters after ${view + 1} pages`);
    }
    const shops = await page.evaluate((size) => {
      localStorage.setItem("basket", "x".repeat(size));
      return localStorage.getItem("basket").length;
    }, NEXT);
    assert.equal(shops, NEXT);
    const { accepted, queued, sent, acknowledged, merged, dropped } = await stats(page);
    assert.ok(accepted >= 500);
    assert.equal(accepted, queued + sent + acknowledged + merged + dropped, "dropped events are counted");
  },
);

// plausible/analytics 5343: prerendered pages that were never shown were counted.
const PRERENDERED = {
  "index.html": tagged({ script: 'reco("click", { itemId: 1 });' }),
  "seen.html": tagged({ script: 'reco("click", { itemId: 2 });' }),
};
scenario(
  "a prerendered page sends nothing until it is shown",
  { site: PRERENDERED },
  async ({ page, context, url, visit, collector }) => {
    // Chromium under test does not prerender, so its behaviour is simulated here.
    await page.addInitScript(() =>
      Object.defineProperty(document, "prerendering", { value: true, configurable: true }),
    );
    await visit();
    await page.waitForFunction(() =>
      performance.getEntriesByType("resource").some(({ name }) => name.endsWith("/dist/reco.js")),
    );
    assert.deepEqual(await context.cookies(), []);
    assert.equal(await page.evaluate(() => localStorage.length), 0);
    // When a page opened later has delivered its event, this page would have delivered as well.
    const seen = await context.newPage();
    await seen.goto(`${url}/seen.html`);
    await collector.expectExactly({ itemId: "2" });
    await page.evaluate(() => {
      delete document.prerendering;
      document.dispatchEvent(new Event("prerenderingchange"));
    });
    await collector.expectStored({ itemId: "1" });
    assert.equal((await collector.stored()).length, 2);
  },
);

const TRUSTED = `<meta http-equiv="Content-Security-Policy" content="require-trusted-types-for 'script'; trusted-types 'none'">`;

// firebase/firebase-js-sdk 7048: a loader broke pages that require Trusted Types.
scenario(
  "the tracker works in a page that requires Trusted Types and allows no policy",
  { site: shop({ head: TRUSTED }), allow: [/requires 'TrustedScriptURL'/] },
  async ({ page, visit, collector }) => {
    await visit();
    const refused = await page.evaluate(() => {
      try {
        document.createElement("script").src = "/any.js";
      } catch (error) {
        return error.name;
      }
    });
    assert.equal(refused, "TypeError", "Trusted Types are required");
    await ready(page);
    await click(page, 1);
    await collector.expectExactly({ itemId: "1" });
    assert.deepEqual(await warnings(page), []);
  },
);
