// npm start: one address with the running shop; Ctrl-C ends it cleanly.

import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import { once } from "node:events";
import { createInterface } from "node:readline";
import { test } from "node:test";
import { freePort } from "../../scripts/lib/collector.mjs";
import { temporaryDirectory } from "../../scripts/lib/ending.mjs";
import { at } from "../../scripts/lib/project.mjs";

const FIRST_TRY = 18_700;

test("npm start opens the shop and Ctrl-C closes it", { timeout: 120_000 }, async () => {
  const { path: data } = temporaryDirectory();
  const port = await freePort(FIRST_TRY);
  const child = spawn(process.execPath, [at("scripts", "start.mjs"), "--data", data], {
    env: { ...process.env, PORT: String(port) },
    stdio: ["ignore", "pipe", "inherit"],
  });
  const exit = once(child, "exit");
  try {
    let address;
    for await (const line of createInterface({ input: child.stdout })) {
      address = line.match(/http:\/\/\S+/)?.[0];
      if (address) break;
    }
    assert.equal(address, `http://127.0.0.1:${port}/`);
    for (const [path, type] of [
      ["", "text/html"],
      ["dist/reco.js", "text/javascript"],
      ["dist/recobeacon.wasm", "application/wasm"],
    ]) {
      const answer = await fetch(address + path);
      assert.equal(answer.status, 200, path);
      assert.match(answer.headers.get("content-type"), new RegExp(`^${type}`), path);
      await answer.arrayBuffer();
    }
    child.kill("SIGINT");
    assert.deepEqual(await exit, [0, null]);
    await assert.rejects(fetch(address), "nothing listens afterwards");
  } finally {
    child.kill("SIGKILL");
  }
});

test("an invalid PORT gives an error message", async () => {
  const child = spawn(process.execPath, [at("scripts", "start.mjs")], {
    env: { ...process.env, PORT: "eighty" },
    stdio: ["ignore", "ignore", "pipe"],
  });
  let told = "";
  child.stderr.setEncoding("utf8").on("data", (text) => (told += text));
  const [code] = await once(child, "close");
  assert.equal(code, 1);
  assert.match(told, /PORT must be a number/);
});
