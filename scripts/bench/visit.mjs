// Opens the pages that are measured over Chromium's DevTools protocol, each in a new profile.

const PAGE_MS = 120_000;
/** Garbage collections before memory is read. One alone may leave objects that only the next one frees. */
const COLLECTIONS = 3;

/**
 * Opens an empty page in a new profile. `throttle` divides the processor's speed; `before` runs in the page before its scripts.
 *
 * `metrics()` returns the browser's counters: https://chromedevtools.github.io/devtools-protocol/tot/Performance/#method-getMetrics.
 * `heap()` returns the bytes of the JavaScript heap after garbage collection.
 * @param {import("playwright-core").Browser} browser
 * @param {{ throttle?: number, before?: () => void }} [options]
 */
export async function openPage(browser, { throttle = 1, before } = {}) {
  const context = await browser.newContext();
  context.setDefaultTimeout(PAGE_MS);
  const page = await context.newPage();
  page.setDefaultTimeout(PAGE_MS);
  if (before) await page.addInitScript(before);
  const cdp = await context.newCDPSession(page);
  await cdp.send("Network.enable");
  // Processor time of the page's main thread, without the time in which another process has the processor.
  await cdp.send("Performance.enable", { timeDomain: "threadTicks" });
  if (throttle !== 1) await cdp.send("Emulation.setCPUThrottlingRate", { rate: throttle });
  return {
    page,
    cdp,
    context,
    close: () => context.close(),
    metrics: async () => {
      const { metrics } = await cdp.send("Performance.getMetrics");
      return Object.fromEntries(metrics.map(({ name, value }) => [name, value]));
    },
    heap: async () => {
      for (let n = 0; n < COLLECTIONS; n++) await cdp.send("HeapProfiler.collectGarbage");
      return (await cdp.send("Runtime.getHeapUsage")).usedSize;
    },
  };
}

/** Waits for a promise. After so many milliseconds the result is undefined. */
export function within(ms, promise) {
  let timer;
  const late = new Promise((resolve) => {
    timer = setTimeout(resolve, ms, undefined);
  });
  return Promise.race([promise, late]).finally(() => clearTimeout(timer));
}
