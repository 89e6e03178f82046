// The sizes that README and docs/ name beside the budgets of package.json are those of the build.

import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { test } from "node:test";
import { build } from "esbuild";
import { at } from "../../scripts/lib/project.mjs";
import { weigh } from "../../scripts/lib/weigh.mjs";

/** The text has rounded figures, and a small change of a file must not change them. */
const KB_OFF = 0.75;

const sizeOf = (...files) => files.reduce((sum, file) => sum + weigh(readFileSync(at("dist", file))).brotli, 0) / 1000;

/** The size of an application as one file, without these files of the package. */
async function oneFile(...external) {
  const application = {
    contents: 'import { createTracker } from "./index.js"; createTracker({});',
    resolveDir: at("dist"),
  };
  const options = { bundle: true, minify: true, write: false, format: "iife", external, logLevel: "error" };
  const { outputFiles } = await build({ stdin: application, ...options });
  return weigh(outputFiles[0].contents).brotli / 1000;
}

/** The numbers that a pattern finds in a page. */
function named(page, pattern) {
  const found = readFileSync(at(page), "utf8").replaceAll(/\s+/g, " ").match(pattern);
  assert.ok(found, `${page} has no text like ${pattern}`);
  return found
    .slice(1)
    .map((figure) => (figure.includes(",") ? Number(figure.replace(",", "")) / 1000 : Number(figure)));
}

const npm = sizeOf("index.js", "core.js");
const larger = sizeOf("index.js", "core-all.js");
const PLACES = [
  ["README.md", /With npm it is \*\*(\d+) kB\*\* and \*\*(\d+) kB\*\*/, [npm, larger]],
  ["docs/performance.md", /`core\.js` \| about ([\d,]+) \| brotli \| (\d+) kB/, [sizeOf("core.js"), npm]],
  ["docs/performance.md", /`core-all\.js` \| about ([\d,]+) \| brotli \| (\d+) kB/, [sizeOf("core-all.js"), larger]],
  ["docs/performance.md", /; (\d+) kB \(brotli\) instead of the module/, [sizeOf("fallback.js")]],
  ["docs/bundlers.md", /about (\d+) kB \(brotli\) instead of (\d+)/, [await oneFile(), npm]],
  ["docs/bundlers.md", /The file then has about (\d+) kB/, [await oneFile("./core-all.js", "./fallback.js")]],
  ["docs/bundlers.md", /`reco\.js` has (\d+) kB/, [sizeOf("reco.js")]],
];

for (const [page, pattern, sizes] of PLACES)
  test(`${page}: ${pattern}`, () => {
    const off = named(page, pattern).filter((figure, place) => Math.abs(figure - sizes[place]) > KB_OFF);
    assert.deepEqual(off, [], `the sizes are ${sizes.map((size) => size.toFixed(1))} kB`);
  });
