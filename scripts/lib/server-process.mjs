// A server program on loopback: started, awaited until it takes connections, and ended.

import { spawn } from "node:child_process";
import { createInterface } from "node:readline";
import { atEnd } from "./ending.mjs";
import { Problem } from "./project.mjs";
import { program } from "./servers.mjs";

/** The last lines of its log that are kept. */
const LINES = 100;

/**
 * Starts a program and resolves when a line of its standard error matches `ready`. A failure is a Problem with `log`, its last lines.
 * @param {{ name: string, args: string[], ready: RegExp, withinMs: number, options?: import("node:child_process").SpawnOptions }} wanted
 */
export function startServer({ name, args, ready, withinMs, options = {} }) {
  const child = spawn(program(name), args, { ...options, stdio: ["ignore", "ignore", "pipe"] });
  const forget = atEnd(() => child.kill("SIGKILL"));
  const ended = new Promise((resolve) => child.once("close", (code, signal) => resolve(signal ?? code))).finally(
    forget,
  );
  const log = [];
  return new Promise((resolve, reject) => {
    const fail = (problem) => {
      clearTimeout(late);
      reject(Object.assign(new Problem(`${name} ${problem}\n${log.join("\n")}`), { log }));
    };
    const late = setTimeout(() => {
      child.kill("SIGKILL");
      fail(`did not start within ${withinMs / 1000} s.`);
    }, withinMs);
    child.once("error", (error) => fail(`cannot be run: ${error.message}`));
    child.once("close", () => fail("ended at its start."));
    createInterface({ input: /** @type {import("node:stream").Readable} */ (child.stderr) }).on("line", (line) => {
      log.push(line);
      if (log.length > LINES) log.shift();
      if (!ready.test(line)) return;
      clearTimeout(late);
      resolve({ child, ended });
    });
  });
}

/** A server that can be ended and started again. `start()` starts its process, `stopSignal` ends it in order. */
export function restartable(start, stopSignal) {
  let running;
  const end = async (signal) => {
    running?.child.kill(signal);
    await running?.ended;
    running = undefined;
  };
  return {
    /** Resolves when the running process ends. */
    get ended() {
      return running?.ended;
    },
    start: async () => {
      running = await start();
    },
    stop: () => end(stopSignal),
    kill: () => end("SIGKILL"),
  };
}
