// What can happen to a request between the browser and the collector. Each takes an exchange of server.mjs.

import { setTimeout as pause } from "node:timers/promises";

/** The endpoint answers this, and stores nothing. */
export const status = (code, headers) => (exchange) => exchange.answer(code, headers);

/** The connection is reset before anything is stored. */
export const reset = (exchange) => exchange.reset();

/** Stored; then the connection is reset in the middle of the answer. */
export const cutAnswer = async (exchange) => {
  await exchange.forward();
  exchange.reset("HTTP/1.1 204 No Cont");
};

/** Stored; then the connection is reset before the answer has begun. */
export const lostAnswer = async (exchange) => {
  await exchange.forward();
  exchange.reset();
};

/** Everything takes so long. */
export const slow = (ms) => async (exchange) => {
  await pause(ms, undefined, { ref: false });
  await exchange.pass();
};

/** The endpoint has moved: https://fetch.spec.whatwg.org/#http-redirect-fetch */
export const redirect = (code) => (exchange) => exchange.redirect(code);

/** What sendBeacon sends is in mode no-cors, and is not let through; fetch is. */
export const noBeacons = (exchange) =>
  exchange.request.headers["sec-fetch-mode"] === "no-cors" ? exchange.reset() : exchange.pass();

/** The first `count` requests, and then no more. */
export const times = (count, fault) => {
  let left = count;
  return (exchange) => (left-- > 0 ? fault(exchange) : exchange.pass());
};
