// The visitor's id if the page does not name one: the id of the vendor's scripts, or a new one.

import { cookie } from "../../src/browser/host/cookies.js";
import { attempt, clock, times } from "../../src/browser/host/env.js";

export const NAME = "YCID";
/** The vendor's recommendation, counted from the last use. Its own script kept the cookie for 30 days. */
const SECONDS = 90 * 86400;

/** An id for this page, if cookies are blocked. */
let refused;

/** The id that the shop plugins have stored. */
const stored = () =>
  attempt(() => {
    const { userId, expires } = JSON.parse(localStorage.getItem("YCStore"));
    return expires < clock() ? "" : decodeURIComponent(encodeURIComponent(userId || ""));
  });

// Even if the browser blocks `crypto`, visitors must be told apart.
const digit = () =>
  ((attempt(() => crypto.getRandomValues(new Uint8Array(1))) || [Math.random() * 16])[0] & 15).toString(16);
/** 128 random bits in the format that server code expects. */
const guid = () => "8-4-4-4-12".replace(/\d+/g, (/** @type {any} */ length) => times(length, digit).join(""));

/** The visitor's id, encoded. Each use extends the cookie's lifetime. */
export function visitor() {
  const id = cookie(NAME) || refused || stored() || cookie("YCCookie") || guid();
  const value = encodeURIComponent(id);
  attempt(() => {
    document.cookie = `${NAME}=${value}; Path=/; Max-Age=${SECONDS}; SameSite=Lax${location.protocol === "https:" ? "; Secure" : ""}`;
  });
  refused = cookie(NAME) ? "" : id;
  return value;
}
