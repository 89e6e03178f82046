// The tables that JavaScript and Rust share: JavaScript uses all of their codes, and no others.

import assert from "node:assert/strict";
import { readdirSync, readFileSync } from "node:fs";
import { test } from "node:test";
import { at } from "../../scripts/lib/project.mjs";
import * as codes from "../../src/browser/host/codes.gen.js";
import { listening } from "../../www/listeners.js";
import { isMethod } from "../../www/measure/fields.js";
import * as rules from "../../www/rules.gen.js";

const sources = ["www", "www/measure", "www/recover", "src/browser/host"].flatMap((folder) =>
  readdirSync(at(folder))
    .filter((name) => name.endsWith(".js") && !name.endsWith(".gen.js"))
    .map((name) => readFileSync(at(folder, name), "utf8")),
);
/** The messages that a page can listen to. www/listeners.js has a list for each, with the same names. */
const LISTENED = ["NEWS_SENT", "NEWS_ACKNOWLEDGED", "NEWS_DROPPED"];

for (const [table, names] of [
  ["codes.gen.js", Object.keys(codes)],
  ["rules.gen.js", Object.keys(rules)],
]) {
  test(`every name of ${table} is used`, () => {
    const unused = names.filter((name) => !sources.some((code) => new RegExp(`\\b${name}\\b`).test(code)));
    assert.deepEqual(
      unused.filter((name) => !LISTENED.includes(name)),
      [],
    );
  });
}

test("a page can listen to every message except the end of a flush, and an unknown type is ignored", () => {
  const heard = listening({ debug: false });
  const news = Object.entries(codes).filter(([name]) => name.startsWith("NEWS_"));
  const types = news.map(([, type]) => type).filter((type) => type !== codes.NEWS_SETTLED);
  assert.deepEqual(Object.keys(heard.listeners).sort(), types.sort());
  heard.emit("newer", {});
});

test("elements can name every call about the visitor", () => {
  assert.deepEqual(
    rules.VISITOR_CALLS.filter((call) => !isMethod(call)),
    [],
  );
});
