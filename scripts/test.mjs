// npm run check, npm test, npm run test:all: the three tiers of tests. They need only Rust, a C compiler and Node. Two
// stages run at a time, and the first failure ends the run. `-- --only e2e,types` runs these stages; `-- --list` lists
// all.

import { parseArgs } from "node:util";
import { browserSteps } from "./lib/browser.mjs";
import { total } from "./lib/counting.mjs";
import { exitOnSignals, ownTemporaryDirectory } from "./lib/ending.mjs";
import { librarySteps } from "./lib/libraries.mjs";
import { seconds, steps } from "./lib/progress.mjs";
import { main, Problem } from "./lib/project.mjs";
import { programSteps } from "./lib/servers.mjs";
import { setUp } from "./lib/toolchain.mjs";
import { runStages } from "./test/run.mjs";
import { STAGES, TIERS } from "./test/stages.mjs";

// The end-to-end tests use the collector that `cargo test` has compiled.
process.env.RECOBEACON_COLLECTOR = "debug";

function chosen() {
  const { values } = parseArgs({
    options: {
      tier: { type: "string", default: "test" },
      only: { type: "string" },
      list: { type: "boolean" },
    },
  });
  const tier = TIERS.indexOf(values.tier);
  if (tier < 0) throw new Problem(`There is no tier "${values.tier}". The tiers are: ${TIERS.join(", ")}.`);
  const ofTier = Object.keys(STAGES).filter((name) => TIERS.indexOf(STAGES[name].tier) <= tier);
  const names = values.only?.split(",") ?? ofTier;
  const unknown = names.find((name) => !STAGES[name]);
  if (unknown) throw new Problem(`There is no stage "${unknown}". The stages are: ${Object.keys(STAGES).join(", ")}.`);
  return { names, list: values.list };
}

function print(stages) {
  for (const [name, { tier, label }] of stages) console.log(`${tier.padEnd(6)} ${name.padEnd(12)} ${label}`);
}

await main(async () => {
  const started = performance.now();
  const { names, list } = chosen();
  if (list) return print(Object.entries(STAGES));

  exitOnSignals();
  ownTemporaryDirectory();
  const needed = names.map((name) => STAGES[name]);
  const driver = needed.some((stage) => stage.driver);
  const inBrowser = needed.some((stage) => stage.browser);
  // No stage of the first tier builds the module.
  const build = needed.some((stage) => stage.tier !== TIERS[0]);
  await steps([
    ...setUp({ build, wasmPack: driver }),
    ...(inBrowser ? browserSteps({ driver }) : []),
    ...programSteps(needed.flatMap((stage) => stage.programs ?? [])),
    ...(needed.some((stage) => stage.libraries) ? librarySteps() : []),
  ]);

  const { sums, failure } = await runStages(names);
  const { passed, failed } = total(sums);
  if (failure) console.error(`\n${failure instanceof Problem ? failure.message : failure.stack}`);
  else console.log(`\nAll of it took ${seconds(started)}.`);
  console.log(`${passed} passed, ${failed} failed`);
  // process.exit() also ends the stage that runs beside the failed one.
  if (failure) process.exit(1);
});
