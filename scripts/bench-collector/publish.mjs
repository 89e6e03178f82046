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
          rows.map(({ sqlite }) => sqlite),
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

/** Replaces the text between the markers, and writes the charts. */
export function publish({ machine, commit, measuredAt, rounds, seconds, rows }, results) {
  const [rate, stored] = tables(results);
  const drawn = [rates(results), growth(results)];
  mkdirSync(CHARTS, { recursive: true });
  for (const { file, ...chart } of drawn) writeFileSync(join(CHARTS, file), svg(chart));
  const image = ({ file, title }) => `![${title}](./public/${file})`;
  const text = [
    `\`npm run bench:collector -- --rows ${rows} --rounds ${rounds} --seconds ${seconds} --publish\` writes these results.`,
    `${machine}, commit ${commit}, ${measuredAt.slice(0, 10)}, medians of ${rounds} rounds of ${seconds} seconds. The load generator runs on the same machine and keeps ${CONNECTIONS} requests under way. *SQLite alone* inserts the same rows into the same tables without HTTP and JSON, with the collector's statement and settings, in transactions of ${CONNECTIONS} batches. *The empty route* reads the request and answers 204, with the same HTTP library. Every answer of the collector follows a flush to the disk.`,
    markdown(rate),
    image(drawn[0]),
    `A database with stored events gets batches of ${USUAL_BATCH}. The ids of the tracker's events begin with their time. Events that come late, or in imports, have ids of other times, for which SQLite reads and writes more pages of its index.`,
    markdown(stored),
    image(drawn[1]),
  ].join("\n\n");
  replaceBetween(PAGE, "the collector's bench", text);
}
