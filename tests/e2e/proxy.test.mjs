// The collector behind nginx: other clients cannot read stored events through it.

import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { test } from "node:test";
import { freePort, readAll, startTemporary } from "../../scripts/lib/collector.mjs";
import { atEnd, temporaryDirectory } from "../../scripts/lib/ending.mjs";
import { nginx } from "../../scripts/lib/nginx.mjs";
import { at } from "../../scripts/lib/project.mjs";
import { until } from "./harness.mjs";

const FIRST_TRY = 18_900;
const TOKEN = "a-token-of-32-characters-or-more";
const READERS = ["/v1/events", "/v1/batches", "/v1/events/stream"];
const EVENT = { id: "0193bdc1-0000-7000-8000-000000000001", type: "click", at: 1, itemType: "1", itemId: "123" };
const BATCH = { v: 1, stream: "s1", seq: 0, sentAt: 1, ack: true, events: [EVENT] };

/**
 * Runs nginx until the test ends, with the `http` block that `http(port)` returns. Resolves with its address when it
 * answers.
 */
async function startNginx(t, http) {
  const { path, remove } = temporaryDirectory();
  const port = await freePort(FIRST_TRY);
  const temporary = ["client_body", "proxy", "fastcgi", "uwsgi", "scgi"].map(
    (kind) => `${kind}_temp_path ${join(path, kind)};`,
  );
  const file = join(path, "nginx.conf");
  writeFileSync(
    file,
    `${process.getuid() === 0 ? "user root;" : ""} daemon off; pid ${join(path, "pid")}; error_log stderr;
    events {} http { access_log off; ${temporary.join(" ")} ${http(port)} }`,
  );
  const child = spawn(nginx(), ["-p", path, "-e", "stderr", "-c", file], { stdio: ["ignore", "ignore", "pipe"] });
  let log = "";
  child.stderr.setEncoding("utf8").on("data", (text) => (log += text));
  const ended = new Promise((resolve) => child.once("exit", resolve));
  const forget = atEnd(() => child.kill("SIGKILL"));
  t.after(async () => {
    child.kill("SIGTERM");
    await ended;
    forget();
    remove();
  });
  const url = `http://127.0.0.1:${port}`;
  await until(async () => {
    assert.equal(child.exitCode, null, log);
    return fetch(url).then(
      (answer) => answer.arrayBuffer().then(() => true),
      () => false,
    );
  }, "nginx");
  return url;
}

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

test("the nginx example of the guide works", { timeout: 60_000 }, async (t) => {
  const guide = readFileSync(at("docs", "collector.md"), "utf8");
  const example = guide.match(/```nginx\n([\s\S]*?)```/)[1];
  const collector = await started(t);
  const { path, remove } = temporaryDirectory();
  t.after(remove);
  writeFileSync(join(path, "index.html"), "the shop");
  const own = (port) =>
    [
      [/ {2}ssl_certificate.*\n/g, ""],
      ["443 ssl", `127.0.0.1:${port}`],
      ["http://127.0.0.1:8787", collector.url],
      ["/srv/recobeacon/dist/", `${at("dist")}/`],
      ["/srv/shop", path],
    ].reduce((text, [from, to]) => {
      const changed = text.replace(from, to);
      assert.notEqual(changed, text, `${from}`);
      return changed;
    }, example);
  const url = await startNginx(t, own);
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
  // The check of the guide.
  const check = await fetch(`${url}/v1/events`);
  assert.deepEqual(
    [check.status, await check.text()],
    [403, "stored events are read on the admin listener (admin_listen)\n"],
  );

  // More requests at once than `burst`, ten at a time: the limit of open files is low on some machines.
  const statuses = [];
  const sender = async () => {
    while (statuses.length < 300) statuses.push((await post(url, { origin: url })).status);
  };
  await Promise.all(Array.from({ length: 10 }, sender));
  assert.ok(statuses.filter((status) => status === 204).length >= 190);
  assert.ok(statuses.includes(429));

  // The files do not depend on the collector.
  await collector.stop();
  await until(async () => (await post(url)).status === 502, "the answer without a collector");
  for (const [file, type] of [
    ["reco.js", "text/javascript"],
    ["recobeacon.wasm", "application/wasm"],
  ]) {
    const served = await fetch(`${url}/dist/${file}`);
    assert.equal(served.headers.get("content-type"), type);
    assert.equal(served.headers.get("content-encoding"), "gzip");
    await served.arrayBuffer();
  }
});
