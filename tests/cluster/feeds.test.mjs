// Recommendations of the collectors of a cluster, which read the writer's database with an account that may only read.

import assert from "node:assert/strict";
import { readFileSync, writeFileSync } from "node:fs";
import { test } from "node:test";
import { event, figure, leader, newStream, post, prepare, sql, status, until } from "./shared.mjs";

const READER = { name: "recobeacon_reader", password: "reads" };
/** An id that nobody can guess, as the tracker makes them. */
const VISITOR = "A1b2C3d4E5f6G7h8I9j0Kl";
const VIEWED = `recently_viewed?userid=${VISITOR}`;

/** A running cluster whose collectors have the reading account. */
async function start(t) {
  const cluster = await prepare(t, { postgres: true, collectors: 2, readsDatabase: true, tables: "[feeds]" });
  await Promise.all(cluster.below.map((server) => server.start()));
  await cluster.writer.start();
  await leader(cluster);
  sql(cluster, `CREATE ROLE ${READER.name} LOGIN PASSWORD '${READER.password}'`);
  sql(cluster, `GRANT SELECT ON events TO ${READER.name}`);
  const address = Object.assign(new URL(cluster.database), { username: READER.name, password: READER.password });
  writeFileSync(cluster.file, readFileSync(cluster.file, "utf8").replace(cluster.database, address.href));
  await Promise.all(cluster.collectors.map((collector) => collector.start()));
  await cluster.ready();
  return cluster;
}

const ask = ({ url }, question) => fetch(`${url}/v1/recommendations/${question}`);
const itemsOf = async (answer) => (await answer.json()).recommendationItems?.map(({ itemId }) => itemId);

/** Waits until each collector answers with these items. */
async function expectItems({ collectors }, question, items) {
  for (const collector of collectors)
    await until(async () => {
      const answer = await ask(collector, question);
      return answer.ok && String(await itemsOf(answer)) === String(items);
    }, `${items} for ${question}`);
}

test("the collectors recommend what the writer has stored", async (t) => {
  const cluster = await start(t);
  const visit = ["1", "2"].map((itemId) => event({ itemId, anonymous: VISITOR }));
  assert.equal(await post(cluster.collectors[0], newStream(), 0, visit), 204);
  await expectItems(cluster, "also_viewed?contextitems=1", [2]);
  await expectItems(cluster, VIEWED, [2, 1]);
  for (const collector of cluster.collectors) {
    assert.equal(await figure(collector, "recobeacon_feeds_items"), 2);
    assert.equal(await figure(collector, "recobeacon_feeds_behind_rows"), 0);
    assert.equal(await status(`${collector.adminUrl}/v1/events`), 404, "stored events are read at the writer");
  }
});

test("while PostgreSQL is down, events are taken, and scenarios for all visitors are answered", async (t) => {
  const cluster = await start(t);
  const [collector] = cluster.collectors;
  const stream = newStream();
  const visit = ["1", "2"].map((itemId) => event({ itemId, anonymous: VISITOR }));
  assert.equal(await post(collector, stream, 0, visit), 204);
  await expectItems(cluster, "also_viewed?contextitems=1", [2]);
  await cluster.postgres.kill();
  assert.equal(await post(collector, stream, 1, [event({ itemId: "3", anonymous: VISITOR })]), 204);
  assert.deepEqual(await itemsOf(await ask(collector, "also_viewed?contextitems=1")), [2]);
  assert.equal((await ask(collector, VIEWED)).status, 503);
  assert.equal(await status(`${collector.adminUrl}/readyz`), 200, "the database is not needed for taking events");
  await cluster.postgres.start();
  await expectItems(cluster, VIEWED, [3, 2, 1]);
});
