// Reads the browser's profile on disk after the browser has ended: each state of consent leaves only what the documentation says.

import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { test } from "node:test";
import { temporaryDirectory } from "../../scripts/lib/ending.mjs";
import { at } from "../../scripts/lib/project.mjs";
import { flush, ready, scenario, tagged } from "./harness.mjs";
import { storesOf, withProfile } from "./profile.mjs";

/** Cookies and keys of the tracker. In the files, other bytes may follow a name directly. */
const NAME = /reco_(id|user|off|probe|session|orders|logins|raw|o|l|q)/g;

/** The names of the tracker that are in the profile's stores. */
const namesIn = (profile) => [...new Set(storesOf(profile).flatMap((text) => text.match(NAME) ?? []))].sort();

/** The names of the tracker's cookies and keys in a Markdown text. */
const documented = (text) => [...new Set(text.match(/(?<=`)reco_[a-z_]*[a-z]/g) ?? [])].sort();

const reference = documented(readFileSync(at("docs", "reference", "cookies-and-keys.md"), "utf8"));
/** The rows of the table of states: state, events, stored on the device. */
const rows = readFileSync(at("docs", "consent.md"), "utf8")
  .split("\n")
  .map((line) => line.split("|").map((cell) => cell.trim()))
  .filter(([, state]) => /^`"(pending|granted|anonymous|denied)"`/.test(state ?? ""))
  .map(([, state, , stored]) => ({ state: state.match(/\w+/)[0], stored }));

test("docs/consent.md says for each state what is stored on the device", () => {
  assert.deepEqual(rows.map(({ state }) => state).sort(), ["anonymous", "denied", "granted", "pending"]);
});

for (const { state, stored } of rows) {
  const { path: profile } = temporaryDirectory();
  scenario(
    `consent ${state}: the profile on disk has what docs/consent.md says: ${stored}`,
    {
      site: () => ({ "index.html": tagged({ config: 'consent: "pending"' }) }),
      openContext: withProfile(profile),
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
      if (state !== "granted") return assert.deepEqual(found, documented(stored));
      assert.match(stored, /reference\/cookies-and-keys\.md/);
      for (const name of ["reco_id", "reco_o", "reco_user"]) assert.ok(found.includes(name), `${name}: ${found}`);
      const strange = found.filter((name) => !reference.includes(name));
      assert.deepEqual(strange, [], "docs/reference/cookies-and-keys.md does not have these");
    },
  );
}
