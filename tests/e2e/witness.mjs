// Reads the collector's stored events, and explains differences from the expected ones.

import assert from "node:assert/strict";
import { setTimeout as pause } from "node:timers/promises";
import { inspect, isDeepStrictEqual } from "node:util";
import { readAll } from "../../scripts/lib/collector.mjs";
import { inOrder } from "../../scripts/replay/report.mjs";

/** How long to wait without a new row before giving up. */
const STORED_MS = 12_000;
const POLL_MS = 40;

/** Envelope fields that do not help in a failure message. */
const DULL = new Set(["row", "id", "receivedAt", "client", "key", "customer", "stream"]);
const brief = (row) =>
  inspect(Object.fromEntries(Object.entries(row).filter(([name]) => !DULL.has(name))), { breakLength: Infinity });
const listed = (rows) => (rows.length ? rows.map((row) => `  ${brief(row)}`).join("\n") : "  (nothing)");

/** Whether a row has these fields. A value may be a pattern; `undefined` means that the field is absent. */
const matches = (row, partial) =>
  Object.entries(partial).every(([name, value]) => {
    if (value instanceof RegExp) return value.test(row[name]);
    return value === undefined ? !(name in row) : isDeepStrictEqual(row[name], value);
  });

/**
 * Finds a different row for each partial. There are few rows, so all are tried. Returns the rows in the order of the
 * partials.
 */
function pair(rows, partials) {
  const free = [...rows];
  return partials.map((partial) => {
    const place = free.findIndex((row) => matches(row, partial));
    return place < 0 ? undefined : free.splice(place, 1)[0];
  });
}

const NOTHING = { events: 0, batches: 0 };

/** The numbers of the last rows, starting after these. */
export async function lastRows(collector, { events, batches } = NOTHING) {
  const last = async (name, from) => (await readAll(collector, `/v1/${name}`, name, { from })).at(-1)?.row ?? from;
  return { events: await last("events", events), batches: await last("batches", batches) };
}

/** Reads the rows that the collector has stored after these. */
export function witness(collector, after = NOTHING) {
  const stored = async () => inOrder(await readAll(collector, "/v1/events", "events", { from: after.events }));
  const batches = () => readAll(collector, "/v1/batches", "batches", { from: after.batches });

  const poll = async (holds, complain) => {
    let known = 0;
    let deadline;
    for (;;) {
      const rows = await stored();
      const result = holds(rows);
      if (result) return result;
      if (!deadline || rows.length > known) deadline = performance.now() + STORED_MS;
      known = rows.length;
      if (performance.now() > deadline) assert.fail(`${complain(rows)}\nstored, in order:\n${listed(rows)}`);
      await pause(POLL_MS);
    }
  };

  return {
    ...collector,
    stored,
    batches,

    /** Waits until each of these is stored, in any order and with any others. Returns the rows. */
    expectStored: (...partials) =>
      poll(
        (rows) => {
          const found = pair(rows, partials);
          return found.every(Boolean) && found;
        },
        (rows) =>
          `not stored: ${partials
            .filter((_, i) => !pair(rows, partials)[i])
            .map((each) => inspect(each))
            .join(", ")}`,
      ),

    /** Waits until exactly these are stored, in this order. Returns the rows. */
    expectExactly: (...partials) =>
      poll(
        (rows) => rows.length === partials.length && rows.every((row, i) => matches(row, partials[i])) && rows,
        () => `expected exactly, in this order:\n${listed(partials)}`,
      ),
  };
}
