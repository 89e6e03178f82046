// An outage of the database that is longer than the time after which JetStream delivers unconfirmed messages again.

import assert from "node:assert/strict";
import { test } from "node:test";
import { setTimeout as delay } from "node:timers/promises";
import { readAll } from "../../../scripts/lib/collector.mjs";
import { event, expectStored, leader, newStream, post, run } from "../shared.mjs";

/** Longer than `ACK_WAIT` of the collector's limits. */
const OUTAGE_MS = 45_000;
/** More than the writer takes at once. */
const BATCHES = 600;

test("messages that wait in the writer while the database is down are delivered once", async (t) => {
  const cluster = await run(t, { postgres: true });
  const { collectors, postgres } = cluster;
  const [stream, ids] = [newStream(), []];
  const send = async () => {
    const one = event();
    assert.equal(await post(collectors[0], stream, ids.length, [one]), 204);
    ids.push(one.id);
  };
  await send();
  // The writer has begun to read.
  await expectStored(cluster, ids);
  await postgres.stop();
  while (ids.length < BATCHES) await send();
  await delay(OUTAGE_MS);
  await postgres.start();
  await expectStored(cluster, ids);
  const [writer] = await leader(cluster);
  const batches = await readAll(writer, "/v1/batches", "batches");
  assert.deepEqual(
    batches.filter(({ copies }) => copies > 0),
    [],
  );
});
