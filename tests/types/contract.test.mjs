// index.d.ts and the tracker have the same members. The type check cannot detect a declared method that is missing,
// because tracker.js makes most of them in a loop.

import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { test } from "node:test";
import { createTracker } from "../../dist/index.js";
import { at } from "../../scripts/lib/project.mjs";

/** The names of an interface's members. */
function declared(name) {
  const source = readFileSync(at("www", "index.d.ts"), "utf8").replace(/\/\*[\s\S]*?\*\//g, "");
  const body = source.match(new RegExp(`^export interface ${name} \\{\\n([\\s\\S]*?)^\\}`, "m"))?.[1];
  assert.ok(body, `index.d.ts declares ${name}`);
  return [...new Set([...body.matchAll(/^ {2}(?:readonly )?(\w+)[?(:<]/gm)].map(([, member]) => member))].sort();
}

test("a tracker has the members that index.d.ts declares, and no others", () => {
  const tracker = createTracker({ destinations: { protocol: "batch", endpoint: "/v1/events" } });
  assert.deepEqual(Object.keys(tracker).sort(), declared("Tracker"));
});

test("each member of the tracker is documented", () => {
  const source = readFileSync(at("www", "index.d.ts"), "utf8");
  const lines = source.match(/^export interface Tracker \{\n([\s\S]*?)^\}/m)[1].split("\n");
  // A documented member follows a line that ends a comment.
  const bare = lines.filter(
    (line, place) => /^ {2}(readonly )?\w+[?(:<]/.test(line) && !/\*\/$/.test(lines[place - 1]),
  );
  assert.deepEqual(bare, []);
});
