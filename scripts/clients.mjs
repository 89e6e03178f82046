// npm run clients: runs the vendors' own published clients against a collector, and prints what was sent, accepted and
// stored correctly. Clients without a registry package run from checkouts of their repositories: `-- --checkouts
// FOLDER`, with `intempt-node` and `ff-web-components` in it.

import { existsSync, mkdirSync } from "node:fs";
import { join } from "node:path";
import { isDeepStrictEqual, parseArgs } from "node:util";
import { factfinder } from "../tests/clients/factfinder.mjs";
import { intemptNode, intemptPython } from "../tests/clients/intempt.mjs";
import { recorder } from "../tests/clients/recorder.mjs";
import { collectorStep, readAll, startTemporary } from "./lib/collector.mjs";
import { ownTemporaryDirectory } from "./lib/ending.mjs";
import { steps } from "./lib/progress.mjs";
import { at, main } from "./lib/project.mjs";
import { hashed } from "./replay/visitors.mjs";

/** Clients without a registry package: the folder's name, and the function that runs them. */
const CHECKOUTS = { "intempt-node": intemptNode, "ff-web-components": factfinder };
/** Columns that the client does not set. */
const OURS = ["row", "id", "at", "receivedAt", "source", "customer", "key"];
const IDS = ["user", "anonymous", "account", "purchaser"];

const own = (row) => Object.fromEntries(Object.entries(row).filter(([name]) => !OURS.includes(name)));
const stored = (row, secret) =>
  Object.fromEntries(
    Object.entries(row).map(([name, value]) => [name, IDS.includes(name) ? hashed(secret, value) : value]),
  );

/** The number of events that the collector has left out because their names are unknown. */
async function leftOut(collector) {
  const { adminUrl, url } = /** @type {any} */ (collector);
  const answer = await fetch(new URL("/v1/status", adminUrl ?? url));
  return (await answer.json()).unknownEvents;
}

/** Runs one call. `right` are the correctly stored rows, in order. */
async function runCase({ run, rows, unknown = 0 }, { collector, recorded }) {
  const before = (await readAll(collector, "/v1/events", "events")).length;
  const unknownBefore = await leftOut(collector);
  let thrown;
  await run(recorded).catch((error) => {
    thrown = error?.lines?.findLast(Boolean) ?? String(error?.message ?? error);
  });
  const statuses = recorded.take();
  const found = (await readAll(collector, "/v1/events", "events")).slice(before).map(own);
  const right = rows.filter((row, place) => isDeepStrictEqual(found[place], stored(row, collector.secret))).length;
  const accepted = statuses.filter((status) => status >= 200 && status < 300).length;
  const left = (await leftOut(collector)) - unknownBefore;
  const complete = right === rows.length && found.length === rows.length && left === unknown;
  const isRight = !thrown && statuses.length > 0 && accepted === statuses.length && complete;
  return { sent: statuses.length, accepted, rows: rows.length, right, left, isRight, thrown, found };
}

async function runClient(client) {
  const collector = await startTemporary({ config: client.config });
  const recorded = await recorder(collector.url);
  const close = await client.open?.(recorded);
  const results = [];
  try {
    for (const one of client.cases) {
      results.push({
        client: client.name,
        from: client.from,
        call: one.call,
        ...(await runCase(one, { collector, recorded })),
      });
    }
  } finally {
    await close?.();
    await recorded.close();
    await collector.stop();
  }
  return results;
}

function table(results) {
  const head = ["client", "from", "call", "requests", "accepted", "events stored right", "left out", ""];
  const rows = results.map(({ client, from, call, sent, accepted, right, rows, left, isRight }) =>
    [client, from, call, sent, accepted, `${right} of ${rows}`, left, isRight ? "ok" : "WRONG"].map(String),
  );
  const widths = head.map((cell, column) => Math.max(...[head, ...rows].map((row) => row[column].length), cell.length));
  const line = (row) => `| ${row.map((cell, column) => cell.padEnd(widths[column])).join(" | ")} |`;
  return [line(head), line(widths.map((width) => "-".repeat(width))), ...rows.map(line)].join("\n");
}

await main(async () => {
  const { values } = parseArgs({ options: { checkouts: { type: "string" } } });
  ownTemporaryDirectory();
  mkdirSync(at("target", "clients"), { recursive: true });
  const clients = [intemptPython];
  const missing = [];
  for (const [name, client] of Object.entries(CHECKOUTS)) {
    const folder = values.checkouts && join(values.checkouts, name);
    if (folder && existsSync(folder)) clients.push(client(folder));
    else missing.push(name);
  }
  await steps([collectorStep(), ...clients.flatMap((client) => client.steps())]);
  const results = [];
  for (const client of clients) results.push(...(await runClient(client)));
  console.log(`\n${table(results)}\n`);
  for (const { client, call, thrown, found, isRight } of results)
    if (!isRight) console.log(`${client}, ${call}: ${thrown ?? "stored"} ${JSON.stringify(found)}`);
  if (missing.length > 0)
    console.log(`Not run, because no registry has them (--checkouts FOLDER): ${missing.join(", ")}`);
  const wrong = results.filter(({ isRight }) => !isRight).length;
  console.log(`${results.length - wrong} passed, ${wrong} failed`);
  if (wrong > 0) process.exitCode = 1;
});
