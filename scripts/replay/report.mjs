// Compares the events of the sessions with the stored ones.

/** The order is (stream, seq, place in the batch), not that of arrival. A later stream has greater event ids. */
export function inOrder(rows) {
  const first = new Map();
  for (const { stream, id } of rows) if (!(first.get(stream) < id)) first.set(stream, id);
  const streams = (a, b) => (first.get(a.stream) < first.get(b.stream) ? -1 : 1);
  return [...rows].sort((a, b) =>
    a.stream === b.stream ? a.seq - b.seq || a.place - b.place || a.row - b.row : streams(a, b),
  );
}

/** The length of the longest common subsequence: the number of stored events in their original order. */
function longestCommon(a, b) {
  let row = new Array(b.length + 1).fill(0);
  for (const left of a) {
    const next = [0];
    for (const [j, right] of b.entries()) next.push(left === right ? row[j] + 1 : Math.max(row[j + 1], next[j]));
    row = next;
  }
  return row[b.length];
}

const tally = (list) => list.reduce((counts, each) => counts.set(each, (counts.get(each) ?? 0) + 1), new Map());

/** Compares a session's events, in order, with its stored rows. */
export function compare(made, rows) {
  const stored = inOrder(rows).map((row) => row.itemId);
  const storedCounts = tally(stored);
  let once = 0;
  for (const [item, count] of tally(made)) once += Math.min(count, storedCounts.get(item) ?? 0);
  return {
    once,
    missing: made.length - once,
    duplicated: stored.length - once,
    outOfOrder: once - longestCommon(made, stored),
  };
}

/** The result of the whole replay. `visitors`: hash of the anonymous id -> session. */
export function report({ sessions, visitors, rows, batches }) {
  const byVisitor = new Map([...visitors.keys()].map((visitor) => [visitor, []]));
  let strays = 0;
  for (const row of rows) {
    if (row.type === "click" && byVisitor.has(row.anonymous)) byVisitor.get(row.anonymous).push(row);
    else strays += 1;
  }
  const sum = { once: 0, missing: 0, duplicated: strays, outOfOrder: 0 };
  const faulty = [];
  const seen = new Set(visitors.values());
  for (const [visitor, session] of visitors) {
    const result = compare(session.items, byVisitor.get(visitor));
    for (const key of Object.keys(sum)) sum[key] += result[key];
    if (result.missing + result.duplicated + result.outOfOrder > 0) faulty.push({ session: session.id, ...result });
  }
  // Detects two sessions with the same visitor.
  for (const session of sessions) if (!seen.has(session)) sum.missing += session.items.length;

  const bytes = batches.reduce((total, batch) => total + batch.bytes, 0);
  return {
    ...sum,
    faulty,
    sessions: sessions.length,
    made: sessions.reduce((total, { items }) => total + items.length, 0),
    visitors: new Set(rows.map((row) => row.anonymous)).size,
    beacons: batches.length,
    copies: batches.reduce((total, batch) => total + (batch.copies ?? 0), 0),
    bytesPerEvent: rows.length ? bytes / rows.length : 0,
    good: sum.missing === 0 && sum.duplicated === 0 && sum.outOfOrder === 0,
  };
}

export function table(result, elapsed) {
  const number = (value) => value.toLocaleString("en-US", { maximumFractionDigits: 1 });
  const lines = [
    ["sessions", number(result.sessions)],
    ["visitors", number(result.visitors)],
    ["events made", number(result.made)],
    ["stored once", number(result.once)],
    ["missing", number(result.missing)],
    ["duplicated", number(result.duplicated)],
    ["out of order", number(result.outOfOrder)],
    ["beacons used", number(result.beacons)],
    ["bytes per event", number(result.bytesPerEvent)],
    ["elapsed", elapsed],
  ];
  const width = Math.max(...lines.map(([, value]) => value.length));
  return lines.map(([name, value]) => `  ${name.padEnd(16)} ${value.padStart(width)}`).join("\n");
}
