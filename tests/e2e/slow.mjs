// Stands before a collector and lets some requests wait, or never arrive: as a network does.

import { once } from "node:events";
import { createServer } from "node:http";
import { passOn } from "./front.mjs";

/**
 * `hold(pattern)`: requests whose method and address match wait until `release()`. `lose(pattern)`: these are read and thrown away, and
 * the connection ends. `seen`: method and address of every request.
 */
export async function slow(t, collector) {
  let held = null;
  let lost = null;
  const waiting = [];
  const seen = [];
  const pass = (incoming, answer) => void passOn(collector.url, incoming, answer);
  const server = createServer((incoming, answer) => {
    const what = `${incoming.method} ${incoming.url}`;
    seen.push(what);
    answer.on("error", () => {});
    if (lost?.test(what)) incoming.resume().on("end", () => answer.destroy());
    else if (held?.test(what)) waiting.push(() => pass(incoming, answer));
    else pass(incoming, answer);
  });
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  t.after(() => {
    server.closeAllConnections();
    server.close();
  });
  return {
    url: `http://127.0.0.1:${server.address().port}`,
    seen,
    hold: (pattern) => (held = pattern),
    lose: (pattern) => (lost = pattern),
    release() {
      held = lost = null;
      for (const go of waiting.splice(0)) go();
    },
  };
}

export const SCRIPT = /reco\.js/;
export const MODULE = /\.wasm/;
export const RAW = /POST \/v1\/events/;
export const BATCH = '{ protocol: "batch", endpoint: "/v1/events" }';
export const IBEXA = '{ protocol: "ibexa", customerId: "00000", endpoint: location.origin }';

export const EMPTY = "<!doctype html><title>empty</title><link rel=icon href='data:,'>";
export const kept = (page) => page.evaluate(() => Object.keys(localStorage).filter((key) => /^reco_(q|raw)/.test(key)));
/** The scripts of a page may be under way for ever: its load event is not waited for. */
export const open = (page, url) => page.goto(url, { waitUntil: "domcontentloaded" });
export const back = (page) => page.goBack({ waitUntil: "commit" });
export const call = (page, ...calls) => page.evaluate((calls) => calls.forEach((call) => window.reco(...call)), calls);
/** Until reco.js has taken the stub's place, where it is not held itself. */
export const settled = (page, held) =>
  held === SCRIPT || page.waitForFunction(() => window.reco.q && !Array.isArray(window.reco.q));

export async function leave(page, network) {
  await open(page, `${network.url}/empty.html`);
}
