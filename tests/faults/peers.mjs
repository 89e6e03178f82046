// `npm run faults -- --peers`: the same rows in Chromium for four other trackers, each set up as its documentation
// recommends, and for this one.

import { existsSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { brotliCompressSync, constants } from "node:zlib";
import { at, manifest } from "../../scripts/lib/project.mjs";
import { npm } from "../../scripts/lib/toolchain.mjs";
import { chromium } from "./browsers/chromium.mjs";
import { pooled } from "./pool.mjs";
import { recorded } from "./recorder.mjs";
import { ROWS } from "./rows/index.mjs";
import { runRow } from "./run.mjs";
import { recobeacon } from "./trackers/recobeacon.mjs";

const FOLDER = at("tests", "faults", "peers");
/** Rows that need a stub: without one, a page's calls run after the import. */
const NEEDS_STUB = /before the module/;
/** How often a row is tried that fails to run. */
const TRIES = 3;

/** Only this run and `npm run bench` need these packages. */
export const peerSteps = () =>
  existsSync(join(FOLDER, "node_modules"))
    ? []
    : [
        {
          label: "installing the peers from npm",
          run: (task) => npm(["ci", "--ignore-scripts"], { task, cwd: FOLDER }),
        },
      ];

/**
 * This tracker, with a count of the duplicates that the collector dropped. Without options it is this build.
 * @param {{ dist?: string, name?: string, version?: string }} [build]
 */
export const ours = ({ dist = at("dist"), name = manifest.name, version = manifest.version } = {}) => ({
  name,
  version,
  setUp: 'reco("create", { destinations: { protocol: "batch", endpoint: "/v1/events" } })',
  call: 'reco("basket", { itemId: id })',
  identity: "id",
  documentation: [],
  get weighs() {
    return Object.fromEntries(
      ["reco.js", "recobeacon.wasm"].map((file) => [`dist/${file}`, readFileSync(join(dist, file))]),
    );
  },
  make: async () => {
    const tracker = await recobeacon({ dist, name });
    const came = new Map();
    return {
      ...tracker,
      receive: async (sent) => {
        const answer = await tracker.receive(sent);
        const { events = [] } = answer.status < 300 && sent.method === "POST" ? JSON.parse(sent.body) : {};
        for (const { id } of events) came.set(id, (came.get(id) ?? 0) + 1);
        return answer;
      },
      copies: () => [...came.values()].filter((times) => times > 1).length,
    };
  },
});

export async function everyTracker() {
  const { searchInsights } = await import("./peers/search-insights.mjs");
  const { snowplow } = await import("./peers/snowplow.mjs");
  const { segment } = await import("./peers/segment.mjs");
  const { posthog } = await import("./peers/posthog.mjs");
  return [ours(), ...[searchInsights, snowplow, segment, posthog].map((peer) => ({ ...peer, make: recorded(peer) }))];
}

/**
 * A row for one tracker: the counts of runRow, the duplicates, and the exceptions in the pages.
 * @returns {Promise<any>}
 */
async function measured(row, tracker, short) {
  const where = { row: row.name, tracker: tracker.name };
  if (tracker.stub === false && NEEDS_STUB.test(row.name))
    return { ...where, na: "its npm package has no stub: there is no call before it is there" };
  for (let tries = 1; ; tries++) {
    let made;
    const makeTracker = async () => (made = await tracker.make());
    const result = await runRow({ engine: chromium, row, transport: "beacon", makeTracker, short });
    // Trouble of the harness, such as a browser that does not start, says nothing about a tracker.
    if (result.error && tries < TRIES) continue;
    return { ...where, ...result, copies: made?.copies() ?? 0, notes: made?.notes?.() ?? [] };
  }
}

const said = ({ row, tracker, na, made, once, lost, twice, copies, requests, seconds, error, notes = [] }, place) =>
  `${place} ${row}: ${tracker}: ${na ? "not applicable" : `made ${made}, once ${once}, lost ${lost}, twice ${twice}, came more than once ${copies}, ${requests} requests, ${seconds} s`}${[
    error?.split("\n")[0],
    ...notes,
  ]
    .filter(Boolean)
    .map((note) => `\n      ${note}`)
    .join("")}`;

/**
 * `names`, `parts`: parts of names, or all.
 * @param {{ names?: string[], parts?: string[], short?: boolean, each?: (results: object[]) => void }} options
 */
export async function runPeers({ names, parts, short, each = () => {} }) {
  const has = (wanted, name) => !wanted || wanted.some((part) => name.includes(part));
  const trackers = (await everyTracker()).filter(({ name }) => has(names, name));
  // Rows about this tracker's own destinations do not apply to others.
  const rows = ROWS.filter(({ name, long, tracker }) => !tracker && has(parts, name) && !(short && long));
  const jobs = rows.flatMap((row) => trackers.map((tracker) => ({ row, tracker })));
  const results = [];
  await pooled(jobs, async ({ row, tracker }, place) => {
    const result = await measured(row, tracker, short);
    console.log(said(result, `${place}/${jobs.length}`));
    results.push(result);
    each(results);
  });
  return { trackers, rows, results };
}

const brotli = (bytes) =>
  brotliCompressSync(bytes, { params: { [constants.BROTLI_PARAM_QUALITY]: constants.BROTLI_MAX_QUALITY } }).length;

/** The size in bytes of the files that a page loads before its first event. */
export const sizes = (tracker) =>
  Object.entries(tracker.weighs).map(([file, bytes]) => ({ file, raw: bytes.length, brotli: brotli(bytes) }));
