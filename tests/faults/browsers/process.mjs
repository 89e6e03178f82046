// The common code for the three browsers below their drivers: processes that end in time, and ports.

import { execFileSync, spawn, spawnSync } from "node:child_process";
import { setTimeout as pause } from "node:timers/promises";
import { atEnd } from "../../../scripts/lib/ending.mjs";

const GONE_MS = 15_000;
const POLL_MS = 100;

/**
 * A process that ends with this one and with the signal. `ended` resolves when it is gone.
 * @param {string} program
 * @param {string[]} args
 * @param {import("node:child_process").SpawnOptions} [options]
 */
export function start(program, args, { signal, ...options } = {}) {
  const child = spawn(program, args, { stdio: ["ignore", "pipe", "pipe"], ...options });
  // A killed driver would leave its browser behind.
  const kill = () => killFamily(child.pid);
  const forget = atEnd(kill);
  signal?.addEventListener("abort", kill);
  const failed = new Promise((_, reject) => child.once("error", reject));
  const ended = new Promise((resolve) => child.once("close", resolve));
  child.once("close", () => {
    forget();
    signal?.removeEventListener("abort", kill);
  });
  failed.catch(() => {});
  const lines = [];
  const hear = (text) => lines.push(text.toString());
  for (const stream of [child.stdout, child.stderr]) stream?.on("data", hear);
  return {
    pid: child.pid,
    ended,
    stdio: child.stdio,
    /** The output that matches. Rejects if the process ends before. */
    says: async (pattern, within = GONE_MS) => {
      for (const deadline = performance.now() + within; performance.now() < deadline; ) {
        const found = lines.join("").match(pattern);
        if (found) return found;
        await Promise.race([pause(POLL_MS), failed]);
        if (child.exitCode !== null || child.signalCode !== null) break;
      }
      throw new Error(`${program} did not print ${pattern}:\n${lines.join("").slice(-2000)}`);
    },
    stop: async () => {
      child.kill("SIGTERM");
      const late = setTimeout(kill, GONE_MS);
      await ended;
      clearTimeout(late);
    },
  };
}

/** A process and its descendants, the oldest first. */
function family(pid) {
  const pairs = execFileSync("ps", ["-A", "-o", "pid=,ppid="], { encoding: "utf8" })
    .trim()
    .split("\n")
    .map((line) => line.trim().split(/\s+/).map(Number));
  const found = [pid];
  for (const parent of found) found.push(...pairs.filter(([, its]) => its === parent).map(([child]) => child));
  return found;
}

/** A driver may wait for its ended browser late. A process that has ended but is still listed counts as gone. */
const isAlive = (pid) => {
  const { stdout } = spawnSync("ps", ["-o", "stat=", "-p", String(pid)], { encoding: "utf8" });
  return stdout.trim() !== "" && !stdout.startsWith("Z");
};

/** Like the system when memory runs out: no process can do anything before its end. */
export function killFamily(pid) {
  for (const each of family(pid)) {
    try {
      process.kill(each, "SIGKILL");
    } catch {
      // Already gone with its parent.
    }
  }
}

/** Whether the process has ended within the time. */
export async function gone(pid, within = GONE_MS) {
  for (const deadline = performance.now() + within; performance.now() < deadline; await pause(POLL_MS)) {
    if (!isAlive(pid)) return true;
  }
  return false;
}
