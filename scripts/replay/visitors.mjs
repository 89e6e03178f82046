// Visits the page with a real Chromium once for every session, each time as a new visitor.

import { createHmac } from "node:crypto";

// More do not help, because a visit needs processor time rather than waiting.
const AT_ONCE = 3;
const PAGE_MS = 30_000;
/** The time limit for a visit's last beacon, far more than needed. Later events count as missing. */
const STORED_MS = 20_000;
/** Most visitors follow a link to another page; one in ten closes the tab. */
const CLOSES_TAB = 10;

/** The collector's hash of a user id, as in collector/src/pseudonym.rs. */
export const hashed = (secret, id) =>
  createHmac("sha256", Buffer.from(secret, "hex")).update(id).digest("hex").slice(0, 32);

/**
 * Visits the page once for each session and resolves with a map: hash of the visitor's anonymous id -> session.
 * `stored` counts a visitor's stored events; `done(session)` is called after each visit.
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
      // Now the document and its stub have loaded; the module usually has not.
      await page.goto(url, { waitUntil: "domcontentloaded" });
      await page.evaluate(async (items) => {
        for (const itemId of items) globalThis.reco("click", { itemId });
        await new Promise((resolve) => globalThis.reco("ready", resolve));
      }, session.items.map(Number));
      const id = (await context.cookies(url)).find((cookie) => cookie.name === "reco_id")?.value;
      if (!id) throw new Error(`session ${session.id}: the tracker has set no reco_id cookie`);
      const visitor = hashed(secret, id);

      // From here on the tracker must notice by itself that the visitor leaves.
      visits += 1;
      if (visits % CLOSES_TAB === 0) {
        await page.close();
        page = undefined;
      } else {
        await page.goto("about:blank");
      }
      if (failure) throw failure;
      // Waits for the beacon in flight, because the next visit deletes the browser's data.
      await stored.count(visitor, session.items.length, STORED_MS);
      return visitor;
    },
    close: () => context.close(),
  };
}
