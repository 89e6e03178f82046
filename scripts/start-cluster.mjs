// npm run start:cluster: set-up, build, three NATS servers, two collectors without a database, and the writer, all on
// loopback. Prints one address at the end; Ctrl-C stops all of it. `-- --data DIR` stores elsewhere than in .data/cluster.

import { mkdirSync } from "node:fs";
import { resolve } from "node:path";
import { parseArgs } from "node:util";
import { buildStepsIfStale, DIST } from "./build.mjs";
import { prepareCluster } from "./lib/cluster.mjs";
import { collectorStep, freePort } from "./lib/collector.mjs";
import { stopOnSignals } from "./lib/ending.mjs";
import { seconds, steps } from "./lib/progress.mjs";
import { at, main } from "./lib/project.mjs";
import { programSteps } from "./lib/servers.mjs";
import { setUp } from "./lib/toolchain.mjs";

const USUAL_PORT = 8787;
const COLLECTORS = 2;

/** Free ports from the usual one on: two for each collector, and the writer's. */
async function usualPorts() {
  const ports = [];
  for (let from = USUAL_PORT; ports.length < COLLECTORS * 2 + 1; from = ports.at(-1) + 1)
    ports.push(await freePort(from));
  return ports;
}

await main(async () => {
  const started = performance.now();
  const { values } = parseArgs({ options: { data: { type: "string", default: at(".data", "cluster") } } });
  await steps([...setUp(), ...programSteps(["nats-server"]), ...buildStepsIfStale(), collectorStep()]);

  const folder = resolve(values.data);
  mkdirSync(folder, { recursive: true });
  const cluster = await prepareCluster({
    folder,
    nats: 3,
    collectors: COLLECTORS,
    ports: await usualPorts(),
    flags: ["--dist", DIST, "--site", at("www", "demo")],
  });
  await cluster.start({ quiet: false });
  await steps([{ label: "waiting for the stream's leader", run: () => cluster.ready() }]);
  const [first, second] = cluster.collectors;
  console.log(
    `\nThe demo shop is open (after ${seconds(started)}):  ${first.url}/\nThe other collector:  ${second.url}/\nStored events are read at ${cluster.writer.adminUrl}/v1/events\nCtrl-C stops it.`,
  );
  stopOnSignals(cluster.stop);
});
