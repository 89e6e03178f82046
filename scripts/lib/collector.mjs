// Starts the collector as a process and talks to it, for npm start, the replay and the tests.

import { spawn } from "node:child_process";
import { randomBytes, randomInt } from "node:crypto";
import { writeFileSync } from "node:fs";
import { createServer } from "node:net";
import { join } from "node:path";
import { createInterface } from "node:readline";
import { atEnd, temporaryDirectory } from "./ending.mjs";
import { collectorDigest, isProgramFresh, markProgramFresh } from "./freshness.mjs";
import { command } from "./progress.mjs";
import { at, collectorBinary, collectorProfile, Problem, root } from "./project.mjs";

const ADMIN = /^admin listening on (http:\/\/\S+)$/;
// The last line. The other address is printed before it.
const LISTENING = /^listening on (http:\/\/\S+)$/;
const START_MS = 20_000;
/** From the first one until before the second one. */
const SERVER_PORTS = /** @type {const} */ ([10_000, 32_768]);
const STOP_MS = 15_000;

/**
 * The step that compiles the collector. Without changes it takes a moment. cargo goes by the times of files, so after a
 * checkout of another revision and back it would compile the same sources for minutes.
 */
export const collectorStep = () => ({
  label: "compiling the collector",
  run: async (task) => {
    const digest = collectorDigest();
    if (isProgramFresh(collectorBinary(), digest)) return;
    const profile = collectorProfile() === "release" ? ["--release"] : [];
    await command("cargo", ["build", ...profile, "--package", "recobeacon-collector"], { task, cwd: root });
    markProgramFresh(collectorBinary(), digest);
  },
});

const portIsFree = (port) =>
  new Promise((resolve) => {
    const probe = createServer().once("error", () => resolve(false));
    probe.listen(port, "127.0.0.1", () => probe.close(() => resolve(true)));
  });

/**
 * The port that a flag or PORT names. Neither: undefined.
 * @param {string} [flag] the text behind `--port`
 */
export function wantedPort(flag) {
  const [name, text] = flag === undefined ? ["PORT", process.env.PORT] : ["--port", flag];
  if (text === undefined || (text === "" && flag === undefined)) return undefined;
  const port = Number(text);
  if (!Number.isInteger(port) || port < 1 || port > 65_535)
    throw new Problem(`${name} must be a number from 1 to 65535, not "${text}".`);
  return port;
}

/**
 * Different free ports for servers that may be ended and started again. They are below those of outgoing connections, one
 * of which could take the port of a server that is down: https://docs.kernel.org/networking/ip-sysctl.html (ip_local_port_range)
 */
export async function freePorts(count) {
  const ports = new Set();
  while (ports.size < count) {
    const port = randomInt(...SERVER_PORTS);
    if (await portIsFree(port)) ports.add(port);
  }
  return [...ports];
}

/**
 * The first free port from this one on, except `except`. Another checkout may use the usual one.
 * @param {number} from
 * @param {{ tries?: number, except?: number }} [options]
 */
export async function freePort(from, { tries = 50, except } = {}) {
  for (let port = from; port < from + tries; port++) if (port !== except && (await portIsFree(port))) return port;
  throw new Problem(`No free port between ${from} and ${from + tries - 1}: set PORT.`);
}

/** The command that only has the admin listener. */
const WRITE = "write";

/**
 * Starts the collector, or with the command "write" the writer of a cluster, and resolves when it listens. `args` are its flags. The result has `url`; `adminUrl`, for stored
 * events; `stop()`, which ends it like Ctrl-C; `kill()`; and `log`, its standard error.
 */
export function startCollector(args, { quiet = true } = {}) {
  const child = spawn(collectorBinary(), args, { cwd: root, stdio: ["ignore", "pipe", "pipe"] });
  const kill = () => child.kill("SIGKILL");
  const forget = atEnd(kill);
  const log = [];
  createInterface({ input: child.stderr }).on("line", (line) => {
    log.push(line);
    if (!quiet) console.error(line);
  });
  const ended = new Promise((resolve) => child.once("close", (code, signal) => resolve(signal ?? code)));
  child.once("close", forget);

  const stop = async () => {
    child.kill("SIGTERM");
    const late = setTimeout(kill, STOP_MS);
    const how = await ended;
    clearTimeout(late);
    return how;
  };
  return new Promise((resolve, reject) => {
    const late = setTimeout(() => {
      kill();
      reject(new Problem(`The collector did not start within ${START_MS / 1000} s.\n${log.join("\n")}`));
    }, START_MS);
    child.once("error", (error) => {
      clearTimeout(late);
      reject(new Problem(`The collector cannot be run: ${error.message}`));
    });
    child.once("close", (code, signal) => {
      clearTimeout(late);
      reject(new Problem(`The collector ended at its start (${signal ?? code}).\n${log.join("\n")}`));
    });
    let adminUrl;
    const isWriter = args.includes(WRITE);
    createInterface({ input: child.stdout }).on("line", (line) => {
      adminUrl ??= line.match(ADMIN)?.[1];
      const url = line.match(LISTENING)?.[1];
      if (!(isWriter ? adminUrl : url)) return;
      clearTimeout(late);
      resolve({ url, adminUrl, stop, kill, ended, log, pid: child.pid });
    });
  });
}

/**
 * A collector with a temporary database and a key that the caller knows, so that stored hashes can be computed.
 * `config` is TOML before the key; `inspector`: pages may read; `dist`: empty for none.
 * @param {{ site?: string, dist?: string, config?: string, listen?: string, inspector?: boolean }} [options]
 */
export async function startTemporary({
  site,
  dist = at("dist"),
  config = "",
  listen = "127.0.0.1:0",
  inspector = true,
} = {}) {
  const { path: directory, remove } = temporaryDirectory();
  const secret = randomBytes(32).toString("hex");
  const file = join(directory, "collector.toml");
  writeFileSync(file, `${config}\n[[keys]]\nnumber = 1\nsecret = "${secret}"\n`, { mode: 0o600 });
  const args = ["--config", file, "--listen", listen, "--admin-listen", "127.0.0.1:0"];
  if (inspector) args.push("--inspector");
  args.push("--database", join(directory, "events.sqlite"));
  if (dist) args.push("--dist", dist);
  if (site) args.push("--site", site);
  try {
    const collector = await startCollector(args);
    const stop = async () => {
      const how = await collector.stop();
      remove();
      return how;
    };
    return { ...collector, secret, stop, directory };
  } catch (error) {
    remove();
    throw error;
  }
}

/** The value of a figure of a collector's `/metrics`. */
export async function figure({ adminUrl }, name) {
  const text = await (await fetch(`${adminUrl}/metrics`)).text();
  const line = text.split("\n").find((one) => one.startsWith(`${name} `) || one.startsWith(`${name}{`));
  if (!line) throw new Error(`/metrics has no ${name}`);
  return Number(line.split(" ").at(-1));
}

/** All rows of GET `path` after this row, page by page. `name` is the list's name in the response. */
export async function readAll(collector, path, name, { pageSize = 10_000, from = 0 } = {}) {
  const rows = [];
  for (let after = from; ; ) {
    const url = new URL(path, collector.adminUrl);
    url.searchParams.set("after", String(after));
    url.searchParams.set("limit", String(pageSize));
    const answer = await fetch(url);
    if (!answer.ok) throw new Error(`GET ${url}: ${answer.status} ${await answer.text()}`);
    const page = await answer.json();
    rows.push(...page[name]);
    if (page[name].length < pageSize) return rows;
    after = page.last;
  }
}
