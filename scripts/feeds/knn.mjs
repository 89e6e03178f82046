// Item-KNN, the usual baseline for the next item of a session, written without a view of the collector's model: items
// are sets of sessions, and two items are as similar as the cosine of their sets. The latest item decides.

/** @param {readonly { items: readonly string[] }[]} sessions */
export function itemKnn(sessions) {
  /** @type {Map<string, Set<number>>} */
  const sessionsOf = new Map();
  for (const [number, { items }] of sessions.entries())
    for (const item of items) {
      if (!sessionsOf.has(item)) sessionsOf.set(item, new Set());
      sessionsOf.get(item).add(number);
    }

  const common = (one, other) => {
    let count = 0;
    for (const session of one) if (other.has(session)) count += 1;
    return count;
  };

  /** The items most similar to the latest of a visit. @param {readonly string[]} latestFirst */
  return (latestFirst, most) => {
    const own = sessionsOf.get(latestFirst[0]);
    if (!own) return [];
    const candidates = new Set([...own].flatMap((session) => sessions[session].items));
    candidates.delete(latestFirst[0]);
    const scored = [...candidates].map((item) => {
      const other = sessionsOf.get(item);
      return { item, score: common(own, other) / Math.sqrt(own.size * other.size) };
    });
    scored.sort((a, b) => b.score - a.score || (a.item < b.item ? -1 : 1));
    return scored.slice(0, most).map(({ item }) => item);
  };
}
