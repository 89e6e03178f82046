// Firefox: Debian's firefox-esr (or another one on the PATH) with geckodriver from crates.io.

import { aptSteps, onPath } from "../../../scripts/lib/browser.mjs";
import { tool } from "../../../scripts/lib/project.mjs";
import { cargoTool } from "../../../scripts/lib/toolchain.mjs";
import { start } from "./process.mjs";
import { browserOf, session } from "./webdriver.mjs";

const GECKODRIVER = "0.37.1";
const LISTENING = /Listening on 127\.0\.0\.1:(\d+)/;
/** nsICookieService.BEHAVIOR_REJECT: "Block all cookies", and with them all storage. */
const REJECT = 2;

const program = () => onPath(["firefox-esr", "firefox"]);

export const firefox = {
  label: "Firefox",
  steps: () => [
    ...(program() ? [] : aptSteps(["firefox-esr"], "Firefox: install Firefox and put `firefox` on the PATH.")),
    ...[cargoTool("geckodriver", "geckodriver", GECKODRIVER)].filter(Boolean),
  ],
  start: startFirefox,
};

/** `cookies`: as in index.mjs. `prefs`: further settings of about:config. */
async function startFirefox({ profile, cookies, signal, prefs = {} }) {
  // System access is needed for `Services.io.offline` and for closing the window like a visitor.
  const driver = start(tool("geckodriver"), ["--port", "0", "--websocket-port", "0", "--allow-system-access"], {
    signal,
  });
  try {
    const address = `http://127.0.0.1:${(await driver.says(LISTENING))[1]}`;
    const blocked = cookies === "blocked" ? { "network.cookie.cookieBehavior": REJECT } : {};
    const opened = await session(address, {
      browserName: "firefox",
      // For the certificates of tests.
      acceptInsecureCerts: true,
      "moz:firefoxOptions": {
        binary: program(),
        args: ["-headless", "-profile", profile],
        prefs: { ...blocked, ...prefs },
      },
    });
    const capabilities = await opened.getCapabilities();
    const system = systemOf(`${address}/session/${(await opened.getSession()).getId()}`);
    return await browserOf(opened, {
      pid: capabilities.get("moz:processID"),
      version: capabilities.get("browserVersion"),
      end: driver.stop,
      close: () =>
        system("Services.tm.dispatchToMainThread(() => Services.wm.getMostRecentWindow('navigator:browser').close())"),
      extra: { offline: (yes) => system(`Services.io.offline = ${yes}`) },
    });
  } catch (error) {
    await driver.stop();
    throw error;
  }
}

/** Runs in Firefox itself instead of a page: https://firefox-source-docs.mozilla.org/testing/geckodriver/ */
const systemOf = (address) => async (script) => {
  const post = async (path, body) => {
    const answer = await fetch(`${address}/${path}`, {
      method: "POST",
      headers: { "Content-Type": "application/json" },
      body: JSON.stringify(body),
    });
    if (!answer.ok) throw new Error(`${path}: ${await answer.text()}`);
  };
  await post("moz/context", { context: "chrome" });
  try {
    await post("execute/sync", { script, args: [] });
  } finally {
    await post("moz/context", { context: "content" }).catch(() => {});
  }
};
