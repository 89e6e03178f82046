// Faults of a cluster: servers that are missing, killed, full or slow, and messages that cannot be read.

import assert from "node:assert/strict";
import { readFileSync, writeFileSync } from "node:fs";
import { test } from "node:test";
import { readAll } from "../../scripts/lib/collector.mjs";
import { connect } from "./nats-client.mjs";
import { event, figure, logged, newStream, post, prepare, run, status, stored, until } from "./shared.mjs";

const id = (row) => row.id;

test("without a NATS server, collector and writer start, and events are answered 503 until it is there", async (t) => {
  const { servers, collectors, writer, ready: isReady } = await prepare(t);
  await collectors[0].start();
  await writer.start();
  const [collector] = collectors;
  const answer = await fetch(`${collector.url}/v1/events`, { method: "POST", body: "{}" });
  assert.equal(answer.status, 400, "an invalid batch is refused all the same");
  const stream = newStream();
  const events = [event()];
  assert.equal(await post(collector, stream, 0, events), 503);
  const ready = await fetch(`${collector.adminUrl}/readyz`);
  assert.equal(ready.status, 503);
  assert.ok(Number(ready.headers.get("retry-after")) > 0);
  await servers[0].start();
  await isReady();
  assert.equal(await post(collector, stream, 0, events), 204);
  assert.deepEqual((await stored({ writer })).map(id), events.map(id));
});

test("a NATS server that is killed keeps what it has confirmed, and collector and writer go on by themselves", async (t) => {
  const { servers, collectors, writer } = await run(t);
  const [server] = servers;
  const answered = [];
  for (let round = 0; round < 3; round++) {
    await writer.stop();
    const one = event();
    assert.equal(await post(collectors[0], newStream(), 0, [one]), 204);
    await server.kill();
    // Its message may still reach the stream later. The client sends the event again, as the tracker does.
    const [stream, other] = [newStream(), event()];
    assert.equal(await post(collectors[0], stream, 0, [other]), 503);
    await server.start();
    await until(async () => (await post(collectors[0], stream, 0, [other])) === 204, "a confirmed event");
    answered.push(one.id, other.id);
    await writer.start();
  }
  assert.deepEqual((await stored({ writer })).map(id), answered);
});

test("a writer that is killed continues with the first event that it has not stored, in order", async (t) => {
  const { collectors, writer } = await run(t);
  const answered = [];
  for (let round = 0; round < 4; round++) {
    for (let sent = 0; sent < 50; sent++) {
      const one = event();
      if (sent === 25) await writer.kill();
      assert.equal(await post(collectors[0], newStream(), 0, [one]), 204);
      answered.push(one.id);
    }
    await writer.start();
  }
  assert.deepEqual((await stored({ writer })).map(id), answered);
});

test("a full stream refuses events with 503, and takes them again when the writer has caught up", async (t) => {
  const { servers, collectors, writer, ready } = await prepare(t, { cluster: "stream_mib = 1" });
  await servers[0].start();
  await collectors[0].start();
  await ready();
  const answered = [];
  const title = "x".repeat(500);
  const batch = () => Array.from({ length: 100 }, () => event({ categoryPath: title }));
  let refused;
  for (let seq = 0; !refused && seq < 100; seq++) {
    const events = batch();
    const status = await post(collectors[0], newStream(), 0, events);
    if (status === 204) answered.push(...events.map(id));
    else refused = { status, events };
  }
  assert.equal(refused?.status, 503);
  assert.ok(answered.length >= 500, `${answered.length} events fit`);
  await writer.start();
  const stream = newStream();
  await until(async () => (await post(collectors[0], stream, 0, refused.events)) === 204, "a stream with room");
  const rows = await stored({ writer });
  assert.deepEqual(rows.map(id).slice(0, answered.length), answered);
  assert.equal(rows.length, answered.length + refused.events.length);
});

