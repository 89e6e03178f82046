// The endpoint is down, refuses, resets, is slow or has moved; or the network is lost.

import * as fault from "../faults.mjs";
import { BOTH } from "../run.mjs";

const SLOW_MS = 30_000;

/**
 * Two views: a page that stays, with a fault for the first few requests only; and a page that is left during the fault,
 * so that only the next page can help.
 * @param {string} name
 * @param {any} what
 * @param {Partial<import("./index.mjs").Row>} [more]
 */
const answered = (name, what, more) => ({
  name,
  transports: BOTH,
  ...more,
  async run({ visitor, server, pause }) {
    server.fault = fault.times(2, what);
    const page = await visitor.open();
    await page.ready();
    await page.make(9);
    await pause(3_500);
    await page.make(9);
    await pause(1_000);
    server.fault = what;
    await page.make(15);
    await pause(3_000);
    await page.make(5);
    await page.goto(server.elsewhere);
    await pause(500);
  },
});

export const answers = [
  {
    name: "the server is down, and then up again",
    transports: BOTH,
    async run({ visitor, server, pause }) {
      await visitor.openUrl(server.elsewhere);
      const page = await visitor.open();
      await page.ready();
      await page.make(9);
      await server.down();
      await page.make(15);
      await pause(4_000);
      await server.up();
      await page.make(9);
      await pause(1_000);
      await server.down();
      await page.make(9);
      await page.close();
    },
  },
  answered("500", fault.status(500)),
  answered("503 with Retry-After", fault.status(503, { "retry-after": "3" })),
  answered("429 with Retry-After", fault.status(429, { "retry-after": "3" })),
  answered("408", fault.status(408)),
  answered("431, the site's cookies are too long", fault.status(431)),
  answered("404", fault.status(404)),
  answered("200, a catch-all page", fault.status(200)),
  answered("connection reset before the answer", fault.reset),
  answered("connection reset in mid-answer, after the commit", fault.cutAnswer),
  answered("answer lost after the commit", fault.lostAnswer),
  {
    name: "answers take 30 s",
    transports: BOTH,
    long: true,
    async run({ visitor, server, pause }) {
      server.fault = fault.slow(SLOW_MS);
      const page = await visitor.open();
      await page.ready();
      await page.make(25);
      await pause(5_000);
      await page.make(9);
      await page.goto(server.elsewhere);
      const next = await visitor.open();
      await next.ready();
      await next.make(9);
      await pause(20_000);
      await next.goto(server.elsewhere);
    },
  },
  answered("redirect 307 to where it is taken", fault.redirect(307)),
  answered("redirect 301", fault.redirect(301)),
  {
    name: "offline, and online again",
    transports: BOTH,
    async run({ visitor, pause }) {
      await visitor.openUrl("about:blank");
      const page = await visitor.open();
      await page.ready();
      await page.make(9);
      await visitor.offline(true);
      await page.make(15);
      await pause(4_000);
      await visitor.offline(false);
      await pause(3_000);
      await visitor.offline(true);
      await page.make(15);
      await page.close();
      await visitor.offline(false);
    },
  },
];
