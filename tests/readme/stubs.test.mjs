// Every document that shows the stub shows the one that is built. `npm run stub` writes it.

import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { test } from "node:test";
import { at } from "../../scripts/lib/project.mjs";
import { documents } from "./documents.mjs";

const stubs = ["snippet.js", "snippet.es5.js"].map((name) => readFileSync(at("dist", name), "utf8").trim());

test("each stub in a document is the built one", () => {
  const found = documents.flatMap((document) =>
    readFileSync(at(document), "utf8")
      .split("\n")
      .map((line, index) => ({ place: `${document}:${index + 1}`, line: line.trim().replace(/^<script>/, "") }))
      .filter(({ line }) => line.includes('"pagehide"')),
  );
  assert.ok(found.length > 0, "some document shows the stub");
  for (const { place, line } of found) assert.ok(stubs.includes(line), `${place} has an old stub: npm run stub`);
});
