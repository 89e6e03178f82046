// The commands about integrity and hashes in docs/getting-started.md, docs/content-security-policy.md and docs/pci-dss.md
// do what the pages say.

import assert from "node:assert/strict";
import { execFile } from "node:child_process";
import { copyFileSync, cpSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { test } from "node:test";
import { promisify } from "node:util";
import { temporaryDirectory } from "../../scripts/lib/ending.mjs";
import { at } from "../../scripts/lib/project.mjs";
import { DIST, ready, scenario, snippet, tagged, until, useBrowser } from "../e2e/harness.mjs";
import { blocks, pageOf } from "./blocks.mjs";

useBrowser();

/** The commands in a section of a page. */
const commands = (page, section) => {
  const [, text] = readFileSync(at("docs", page), "utf8").split(`\n## ${section}\n`);
  return [...text.split("\n## ")[0].matchAll(/```sh\n(.*?)```/gs)].map(([, code]) => code);
};

const [PRINT, ALTER] = commands("getting-started.md", "Subresource integrity");
const [HASH] = commands("content-security-policy.md", "Hashes of inline scripts");
const [COMPARE] = commands("pci-dss.md", "Requirement 11.6.1: changes are detected");

/** A checkout with a copy of dist/. */
const { path: checkout } = temporaryDirectory();
cpSync(DIST, join(checkout, "dist"), { recursive: true, preserveTimestamps: true });
copyFileSync(join(DIST, "integrity.json"), join(checkout, "integrity.json"));

const run = async (code) => (await promisify(execFile)("sh", ["-c", code], { cwd: checkout })).stdout.trim();

/** A page with the printed tag. */
const site = async () => ({
  "index.html": tagged({
    load: false,
    head: await run(PRINT),
    config: "onWarning: ({ code, message }) => warnings.push({ code, message }),",
    script: 'reco("click", { itemId: 1 });',
  }),
  checkout: "a page",
});

const dist = join(checkout, "dist");
/** The documented comparison of this site's files and headers. */
const compared = (url, headers) => {
  writeFileSync(join(checkout, "headers.txt"), headers);
  return run(COMPARE.replace("https://shop.example", url));
};
const POLICY = "content-security-policy: script-src 'self'\n";

scenario("the printed tag works, and the comparison finds nothing", { site, dist }, async (it) => {
  const { page, visit, url, collector } = it;
  assert.match(await run(PRINT), /integrity="sha384-\S{64}"/);
  await visit();
  await ready(page);
  await collector.expectExactly({ type: "click", itemId: "1" });
  assert.equal(await compared(url, ""), "");
  assert.match(await compared(url, POLICY), /script-src.*a header: changed, or missing$/s);
});

scenario(
  "after one byte more in the module it is refused, and the comparison finds it",
  { site, dist, allow: [/integrity/] },
  async ({ page, visit, url, collector }) => {
    await run(ALTER);
    await visit();
    const [{ code, message }] = await until(
      async () => (await page.evaluate(() => window.warnings)).length > 0 && page.evaluate(() => window.warnings),
      "the warning",
    );
    assert.equal(code, "wasm-unavailable");
    assert.match(message, /recobeacon\.wasm.*its hash is not that of this build's file$/);
    assert.deepEqual(await collector.stored(), []);
    assert.equal(await compared(url, ""), "recobeacon.wasm: changed, or missing");
    cpSync(DIST, dist, { recursive: true, preserveTimestamps: true });
    // This page still finds the refused file in the cache, and replaces it.
    await page.reload();
    await page.waitForFunction(() => window.warnings.length > 0);
    await page.reload();
    await ready(page);
    await until(async () => (await collector.stored()).length === 3, "the clicks of all pages");
  },
);

const documented = readFileSync(at("docs", "content-security-policy.md"), "utf8");
const [policed] = blocks(documented).filter(({ language }) => language === "html");

test("the command for the hash of the stub prints the hash in the policy of the example", async () => {
  assert.ok(policed.code.includes(`'sha256-${await run(HASH)}'`));
});

scenario(
  "without the hash the browser blocks the stub, and its console names the hash",
  {
    site: { "index.html": pageOf({ ...policed, code: policed.code.replace(/'sha256-.*?'/, "") }, snippet(), "") },
    allow: [/./],
  },
  async ({ page, visit }) => {
    const messages = [];
    page.on("console", (message) => messages.push(message.text()));
    await visit();
    const hash = `'sha256-${await run(HASH)}'`;
    await until(async () => messages.some((text) => text.includes(hash)), "the message with the hash");
  },
);
