// docs/peers.md: the counts of a run with other trackers, and the set-up to repeat it.

import { replaceBetween } from "../../../scripts/lib/markers.mjs";
import { at } from "../../../scripts/lib/project.mjs";
import { sizes } from "../peers.mjs";

const DOCS = at("docs", "peers.md");

const number = (value) => value.toLocaleString("en-US");
const lines = (rows) =>
  [rows[0], rows[0].map(() => "---"), ...rows.slice(1)].map((cells) => `| ${cells.join(" | ")} |`).join("\n");
const code = (text) => `\`${text.replaceAll("|", "\\|")}\``;

/** lost / twice, and in brackets how many arrived more than once before the duplicates were dropped. */
function cell(result) {
  if (!result) return "";
  if (result.na) return "n/a";
  const { lost, twice, copies, error } = result;
  const marked = (value) => (value > 0 ? `**${number(value)}**` : "0");
  return `${marked(lost)} / ${marked(twice)}${copies > 0 ? ` (${number(copies)})` : ""}${error ? " ⚠" : ""}`;
}

const made = (results) => number(Math.max(...results.filter(({ na }) => !na).map((result) => result.made)));

/** The number of applicable rows without a lost and without a duplicate event. */
const score = (results) => {
  const counted = results.filter(({ na, error }) => !na && !error);
  const right = counted.filter(({ lost, twice }) => lost === 0 && twice === 0);
  return `${right.length} of ${counted.length}`;
};

function delivery({ trackers, rows, results }) {
  const of = (row, tracker) => results.find((result) => result.row === row.name && result.tracker === tracker.name);
  const measured = rows.filter((row) => trackers.some((tracker) => of(row, tracker)));
  return lines([
    ["fault", "made", ...trackers.map(({ name }) => name)],
    ...measured.map((row) => [
      row.name,
      made(results.filter((result) => result.row === row.name)),
      ...trackers.map((tracker) => cell(of(row, tracker))),
    ]),
    [
      "**rows without lost or doubled events**",
      "",
      ...trackers.map((tracker) => `**${score(results.filter((result) => result.tracker === tracker.name))}**`),
    ],
  ]);
}

const setUps = (trackers) =>
  lines([
    ["tracker", "set up by", "one event", "id by which the vendor drops copies", "documentation"],
    ...trackers.map(({ name, version, setUp, call, identity, documentation }) => [
      `${name} ${version}`,
      code(setUp),
      code(call),
      identity ? code(identity) : "none",
      documentation.map((address, n) => `[${n + 1}](${address})`).join(" "),
    ]),
  ]);

const weights = (trackers) =>
  lines([
    ["tracker", "files", "bytes", "brotli -q 11"],
    ...trackers.map((tracker) => {
      const files = sizes(tracker);
      const sum = (what) => number(files.reduce((all, file) => all + file[what], 0));
      return [
        `${tracker.name} ${tracker.version}`,
        files.map(({ file }) => code(file)).join(" + "),
        sum("raw"),
        sum("brotli"),
      ];
    }),
  ]);

/** The exceptions in the pages, and received requests that were no events. */
function thrown({ trackers, results }) {
  const told = trackers.flatMap((tracker) => {
    const found = new Map();
    for (const { row, notes = [] } of results.filter((result) => result.tracker === tracker.name))
      for (const note of notes) found.set(note, [...(found.get(note) ?? []), row]);
    return [...found].map(
      ([note, rows]) =>
        `* ${tracker.name}, ${rows.length > 3 ? `${rows.length} rows` : rows.map((row) => `"${row}"`).join(", ")}: ${code(note)}`,
    );
  });
  return told.length ? told.join("\n") : "Nothing.";
}

/** Replaces the text between the markers of the docs. */
export function publishPeers(run, { short = false } = {}) {
  const version = run.results.find((result) => result.version)?.version;
  const parts = [
    `Chromium ${version}${short ? ", short rows" : ""}. Each cell: lost / stored twice (in brackets: arrived more than once, and the vendor drops the copies). ⚠: the row did not run to its end.`,
    delivery(run),
    "### Set-up",
    setUps(run.trackers),
    "### Files that a page loads before its first event",
    weights(run.trackers),
    "### Errors in the pages",
    thrown(run),
  ];
  replaceBetween(DOCS, "the run", parts.join("\n\n"));
}
