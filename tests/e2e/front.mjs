// A scenario's own address at a collector that others use as well. It passes everything through, and when it stops, each request that it
// passed on is answered: nothing of the scenario can be stored afterwards.

import { createServer, request } from "node:http";

/** What is between two neighbours only: https://www.rfc-editor.org/rfc/rfc9110#section-7.6.1 */
const HOP = new Set(["connection", "keep-alive"]);

/** `rawHeaders` of Node without what is between two neighbours only. */
const endToEnd = (raw) => raw.filter((_, at) => !HOP.has(raw[at - (at % 2)].toLowerCase()));

/** Passes a request on to the server at `to`, and its answer back. Resolves when that server is done with it. */
export function passOn(to, incoming, answer) {
  return new Promise((done) => {
    const { hostname, port } = new URL(to);
    const { connection, ...headers } = incoming.headers;
    // A connection for each request: one that was used before may be closed by the server at that moment.
    const options = { hostname, port, method: incoming.method, path: incoming.url, headers, agent: false };
    const onward = request(options, (response) => {
      answer.writeHead(response.statusCode, endToEnd(response.rawHeaders));
      response.pipe(answer);
    });
    onward.once("close", done);
    onward.once("error", () => answer.destroy());
    answer.on("error", () => {});
    incoming.once("close", () => incoming.complete || onward.destroy());
    // A request that was received whole is carried out; an answer that nobody reads any more, as that of an event stream, is not awaited.
    answer.once("close", () => incoming.method === "GET" && onward.destroy());
    incoming.pipe(onward);
  });
}

/** Listens on a port of its own for the server at `to`. */
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
