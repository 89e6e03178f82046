// Lets a real Chromium visit the page once for every session, each time as another visitor.

import { createHmac } from "node:crypto";

// More do not help: a visit is work for the processor, not waiting.
const AT_ONCE = 3;
const PAGE_MS = 30_000;
/** How long a visit's last beacon may take. Far more than it needs; past it the events count as missing. */
const STORED_MS = 20_000;
/** Most visitors follow a link to elsewhere; each one of so many closes the tab. */
const CLOSES_TAB = 10;

/** How the collector stores a user id: collector/src/hashing.rs. */
export const hashed = (secret, id) =>
  createHmac("sha256", Buffer.from(secret, "hex")).update(id).digest("hex").slice(0, 32);

/**
 * Visits the page once a session and resolves with a map: hash of the visitor's anonymous id -> session.
 * `stored` is the feed that tells how many events of a visitor have arrived; `done(session)` is called after each visit.
 */
export async function visitAll(browser, { url, secret, sessions, stored, done }) {
  const visitors = new Map();
  const waiting = sessions.values();
  const work = async () => {
    const device = await startDevice(browser, url);
    for (const session of waiting) {
      visitors.set(await device.visit(session, { secret, stored }), session);
      done(session);
    }
    await device.close();
  };
  await Promise.all(Array.from({ length: Math.min(AT_ONCE, sessions.length) }, work));
  return visitors;
}

/** A browser profile that is emptied before each visit, which takes a quarter of the time of a new one. */
async function startDevice(browser, url) {
  const context = await browser.newContext();
  context.setDefaultTimeout(PAGE_MS);
  const { origin } = new URL(url);
  let page;
  let devtools;
  let failure;
  let visits = 0;

  const openTab = async () => {
    page = await context.newPage();
    page.on("pageerror", (error) => (failure ??= error));
    devtools = await context.newCDPSession(page);
  };
  const forget = async () => {
    await devtools.send("Storage.clearDataForOrigin", { origin, storageTypes: "all" });
    await context.clearCookies();
  };

  return {
    async visit(session, { secret, stored }) {
      if (!page) await openTab();
      await forget();
      // When this resolves, the document is there, and with it the stub; the module usually is not.
      await page.goto(url, { waitUntil: "domcontentloaded" });
      await page.evaluate(async (items) => {
        for (const itemId of items) globalThis.reco("click", { itemId });
        await new Promise((resolve) => globalThis.reco("ready", resolve));
      }, session.items.map(Number));
      const id = (await context.cookies(url)).find((cookie) => cookie.name === "reco_id")?.value;
      if (!id) throw new Error(`session ${session.id}: the tracker has set no reco_id cookie`);
      const visitor = hashed(secret, id);

      // From here on the tracker has to notice by itself that its visitor is going.
      visits += 1;
      if (visits % CLOSES_TAB === 0) {
        await page.close();
        page = undefined;
      } else {
        await page.goto("about:blank");
      }
      if (failure) throw failure;
      // Only a test would delete a browser's data under a beacon that is on its way.
      await stored.count(visitor, session.items.length, STORED_MS);
      return visitor;
    },
    close: () => context.close(),
  };
}
