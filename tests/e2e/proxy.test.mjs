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

/** Runs nginx with these locations until the test ends. Resolves with its address when it answers. */
async function startNginx(t, locations) {
  const { path, remove } = temporaryDirectory();
  const port = await freePort(FIRST_TRY);
  const temporary = ["client_body", "proxy", "fastcgi", "uwsgi", "scgi"].map(
    (kind) => `${kind}_temp_path ${join(path, kind)};`,
  );
  const file = join(path, "nginx.conf");
  writeFileSync(
    file,
    `${process.getuid() === 0 ? "user root;" : ""} daemon off; pid ${join(path, "pid")}; error_log stderr;
    events {} http { access_log off; ${temporary.join(" ")} server { listen 127.0.0.1:${port}; ${locations} } }`,
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
    const url = await startNginx(t, `location / { proxy_pass ${collector.url}; }`);
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
  const url = await startNginx(t, `location / { proxy_pass ${collector.adminUrl}; }`);
  assert.equal((await post(collector.url)).status, 204);
  for (const path of READERS) assert.equal((await fetch(url + path)).status, 401, path);
  const answer = await fetch(`${url}/v1/events`, { headers: { authorization: `Bearer ${TOKEN}` } });
  assert.equal((await answer.json()).events[0].itemId, "123");
});

test("the nginx example of the collector's README works", { timeout: 60_000 }, async (t) => {
  const readme = readFileSync(at("collector", "README.md"), "utf8");
  const example = readme.match(/```nginx\n([\s\S]*?)```/)[1];
  assert.match(example, /127\.0\.0\.1:8787/);
  const collector = await started(t);
  const url = await startNginx(t, example.replaceAll("http://127.0.0.1:8787", collector.url));
  const answer = await post(url, { origin: url });
  assert.equal(answer.status, 204);
  // The shop's own host name was passed on, so the page sees the cookie.
  assert.match(answer.headers.get("set-cookie"), /^reco_ack_s1\.0=1; Path=\/; Max-Age=600; SameSite=Lax$/);
  const reco = await fetch(`${url}/dist/reco.js`);
  assert.equal(reco.headers.get("content-type"), "text/javascript; charset=utf-8");
  await reco.arrayBuffer();
  for (const path of READERS) {
    const refused = await fetch(url + path);
    assert.notEqual(refused.status, 200, path);
    assert.doesNotMatch(await refused.text(), /itemId/);
  }
  const rows = await readAll(collector, "/v1/events", "events");
  assert.equal(rows.length, 1);
});
