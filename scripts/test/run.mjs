// Runs the stages of a test command: two at a time, of which one is cargo's and one is not.

import { showing } from "../lib/progress.mjs";
import { STAGES, TIERS } from "./stages.mjs";

/** Stages of the last tier load the machine or measure it, so each of them runs alone. */
const isAlone = (name) => STAGES[name].tier === TIERS.at(-1);
const isCargo = (name) => STAGES[name].cargo;

/** Runs one stage and returns how many of its tests passed and failed. */
async function runStage(name, heading) {
  const { label, needs = [], run } = STAGES[name];
  const sum = await showing(`${heading} ${name}: ${label}`, async (task) => {
    for (const need of needs) await need(task);
    return run(task);
  });
  console.log(`      ${name}: ${sum.passed} passed`);
  return sum;
}

/** Runs the stages. `sums` are those of the stages that ended; `failure` is the first that ended the run. */
export async function runStages(names) {
  const sums = [];
  let begun = 0;
  const inOrder = async (some) => {
    for (const name of some) {
      begun += 1;
      sums.push(await runStage(name, `[${begun}/${names.length}]`));
    }
  };
  try {
    const together = names.filter((name) => !isAlone(name));
    // Cargo locks target/ while it compiles, so two of its stages at a time would wait for each other.
    await Promise.all([inOrder(together.filter(isCargo)), inOrder(together.filter((name) => !isCargo(name)))]);
    await inOrder(names.filter(isAlone));
    return { sums };
  } catch (failure) {
    // The other stage still runs. The caller ends the process, which ends it.
    sums.push(failure.sum ?? { passed: 0, failed: 1 });
    return { sums, failure };
  }
}
