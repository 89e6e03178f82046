// This tracker as a shop uses it: the stub, the script, the collector. The harness uses this interface only:
//
// - `owns(path)`, `endpoint`, `receive({ method, url, headers, body })`: the requests that are events, and their
//   response;
// - `file(path)`: the files that the pages load; `late`: a pattern of the file before which the page can be left;
//   `prefix`: of its keys in localStorage;
// - `page(options)`: HTML. `before` runs before everything, `after` at the end; `transport` and `queue` are the
//   tracker's own; in the page `faults.make(from, count)` makes events with these numbers, `faults.value(from, count)`
//   valuable ones, `faults.pending()` returns the number of undelivered events, `faults.ready()` resolves when the
//   tracker has loaded;
// - `stored()`: number of an event -> how often it is stored.

import { readFileSync } from "node:fs";
import { request } from "node:http";
import { extname, join } from "node:path";
import { readAll, startTemporary } from "../../../scripts/lib/collector.mjs";
import { at, manifest } from "../../../scripts/lib/project.mjs";

const BATCH = {
  endpoint: "/v1/events",
  destination: { protocol: "batch", endpoint: "/v1/events" },
  // One in ten is a basket event, which is sent at once together with the pending ones.
  make: `(n) => (n % 10 === 9 ? "basket" : "click")`,
};
/** At most once: each arrival counts. The collector accepts it like the vendor, and recognises no duplicates. */
const IBEXA = {
  endpoint: "/api/",
  destination: { protocol: "ibexa", customerId: "00000", endpoint: "/" },
  make: `() => "buy"`,
};
const TYPES = { ".js": "text/javascript", ".wasm": "application/wasm" };

/**
 * Without options it is this build; `dist` is the folder of another one, which gets a name of its own.
 * @param {{ dist?: string, name?: string }} [build]
 */
export const recobeacon = (build) => tracker(BATCH, build);
export const toIbexa = () => tracker(IBEXA);

async function tracker({ endpoint, destination, make }, { dist = at("dist"), name = manifest.name } = {}) {
  const collector = await startTemporary({ dist });
  const snippet = readFileSync(join(dist, "snippet.js"), "utf8").trim();
  const counts = new Map();
  let last = 0;

  return {
    name,
    endpoint,
    owns: (path) => path.startsWith(endpoint),
    late: /\.wasm/,
    prefix: "reco_",
    receive: (sent) => forward(collector.url, sent),
    file: (path) => {
      if (!/^\/dist\/[\w.-]+$/.test(path)) return undefined;
      try {
        return {
          status: 200,
          headers: { "content-type": TYPES[extname(path)] ?? "text/plain", "cache-control": "max-age=3600" },
          body: readFileSync(join(dist, path.slice("/dist/".length))),
        };
      } catch {
        return undefined;
      }
    },
    /** @param {{ before?: string, after?: string, transport?: string, queue?: object }} [options] */
    page: ({ before = "", after = "", transport, queue } = {}) => `<!doctype html>
<html lang="en"><head><meta charset="utf-8"><title>A shop</title><link rel="icon" href="data:,">
<script>${before}</script>
<script>${snippet}</script>
<script async src="/dist/reco.js"></script>
<script>
  reco("create", ${JSON.stringify({ destinations: { ...destination, transport }, queue })});
  const id = (number) => "e-" + String(number).padStart(6, "0");
  const each = (from, count, verb) => { for (let n = from; n < from + count; n++) reco(verb(n), { itemId: id(n) }); };
  const tracker = () => new Promise((resolve) => reco("ready", resolve));
  window.faults = {
    make: (from, count) => each(from, count, ${make}),
    value: (from, count) => each(from, count, () => "buy"),
    ready: () => tracker().then(() => true),
    pending: () => tracker().then((it) => it.stats().queued),
    stats: () => tracker().then((it) => it.stats()),
  };
</script></head><body><script>${after}</script></body></html>`,
    stored: async () => {
      for (const { row, itemId } of await readAll(collector, "/v1/events", "events", { from: last })) {
        last = Math.max(last, row);
        const number = Number(itemId?.match(/^e-(\d+)$/)?.[1] ?? NaN);
        counts.set(number, (counts.get(number) ?? 0) + 1);
      }
      return counts;
    },
    stop: collector.stop,
  };
}

/** Like a proxy that keeps the page's host name: the headers pass unchanged in both directions. */
const forward = (collector, { method, url, headers, body }) =>
  new Promise((resolve, reject) => {
    const onward = request(new URL(url, collector), { method, headers, agent: false }, (answer) => {
      const parts = [];
      answer.on("data", (part) => parts.push(part));
      answer.on("end", () => {
        const { connection, "transfer-encoding": _, ...kept } = answer.headers;
        resolve({ status: answer.statusCode, headers: kept, body: Buffer.concat(parts) });
      });
      answer.on("error", reject);
    });
    onward.on("error", reject).end(body);
  });
