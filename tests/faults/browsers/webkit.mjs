// WebKit: Debian's WebKitGTK with its own WebDriver, on a virtual screen. Its window is webkit-window.py, because
// MiniBrowser's automation mode stores nothing on disk, and a killed browser must find its profile again.

import { spawnSync } from "node:child_process";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { aptSteps, onPath } from "../../../scripts/lib/browser.mjs";
import { freePorts } from "../../../scripts/lib/collector.mjs";
import { start } from "./process.mjs";
import { browserOf, session } from "./webdriver.mjs";

const WINDOW = fileURLToPath(new URL("webkit-window.py", import.meta.url));
/** Debian's Python. Another one does not have its modules. */
const PYTHON = "/usr/bin/python3";
const PACKAGES = ["webkit2gtk-driver", "xvfb", "gir1.2-webkit2-4.1", "python3-gi"];
const MODULES =
  'import gi; gi.require_version("Gtk", "3.0"); gi.require_version("WebKit2", "4.1"); from gi.repository import Gtk, WebKit2';
const START_TRIES = 40;

const isThere = () =>
  onPath(["WebKitWebDriver"]) && onPath(["Xvfb"]) && spawnSync(PYTHON, ["-c", MODULES]).status === 0;

export const webkit = {
  label: "WebKit",
  steps: () => (isThere() ? [] : aptSteps(PACKAGES, `WebKit: install Debian's or Ubuntu's ${PACKAGES.join(", ")}.`)),
  start: startWebKit,
};

async function startWebKit({ profile, cookies, signal }) {
  // It writes the number of a free display to descriptor 3.
  const screen = start("Xvfb", ["-displayfd", "3", "-screen", "0", "1280x1024x24", "-nolisten", "tcp"], {
    signal,
    stdio: ["ignore", "pipe", "pipe", "pipe"],
  });
  const display = await new Promise((resolve, reject) => {
    screen.stdio[3].once("data", (text) => resolve(text.toString().trim()));
    void screen.ended.then(() => reject(new Error("Xvfb ended at its start")));
  });
  const [port] = await freePorts(1);
  const driver = start("WebKitWebDriver", [`--port=${port}`, "--host=127.0.0.1"], {
    signal,
    // The sandbox needs user namespaces, which containers and root often lack; the pages are our own. There is no
    // graphics card.
    env: {
      ...process.env,
      DISPLAY: `:${display}`,
      GDK_BACKEND: "x11",
      NO_AT_BRIDGE: "1",
      WEBKIT_DISABLE_SANDBOX_THIS_IS_DANGEROUS: "1",
      WEBKIT_DISABLE_COMPOSITING_MODE: "1",
    },
  });
  const end = async () => {
    await driver.stop();
    await screen.stop();
  };
  try {
    await listening(port);
    const opened = await session(`http://127.0.0.1:${port}`, {
      browserName: "WebKitGTK",
      // With "eager" it never resolves for a page that returns from the cache.
      pageLoadStrategy: "normal",
      "webkitgtk:browserOptions": { binary: WINDOW, args: [profile, cookies ?? "allowed"] },
    });
    return await browserOf(opened, {
      pid: Number(readFileSync(join(profile, "pid"), "utf8")),
      version: readFileSync(join(profile, "version"), "utf8"),
      end,
      close: () => opened.close(),
    });
  } catch (error) {
    await end();
    throw error;
  }
}

async function listening(port) {
  for (let tries = 0; ; tries++) {
    try {
      return await fetch(`http://127.0.0.1:${port}/status`);
    } catch (error) {
      if (tries > START_TRIES) throw error;
      await new Promise((resolve) => setTimeout(resolve, 100));
    }
  }
}
