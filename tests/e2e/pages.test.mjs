// The demo shop's pages contain what a customer pastes: the built stub, and a policy that allows it.

import assert from "node:assert/strict";
import { createHash } from "node:crypto";
import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { test } from "node:test";
import { DEMO, snippet } from "./harness.mjs";

const pages = readdirSync(DEMO).filter((name) => name.endsWith(".html"));

test("there are pages", () => assert.ok(pages.length >= 9, pages.join(" ")));

for (const name of pages) {
  test(`${name}: the stub is up to date, and the policy has its hash`, () => {
    const html = readFileSync(join(DEMO, name), "utf8");
    const inline = [...html.matchAll(/<script>(.*?)<\/script>/gs)].map(([, code]) => code);
    assert.equal(inline.length, 1);
    assert.ok(inline[0].includes(snippet()), "the stub of dist/snippet.js");
    const hash = createHash("sha256").update(inline[0]).digest("base64");
    assert.ok(html.includes(`'sha256-${hash}'`), `the policy must name sha256-${hash}`);
  });
}
