// The visitor leaves: by a link, by closing the tab or the window, before the tracker has loaded, and with a return
// from the cache.

import { BOTH, NotApplicable } from "../run.mjs";

const CLICKS = 1000;
const CLICKS_SHORT = 50;
const CLICK_MS = 1_500;
const TIMES = 3;
const STAYS_MS = 2_000;
/** The delay of the click after `load`: 0 to 145 ms, so that the module has loaded in some cases only. */
const clickAfter = "(next * 37) % 150";

/** A page with a link to itself. Each click makes one event and opens the next page. */
const clickThrough = (last) => `
  const next = Number(new URLSearchParams(location.search).get("next"));
  const link = document.body.appendChild(document.createElement("a"));
  link.href = "?next=" + (next + 1);
  link.textContent = "on";
  link.onclick = () => window.faults.make(next, 1);
  if (next < ${last}) addEventListener("load", () => setTimeout(() => link.click(), ${clickAfter}));`;

/**
 * Opens tabs one after another, and closes each as soon as its events are made. Another tab keeps the browser running.
 */
export async function closedTabs({ visitor, server }, tabs, options) {
  await visitor.openUrl(server.elsewhere);
  for (let tab = 0; tab < tabs; tab++) {
    const page = await visitor.open(options);
    await page.ready();
    await page.make(9);
    await page.close();
  }
}

export const leaving = [
  {
    name: "click and navigate at once",
    transports: BOTH,
    limitMs: CLICKS * CLICK_MS,
    async run({ visitor, server, take, short, pause }) {
      const clicks = short ? CLICKS_SHORT : CLICKS;
      const url = visitor.address({ after: clickThrough(clicks) });
      const page = await visitor.openUrl(`${url}?next=0`);
      const last = `?next=${clicks}`;
      while (!server.visits.at(-1)?.endsWith(last)) await pause(100);
      take(clicks);
      // A requested page is not loaded yet: until then its driver still sees the page before.
      const isThere = () =>
        page.run("(last) => location.search === last && document.readyState === 'complete'", last).catch(() => false);
      while (!(await isThere())) await pause(100);
      await page.goto(server.elsewhere);
    },
  },
  {
    name: "close the tab",
    transports: BOTH,
    run: (row) => closedTabs(row, 5),
  },
  {
    name: "close the window, which ends the browser",
    transports: BOTH,
    async run({ visitor }) {
      for (let window = 0; window < 2; window++) {
        const page = await visitor.open();
        await page.ready();
        await page.make(9);
        await visitor.close();
      }
    },
  },
  {
    name: "leave before the module has loaded",
    transports: BOTH,
    async run({ visitor, server, tracker, pause }) {
      server.hold = tracker.late;
      for (let view = 0; view < 5; view++) {
        const page = await visitor.open();
        await page.make(9);
        if (view % 2) await pause(500);
        await page.goto(server.elsewhere);
      }
    },
  },
  {
    name: "close the tab before the module has loaded",
    async run({ visitor, server, tracker }) {
      server.hold = tracker.late;
      await visitor.openUrl(server.elsewhere);
      for (let tab = 0; tab < 3; tab++) {
        const page = await visitor.open();
        await page.make(9);
        await page.close();
      }
    },
  },
  {
    name: "forth and back (bfcache)",
    transports: BOTH,
    async run({ visitor, server, pause }) {
      const shown = () => page.run("() => window.shown");
      const page = await visitor.openUrl(server.elsewhere);
      await page.goto(`${server.elsewhere}?2`);
      await page.back();
      // The page without a tracker tells whether there is such a cache at all.
      if (!(await shown()).at(-1))
        throw new NotApplicable("with this driver no page comes from the back/forward cache");
      await page.goto(
        visitor.address({
          before: "window.shown = []; addEventListener('pageshow', (event) => shown.push(event.persisted))",
        }),
      );
      await page.ready();
      await page.make(9);
      await pause(STAYS_MS);
      let fromCache = 0;
      for (let time = 0; time < TIMES; time++) {
        await page.goto(server.elsewhere);
        await page.back();
        await pause(300);
        fromCache += (await shown()).at(-1);
        await page.ready();
        await page.make(9);
        // Firefox caches only a page without requests in flight. One page is left right after its event.
        await pause(time === TIMES - 2 ? 0 : STAYS_MS);
      }
      if (fromCache === 0) throw new Error("the page never came out of the cache");
      await page.goto(server.elsewhere);
    },
  },
];
