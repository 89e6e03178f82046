// The browser's profile on disk: a context that keeps it, and what a site has stored in it.

import { readdirSync, readFileSync, statSync } from "node:fs";
import { join } from "node:path";
import { browser } from "../../scripts/lib/browser.mjs";

/** Where Chromium keeps what a site has stored. Not its cache, which has the site's files. */
const STORES = /[/\\](Cookies|Local Storage|Session Storage|IndexedDB|Service Worker|File System)/;

/** For `openContext` of a scenario. */
export const withProfile =
  (profile, args = []) =>
  async () => {
    const { chromium } = await import("playwright-core");
    const options = { executablePath: browser(), args: ["--disable-dev-shm-usage", ...args] };
    return chromium.launchPersistentContext(profile, options);
  };

/** The content of all stores, after the browser has ended. Each byte is a character. */
export const storesOf = (profile) =>
  readdirSync(profile, { recursive: true })
    .map((name) => join(profile, String(name)))
    .filter((file) => STORES.test(file) && statSync(file).isFile())
    .map((file) => readFileSync(file, "latin1"));
