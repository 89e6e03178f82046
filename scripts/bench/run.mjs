// The rounds. Each round measures every contender once, in a rotated order, so that other load on the machine affects all of them.

import { launch } from "../lib/browser.mjs";
import { call } from "./call.mjs";
import { pageLoad } from "./load.mjs";
import { memory } from "./memory.mjs";
import { compiledModules } from "./modules.mjs";
import { callsQueued } from "./queued.mjs";
import { rotated } from "./statistics.mjs";
import { THROTTLES } from "./subjects.mjs";

/** Memory is measured in these rounds only: it takes half a minute, and varies little. */
const MEMORY_ROUNDS = 3;
const KB = 1_000;

/** Adds a value to a subject: `{ "scripting 1x": [7.2, 7.4] }`. */
const noting = (values) => (subject, value) => {
  values[subject] ??= [];
  values[subject].push(value);
};

/** Measures one contender in one round. */
async function measure(browser, running, { note, round, say }) {
  for (const throttle of THROTTLES) {
    say(`page load, ${throttle}x`);
    const load = await pageLoad(browser, running, throttle);
    for (const [subject, value] of Object.entries(load)) note(`${subject} ${throttle}x`, value);
  }
  say("calls");
  note("call", await call(browser, running));
  if (round === 0) note("modules", await compiledModules(browser, running));
  if (!running.isOurs) return;
  say("calls while events wait");
  for (const { queued, click, consume } of await callsQueued(browser, running)) {
    note(`click ${queued}`, click);
    note(`consume ${queued}`, consume);
  }
  if (round >= MEMORY_ROUNDS) return;
  const each = (delivered) => say(`memory, ${delivered} events`);
  for (const { delivered, heap, wasm } of await memory(browser, running, each)) {
    note(`heap ${delivered}`, heap / KB);
    note(`wasm ${delivered}`, wasm / KB);
  }
}

/**
 * Runs one round with a new browser. `results` has `{ name, values, notes }` for each contender.
 * @param {any[]} all
 * @param {{ round: number, results: any[], say: (line: string) => void }} options
 */
export async function runRound(all, { round, results, say }) {
  const browser = await launch();
  try {
    for (const running of rotated(all, round)) {
      const { values, notes } = results[all.indexOf(running)];
      const options = { note: noting(values), round, say: (line) => say(`${running.name}: ${line}`) };
      // A failure leaves gaps in the table, and its message stands below.
      await measure(browser, running, options).catch((error) => notes.push(error.message.split("\n")[0]));
    }
  } finally {
    await browser.close();
  }
}

/** The results before the first round: the sizes are known. */
export const begun = (all) =>
  all.map(({ name, isOurs, bytes }) => ({ name, isOurs, values: { bytes: [bytes / KB] }, notes: [] }));
