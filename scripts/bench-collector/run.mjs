// The measurements. A round measures the collector, SQLite alone and the empty route one after the other for each size of batch, so that other load
// on the machine affects all of them.

import { spawn } from "node:child_process";
import {
  closeSync,
  copyFileSync,
  existsSync,
  fsyncSync,
  mkdirSync,
  openSync,
  readFileSync,
  renameSync,
  rmSync,
} from "node:fs";
import { join } from "node:path";
import { createInterface } from "node:readline";
import { rotated } from "../bench/statistics.mjs";
import { figure, startCollector } from "../lib/collector.mjs";
import { atEnd, temporaryDirectory } from "../lib/ending.mjs";
import { command } from "../lib/progress.mjs";
import { at } from "../lib/project.mjs";

export const BATCHES = [1, 20, 100];
/** The size of the tracker's own batches. */
export const USUAL_BATCH = 20;
/** Requests under way at the same time. */
export const CONNECTIONS = 64;
/** The times that ids of random times are spread over. */
const SPREAD_DAYS = 30;
/** The parts of the largest number of rows at which the cost is measured. */
const PARTS = [0, 0.25, 1];
/** Events that the first rows of a database are copied from. */
const SEED_S = 1;
const CLOCK_TICKS = 100;

const LOAD = at("target", "release", "examples", "load");

/** Runs a command of the load generator, and returns its result. */
export async function load(name, options) {
  const args = Object.entries(options).flatMap(([option, value]) => [`--${option}`, String(value)]);
  const { out } = await command(LOAD, [name, ...args]);
  return JSON.parse(out);
}

const send = (url, batch, seconds, spreadDays = 0) =>
  load("send", { address: new URL(url).host, batch, seconds, connections: CONNECTIONS, "spread-days": spreadDays });

/** A process's processor time so far in seconds, and its largest memory in MB. Linux only; elsewhere undefined. */
function used(pid) {
  const file = `/proc/${pid}/stat`;
  if (!existsSync(file)) return {};
  // The name of the program, in parentheses, may have spaces.
  const [, rest] = readFileSync(file, "utf8").split(/\) /);
  const fields = rest.split(" ");
  const [, peak] = readFileSync(`/proc/${pid}/status`, "utf8").match(/VmHWM:\s+(\d+) kB/) ?? [];
  return { cpuS: (Number(fields[11]) + Number(fields[12])) / CLOCK_TICKS, peakMb: Number(peak) / 1000 };
}

/** Runs `use` with a collector on this database. */
async function withCollector(database, use) {
  const listen = ["--listen", "127.0.0.1:0", "--admin-listen", "127.0.0.1:0"];
  const collector = await startCollector(["--database", database, ...listen]);
  try {
    return await use(collector);
  } finally {
    await collector.stop();
  }
}

/** Runs `use` with the address of a route that does nothing. */
async function withNothing(use) {
  const child = spawn(LOAD, ["nothing"], { stdio: ["pipe", "pipe", "inherit"] });
  const forget = atEnd(() => child.kill("SIGKILL"));
  const ended = new Promise((resolve) => child.once("exit", resolve));
  try {
    const line = await new Promise((resolve, reject) => {
      createInterface({ input: child.stdout }).once("line", resolve);
      child.once("exit", () => reject(new Error("the empty route did not start")));
    });
    return await use(`http://${JSON.parse(line).address}`);
  } finally {
    child.stdin.end();
    await ended;
    forget();
  }
}

/** Sends to a collector, and returns its rate, latencies, memory and processor time for an event. */
export async function sendTo({ url, pid }, batch, seconds, spreadDays) {
  const before = used(pid);
  const sent = await send(url, batch, seconds, spreadDays);
  const after = used(pid);
  const cpuUs = after.cpuS === undefined ? undefined : (1e6 * (after.cpuS - before.cpuS)) / sent.events;
  return { ...sent, rate: sent.events / sent.seconds, cpuUs, peakMb: after.peakMb };
}

/** The number of requests that the collector has stored in one transaction, on average. */
async function requestsOfTransaction(collector) {
  const sum = await figure(collector, "recobeacon_commit_requests_sum");
  return sum / (await figure(collector, "recobeacon_commit_requests_count"));
}

