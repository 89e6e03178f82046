// npm run bench:collector -- --cluster: a collector of a cluster beside a bare publisher to the same NATS servers, and the writer beside its database
// alone: inserts of SQLite, or COPY of PostgreSQL. They are measured one after the other, so that other load on the machine affects all of them.

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

/** The number of NATS servers, each of which has each message, and the writer's database. */
const SETUPS = [
  { nats: 1, postgres: false },
  { nats: 3, postgres: false },
  { nats: 3, postgres: true },
];
const nameOf = ({ postgres }) => (postgres ? "PostgreSQL" : "SQLite");

/** One round of all sizes of batch with each setup. */
export async function measureStreams({ round, seconds, say }) {
  const results = [];
  for (const setup of rotated(SETUPS, round))
    for (const batch of rotated(BATCHES, round)) {
      say(`NATS servers: ${setup.nats}, ${nameOf(setup)}, batches of ${batch}`);
      results.push({ ...setup, batch, ...(await measureStream({ ...setup, batch, seconds })) });
    }
  return results;
}

/** The rate at which the database alone stores the writer's rows. The writer has ended. */
async function databaseAlone(cluster, folder, batch) {
  if (cluster.postgres) {
    const { events, seconds } = await load("copy", { database: cluster.database, group: batch * CONNECTIONS });
    return events / seconds;
  }
  const other = join(folder, "alone");
  mkdirSync(other);
  const into = await emptyDatabase(join(other, "events.sqlite"));
  return sqliteAlone({ from: cluster.database, into, group: batch * CONNECTIONS });
}

async function measureStream({ nats, postgres, batch, seconds }) {
  const { path: folder, remove } = temporaryDirectory(at("target"));
  const cluster = await prepareCluster({ folder, nats, postgres });
  const [collector] = cluster.collectors;
  try {
    await Promise.all(cluster.below.map((server) => server.start()));
    await collector.start();
    await cluster.ready();
    const sent = await sendTo(collector, batch, seconds);
    const addresses = cluster.servers.map(({ url }) => url).join(",");
    const publisher = await load("publish", { nats: addresses, connections: CONNECTIONS, seconds });
    const [drained] = await Promise.all([load("drain", { nats: addresses }), cluster.writer.start()]);
    for (const part of [cluster.writer, collector, ...cluster.servers]) await part.stop();
    return {
      ...sent,
      bytes: publisher.bytes / batch,
      bare: (publisher.messages * batch) / publisher.seconds,
      written: (drained.messages * batch) / drained.seconds,
      alone: await databaseAlone(cluster, folder, batch),
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
  "database",
  "written events/s",
  "of the database alone",
];

/** The medians in the form of bench/report.mjs. */
export function table(results) {
  const rows = SETUPS.flatMap(({ nats, postgres }) =>
    BATCHES.map((batch) => {
      const own = results.filter((one) => one.nats === nats && one.postgres === postgres && one.batch === batch);
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
        nameOf({ postgres }),
        middle(({ written }) => written),
        share(({ written, alone }) => written / alone),
      ];
    }),
  );
  return { title: "A cluster", rows: [HEADINGS, ...rows] };
}

/** Writes the results into docs/cluster.md. */
export function publishStreams({ machine, commit, measuredAt, rounds, seconds }, results) {
  const text = [
    `\`npm run bench:collector -- --cluster --rounds ${rounds} --seconds ${seconds} --publish\` writes these results.`,
    `${machine}, commit ${commit}, ${measuredAt.slice(0, 10)}, medians of ${rounds} rounds of ${seconds} seconds. All processes share this machine, also the load generator, which keeps ${CONNECTIONS} requests under way. *A bare publisher* sends copies of the collector's messages to the same servers, without HTTP and JSON, and keeps as many under way. The writer begins when the collector has ended. *The database alone* gets the same rows in transactions of ${CONNECTIONS} batches, without looking for copies: SQLite by inserts, PostgreSQL by COPY into a table with the same indexes.`,
    markdown(table(results)),
  ].join("\n\n");
  replaceBetween(at("docs", "cluster.md"), "the cluster's bench", text);
}
