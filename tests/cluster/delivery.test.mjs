// Collectors publish to the stream, and the writer stores what the stream has.

import assert from "node:assert/strict";
import { once } from "node:events";
import { createServer } from "node:http";
import { test } from "node:test";
import { DATABASES, event, figure, newStream, post, prepare, run, status, stored, until } from "./shared.mjs";

const id = (row) => row.id;

for (const [name, database] of Object.entries(DATABASES)) {
  test(`${name}: events that two collectors take are stored once, with the facts of their batch`, async (t) => {
    const cluster = await run(t, { ...database, collectors: 2 });
    const [one, other] = cluster.collectors;
    const stream = newStream();
    const events = [event({ anonymous: "visitor" }), event({ type: "basket", itemId: "2", price: "9.90EUR" })];
    for (const collector of [one, other, one]) assert.equal(await post(collector, stream, 0, events), 204);
    assert.equal(await post(other, stream, 1, [event({ itemId: "3" })]), 204);
    const rows = await stored(cluster);
    assert.deepEqual(
      rows.map(({ stream, seq, place, type, itemId, source, client }) => [
        stream,
        seq,
        place,
        type,
        itemId,
        source,
        client,
      ]),
      [
        [stream, 0, 0, "click", "1", "batch", "recobeacon/0.1.0"],
        [stream, 0, 1, "basket", "2", "batch", "recobeacon/0.1.0"],
        [stream, 1, 0, "click", "3", "batch", "recobeacon/0.1.0"],
      ],
    );
    const batches = await stored(cluster, "/v1/batches", "batches");
    assert.deepEqual(
      batches.map(({ seq, events, copies }) => [seq, events, copies]),
      [
        [0, 2, 2],
        [1, 1, 0],
      ],
    );
    assert.equal(await figure(one, 'recobeacon_publish_requests_total{interface="batch"}'), 2);
  });

  test(`${name}: one page's batches are stored in the order in which they were answered`, async (t) => {
    const cluster = await run(t, database);
    const stream = newStream();
    const ids = [];
    for (let seq = 0; seq < 300; seq++) {
      const one = event({ itemId: String(seq) });
      ids.push(one.id);
      assert.equal(await post(cluster.collectors[0], stream, seq, [one]), 204);
    }
    assert.deepEqual((await stored(cluster)).map(id), ids);
  });

  test(`${name}: a vendor's interface and the shop's orders go through the stream, and an order counts once`, async (t) => {
    const cluster = await run(t, { ...database, collectors: 2 });
    const [one, other] = cluster.collectors;
    const ibexa = await fetch(`${one.url}/api/00000/click/visitor/1/42`);
    assert.ok(ibexa.ok, String(ibexa.status));
    const buy = () => event({ type: "buy", itemId: "7", orderId: "order-1", price: "5.00EUR", quantity: 1 });
    assert.equal(await post(one, newStream(), 0, [buy()]), 204);
    assert.equal(await post(other, newStream(), 0, [buy()]), 204);
    const orders = [{ orderId: "order-1", items: [{ itemId: "7", price: "5.00EUR", quantity: 1 }] }];
    const reported = await fetch(`${other.adminUrl}/v1/orders`, {
      method: "POST",
      headers: { "content-type": "application/json" },
      body: JSON.stringify({ orders }),
    });
    assert.ok(reported.ok, await reported.text());
    const rows = await stored(cluster);
    assert.deepEqual(rows.map(({ type, source }) => [type, source]).sort(), [
      ["buy", "batch"],
      ["click", "ibexa"],
    ]);
    const [order] = await stored(cluster, "/v1/orders", "orders");
    assert.equal(order.reported, "both");
  });

  test(`${name}: the writer forwards the original ids, which stand nowhere in the stream`, async (t) => {
    const requests = [];
    const vendor = createServer((request, response) => {
      requests.push(request.url);
      response.writeHead(204).end();
    }).listen(0, "127.0.0.1");
    await once(vendor, "listening");
    t.after(() => vendor.close());
    const tables = `[[forward]]\nname = "vendor"\nprotocol = "ibexa"\ncustomer_id = "00000"\nendpoint = "http://127.0.0.1:${vendor.address().port}"\n`;
    const cluster = await prepare(t, { ...database, tables });
    const { servers, postgres, collectors, writer, ready } = cluster;
    await postgres?.start();
    await servers[0].start();
    await collectors[0].start();
    await ready();
    assert.equal(await post(collectors[0], newStream(), 0, [event({ anonymous: "original-id-of-a-visitor" })]), 204);
    // The message waits in the stream, because no writer runs.
    await servers[0].stop();
    const { execFileSync } = await import("node:child_process");
    const found = execFileSync("grep", ["-rlaF", "recobeacon.click", servers[0].data], { encoding: "utf8" });
    assert.notEqual(found, "", "the message is in the server's files");
    assert.throws(() => execFileSync("grep", ["-rlaF", "original-id-of-a-visitor", servers[0].data]));
    await servers[0].start();
    await writer.start();
    await until(() => requests.length > 0, "a forwarded event");
    assert.match(requests[0], /\/api\/00000\/click\/original-id-of-a-visitor\/1\/1/);
  });
}

test("a collector has no database: it says where stored events are read", async (t) => {
  const { collectors, writer } = await run(t);
  for (const path of ["/v1/events", "/v1/batches", "/v1/orders", "/v1/variants", "/v1/events/stream"]) {
    const answer = await fetch(collectors[0].adminUrl + path);
    assert.equal(answer.status, 404, path);
    assert.match(await answer.text(), /writer/);
    assert.notEqual(await status(writer.adminUrl + path.replace("/stream", "")), 404, path);
  }
  assert.equal(await status(`${writer.adminUrl}/readyz`), 200);
});
