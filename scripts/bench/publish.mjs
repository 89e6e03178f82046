// Writes the results into docs/performance.md, and the charts beside it.

import { mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { replaceBetween } from "../lib/markers.mjs";
import { at } from "../lib/project.mjs";
import { svg } from "./chart.mjs";
import { DELIVERED } from "./memory.mjs";
import { QUEUED } from "./queued.mjs";
import { markdown, tables } from "./report.mjs";
import { summary } from "./statistics.mjs";
import { TABLES, THROTTLES } from "./subjects.mjs";

const PAGE = at("docs", "performance.md");
const CHART_FOLDER = at("docs", "public");
const [LOAD, CALL, QUEUE, MEMORY] = TABLES;

const throttled = (key) => THROTTLES.map((throttle) => `${key} ${throttle}x`);
/** The first and the last of these numbers. */
const ends = (keys, numbers) => keys.flatMap((key) => [numbers[0], numbers.at(-1)].map((each) => `${key} ${each}`));

/** The charts: the table that each belongs to, the name of its file, and the subjects of its panels. */
const CHARTS = [
  {
    table: LOAD,
    file: "bench-scripting.svg",
    title: "Scripting of a page load with one event",
    keys: throttled("scripting"),
  },
  {
    table: CALL,
    file: "bench-first-event.svg",
    title: "From the page's request to the first event",
    keys: throttled("first"),
  },
  { table: CALL, file: "bench-call.svg", title: "A call", keys: ["call"] },
  { table: CALL, file: "bench-bytes.svg", title: "Loaded before the first event, compressed", keys: ["bytes"] },
  {
    table: QUEUE,
    file: "bench-queued.svg",
    title: "A call while events are queued",
    keys: ends(["click", "consume"], QUEUED),
  },
  {
    table: MEMORY,
    file: "bench-memory.svg",
    title: "Memory of a page that stays open",
    keys: ends(["heap", "wasm"], DELIVERED),
  },
];

const subjectOf = (key) => TABLES.flatMap(({ subjects }) => subjects).find((subject) => subject.key === key);

/** A panel of a chart: one subject of all contenders that have it. */
function panel(key, results) {
  const { label, unit } = subjectOf(key);
  const bars = results.flatMap((result) => {
    const found = summary(result.values[key] ?? []);
    return found ? [{ label: result.name, isThis: result === results[0], ...found }] : [];
  });
  return { label: label.replaceAll("`", ""), unit, bars };
}

/** The charts with at least one value, as SVG. */
export const charts = (results) =>
  CHARTS.flatMap(({ table, file, title, keys }) => {
    const panels = keys.map((key) => panel(key, results)).filter(({ bars }) => bars.length > 0);
    return panels.length > 0 ? [{ table, file, title, text: svg({ title, panels }) }] : [];
  });

/** One table with its charts. */
const section = (table, charts) => [
  `### ${table.title}`,
  table.about.map((sentence) => `* ${sentence}`).join("\n"),
  markdown(table),
  ...charts.map(({ file, title }) => `![${title}](./public/${file})`),
];

/** The text between the markers. */
function contents({ browser, machine, rounds, measuredAt, results }, drawn) {
  const failures = results.flatMap(({ name, notes }) => [...new Set(notes)].map((note) => `* ${name}: ${note}`));
  return [
    "`npm run bench -- --baseline 4a0c6fb --publish` writes these results.",
    `Chromium ${browser}, ${machine}, ${rounds} ${rounds === 1 ? "round" : "rounds"}, ${measuredAt.slice(0, 10)}. Each page has a new profile, and the order of the trackers rotates from round to round. [peers.md](peers.md) has the set-up of each tracker.`,
    "Each cell shows the median of all rounds, and in brackets its ratio to this build. At 6x, Chromium slows the processor down six times. In a chart, the line over a bar reaches from the smallest to the largest value.",
    ...tables(results).flatMap((table, place) =>
      section(
        table,
        drawn.filter((chart) => chart.table === TABLES[place]),
      ),
    ),
    ...(failures.length > 0 ? ["### Failed measurements", failures.join("\n")] : []),
  ].join("\n\n");
}

/** Writes the charts, and replaces the text between the markers of the page. */
export function publish(run) {
  const drawn = charts(run.results);
  mkdirSync(CHART_FOLDER, { recursive: true });
  for (const { file, text } of drawn) writeFileSync(join(CHART_FOLDER, file), text);
  replaceBetween(PAGE, "the bench", contents(run, drawn));
}
