// npm run check, npm test, npm run test:all: the three tiers of tests, from nothing but Rust, a C compiler and Node.
// Stops at the first stage that fails. `-- --only e2e,types` runs these stages; `-- --list` names them all.

import { parseArgs } from "node:util";
import { browserSteps } from "./lib/browser.mjs";
import { total } from "./lib/counting.mjs";
import { ownTemporaryDirectory } from "./lib/ending.mjs";
import { librarySteps } from "./lib/libraries.mjs";
import { nginxSteps } from "./lib/nginx.mjs";
import { seconds, showing, steps } from "./lib/progress.mjs";
import { main, Problem } from "./lib/project.mjs";
import { setUp } from "./lib/toolchain.mjs";
import { STAGES, TIERS } from "./test/stages.mjs";

// The collector that `cargo test` compiled serves the end-to-end tests as well.
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

/** Runs the stages and returns the sums of those that ran, and the failure that ended the run, if one did. */
async function runStages(names) {
  const sums = [];
  for (const [index, name] of names.entries()) {
    const { label, needs = [], run } = STAGES[name];
    try {
      const sum = await showing(`\n[${index + 1}/${names.length}] ${name}: ${label}`.trimStart(), async (task) => {
        for (const need of needs) await need(task);
        return run(task);
      });
      console.log(`      ${sum.passed} passed`);
      sums.push(sum);
    } catch (failure) {
      sums.push(failure.sum ?? { passed: 0, failed: 1 });
      return { sums, failure };
    }
  }
  return { sums };
}

await main(async () => {
  const started = performance.now();
  const { names, list } = chosen();
  if (list) return print(Object.entries(STAGES));

  ownTemporaryDirectory();
  const needed = names.map((name) => STAGES[name]);
  const driver = needed.some((stage) => stage.driver);
  const inBrowser = needed.some((stage) => stage.browser);
  // No stage of the first tier builds the module.
  const build = needed.some((stage) => stage.tier !== TIERS[0]);
  await steps([
    ...setUp({ build, wasmPack: driver }),
    ...(inBrowser ? browserSteps({ driver }) : []),
    ...(needed.some((stage) => stage.proxy) ? nginxSteps() : []),
    ...(needed.some((stage) => stage.libraries) ? librarySteps() : []),
  ]);

  const { sums, failure } = await runStages(names);
  const { passed, failed } = total(sums);
  if (failure) console.error(`\n${failure instanceof Problem ? failure.message : failure.stack}`);
  else console.log(`\nAll of it took ${seconds(started)}.`);
  console.log(`${passed} passed, ${failed} failed`);
  if (failure) process.exitCode = 1;
});
