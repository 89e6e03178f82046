// Two writers and PostgreSQL: one of them stores events, and the other one takes over. Faults of PostgreSQL.

import assert from "node:assert/strict";
import { spawn, spawnSync } from "node:child_process";
import { once } from "node:events";
import { readFileSync, writeFileSync } from "node:fs";
import { connect } from "node:net";
import { dirname, join } from "node:path";
import { test } from "node:test";
import { collectorBinary } from "../../scripts/lib/project.mjs";
import {
  event,
  expectStored,
  figure,
  leader,
  logged,
  newStream,
  post,
  prepare,
  readyOnes,
  run,
  sql,
  status,
  stored,
  until,
} from "./shared.mjs";

/** A trigger that runs these statements for each row or statement that inserts into `events`. */
const onInsert = (each, statements) => `
  CREATE FUNCTION fault() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN ${statements}; RETURN NULL; END $$;
  CREATE TRIGGER fault BEFORE INSERT ON events FOR EACH ${each} EXECUTE FUNCTION fault()`;
const REPAIRED = "DROP FUNCTION fault CASCADE";

/** Posts batches one after another until each is answered. Returns the ids. */
async function load({ collectors }, stream, from, count) {
  const ids = [];
  for (let seq = from; seq < from + count; seq++) {
    const one = event({ itemId: String(seq) });
    await until(async () => (await post(collectors[0], stream, seq, [one])) === 204, "an answer");
    ids.push(one.id);
  }
  return ids;
}

/** A running cluster and the ids of so many events that were answered. `more` posts further ones. */
async function loaded(t, options, count) {
  const cluster = await run(t, options);
  const stream = newStream();
  const ids = [];
  const more = async (number) => ids.push(...(await load(cluster, stream, ids.length, number)));
  await more(count);
  return { cluster, ids, more };
}

/** Free ports. */
const FREE = ["--listen", "127.0.0.1:0", "--admin-listen", "127.0.0.1:0"];
const options = { postgres: true, writers: 2 };

test("one of two writers stores events, and the other one takes over when it is killed or stopped", async (t) => {
  const { cluster, ids, more } = await loaded(t, options, 50);
  for (const end of ["kill", "stop"]) {
    const [first, second] = await leader(cluster);
    const code = await status(`${second.adminUrl}/healthz`);
    assert.equal(code, 200, "a writer that waits is well");
    assert.match(await (await fetch(`${second.adminUrl}/readyz`)).text(), /another writer stores events/);
    await first[end]();
    await more(50);
    await until(async () => (await status(`${second.adminUrl}/readyz`)) === 200, "the other writer");
    await first.start();
  }
  await expectStored(cluster, ids);
});

test("a process that waits for the one that stores events, or is refused, changes nothing in the database", async (t) => {
  const cluster = await prepare(t, options);
  const [first, second] = cluster.writers;
  await Promise.all([...cluster.below, cluster.collectors[0]].map((part) => part.start()));
  await first.start();
  await until(async () => (await status(`${first.adminUrl}/readyz`)) === 200, "the first writer");
  const keys = () => sql(cluster, "SELECT count(*) FROM keys")[0];
  const table = `\n[[keys]]\nnumber = 2\nsecret = "${"0f".repeat(32)}"\n`;
  writeFileSync(cluster.writerFile, readFileSync(cluster.writerFile, "utf8") + table);
  await second.start();
  await logged(second, /waiting for its end/);
  assert.equal(keys(), "1");
  const single = join(dirname(cluster.writerFile), "single.toml");
  writeFileSync(single, `database = "${cluster.database}"${table}`);
  const refused = spawnSync(collectorBinary(), ["--config", single, ...FREE], { encoding: "utf8" });
  assert.match(refused.stderr, /another collector or writer uses it/);
  assert.equal(keys(), "1");
  await first.stop();
  await until(async () => (await status(`${second.adminUrl}/readyz`)) === 200, "the second writer");
  assert.equal(keys(), "2");
});

/** Sends this to the admin listener, and returns the answer when the connection has ended. */
async function talk({ adminUrl }, text) {
  const { hostname, port } = new URL(adminUrl);
  const socket = connect({ host: hostname, port: Number(port) });
  let answer = "";
  socket.setEncoding("utf8").on("data", (part) => {
    answer += part;
  });
  socket.write(text);
  await once(socket, "close");
  return answer;
}

