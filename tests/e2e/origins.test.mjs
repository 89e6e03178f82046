// The collector's list of origins that may send, with real requests of a browser: their headers depend on the page and on
// the kind of request.

import assert from "node:assert/strict";
import { startTemporary } from "../../scripts/lib/collector.mjs";
import { flush, ready, scenario, tagged, until, useBrowser, warnings } from "./harness.mjs";
import { witness } from "./witness.mjs";

useBrowser();

/** A refused request, and a response that the page may not read. */
const REFUSED = [/Failed to load resource/, /blocked by CORS policy/];

const shop = (transport) =>
  tagged({
    destinations: `{ protocol: "batch", endpoint: new URLSearchParams(location.search).get("to") + "/v1/events", transport: "${transport}" }`,
    script: 'reco("click", { itemId: 1, categoryPath: "a" });',
  });

const stats = (page) =>
  page.evaluate(() => new Promise((resolve) => window.reco("ready", (tracker) => resolve(tracker.stats()))));

/** How many requests the collector has refused for their origin. The browser does not tell it of an unreadable answer. */
async function refused(collector) {
  const status = await (await fetch(`${collector.adminUrl}/v1/status`)).json();
  const counts = status.refused.filter(({ reason }) => reason === "origin").map(({ count }) => count);
  return counts.length === 0 ? 0 : Math.max(...counts);
}

/** A second collector, of another origin, whose list has these origins. */
async function elsewhere({ page, visit }, origins, body) {
  const other = await startTemporary({ config: `origins = ${JSON.stringify(origins)}` });
  try {
    // 127.0.0.1 and localhost are also two different sites.
    const to = other.url.replace("127.0.0.1", "localhost");
    await visit(`/?to=${to}`);
    await ready(page);
    await flush(page);
    await body({ other, seen: witness(other) });
  } finally {
    await other.stop();
  }
}

for (const transport of ["beacon", "fetch"]) {
  scenario(
    `a listed page's events are stored with the transport ${transport}`,
    { site: { "index.html": shop(transport) } },
    async ({ page, visit, url }) => {
      await elsewhere({ page, visit }, [new URL(url).origin], async ({ seen }) => {
        await seen.expectExactly({ type: "click", itemId: "1" });
        assert.deepEqual(await warnings(page), []);
      });
    },
  );

  scenario(
    `another page's events are not stored with the transport ${transport}, and the page keeps them`,
    { site: { "index.html": shop(transport) }, allow: REFUSED },
    async ({ page, visit }) => {
      await elsewhere({ page, visit }, ["https://www.shop.example"], async ({ other, seen }) => {
        await until(() => refused(other), "the refusal");
        await seen.expectExactly();
        assert.equal((await stats(page)).queued, 1);
      });
    },
  );
}

// A sandboxed frame has no origin: its requests have `Origin: null`. So have beacons of Firefox from a page with the
// referrer policy no-referrer. Chromium names the page's origin there.
const BATCH = JSON.stringify({
  v: 1,
  stream: "frame",
  seq: 0,
  events: [{ id: "0193bdc1-0000-7000-8000-000000000001", type: "click", at: 1, itemType: "1", itemId: "1" }],
});
const FRAME = `<!doctype html><script>
  navigator.sendBeacon(new URLSearchParams(location.search).get("to") + "/v1/events", ${JSON.stringify(BATCH)});
</script>`;

for (const listed of [false, true]) {
  scenario(
    `a sandboxed frame's beacon is ${listed ? 'taken with "null" in the list' : "refused"}`,
    { site: { "index.html": '<!doctype html><link rel="icon" href="data:,">', "frame.html": FRAME }, allow: REFUSED },
    async ({ page, visit, url }) => {
      const origins = [new URL(url).origin, ...(listed ? ["null"] : [])];
      const other = await startTemporary({ config: `origins = ${JSON.stringify(origins)}` });
      try {
        await visit();
        await page.evaluate((to) => {
          const frame = Object.assign(document.createElement("iframe"), { src: `/frame.html?to=${to}` });
          frame.sandbox = "allow-scripts";
          document.body.append(frame);
        }, other.url);
        if (!listed) await until(() => refused(other), "the refusal");
        await witness(other).expectExactly(...(listed ? [{ type: "click", itemId: "1" }] : []));
        assert.equal(await refused(other), listed ? 0 : 1);
      } finally {
        await other.stop();
      }
    },
  );
}

// An image's request names its page in Referer only.
for (const [name, listed] of [
  ["a listed page", true],
  ["another page", false],
]) {
  scenario(
    `an image of ${name} that sends an event to Ibexa is ${listed ? "taken" : "refused"}`,
    { site: { "index.html": '<!doctype html><link rel="icon" href="data:,">' }, allow: REFUSED },
    async ({ page, visit, url }) => {
      const other = await startTemporary({
        config: `origins = ["${listed ? new URL(url).origin : "https://www.shop.example"}"]`,
      });
      try {
        await visit();
        const address = `${other.url.replace("127.0.0.1", "localhost")}/api/0/click/u/1/1`;
        // Both answers are no image.
        await page.evaluate(
          (src) => new Promise((done) => Object.assign(new Image(), { onerror: done, src })),
          address,
        );
        await witness(other).expectExactly(...(listed ? [{ type: "click", itemId: "1" }] : []));
        assert.equal(await refused(other), listed ? 0 : 1);
      } finally {
        await other.stop();
      }
    },
  );
}
