// Starts a PostgreSQL server on loopback, with its data in a folder.

import { spawnSync } from "node:child_process";
import { randomBytes } from "node:crypto";
import { chmodSync, chownSync, copyFileSync, existsSync, mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { basename, dirname, join } from "node:path";
import { setTimeout as delay } from "node:timers/promises";
import { freePorts } from "./collector.mjs";
import { manifest, Problem } from "./project.mjs";
import { restartable, startServer } from "./server-process.mjs";
import { program } from "./servers.mjs";

const USER = "recobeacon";
/** The database that every server has. */
const DATABASE = "postgres";
const START_MS = 30_000;
const PAUSE_MS = 100;
const READY = /database system is ready to accept connections/;
/** Processes of a killed server end within moments. Until then the next one refuses to start. */
const IN_USE = /pre-existing shared memory block/;

/** The account for the server. PostgreSQL refuses to run as root, so root uses `nobody`, which every system has. */
function account() {
  if (process.getuid?.() !== 0) return {};
  const line = /^nobody:[^:]*:(\d+):(\d+):/m.exec(readFileSync("/etc/passwd", "utf8"));
  if (!line) throw new Problem("PostgreSQL cannot run as root, and this system has no account nobody.");
  return { uid: Number(line[1]), gid: Number(line[2]) };
}

/** Gives a file or folder to the server's account. */
function giveTo({ uid, gid }, path) {
  if (uid !== undefined) chownSync(path, uid, gid);
}

/** Gives the server a copy of a file that only its account can read. Returns the copy. */
function privateCopy(data, file, as) {
  const copy = join(data, basename(file));
  copyFileSync(file, copy);
  chmodSync(copy, 0o600);
  giveTo(as, copy);
  return copy;
}

/** Makes the server's data once, with a password. */
function initialise(data, password, as) {
  const file = `${data}.password`;
  writeFileSync(file, password, { mode: 0o600 });
  for (const path of [data, file]) giveTo(as, path);
  const args = [
    "--pgdata",
    data,
    "--username",
    USER,
    "--pwfile",
    file,
    "--auth",
    "scram-sha-256",
    "--encoding",
    "UTF8",
  ];
  const { status, stderr, error } = spawnSync(program("initdb"), [...args, "--no-locale"], {
    ...as,
    encoding: "utf8",
    cwd: data,
  });
  if (status !== 0) throw new Problem(`initdb failed: ${error?.message ?? stderr}`);
}

/** Starts the server and resolves when it takes connections. */
function launch(data, port, settings, as) {
  const own = { listen_addresses: "127.0.0.1", port, unix_socket_directories: "", ...settings };
  const args = ["-D", data, ...Object.entries(own).flatMap(([name, value]) => ["-c", `${name}=${value}`])];
  return startServer({ name: "postgres", args, ready: READY, withinMs: START_MS, options: { ...as, cwd: data } });
}

/** Temporary folders belong to root alone. The server's account must be able to pass through them. */
function open(folder) {
  chmodSync(folder, 0o711);
  const parent = dirname(folder);
  if (basename(parent).startsWith(`${manifest.name}-`)) open(parent);
}

/** Starts the server again after a SIGKILL, as soon as the processes of the last one have ended. */
async function launchWhenFree(...args) {
  const end = performance.now() + START_MS;
  for (;;)
    try {
      return await launch(...args);
    } catch (problem) {
      const isInUse = problem.log?.some((line) => IN_USE.test(line));
      if (!isInUse || performance.now() > end) throw problem;
      await delay(PAUSE_MS);
    }
}

/**
 * Prepares a server with its data in `folder`, which is kept for later starts. It has `address`, which a
 * database's name completes, `url`, `start()`, `stop()`, and `kill()` with SIGKILL.
 * `settings` are options of the server: https://www.postgresql.org/docs/current/runtime-config.html
 * `tls` are files with the certificate and the key of its TLS.
 * @param {{ folder: string, port?: number, settings?: Record<string, string | number>, tls?: { certificate: string, key: string } | null }} options
 */
export async function postgresServer({ folder, port, settings = {}, tls }) {
  const own = port ?? (await freePorts(1))[0];
  const as = account();
  const data = join(folder, "postgres");
  const secret = `${data}.password`;
  if (!existsSync(join(data, "PG_VERSION"))) {
    mkdirSync(data, { recursive: true, mode: 0o700 });
    if (as.uid !== undefined) open(folder);
    initialise(data, randomBytes(16).toString("hex"), as);
  }
  const encrypted = tls && {
    ssl: "on",
    ssl_cert_file: privateCopy(data, tls.certificate, as),
    ssl_key_file: privateCopy(data, tls.key, as),
  };
  const address = `postgres://${USER}:${readFileSync(secret, "utf8")}@127.0.0.1:${own}/`;
  // SIGINT is a fast shutdown: open transactions are rolled back. https://www.postgresql.org/docs/current/server-shutdown.html
  return Object.assign(
    restartable(() => launchWhenFree(data, own, { ...settings, ...encrypted }, as), "SIGINT"),
    { address, url: address + DATABASE },
  );
}
