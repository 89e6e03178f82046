// The whole tour of the demo shop with other people's libraries in the head of every page, before the stub: nothing is lost, and nothing is warned of.

import assert from "node:assert/strict";
import { cpSync, readdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { temporaryDirectory } from "../../scripts/lib/ending.mjs";
import { at } from "../../scripts/lib/project.mjs";
import { DEMO, scenario, useBrowser } from "./harness.mjs";
import { DATEJS, libraries, MOOTOOLS, PROTOTYPE_16, serve } from "./hostile.mjs";
import { gatherWarnings, MADE, tour } from "./tour.mjs";

useBrowser();

const config = readFileSync(at("collector", "demo.toml"), "utf8");

/** The demo shop with these scripts first in each page's head. */
function shopWith(names) {
  const { path } = temporaryDirectory();
  cpSync(DEMO, path, { recursive: true });
  const tags = names.map((name) => `<script src="/${name}"></script>`);
  for (const name of readdirSync(path).filter((name) => name.endsWith(".html"))) {
    const html = readFileSync(join(path, name), "utf8");
    const changed = html.replace("<title>", () => `${tags.join("")}<title>`);
    assert.notEqual(changed, html, name);
    writeFileSync(join(path, name), changed);
  }
  return path;
}

const SHOPS = {
  "Prototype, MooTools, Datejs, jQuery and zone.js": await libraries(),
  "what Prototype 1.6, MooTools and Datejs do in a browser": {
    "by-hand.js": `(() => {${PROTOTYPE_16}${MOOTOOLS}${DATEJS}})();`,
  },
};
for (const [name, scripts] of Object.entries(SHOPS)) {
  scenario(
    `${name}: every kind of event is stored`,
    { config, site: () => shopWith(Object.keys(scripts)), timeout: 300_000 },
    async ({ page, context, visit, collector }) => {
      await serve(context, scripts);
      const warnings = await gatherWarnings(context);
      const { more } = await tour(page, visit, "batch");
      const wanted = MADE.map((event) => ({ ...event, ...more[event.type] }));
      await collector.expectStored(...wanted);
      assert.deepEqual(warnings, []);
    },
  );
}
