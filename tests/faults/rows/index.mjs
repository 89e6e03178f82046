// The faults. A row: `name`; `run({ visitor, server, tracker, take, short, pause })`, followed by the visitor's next
// page view and the count; `transports`, by default the default one (the short cut uses the first only); `lost` (also
// by engine or by transport) and `twice`, the accepted numbers, and `because`, the reason if they cannot be zero;
// `tracker`, the tested tracker if not this one with a `batch` destination; `cookies`, a setting of the browser;
// `next`, options of the next page view's page; `long`, not part of the short cut.

import { answers } from "./answers.mjs";
import { kills } from "./kills.mjs";
import { leaving } from "./leaving.mjs";
import { load } from "./load.mjs";
import { page } from "./page.mjs";
import { storage } from "./storage.mjs";
import { vendor } from "./vendor.mjs";

/**
 * @typedef {object} Row
 * @property {string} name
 * @property {(context: any) => Promise<void>} run
 * @property {string[]} [transports]
 * @property {number | Record<string, number>} [lost]
 * @property {number} [twice]
 * @property {string} [because]
 * @property {object} [tracker]
 * @property {string} [cookies]
 * @property {object} [next]
 * @property {boolean} [long]
 * @property {number} [limitMs]
 */

/** @type {Row[]} */
export const ROWS = [...leaving, ...kills, ...answers, ...storage, ...page, ...load, ...vendor];
