// A cluster on loopback: NATS servers, collectors without a database, and the writer. For npm run start:cluster and the
// tests.

import { randomBytes } from "node:crypto";
import { existsSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { setTimeout as delay } from "node:timers/promises";
import { freePorts, startCollector } from "./collector.mjs";
import { natsServers } from "./nats.mjs";
import { Problem } from "./project.mjs";

/** The election of a leader takes seconds, and longer on a busy machine. */
const READY_MS = 60_000;

/** A process that can be ended and started again at the same address. */
function node(args) {
  let running;
  return {
    get log() {
      return running?.log ?? [];
    },
    get pid() {
      return running?.pid;
    },
    start: async (options) => {
      running = await startCollector(args, options);
    },
    stop: async () => {
      await running?.stop();
      running = undefined;
    },
    kill: async () => {
      running?.kill();
      await running?.ended;
      running = undefined;
    },
  };
}

/** The key for hashing ids. A later start on the same data needs the same key. */
function secretOf(folder) {
  const file = join(folder, "key");
  if (!existsSync(file)) writeFileSync(file, randomBytes(32).toString("hex"), { mode: 0o600 });
  return readFileSync(file, "utf8");
}

/**
 * Prepares a cluster; nothing runs yet. `config` is TOML at the top of the configuration, `tables` behind it, `cluster`
 * inside [cluster]. `start()` starts all of it; each part has its own `start()`, `stop()` and `kill()`.
 * @param {{ folder: string, nats?: number, collectors?: number, config?: string, cluster?: string, tables?: string,
 * flags?: string[], natsSettings?: string[], ports?: number[] }} options
 */
export async function prepareCluster({
  folder,
  nats = 1,
  collectors = 1,
  config = "",
  cluster = "",
  tables = "",
  flags = [],
  natsSettings = [],
  ports,
}) {
  const servers = await natsServers({ folder, count: nats, settings: natsSettings });
  const own = ports ?? (await freePorts(collectors * 2 + 1));
  const file = join(folder, "cluster.toml");
  const lines = [
    config,
    "[[keys]]",
    "number = 1",
    `secret = "${secretOf(folder)}"`,
    "[cluster]",
    `nats = [${servers.map(({ url }) => `"${url}"`).join(", ")}]`,
    `replicas = ${nats}`,
    cluster,
    tables,
  ];
  writeFileSync(file, `${lines.join("\n")}\n`, { mode: 0o600 });
  const database = join(folder, "events.sqlite");
  const at = (port) => `127.0.0.1:${port}`;
  const common = ["--config", file];
  const fronts = Array.from({ length: collectors }, (_, index) => {
    const [port, admin] = own.slice(index * 2);
    const args = [...common, "--listen", at(port), "--admin-listen", at(admin), ...flags];
    return Object.assign(node(args), { url: `http://${at(port)}`, adminUrl: `http://${at(admin)}` });
  });
  const admin = own.at(-1);
  const writer = Object.assign(node([...common, "--admin-listen", at(admin), "--database", database, "write"]), {
    adminUrl: `http://${at(admin)}`,
  });
  const parts = [...servers, ...fronts, writer];
  return {
    servers,
    collectors: fronts,
    writer,
    file,
    database,
    start: async (options) => {
      await Promise.all(servers.map((server) => server.start()));
      await Promise.all([...fronts, writer].map((part) => part.start(options)));
    },
    /** Waits until all collectors take events. */
    ready: async () => {
      const end = performance.now() + READY_MS;
      for (const { adminUrl } of fronts)
        while ((await fetch(`${adminUrl}/readyz`).catch(() => ({ ok: false }))).ok === false) {
          if (performance.now() > end) throw new Problem(`${adminUrl}/readyz: not ready within ${READY_MS / 1000} s.`);
          await delay(100);
        }
    },
    stop: async () => {
      for (const part of parts.toReversed()) await part.stop();
    },
  };
}
