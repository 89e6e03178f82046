// Writes the results into docs/performance.md, and the charts beside it.

import { mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { svg } from "../bench/chart.mjs";
import { markdown } from "../bench/report.mjs";
import { summary } from "../bench/statistics.mjs";
import { replaceBetween } from "../lib/markers.mjs";
import { at } from "../lib/project.mjs";
import { ofBatch, ofSize, tables } from "./report.mjs";
import { BATCHES, CONNECTIONS, USUAL_BATCH } from "./run.mjs";

const PAGE = at("docs", "performance.md");
const CHARTS = at("docs", "public");

const bar = (label, values, isThis) => ({ label, isThis, ...summary(values) });

/** Events a second beside SQLite alone and the empty route, a panel for each size of batch. */
const rates = (results) => ({
  file: "bench-collector-rate.svg",
  title: "Events a second",
  panels: BATCHES.map((batch) => {
    const rows = ofBatch(results, batch);
    return {
      label: batch === 1 ? "one event a request" : `batches of ${batch}`,
      unit: "",
      bars: [
        bar(
          "collector",
          rows.map(({ collector }) => collector.rate),
          true,
        ),
        bar(
          "SQLite alone",
          rows.map(({ sqlite }) => sqlite.same),
          false,
        ),
        bar(
          "a route that does nothing",
          rows.map(({ nothing }) => nothing.rate),
          false,
        ),
      ],
    };
  }),
});

/** Processor time of an event while the database grows, a panel for each kind of ids. */
const growth = (results) => ({
  file: "bench-collector-growth.svg",
  title: "Processor time of an event, by stored events",
  panels: [false, true].map((isRandom) => ({
    label: isRandom ? "ids of random times" : "ids of rising times",
    unit: "µs",
    bars: ofSize(results)
      .filter(([one]) => one.isRandom === isRandom)
      .map((rows) =>
        bar(
          rows[0].stored.toLocaleString("en-US"),
          rows.map(({ collector }) => collector.cpuUs),
          true,
        ),
      ),
  })),
});

/** Writes a chart, and returns its line in the page. */
function image({ file, title, panels }) {
  mkdirSync(CHARTS, { recursive: true });
  writeFileSync(join(CHARTS, file), svg({ title, panels }));
  return `![${title}](./public/${file})`;
}

const measured = ({ machine, commit, measuredAt, rounds, seconds }) =>
  `${machine}, commit ${commit}, ${measuredAt.slice(0, 10)}, medians of ${rounds} rounds of ${seconds} seconds.`;

/** Replaces the results for the sizes of batches. */
function publishRates(where, results, table) {
  const { rounds, seconds } = where;
  const text = [
    `\`npm run bench:collector -- --rounds ${rounds} --seconds ${seconds} --publish\` writes these results.`,
    `${measured(where)} The load generator runs on the same machine and keeps ${CONNECTIONS} requests under way. *In a transaction* is the average number of requests that the collector stores together. *SQLite alone* inserts the same rows into the same tables without HTTP and JSON, with the collector's statement and settings, in transactions of the same size; the next column compares with transactions of ${CONNECTIONS} batches, for which no request could arrive while others are stored. *The empty route* reads the request and answers 204, with the same HTTP library. Every answer of the collector follows a flush to the disk.`,
    markdown(table),
    image(rates(results)),
  ].join("\n\n");
  replaceBetween(PAGE, "the collector's bench", text);
}

/** Replaces the results for databases with stored events. */
function publishGrowth(where, results, table) {
  const { rounds, seconds, rows } = where;
  const text = [
    `\`npm run bench:collector -- --rows ${rows} --rounds ${rounds} --seconds ${seconds} --publish\` also writes these results.`,
    `${measured(where)} A database with stored events gets batches of ${USUAL_BATCH}. The ids of the tracker's events begin with their time. Events that come late, or in imports, have ids of other times, for which SQLite reads and writes more pages of its index. *SQLite alone* inserts in transactions of ${CONNECTIONS} batches.`,
    markdown(table),
    image(growth(results)),
  ].join("\n\n");
  replaceBetween(PAGE, "the collector's bench with stored events", text);
}

/** Writes what was measured into the page. */
export function publish(where, results) {
  const [rate, stored] = tables(results);
  publishRates(where, results, rate);
  if (stored) publishGrowth(where, results, stored);
}
