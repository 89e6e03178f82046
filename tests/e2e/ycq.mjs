// Pages for the tests of the drop-in, and what they want to know of a page.

import { setTimeout as pause } from "node:timers/promises";

const script = (attributes) => `<script async src="/dist/ycq.js" ${attributes}></script>`;

/** The tag, with the page's own server in the vendor's place. */
export const YCQ = script('data-endpoint="/"');

/** The source of a page's pushes. */
export const commands = (...list) => list.map((command) => `_ycq.push(${JSON.stringify(command)});`).join("\n");

/**
 * A site of one page with the snippet that such pages have. `declare` and `mandator`: whether it declares the queue and names the
 * customer; `script` comes after that, and before the tag.
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

/** Resolves when the script has taken the queue. */
export const loaded = (page) => page.waitForFunction(() => typeof _ycq !== "undefined" && Object.hasOwn(_ycq, "push"));

/**
 * What the page asked of an event's host, in the order in which it ended: the browser's own record, which has a request only
 * when its answer is there. So it waits for as many as are `expected`.
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

/** What the page has put on the console as warnings, from now on. */
export function warned(page) {
  const texts = [];
  page.on("console", (message) => message.type() === "warning" && texts.push(message.text()));
  return texts;
}

/** Long enough for what should not happen to happen; then asks the page, if there is a question. */
export async function resting(page, question) {
  await pause(250);
  return question && page.evaluate(question);
}

/** Addresses that wait in the browser's storage. */
export const kept = (page) =>
  page.evaluate(() =>
    Object.keys(localStorage)
      .filter((key) => key.startsWith("reco_ycq "))
      .sort()
      .map((key) => localStorage.getItem(key)),
  );
