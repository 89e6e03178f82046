// Who the visitor is where the page does not say so: whoever the vendor's scripts took them for, or somebody new.

import { attempt, cookie } from "./browser.js";

const NAME = "YCID";
/** What the vendor recommends; its own script kept the cookie for 30. From the last use. */
const SECONDS = 90 * 86400;

/** Where cookies are refused: an id for this page. */
let refused;

/** What the shop plugins keep. */
const stored = () =>
  attempt(() => {
    const { userId, expires } = JSON.parse(localStorage.getItem("YCStore"));
    return expires < Date.now() ? "" : decodeURIComponent(encodeURIComponent(userId || ""));
  });

function guid() {
  const bytes = new Uint8Array(16);
  // A browser that blocks `crypto` still has visitors who have to be told apart.
  if (!attempt(() => crypto.getRandomValues(bytes))) bytes.forEach((_, i) => (bytes[i] = Math.random() * 256));
  bytes[6] = (bytes[6] & 15) | 64;
  bytes[8] = (bytes[8] & 63) | 128;
  return Array.from(bytes, (byte) => (byte + 256).toString(16).slice(1)).join("").replace(/^(.{8})(.{4})(.{4})(.{4})/, "$1-$2-$3-$4-");
}

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
