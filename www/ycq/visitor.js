// Who the visitor is where the page does not say so: whoever the vendor's scripts took them for, or somebody new.

import { cookie } from "../../src/browser/host/cookies.js";
import { attempt, clock, times } from "../../src/browser/host/env.js";

const NAME = "YCID";
/** What the vendor recommends; its own script kept the cookie for 30. From the last use. */
const SECONDS = 90 * 86400;

/** Where cookies are refused: an id for this page. */
let refused;

/** What the shop plugins keep. */
const stored = () =>
  attempt(() => {
    const { userId, expires } = JSON.parse(localStorage.getItem("YCStore"));
    return expires < clock() ? "" : decodeURIComponent(encodeURIComponent(userId || ""));
  });

// A browser that blocks `crypto` still has visitors who have to be told apart.
const digit = () =>
  ((attempt(() => crypto.getRandomValues(new Uint8Array(1))) || [Math.random() * 16])[0] & 15).toString(16);
/** 128 random bits in the form that server code knows. */
const guid = () => "8-4-4-4-12".replace(/\d+/g, (/** @type {any} */ length) => times(length, digit).join(""));

/** The visitor's id, encoded. Each use lengthens the cookie's life. */
export function visitor() {
  const id = cookie(NAME) || refused || stored() || cookie("YCCookie") || guid();
  const value = encodeURIComponent(id);
  attempt(() => {
    document.cookie = `${NAME}=${value}; Path=/; Max-Age=${SECONDS}; SameSite=Lax${location.protocol === "https:" ? "; Secure" : ""}`;
  });
  refused = cookie(NAME) ? "" : id;
  return value;
}
