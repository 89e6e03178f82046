// The results as tables: each cell has the median of a subject, and in brackets its ratio to this build.

import { summary } from "./statistics.mjs";
import { TABLES } from "./subjects.mjs";

/** A number with one decimal if it is below 10. */
export const rounded = (value) =>
  value.toLocaleString("en-US", { maximumFractionDigits: value < 10 ? 1 : 0, useGrouping: true });

const ratio = (value, own) => (own > 0 && value > 0 ? ` (${(value / own).toFixed(value / own < 10 ? 1 : 0)} ×)` : "");

/** A value with its unit. */
const withUnit = (value, { unit, none }) => (value === 0 && none) || `${rounded(value)} ${unit}`.trim();

/** The cell of one subject and one contender. */
function cell(result, ours, subject) {
  const found = summary(result.values[subject.key] ?? []);
  if (!found) return "";
  const own = result !== ours && subject.unit && summary(ours.values[subject.key] ?? []);
  return withUnit(found.median, subject) + (own ? ratio(found.median, own.median) : "");
}

const transposed = (rows) => rows[0].map((_, column) => rows.map((row) => row[column]));

/** Each table as rows of cells, headings first. It has a row for each contender; a table of this tracker's builds has a column for each. */
export const tables = (results) =>
  TABLES.map(({ title, ours, about, subjects }) => {
    const rows = [
      ["", ...subjects.map(({ label }) => label)],
      ...results
        .filter(({ isOurs }) => isOurs || !ours)
        .map((result) => [result.name, ...subjects.map((subject) => cell(result, results[0], subject))]),
    ];
    return { title, about, rows: ours ? transposed(rows) : rows };
  });

/** A table for the console. */
export function text({ title, rows }) {
  const widths = rows[0].map((_, column) => Math.max(...rows.map((row) => row[column].length)));
  const lines = rows.map((row) =>
    row.map((each, column) => (column ? each.padStart(widths[column]) : each.padEnd(widths[column]))).join("   "),
  );
  return `${title}\n\n${lines.map((line) => `  ${line.trimEnd()}`).join("\n")}\n`;
}

/** The same in Markdown. */
export const markdown = ({ rows }) =>
  [rows[0], rows[0].map((_, column) => (column ? "---:" : "---")), ...rows.slice(1)]
    .map((cells) => `| ${cells.join(" | ")} |`)
    .join("\n");
