// A proxy between a client and the collector that records the status of each response.

import { createServer } from "node:http";

/** `url` is the collector's. `take()` returns the status of each request since the last call; `close()` ends it. */
export async function recorder(url) {
  const statuses = [];
  const server = createServer(async (request, response) => {
    const chunks = [];
    for await (const chunk of request) chunks.push(chunk);
    const { host, connection, "content-length": length, ...headers } = request.headers;
    const body = chunks.length > 0 ? Buffer.concat(chunks) : undefined;
    try {
      const given = /** @type {Record<string, string>} */ (headers);
      const answer = await fetch(new URL(request.url, url), { method: request.method, headers: given, body });
      // The browser sends preflights, not the client.
      if (request.method !== "OPTIONS") statuses.push(answer.status);
      const {
        "content-encoding": encoding,
        "transfer-encoding": transfer,
        ...kept
      } = Object.fromEntries(answer.headers);
      response.writeHead(answer.status, kept).end(Buffer.from(await answer.arrayBuffer()));
    } catch (error) {
      statuses.push(0);
      response.writeHead(502).end(String(error));
    }
  });
  await new Promise((listening) => server.listen(0, "127.0.0.1", () => listening(undefined)));
  const { port } = /** @type {import("node:net").AddressInfo} */ (server.address());
  return {
    host: `127.0.0.1:${port}`,
    take: () => statuses.splice(0),
    close: () => new Promise((closed) => server.close(closed).closeAllConnections()),
  };
}
