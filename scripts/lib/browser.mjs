// Finds Chromium and its WebDriver, and starts Chromium with Playwright. It downloads nothing; it uses the machine's
// browser.
//
// Most end-to-end tests use Chromium's headless shell if the machine has it. It is the same engine without windows, and
// needs a third of the processor time for each new profile: https://developer.chrome.com/docs/chromium/headless

import { spawnSync } from "node:child_process";
import { existsSync } from "node:fs";
import { delimiter, join } from "node:path";
import { command } from "./progress.mjs";
import { Problem } from "./project.mjs";

const BROWSERS = ["chromium", "chromium-browser", "google-chrome", "google-chrome-stable", "chrome"];
const BROWSER_PATHS = [
  "/Applications/Google Chrome.app/Contents/MacOS/Google Chrome",
  "/Applications/Chromium.app/Contents/MacOS/Chromium",
  "C:\\Program Files\\Google\\Chrome\\Application\\chrome.exe",
];
const HEADLESS_SHELLS = ["chromium-headless-shell", "chrome-headless-shell"];
const DRIVERS = ["chromedriver"];
const INSTALL =
  "Install Chromium or Google Chrome and the chromedriver of the same version " +
  "(https://googlechromelabs.github.io/chrome-for-testing/), or name them in the variables CHROME and CHROMEDRIVER.";

const exe = process.platform === "win32" ? ".exe" : "";

/** The first of these programs on the PATH. */
export function onPath(names) {
  const directories = (process.env.PATH ?? "").split(delimiter).filter(Boolean);
  return names
    .flatMap((name) => directories.map((directory) => join(directory, name + exe)))
    .find((file) => existsSync(file));
}

function named(variable) {
  const file = process.env[variable];
  if (file && !existsSync(file)) throw new Problem(`${variable} names ${file}, which is not there.`);
  return file || undefined;
}

export const findBrowser = () => named("CHROME") ?? onPath(BROWSERS) ?? BROWSER_PATHS.find((file) => existsSync(file));
export const findHeadlessShell = () => named("CHROME_HEADLESS_SHELL") ?? onPath(HEADLESS_SHELLS);
export const findDriver = () => named("CHROMEDRIVER") ?? onPath(DRIVERS);

/** The path of the browser. Throws a Problem with installation instructions if there is none. */
export function browser() {
  const found = findBrowser();
  if (!found) throw new Problem(`No Chromium was found. ${INSTALL}`);
  return found;
}

/**
 * The step that installs browser and driver if possible (Debian or Ubuntu as root). Otherwise it tells what to install.
 */
export function browserSteps({ driver = true } = {}) {
  const missing = `${findBrowser() ? "chromedriver" : "Chromium"}: ${INSTALL}`;
  const steps = findBrowser() && (!driver || findDriver()) ? [] : aptSteps(["chromium", "chromium-driver"], missing);
  if (!findHeadlessShell() && mayUseApt()) {
    const [step] = aptSteps(["chromium-headless-shell"], "Chromium's headless shell");
    // Not every distribution has the package. Without it the tests use Chromium.
    steps.push({ ...step, run: (task) => step.run(task).catch((error) => task.say(error.message)) });
  }
  return steps;
}

const mayUseApt = () =>
  process.platform === "linux" && process.getuid?.() === 0 && spawnSync("apt-get", ["--version"]).status === 0;

/**
 * The step that installs Debian packages if possible (Debian or Ubuntu as root). Otherwise it tells what is missing.
 */
export function aptSteps(packages, missing) {
  if (!mayUseApt()) throw new Problem(`Not found: ${missing}`);
  return [
    {
      label: `installing ${packages.join(" and ")} with apt`,
      run: async (task) => {
        const env = { DEBIAN_FRONTEND: "noninteractive" };
        try {
          await command("apt-get", ["update"], { task, env });
          await command("apt-get", ["install", "-y", "--no-install-recommends", ...packages], { task, env });
        } catch (error) {
          throw new Problem(`${error.message}\n\napt could not install what was not found: ${missing}`);
        }
      },
    },
  ];
}

/**
 * Starts Chromium without a window: the headless shell if available, unless `full` asks for the whole browser.
 * @param {import("playwright-core").LaunchOptions & { full?: boolean }} [options] Playwright's,
 * https://playwright.dev/docs/api/class-browsertype#browser-type-launch
 */
export async function launch({ full = false, ...options } = {}) {
  const { chromium } = await import("playwright-core");
  return chromium.launch({
    executablePath: (!full && findHeadlessShell()) || browser(),
    ...options,
    args: ["--disable-dev-shm-usage", ...(options.args ?? [])],
  });
}
