// Under load, each part of a cluster of three NATS servers is killed in turn. Everything that was answered is stored, and
// nothing twice.

import assert from "node:assert/strict";
import { test } from "node:test";
import { setTimeout as delay } from "node:timers/promises";
import { event, newStream, post, run, stored, until } from "../shared.mjs";

const ROUNDS = 10;
const CLIENTS = 8;
/** Between two batches of a visitor. All parts share the machine, and a server that returns must be faster than the load. */
const PAUSE_MS = 10;

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
        await delay(PAUSE_MS);
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

/** The parts of a cluster by name. */
function partsOf({ servers, collectors, writers, postgres }) {
  const groups = {
    "NATS server": servers,
    collector: collectors,
    writer: writers,
    PostgreSQL: postgres ? [postgres] : [],
  };
  return Object.entries(groups).flatMap(([name, parts]) => parts.map((part, place) => [`${name} ${place + 1}`, part]));
}

/** Waits until a NATS server has all messages of its streams. */
async function healthy({ health }, name) {
  let answer;
  const ask = async () => {
    answer = await fetch(health).then(async (response) => `${response.status} ${await response.text()}`, String);
    return answer.startsWith("200");
  };
  await until(ask, () => `${name} has all messages: ${answer}`);
}

async function killAll(t, options) {
  const cluster = await run(t, { nats: 3, collectors: 2, ...options });
  const load = visitors(cluster.collectors);
  t.after(load.end);
  const moreAnswers = async (moment) => {
    const before = load.answered.size;
    await until(() => load.answered.size > before + 20, `answers ${moment}`);
  };
  for (let round = 1; round <= ROUNDS; round++) {
    for (const [name, part] of partsOf(cluster)) {
      await part.kill();
      await moreAnswers(`without ${name}, in round ${round}`);
      await part.start();
      await moreAnswers(`after the return of ${name}, in round ${round}`);
      // Three servers bear the loss of one. Until a server has fetched what it missed, the next one must not go.
      if (part.health) await healthy(part, `${name} in round ${round}`);
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
