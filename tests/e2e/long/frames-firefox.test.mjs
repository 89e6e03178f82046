// Frames of another site in Firefox, with different settings for third-party cookies: docs/frames.md.

import assert from "node:assert/strict";
import { once } from "node:events";
import { readFileSync } from "node:fs";
import { createServer } from "node:https";
import { test } from "node:test";
import { temporaryDirectory } from "../../../scripts/lib/ending.mjs";
import { at } from "../../../scripts/lib/project.mjs";
import { firefox } from "../../faults/browsers/firefox.mjs";
import { passOn } from "../front.mjs";
import { tagged, until } from "../harness.mjs";
import { borrow } from "../shared.mjs";

const TEST_MS = 300_000;
const SITES = ["shop.test", "other.test", "widget.test"];

const BEHAVIOUR = "network.cookie.cookieBehavior";

/**
 * Settings with what a frame has: `lasts`, an id for each site around it, and storage; `third`, whether the browser keeps a cookie without `Partitioned`.
 * The numbers are those of nsICookieService.
 */
const SETTINGS = [
  { name: "by default", prefs: { [BEHAVIOUR]: 5 }, lasts: true, third: true },
  {
    name: "if it keeps only cookies with Partitioned",
    prefs: { [BEHAVIOUR]: 5, [`${BEHAVIOUR}.optInPartitioning`]: true },
    lasts: true,
    third: false,
  },
  { name: "with all cross-site cookies blocked", prefs: { [BEHAVIOUR]: 1 }, lasts: false, third: false },
];

/** The frame tells the page around it what it has. */
const TELL = `reco("click", { itemId: 1 });
  reco("ready", async (tracker) => {
    await tracker.flush();
    let kept;
    try {
      kept = Number(localStorage.seen || 0) + 1;
      localStorage.seen = kept;
    } catch (error) {
      kept = error.name;
    }
    document.cookie = "third=1; Secure; SameSite=None";
    parent.postMessage({ id: tracker.anonymousId, kept, cookies: document.cookie }, "*");
  });`;

const SITE = {
  "index.html": `<!doctype html><title>outer</title><link rel="icon" href="data:,"><main></main><script>
    addEventListener("message", ({ data }) => (window.told = data));
    const source = "https://widget.test:" + location.port + "/frame.html";
    document.querySelector("main").innerHTML = "<iframe src=" + source + "></iframe>";
  </script>`,
  "frame.html": tagged({ script: TELL }),
};

/** The collector at `to` behind https, with a certificate of other names. Firefox is told to accept it. */
async function withTls(t, to) {
  const file = (name) => readFileSync(at("collector", "tests", "service", "forward", "tls", name));
  const server = createServer(
    { key: file("vendor.key"), cert: file("vendor.pem") },
    (incoming, answer) => void passOn(to, incoming, answer),
  ).listen(0, "127.0.0.1");
  await once(server, "listening");
  t.after(() => {
    server.close();
    server.closeAllConnections();
  });
  return /** @type {import("node:net").AddressInfo} */ (server.address()).port;
}

for (const { name, prefs, lasts, third } of SETTINGS) {
  test(`a frame of another site in Firefox ${name}`, { timeout: TEST_MS }, async (t) => {
    const { path: profile, remove } = temporaryDirectory();
    t.after(remove);
    const collector = await borrow({ site: SITE });
    t.after(collector.stop);
    const port = await withTls(t, collector.url);
    const all = { ...prefs, "network.dns.localDomains": SITES.join() };
    const browser = await firefox.start({ profile, cookies: "allowed", signal: t.signal, prefs: all });
    t.after(browser.close);
    const page = await browser.open("about:blank");
    const visit = async (site) => {
      await page.goto(`https://${site}:${port}/`);
      return until(() => page.run(() => window.told), "the frame's answer");
    };
    const [first, again, elsewhere] = [await visit("shop.test"), await visit("shop.test"), await visit("other.test")];
    assert.match(first.id, /^\w{22}$/);
    assert.equal(again.id === first.id, lasts, "the id lasts longer than the page");
    assert.notEqual(elsewhere.id, first.id, "another site around it, another id");
    assert.deepEqual([first.kept, again.kept], lasts ? [1, 2] : ["SecurityError", "SecurityError"]);
    assert.equal(first.cookies.includes("third=1"), third);
    await collector.expectExactly({ itemId: "1" }, { itemId: "1" }, { itemId: "1" });
  });
}
