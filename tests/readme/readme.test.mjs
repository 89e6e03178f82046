// Runs every example of the README and of all pages of docs/ in a browser, against the collector.

import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { test } from "node:test";
import { at } from "../../scripts/lib/project.mjs";
import { DIST, flush, scenario, snippet, useBrowser } from "../e2e/harness.mjs";
import { blocks, pageOf } from "./blocks.mjs";
import { documents } from "./documents.mjs";

useBrowser();

/** Generated pages have no promises. */
const isWritten = (document) => !/^docs\/(api|public)\//.test(document);
const everywhere = documents
  .filter(isWritten)
  .flatMap((document) => blocks(readFileSync(at(document), "utf8")).map((block) => ({ document, ...block })));
const examples = everywhere.filter(({ document }) => document === "README.md");

test("a block is found with its line and its promise", () => {
  const found = blocks(
    "# A\n\n<!-- stores: click, buy -->\n```js\nclick();\n```\n\ntext\n\n```html\n<p>\n```\n\n<!-- stores: nothing -->\n\n```html\n<b>\n```\n```sh\nls\n```\n\n`a.js`:\n\n<!-- stores: nothing -->\n```js\na();\n```\n```js\nb();\n```\n",
  );
  assert.deepEqual(found, [
    { line: 4, path: undefined, language: "js", code: "click();\n", stores: ["click", "buy"] },
    { line: 10, path: undefined, language: "html", code: "<p>\n", stores: undefined },
    { line: 16, path: undefined, language: "html", code: "<b>\n", stores: [] },
    { line: 26, path: "a.js", language: "js", code: "a();\n", stores: [] },
    { line: 29, path: undefined, language: "js", code: "b();\n", stores: undefined },
  ]);
});

test("the README has examples for the tag and for npm, and each says what it stores", () => {
  assert.ok(
    examples.some(({ language }) => language === "html"),
    "an example of the tag",
  );
  assert.ok(
    examples.some(({ code }) => code.includes('from "recobeacon"')),
    "an example of the package",
  );
  for (const { document, line, stores } of everywhere)
    assert.ok(
      stores,
      `${document}:${line}: the block needs a comment before it: <!-- stores: click --> or <!-- stores: nothing -->`,
    );
});

const LATER_MS = 3_000;
const { "reco.js": integrity } = JSON.parse(readFileSync(join(DIST, "integrity.json"), "utf8"));

/** The scripts of a document that its pages load. */
const filesOf = (document) =>
  Object.fromEntries(
    everywhere.filter((block) => block.document === document && block.path).map(({ path, code }) => [path, code]),
  );

for (const [place, example] of everywhere.entries()) {
  const { document, line, stores = [] } = example;
  // The scenarios share a collector, where an order counts once.
  const code = example.code.replaceAll("A-1001", `A-1001-${place}`);
  const config = code.includes("/v1/recommendations/") ? "[feeds]" : undefined;
  scenario(
    `${document}:${line} stores ${stores.join(", ") || "nothing"}`,
    { site: { ...filesOf(document), "index.html": pageOf({ ...example, code }, snippet(), integrity) }, config },
    async ({ page, visit, collector }) => {
      await visit();
      if (example.language === "js") await page.waitForFunction(() => window.ran);
      if (stores.length === 0) {
        // For `nothing`, all events must have been sent before the table is read.
        // A page that creates its tracker later has nothing to send.
        if (await page.evaluate(() => typeof window.reco === "function"))
          await Promise.race([flush(page), page.waitForTimeout(LATER_MS)]);
        assert.deepEqual(await collector.stored(), []);
      } else {
        await collector.expectStored(...stores.map((type) => ({ type })));
        // And nothing else. The order is not checked, because two requests may overtake each other.
        assert.deepEqual((await collector.stored()).map(({ type }) => type).sort(), [...stores].sort());
      }
    },
  );
}

const searching = everywhere.find(
  ({ document, code }) => /factfinder/.test(document) && /ready.*<\/script>/s.test(code),
);

for (const [configuration, alter, expected] of [
  // The limit of the page is too short for a busy machine.
  ["a right", (code) => code.replace("1000", "60000"), /\?query=bag&sid=[A-Za-z0-9]{30}$/],
  ["a wrong", (code) => code.replace(/channel: ".*?",/, ""), /\?query=bag$/],
]) {
  scenario(
    `with ${configuration} configuration the recipe for FACT-Finder makes its search`,
    { site: { "index.html": pageOf({ ...searching, code: alter(searching.code) }, snippet()) }, allow: [/recobeacon/] },
    async ({ page, visit }) => {
      const search = page.waitForEvent("console", (message) => message.text().startsWith("/rest/"));
      await visit();
      assert.match((await search).text(), expected);
    },
  );
}

const recipe = blocks(readFileSync(at("docs/tag-managers.md"), "utf8")).find(({ language }) => language === "html");

test("the recipe for tag managers has the built ES5 stub, and no syntax newer than ES5", () => {
  assert.ok(recipe.code.includes(readFileSync(join(DIST, "snippet.es5.js"), "utf8").trim()));
  assert.doesNotMatch(recipe.code, /=>|`|\b(const|let|class|async)\b|\.\.\./);
});

/** Like a tag manager: turns the text into elements, and creates its scripts anew so that they run. */
const insert = (html) => {
  const box = document.createElement("div");
  box.innerHTML = html;
  for (const inert of box.querySelectorAll("script")) {
    const script = document.createElement("script");
    if (inert.src) script.src = inert.src;
    script.text = inert.text;
    document.body.append(script);
  }
};

scenario(
  "the recipe for tag managers, inserted by a script, stores click and loads measure.js",
  {
    site: {
      "index.html":
        '<!doctype html><title>A shop</title><link rel="icon" href="data:,"><base href="/shop/de/"><p data-reco="basket" data-reco-item="7">',
    },
  },
  async ({ page, visit, url, collector }) => {
    await visit();
    await page.evaluate(insert, recipe.code.replaceAll("https://shop.example/", `${url}/`));
    await collector.expectStored({ type: "click", itemId: "128" }, { type: "basket", itemId: "7" });
  },
);
