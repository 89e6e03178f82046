// The first inputs of the fuzz targets: the requests and calls of tests/vectors, and the example configuration.

import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { at } from "../lib/project.mjs";

const AT = 1_763_683_200_000;
const STREAM = "QqEaB2ttVt7nP7LtqRzoN4";
/** As `SECRET` in fuzz/src/lib.rs. */
const SECRET = "00secret5ec2e7000000000000000000";

const read = (name) => JSON.parse(readFileSync(at("tests", "vectors", `${name}.json`), "utf8"));
const text = (value) => (typeof value === "string" ? value : JSON.stringify(value));
/** A byte that a target reads as flags or as the number of a choice, before the rest. */
const flagged = (flags, rest) => String.fromCharCode(flags) + text(rest);
const requestsOf = (vectors) => vectors.flatMap(({ expected }) => expected ?? []);
const afterHost = (url) => url.replace(/^https?:\/\/[^/]+/, "");

/** Each table of the example configuration, switched on, with a secret in the place of each value of quotation marks. */
function configurations() {
  const example = readFileSync(at("collector", "collector.example.toml"), "utf8").replace(/^#: /gm, "");
  const settings = example.split("\n").filter((line) => line && !line.startsWith("#"));
  const tables = settings.join("\n").split(/\n(?=\[)/);
  const lines = tables[0].split("\n");
  const swap = (table) => table.replace(/"[^"]{4,}"/, `"${SECRET}"`);
  return [...lines, ...tables, ...tables.map(swap), readFileSync(at("collector", "demo.toml"), "utf8")].concat([
    `admin_token = "${SECRET}"`,
    `keys = "${SECRET}"`,
    `[[keys]]\nnumber = 1\nsecret = "${SECRET}"`,
    `[factfinder]\nkeys = ["${SECRET}"]`,
    `[intempt]\nkeys = "${SECRET}"`,
    `[[keys]]\nnumber = 1\nsecret = "${"00".repeat(16)}"\n[cluster]\nnats = ["nats://user:${SECRET}@10.0.0.1:4222"]`,
  ]);
}

/**
 * A request as the target `service` reads it.
 * @param {number} flags
 * @param {{ method: string, url: string, headers?: Record<string, string | undefined>, body?: unknown }} request
 */
function http(flags, { method, url, headers = {}, body }) {
  const lines = Object.entries({ Host: "localhost", ...headers }).map(([name, value]) => `${name}: ${value}`);
  return flagged(flags, [`${method} ${url}`, ...lines].join("\n") + (body ? `\n\n${text(body)}` : ""));
}

function services(vendors, batches) {
  const read = [
    "/v1/events?after=0&limit=1",
    "/v1/batches",
    "/v1/events/stream?after=0",
    "/v1/status",
    "/report?from=2026-01-05&to=2026-01-06&customer=/",
    "/report/report.json",
    "/report/items.csv",
    "/v1/recommendations/also_viewed?contextitems=1,2&itemtype=1&outputtypeid=1&numrecs=5&customerid=00000&userid=u",
    `/v1/recommendations/recently_added_to_cart?userid=${STREAM}`,
    "/healthz",
    "/",
  ];
  const tokens = [{}, { Authorization: `Bearer 0123456789abcdef0123456789abcdef` }];
  const asked = tokens.flatMap((headers) =>
    [0, 1, 2, 3].flatMap((flags) => read.map((url) => http(flags, { method: "GET", url, headers }))),
  );
  const form = { Cookie: "reco_report=1", "Sec-Fetch-Site": "same-origin" };
  const signIns = [`token=0123456789abcdef0123456789abcdef`, "token=", "end=1"].flatMap((body) =>
    [1, 3].map((flags) => http(flags, { method: "POST", url: "/report", headers: form, body })),
  );
  const post = batches.map((body) => http(0, { method: "POST", url: "/v1/events", body }));
  const visitor = { Cookie: `reco_id=${STREAM}; reco_id_at=1.c`, Origin: "https://shop.example" };
  const acked = batches.map((body) =>
    http(0, { method: "POST", url: "/v1/events", headers: visitor, body: { ...body, ack: true } }),
  );
  return [
    ...asked,
    ...signIns,
    ...post,
    ...acked,
    ...vendors.map((one) => http(0, { ...one, url: afterHost(one.url) })),
  ];
}

/** The inputs of each target. */
function seeds() {
  const [ibexa, yoochoose, factfinder, intempt] = ["ibexa", "yoochoose", "factfinder", "intempt"].map(read);
  const vectors = [...ibexa, ...yoochoose, ...factfinder, ...intempt].filter(({ calls }) => calls);
  const calls = vectors.map((vector) => vector.calls.map(([verb, ...args]) => [verb, args]));
  const entries = read("outbox-4a0c6fb").texts.map(([, entry]) => entry);
  const events = entries.flatMap((entry) => entry.match(/\{"id".*(?=\n)/g) ?? []).map((event) => JSON.parse(event));
  const head = { v: 1, client: "reco/0.1.0", stream: STREAM, seq: 1, sentAt: AT };
  const batches = [{ ...head, events: events.slice(0, 5) }, ...events.map((event) => ({ ...head, events: [event] }))];
  const raw = calls.map((list) => ({ ...head, raw: list.map(([verb, args]) => [verb, args, AT]) }));
  const identity = { anonymous: STREAM, user: "ada", config: { itemType: 2, consent: "granted" } };
  const paths = (list, flags) =>
    requestsOf(list).map(({ url }) => flagged(flags, afterHost(url).split("/").slice(2).join("/")));
  const rest = requestsOf(factfinder);
  const events9 = "click cart checkout login recommendationClick feedback log landingPageClick predbasketClick".split(
    " ",
  );
  return {
    batch: batches,
    calls,
    collector_config: configurations(),
    early_calls: raw.flatMap((body) => [flagged(8, body), flagged(1, { ...body, ...identity })]),
    event: calls.flat().map(([verb, args]) => [verb, args[0]]),
    factfinder: rest.map(({ url, body }) =>
      body ? flagged((events9.indexOf(url.split("/").at(-1)) << 3) + 7, body) : flagged(2, url.split("?")[1]),
    ),
    ibexa: [
      ...paths(ibexa, 0),
      ...paths(yoochoose, 1),
      flagged(8, "clickrecommended/u/1/2?scenario=s&modelid=m"),
    ].concat(
      flagged(
        0,
        "00000/buy/u/1/11?quantity=1&fullprice=19.99EUR&overridetimestamp=2012-01-01T11:00:00&signature=d0026f017ae823f19530d93318c5a2f6",
      ),
    ),
    intempt: requestsOf(intempt).map(({ body }) => body),
    page_config: vectors.map(({ config }) => config),
    service: services([...requestsOf(vectors)], [...batches.slice(0, 3), ...raw.slice(0, 3)]),
  };
}

/** Writes the inputs of a target into a folder. */
export function writeSeeds(target, folder) {
  for (const [place, seed] of [...new Set((seeds()[target] ?? []).map(text))].entries())
    writeFileSync(join(folder, `seed-${place}`), seed);
}
