// npm run bundlers: tests the packed package in each tool of tests/bundlers. A project takes its code from a page of
// docs/frameworks if its package.json names one (`page`). A browser, or the tool's own tests, make events. The collector
// must store those that package.json names (`stores`, or one click), and the larger module must not be loaded.
// `-- --only vite,jest` runs these tools; `-- --list` lists all.

import { readdirSync } from "node:fs";
import { parseArgs } from "node:util";
import { largerModule, runTool } from "../tests/bundlers/run.mjs";
import { buildStepsIfStale } from "./build.mjs";
import { browserSteps, launch } from "./lib/browser.mjs";
import { collectorStep } from "./lib/collector.mjs";
import { ownTemporaryDirectory, temporaryDirectory } from "./lib/ending.mjs";
import { pack } from "./lib/pack.mjs";
import { seconds, showing, steps } from "./lib/progress.mjs";
import { at, main, Problem, root } from "./lib/project.mjs";
import { setUp } from "./lib/toolchain.mjs";

const TOOLS = readdirSync(at("tests", "bundlers"), { withFileTypes: true })
  .filter((entry) => entry.isDirectory())
  .map(({ name }) => name)
  .sort();

function chosen() {
  const { values } = parseArgs({ options: { only: { type: "string" }, list: { type: "boolean" } } });
  const tools = values.only?.split(",") ?? TOOLS;
  const unknown = tools.find((name) => !TOOLS.includes(name));
  if (unknown) throw new Problem(`There is no tool "${unknown}". The tools are: ${TOOLS.join(", ")}.`);
  return { tools, list: values.list };
}

const kB = (bytes) => (bytes === undefined ? "" : `${Math.round(bytes / 1000)} kB`);

function table(results) {
  const rows = results.map(({ tool, versions, events, scripts, bytes, problems }) => [
    tool,
    versions.join(", "),
    String(events),
    scripts === undefined ? "" : `${scripts}, ${kB(bytes)}`,
    problems.length ? "FAILED" : "passed",
  ]);
  const head = ["tool", "versions", "events", "scripts loaded", ""];
  return [head, head.map(() => "---"), ...rows].map((row) => `| ${row.join(" | ")} |`).join("\n");
}

await main(async () => {
  const { tools, list } = chosen();
  if (list) return console.log(TOOLS.join("\n"));
  ownTemporaryDirectory();
  await steps([...setUp(), ...buildStepsIfStale(), ...browserSteps({ driver: false }), collectorStep()]);

  const started = performance.now();
  const tarball = await showing("packing", (task) => pack(root, temporaryDirectory().path, { task }));
  const browser = await launch();
  const larger = largerModule();
  const results = [];
  try {
    for (const [place, tool] of tools.entries()) {
      const heading = `[${place + 1}/${tools.length}] ${tool}`;
      results.push(await showing(heading, (task) => runTool(tool, { tarball, browser, larger, task })));
    }
  } finally {
    await browser.close();
  }
  for (const { tool, problems } of results) for (const problem of problems) console.error(`\n${tool}: ${problem}`);
  const failed = results.filter(({ problems }) => problems.length).length;
  console.log(`\n${table(results)}\n\n${results.length - failed} passed, ${failed} failed, in ${seconds(started)}`);
  if (failed) process.exitCode = 1;
});
