// Where the inspector's rows come from: the latest stored ones first, then the collector's live stream. They are read on the
// collector's admin listener, which is another origin than the shop's. The collector says where it is, if this page may read there.

const PAGE_ROWS = 10_000;
const RETRY_MS = 5_000;
const GATHER_MS = 50;

async function get(url) {
  const response = await fetch(url, { cache: "no-store" });
  if (!response.ok) throw Object.assign(new Error(response.statusText), { status: response.status });
  return response.json();
}

/** The address of the stored events; undefined where this page may not read them. */
async function find() {
  const { url } = await get("/inspector.json");
  return url && `${url}/v1/events`;
}

/** The newest `count` rows, oldest first. Rows can only be read upwards, so `near` says where the end was last seen. */
async function latest(address, count, near) {
  let rows = [];
  let after = Math.max(0, near - count);
  for (;;) {
    const { events } = await get(`${address}?after=${after}&limit=${PAGE_ROWS}`);
    rows = [...rows, ...events].slice(-count);
    if (events.length < PAGE_ROWS) break;
    after = events.at(-1).row;
  }
  // Nothing where there was something: a new database, whose rows count from 1 again.
  return rows.length === 0 && near > 0 ? latest(address, count, 0) : rows;
}

/**
 * Follows the collector until the page goes. `onRows(rows, live)`: oldest first; `onState("live" | "connecting" | "paused" | "forbidden" | "unreachable")`.
 * A hidden page lets its connection go: a browser has only six to one origin, and the tracker needs one.
 */
export function follow({ count, near, onRows, onState }) {
  let address;
  let last = null;
  let source = null;
  let retry = null;
  let gathered = [];
  let turn = 0;

  /** Rows that come close together are handed on together: a replay brings thousands. */
  function take(row) {
    if (row.row <= last) return;
    last = row.row;
    gathered.push(row);
    // The first row of a group starts its timer.
    if (gathered.length > 1) return;
    setTimeout(() => {
      const all = gathered;
      gathered = [];
      onRows(all, true);
    }, GATHER_MS);
  }

  async function open() {
    close();
    onState("connecting");
    const mine = turn;
    try {
      address = await find();
      if (mine !== turn) return;
      if (!address) return onState("forbidden");
      if (last === null) {
        const rows = await latest(address, count, near);
        // Closed or opened again while it was read.
        if (mine !== turn) return;
        last = rows.at(-1)?.row ?? 0;
        if (rows.length > 0) onRows(rows, false);
      }
    } catch (error) {
      if (mine !== turn) return;
      if (error.status === 401 || error.status === 403) return onState("forbidden");
      return again();
    }
    source = new EventSource(`${address}/stream?after=${last}`);
    source.addEventListener("open", () => onState("live"));
    source.addEventListener("event", (message) => take(JSON.parse(message.data)));
    source.addEventListener("error", () => {
      // CONNECTING: the browser tries again by itself. CLOSED: it gave up.
      if (source?.readyState === EventSource.CLOSED) again();
      else onState("connecting");
    });
  }

  function again() {
    close();
    onState("unreachable");
    retry = setTimeout(open, RETRY_MS);
  }

  function close() {
    turn += 1;
    clearTimeout(retry);
    source?.close();
    source = null;
  }

  whileVisible(open, close, () => onState("paused"));
}

/** Opens whenever the page is seen, closes when it is hidden or left. */
function whileVisible(open, close, onHidden) {
  document.addEventListener("visibilitychange", () => {
    if (document.visibilityState === "visible") return open();
    close();
    onHidden();
  });
  window.addEventListener("pagehide", close);
  window.addEventListener("pageshow", (event) => event.persisted && open());
  if (document.visibilityState === "visible") open();
  else onHidden();
}
