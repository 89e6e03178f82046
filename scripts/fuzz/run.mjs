// Runs a fuzz target with bounded time and memory, and keeps the inputs that cover the most code.
// https://llvm.org/docs/LibFuzzer.html#options

import { existsSync, mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { command } from "../lib/progress.mjs";
import { at, Problem, root } from "../lib/project.mjs";
import { writeSeeds } from "./seeds.mjs";

const MEMORY_MB = 1024;
/** Longest time of one input. A slower one is a finding. */
const INPUT_SECONDS = 20;
const INPUT_BYTES = 4096;
/** Most bytes of the inputs of one target in the repository, before base64. */
const KEPT_BYTES = 24_000;

const built = (...path) => at("target", "fuzz", ...path);
/** The kept inputs of a target, each as a line of base64, so that the repository has one file for each target. */
const corpus = (target) => at("fuzz", "corpus", `${target}.txt`);

/** The program that cargo-fuzz has built. It stands in a folder that is named after the machine's target. */
function program(target) {
  const folders = readdirSync(built()).map((name) => built(name, "release", target));
  const found = folders.find((file) => existsSync(file));
  if (!found) throw new Problem(`The fuzz target ${target} is not built.`);
  return found;
}

function emptyFolder(path) {
  rmSync(path, { recursive: true, force: true });
  mkdirSync(path, { recursive: true });
  return path;
}

function keptInputs(target) {
  if (!existsSync(corpus(target))) return [];
  return readFileSync(corpus(target), "utf8").split("\n").filter(Boolean);
}

/** The folders of a target. `found` keeps the inputs of earlier runs in this checkout, `first` has those of the repository. */
function folders(target) {
  const [found, artifacts] = ["corpus", "artifacts"].map((name) => built(name, target));
  for (const folder of [found, artifacts]) mkdirSync(folder, { recursive: true });
  const first = emptyFolder(built("first", target));
  writeSeeds(target, first);
  for (const [place, line] of keptInputs(target).entries())
    writeFileSync(join(first, `kept-${place}`), Buffer.from(line, "base64"));
  return { found, first, artifacts };
}

const options = (artifacts) => [
  `-artifact_prefix=${artifacts}/`,
  `-rss_limit_mb=${MEMORY_MB}`,
  `-timeout=${INPUT_SECONDS}`,
  `-max_len=${INPUT_BYTES}`,
];

function dictionary(target) {
  const file = at("fuzz", "dictionaries", `${target}.dict`);
  return existsSync(file) ? [`-dict=${file}`] : [];
}

/** Runs a target for this time. Returns the number of inputs and the covered edges of the code. */
export async function run(target, seconds, task) {
  const { found, first, artifacts } = folders(target);
  const args = [...options(artifacts), ...dictionary(target), `-max_total_time=${seconds}`, "-print_final_stats=1"];
  let coverage = 0;
  const watching = {
    say: (line) => {
      coverage = Number(line.match(/cov: (\d+)/)?.[1] ?? coverage);
      task.say(line);
    },
  };
  const { lines } = await command(program(target), [...args, found, first], { task: watching, cwd: root });
  const text = lines.join("\n");
  const executions = Number(text.match(/stat::number_of_executed_units:\s*(\d+)/)?.[1]);
  if (!(executions > 0 && coverage > 0)) throw new Problem(`${text}\nThe fuzz target ${target} has run no input.`);
  return { executions, coverage };
}

/** Keeps the smallest of the inputs that together cover the most code. Those of tests/vectors are made in each run. */
export async function minimise(target, task) {
  const { found, first, artifacts } = folders(target);
  const merged = emptyFolder(built("merged", target));
  const args = [...options(artifacts), "-set_cover_merge=1", "-use_counters=0", merged, first, found];
  await command(program(target), args, { task, cwd: root });
  const inputs = readdirSync(merged).map((name) => readFileSync(join(merged, name)));
  inputs.sort((a, b) => a.length - b.length || Buffer.compare(a, b));
  let bytes = 0;
  const kept = inputs.filter((input) => {
    bytes += input.length;
    return input.length > 0 && bytes <= KEPT_BYTES;
  });
  mkdirSync(at("fuzz", "corpus"), { recursive: true });
  writeFileSync(corpus(target), `${kept.map((input) => input.toString("base64")).join("\n")}\n`);
}
