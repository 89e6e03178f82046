// Scenarios that share a collector do not see each other's events.

import assert from "node:assert/strict";
import { once } from "node:events";
import { createServer } from "node:http";
import { test } from "node:test";
import { setTimeout as pause } from "node:timers/promises";
import { startFront } from "./front.mjs";
import { ready, scenario, tagged, useBrowser } from "./harness.mjs";
import { resting } from "./ycq.mjs";

useBrowser();

const MANY = 300;
const SECOND = "<!doctype html><title>second</title><link rel=icon href='data:,'>";
const click = (item) => `/api/00000/click/u1/1/${item}`;

test("a front stops after all its requests are answered", async () => {
  const server = createServer().listen(0, "127.0.0.1");
  await once(server, "listening");
  const front = await startFront(`http://127.0.0.1:${server.address().port}`);
  const gone = fetch(front.url, { method: "POST", body: "event" }).catch(() => {});
  const [, answer] = await once(server, "request");
  let stopped = false;
  const stop = front.stop().then(() => (stopped = true));
  await gone;
  await pause(50);
  assert.equal(stopped, false, "the server is still busy");
  answer.end();
  await stop;
  server.close();
});

scenario(
  "a scenario ends during many requests",
  { site: { "index.html": tagged(), "first.html": "first" } },
  async ({ page, visit, collector }) => {
    await visit();
    await ready(page);
    await page.evaluate(() => window.reco("click", { itemId: "first" }));
    for (let item = 0; item < MANY; item++) fetch(collector.url + click(item)).catch(() => {});
    await collector.expectStored({ source: "ibexa" });
  },
);

scenario(
  "the next one has an empty table, now and later, its own site and a new visitor",
  { site: { "index.html": SECOND } },
  async ({ page, context, visit, collector }) => {
    assert.deepEqual(await collector.stored(), []);
    assert.deepEqual(await collector.batches(), []);
    assert.equal(await (await visit()).text(), SECOND);
    assert.equal((await fetch(`${collector.url}/first.html`)).status, 404);
    assert.deepEqual(await context.cookies(), []);
    await resting(page);
    assert.deepEqual(await collector.stored(), []);
    await fetch(collector.url + click("own"));
    await collector.expectExactly({ type: "click", itemId: "own" });
  },
);
