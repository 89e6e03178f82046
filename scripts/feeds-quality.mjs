// npm run feeds:quality -- FILE.csv: how well the feed "also viewed" predicts the next item of recorded sessions. The
// collector learns from the first four fifths of the sessions; the last fifth is judged, beside item-KNN on the same
// split.

import { readFileSync } from "node:fs";
import { parseArgs } from "node:util";
import { learnt } from "./feeds/collector.mjs";
import { LENGTH, quality } from "./feeds/quality.mjs";
import { collectorStep, startTemporary } from "./lib/collector.mjs";
import { exitOnSignals } from "./lib/ending.mjs";
import { steps } from "./lib/progress.mjs";
import { main, Problem } from "./lib/project.mjs";
import { parseSessions } from "./replay/sessions.mjs";

const percent = (part) => `${(part * 100).toFixed(2)} %`;

exitOnSignals();

await main(async () => {
  const { positionals } = parseArgs({ allowPositionals: true });
  if (positionals.length !== 1) throw new Problem("Which file? npm run feeds:quality -- FILE.csv");
  const sessions = parseSessions(readFileSync(positionals[0], "utf8"), positionals[0]);
  await steps([collectorStep()]);
  const collector = await startTemporary({ config: "[feeds]", dist: "" });
  try {
    const result = await quality(collector, sessions, (rows) => learnt(collector, rows));
    const { sessions: parts, steps: count, known, methods } = result;
    console.log(`${parts.learnt} sessions were learnt, ${parts.judged} judged with ${count} next items.`);
    console.log(`${known} of them (${percent(known / count)}) occur in the sessions that were learnt.\n`);
    console.log(`| method | recall at ${LENGTH} | MRR at ${LENGTH} |\n|---|---|---|`);
    for (const [name, { recall, mrr }] of Object.entries(methods))
      console.log(`| ${name} | ${percent(recall)} | ${mrr.toFixed(4)} |`);
  } finally {
    await collector.stop();
  }
});
