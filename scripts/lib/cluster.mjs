// A cluster on loopback: NATS servers, collectors that store nothing, and writers with their database. For npm run
// start:cluster and the tests.

import { randomBytes } from "node:crypto";
import { existsSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { setTimeout as delay } from "node:timers/promises";
import { freePorts, startCollector } from "./collector.mjs";
import { natsServers } from "./nats.mjs";
import { postgresServer } from "./postgres.mjs";
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
    /** Resolves when the running process ends. */
    get ended() {
      return running?.ended;
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

const local = (port) => `127.0.0.1:${port}`;

/** Writes a configuration, which may have secrets. */
function configure(folder, name, lines) {
  const file = join(folder, name);
  writeFileSync(file, `${lines.join("\n")}\n`, { mode: 0o600 });
  return file;
}

/** Collectors that store nothing, each with a port and an admin port. */
const frontsOf = (file, ports, flags) =>
  Array.from({ length: ports.length / 2 }, (_, index) => {
    const [port, admin] = ports.slice(index * 2);
    const args = ["--config", file, "--listen", local(port), "--admin-listen", local(admin), ...flags];
    return Object.assign(node(args), { url: `http://${local(port)}`, adminUrl: `http://${local(admin)}` });
  });

const writersOf = (file, ports, flags) =>
  ports.map((port) =>
    Object.assign(node(["--config", file, "--admin-listen", local(port), ...flags, "write"]), {
      adminUrl: `http://${local(port)}`,
    }),
  );

/** Waits until all these collectors take events, or these writers store them. */
async function ready(fronts) {
  const end = performance.now() + READY_MS;
  for (const { adminUrl } of fronts)
    while ((await fetch(`${adminUrl}/readyz`).catch(() => ({ ok: false }))).ok === false) {
      if (performance.now() > end) throw new Problem(`${adminUrl}/readyz: not ready within ${READY_MS / 1000} s.`);
      await delay(100);
    }
}

/**
 * Prepares a cluster; nothing runs yet. `config` is TOML at the top of the configuration, `tables` behind it, `cluster`
 * inside [cluster], `flags` are those of the collectors. With `postgres` the database is a server of PostgreSQL instead of a file; only then there can be several `writers`.
 * With `readsDatabase` the collectors have its address as well, for [feeds].
 * `start()` starts all of it; each part has its own `start()`, `stop()` and `kill()`. `ports` are two for each collector, then one for each writer.
 * @param {{ folder: string, nats?: number, collectors?: number, writers?: number, postgres?: boolean, readsDatabase?: boolean, config?: string, cluster?: string,
 * tables?: string, flags?: string[], writerFlags?: string[], natsSettings?: string[], postgresSettings?: Record<string, string | number>,
 * postgresTls?: { certificate: string, key: string } | null, ports?: number[] }} options
 */
export async function prepareCluster({
  folder,
  nats = 1,
  collectors = 1,
  writers = 1,
  postgres = false,
  readsDatabase = false,
  config = "",
  cluster = "",
  tables = "",
  flags = [],
  writerFlags = [],
  natsSettings = [],
  postgresSettings = {},
  postgresTls,
  ports,
}) {
  const servers = await natsServers({ folder, count: nats, settings: natsSettings });
  const database = postgres
    ? await postgresServer({ folder, settings: postgresSettings, tls: postgresTls })
    : undefined;
  const place = database?.url ?? join(folder, "events.sqlite");
  const own = ports ?? (await freePorts(collectors * 2 + writers));
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
  // In a file, because the password of a database must not be seen in the list of processes.
  const withDatabase = [`database = ${JSON.stringify(place)}`, ...lines];
  const file = configure(folder, "cluster.toml", readsDatabase ? withDatabase : lines);
  const writerFile = configure(folder, "writer.toml", withDatabase);
  const fronts = frontsOf(file, own.slice(0, collectors * 2), flags);
  const backs = writersOf(writerFile, own.slice(collectors * 2), writerFlags);
  const below = [...servers, ...(database ? [database] : [])];
  const above = [...fronts, ...backs];
  return {
    servers,
    postgres: database,
    /** The servers of NATS and PostgreSQL. */
    below,
    collectors: fronts,
    writers: backs,
    writer: backs[0],
    file,
    writerFile,
    database: place,
    start: async (options) => {
      await Promise.all(below.map((server) => server.start()));
      const [first, ...more] = backs;
      await Promise.all([...fronts, first].map((part) => part.start(options)));
      // So that the first one stores events, and the others wait.
      if (more.length > 0) await ready([first]);
      await Promise.all(more.map((part) => part.start(options)));
    },
    ready: () => ready(fronts),
    stop: async () => {
      for (const part of [...below, ...above].toReversed()) await part.stop();
    },
  };
}
