// TLS between a writer and PostgreSQL. The certificate is one of `localhost`, by an authority of the tests.

import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
import { readFileSync, writeFileSync } from "node:fs";
import { test } from "node:test";
import { at, collectorBinary } from "../../scripts/lib/project.mjs";
import { event, expectStored, logged, newStream, post, prepare, sql, status } from "./shared.mjs";

const file = (name) => at("collector", "tests", "service", "forward", "tls", name);
const TLS = { certificate: file("vendor.pem"), key: file("vendor.key") };
const AUTHORITY = `ca = ${JSON.stringify(file("authority.pem"))}`;

/** Starts a cluster whose writer has this host and this end of the database's address. */
async function start(
  t,
  { tls = /** @type {typeof TLS | null} */ (TLS), ca = AUTHORITY, host = "localhost", end = "" },
) {
  const cluster = await prepare(t, { postgres: true, cluster: ca, postgresTls: tls });
  const text = readFileSync(cluster.writerFile, "utf8");
  writeFileSync(
    cluster.writerFile,
    text.replace(/@127\.0\.0\.1:(\d+\/\w+)/, (_, rest) => `@${host}:${rest}${end}`),
  );
  await cluster.start();
  await cluster.ready();
  const one = event();
  assert.equal(await post(cluster.collectors[0], newStream(), 0, [one]), 204);
  return { ...cluster, ids: [one.id] };
}

/** How many connections of the writer the server has, and how many of them are encrypted. */
const CONNECTIONS = `SELECT count(*), count(*) FILTER (WHERE ssl) FROM pg_stat_ssl JOIN pg_stat_activity USING (pid)
  WHERE application_name = 'recobeacon-collector'`;

async function expectConnected(cluster, isEncrypted) {
  await expectStored(cluster, cluster.ids);
  const [all, encrypted] = sql(cluster, CONNECTIONS).map(Number);
  assert.ok(all > 0);
  assert.equal(encrypted, isEncrypted ? all : 0);
}

/** The writer names the cause in its log and stores nothing. */
async function expectRefused({ writer }, cause) {
  await logged(writer, cause);
  assert.equal(await status(`${writer.adminUrl}/readyz`), 503);
}

test("the writer uses TLS with a server that has it, and checks its certificate", async (t) => {
  await expectConnected(await start(t, {}), true);
});

test("a command whose flag names the database checks the certificate with cluster.ca, too", async (t) => {
  const cluster = await start(t, {});
  await expectStored(cluster, cluster.ids);
  const address = cluster.postgres.url.replace("127.0.0.1", "localhost");
  const args = ["--config", cluster.writerFile, "--database", address, "dead-letters", "list"];
  const { status: code, stderr } = spawnSync(collectorBinary(), args, { encoding: "utf8" });
  assert.deepEqual({ code, stderr }, { code: 0, stderr: "" });
});

test("sslmode=require uses TLS, and sslmode=disable does not", async (t) => {
  await expectConnected(await start(t, { end: "?sslmode=require" }), true);
  await expectConnected(await start(t, { end: "?sslmode=disable", ca: "" }), false);
});

test("a server without TLS is used, unless sslmode=require forbids it", async (t) => {
  await expectConnected(await start(t, { tls: null, ca: "" }), false);
  await expectRefused(await start(t, { tls: null, end: "?sslmode=require" }), /server does not support TLS/);
});

test("a certificate of an unknown authority, or of another host, is refused", async (t) => {
  await expectRefused(await start(t, { ca: "" }), /invalid peer certificate: UnknownIssuer/);
  await expectRefused(await start(t, { host: "127.0.0.1" }), /certificate not valid for name/);
});

test("a file of certificates that is not there is named", async (t) => {
  const cluster = await prepare(t, { postgres: true, cluster: 'ca = "/nowhere/authority.pem"' });
  await cluster.postgres.start();
  await assert.rejects(cluster.writer.start(), /\/nowhere\/authority\.pem/);
});
