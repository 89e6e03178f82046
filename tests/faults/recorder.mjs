// Another tracker in the place of this one (trackers/recobeacon.mjs describes the interface), and a recorder in the
// place of its vendor. The recorder answers like the vendor's endpoint and counts each event by the tracker's own ids.

import { extname } from "node:path";
import { gunzipSync } from "node:zlib";

const TYPES = { ".js": "text/javascript; charset=utf-8", ".wasm": "application/wasm" };
/** Pages report exceptions to this path. */
const THROWN = "/peer/thrown/";
/** How long a page stays open after everything is stored, because some trackers send stored events again. */
const STAYS_MS = 6_000;

/** `peer`: one of peers/*.mjs. */
export const recorded = (peer) => async () => {
  /** Number of an event -> the tracker's own id of each arrival. */
  const copies = new Map();
  const notes = new Set();
  const { files } = peer;

  const take = ({ headers, body }) => {
    const plain = headers["content-encoding"] === "gzip" ? gunzipSync(body) : body;
    for (const { item, key } of peer.read(plain)) {
      const number = Number(item?.match(/^e-(\d+)$/)?.[1] ?? NaN);
      copies.set(number, [...(copies.get(number) ?? []), key]);
    }
  };

  return {
    name: peer.name,
    endpoint: peer.endpoint,
    owns: peer.owns,
    late: peer.late,
    prefix: peer.prefix,
    receive: async (sent) => {
      try {
        take(sent);
      } catch (error) {
        // For example a GET to which a redirect has changed a POST.
        notes.add(`${sent.method} that is no event: ${error.message}`);
        return { status: 400, headers: {}, body: "" };
      }
      return {
        status: 200,
        headers: { "content-type": peer.answer.type, "cache-control": "no-store" },
        body: peer.answer.body,
      };
    },
    file: (path) => {
      if (path.startsWith(THROWN)) {
        notes.add(decodeURIComponent(path.slice(THROWN.length)));
        return { status: 204 };
      }
      const body = files[path];
      return body === undefined
        ? undefined
        : {
            status: 200,
            headers: { "content-type": TYPES[extname(path)] ?? "application/json", "cache-control": "max-age=3600" },
            body,
          };
    },
    page: ({ before = "", after = "" } = {}) => `<!doctype html>
<html lang="en"><head><meta charset="utf-8"><title>A shop</title><link rel="icon" href="data:,">
<script>
  const thrown = (by, error) => { new Image().src = "${THROWN}" + encodeURIComponent(by + ": " + String(error && error.message || error).slice(0, 150)); };
  addEventListener("error", (event) => event.message && thrown("uncaught", event.message));
  addEventListener("unhandledrejection", (event) => thrown("rejected", event.reason));
  const call = (id) => { try { ${peer.make ?? peer.call} } catch (error) { thrown("thrown at the caller", error); } };
  const make = (from, count) => { for (let n = from; n < from + count; n++) call("e-" + String(n).padStart(6, "0")); };
  const there = () => { try { return ${peer.ready}; } catch { return false; } };
  window.faults = {
    make,
    value: make,
    // A tracker that never becomes ready has lost its events; the harness is not at fault.
    ready: () => new Promise((resolve) => { const look = (tries) => there() || tries === 0 ? resolve(there()) : setTimeout(look, 50, tries - 1); look(200); }),
    pending: () => (performance.now() < ${STAYS_MS} ? 1 : 0),
  };
</script>
<script>${before}</script>
${peer.head()}
</head><body><script>${after}</script></body></html>`,

    /** After the vendor has dropped duplicates by id. */
    stored: async () =>
      new Map([...copies].map(([number, keys]) => [number, peer.identity ? new Set(keys).size : keys.length])),
    /** The number of events that arrived more than once. */
    copies: () => [...copies.values()].filter((keys) => keys.length > 1).length,
    notes: () => [...notes],
    stop: async () => {},
  };
};
