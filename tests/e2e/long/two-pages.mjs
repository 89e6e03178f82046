// Common code of the lessons tests: a shop of two pages, its clicks and its counters.

import { tagged, until } from "../harness.mjs";

const ELSEWHERE = "<!doctype html><title>elsewhere</title><link rel=icon href='data:,'>";
export const shop = (options) => ({ "index.html": tagged(options), "elsewhere.html": ELSEWHERE });
/** The browser logs this when a connection ends. */
export const NETWORK = [/Failed to load resource/];
export const items = (from, count) => Array.from({ length: count }, (_, i) => ({ itemId: String(from + i) }));
export const click = (page, ...itemIds) =>
  page.evaluate((itemIds) => itemIds.forEach((itemId) => window.reco("click", { itemId })), itemIds);
export const stats = (page) =>
  page.evaluate(() => new Promise((resolve) => window.reco("ready", (tracker) => resolve(tracker.stats()))));
export const final = (page) => until(async () => (await stats(page)).queued === 0, "the end of everything queued");
/** The part of an address that names the batch. */
export const batchOf = ({ url }) => new URL(url, "http://localhost").searchParams.get("b");
