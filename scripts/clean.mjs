// npm run clean: deletes build results. `-- --all` also deletes what was installed into the checkout, and the demo's
// data.

import { rmSync } from "node:fs";
import { parseArgs } from "node:util";
import { at, main } from "./lib/project.mjs";

const BUILT = [
  "dist",
  "target",
  "pkg",
  "docs/api",
  "docs/public/rust",
  "docs/.vitepress/cache",
  "docs/.vitepress/dist",
  "tests/package/work",
];
const INSTALLED = [".tools", "node_modules", ".data"];

await main(() => {
  const { values } = parseArgs({ options: { all: { type: "boolean" } } });
  for (const name of values.all ? [...BUILT, ...INSTALLED] : BUILT) rmSync(at(name), { recursive: true, force: true });
});
