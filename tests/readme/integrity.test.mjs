// The commands about integrity in docs/getting-started.md and docs/pci-dss.md do what the pages say.

import assert from "node:assert/strict";
import { execFile } from "node:child_process";
import { copyFileSync, cpSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { promisify } from "node:util";
import { temporaryDirectory } from "../../scripts/lib/ending.mjs";
import { at } from "../../scripts/lib/project.mjs";
import { DIST, ready, scenario, tagged, until, useBrowser } from "../e2e/harness.mjs";

useBrowser();

/** The commands in a section of a page. */
const commands = (page, section) => {
  const [, text] = readFileSync(at("docs", page), "utf8").split(`\n## ${section}\n`);
  return [...text.split("\n## ")[0].matchAll(/```sh\n(.*?)```/gs)].map(([, code]) => code);
};

const [PRINT, ALTER] = commands("getting-started.md", "Subresource integrity");
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
