// Consent before the module has loaded: the façade and the stub match tests/vectors/consent.json, like the engine and
// the collector.

import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { test } from "node:test";
import { at } from "../../scripts/lib/project.mjs";
import { consentOf, pendingIfAsked } from "../../www/consent.js";
import { stubPage } from "./stub-page.mjs";

const cases = JSON.parse(readFileSync(at("tests", "vectors", "consent.json"), "utf8"));

for (const { name, config = {}, browser = {}, said = [], consent, stub } of cases) {
  test(`consent, ${name}`, async () => {
    const { consentFrom, ...settings } = config;
    pendingIfAsked(settings, consentFrom, () => {});
    const page = await stubPage(browser);
    const { document, navigator } = page;
    Object.defineProperty(globalThis, "navigator", { value: navigator, configurable: true });
    globalThis.document = document;
    const calls = said.map((state) => ["consent", [state], 0]);
    assert.equal(consentOf(settings, calls), consent, "the façade");

    page.reco("create", config);
    for (const state of said) page.reco("consent", state);
    page.reco("click", { itemId: 1 });
    page.leave();
    const parks = consent === "granted" && stub !== "parks nothing";
    assert.equal(page.parked().length, parks ? 1 : 0, "the stub");
  });
}
