// npm run bench:feeds: time of the collector's recommendations and memory of their model. It talks to loopback only.
// `-- --items 1000000 --visits 3 --seconds 5` set the number of items, the visits of each item, and the time of each
// measurement. No result makes it fail.

import { readFileSync } from "node:fs";
import { cpus } from "node:os";
import { parseArgs } from "node:util";
import { learnt, sendClicks } from "./feeds/collector.mjs";
import { collectorStep, startTemporary } from "./lib/collector.mjs";
import { exitOnSignals } from "./lib/ending.mjs";
import { command, showing, steps } from "./lib/progress.mjs";
import { at, main, Problem, root } from "./lib/project.mjs";

const DEFAULTS = { items: 1_000_000, visits: 3, seconds: 5 };
const VISIT_ITEMS = 5;
/** With fewer, not all items appear. */
const LEAST_VISITS = 3;
/** Near items are viewed together, and so is one of all items in each visit. */
const NEAR = 40;
const BATCHES_AT_ONCE = 4;
const CONNECTIONS = [1, 8];
const CONTEXT = "1,2,3,";
/** Known to be in the model, so that the personal feeds have rows to read. */
const VISITOR = `${"0".repeat(21)}1`;

function chosen() {
  const text = { type: /** @type {const} */ ("string") };
  const { values } = parseArgs({ options: { items: text, visits: text, seconds: text } });
  const read = (name) => {
    const value = Number(values[name] ?? DEFAULTS[name]);
    if (!Number.isInteger(value) || value < 1) throw new Problem(`"${values[name]}" is no number of ${name}.`);
    return value;
  };
  return { items: read("items"), visits: read("visits"), seconds: read("seconds") };
}

/** Park and Miller's generator. */
let state = 7;
const random = (below) => {
  state = (state * 48_271) % 2_147_483_647;
  return state % below;
};

/** The views of visits in which all items appear, each so often. */
function* clicks(items, visits) {
  const begin = Date.now() - 86_400_000;
  const count = Math.ceil((items * Math.max(visits, LEAST_VISITS)) / VISIT_ITEMS);
  for (let visit = 0; visit < count; visit++) {
    // The first two make sure that each item appears.
    const first = 2 * visit;
    const viewed = [first, first + 1, first + random(NEAR), first + random(NEAR), random(items)];
    const visitor = String(visit).padStart(22, "0");
    for (const [place, item] of viewed.entries())
      yield { visitor, item: String((item % items) + 1), at: begin + place };
  }
}

/** The process's memory in MB. Linux only. */
const memoryMb = (pid) => {
  const [, kib] = readFileSync(`/proc/${pid}/status`, "utf8").match(/VmRSS:\s+(\d+) kB/) ?? [];
  return Math.round(Number(kib) / 1000);
};

const LOAD = at("target", "release", "examples", "load");

async function ask(url, target, connections, { items, seconds }) {
  const options = { address: new URL(url).host, target, connections, items, seconds };
  const args = Object.entries(options).flatMap(([option, value]) => [`--${option}`, String(value)]);
  const { out } = await command(LOAD, ["ask", ...args]);
  return JSON.parse(out);
}

const TARGETS = {
  "also_viewed, one item": "/v1/recommendations/also_viewed?numrecs=20&contextitems=",
  "also_viewed, four items": `/v1/recommendations/also_viewed?numrecs=20&contextitems=${CONTEXT}`,
  recently_viewed: `/v1/recommendations/recently_viewed?numrecs=20&userid=${VISITOR}&contextitems=`,
};

exitOnSignals();

await main(async () => {
  const options = chosen();
  const example = ["build", "--release", "--package", "recobeacon-collector", "--example", "load"];
  const build = {
    label: "compiling the load generator",
    run: (task) => command("cargo", example, { task, cwd: root }),
  };
  await steps([collectorStep(), build]);
  const collector = await startTemporary({ config: `[feeds]\nitems = ${Math.max(options.items, 1000)}`, dist: "" });
  try {
    const before = memoryMb(collector.pid);
    let feeds;
    await showing(`${options.items.toLocaleString("en-US")} items`, async () => {
      const rows = await sendClicks(collector.url, clicks(options.items, options.visits), BATCHES_AT_ONCE);
      feeds = await learnt(collector, rows);
    });
    const after = memoryMb(collector.pid);
    const lines = [];
    for (const [name, target] of Object.entries(TARGETS))
      for (const connections of CONNECTIONS) {
        const { answers, seconds, p50Ms, p99Ms } = await ask(collector.url, target, connections, options);
        lines.push(`| ${name} | ${connections} | ${Math.round(answers / seconds)} | ${p50Ms} | ${p99Ms} |`);
      }
    const [{ model }, ...others] = cpus();
    console.log(`${others.length + 1} processors (${model.trim()}), ${feeds.items} items, ${feeds.row} events`);
    const perItem = Math.round(((after - before) * 1e6) / feeds.items);
    console.log(`memory: ${before} MB before, ${after} MB after, ${perItem} bytes an item\n`);
    console.log("| request | connections | answers a second | p50, ms | p99, ms |\n|---|---|---|---|---|");
    console.log(lines.join("\n"));
  } finally {
    await collector.stop();
  }
});
