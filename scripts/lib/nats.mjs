// Starts NATS servers with JetStream on loopback, alone or as a cluster.

import { mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { freePorts } from "./collector.mjs";
import { restartable, startServer } from "./server-process.mjs";

const START_MS = 20_000;
const READY = /Server is ready/;

/** The configuration of a server: https://docs.nats.io/running-a-nats-service/configuration */
function configuration({ name, port, monitoring, folder, routes, own, settings }) {
  const lines = [
    `server_name: ${name}`,
    `listen: "127.0.0.1:${port}"`,
    `http: "127.0.0.1:${monitoring}"`,
    `jetstream { store_dir: "${folder}" }`,
    ...settings,
  ];
  if (routes.length > 1) {
    const list = routes.map((route) => `"nats://127.0.0.1:${route}"`).join(", ");
    lines.push(`cluster { name: recobeacon, listen: "127.0.0.1:${own}", routes: [${list}] }`);
  }
  return `${lines.join("\n")}\n`;
}

const start = (file) =>
  startServer({ name: "nats-server", args: ["--config", file], ready: READY, withinMs: START_MS });

/**
 * Prepares `count` servers with their data in `folder`. Each has `url`, `start()`, `stop()`, and `kill()` with SIGKILL. `health` is the address that
 * answers 200 once the server has all messages of its streams: https://docs.nats.io/running-a-nats-service/nats_admin/monitoring#health
 * `settings` are further lines of the configuration.
 * @param {{ folder: string, count?: number, settings?: string[] }} options
 */
export async function natsServers({ folder, count = 1, settings = [] }) {
  const ports = await freePorts(count * 3);
  const routes = ports.slice(count, count * 2);
  return routes.map((own, index) => {
    const [name, port, monitoring] = [`n${index + 1}`, ports[index], ports[count * 2 + index]];
    const data = join(folder, name);
    mkdirSync(data, { recursive: true });
    const file = join(folder, `${name}.conf`);
    writeFileSync(file, configuration({ name, port, monitoring, folder: data, routes, own, settings }));
    // Not with a spread, which would read `ended` now.
    return Object.assign(
      restartable(() => start(file), "SIGTERM"),
      { url: `nats://127.0.0.1:${port}`, health: `http://127.0.0.1:${monitoring}/healthz`, data },
    );
  });
}
