// Prints the results of a run: a line for each row, a table of all, and the table in the docs.

import { replaceBetween } from "../../scripts/lib/markers.mjs";
import { at } from "../../scripts/lib/project.mjs";
import { ENGINES } from "./browsers/index.mjs";
import { ROWS } from "./rows/index.mjs";

const DOCS = at("docs", "delivery-faults.md");

const number = (value) => value.toLocaleString("en-US");

/** Whether no more was lost and doubled than the row accepts. Rows that do not apply are fine. */
export function isWithin({ lost = 0, twice = 0 }, result) {
  if (result.na) return true;
  const most = typeof lost === "number" ? lost : (lost[result.transport] ?? 0);
  return !result.error && result.made > 0 && result.lost <= most && result.twice <= twice;
}

/** One row of one engine, for the console. */
export function line(
  { row, transport, engine, made, once, lost, twice, seconds, na, error, within, which, pending },
  place,
) {
  const counted = na
    ? `not applicable: ${na}`
    : `made ${number(made)}, once ${number(once)}, lost ${number(lost)}, twice ${number(twice)}`;
  const faulty =
    within || na
      ? ""
      : `  <- ${error ?? `still queued ${pending}; lost ${which.lost.join(" ")}; twice ${which.twice.join(" ")}`}`;
  return `${place} ${ENGINES[engine].label}: ${row} (${transport}): ${counted}, ${seconds} s${faulty}`;
}

const cell = (result) => {
  if (!result) return "";
  if (result.na) return "n/a";
  if (result.error) return "failed";
  const { made, once, lost, twice } = result;
  const marked = (value) => (value > 0 ? `**${number(value)}**` : "0");
  return `${number(made)} / ${number(once)} / ${marked(lost)} / ${marked(twice)}`;
};

/** Markdown: a line for each fault and transport, a column for each engine. */
export function table(results) {
  const engines = [...new Set(results.map(({ engine }) => engine))];
  const version = (engine) => results.find((each) => each.engine === engine && each.version)?.version ?? "";
  const keys = [...new Set(results.map(({ row, transport }) => JSON.stringify([row, transport])))].map((key) =>
    JSON.parse(key),
  );
  const head = ["fault", "transport", ...engines.map((engine) => `${ENGINES[engine].label} ${version(engine)}`)];
  const lines = keys.map(([row, transport]) => [
    row,
    transport,
    ...engines.map((engine) =>
      cell(results.find((each) => each.engine === engine && each.row === row && each.transport === transport)),
    ),
  ]);
  return [head, head.map(() => "---"), ...lines].map((cells) => `| ${cells.join(" | ")} |`).join("\n");
}

/** Why a row's number is not 0, as far as it is known beforehand, and why a row is not measured in an engine. */
function reasons(results) {
  const known = ROWS.filter(
    ({ name, because }) => because && results.some(({ row, lost, twice }) => row === name && lost + twice > 0),
  );
  const absent = new Map();
  for (const { row, na, engine } of results.filter((result) => result.na))
    absent.set(row, { na, engines: new Set([...(absent.get(row)?.engines ?? []), ENGINES[engine].label]) });
  return [
    ...known.map(({ name, because }) => `* **${name}**: ${because}.`),
    ...[...absent].map(
      ([row, { na, engines }]) => `* **${row}** is not measured in ${[...engines].join(" and ")}: ${na}.`,
    ),
  ].join("\n");
}

/** Replaces the text between the markers of the docs. */
export function publish(results, { short = false } = {}) {
  const cut = short ? "Short rows (`--short`).\n\n" : "";
  const made = [`${cut}Each cell: made / stored once / lost / stored twice.`, table(results), reasons(results)]
    .filter(Boolean)
    .join("\n\n");
  replaceBetween(DOCS, "the table", made);
}
