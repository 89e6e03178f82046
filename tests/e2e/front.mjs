// A separate address for each scenario, in front of a collector that several scenarios use. It passes everything
// through. It stops only after all its requests are answered, so that nothing of the scenario is stored later.

import { createServer, request } from "node:http";

/** Headers for a single connection: https://www.rfc-editor.org/rfc/rfc9110#section-7.6.1 */
const HOP = new Set(["connection", "keep-alive"]);

/** Node's `rawHeaders` without the headers for a single connection. */
const endToEnd = (raw) => raw.filter((_, at) => !HOP.has(raw[at - (at % 2)].toLowerCase()));

/** Passes a request on to the server at `to`, and its response back. Resolves when the server has finished it. */
export function passOn(to, incoming, answer) {
  return new Promise((done) => {
    const { hostname, port } = new URL(to);
    const { connection, ...headers } = incoming.headers;
    // A new connection for each request, because the server may close a used one at that moment.
    const options = { hostname, port, method: incoming.method, path: incoming.url, headers, agent: false };
    const onward = request(options, (response) => {
      answer.writeHead(response.statusCode, endToEnd(response.rawHeaders));
      response.pipe(answer);
    });
    onward.once("close", done);
    onward.once("error", () => answer.destroy());
    answer.on("error", () => {});
    incoming.once("close", () => incoming.complete || onward.destroy());
    // A request that was received completely is executed. A response that the client no longer reads, such as an event
    // stream, is not awaited.
    answer.once("close", () => incoming.method === "GET" && onward.destroy());
    incoming.pipe(onward);
  });
}

/** Listens on its own port for the server at `to`. */
export async function startFront(to) {
  const underWay = new Set();
  const server = createServer((incoming, answer) => {
    const passed = passOn(to, incoming, answer).then(() => underWay.delete(passed));
    underWay.add(passed);
  });
  await new Promise((listening) => server.listen(0, "127.0.0.1", listening));
  const stop = async () => {
    server.close();
    server.closeAllConnections();
    await Promise.all(underWay);
  };
  return { url: `http://127.0.0.1:${server.address().port}`, stop };
}
