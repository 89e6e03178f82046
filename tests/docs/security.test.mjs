// docs/security.md names a test for each promise, and each named test is there.

import assert from "node:assert/strict";
import { existsSync, readdirSync, readFileSync } from "node:fs";
import { test } from "node:test";
import { at } from "../../scripts/lib/project.mjs";

const page = readFileSync(at("docs", "security.md"), "utf8");
const rows = page.split("\n").filter((line) => /^\| (?!promise )\w/.test(line));
/** The pairs of file and name in a text. */
const named = (text) =>
  [...text.matchAll(/`([\w./-]+\.(?:rs|mjs))` "([^"]+)"/g)].map(([, file, name]) => ({ file, name }));

/** Whether the file has a test of this name. Fuzz targets and scripts have checks in place of tests. */
function isThere({ file, name }) {
  if (!existsSync(at(file))) return false;
  const text = readFileSync(at(file), "utf8");
  if (/^(fuzz|scripts)\//.test(file)) return text.includes(name);
  if (file.endsWith(".mjs")) return ['"', "`"].some((quote) => text.includes(quote + name));
  return new RegExp(`#\\[(?:tokio::)?test\\b[^\\]]*\\]\\s+(?:async )?fn ${name}\\(`).test(text);
}

test("each promise names at least one test", () => {
  assert.ok(rows.length > 50, `${rows.length} promises`);
  const without = rows.filter((row) => named(row.split("|")[2]).length === 0);
  assert.deepEqual(without, []);
});

test("each named test is there", () => {
  const all = named(page);
  assert.ok(all.length > 130, `${all.length} tests`);
  assert.deepEqual(
    all.filter((one) => !isThere(one)),
    [],
  );
});

test("each fuzz target is named", () => {
  const targets = readdirSync(at("fuzz", "fuzz_targets")).map((file) => `fuzz/fuzz_targets/${file}`);
  const known = new Set(named(page).map(({ file }) => file));
  assert.deepEqual(
    targets.filter((file) => !known.has(file)),
    [],
  );
});
