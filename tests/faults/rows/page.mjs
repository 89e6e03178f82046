// Effects of the page or of a browser extension on the tracker.

import { noBeacons, reset } from "../faults.mjs";
import { BOTH } from "../run.mjs";

/**
 * Of the 64 KiB that a page's beacons share, so that hardly anything is left:
 * https://fetch.spec.whatwg.org/#http-network-or-cache-fetch
 */
const MOST_BYTES = 65_000;
const FILLED = `fetch("/hang", { method: "POST", keepalive: true, body: "x".repeat(${MOST_BYTES}) }).catch(() => {});`;
const NO_BEACON = "delete Navigator.prototype.sendBeacon;";
/** The machine's clock was an hour fast and is corrected. */
const AN_HOUR_EARLIER = `
  const Real = Date;
  const HOUR = 3_600_000;
  window.Date = class extends Real {
    constructor(...args) { args.length ? super(...args) : super(Real.now() - HOUR); }
    static now() { return Real.now() - HOUR; }
  };`;

/** A page that stays a little and is left, and one that is closed at once. */
async function leftAndClosed({ visitor, server, pause }, options) {
  const page = await visitor.open(options);
  await page.ready();
  await page.make(25);
  await pause(3_000);
  await page.make(9);
  await page.goto(server.elsewhere);
  const tab = await visitor.open(options);
  await tab.ready();
  await tab.make(9);
  await tab.close();
}

export const page = [
  {
    name: "beacon refused: the quota is another script's",
    transports: BOTH,
    run: (row) => leftAndClosed(row, { before: FILLED }),
  },
  {
    name: "no navigator.sendBeacon",
    transports: BOTH,
    next: { before: NO_BEACON },
    run: (row) => leftAndClosed(row, { before: NO_BEACON }),
  },
  {
    name: "beacons cancelled, fetch let through",
    transports: BOTH,
    async run(row) {
      row.server.fault = noBeacons;
      await leftAndClosed(row);
      // The blocker of beacons stays active.
      row.server.heal = () => {};
    },
  },
  {
    name: "clock set back an hour",
    transports: BOTH,
    next: { before: AN_HOUR_EARLIER },
    async run(row) {
      const { visitor, server, pause } = row;
      server.fault = reset;
      const page = await visitor.open();
      await page.ready();
      await page.make(15);
      await pause(2_500);
      await page.goto(server.elsewhere);
      server.heal();
      await leftAndClosed(row, { before: AN_HOUR_EARLIER });
    },
  },
];