test("the admin listener of a writer that waits has the limits and the guard of the other one's", async (t) => {
  const cluster = await run(t, { ...options, tables: "[limits]\nheader_seconds = 1" });
  const all = await leader(cluster);
  await logged(all[1], /waiting for its end/);
  for (const writer of all) {
    const ask = (lines) => talk(writer, `GET /healthz HTTP/1.1\r\n${lines}Connection: close\r\n\r\n`);
    assert.match(await ask("Host: localhost\r\n"), /^HTTP\/1.1 200 .*nosniff.*ok/s);
    assert.match(await ask(""), /^HTTP\/1.1 400 .*Host/s);
    assert.match(await ask("Host: shop.example\r\n"), /^HTTP\/1.1 403 .*loopback/s);
    assert.equal(await talk(writer, "GET /healthz HTTP/1.1\r\n"), "", "a header that does not end");
  }
});

test("events wait while PostgreSQL is down, and are stored once and in order afterwards", async (t) => {
  const { cluster, ids, more } = await loaded(t, options, 20);
  for (const end of ["kill", "stop"]) {
    await cluster.postgres[end]();
    await more(50);
    assert.deepEqual(await readyOnes(cluster.writers), []);
    await cluster.postgres.start();
  }
  await expectStored(cluster, ids);
});

test("a writer waits for PostgreSQL at its start", async (t) => {
  const cluster = await prepare(t, { ...options, writers: 1 });
  const [collector] = cluster.collectors;
  await Promise.all([...cluster.servers, collector, cluster.writer].map((part) => part.start()));
  await cluster.ready();
  const ids = await load(cluster, newStream(), 0, 5);
  await logged(cluster.writer, /waiting for the database postgres:\/\//);
  assert.equal(await status(`${cluster.writer.adminUrl}/readyz`), 503);
  await cluster.postgres.start();
  await until(async () => (await status(`${cluster.writer.adminUrl}/readyz`)) === 200, "the writer");
  await expectStored(cluster, ids);
});

test("connections that the server ends are opened again, and no event is lost", async (t) => {
  const { cluster, ids, more } = await loaded(t, options, 10);
  await stored(cluster);
  const others =
    "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE pid <> pg_backend_pid() AND backend_type = 'client backend'";
  sql(cluster, others);
  await more(20);
  await expectStored(cluster, ids);
});

test("a table that another program has locked delays the writer only", async (t) => {
  const { cluster, ids, more } = await loaded(t, { postgres: true }, 5);
  await stored(cluster);
  const lock = "BEGIN; LOCK TABLE events IN ACCESS EXCLUSIVE MODE; SELECT pg_sleep(3); COMMIT";
  const slow = spawn("psql", [cluster.postgres.url, "-qAtc", lock], { stdio: "ignore" });
  const ended = new Promise((resolve) => slow.once("exit", resolve));
  await more(20);
  await ended;
  await expectStored(cluster, ids);
});

// The server answers so if it cannot extend a table. If it cannot write its log, it ends, as in the tests above.
test("while PostgreSQL's disk is full, events are answered and wait, and their order is kept", async (t) => {
  const { cluster, ids, more } = await loaded(t, options, 5);
  await stored(cluster);
  const [writer] = await leader(cluster);
  sql(cluster, onInsert("ROW", "RAISE 'could not extend file: No space left on device' USING ERRCODE = 'disk_full'"));
  // A full disk also refuses the test write, by which the writer finds out whether it can store again.
  sql(cluster, "CREATE TRIGGER fault BEFORE INSERT ON tending FOR EACH ROW EXECUTE FUNCTION fault()");
  await more(20);
  await until(async () => (await figure(writer, "recobeacon_consume_failures_total")) > 0, "a failure");
  assert.equal(await status(`${writer.adminUrl}/readyz`), 503);
  await logged(writer, /No space left on device/);
  assert.equal(await status(`${cluster.collectors[0].adminUrl}/readyz`), 200);
  sql(cluster, REPAIRED);
  await expectStored(cluster, ids);
});

test("a slow PostgreSQL delays neither answers nor the order, and the writer stores larger groups", async (t) => {
  const { cluster, ids, more } = await loaded(t, options, 0);
  sql(cluster, onInsert("STATEMENT", "PERFORM pg_sleep(1)"));
  await more(300);
  const [writer] = await leader(cluster);
  assert.ok((await figure(writer, "recobeacon_consume_backlog")) > 0, "events wait in the stream");
  await expectStored(cluster, ids);
});
