// Storage that throws, is full, or has invalid data; cookies that are refused.

import { reset } from "../faults.mjs";
import { BOTH } from "../run.mjs";
import { closedTabs } from "./leaving.mjs";

export const BLOCKED = `Object.defineProperty(window, "localStorage", { get() { throw new DOMException("The operation is insecure.", "SecurityError"); } });`;
const FULL = `
  for (let size = 1 << 20, n = localStorage.length; size >= 1; ) {
    try { localStorage.setItem("shop" + n++, "x".repeat(size)); } catch { size = size >> 1; }
  }`;
/** Values that another version, another script or an incomplete write may have left in the tracker's keys. */
const RUBBISH = [
  "",
  "null",
  "{}",
  "[]",
  "0",
  '{"v":1,',
  "\u0000\u0001\ud800",
  "[[[[[[[[",
  '[["click"]]',
  "9".repeat(400),
  `"${"x".repeat(10_000)}`,
];

/** Half of the events on a page that is left at once, half on one that stays a little. */
async function twoViews({ visitor, server, pause }, options) {
  for (const stays of [0, 3_000]) {
    const page = await visitor.open(options);
    await page.ready();
    await page.make(15);
    await pause(stays);
    await page.goto(server.elsewhere);
  }
}

export const storage = [
  {
    name: "localStorage blocked",
    transports: BOTH,
    next: { before: BLOCKED },
    run: (row) => twoViews(row, { before: BLOCKED }),
  },
  {
    name: "localStorage blocked, and the tab closed",
    transports: BOTH,
    next: { before: BLOCKED },
    run: (row) => closedTabs(row, 3, { before: BLOCKED }),
  },
  {
    name: "localStorage blocked and the browser killed",
    lost: 15,
    because: "nothing can be stored",
    next: { before: BLOCKED },
    async run({ visitor }) {
      const page = await visitor.open({ before: BLOCKED });
      await page.ready();
      await page.make(15);
      await visitor.kill();
    },
  },
  {
    name: "localStorage full",
    run: (row) => twoViews(row, { before: FULL }),
  },
  {
    name: "localStorage corrupted",
    async run({ visitor, server, tracker, pause }) {
      // The keys are known once the outbox is in use, so no request succeeds at first.
      server.fault = reset;
      const first = await visitor.open();
      await first.ready();
      await first.make(15);
      await pause(3_000);
      const names = () =>
        first.run("(prefix) => Object.keys(localStorage).filter((key) => key.startsWith(prefix))", tracker.prefix);
      const keys = await names();
      server.heal();
      for (let tries = 0; (await first.pending()) > 0 && tries < 60; tries++) await pause(500);
      keys.push(...(await names()), ...["", "outbox", "q", "o", "early"].map((name) => tracker.prefix + name));
      await first.goto(server.elsewhere);
      for (const [turn] of RUBBISH.entries()) {
        const corrupt = `${JSON.stringify([...new Set(keys)])}.forEach((key, n) => localStorage.setItem(key, ${JSON.stringify(RUBBISH)}[(n + ${turn}) % ${RUBBISH.length}]));`;
        const page = await visitor.open({ before: corrupt });
        await page.ready();
        await page.make(5);
        await page.goto(server.elsewhere);
      }
    },
  },
  {
    name: "cookies blocked",
    transports: BOTH,
    cookies: "blocked",
    run: (row) => twoViews(row),
  },
];
