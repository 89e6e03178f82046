// Every example of README and docs/ in JavaScript, TypeScript or Vue compiles as strict TypeScript.

import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { test } from "node:test";
import { at } from "../../scripts/lib/project.mjs";
import { documents } from "../readme/documents.mjs";
import { errorsOf, examples } from "./examples.mjs";

const page = (...blocks) => blocks.map(([language, code]) => `\`\`\`${language}\n${code}\n\`\`\`\n`).join("\n");

test("an error has the line of its page", () => {
  const wrong = page(["sh", "ls"], ["js", 'const one = 1;\ntracker.click({ itemID: one });\ntracker.login("ada");']);
  const errors = errorsOf(examples("docs/wrong.md", wrong));
  assert.equal(errors.length, 1, errors.join("\n"));
  assert.match(errors[0], /^docs\/wrong\.md:7: .*'itemID' does not exist/s);
});

test("the files of a page import each other", () => {
  const tracker = `\`src/tracker.ts\`:\n\n${page(["ts", 'export const shop = { name: "Shoes" };'])}`;
  const product = `\`src/Product.vue\`:\n\n${page([
    "vue",
    '<script setup lang="ts">\nimport { shop } from "./tracker";\n</script>\n<template>{{ shop.title }}</template>',
  ])}`;
  const errors = errorsOf(examples("docs/wrong.md", `${tracker}\n${product}`));
  assert.equal(errors.length, 1, errors.join("\n"));
  assert.match(errors[0], /'title' does not exist/);
});

test("the examples of all pages compile", () => {
  const all = documents.flatMap((document) => examples(document, readFileSync(at(document), "utf8")));
  assert.ok(all.length > 45, `${all.length} examples`);
  assert.deepEqual(errorsOf(all), []);
});
