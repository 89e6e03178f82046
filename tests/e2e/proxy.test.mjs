// The collector behind reverse proxies: other clients cannot read stored events through them, and the configurations that
// we publish work.

import assert from "node:assert/strict";
import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { test } from "node:test";
import { readAll, startTemporary } from "../../scripts/lib/collector.mjs";
import { temporaryDirectory } from "../../scripts/lib/ending.mjs";
import { at } from "../../scripts/lib/project.mjs";
import { until } from "./harness.mjs";
import { startCaddy, startNginx } from "./server.mjs";

const TOKEN = "a-token-of-32-characters-or-more";
const READERS = ["/v1/events", "/v1/batches", "/v1/events/stream"];
const EVENT = { id: "0193bdc1-0000-7000-8000-000000000001", type: "click", at: 1, itemType: "1", itemId: "123" };
const BATCH = { v: 1, stream: "s1", seq: 0, sentAt: 1, ack: true, events: [EVENT] };

const serving = (locations) => (port) => `server { listen 127.0.0.1:${port}; ${locations} }`;
const post = (url, headers) => fetch(`${url}/v1/events`, { method: "POST", body: JSON.stringify(BATCH), headers });
const started = async (t, options) => {
  const collector = await startTemporary(options);
  t.after(collector.stop);
  return collector;
};

test("nginx with a bare proxy_pass exposes no event, with and without a token", { timeout: 60_000 }, async (t) => {
  for (const token of [undefined, TOKEN]) {
    const config = token && `admin_token = "${token}"`;
    const collector = await started(t, { config, inspector: !token });
    const url = await startNginx(t, serving(`location / { proxy_pass ${collector.url}; }`));
    assert.equal((await post(url)).status, 204);
    for (const path of READERS) {
      for (const headers of [{}, { authorization: `Bearer ${TOKEN}` }]) {
        const answer = await fetch(url + path, { headers });
        assert.equal(answer.status, 403, path);
        assert.doesNotMatch(await answer.text(), /itemId/);
      }
    }
    assert.equal((await fetch(`${url}/healthz`)).status, 200);
  }
});

test("nginx before the admin listener requires the token", { timeout: 60_000 }, async (t) => {
  const collector = await started(t, { config: `admin_token = "${TOKEN}"`, inspector: false });
  const url = await startNginx(t, serving(`location / { proxy_pass ${collector.adminUrl}; }`));
  assert.equal((await post(collector.url)).status, 204);
  for (const path of READERS) assert.equal((await fetch(url + path)).status, 401, path);
  const answer = await fetch(`${url}/v1/events`, { headers: { authorization: `Bearer ${TOKEN}` } });
  assert.equal((await answer.json()).events[0].itemId, "123");
});

/** A folder with a page, for a proxy to serve. */
function shop(t) {
  const { path, remove } = temporaryDirectory();
  t.after(remove);
  writeFileSync(join(path, "index.html"), "the shop");
  return path;
}

/** Replaces texts of a published configuration. Each must be there. */
const replaced = (text, changes) =>
  changes.reduce((text, [from, to]) => {
    const changed = text.replace(from, to);
    assert.notEqual(changed, text, `${from}`);
    return changed;
  }, text);

/** The page, an event, its cookie and the check of the guide, through a proxy. */
async function worksThrough(url, collector) {
  assert.equal(await (await fetch(`${url}/`)).text(), "the shop");
  const answer = await post(url, { origin: url });
  assert.equal(answer.status, 204);
  // The shop's own host name was passed on, so the page sees the cookie.
  assert.match(answer.headers.get("set-cookie"), /^reco_ack_s1\.0=1; Path=\/; Max-Age=600; SameSite=Lax$/);
  for (const path of READERS) {
    const refused = await fetch(url + path);
    assert.notEqual(refused.status, 200, path);
    assert.doesNotMatch(await refused.text(), /itemId/);
  }
  const rows = await readAll(collector, "/v1/events", "events");
  assert.equal(rows.length, 1);
  const check = await fetch(`${url}/v1/events`);
  assert.deepEqual(
    [check.status, await check.text()],
    [403, "stored events are read on the admin listener (admin_listen)\n"],
  );
}

/** The tracker's files come compressed and with their types, and do not depend on the collector. */
async function servesFilesAlone(url, collector) {
  await collector.stop();
  await until(async () => (await post(url)).status === 502, "the answer without a collector");
  for (const [file, type] of [
    ["reco.js", /^text\/javascript/],
    ["recobeacon.wasm", /^application\/wasm/],
  ]) {
    const served = await fetch(`${url}/dist/${file}`);
    assert.match(served.headers.get("content-type"), type);
    assert.equal(served.headers.get("cache-control"), "no-cache");
    assert.ok(served.headers.get("content-encoding"), file);
    await served.arrayBuffer();
  }
}

test("the nginx example of the guide works", { timeout: 60_000 }, async (t) => {
  const guide = readFileSync(at("docs", "deployment.md"), "utf8");
  const example = guide.match(/```nginx\n([\s\S]*?)```/)[1];
  const collector = await started(t);
  const own = (port) =>
    replaced(example, [
      [/ {2}ssl_certificate.*\n/g, ""],
      ["443 ssl", `127.0.0.1:${port}`],
      // On a slow machine, 20 requests a second may be all that the test sends.
      ["rate=20r/s", "rate=1r/s"],
      ["http://127.0.0.1:8787", collector.url],
      ["/srv/recobeacon/dist/", `${at("dist")}/`],
      ["/srv/shop", shop(t)],
    ]);
  const url = await startNginx(t, own);
  await worksThrough(url, collector);

  // More requests at once than `burst`, ten at a time: the limit of open files is low on some machines.
  const statuses = [];
  const sender = async () => {
    while (statuses.length < 300) statuses.push((await post(url, { origin: url })).status);
  };
  await Promise.all(Array.from({ length: 10 }, sender));
  assert.ok(statuses.filter((status) => status === 204).length >= 190);
  assert.ok(statuses.includes(429));

  await servesFilesAlone(url, collector);
});

test("the published Caddyfile works, and Caddy logs no visitor", { timeout: 60_000 }, async (t) => {
  const published = readFileSync(at("collector", "deploy", "Caddyfile"), "utf8");
  const collector = await started(t);
  const own = () =>
    replaced(published, [
      // Its port may be taken.
      [/^\{$/m, "{\n\tadmin off"],
      ["root * /srv/recobeacon/dist", `root * ${at("dist")}`],
      ["root * /srv/shop", `root * ${shop(t)}`],
    ]);
  // Without a host name Caddy asks for no certificate.
  const variables = (port) => ({ SHOP_HOST: `http://:${port}`, COLLECTOR: new URL(collector.url).host });
  const { url, log } = await startCaddy(t, own, variables);
  await worksThrough(url, collector);
  await servesFilesAlone(url, collector);
  assert.doesNotMatch(log(), /"remote_ip"|\/v1\/events/);
});
