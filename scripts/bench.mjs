// npm run bench: processor time, memory and size of this build, of the trackers of docs/peers.md, and with `-- --baseline <commit>` of another commit.
// `-- --rounds 7` sets the number of rounds; `-- --publish` writes tables and charts into docs/performance.md. No result makes it fail.

import { mkdirSync, writeFileSync } from "node:fs";
import { cpus } from "node:os";
import { parseArgs } from "node:util";
import { peerSteps } from "../tests/faults/peers.mjs";
import { baselineOf } from "./bench/baseline.mjs";
import { contenders, start } from "./bench/contenders.mjs";
import { publish } from "./bench/publish.mjs";
import { tables, text } from "./bench/report.mjs";
import { begun, runRound } from "./bench/run.mjs";
import { buildStepsIfStale } from "./build.mjs";
import { browserSteps, launch } from "./lib/browser.mjs";
import { collectorStep } from "./lib/collector.mjs";
import { exitOnSignals, ownTemporaryDirectory } from "./lib/ending.mjs";
import { command, showing, steps } from "./lib/progress.mjs";
import { at, main, Problem, root } from "./lib/project.mjs";
import { setUp } from "./lib/toolchain.mjs";

const ROUNDS = 7;

function chosen() {
  const { values } = parseArgs({
    options: { baseline: { type: "string" }, rounds: { type: "string" }, publish: { type: "boolean" } },
  });
  const rounds = Number(values.rounds ?? ROUNDS);
  if (!Number.isInteger(rounds) || rounds < 1) throw new Problem(`"${values.rounds}" is no number of rounds.`);
  return { ...values, rounds };
}

/** The commit, the browser, the machine and the time of the results. */
async function conditions() {
  const browser = await launch();
  const version = browser.version();
  await browser.close();
  const { out } = await command("git", ["rev-parse", "HEAD"], { cwd: root });
  const [{ model }, ...others] = cpus();
  const machine = `${others.length + 1} processors${model ? ` (${model.trim()})` : ""}`;
  return { measuredAt: new Date().toISOString(), commit: out.trim(), browser: version, machine };
}

/** Writes the results after each round, so that an interrupted run has some. */
function keep(run) {
  mkdirSync(at("target"), { recursive: true });
  writeFileSync(at("target", "bench.json"), `${JSON.stringify(run, null, 2)}\n`);
}

// Ctrl-C also ends the browser and the collectors.
exitOnSignals();

await main(async () => {
  const { baseline: commit, rounds, publish: toDocs } = chosen();
  ownTemporaryDirectory();
  const baseline = commit && (await baselineOf(commit));
  await steps([
    ...setUp(),
    ...buildStepsIfStale(),
    ...browserSteps({ driver: false }),
    collectorStep(),
    ...peerSteps(),
    ...(baseline ? baseline.steps : []),
  ]);
  const all = [];
  try {
    for (const contender of await contenders(baseline || undefined)) all.push(await start(contender));
    const results = begun(all);
    const where = await conditions();
    for (let round = 0; round < rounds; round++) {
      await showing(`round ${round + 1} of ${rounds}`, (task) => runRound(all, { round, results, say: task.say }));
      keep({ ...where, rounds: round + 1, results });
    }
    console.log(`\n${tables(results).map(text).join("\n")}`);
    for (const { name, notes } of results) for (const note of new Set(notes)) console.log(`${name}: ${note}`);
    if (toDocs) publish({ ...where, rounds, results });
  } finally {
    for (const { stop } of all) await stop();
  }
});
