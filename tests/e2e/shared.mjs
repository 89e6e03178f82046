// The collectors that the scenarios of a file share, one for each configuration. A separate collector for each scenario
// would compress the tracker's files again, which took most of the time.
//
// One scenario uses them at a time. It begins with an empty table: it does not see earlier rows, and it has its own
// address (front.mjs), after whose end nothing of it is stored. Only orders are remembered: each scenario of a file needs
// order ids of its own.

import { cpSync, existsSync, mkdirSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { after } from "node:test";
import { startTemporary } from "../../scripts/lib/collector.mjs";
import { temporaryDirectory } from "../../scripts/lib/ending.mjs";
import { startFront } from "./front.mjs";
import { lastRows, witness } from "./witness.mjs";

/** By configuration and dist folder: `{ collector, site, rows }`. */
const shared = new Map();

after(() => Promise.all([...shared.values()].map(({ collector }) => collector.stop())));

async function start(config, dist) {
  const { path: site, remove } = temporaryDirectory();
  const collector = await startTemporary({ site, dist, config });
  const stop = async () => {
    await collector.stop();
    remove();
  };
  return { collector: { ...collector, stop }, site, rows: undefined };
}

/** The files in a folder and in the folders in it, by their paths. */
const filesIn = (folder) =>
  readdirSync(folder, { recursive: true, encoding: "utf8" }).filter((name) => statSync(join(folder, name)).isFile());

/**
 * Replaces the previous site: a folder, or an object of files (path -> text). The collector compresses a file again if its modification time has
 * changed, which takes seconds for a large one.
 */
function place(site, folder) {
  if (typeof site === "string") {
    for (const name of readdirSync(folder)) rmSync(join(folder, name), { recursive: true });
    return cpSync(site, folder, { recursive: true, preserveTimestamps: true });
  }
  const isUnchanged = (name) => site[name] === readFileSync(join(folder, name), "utf8");
  for (const name of filesIn(folder)) if (!isUnchanged(name)) rmSync(join(folder, name));
  for (const [name, text] of Object.entries(site)) {
    if (existsSync(join(folder, name))) continue;
    mkdirSync(dirname(join(folder, name)), { recursive: true });
    writeFileSync(join(folder, name), text);
  }
}

/** A collector that appears new, with this site at its `url`. `stop()` returns it for the next scenario. */
export async function borrow({ site, dist, config = "" }) {
  const key = JSON.stringify([config, dist]);
  if (!shared.has(key)) shared.set(key, await start(config, dist));
  const one = shared.get(key);
  place(site, one.site);
  one.rows = await lastRows(one.collector, one.rows);
  const { url, stop } = await startFront(one.collector.url);
  return { ...witness(one.collector, one.rows), url, stop };
}
