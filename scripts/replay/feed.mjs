// Reads the collector's live stream of stored events and counts them by visitor.

/**
 * Connects to `/v1/events/stream`. `count(visitor, n, ms)` resolves when n events are stored, or after the time limit.
 */
export async function follow(collector) {
  const ended = new AbortController();
  const answer = await fetch(new URL("/v1/events/stream?after=0", collector.adminUrl), { signal: ended.signal });
  if (!answer.ok) throw new Error(`GET /v1/events/stream: ${answer.status}`);
  const counts = new Map();
  const waiting = new Map();
  let total = 0;

  const stored = ({ anonymous }) => {
    total += 1;
    const count = (counts.get(anonymous) ?? 0) + 1;
    counts.set(anonymous, count);
    const wanted = waiting.get(anonymous);
    if (wanted && count >= wanted.count) wanted.resolve();
  };

  const reading = (async () => {
    let rest = "";
    const decoder = new TextDecoder();
    for await (const chunk of answer.body) {
      const blocks = (rest + decoder.decode(chunk, { stream: true })).split("\n\n");
      rest = blocks.pop();
      for (const block of blocks) {
        const data = block
          .split("\n")
          .filter((line) => line.startsWith("data:"))
          .map((line) => line.slice(5))
          .join("\n");
        if (data) stored(JSON.parse(data));
      }
    }
  })();
  // After an error or a close, waiting callers reach their time limit and read the table afterwards.
  reading.catch(() => {});

  return {
    get total() {
      return total;
    },
    count(visitor, count, ms) {
      if ((counts.get(visitor) ?? 0) >= count) return Promise.resolve(true);
      return new Promise((resolve) => {
        const late = setTimeout(() => resolve(false), ms);
        waiting.set(visitor, { count, resolve: () => (clearTimeout(late), resolve(true)) });
      }).finally(() => waiting.delete(visitor));
    },
    close: () => ended.abort(),
  };
}
