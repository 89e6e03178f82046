// Lists of rows, for the second computation of the report.

/** Orders texts by their bytes, as SQLite does. */
export const compare = (a, b) => Buffer.compare(Buffer.from(a), Buffer.from(b));

/** The events in groups, by the text that `key` returns. */
export function groups(events, key) {
  const found = new Map();
  for (const event of events) {
    const name = key(event);
    if (!found.has(name)) found.set(name, []);
    found.get(name).push(event);
  }
  return found;
}
