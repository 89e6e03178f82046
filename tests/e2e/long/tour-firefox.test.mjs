// The whole demo shop in Firefox, both unchanged and with old libraries in its pages.

import assert from "node:assert/strict";
import { once } from "node:events";
import { createServer } from "node:http";
import { test } from "node:test";
import { temporaryDirectory } from "../../../scripts/lib/ending.mjs";
import { firefox } from "../../faults/browsers/firefox.mjs";
import { passOn } from "../front.mjs";
import { libraries, tags } from "../hostile.mjs";
import { borrow } from "../shared.mjs";
import { shopWith } from "../shop-with.mjs";
import { tourIsStored } from "../tour.mjs";
import { drivenPage } from "./driven-page.mjs";

const TOUR_MS = 600_000;
const LIBRARIES = await libraries();

/** Runs before everything else in a page, and records its warnings and exceptions. */
function watch() {
  const note = (text) => {
    sessionStorage.noted = JSON.stringify([
      ...JSON.parse(sessionStorage.noted || "[]"),
      `${location.pathname}: ${text}`,
    ]);
  };
  addEventListener("error", ({ message }) => message && note(message));
  addEventListener("unhandledrejection", ({ reason }) => note(String(reason)));
  let reco;
  Object.defineProperty(window, "reco", {
    configurable: true,
    get: () => reco,
    set(value) {
      if (!reco) value("on", "warning", ({ code, field, message }) => note(`${code} ${field} ${message}`));
      reco = value;
    },
  });
}

/**
 * The collector's address with these scripts in addition to its own files. The collector would compress them at the
 * highest level, which is slow in a debug build.
 */
async function withScripts(t, to, scripts) {
  const server = createServer((incoming, answer) => {
    const text = scripts[incoming.url.slice(1)];
    if (text === undefined) return void passOn(to, incoming, answer);
    answer.writeHead(200, { "Content-Type": "text/javascript" }).end(text);
  }).listen(0, "127.0.0.1");
  await once(server, "listening");
  t.after(() => {
    server.close();
    server.closeAllConnections();
  });
  const { port } = /** @type {import("node:net").AddressInfo} */ (server.address());
  return `http://127.0.0.1:${port}`;
}

const WATCH = { "watch.js": `(${watch})();` };

for (const [name, scripts] of Object.entries({
  unchanged: WATCH,
  "with Prototype, MooTools, Datejs, jQuery and zone.js": { ...WATCH, ...LIBRARIES },
})) {
  test(`the shop in Firefox ${name}: every kind of event, by clicking`, { timeout: TOUR_MS }, async (t) => {
    const { path: profile, remove } = temporaryDirectory();
    t.after(remove);
    const collector = await borrow({ site: shopWith(tags(scripts)) });
    t.after(collector.stop);
    const url = await withScripts(t, collector.url, scripts);
    const browser = await firefox.start({ profile, cookies: "allowed", signal: t.signal });
    t.after(browser.close);
    const opened = await browser.open(url);
    const page = drivenPage(opened);
    await tourIsStored(page, (path) => opened.goto(new URL(path, url).href), collector);
    assert.deepEqual(await opened.run(() => JSON.parse(sessionStorage.noted || "[]")), []);
  });
}
