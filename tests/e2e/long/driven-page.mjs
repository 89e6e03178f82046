// A page behind a WebDriver with the methods of Playwright's pages that tour.mjs uses, so that the tour also runs in
// Firefox.

import { setTimeout as pause } from "node:timers/promises";
import { until } from "../harness.mjs";

/** A test id below the elements found before. */
const byTestId = (css, id) => `${css} [data-testid="${id}"]`;

/** `page`: see tests/faults/browsers/index.mjs. */
export function drivenPage(page) {
  const locator = (css) => {
    const there = () => until(() => page.run((css) => document.querySelectorAll(css).length === 1, css), `one ${css}`);
    const act =
      (verb) =>
      async (...args) => {
        await there();
        return verb(...args);
      };
    return {
      getByTestId: (id) => locator(byTestId(css, id)),
      locator: (inner) => locator(`${css} ${inner}`),
      click: act(() => page.click(css)),
      fill: act((text) => page.type(css, text)),
      innerText: act(() => page.run((css) => document.querySelector(css).innerText, css)),
      scrollIntoViewIfNeeded: act(() => page.run((css) => document.querySelector(css).scrollIntoView(), css)),
    };
  };
  return {
    getByTestId: (id) => locator(byTestId("", id)),
    locator: (css) => locator(css),
    evaluate: (body) => page.run(body),
    waitForFunction: (body) => until(() => page.run(body), String(body)),
    waitForTimeout: pause,
    waitForURL: (pattern) => until(async () => pattern.test(await page.url()), String(pattern)),
  };
}
