// Counts what many page views of a single-page application leave: listeners, observers, timers and memory.

import assert from "node:assert/strict";
import { setTimeout as pause } from "node:timers/promises";
import { flush, ready, warnings } from "./harness.mjs";

/** Counts the tracker's observers, timers, frames and listeners in the page, and the memory of its module. */
function census() {
  // The test's driver has listeners as well.
  const ours = () => new Error().stack.includes("/dist/");
  const observers = new Set();
  for (const name of ["IntersectionObserver", "MutationObserver", "ResizeObserver"]) {
    const Native = window[name];
    window[name] = class extends Native {
      observe(...args) {
        if (ours()) observers.add(this);
        super.observe(...args);
      }
      disconnect() {
        observers.delete(this);
        super.disconnect();
      }
    };
  }
  const running = (start, stop) => {
    const ids = new Set();
    const [begin, end] = [window[start].bind(window), window[stop].bind(window)];
    window[start] = (callback, ...more) => {
      const id = begin((...args) => (ids.delete(id), callback(...args)), ...more);
      if (ours()) ids.add(id);
      return id;
    };
    window[stop] = (id) => (ids.delete(id), end(id));
    return ids;
  };
  const timeouts = running("setTimeout", "clearTimeout");
  const frames = running("requestAnimationFrame", "cancelAnimationFrame");

  // By the browser's rule: a listener that is added twice counts once.
  const listeners = new WeakMap();
  let listening = 0;
  const { addEventListener, removeEventListener } = EventTarget.prototype;
  const key = (type, listener, options) => {
    listener.number ??= ++listening;
    return `${type} ${listener.number} ${typeof options === "object" ? Boolean(options.capture) : Boolean(options)}`;
  };
  let heard = 0;
  EventTarget.prototype.addEventListener = function (type, listener, options) {
    const keys = listeners.get(this ?? window) ?? new Set();
    listeners.set(this ?? window, keys);
    const name = typeof listener === "function" && key(type, listener, options);
    if (name && !keys.has(name) && ours()) {
      heard += Boolean(keys.add(name));
      if (options?.once) addEventListener.call(this ?? window, type, () => (heard -= keys.delete(name)), options);
    }
    return addEventListener.call(this ?? window, type, listener, options);
  };
  EventTarget.prototype.removeEventListener = function (type, listener, options) {
    if (typeof listener === "function" && listeners.get(this ?? window)?.delete(key(type, listener, options))) heard--;
    return removeEventListener.call(this ?? window, type, listener, options);
  };

  const memories = [];
  const { Instance } = WebAssembly;
  // An arrow function cannot be called with `new`.
  // biome-ignore lint/complexity/useArrowFunction: see above
  WebAssembly.Instance = function (...args) {
    const instance = new Instance(...args);
    memories.push(...Object.values(instance.exports).filter((each) => each instanceof WebAssembly.Memory));
    return instance;
  };
  window.census = () => ({
    observers: observers.size,
    timeouts: timeouts.size,
    frames: frames.size,
    listeners: heard,
    memory: memories.map(({ buffer }) => buffer.byteLength),
  });
}

/** Visits new pages of an application. Each has elements of every kind, some of them with code. */
const navigate = (page, from, to) =>
  page.evaluate(
    async ([from, to]) => {
      const tracker = await new Promise((resolve) => window.reco("ready", resolve));
      const element = (name, dataset, ...children) => {
        const made = document.createElement(name);
        Object.assign(made.dataset, dataset);
        made.append(...children);
        return made;
      };
      const channel = new MessageChannel();
      const turn = () =>
        new Promise((resolve) => {
          channel.port1.onmessage = resolve;
          channel.port2.postMessage(0);
        });
      let box;
      for (let n = from; n < to; n++) {
        history.pushState({}, "", `/p/${n}`);
        box?.disconnect();
        const items = () =>
          [1, 2, 3].map((item) =>
            element("li", { recoItem: n * 10 + item }, element("a", { reco: "wishlist", recoOn: "click" })),
          );
        const article = element(
          "article",
          { recoItem: n, recoConsume: ["scroll", "time:60000", "words:500", "media"][n % 4] },
          element("video", {}),
        );
        const list = element("div", {}, ...items());
        document
          .querySelector("main")
          .replaceChildren(article, element("ul", { recoScenario: "picks" }, ...items()), list);
        if (n % 100 === 0) document.querySelector("main").append(element("i", { reco: "click", recoItem: n }));
        // The page stops none of these timers. The next page view does.
        tracker.consumeTimer({ itemId: n }, { by: "scroll", element: list });
        tracker.consumeTimer({ itemId: n }, { by: "time", fullAfterMs: 60_000 });
        box = tracker.observeRecommendations(list, { scenario: "code" });
        await turn();
      }
      box.disconnect();
      document.querySelector("main").replaceChildren();
      await turn();
    },
    [from, to],
  );

/** Makes this number of page views on a page with a `main` element. */
export async function leavesNothing({ page, context, visit, collector }, views) {
  await page.addInitScript(census);
  await visit();
  await ready(page);
  // An element that is removed before measure.js has loaded is not seen.
  await page.waitForFunction(() => performance.getEntriesByType("resource").some(({ name }) => /measure/.test(name)));
  const cdp = await context.newCDPSession(page);
  await cdp.send("Performance.enable");
  const count = async () => {
    // All requests are answered, and frame callbacks have run.
    await flush(page);
    await pause(3000);
    for (let n = 0; n < 3; n++) await cdp.send("HeapProfiler.collectGarbage");
    const { metrics } = await cdp.send("Performance.getMetrics");
    const { JSEventListeners, Nodes } = Object.fromEntries(metrics.map(({ name, value }) => [name, value]));
    return { ...(await page.evaluate(() => window.census())), JSEventListeners, Nodes };
  };
  const WARM = 300;
  await navigate(page, 0, WARM);
  const start = await count();
  await navigate(page, WARM, WARM + views);
  const end = await count();
  // At first the allocator still grows by one or two pages of 64 KiB until it has met every order of sizes; the 20,000
  // views after that need none. A leak of twenty bytes for each view would be more in ten thousand views.
  const PAGES = 3;
  assert.ok(end.memory[0] - start.memory[0] < PAGES * 65_536, `${start.memory} -> ${end.memory}`);
  assert.deepEqual({ ...end, memory: 0 }, { ...start, memory: 0 });
  assert.ok(start.observers > 0 && start.listeners > 0 && start.memory[0] > 0, JSON.stringify(start));
  const clicks = (await collector.stored()).filter(({ type }) => type === "click");
  assert.equal(clicks.length, (WARM + views) / 100, "and events were tracked all the time");
  assert.deepEqual(await warnings(page), []);

  await page.evaluate(() => window.reco("dispose"));
  const { memory, ...left } = await page.evaluate(() => window.census());
  assert.deepEqual(left, { observers: 0, timeouts: 0, frames: 0, listeners: 0 }, "after dispose nothing remains");
  assert.equal(memory.length, 1);
}
