// A collector of another origin: each batch is sent once, because its response can be read.

import assert from "node:assert/strict";
import { setTimeout as pause } from "node:timers/promises";
import { startTemporary } from "../../scripts/lib/collector.mjs";
import { flush, ready, scenario, tagged, useBrowser, warnings } from "./harness.mjs";
import { witness } from "./witness.mjs";

useBrowser();

/** A batch that is not acknowledged is repeated after 15 s. */
const AGAIN_MS = 17_000;

const page = (transport) =>
  tagged({
    destinations: `{ protocol: "batch", endpoint: new URLSearchParams(location.search).get("to"), transport: ${transport} }`,
    script: 'reco("click", { itemId: 1 });',
  });

for (const [transport, requests] of [
  ["undefined", 1],
  // The default for the same origin. It shows that the test would notice a second request.
  ['"beacon"', 2],
]) {
  scenario(
    `with the transport ${transport} a batch is sent ${requests === 1 ? "once" : "twice"}`,
    { site: { "index.html": page(transport) } },
    async ({ page, visit }) => {
      const other = await startTemporary();
      try {
        const sent = [];
        // 127.0.0.1 and localhost are also two different sites.
        await visit(`/?to=${other.url.replace("127.0.0.1", "localhost")}/v1/events`);
        page.on("request", (request) => request.url().includes("/v1/events?b=") && sent.push(request.url()));
        await ready(page);
        await flush(page);
        await witness(other).expectStored({ type: "click", itemId: "1" });
        await pause(AGAIN_MS);
        const { acknowledged, queued } = await page.evaluate(
          () => new Promise((done) => window.reco("ready", (tracker) => done(tracker.stats()))),
        );
        assert.deepEqual({ acknowledged, queued }, { acknowledged: 1, queued: 0 });
        assert.equal(new Set(sent).size, 1, "one batch");
        assert.equal(sent.length, requests, sent.join(" "));
        assert.deepEqual(await warnings(page), []);
      } finally {
        await other.stop();
      }
    },
  );
}
