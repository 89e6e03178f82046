// Shared by the tests of the cluster: a running cluster, events, and waiting.

import assert from "node:assert/strict";
import { execFileSync } from "node:child_process";
import { randomBytes } from "node:crypto";
import { setTimeout as delay } from "node:timers/promises";
import { prepareCluster } from "../../scripts/lib/cluster.mjs";
import { figure, readAll } from "../../scripts/lib/collector.mjs";
import { temporaryDirectory } from "../../scripts/lib/ending.mjs";

export { figure };

/** The tests wait for states, never for a time. This limit only ends a test that has failed. */
const PATIENCE_MS = 60_000;

/** The tests' databases: a file of SQLite with one writer, and PostgreSQL with two. */
export const DATABASES = { SQLite: {}, PostgreSQL: { postgres: true, writers: 2 } };

/** Waits until `holds()` is true, and returns its value. `subject` is a text, or a function that makes it at the end. */
export async function until(holds, subject) {
  const end = performance.now() + PATIENCE_MS;
  for (;;) {
    const value = await holds();
    if (value) return value;
    if (performance.now() > end)
      assert.fail(`not within ${PATIENCE_MS / 1000} s: ${typeof subject === "function" ? subject() : subject}`);
    await delay(50);
  }
}

/** Waits until a line of a process's log matches. */
export const logged = (part, pattern) =>
  until(
    () => part.log.some((line) => pattern.test(line)),
    () => `${pattern} in\n${part.log.join("\n")}`,
  );

/** A cluster that ends with the test. Nothing runs yet. */
export async function prepare(t, options = {}) {
  const { path: folder, remove } = temporaryDirectory();
  const cluster = await prepareCluster({ folder, ...options });
  t.after(async () => {
    await cluster.stop();
    remove();
  });
  return cluster;
}

/** A running cluster. All collectors are ready. */
export async function run(t, options) {
  const cluster = await prepare(t, options);
  await cluster.start();
  await cluster.ready();
  return cluster;
}

export const status = async (url) => (await fetch(url).catch(() => ({ status: 0 }))).status;

/** A UUID of version 7: https://www.rfc-editor.org/rfc/rfc9562#name-uuid-version-7 */
function uuid() {
  const time = Date.now().toString(16).padStart(12, "0");
  const random = randomBytes(10).toString("hex");
  return `${time.slice(0, 8)}-${time.slice(8)}-7${random.slice(0, 3)}-8${random.slice(3, 6)}-${random.slice(6, 18)}`;
}

export const event = (fields = {}) => ({ id: uuid(), type: "click", at: Date.now(), itemId: "1", ...fields });
export const newStream = () => randomBytes(11).toString("hex");

/** Posts a batch and returns its status, or 0 without an answer. */
export async function post({ url }, stream, seq, events) {
  const body = JSON.stringify({
    v: 1,
    client: "recobeacon/0.1.0",
    stream,
    seq,
    sentAt: Date.now(),
    ack: false,
    events,
  });
  try {
    const answer = await fetch(`${url}/v1/events`, { method: "POST", headers: { "content-type": "text/plain" }, body });
    await answer.arrayBuffer();
    return answer.status;
  } catch {
    return 0;
  }
}

/** Waits until exactly one writer stores events, and returns it and the other one. */
export async function leader({ writers }) {
  const first = await until(async () => {
    const [one, ...more] = await readyOnes(writers);
    return more.length === 0 && one;
  }, "one writer that is ready");
  return [first, writers.find((one) => one !== first)];
}

/** The writers that are ready. */
export async function readyOnes(writers) {
  const all = await Promise.all(writers.map(async (one) => [one, await status(`${one.adminUrl}/readyz`)]));
  return all.filter(([, code]) => code === 200).map(([one]) => one);
}

/** Waits until the writer has stored all of the stream, and returns the stored events. */
export async function stored(cluster, path = "/v1/events", name = "events") {
  let { writer } = cluster;
  await until(async () => {
    // With PostgreSQL a writer may wait for another one or for the server, and ends when another one has taken over.
    if (cluster.postgres) [writer] = await leader(cluster);
    const backlog = figure(writer, "recobeacon_consume_backlog");
    return (await (cluster.postgres ? backlog.catch(() => undefined) : backlog)) === 0;
  }, "an empty stream");
  return readAll(writer, path, name);
}

/** Waits until the stream is empty. The database then has the events with these ids once and in this order. */
export async function expectStored(cluster, ids) {
  const rows = await stored(cluster);
  assert.deepEqual(
    rows.map((row) => row.id),
    ids,
  );
}

/** Runs SQL in the cluster's PostgreSQL, and returns the cells of the first row. */
export const sql = ({ postgres }, text) =>
  execFileSync("psql", [postgres.url, "-qAtc", text], { encoding: "utf8" }).trim().split("|");