test("while the database is full, events wait in the stream and are answered, and their order is kept", async (t) => {
  const { collectors, writer, writerFile: file } = await run(t, { tables: "[limits]\ndatabase_mib = 1" });
  const answered = [];
  const title = "x".repeat(500);
  const send = async () => {
    const events = Array.from({ length: 100 }, () => event({ categoryPath: title }));
    assert.equal(await post(collectors[0], newStream(), 0, events), 204);
    answered.push(...events.map(id));
  };
  const isFull = async () => (await figure(writer, "recobeacon_consume_failures_total")) > 0;
  await until(async () => {
    await send();
    return isFull();
  }, "a full database");
  await send();
  assert.ok((await figure(writer, "recobeacon_consume_backlog")) >= 2);
  assert.equal(await status(`${writer.adminUrl}/readyz`), 503);
  assert.equal(await status(`${collectors[0].adminUrl}/readyz`), 200);
  writeFileSync(file, readFileSync(file, "utf8").replace("database_mib = 1", "database_mib = 100"));
  await writer.stop();
  await writer.start();
  assert.deepEqual((await stored({ writer })).map(id), answered);
});

test("messages that the writer cannot read stay in the stream for the next writer, and delay no other", async (t) => {
  const { servers, collectors, writer } = await run(t);
  const nats = await connect(servers[0].url);
  t.after(() => nats.close());
  // More than the writer takes without having stored them.
  const unreadable = 600;
  for (let sent = 0; sent < unreadable; sent++) nats.publish("recobeacon.events", '[{"specversion":"1.0"}]');
  const allRead = async () => (await figure(writer, "recobeacon_consume_unreadable_total")) >= unreadable;
  await until(allRead, "all messages");
  assert.equal(await post(collectors[0], newStream(), 0, [event()]), 204);
  await until(async () => (await figure(writer, "recobeacon_consume_messages_total")) === 1, "a stored message");
  assert.equal(await figure(writer, "recobeacon_consume_backlog"), unreadable);
  await logged(writer, /cannot be read/);
  await writer.stop();
  await writer.start();
  await until(allRead, "all messages, at the next start");
});

test("events that were hashed with another key of the same number are not mixed with those of the writer", async (t) => {
  const cluster = await prepare(t);
  const { file, collectors, writer } = cluster;
  const right = readFileSync(file, "utf8");
  writeFileSync(file, right.replace(/secret = "\w+"/, `secret = "${"0".repeat(64)}"`));
  await cluster.start();
  await cluster.ready();
  assert.equal(await post(collectors[0], newStream(), 0, [event()]), 204);
  await logged(writer, /\[\[keys\]\]/);
  await collectors[0].stop();
  writeFileSync(file, right);
  await collectors[0].start();
  await cluster.ready();
  const kept = event();
  assert.equal(await post(collectors[0], newStream(), 0, [kept]), 204);
  await until(async () => (await figure(writer, "recobeacon_consume_messages_total")) === 1, "a stored message");
  const rows = await readAll(writer, "/v1/events", "events");
  assert.deepEqual(
    rows.map(({ id }) => id),
    [kept.id],
  );
  assert.equal(await figure(writer, "recobeacon_consume_backlog"), 1);
});

test("a batch above the servers' max_payload is answered 413, so that the tracker halves it", async (t) => {
  const { collectors } = await run(t, { natsSettings: ["max_payload: 10000"] });
  const events = Array.from({ length: 40 }, () => event());
  assert.equal(await post(collectors[0], newStream(), 0, events), 413);
  assert.equal(await post(collectors[0], newStream(), 0, events.slice(0, 10)), 204);
});

test("a stream with settings that could lose events is not used", async (t) => {
  const { servers, collectors } = await prepare(t);
  await servers[0].start();
  const nats = await connect(servers[0].url);
  t.after(() => nats.close());
  const made = await nats.request("$JS.API.STREAM.CREATE.recobeacon", {
    name: "recobeacon",
    subjects: ["recobeacon.events"],
    storage: "memory",
    retention: "workqueue",
    discard: "new",
    num_replicas: 1,
  });
  assert.equal(made.error, undefined);
  await collectors[0].start();
  await logged(collectors[0], /another storage/);
  assert.equal(await post(collectors[0], newStream(), 0, [event()]), 503);
});
