// Runs the stages of a test command: two at a time, at most one of them cargo's.

import { showing } from "../lib/progress.mjs";
import { STAGES, TIERS } from "./stages.mjs";

/** On two cores a third stage would slow down all of them. */
const AT_ONCE = 2;

/** Stages of the last tier put load on the machine or measure it, so they run alone. */
const isAlone = (name) => STAGES[name].tier === TIERS.at(-1);
const isCargo = (name) => STAGES[name].cargo;

/** Runs one stage and returns the numbers of passed and failed tests. */
async function runStage(name, heading) {
  const { label, needs = [], run } = STAGES[name];
  const sum = await showing(`${heading} ${name}: ${label}`, async (task) => {
    for (const need of needs) await need(task);
    return run(task);
  });
  console.log(`      ${name}: ${sum.passed} passed`);
  return sum;
}

/** Runs the stages. `sums` are those of the finished stages; `failure` is the first failure, which ends the run. */
export async function runStages(names) {
  const sums = [];
  const waiting = names.filter((name) => !isAlone(name));
  let begun = 0;
  let cargoRuns = false;
  const runNext = async (name) => {
    begun += 1;
    sums.push(await runStage(name, `[${begun}/${names.length}]`));
  };
  const work = async () => {
    for (;;) {
      // Cargo locks target/ while it compiles, so two of its stages would wait for each other.
      const index = waiting.findIndex((name) => !(isCargo(name) && cargoRuns));
      if (index < 0) return;
      const [name] = waiting.splice(index, 1);
      if (isCargo(name)) cargoRuns = true;
      await runNext(name);
      if (isCargo(name)) cargoRuns = false;
    }
  };
  try {
    await Promise.all(Array.from({ length: AT_ONCE }, work));
    for (const name of names.filter(isAlone)) await runNext(name);
    return { sums };
  } catch (failure) {
    // The other stage still runs. The caller ends the process, and with it the stage.
    sums.push(failure.sum ?? { passed: 0, failed: 1 });
    return { sums, failure };
  }
}
