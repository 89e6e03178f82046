// Starts NATS servers with JetStream on loopback, alone or as a cluster.

import { spawn } from "node:child_process";
import { mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { createInterface } from "node:readline";
import { freePorts } from "./collector.mjs";
import { atEnd } from "./ending.mjs";
import { Problem } from "./project.mjs";
import { program } from "./servers.mjs";

const START_MS = 20_000;
const READY = /Server is ready/;

/** The configuration of a server: https://docs.nats.io/running-a-nats-service/configuration */
function configuration({ name, port, folder, routes, own, settings }) {
  const lines = [
    `server_name: ${name}`,
    `listen: "127.0.0.1:${port}"`,
    `jetstream { store_dir: "${folder}" }`,
    ...settings,
  ];
  if (routes.length > 1) {
    const list = routes.map((route) => `"nats://127.0.0.1:${route}"`).join(", ");
    lines.push(`cluster { name: recobeacon, listen: "127.0.0.1:${own}", routes: [${list}] }`);
  }
  return `${lines.join("\n")}\n`;
}

/** Starts a server and resolves when it takes connections. */
function start(file) {
  const child = spawn(program("nats-server"), ["--config", file], { stdio: ["ignore", "ignore", "pipe"] });
  const forget = atEnd(() => child.kill("SIGKILL"));
  const ended = new Promise((resolve) => child.once("close", (code, signal) => resolve(signal ?? code))).finally(
    forget,
  );
  const log = [];
  return new Promise((resolve, reject) => {
    const late = setTimeout(() => {
      child.kill("SIGKILL");
      reject(new Problem(`nats-server did not start within ${START_MS / 1000} s.\n${log.join("\n")}`));
    }, START_MS);
    child.once("error", (error) => reject(new Problem(`nats-server cannot be run: ${error.message}`)));
    child.once("close", () => {
      clearTimeout(late);
      reject(new Problem(`nats-server ended at its start.\n${log.join("\n")}`));
    });
    createInterface({ input: child.stderr }).on("line", (line) => {
      log.push(line);
      if (log.length > 100) log.shift();
      if (!READY.test(line)) return;
      clearTimeout(late);
      resolve({ child, ended });
    });
  });
}

/**
 * Prepares `count` servers with their data in `folder`. Each has `url`, `start()`, `stop()`, and `kill()` with SIGKILL.
 * `settings` are further lines of the configuration.
 * @param {{ folder: string, count?: number, settings?: string[] }} options
 */
export async function natsServers({ folder, count = 1, settings = [] }) {
  const ports = await freePorts(count * 2);
  const routes = ports.slice(count);
  return routes.map((own, index) => {
    const [name, port] = [`n${index + 1}`, ports[index]];
    const data = join(folder, name);
    mkdirSync(data, { recursive: true });
    const file = join(folder, `${name}.conf`);
    writeFileSync(file, configuration({ name, port, folder: data, routes, own, settings }));
    let running;
    const end = async (signal) => {
      running?.child.kill(signal);
      await running?.ended;
      running = undefined;
    };
    return {
      url: `nats://127.0.0.1:${port}`,
      data,
      /** Resolves when the running process ends. */
      get ended() {
        return running?.ended;
      },
      start: async () => {
        running = await start(file);
      },
      stop: () => end("SIGTERM"),
      kill: () => end("SIGKILL"),
    };
  });
}
