// Reads the browser's profile on disk after the browser has ended: each state of consent leaves only what the documentation says.

import assert from "node:assert/strict";
import { readdirSync, readFileSync, statSync } from "node:fs";
import { join } from "node:path";
import { browser } from "../../scripts/lib/browser.mjs";
import { temporaryDirectory } from "../../scripts/lib/ending.mjs";
import { flush, ready, scenario, tagged } from "./harness.mjs";

/** Where Chromium keeps what a site has stored. Not its cache, which has the site's files. */
const STORES = /[/\\](Cookies|Local Storage|Session Storage|IndexedDB|Service Worker|File System)/;
/** Cookies and keys of the tracker. In the files, other bytes may follow a name directly. */
const NAME = /reco_(id|user|off|probe|session|orders|logins|raw|o|l|q)/g;

/** The names of the tracker that are in the profile's stores. */
function namesIn(profile) {
  const texts = readdirSync(profile, { recursive: true })
    .map((name) => join(profile, String(name)))
    .filter((file) => STORES.test(file) && statSync(file).isFile())
    .map((file) => readFileSync(file, "latin1"));
  return [...new Set(texts.flatMap((text) => text.match(NAME) ?? []))].sort();
}

const STATES = {
  pending: [],
  anonymous: [],
  denied: ["reco_off"],
  granted: ["reco_id", "reco_o"],
};

for (const [state, expected] of Object.entries(STATES)) {
  const { path: profile } = temporaryDirectory();
  scenario(
    `consent ${state}: the profile on disk has ${expected.join(" and ") || "nothing"} of the tracker's`,
    {
      site: () => ({ "index.html": tagged({ config: 'consent: "pending"' }) }),
      openContext: async () => {
        const { chromium } = await import("playwright-core");
        const options = { executablePath: browser(), args: ["--disable-dev-shm-usage"] };
        return chromium.launchPersistentContext(profile, options);
      },
    },
    async ({ page, context, visit }) => {
      await visit();
      await ready(page);
      await page.evaluate((said) => {
        window.reco("click", { itemId: 1 });
        window.reco("login", "customer-1");
        if (said !== "pending") window.reco("consent", said);
        window.reco("click", { itemId: 2 });
      }, state);
      await flush(page);
      await page.goto("about:blank");
      await context.close();
      const found = namesIn(profile);
      for (const name of expected) assert.ok(found.includes(name), `${name} is in the profile: ${found}`);
      if (state !== "granted") assert.deepEqual(found, expected);
    },
  );
}
