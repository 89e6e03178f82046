// npm run bench:collector: durable events a second, latency, memory and processor time of the collector, beside SQLite alone and a route that does
// nothing. It talks to loopback only. `-- --rows 20000000` also measures in databases with up to so many events, and `-- --databases target/filled`
// keeps them for further runs, because filling them takes half an hour. `-- --rounds 5 --seconds 8` set the measurement, `-- --publish` writes tables
// and charts into docs/performance.md. `-- --cluster` measures a cluster instead, for docs/cluster.md. No result makes it fail.

import { cpus } from "node:os";
import { parseArgs } from "node:util";
import { text as asText } from "./bench/report.mjs";
import { publish } from "./bench-collector/publish.mjs";
import { tables } from "./bench-collector/report.mjs";
import { measureGrowth, measureRates } from "./bench-collector/run.mjs";
import { measureStreams, publishStreams, table } from "./bench-collector/stream.mjs";
import { exitOnSignals, ownTemporaryDirectory } from "./lib/ending.mjs";
import { command, showing, steps } from "./lib/progress.mjs";
import { at, main, Problem, root } from "./lib/project.mjs";

const DEFAULTS = { rounds: 3, seconds: 5 };

function chosen() {
  const text = { type: /** @type {const} */ ("string") };
  const flag = { type: /** @type {const} */ ("boolean") };
  const { values } = parseArgs({
    options: { rows: text, rounds: text, seconds: text, databases: text, publish: flag, cluster: flag },
  });
  const read = (name) => {
    const value = Number(values[name] ?? DEFAULTS[name]);
    if (!Number.isInteger(value) || value < 1) throw new Problem(`"${values[name]}" is no number of ${name}.`);
    return value;
  };
  const [rounds, seconds] = ["rounds", "seconds"].map(read);
  const rows = values.rows && read("rows");
  const databases = values.databases && at(values.databases);
  return { rows, rounds, seconds, databases, toDocs: values.publish, isCluster: values.cluster };
}

/** One collector with its database. */
async function alone({ rows, rounds, seconds, databases }) {
  const results = { rates: [], growth: [] };
  for (let round = 0; round < rounds; round++)
    await showing(`batches, round ${round + 1} of ${rounds}`, async ({ say }) => {
      results.rates.push(...(await measureRates({ round, seconds, say })));
    });
  if (rows)
    await showing(`up to ${rows.toLocaleString("en-US")} stored events`, async ({ say }) => {
      results.growth.push(...(await measureGrowth({ rows, rounds, seconds, say, databases })));
    });
  return { results, tables: tables(results), publish };
}

/** The collectors, the stream and the writer of a cluster. */
async function inCluster({ rounds, seconds }) {
  const results = [];
  for (let round = 0; round < rounds; round++)
    await showing(`a cluster, round ${round + 1} of ${rounds}`, async ({ say }) => {
      results.push(...(await measureStreams({ round, seconds, say })));
    });
  return { results, tables: [table(results)], publish: publishStreams };
}

// Ctrl-C also ends the collectors.
exitOnSignals();

await main(async () => {
  const wanted = chosen();
  ownTemporaryDirectory();
  const build = ["build", "--release", "--package", "recobeacon-collector"];
  const targets = ["--bin", "recobeacon-collector", "--example", "load"];
  await steps([
    {
      label: "compiling the collector and the load generator",
      run: (task) => command("cargo", [...build, ...targets], { task, cwd: root }),
    },
  ]);
  const measured = await (wanted.isCluster ? inCluster : alone)(wanted);
  console.log(`\n${measured.tables.map(asText).join("\n")}`);
  const { out } = await command("git", ["rev-parse", "--short", "HEAD"], { cwd: root });
  const [{ model }, ...others] = cpus();
  const machine = `${others.length + 1} processors${model ? ` (${model.trim()})` : ""}`;
  const where = { machine, commit: out.trim(), measuredAt: new Date().toISOString(), ...wanted };
  if (wanted.toDocs) measured.publish(where, measured.results);
});
