// Reads a file of recorded shopping sessions. The whole file is checked before the replay starts.

import { Problem } from "../lib/project.mjs";

const HEADER = "session_id;user_id;item_id;timeframe;eventdate";
const COLUMNS = HEADER.split(";");
// 15 digits: the most that a JavaScript number always holds exactly.
const POSITIVE_INTEGER = /^[1-9]\d{0,14}$/;
const INTEGER = /^-?\d{1,15}$/;

const shown = (text) => JSON.stringify(text.length > 80 ? `${text.slice(0, 80)}…` : text);

function parseLine(line, number, file) {
  const wrong = (what) => new Problem(`${file}:${number}: ${what} Nothing was replayed.`);
  const fields = line.split(";");
  if (fields.length !== COLUMNS.length) {
    throw wrong(`expected ${COLUMNS.length} columns (${HEADER}), found ${fields.length} in ${shown(line)}.`);
  }
  const [session, , item, timeframe, date] = fields;
  if (!POSITIVE_INTEGER.test(session)) throw wrong(`session_id must be a positive integer, found ${shown(session)}.`);
  if (!POSITIVE_INTEGER.test(item)) throw wrong(`item_id must be a positive integer, found ${shown(item)}.`);
  if (!INTEGER.test(timeframe)) throw wrong(`timeframe must be an integer, found ${shown(timeframe)}.`);
  return { session, item, timeframe: Number(timeframe), date };
}

/** The sessions of a file as `{ id, date, items, times }`, with the items in the order of viewing. */
export function parseSessions(text, file = "the file") {
  const lines = text.replace(/^\uFEFF/, "").split(/\r?\n/);
  if (lines.at(-1) === "") lines.pop();
  if (lines[0] !== HEADER)
    throw new Problem(
      `${file}:1: expected the header ${HEADER}, found ${shown(lines[0] ?? "")}. Nothing was replayed.`,
    );
  const views = new Map();
  for (const [index, line] of lines.entries()) {
    if (index === 0) continue;
    const view = parseLine(line, index + 1, file);
    if (!views.has(view.session)) views.set(view.session, []);
    views.get(view.session).push(view);
  }
  if (views.size === 0) throw new Problem(`${file}: there is no product view in it. Nothing was replayed.`);
  // sort() is stable: views of the same moment keep the order of the file.
  return [...views].map(([id, list]) => {
    list.sort((a, b) => a.timeframe - b.timeframe);
    return {
      id,
      date: list[0].date,
      items: list.map((view) => view.item),
      times: list.map((view) => view.timeframe),
    };
  });
}