const collectorOn = (database, batch, seconds, spreadDays) =>
  withCollector(database, (collector) => sendTo(collector, batch, seconds, spreadDays));

/** The rate at which SQLite alone inserts the rows after `after` of one database into another, in transactions of so many events. */
export async function sqliteAlone({ from, into, after = 0, group }) {
  const { events, seconds } = await load("insert", { from, into, after, group });
  return events / seconds;
}

/** A database of the collector without events. */
export async function emptyDatabase(file) {
  await withCollector(file, async () => {});
  return file;
}

/** One round of all sizes of batch on empty databases. */
export async function measureRates({ round, seconds, say }) {
  const results = [];
  for (const batch of rotated(BATCHES, round)) {
    const { path, remove } = temporaryDirectory(at("target"));
    say(`batches of ${batch}`);
    const stored = join(path, "collector.sqlite");
    const collector = await withCollector(stored, async (started) => {
      const sent = await sendTo(started, batch, seconds);
      return { ...sent, requests: await requestsOfTransaction(started) };
    });
    // The disk still writes what was stored before, so neither is always the first.
    const transactions = { same: collector.requests, largest: CONNECTIONS };
    const sqlite = {};
    for (const name of rotated(Object.keys(transactions), round)) {
      const into = await emptyDatabase(join(path, `${name}.sqlite`));
      sqlite[name] = await sqliteAlone({ from: stored, into, group: Math.round(batch * transactions[name]) });
    }
    const nothing = await withNothing((url) => send(url, batch, seconds));
    results.push({ batch, collector, sqlite, nothing: { ...nothing, rate: nothing.events / nothing.seconds } });
    remove();
  }
  return results;
}

/**
 * The cost of an event in databases that grow, with ids of rising and of random times. `databases` is a folder that keeps the filled databases for
 * further runs.
 */
export async function measureGrowth({ rows, rounds, seconds, say, databases }) {
  const results = [];
  for (const spreadDays of [0, SPREAD_DAYS]) {
    const ids = spreadDays ? "random" : "rising";
    const { path, remove } = temporaryDirectory(at("target"));
    const folder = databases ?? path;
    mkdirSync(folder, { recursive: true });
    let base = join(folder, `${ids}.sqlite`);
    if (!existsSync(base)) await collectorOn(base, USUAL_BATCH, SEED_S, spreadDays);
    for (const part of PARTS) {
      const stored = Math.round(rows * part);
      say(`${stored.toLocaleString("en-US")} events, ids of ${ids} times`);
      base = await filled(base, join(folder, `${ids}-${stored}.sqlite`), stored, spreadDays);
      for (let round = 0; round < rounds; round++)
        results.push({ stored, isRandom: spreadDays > 0, ...(await growthOf(base, path, seconds, spreadDays)) });
    }
    remove();
  }
  return results;
}

/** Makes the database `file` with so many events from a smaller one, unless it exists. */
async function filled(smaller, file, rows, spreadDays) {
  if (existsSync(file)) return file;
  const unfinished = `${file}.unfinished`;
  copyFileSync(smaller, unfinished);
  copyFileSync(`${smaller}.key`, `${file}.key`);
  await load("fill", { database: unfinished, rows, "spread-days": spreadDays });
  renameSync(unfinished, file);
  return file;
}

/** A copy that is on the disk: the system would write it during the measurement otherwise. */
function copyToDisk(from, to) {
  copyFileSync(from, to);
  const file = openSync(to, "r+");
  fsyncSync(file);
  closeSync(file);
}

/** One measurement on copies of a database: the collector's, and SQLite's with the same new rows. */
async function growthOf(base, folder, seconds, spreadDays) {
  const [stored, alone] = ["collector", "alone"].map((name) => join(folder, `${name}.sqlite`));
  for (const copy of [stored, alone]) copyToDisk(base, copy);
  copyFileSync(`${base}.key`, `${stored}.key`);
  const { last: before } = await load("fill", { database: stored, rows: 0 });
  const collector = await collectorOn(stored, USUAL_BATCH, seconds, spreadDays);
  const sqlite = await sqliteAlone({ from: stored, into: alone, after: before, group: USUAL_BATCH * CONNECTIONS });
  for (const copy of [stored, alone]) rmSync(copy);
  return { collector, sqlite };
}
