// npm start: set-up, build, collector, demo shop. Prints one address at the end; Ctrl-C stops it. `-- --data DIR`
// stores the events elsewhere than in .data; PORT sets another port than 8787.

import { mkdirSync } from "node:fs";
import { join } from "node:path";
import { parseArgs } from "node:util";
import { buildStepsIfStale, DIST } from "./build.mjs";
import { collectorStep, freePort, startCollector, wantedPort } from "./lib/collector.mjs";
import { stopOnSignals } from "./lib/ending.mjs";
import { seconds, steps } from "./lib/progress.mjs";
import { at, main, Problem } from "./lib/project.mjs";
import { setUp } from "./lib/toolchain.mjs";

const USUAL_PORT = 8787;
const USUAL_ADMIN_PORT = 8788;

await main(async () => {
  const started = performance.now();
  const port = wantedPort();
  const { values } = parseArgs({ options: { data: { type: "string", default: at(".data") } } });
  const needed = [...setUp(), ...buildStepsIfStale()];
  if (needed.length > 1)
    console.log("A first start compiles everything once and takes some minutes; the next one takes seconds.\n");
  await steps([...needed, collectorStep()]);

  mkdirSync(values.data, { recursive: true });
  const shop = port ?? (await freePort(USUAL_PORT));
  // The shop's own port is not in use yet.
  const admin = await freePort(USUAL_ADMIN_PORT, { except: shop });
  const collector = await startCollector(
    [
      "--config",
      at("collector", "demo.toml"),
      "--listen",
      `127.0.0.1:${shop}`,
      "--admin-listen",
      `127.0.0.1:${admin}`,
      // The shop's pages show stored events.
      "--inspector",
      "--database",
      join(values.data, "demo.sqlite"),
      "--dist",
      DIST,
      "--site",
      at("www", "demo"),
    ],
    { quiet: false },
  );
  console.log(
    `\nThe demo shop is open (after ${seconds(started)}):  ${collector.url}/\nStored events are read at ${collector.adminUrl}/v1/events, and their figures at ${collector.adminUrl}/report\nCtrl-C stops it.`,
  );

  const isStopping = stopOnSignals(collector.stop);
  const how = await collector.ended;
  if (!isStopping()) throw new Problem(`The collector has ended (${how}).`);
});
