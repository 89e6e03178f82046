// The faults of a request between browser and collector. Each takes an exchange of server.mjs.

import { setTimeout as pause } from "node:timers/promises";

/** The endpoint answers with this status and stores nothing. */
export const status = (code, headers) => (exchange) => exchange.answer(code, headers);

/** The connection is reset before anything is stored. */
export const reset = (exchange) => exchange.reset();

/** Stored; the connection is reset in the middle of the response. */
export const cutAnswer = async (exchange) => {
  await exchange.forward();
  exchange.reset("HTTP/1.1 204 No Cont");
};

/** Stored; the connection is reset before the response. */
export const lostAnswer = async (exchange) => {
  await exchange.forward();
  exchange.reset();
};

/** Every request is delayed. */
export const slow = (ms) => async (exchange) => {
  await pause(ms, undefined, { ref: false });
  await exchange.pass();
};

/** The endpoint has moved: https://fetch.spec.whatwg.org/#http-redirect-fetch */
export const redirect = (code) => (exchange) => exchange.redirect(code);

/** Requests of sendBeacon, which have mode no-cors, are blocked; fetch works. */
export const noBeacons = (exchange) =>
  exchange.request.headers["sec-fetch-mode"] === "no-cors" ? exchange.reset() : exchange.pass();

/** Applies a fault to the first `count` requests only. */
export const times = (count, fault) => {
  let left = count;
  return (exchange) => (left-- > 0 ? fault(exchange) : exchange.pass());
};
