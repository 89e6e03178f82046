// A proxy before the collector. It is the pages' own origin and simulates network faults for requests to the endpoint.

import { createServer } from "node:http";
import { setTimeout as pause } from "node:timers/promises";

const ENDPOINT = "/v1/events";

/** A fault for a request. `pass` forwards it to the collector and returns the response. */
export const pass = ({ pass }) => pass();
/** The connection closes at once. */
export const down = ({ cut }) => cut();
/** The collector stores it, but its response never arrives. */
export const swallow = async ({ forward, cut }) => {
  await forward();
  cut();
};
/** The collector stores it at once, and the response arrives later. */
export const late =
  (ms) =>
  async ({ forward, answer }) => {
    const response = await forward();
    await pause(ms);
    answer(response);
  };
/** Another server answers. */
export const status =
  (code, headers = {}) =>
  ({ answer }) =>
    answer({ status: code, headers, body: "" });

/**
 * Starts the proxy before a collector at `to`. `fault` is one of the above; `log` has the requests for the endpoint: `{
 * url, body, mode, cookie }`, with the browser's `Sec-Fetch-Mode` as `mode`. `heads` are headers for every response.
 */
export async function startGate(to) {
  const state = { fault: pass, log: [], heads: {} };
  const server = createServer(async (request, response) => {
    const parts = [];
    for await (const part of request) parts.push(part);
    const body = Buffer.concat(parts);
    const forward = async () => {
      const { connection, "content-length": length, ...headers } = request.headers;
      // A compressed response would be decompressed here.
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
    // A new connection for each request: on a used one Chromium itself repeats a request, even a POST, whose response
    // is cut off.
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
