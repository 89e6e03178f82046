// Runs a fuzz target with bounded time and memory, and minimises its inputs.
// https://llvm.org/docs/LibFuzzer.html#options

import { existsSync, mkdirSync, readdirSync, renameSync, rmSync } from "node:fs";
import { command } from "../lib/progress.mjs";
import { at, Problem, root } from "../lib/project.mjs";
import { writeSeeds } from "./seeds.mjs";

const MEMORY_MB = 1024;
/** Longest time of one input. A slower one is a finding. */
const INPUT_SECONDS = 20;
const INPUT_BYTES = 4096;

const built = (...path) => at("target", "fuzz", ...path);
const corpus = (target) => at("fuzz", "corpus", target);

/** The program that cargo-fuzz has built. It stands in a folder that is named after the machine's target. */
function program(target) {
  const folders = readdirSync(built()).map((name) => built(name, "release", target));
  const found = folders.find((file) => existsSync(file));
  if (!found) throw new Problem(`The fuzz target ${target} is not built.`);
  return found;
}

/** Makes the folders of a target. `found` gets the inputs of this run. */
function folders(target) {
  const [found, seeds, artifacts] = ["corpus", "seeds", "artifacts"].map((name) => built(name, target));
  for (const folder of [found, artifacts, corpus(target)]) mkdirSync(folder, { recursive: true });
  writeSeeds(target, seeds);
  return { found, seeds, artifacts };
}

function options(artifacts) {
  return [
    `-artifact_prefix=${artifacts}/`,
    `-rss_limit_mb=${MEMORY_MB}`,
    `-timeout=${INPUT_SECONDS}`,
    `-max_len=${INPUT_BYTES}`,
  ];
}

function dictionary(target) {
  const file = at("fuzz", "dictionaries", `${target}.dict`);
  return existsSync(file) ? [`-dict=${file}`] : [];
}

/** Runs a target for this time. Returns the number of inputs and the covered edges of the code. */
export async function run(target, seconds, task) {
  const { found, seeds, artifacts } = folders(target);
  const args = [...options(artifacts), ...dictionary(target), `-max_total_time=${seconds}`, "-print_final_stats=1"];
  let coverage = 0;
  const watching = {
    say: (line) => {
      coverage = Number(line.match(/cov: (\d+)/)?.[1] ?? coverage);
      task.say(line);
    },
  };
  const inputs = [found, seeds, corpus(target)];
  const { lines } = await command(program(target), [...args, ...inputs], { task: watching, cwd: root });
  const text = lines.join("\n");
  const executions = Number(text.match(/stat::number_of_executed_units:\s*(\d+)/)?.[1]);
  if (!(executions > 0 && coverage > 0)) throw new Problem(`${text}\nThe fuzz target ${target} has run no input.`);
  return { executions, coverage };
}

/** Replaces the inputs in fuzz/corpus by the fewest and smallest that have the same coverage. */
export async function minimise(target, task) {
  const { found, seeds, artifacts } = folders(target);
  const merged = built("merged", target);
  rmSync(merged, { recursive: true, force: true });
  mkdirSync(merged, { recursive: true });
  const args = [...options(artifacts), "-merge=1", merged, corpus(target), seeds, found];
  await command(program(target), args, { task, cwd: root });
  rmSync(corpus(target), { recursive: true, force: true });
  mkdirSync(at("fuzz", "corpus"), { recursive: true });
  renameSync(merged, corpus(target));
}
