// Many tabs, and many events.

import { BOTH } from "../run.mjs";

const MINUTE_MS = 60_000;
const SHORT_MS = 12_000;
const TICK_MS = 60;
const A_TICK = 10;
const MANY = 10_000;

/** Each tab makes events in turn; every second one is closed, the others stay open. */
const tabs = (count) => ({
  name: `${count} tabs at once`,
  transports: BOTH,
  async run({ visitor, server, pause }) {
    const open = [];
    for (let tab = 0; tab < count; tab++) open.push(await visitor.open());
    for (const page of open) await page.ready();
    for (let turn = 0; turn < 6; turn++) {
      for (const page of open) await page.make(5);
      await pause(400);
    }
    for (const [n, page] of open.entries()) await (n % 2 ? page.close() : page.goto(server.elsewhere));
  },
});

export const load = [
  tabs(2),
  tabs(5),
  {
    name: "10,000 events in a minute",
    transports: BOTH,
    async run({ visitor, server, take, short, pause }) {
      const lasts = short ? SHORT_MS : MINUTE_MS;
      const events = Math.round((MANY * lasts) / MINUTE_MS);
      const page = await visitor.open();
      await page.ready();
      const from = take(events);
      // In the page, because calls through the driver would be too slow.
      await page.run(
        `(from, events, tick, each) => {
          const started = performance.now();
          let made = 0;
          const timer = setInterval(() => {
            // A late tick makes the events of the missed ones.
            const due = Math.min(events, Math.ceil((performance.now() - started) / tick) * each);
            window.faults.make(from + made, due - made);
            made = due;
            if (made === events) clearInterval(timer), (window.madeAll = true);
          }, tick);
        }`,
        from,
        events,
        TICK_MS,
        A_TICK,
      );
      for (const deadline = performance.now() + 2 * lasts; performance.now() < deadline; await pause(500)) {
        if (await page.run("() => window.madeAll === true")) break;
      }
      await page.goto(server.elsewhere);
    },
  },
  {
    // A configured queue also has more room in localStorage. By default, a page that is left two seconds after the burst
    // loses the events that it has neither sent nor stored.
    name: "10,000 events in one task",
    transports: BOTH,
    next: { queue: { maxEvents: 20_000 } },
    async run({ visitor, server, pause }) {
      const page = await visitor.open({ queue: { maxEvents: 20_000 } });
      await page.ready();
      await page.make(MANY);
      await pause(2_000);
      await page.goto(server.elsewhere);
    },
  },
];
