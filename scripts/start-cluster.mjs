// npm run start:cluster: set-up, build, three NATS servers, two collectors, PostgreSQL, and two writers, all on
// loopback. Prints the addresses at the end; Ctrl-C stops all of it. `-- --data DIR` stores elsewhere than in
// .data/cluster; PORT sets another port than 8787, from which on free ones are taken.

import { cpSync, mkdirSync, writeFileSync } from "node:fs";
import { join, resolve } from "node:path";
import { parseArgs } from "node:util";
import { buildStepsIfStale, DIST } from "./build.mjs";
import { prepareCluster } from "./lib/cluster.mjs";
import { collectorStep, freePort, wantedPort } from "./lib/collector.mjs";
import { stopOnSignals } from "./lib/ending.mjs";
import { seconds, steps } from "./lib/progress.mjs";
import { at, main } from "./lib/project.mjs";
import { programSteps } from "./lib/servers.mjs";
import { setUp } from "./lib/toolchain.mjs";

const USUAL_PORT = 8787;
const COLLECTORS = 2;
const WRITERS = 2;

/** Free ports from this one on: two for each collector, and one for each writer. */
async function freePortsFrom(first) {
  const ports = [];
  for (let from = first; ports.length < COLLECTORS * 2 + WRITERS; from = ports.at(-1) + 1)
    ports.push(await freePort(from));
  return ports;
}

/** A copy of the demo shop whose inspector reads at the writer, because the collector that serves it stores nothing. */
function shopOf(folder, writerPort) {
  const shop = join(folder, "shop");
  cpSync(at("www", "demo"), shop, { recursive: true });
  writeFileSync(join(shop, "inspector.json"), JSON.stringify({ url: `http://127.0.0.1:${writerPort}`, feeds: true }));
  return shop;
}

await main(async () => {
  const started = performance.now();
  const port = wantedPort() ?? USUAL_PORT;
  const { values } = parseArgs({ options: { data: { type: "string", default: at(".data", "cluster") } } });
  await steps([
    ...setUp(),
    ...programSteps(["nats-server", "initdb", "postgres"]),
    ...buildStepsIfStale(),
    collectorStep(),
  ]);

  const folder = resolve(values.data);
  mkdirSync(folder, { recursive: true });
  const ports = await freePortsFrom(port);
  const cluster = await prepareCluster({
    folder,
    nats: 3,
    collectors: COLLECTORS,
    writers: WRITERS,
    postgres: true,
    readsDatabase: true,
    tables: "[feeds]",
    ports,
    flags: ["--dist", DIST, "--site", shopOf(folder, ports[COLLECTORS * 2])],
    writerFlags: ["--inspector"],
  });
  // Before the start, so that a signal meanwhile ends the parts that run already.
  const isStopping = stopOnSignals(cluster.stop);
  await cluster.start({ quiet: false });
  await steps([{ label: "waiting for the stream's leader", run: () => cluster.ready() }]);
  const [first, second] = cluster.collectors;
  console.log(
    `\nThe demo shop is open (after ${seconds(started)}):  ${first.url}/\nThe other collector:  ${second.url}/\nStored events are read at ${cluster.writer.adminUrl}/v1/events, and their figures at ${cluster.writer.adminUrl}/report\nCtrl-C stops it.`,
  );

  const named = [
    ...cluster.servers.map((server, index) => ({ name: `NATS server ${index + 1}`, part: server })),
    { name: "PostgreSQL", part: cluster.postgres },
    ...cluster.collectors.map((collector) => ({ name: `The collector ${collector.url}`, part: collector })),
    ...cluster.writers.map((writer) => ({ name: `The writer ${writer.adminUrl}`, part: writer })),
  ];
  // The others go on, as the guarantees in docs/cluster.md say.
  for (const { name, part } of named)
    part.ended.then((how) => isStopping() || console.error(`${name} has ended (${how}). The other parts go on.`));
});
