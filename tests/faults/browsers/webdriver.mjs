// A browser behind a WebDriver: Firefox and WebKit, for which Node has no other interface.

import { Builder, By } from "selenium-webdriver";
import { gone, killFamily } from "./process.mjs";

const SCRIPT_MS = 30_000;
const PAGE_MS = 30_000;

/** A session of the driver at this address. */
export const session = (driver, capabilities) =>
  new Builder()
    .usingServer(driver)
    .withCapabilities({
      pageLoadStrategy: "eager",
      timeouts: { script: SCRIPT_MS, pageLoad: PAGE_MS },
      ...capabilities,
    })
    .build();

/** Runs in the page: awaits a promise, and returns an error as a value, which every driver passes in the same way. */
const wrapped = (body, args) => `
  const done = arguments[arguments.length - 1];
  Promise.resolve().then(() => (${body})(...${JSON.stringify(args)})).then((value) => done({ value }), (error) => done({ error: String(error) }));`;

/**
 * `pid` is the browser's; `close` closes its last window; `end` ends what was started for it. WebDriver has one current
 * window, so that operations on pages run one after the other.
 */
export async function browserOf(driver, { pid, version, end, close, extra = {} }) {
  let spare = await driver.getWindowHandle();
  /** @type {Promise<any>} */
  let last = Promise.resolve();
  const inTurn = (work) => {
    const result = last.then(work);
    last = result.catch(() => {});
    return result;
  };
  const pageOf = (handle) => {
    const here = (work) =>
      inTurn(async () => {
        await driver.switchTo().window(handle);
        return work();
      });
    return {
      goto: (url) => here(() => driver.get(url)),
      back: () => here(() => driver.navigate().back()),
      close: () => here(() => driver.close()),
      url: () => here(() => driver.getCurrentUrl()),
      click: (css) => here(() => driver.findElement(By.css(css)).click()),
      type: (css, text) => here(() => driver.findElement(By.css(css)).sendKeys(text)),
      run: (body, ...args) =>
        here(async () => {
          const { value, error } = await driver.executeAsyncScript(wrapped(body, args));
          if (error) throw new Error(error);
          return value;
        }),
    };
  };
  const handles = () => inTurn(() => driver.getAllWindowHandles());

  return {
    version,
    open: async (url) => {
      const handle =
        spare ??
        (await inTurn(async () => {
          // The current window may be closed.
          await driver.switchTo().window((await driver.getAllWindowHandles())[0]);
          await driver.switchTo().newWindow("tab");
          return driver.getWindowHandle();
        }));
      spare = undefined;
      const page = pageOf(handle);
      await page.goto(url);
      return page;
    },
    ...extra,
    close: async () => {
      try {
        const [last, ...others] = await handles();
        for (const handle of others) await pageOf(handle).close();
        await inTurn(async () => {
          await driver.switchTo().window(last);
          await close();
        });
      } catch {
        // The process may end before it answers.
      }
      if (!(await gone(pid))) killFamily(pid);
      await end();
    },
    kill: async () => {
      killFamily(pid);
      await end();
    },
  };
}
