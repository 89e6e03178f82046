// npm run faults: counts lost and duplicated events for each fault, in Chromium, Firefox and WebKit, by the collector's
// rows. `-- --browser chromium,firefox`, `-- --row "close the tab" --row 500` (parts of names), `-- --transport auto`,
// `-- --short` (Chromium, minutes), `-- --list`; `-- --publish` writes the table into docs/delivery-faults.md; `--
// --peers` runs the same rows with other trackers (`--tracker posthog`, docs/peers.md).

import { mkdirSync, writeFileSync } from "node:fs";
import { parseArgs } from "node:util";
import { ENGINES } from "../tests/faults/browsers/index.mjs";
import { publishPeers } from "../tests/faults/peers/publish.mjs";
import { peerSteps, runPeers } from "../tests/faults/peers.mjs";
import { pooled } from "../tests/faults/pool.mjs";
import { ROWS } from "../tests/faults/rows/index.mjs";
import { runRow } from "../tests/faults/run.mjs";
import { isWithin, line, publish, table } from "../tests/faults/table.mjs";
import { recobeacon } from "../tests/faults/trackers/recobeacon.mjs";
import { buildStepsIfStale } from "./build.mjs";
import { collectorStep } from "./lib/collector.mjs";
import { exitOnSignals, ownTemporaryDirectory } from "./lib/ending.mjs";
import { seconds, steps } from "./lib/progress.mjs";
import { at, main, Problem } from "./lib/project.mjs";
import { setUp } from "./lib/toolchain.mjs";

const TRANSPORTS = ["beacon"];

function chosen() {
  const { values } = parseArgs({
    options: {
      browser: { type: "string" },
      row: { type: "string", multiple: true },
      transport: { type: "string" },
      short: { type: "boolean" },
      list: { type: "boolean" },
      publish: { type: "boolean" },
      peers: { type: "boolean" },
      tracker: { type: "string" },
    },
  });
  const engines = values.browser?.split(",") ?? (values.short ? ["chromium"] : Object.keys(ENGINES));
  const unknown = engines.find((name) => !ENGINES[name]);
  if (unknown)
    throw new Problem(`There is no browser "${unknown}". The browsers are: ${Object.keys(ENGINES).join(", ")}.`);
  const strange = values.row?.find((part) => !ROWS.some(({ name }) => name.includes(part)));
  if (strange !== undefined)
    throw new Problem(`There is no row "${strange}". \`npm run faults -- --list\` names them all.`);
  const rows = ROWS.filter(({ name, long }) =>
    values.row ? values.row.some((part) => name.includes(part)) : !(values.short && long),
  );
  const transports = ({ transports: all = TRANSPORTS }) =>
    values.transport ? all.filter((each) => each === values.transport) : values.short ? all.slice(0, 1) : all;
  const runs = rows.flatMap((row) => transports(row).map((transport) => ({ row, transport })));
  return { engines, runs, ...values };
}

// Ctrl-C also ends the browsers and all other started processes.
exitOnSignals();

const keep = (name, results) => {
  // After each row, so that an aborted run has results.
  mkdirSync(at("target"), { recursive: true });
  writeFileSync(at("target", name), `${JSON.stringify(results, null, 2)}\n`);
};

/** @param {{ row?: string[], tracker?: string, short?: boolean, publish?: boolean }} options */
async function peers({ row, tracker, short, publish: toDocs }) {
  await steps([...setUp(), ...buildStepsIfStale(), ...ENGINES.chromium.steps(), collectorStep(), ...peerSteps()]);
  const run = await runPeers({
    names: tracker?.split(","),
    parts: row,
    short,
    each: (results) => keep("peers.json", results),
  });
  if (toDocs) publishPeers(run, { short });
}

await main(async () => {
  const { engines, runs, short, list, publish: toDocs, peers: others, row, tracker } = chosen();
  ownTemporaryDirectory();
  if (others) return peers({ row, tracker, short, publish: toDocs });
  if (list)
    return console.log(
      ROWS.map(({ name, transports = TRANSPORTS }) => `${name} (${transports.join(", ")})`).join("\n"),
    );
  await steps([
    ...setUp(),
    ...buildStepsIfStale(),
    ...engines.flatMap((name) => ENGINES[name].steps()),
    collectorStep(),
  ]);

  const started = performance.now();
  const jobs = engines.flatMap((name) => runs.map((run) => ({ name, ...run })));
  const results = [];
  await pooled(jobs, async ({ name, row, transport }, place) => {
    const result = {
      row: row.name,
      transport,
      engine: name,
      ...(await runRow({ engine: ENGINES[name], row, transport, makeTracker: recobeacon, short })),
    };
    // In the order of the rows, not of their ends.
    results[place - 1] = { ...result, within: isWithin(row, result) };
    console.log(line(results[place - 1], `${place}/${jobs.length}`));
    keep(
      `faults-${name}.json`,
      results.filter((result) => result?.engine === name),
    );
  });
  console.log(`\n${table(results)}\n`);
  if (toDocs) publish(results, { short });
  const beyond = results.filter(({ within }) => !within);
  console.log(`${results.length - beyond.length} passed, ${beyond.length} failed, in ${seconds(started)}`);
  if (beyond.length > 0) process.exitCode = 1;
});
