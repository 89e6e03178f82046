// npm run bench:collector -- --cluster: a collector of a cluster beside a bare publisher to the same NATS servers, and the writer beside SQLite alone.
// They are measured one after the other, so that other load on the machine affects all of them.

import { mkdirSync } from "node:fs";
import { join } from "node:path";
import { markdown } from "../bench/report.mjs";
import { rotated } from "../bench/statistics.mjs";
import { prepareCluster } from "../lib/cluster.mjs";
import { temporaryDirectory } from "../lib/ending.mjs";
import { replaceBetween } from "../lib/markers.mjs";
import { at } from "../lib/project.mjs";
import { cell, ratio } from "./report.mjs";
import { BATCHES, CONNECTIONS, emptyDatabase, load, sendTo, sqliteAlone } from "./run.mjs";

/** The numbers of NATS servers. Each of them has each message. */
const SERVERS = [1, 3];

/** One round of all sizes of batch, with one and with three servers. */
export async function measureStreams({ round, seconds, say }) {
  const results = [];
  for (const nats of SERVERS)
    for (const batch of rotated(BATCHES, round)) {
      say(`${nats} ${nats === 1 ? "server" : "servers"}, batches of ${batch}`);
      results.push({ nats, batch, ...(await measureStream({ nats, batch, seconds })) });
    }
  return results;
}

async function measureStream({ nats, batch, seconds }) {
  const { path: folder, remove } = temporaryDirectory(at("target"));
  const cluster = await prepareCluster({ folder, nats });
  const [collector] = cluster.collectors;
  try {
    await Promise.all(cluster.servers.map((server) => server.start()));
    await collector.start();
    await cluster.ready();
    const sent = await sendTo(collector, batch, seconds);
    const addresses = cluster.servers.map(({ url }) => url).join(",");
    const alone = await load("publish", { nats: addresses, connections: CONNECTIONS, seconds });
    const [drained] = await Promise.all([load("drain", { nats: addresses }), cluster.writer.start()]);
    await cluster.stop();
    const other = join(folder, "alone");
    mkdirSync(other);
    const into = await emptyDatabase(join(other, "events.sqlite"));
    return {
      ...sent,
      bytes: alone.bytes / batch,
      bare: (alone.messages * batch) / alone.seconds,
      written: (drained.messages * batch) / drained.seconds,
      sqlite: await sqliteAlone(cluster.database, into, 0, batch),
    };
  } finally {
    await cluster.stop();
    remove();
  }
}

const HEADINGS = [
  "NATS servers",
  "batches of",
  "answered events/s",
  "of a bare publisher",
  "p99",
  "processor",
  "bytes an event",
  "written events/s",
  "of SQLite alone",
];

/** The medians in the form of bench/report.mjs. */
export function table(results) {
  const rows = SERVERS.flatMap((nats) =>
    BATCHES.map((batch) => {
      const own = results.filter((one) => one.nats === nats && one.batch === batch);
      const middle = (read, unit = "") => cell(own.map(read), unit);
      const share = (read) => ratio(own.map(read));
      return [
        `${nats}`,
        `${batch}`,
        middle(({ rate }) => rate),
        share(({ rate, bare }) => rate / bare),
        middle(({ p99Ms }) => p99Ms, "ms"),
        middle(({ cpuUs }) => cpuUs, "µs an event"),
        middle(({ bytes }) => bytes),
        middle(({ written }) => written),
        share(({ written, sqlite }) => written / sqlite),
      ];
    }),
  );
  return { title: "A cluster", rows: [HEADINGS, ...rows] };
}

/** Writes the results into docs/cluster.md. */
export function publishStreams({ machine, commit, measuredAt, rounds, seconds }, results) {
  const text = [
    `\`npm run bench:collector -- --cluster --rounds ${rounds} --seconds ${seconds} --publish\` writes these results.`,
    `${machine}, commit ${commit}, ${measuredAt.slice(0, 10)}, medians of ${rounds} rounds of ${seconds} seconds. All processes share this machine, also the load generator, which keeps ${CONNECTIONS} requests under way. *A bare publisher* sends copies of the collector's messages to the same servers, without HTTP and JSON, and keeps as many under way. The writer begins when the collector has ended; *SQLite alone* inserts the same rows in transactions of ${CONNECTIONS} batches.`,
    markdown(table(results)),
  ].join("\n\n");
  replaceBetween(at("docs", "cluster.md"), "the cluster's bench", text);
}
