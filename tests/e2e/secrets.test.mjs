// Values of the page are in no warning and not in the console, because pages forward both to logging services.

import assert from "node:assert/strict";
import { flush, ready, scenario, tagged, until, useBrowser } from "./harness.mjs";

useBrowser();

const SECRET = /jane|doe|4111/i;

/** Elements and calls whose values are wrong, and calls with personal data. */
const BODY = `
  <script type="application/ld+json">{ "@type": "Product", "sku": jane@shop.example }</script>
  <p data-reco="jane@shop.example"></p>
  <p data-reco="click" data-reco-item="1" data-reco-on="jane@shop.example"></p>
  <p data-reco-consume="jane@shop.example" data-reco-item="1"></p>
  <p data-reco-mail="jane@shop.example" data-reco="click" data-reco-item="2"></p>
  <p data-reco="click"></p>`;
const CALLS = `
  const broken = { get itemId() { throw new Error("jane@shop.example"); } };
  const calls = [
    ["login", { mail: "jane@shop.example" }], ["login", ["jane@shop.example"]], ["login", "  "], ["login", 4111],
    ["login", "jane@shop.example"],
    ["click", broken], ["click", { itemId: 3, title: "to jane@shop.example" }], ["click", { itemId: ["jane"] }],
    ["consumeTimer", broken, broken], ["observeRecommendations", "jane", broken],
    ["rate", { itemId: 1, rating: "jane" }], ["on", "jane", "doe"], ["followLink", "https://jane.example/doe"],
    ["consent", "granted"],
  ];
  for (const call of calls) reco(...call);
  (window.dataLayer = window.dataLayer || []).push({ event: "purchase", user_id: ["jane"], user_data: { mail: "jane@shop.example" } });`;

const site = (config) => ({
  "index.html": tagged({
    body: BODY,
    config: `autoTrack: { attributes: true, jsonLd: true, dataLayer: true }, ${config}`,
    script: `window.messages = []; reco("on", "warning", ({ message }) => messages.push(message)); ${CALLS}`,
  }),
});

/** The warnings of the page, once all of them are there. */
async function messagesOf(page) {
  const has = (text) => page.evaluate((part) => window.messages.some((message) => message.includes(part)), text);
  for (const one of ["data-reco-consume", "autoTrack.jsonLd", "click", "login", "dataLayer"])
    await until(() => has(one), `a warning about ${one}`);
  await flush(page);
  return page.evaluate(() => window.messages);
}

for (const [name, config] of [
  ["without a hash", ""],
  ["with identity.hash", 'identity: { hash: "sha256" }'],
])
  scenario(
    `${name}: no value of the page is in a warning or in the console of debug: true`,
    { site: site(`debug: true, ${config}`) },
    async ({ page, visit }) => {
      const lines = [];
      page.on("console", async (message) => {
        lines.push(message.text());
        // Objects are shortened in the text.
        for (const part of message.args()) lines.push(JSON.stringify(await part.jsonValue().catch(() => "")));
      });
      await visit();
      await ready(page);
      const messages = await messagesOf(page);
      for (const message of [...messages, ...lines]) assert.doesNotMatch(message, SECRET);
      const expected = [
        "data-reco is not a method (p)",
        "data-reco-on is not an event of it (p)",
        'data-reco-consume must be "time:30000", "words:850", "scroll" or "media" (p)',
        "data-reco-mail is not known (p)",
        "autoTrack.jsonLd finds JSON-LD that is invalid JSON",
        "click threw an exception",
      ];
      assert.deepEqual(
        expected.filter((one) => !messages.includes(one)),
        [],
        messages.join("\n"),
      );
      // Every call is named, and consent with its state.
      for (const line of ["recobeacon: login ", "recobeacon: click ", "recobeacon: consent granted"])
        assert.ok(lines.includes(line), `${line} is not among\n${lines.join("\n")}`);
    },
  );

scenario(
  "an option that throws is reported without the text of its error",
  {
    site: {
      "index.html": tagged({
        config: `onWarning: ({ message }) => (window.message = message), batch: { get maxEvents() { throw new Error("jane"); } }`,
      }),
    },
  },
  async ({ page, visit }) => {
    await visit();
    await page.waitForFunction(() => window.message);
    assert.equal(await page.evaluate(() => window.message), "config.batch.maxEvents threw an exception");
  },
);
