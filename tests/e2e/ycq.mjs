// Pages for the tests of the drop-in, and helpers to read their state.

import { setTimeout as pause } from "node:timers/promises";

const script = (attributes) => `<script async src="/dist/ycq.js" ${attributes}></script>`;

/** The script tag, with the page's own server in the vendor's place. */
export const YCQ = script('data-endpoint="/"');

/** The source of a page's pushes. */
export const commands = (...list) => list.map((command) => `_ycq.push(${JSON.stringify(command)});`).join("\n");

/**
 * A site of one page with the old snippet. `declare` and `mandator`: whether it declares the queue and names the
 * customer; `script` is inserted after that and before the tag.
 */
export function shop({
  title = "A shop",
  head = "",
  declare = true,
  mandator = true,
  script: own = "",
  load = true,
  attributes = 'data-endpoint="/"',
  nonce = "abc",
} = {}) {
  return {
    "index.html": `<!doctype html>
<html lang="en"><head><meta charset="utf-8"><title>${title}</title><link rel="icon" href="data:,">${head}
<script nonce="${nonce}">
  ${declare ? "var _ycq = _ycq || [];" : ""}
  ${mandator ? '_ycq.push(["_setMandator", "00000"]);' : ""}
  ${own}
</script>
${load ? script(attributes) : ""}</head><body></body></html>`,
  };
}

/** Resolves when the script has taken over the queue. */
export const loaded = (page) => page.waitForFunction(() => typeof _ycq !== "undefined" && Object.hasOwn(_ycq, "push"));

/**
 * The page's requests to an event's host, in the order of their ends. Resource Timing lists a request only after its
 * response, so this waits for the `expected` number.
 */
export const requests = (page, expected = 0) =>
  page
    .waitForFunction((expected) => {
      const all = performance
        .getEntriesByType("resource")
        .map(({ name, initiatorType }) => ({ url: new URL(name), by: initiatorType }))
        .filter(({ url }) => url.pathname.split("/")[2] === "00000")
        .map(({ url: { host, pathname, search }, by }) => ({ host, address: pathname + search, by }));
      return all.length >= expected && all;
    }, expected)
    .then((found) => found.jsonValue());

/** Collects the page's console warnings from now on. */
export function warned(page) {
  const texts = [];
  page.on("console", (message) => message.type() === "warning" && texts.push(message.text()));
  return texts;
}

/** Waits long enough for an unwanted effect to occur, then runs a function in the page, if there is one. */
export async function resting(page, question) {
  await pause(250);
  return question && page.evaluate(question);
}

/** The requests kept in the browser's storage. */
export const kept = (page) =>
  page.evaluate(() =>
    Object.keys(localStorage)
      .filter((key) => key.startsWith("reco_ycq "))
      .sort()
      .map((key) => localStorage.getItem(key)),
  );
