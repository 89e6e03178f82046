// Under load, each part of a cluster of three NATS servers is killed in turn. Everything that was answered is stored, and
// nothing twice.

import assert from "node:assert/strict";
import { test } from "node:test";
import { event, newStream, post, run, stored, until } from "../shared.mjs";

const ROUNDS = 10;
const CLIENTS = 8;

/** Visitors that send until `end()`, to both collectors, and send again what was not answered, as the tracker does. */
function visitors(collectors) {
  const answered = new Set();
  let ending = false;
  const visit = async (number) => {
    const stream = newStream();
    for (let seq = 0; !ending; seq++) {
      const events = [event({ anonymous: `visitor-${number}` }), event({ anonymous: `visitor-${number}` })];
      for (let tries = number; !ending; tries++) {
        if ((await post(collectors[tries % collectors.length], stream, seq, events)) !== 204) continue;
        for (const { id } of events) answered.add(id);
        break;
      }
    }
  };
  const all = Array.from({ length: CLIENTS }, (_, number) => visit(number));
  return {
    answered,
    end: async () => {
      ending = true;
      await Promise.all(all);
    },
  };
}

async function killAll(t, options) {
  const cluster = await run(t, { nats: 3, collectors: 2, ...options });
  const parts = [...cluster.servers, ...cluster.collectors, ...cluster.writers, cluster.postgres].filter(Boolean);
  const load = visitors(cluster.collectors);
  t.after(load.end);
  for (let round = 0; round < ROUNDS; round++) {
    for (const part of parts) {
      await part.kill();
      const before = load.answered.size;
      // With this part missing, events are still taken.
      await until(() => load.answered.size > before + 20, "answers while one part is missing");
      await part.start();
      const after = load.answered.size;
      await until(() => load.answered.size > after + 20, "answers after the part came back");
    }
  }
  await load.end();
  const rows = await stored(cluster);
  const ids = rows.map(({ id }) => id);
  assert.equal(new Set(ids).size, ids.length, "no event is stored twice");
  const kept = new Set(ids);
  const missing = [...load.answered].filter((id) => !kept.has(id));
  assert.deepEqual(missing, [], `of ${load.answered.size} answered events these are missing`);
  t.diagnostic(`${load.answered.size} events answered, ${ids.length} stored`);
}

test(`${ROUNDS} rounds of SIGKILL: each server, both collectors and the writer`, { timeout: 900_000 }, (t) =>
  killAll(t),
);

test(`${ROUNDS} rounds: the same with two writers and PostgreSQL`, { timeout: 900_000 }, (t) =>
  killAll(t, { writers: 2, postgres: true }),
);
