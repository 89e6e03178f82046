// The source of the inspector's rows: the latest stored rows first, then the collector's live stream. Both come from
// the collector's admin listener, which has another origin than the shop. The collector tells its address if this page
// may read there.

const PAGE_ROWS = 10_000;
const RETRY_MS = 5_000;
const GATHER_MS = 50;

async function get(url) {
  const response = await fetch(url, { cache: "no-store" });
  if (!response.ok) throw Object.assign(new Error(response.statusText), { status: response.status });
  return response.json();
}

/** The address of the stored events, or undefined if this page may not read them. */
async function find() {
  const { url } = await get("/inspector.json");
  return url && `${url}/v1/events`;
}

/** The newest `count` rows, oldest first. Rows can only be read in rising order, so `near` is the last known end. */
async function latest(address, count, near) {
  let rows = [];
  let after = Math.max(0, near - count);
  for (;;) {
    const { events } = await get(`${address}?after=${after}&limit=${PAGE_ROWS}`);
    rows = [...rows, ...events].slice(-count);
    if (events.length < PAGE_ROWS) break;
    after = events.at(-1).row;
  }
  // No row after the known end: a new database, whose rows begin at 1 again.
  return rows.length === 0 && near > 0 ? latest(address, count, 0) : rows;
}

/**
 * Follows the collector while the page is visible. `onRows(rows, live)`: oldest first; `onState("live" | "connecting" |
 * "paused" | "forbidden" | "unreachable")`. A hidden page closes its connection, because a browser has only six for one
 * origin, and the tracker needs one.
 */
export function follow({ count, near, onRows, onState }) {
  let address;
  let last = null;
  let source = null;
  let retry = null;
  let gathered = [];
  let turn = 0;

  /** Rows in quick succession are passed on together, because a replay gives thousands. */
  function take(row) {
    if (row.row <= last) return;
    last = row.row;
    gathered.push(row);
    // The first row of a group starts the timer.
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
        // The stream was closed or reopened during reading.
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
      // CONNECTING: the browser retries by itself. CLOSED: it has given up.
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

/** Opens when the page becomes visible, closes when it is hidden or left. */
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
