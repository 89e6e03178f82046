// What many page views of a single-page application leave behind: every listener, observer, timer and page of memory is counted.

import assert from "node:assert/strict";
import { setTimeout as pause } from "node:timers/promises";
import { flush, ready, warnings } from "./harness.mjs";

/** Counts what the tracker runs in the page: observers, timers, frames, listeners, and the memory of its module. */
function census() {
  // The test's own driver listens as well.
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
    window[start] = (deed, ...more) => {
      const id = begin((...args) => (ids.delete(id), deed(...args)), ...more);
      if (ours()) ids.add(id);
      return id;
    };
    window[stop] = (id) => (ids.delete(id), end(id));
    return ids;
  };
  const timeouts = running("setTimeout", "clearTimeout");
  const frames = running("requestAnimationFrame", "cancelAnimationFrame");

  // By what the browser tells apart: a listener that is added twice is there once.
  const listeners = new WeakMap();
  let listening = 0;
  const { addEventListener, removeEventListener } = EventTarget.prototype;
  const key = (type, listener, options) => {
    listener.number ??= ++listening;
    return `${type} ${listener.number} ${Boolean(options?.capture ?? options)}`;
  };
  let heard = 0;
  EventTarget.prototype.addEventListener = function (type, listener, options) {
    const keys = listeners.get(this ?? window) ?? new Set();
    listeners.set(this ?? window, keys);
    const name = typeof listener === "function" && key(type, listener, options);
    if (name && !keys.has(name) && ours()) heard += Boolean(keys.add(name));
    return addEventListener.call(this ?? window, type, listener, options);
  };
  EventTarget.prototype.removeEventListener = function (type, listener, options) {
    if (typeof listener === "function" && listeners.get(this ?? window)?.delete(key(type, listener, options))) heard--;
    return removeEventListener.call(this ?? window, type, listener, options);
  };

  const memories = [];
  const { Instance } = WebAssembly;
  // Called with `new`, which an arrow function cannot be.
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

/** Goes to so many new pages of an application, each with elements of every kind, some of them with code. */
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
        // Timers that nobody stops: the next page view does.
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

/** Goes through so many page views, on a page with a `main`. */
export async function leavesNothing({ page, context, visit, collector }, views) {
  await page.addInitScript(census);
  await visit();
  await ready(page);
  const cdp = await context.newCDPSession(page);
  await cdp.send("Performance.enable");
  const count = async () => {
    // What was sent is answered, and what waited for a frame has had it.
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
  // The allocator goes on for a while until it has met every order of sizes: one or two pages of 64 KiB, and none in the 20,000 views after that. In
  // ten thousand views a leak of twenty bytes a view would be more.
  const PAGES = 3;
  assert.ok(end.memory[0] - start.memory[0] < PAGES * 65_536, `${start.memory} -> ${end.memory}`);
  assert.deepEqual({ ...end, memory: 0 }, { ...start, memory: 0 });
  assert.ok(start.observers > 0 && start.listeners > 0 && start.memory[0] > 0, JSON.stringify(start));
  const clicks = (await collector.stored()).filter(({ type }) => type === "click");
  assert.equal(clicks.length, (WARM + views) / 100, "and all the time it tracked");
  assert.deepEqual(await warnings(page), []);

  await page.evaluate(() => window.reco("dispose"));
  const { memory, ...left } = await page.evaluate(() => window.census());
  assert.deepEqual(
    left,
    { observers: 0, timeouts: 0, frames: 0, listeners: 1 },
    "and nothing after dispose but the stub's own",
  );
  assert.equal(memory.length, 1);
}
