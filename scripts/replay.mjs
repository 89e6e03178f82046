// npm run replay -- FILE.csv: plays recorded shopping sessions through the real tracker in a real browser, into a
// collector with an empty database, and reports whether every event was stored once and in order, and whether the
// collector's report has the right figures.

import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { parseArgs } from "node:util";
import { buildStepsIfStale, DIST } from "./build.mjs";
import { browserSteps, launch } from "./lib/browser.mjs";
import { collectorStep, readAll, startTemporary } from "./lib/collector.mjs";
import { temporaryDirectory } from "./lib/ending.mjs";
import { seconds, steps } from "./lib/progress.mjs";
import { at, main, Problem } from "./lib/project.mjs";
import { setUp } from "./lib/toolchain.mjs";
import { follow } from "./replay/feed.mjs";
import { wrongFigures } from "./replay/figures.mjs";
import { report, table } from "./replay/report.mjs";
import { parseSessions } from "./replay/sessions.mjs";
import { visitAll } from "./replay/visitors.mjs";

const BAR = 30;
const FAULTS_SHOWN = 10;

function readSessions() {
  const { positionals } = parseArgs({ allowPositionals: true });
  if (positionals.length !== 1) throw new Problem("Which file? npm run replay -- FILE.csv");
  let text;
  try {
    text = readFileSync(positionals[0], "utf8");
  } catch (error) {
    throw new Problem(`${positionals[0]} cannot be read: ${error.message}`);
  }
  return parseSessions(text, positionals[0]);
}

/** A site of one page like a shop's: inline stub, and the script. */
function writeSite() {
  const { path: site, remove } = temporaryDirectory();
  const snippet = readFileSync(join(DIST, "snippet.js"), "utf8").trim();
  const page = readFileSync(at("scripts", "replay", "page.html"), "utf8").replace("/* snippet */", () => snippet);
  writeFileSync(join(site, "index.html"), page);
  return { site, remove };
}

function progressBar(total) {
  const live = process.stdout.isTTY;
  let done = 0;
  let shownTenth = 0;
  return (stored) => {
    done += 1;
    const part = done / total;
    const filled = Math.round(part * BAR);
    const line = `[${"#".repeat(filled)}${" ".repeat(BAR - filled)}] ${Math.floor(part * 100)} %  ${done} of ${total} sessions, ${stored} events stored`;
    if (live) process.stdout.write(`\r\x1b[2K${line}${done === total ? "\n" : ""}`);
    else if (Math.floor(part * 10) > shownTenth) {
      shownTenth = Math.floor(part * 10);
      console.log(line);
    }
  };
}

await main(async () => {
  const sessions = readSessions();
  await steps([...setUp(), ...buildStepsIfStale(), ...browserSteps({ driver: false }), collectorStep()]);

  const { site, remove } = writeSite();
  const ends = [remove];
  try {
    const collector = await startTemporary({ site });
    ends.push(collector.stop);
    const stored = await follow(collector);
    ends.push(stored.close);
    const browser = await launch();
    ends.push(() => browser.close());

    const started = performance.now();
    const advance = progressBar(sessions.length);
    const visitors = await visitAll(browser, {
      url: collector.url,
      secret: collector.secret,
      sessions,
      stored,
      done: () => advance(stored.total),
    });
    const elapsed = seconds(started);

    const rows = await readAll(collector, "/v1/events", "events");
    const batches = await readAll(collector, "/v1/batches", "batches");
    const orders = await readAll(collector, "/v1/orders", "orders");
    const result = report({ sessions, visitors, rows, batches });
    console.log(`\n${table(result, elapsed)}`);
    for (const fault of result.faulty.slice(0, FAULTS_SHOWN)) {
      console.log(
        `  session ${fault.session}: ${fault.missing} missing, ${fault.duplicated} duplicated, ${fault.outOfOrder} out of order`,
      );
    }
    const wrong = await wrongFigures(collector, { rows, batches, orders });
    if (wrong.length)
      throw new Problem(`The collector's report has other figures than its events: ${wrong.join(", ")}.`);
    console.log("  The collector's report has the figures of a second computation.");
    if (!result.good) throw new Problem("Not every event was stored exactly once and in order.");
  } finally {
    for (const end of ends.reverse()) await end();
  }
});
