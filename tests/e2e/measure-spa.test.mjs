// Page views that are no page loads: single-page applications, pages that come back from the back/forward cache, pages that are
// prepared before anybody sees them. And what is left behind by ten thousand of them.

import assert from "node:assert/strict";
import { setTimeout as pause } from "node:timers/promises";
import { flush, ready, realTabs, scenario, tagged, until, useBrowser, warnings } from "./harness.mjs";

useBrowser();

const LIST = '<ul data-reco-scenario="picks"><li data-reco-item="1">One</li></ul>';
const ROUTES = "autoTrack: { attributes: true, routes: true }";
const page = (body, config = ROUTES) => ({
  "index.html": tagged({ body, config }),
  "next.html": "<!doctype html><title>next</title><link rel=icon href='data:,'>",
});
const views = (collector) => async () => (await collector.stored()).filter(({ type }) => type === "rendered").length;
/** Whatever was seen by now is stored. */
const nothingNew = async (page) => {
  await pause(1500);
  await flush(page);
};
const opened = async ({ page, visit }) => {
  await visit();
  await ready(page);
};

for (const [how, before] of [
  ["the Navigation API", () => {}],
  ["the history alone", () => delete window.navigation],
]) {
  scenario(
    `routes, told by ${how}: a new address is a new page view, a place on the page is none`,
    { site: page(LIST) },
    async (all) => {
      const { page, collector } = all;
      const count = views(collector);
      await page.addInitScript(before);
      await opened(all);
      const original = await page.evaluate(() => typeof window.navigation === "object" || history.pushState.toString());
      await until(async () => (await count()) === 1, "seen on the first page");
      await page.evaluate(() => history.pushState({}, "", "/two?a=1"));
      await until(async () => (await count()) === 2, "seen on the second");
      await page.evaluate(() => {
        history.replaceState({ changed: true }, "");
        location.hash = "below";
        history.pushState({}, "", "#above");
      });
      await nothingNew(page);
      assert.equal(await count(), 2);
      await page.evaluate(() => history.go(-3));
      await until(async () => (await count()) === 3, "seen on the first again");
      await page.evaluate(() => history.replaceState({}, "", "/three"));
      await until(async () => (await count()) === 4, "seen on a third");
      if (original === true) return;
      await page.evaluate(() => window.reco("dispose"));
      assert.match(await page.evaluate(() => history.pushState.toString()), /native code/);
    },
  );
}

scenario(
  "without routes an address is no page view, and page() is one: what is seen counts afresh, and timers that stay",
  { site: page(`${LIST}<p data-reco-item="5" data-reco-consume="time:2000">Text</p>`, "") },
  async (all) => {
    const { page, collector } = all;
    const count = views(collector);
    const read = () =>
      collector
        .stored()
        .then((rows) => rows.filter(({ type, percentage }) => type === "consume" && percentage === 100).length);
    await opened(all);
    await page.evaluate(() => history.pushState({}, "", "/two"));
    await until(async () => (await count()) === 1 && (await read()) === 1, "seen and read");
    await nothingNew(page);
    assert.equal(await count(), 1);
    await page.evaluate(() => window.reco("page"));
    await until(async () => (await count()) === 2 && (await read()) === 2, "seen and read again");
  },
);

scenario(
  "an element that is kept and shown again in another page view appears there; one that stays does not",
  {
    site: page('<i data-reco="click" data-reco-item="1"></i><main><i data-reco="click" data-reco-item="2"></i></main>'),
  },
  async (all) => {
    const { page, collector } = all;
    await opened(all);
    await collector.expectExactly({ itemId: "1" }, { itemId: "2" });
    await page.evaluate(async () => {
      const kept = document.querySelector("main").firstChild;
      kept.remove();
      document.querySelector("main").append(kept);
      history.pushState({}, "", "/two");
      kept.remove();
      await new Promise((resolve) => setTimeout(resolve));
      history.pushState({}, "", "/three");
      document.querySelector("main").append(kept);
    });
    await collector.expectExactly({ itemId: "1" }, { itemId: "2" }, { itemId: "2" });
  },
);

