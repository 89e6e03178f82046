// A visitor who is erased while events wait in the stream leaves nothing.

import assert from "node:assert/strict";
import { test } from "node:test";
import { command } from "../../scripts/lib/progress.mjs";
import { collectorBinary } from "../../scripts/lib/project.mjs";
import { DATABASES, event, newStream, post, run, stored, until } from "./shared.mjs";

const VISITOR = "visitor-1";

for (const [name, database] of Object.entries(DATABASES))
  test(`${name}: events that wait in the stream while their visitor is erased are not kept`, async (t) => {
    const cluster = await run(t, database);
    const [collector] = cluster.collectors;
    const stream = newStream();
    let seq = 0;
    const send = async (anonymous, fields = {}) => {
      const one = event({ anonymous, ...fields });
      assert.equal(await post(collector, stream, seq++, [one]), 204);
      return one.id;
    };
    await send(VISITOR);
    assert.equal((await stored(cluster)).length, 1);

    for (const writer of cluster.writers) await writer.stop();
    await send(VISITOR);
    const bought = await send(VISITOR, { type: "buy", orderId: "order-1", price: "5.00EUR", quantity: 1 });
    const others = await send("visitor-2");
    await command(collectorBinary(), ["--config", cluster.writerFile, "erase-visitor"], { input: VISITOR });
    const later = await send(VISITOR);
    for (const writer of cluster.writers) await writer.start();

    const rows = await until(async () => {
      const all = await stored(cluster);
      return all.length === 3 && all;
    }, "the rows that stay");
    assert.deepEqual(
      rows.map(({ id }) => id),
      [bought, others, later],
    );
    const [purchase] = rows;
    assert.deepEqual(
      [purchase.anonymous, purchase.stream],
      [undefined, undefined],
      "the order stays without the person",
    );
  });
