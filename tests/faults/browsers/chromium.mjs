// Chromium over its DevTools protocol. It is not started by Playwright, because Playwright's switches disable the
// back/forward cache and the throttling of real browsers, and its `close` differs from that of a visitor.

import { mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { browserSteps, browser as program } from "../../../scripts/lib/browser.mjs";
import { gone, killFamily, start } from "./process.mjs";

const ARGUMENTS = [
  "--headless=new",
  "--remote-debugging-port=0",
  "--no-first-run",
  "--no-default-browser-check",
  "--disable-background-networking",
  "--disable-breakpad",
  "--disable-component-update",
  "--disable-default-apps",
  "--disable-dev-shm-usage",
  "--disable-sync",
  "--password-store=basic",
  "--use-mock-keychain",
  // "Restore pages?" after a kill would open them unnoticed.
  "--hide-crash-restore-bubble",
];
const LISTENING = /DevTools listening on (ws:\/\/\S+)/;
const PAGE_MS = 30_000;
const CLOSED_MS = 1_000;
/** chrome://settings/content/cookies, which is all storage: ContentSetting.BLOCK. */
const BLOCK = 2;

export const chromium = { label: "Chromium", steps: () => browserSteps({ driver: false }), start: startChromium };

async function startChromium({ profile, cookies, signal }) {
  const { chromium: playwright } = await import("playwright-core");
  if (cookies === "blocked") {
    mkdirSync(join(profile, "Default"), { recursive: true });
    writeFileSync(
      join(profile, "Default", "Preferences"),
      JSON.stringify({ profile: { default_content_setting_values: { cookies: BLOCK } } }),
    );
  }
  const sandbox = process.getuid?.() === 0 ? ["--no-sandbox"] : [];
  const child = start(program(), [...ARGUMENTS, ...sandbox, `--user-data-dir=${profile}`, "about:blank"], { signal });
  const [, address] = await child.says(LISTENING);
  const connection = await playwright.connectOverCDP(address);
  const [context] = connection.contexts();
  context.setDefaultTimeout(PAGE_MS);
  // The first row uses the tab that the browser starts with.
  const spare = context.pages();

  return {
    version: connection.version(),
    open: async (url) => {
      const page = spare.pop() ?? (await context.newPage());
      await page.goto(url, { waitUntil: "domcontentloaded" });
      return pageOf(page, context);
    },
    offline: (yes) => context.setOffline(yes),
    close: async () => {
      await Promise.all(context.pages().map((page) => page.close().catch(() => {})));
      if (!(await gone(child.pid, CLOSED_MS))) {
        // Without a window it may wait for the debugger.
        const session = await connection.newBrowserCDPSession();
        await session.send("Browser.close").catch(() => {});
      }
      await connection.close().catch(() => {});
      if (!(await gone(child.pid))) killFamily(child.pid);
      await child.ended;
    },
    kill: async () => {
      killFamily(child.pid);
      await child.ended;
      await connection.close().catch(() => {});
    },
  };
}

const pageOf = (page, context) => ({
  goto: (url) => page.goto(url, { waitUntil: "domcontentloaded" }),
  back: () => page.goBack({ waitUntil: "commit" }),
  close: () => page.close(),
  crash: async () => {
    const crashed = page.waitForEvent("crash");
    const session = await context.newCDPSession(page);
    // There is no response.
    session.send("Page.crash").catch(() => {});
    await crashed;
  },
  run: (body, ...args) => page.evaluate(`(${body})(...${JSON.stringify(args)})`),
});
