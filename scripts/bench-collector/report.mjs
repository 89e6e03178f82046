// The results as tables: medians of all rounds.

import { rounded } from "../bench/report.mjs";
import { median, summary } from "../bench/statistics.mjs";
import { BATCHES } from "./run.mjs";

export const cell = (values, unit) => {
  const found = summary(values);
  return found ? `${rounded(found.median)} ${unit}`.trim() : "";
};
export const ratio = (values) => `${median(values).toFixed(2)} ×`;

/** The rows of one size of batch. */
export const ofBatch = ({ rates }, batch) => rates.filter((one) => one.batch === batch);

/** The measurements at each number of stored events, by kind of ids. */
export function ofSize({ growth }) {
  const key = ({ stored, isRandom }) => `${stored} ${isRandom}`;
  return [...new Map(growth.map((one) => [key(one), growth.filter((other) => key(other) === key(one))])).values()];
}

/** The table of the sizes of batches, in the form of bench/report.mjs. */
function rateTable(results) {
  return {
    title: "Durable events a second",
    rows: [
      [
        "batches of",
        "events/s",
        "in a transaction",
        "of SQLite alone",
        "of SQLite with the largest transactions",
        "of the empty route",
        "p50",
        "p99",
        "processor",
        "memory",
      ],
      ...BATCHES.map((batch) => {
        const rows = ofBatch(results, batch);
        const of = (read) => rows.map(read);
        return [
          `${batch}`,
          cell(
            of(({ collector }) => collector.rate),
            "",
          ),
          cell(
            of(({ collector }) => collector.requests),
            "requests",
          ),
          ratio(of(({ collector, sqlite }) => collector.rate / sqlite.same)),
          ratio(of(({ collector, sqlite }) => collector.rate / sqlite.largest)),
          ratio(of(({ collector, nothing }) => collector.rate / nothing.rate)),
          cell(
            of(({ collector }) => collector.p50Ms),
            "ms",
          ),
          cell(
            of(({ collector }) => collector.p99Ms),
            "ms",
          ),
          cell(
            of(({ collector }) => collector.cpuUs),
            "µs an event",
          ),
          cell(
            of(({ collector }) => collector.peakMb),
            "MB",
          ),
        ];
      }),
    ],
  };
}

/** The table of the numbers of stored events. */
function growthTable(results) {
  return {
    title: "With stored events",
    rows: [
      ["stored events", "ids of", "events/s", "of SQLite alone", "p99", "processor"],
      ...ofSize(results).map((rows) => {
        const [{ stored, isRandom }] = rows;
        const of = (read) => rows.map(read);
        return [
          stored.toLocaleString("en-US"),
          isRandom ? "random times" : "rising times",
          cell(
            of(({ collector }) => collector.rate),
            "",
          ),
          ratio(of(({ collector, sqlite }) => collector.rate / sqlite)),
          cell(
            of(({ collector }) => collector.p99Ms),
            "ms",
          ),
          cell(
            of(({ collector }) => collector.cpuUs),
            "µs an event",
          ),
        ];
      }),
    ],
  };
}

/** The tables of what was measured. */
export const tables = (results) =>
  results.growth.length ? [rateTable(results), growthTable(results)] : [rateTable(results)];
