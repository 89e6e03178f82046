// A proxy before a collector that delays or loses some requests.

import { once } from "node:events";
import { createServer } from "node:http";
import { passOn } from "./front.mjs";
import { WITHOUT_WASM } from "./harness.mjs";

/**
 * `hold(pattern)`: requests whose method and address match wait until `release()`. `lose(pattern)`: matching requests
 * are read and discarded, and the connection is closed. `seen`: method and address of every request.
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
export const MODULE = WITHOUT_WASM ? /fallback\.js/ : /\.wasm/;
export const RAW = /POST \/v1\/events/;
export const BATCH = '{ protocol: "batch", endpoint: "/v1/events" }';
export const IBEXA = '{ protocol: "ibexa", customerId: "00000", endpoint: location.origin }';

export const EMPTY = "<!doctype html><title>empty</title><link rel=icon href='data:,'>";
export const kept = (page) => page.evaluate(() => Object.keys(localStorage).filter((key) => /^reco_(q|raw)/.test(key)));
/** A page's scripts may never finish loading, so its load event is not awaited. */
export const open = (page, url) => page.goto(url, { waitUntil: "domcontentloaded" });
export const back = (page) => page.goBack({ waitUntil: "commit" });
export const call = (page, ...calls) => page.evaluate((calls) => calls.forEach((call) => window.reco(...call)), calls);
/** Resolves when reco.js has replaced the stub, unless reco.js itself is held. */
export const settled = (page, held) =>
  held === SCRIPT || page.waitForFunction(() => window.reco.q && !Array.isArray(window.reco.q));

export async function leave(page, network) {
  await open(page, `${network.url}/empty.html`);
}
