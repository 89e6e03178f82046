// The origin that the browser sees: pages, the tracker's files and its endpoint. They share an origin, because that is
// the recommended deployment and because cookies need it. Faults are applied between the browser and the receiver of
// the events.

import { createServer } from "node:http";
import { setTimeout as pause } from "node:timers/promises";

// Not "no-store", which keeps a page out of the back/forward cache.
const HTML = { "content-type": "text/html; charset=utf-8", "cache-control": "no-cache" };
/** A page without a tracker, for visitors who leave. It counts its returns from the back/forward cache. */
const ELSEWHERE = `<!doctype html><title>Elsewhere</title><link rel="icon" href="data:,">No tracker here.
<script>window.shown = []; addEventListener("pageshow", (event) => shown.push(event.persisted))</script>`;
/** The target of a redirecting endpoint. It accepts requests like a collector at a new address. */
const MOVED = "/moved";

const pass = (exchange) => exchange.pass();

/**
 * Serves `tracker`'s pages. For rows:
 * - `page(html)` and `elsewhere`: addresses; `visits`, the addresses of the requested pages;
 * - `fault`: the fault of requests for the endpoint, one of faults.mjs; `heal()`: ends the fault, and answers held
 *   requests;
 * - `hold`: a pattern of files that are not answered before `heal()`; `/hang` never is before that;
 * - `down()` and `up()`: stops and starts listening;
 * - `busy`: the number of requests being answered; `log`: the requests for the endpoint.
 */
export async function startServer(tracker) {
  const pages = new Map();
  const visits = [];
  const log = [];
  const sockets = new Set();
  const held = [];
  let busy = 0;
  const state = { fault: pass, hold: null };

  const respond = (response, { status, headers = {}, body = "" }) => {
    if (response.destroyed) return;
    response.writeHead(status, headers).end(body);
  };
  const wait = () => new Promise((resolve) => held.push(resolve));

  async function serve(request, response) {
    const { pathname } = new URL(request.url, "http://localhost");
    if (tracker.owns(pathname) || pathname === MOVED) return receive(request, response, pathname);
    if (pathname === "/hang") await wait();
    if (state.hold?.test(request.url)) await wait();
    if (pages.has(pathname)) {
      visits.push(request.url);
      return respond(response, { status: 200, headers: HTML, body: pages.get(pathname) });
    }
    if (pathname === "/elsewhere") return respond(response, { status: 200, headers: HTML, body: ELSEWHERE });
    respond(response, tracker.file(pathname) ?? { status: 404 });
  }

  async function receive(request, response, pathname) {
    const entry = { method: request.method, url: request.url, mode: request.headers["sec-fetch-mode"], at: Date.now() };
    log.push(entry);
    busy += 1;
    try {
      const parts = [];
      for await (const part of request) parts.push(part);
      const body = Buffer.concat(parts);
      entry.bytes = body.length;
      const forward = () =>
        tracker.receive({
          method: request.method,
          url: request.url.replace(MOVED, tracker.endpoint),
          headers: request.headers,
          body,
        });
      const exchange = {
        request,
        forward,
        pass: async () => respond(response, await forward()),
        answer: (status, headers) => respond(response, { status, headers }),
        redirect: (status) =>
          respond(response, { status, headers: { location: request.url.replace(pathname, MOVED) } }),
        /** Sends these bytes unchanged, and resets the connection. */
        reset: (bytes) => {
          if (bytes) request.socket.write(bytes, () => request.socket.resetAndDestroy());
          else request.socket.resetAndDestroy();
        },
        wait,
      };
      await (pathname === MOVED ? pass : state.fault)(exchange);
      entry.status = response.headersSent ? response.statusCode : "reset";
    } finally {
      busy -= 1;
    }
  }

  const server = createServer((request, response) => {
    serve(request, response).catch(() => request.socket.destroy());
  });
  server.on("connection", (socket) => {
    sockets.add(socket);
    socket.once("close", () => sockets.delete(socket));
    // The browser may close connections at any time.
    socket.on("error", () => {});
  });
  const listen = (port) =>
    new Promise((resolve, reject) => {
      server.once("error", reject).listen(port, "127.0.0.1", () => resolve(undefined));
    });
  const down = async () => {
    const closed = new Promise((resolve) => server.close(resolve));
    for (const socket of sockets) socket.destroy();
    await closed;
  };
  await listen(0);
  const { port } = /** @type {import("node:net").AddressInfo} */ (server.address());
  const url = `http://127.0.0.1:${port}`;

  return Object.assign(state, {
    url,
    elsewhere: `${url}/elsewhere`,
    visits,
    log,
    page: (html) => {
      const path = `/page-${pages.size}`;
      pages.set(path, html);
      return url + path;
    },
    busy: () => busy,
    heal: () => {
      state.fault = pass;
      state.hold = null;
      for (const go of held.splice(0)) go();
    },
    down,
    up: () => (server.listening ? undefined : listen(port)),
    close: async () => {
      for (const go of held.splice(0)) go();
      // Open requests use the collector, which must run until they end.
      for (let tries = 0; busy > 0 && tries < 20; tries++) await pause(50);
      if (server.listening) await down();
    },
  });
}