scenario(
  "back from the back/forward cache it goes on, and is no new page view",
  {
    site: page(
      `<style>body { margin: 0 }</style><article data-reco-item="7" data-reco-consume="scroll" style="height: 3000px">${LIST}</article>`,
    ),
    openContext: realTabs,
  },
  async (all) => {
    const { page, collector } = all;
    const consumed = async () =>
      (await collector.stored()).filter(({ type }) => type === "consume").map(({ percentage }) => percentage);
    await opened(all);
    await until(
      async () => (await views(collector)()) === 1 && (await consumed()).length > 0,
      "seen, and read a little",
    );
    await page.evaluate(() => {
      window.addEventListener("pageshow", ({ persisted }) => (window.persisted = persisted));
      window.kept = true;
    });
    await page.evaluate(() => location.assign("/next.html"));
    await page.waitForURL(/next/);
    await page.evaluate(() => void setTimeout(() => history.back()));
    await page.waitForFunction(() => window.kept && window.persisted);
    await nothingNew(page);
    assert.equal(await views(collector)(), 1, "seen once");
    await page.evaluate(() => scrollTo(0, 9999));
    await until(async () => (await consumed()).at(-1) === 100, "read to the end");
    assert.deepEqual(await warnings(page), []);
  },
);

scenario(
  "a page that is only prepared loads nothing, measures nothing and sends nothing",
  { site: page(`${LIST}<i data-reco="click" data-reco-item="3"></i>`) },
  async (all) => {
    const { page, visit, collector } = all;
    // Chromium under test does not prerender: what it would say is said here.
    await page.addInitScript(() =>
      Object.defineProperty(document, "prerendering", { value: true, configurable: true }),
    );
    await visit();
    await pause(1500);
    assert.deepEqual(
      await page.evaluate(() =>
        performance
          .getEntriesByType("resource")
          .map(({ name }) => name)
          .filter((name) => /measure|wasm/.test(name)),
      ),
      [],
    );
    await page.evaluate(() => {
      delete document.prerendering;
      document.dispatchEvent(new Event("prerenderingchange"));
    });
    await ready(page);
    await collector.expectStored({ type: "click", itemId: "3" }, { type: "rendered", scenario: "picks" });
  },
);

/** About half a minute of work; a machine that does other things as well needs longer. */
const SOAK_MS = 600_000;

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

scenario(
  "after ten thousand page views there is no listener, observer, timer or page of memory more than at the start",
  { site: page("<main></main>"), timeout: SOAK_MS },
  async (all) => {
    const { page, context, collector } = all;
    await page.addInitScript(census);
    await opened(all);
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
    await navigate(page, WARM, WARM + 10_000);
    const end = await count();
    // The allocator goes on for a while until it has met every order of sizes: one or two pages of 64 KiB, and none in the 20,000 views after that. A
    // leak of twenty bytes a view would be more.
    const PAGES = 3;
    assert.ok(end.memory[0] - start.memory[0] < PAGES * 65_536, `${start.memory} -> ${end.memory}`);
    assert.deepEqual({ ...end, memory: 0 }, { ...start, memory: 0 });
    assert.ok(start.observers > 0 && start.listeners > 0 && start.memory[0] > 0, JSON.stringify(start));
    const clicks = (await collector.stored()).filter(({ type }) => type === "click");
    assert.equal(clicks.length, (WARM + 10_000) / 100, "and all the time it tracked");
    assert.deepEqual(await warnings(page), []);

    await page.evaluate(() => window.reco("dispose"));
    const { memory, ...left } = await page.evaluate(() => window.census());
    assert.deepEqual(
      left,
      { observers: 0, timeouts: 0, frames: 0, listeners: 1 },
      "and nothing after dispose but the stub's own",
    );
    assert.equal(memory.length, 1);
  },
);
