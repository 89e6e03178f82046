// A gate before the collector: the pages' own origin, which does to requests for the endpoint what networks do.

import { createServer } from "node:http";
import { setTimeout as pause } from "node:timers/promises";

const ENDPOINT = "/v1/events";

/** What may happen to a request. `pass` hands it to the collector and brings the answer; */
export const pass = ({ pass }) => pass();
/** the connection ends at once; */
export const down = ({ cut }) => cut();
/** the collector has it, but its answer never comes; */
export const swallow = async ({ forward, cut }) => {
  await forward();
  cut();
};
/** the collector has it at once, and answers so much later; */
export const late =
  (ms) =>
  async ({ forward, answer }) => {
    const response = await forward();
    await pause(ms);
    answer(response);
  };
/** it is answered, by somebody else. */
export const status =
  (code, headers = {}) =>
  ({ answer }) =>
    answer({ status: code, headers, body: "" });

/**
 * Stands before a collector at `to`. `fault` is one of the above; `log` has the requests for the endpoint: `{ url, body, mode, cookie }`,
 * `mode` as the browser says it in `Sec-Fetch-Mode`. `heads` are headers that every answer gets.
 */
export async function startGate(to) {
  const state = { fault: pass, log: [], heads: {} };
  const server = createServer(async (request, response) => {
    const parts = [];
    for await (const part of request) parts.push(part);
    const body = Buffer.concat(parts);
    const forward = async () => {
      const { connection, "content-length": length, ...headers } = request.headers;
      // What is compressed would be unpacked here.
      headers["accept-encoding"] = "identity";
      const answer = await fetch(new URL(request.url, to), {
        method: request.method,
        headers,
        body: body.length ? body : undefined,
        redirect: "manual",
      });
      const heads = Object.fromEntries(answer.headers);
      if (answer.headers.has("set-cookie")) heads["set-cookie"] = answer.headers.getSetCookie();
      return { status: answer.status, headers: heads, body: Buffer.from(await answer.arrayBuffer()) };
    };
    // A connection for each request: on one that was used before Chromium itself repeats a request, a POST too, whose answer is cut off.
    const answer = ({ status, headers, body }) =>
      response.destroyed || response.writeHead(status, { ...headers, ...state.heads, connection: "close" }).end(body);
    const cut = () => request.socket.destroy();
    const through = async () => answer(await forward());
    try {
      const asksEndpoint = request.method === "POST" && request.url.startsWith(ENDPOINT);
      if (asksEndpoint)
        state.log.push({
          url: request.url,
          body: body.toString(),
          mode: request.headers["sec-fetch-mode"],
          cookie: request.headers.cookie ?? "",
        });
      await (asksEndpoint ? state.fault : pass)({ forward, answer, cut, pass: through });
    } catch {
      cut();
    }
  });
  await new Promise((listening) => server.listen(0, "127.0.0.1", listening));
  const { port } = server.address();
  const stop = () =>
    new Promise((stopped) => {
      server.close(stopped);
      server.closeAllConnections();
    });
  return Object.assign(state, { url: `http://127.0.0.1:${port}`, port, stop });
}
