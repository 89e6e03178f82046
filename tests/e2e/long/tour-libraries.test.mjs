// A visitor uses the demo shop with old libraries in its pages, which replace built-in functions.

import assert from "node:assert/strict";
import { scenario, useBrowser } from "../harness.mjs";
import { libraries, serve, tags } from "../hostile.mjs";
import { shopWith } from "../shop-with.mjs";
import { gatherWarnings, tourIsStored } from "../tour.mjs";

useBrowser();

const LIBRARIES = await libraries();

scenario(
  "the shop with Prototype, MooTools, Datejs, jQuery and zone.js: every kind of event, by clicking",
  {
    site: () => shopWith(tags(LIBRARIES)),
    // Prototype tests inline handlers, which the shop's policy forbids.
    allow: [/inline event handler .*prototype\.js/],
  },
  async ({ page, context, visit, collector }) => {
    await serve(context, LIBRARIES);
    const warnings = await gatherWarnings(context);
    await tourIsStored(page, visit, collector);
    assert.deepEqual(warnings, []);
  },
);
