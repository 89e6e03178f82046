// Another tracker in the place of ours (trackers/recobeacon.mjs has what the harness asks of one), and a recorder in the place of its vendor: it answers
// as the vendor's endpoint does and keeps which events came in, how often, and by which ids of the tracker's own.

import { extname } from "node:path";
import { gunzipSync } from "node:zlib";

const TYPES = { ".js": "text/javascript; charset=utf-8", ".wasm": "application/wasm" };
/** Pages tell here what was thrown at them. */
const THROWN = "/peer/thrown/";
/** How long a page stays on which everything is stored already: some send again what was stored. */
const STAYS_MS = 6_000;

/** `peer`: one of peers/*.mjs. */
export const recorded = (peer) => async () => {
  /** Number of an event -> the tracker's own id of each copy that came. */
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
        // A GET that a redirect has made of a POST, for one.
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
    // What is not there at last is counted as lost, and is no fault of the harness.
    ready: () => new Promise((resolve) => { const look = (tries) => there() || tries === 0 ? resolve(there()) : setTimeout(look, 50, tries - 1); look(200); }),
    pending: () => (performance.now() < ${STAYS_MS} ? 1 : 0),
  };
</script>
<script>${before}</script>
${peer.head()}
</head><body><script>${after}</script></body></html>`,

    /** When the vendor has dropped the copies whose id it knows. */
    stored: async () =>
      new Map([...copies].map(([number, keys]) => [number, peer.identity ? new Set(keys).size : keys.length])),
    /** How many events came more than once. */
    copies: () => [...copies.values()].filter((keys) => keys.length > 1).length,
    notes: () => [...notes],
    stop: async () => {},
  };
};
