// npm run fuzz: runs the fuzz targets of fuzz/, each for a minute, two at a time, and fails with the input that breaks a
// property. `-- --seconds 1800` is another time for each target, `-- --target batch,calls` are these targets, `-- --jobs 1`
// runs one at a time, and `-- --minimise` afterwards writes the inputs that add coverage into fuzz/corpus.

import { parseArgs } from "node:util";
import { minimise, run } from "./fuzz/run.mjs";
import { exitOnSignals } from "./lib/ending.mjs";
import { fuzzBuildStep, fuzzSteps, fuzzTargets } from "./lib/fuzz.mjs";
import { showing, steps } from "./lib/progress.mjs";
import { main, Problem } from "./lib/project.mjs";
import { checkMachine } from "./lib/toolchain.mjs";

/** More would need more memory than a small machine has: each job may use `MEMORY_MB`. */
const JOBS = 2;

function chosen() {
  const { values } = parseArgs({
    options: {
      seconds: { type: "string", default: "60" },
      target: { type: "string" },
      jobs: { type: "string", default: String(JOBS) },
      minimise: { type: "boolean" },
    },
  });
  const all = fuzzTargets();
  const targets = values.target?.split(",") ?? all;
  const unknown = targets.find((target) => !all.includes(target));
  if (unknown) throw new Problem(`There is no target "${unknown}". The targets are: ${all.join(", ")}.`);
  const [seconds, jobs] = [Number(values.seconds), Number(values.jobs)];
  if (!(seconds >= 1)) throw new Problem("--seconds must be a number from 1.");
  if (![1, JOBS].includes(jobs)) throw new Problem(`--jobs must be 1 or ${JOBS}.`);
  return { targets, seconds, jobs, minimises: values.minimise };
}

await main(async () => {
  const { targets, seconds, jobs, minimises } = chosen();
  exitOnSignals();
  checkMachine();
  await steps([...fuzzSteps(), fuzzBuildStep()]);
  const waiting = [...targets];
  const failures = [];
  const work = async () => {
    for (let target = waiting.shift(); target; target = waiting.shift()) {
      const name = target;
      try {
        const { executions, coverage } = await showing(name, (task) => run(name, seconds, task));
        console.log(`      ${name}: ${executions} inputs in ${seconds} s, coverage ${coverage}`);
        if (minimises) await showing(`${name}: minimising its inputs`, (task) => minimise(name, task));
      } catch (error) {
        failures.push(error);
      }
    }
  };
  await Promise.all(Array.from({ length: jobs }, work));
  for (const failure of failures) console.error(failure instanceof Problem ? failure.message : failure);
  console.log(`${targets.length - failures.length} passed, ${failures.length} failed`);
  if (failures.length > 0) process.exitCode = 1;
});
