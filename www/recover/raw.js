// Raw batches: the unchanged calls of a page that is left early. The collector runs the engine on them to make events.

import { cookie, setCookie } from "../../src/browser/host/cookies.js";
import { attempt, clock, json } from "../../src/browser/host/env.js";
import { COOKIE_DAYS, ID, MOST_ACKNOWLEDGEMENTS } from "../rules.gen.js";
import { keyOf } from "../settings.js";
import { heading, keep, lines, ORDER_SENT, parkedKey, RAW } from "./park.js";

/**
 * Sends the calls to the collector, if there is no other destination. Returns true if the browser took them. It does
 * not send them if a user logs in or out, because the next page needs these calls and would report them again.
 */
export function sendRaw(settings, identity, calls, gone, parked) {
  const [to, ...others] = [].concat(settings.destinations);
  if (to?.protocol !== "batch" || to.transport === "fetch" || others.length) return false;
  if (gone.filter(([verb]) => verb === "login" || verb === "logout").length) return false;
  const { itemType, consent, respect } = settings;
  const { userId = cookie("reco_user") } = identity;
  const ids = /** @type {any} */ ({});
  for (const name of ["anonymousId", "accountId", "purchaserId", "sessionId"]) ids[name] = pseudonym(identity[name]);
  const stream = id();
  const head = {
    v: 1,
    stream,
    seq: 0,
    sentAt: clock(),
    // These cookies are sent with every request of the site, and no page reads them while each page is left so early.
    ack: attempt(() => document.cookie.split("reco_ack_").length <= MOST_ACKNOWLEDGEMENTS) ?? false,
    token: to.token,
    anonymous: ids.anonymousId ?? visitor(identity),
    user: pseudonym(userId),
    orders: attempt(() => localStorage.getItem("reco_orders")) ?? undefined,
    config: { itemType, consent, respect, identity: ids },
  };
  const raw = lines(calls.filter((call) => gone.includes(call) || call[0] === "consent"));
  const body = `${json(head).slice(0, -1)},"raw":[${raw.slice(0, -1)}]}`;
  const url = `${to.endpoint}${to.endpoint.includes("?") ? "&" : "?"}b=${stream}.0`;
  // Only one of the two may exist. Otherwise each event would be stored twice.
  parked.drop();
  if (!attempt(() => navigator.sendBeacon(url, body))) return parked.put();
  // The browser took it. The next page checks whether it arrived.
  keep(settings, RAW + stream, json([keyOf(settings), new URL(url, document.baseURI).href, body, head.sentAt]));
  const orders = gone.filter(([verb]) => verb === "buy").map(([, args, at]) => [ORDER_SENT, args, at]);
  if (orders.length) keep(settings, parkedKey(), heading(settings) + lines(orders));
  return true;
}

/** The id, unless it may be an e-mail address, which must not leave the page: the engine's rule without its details. */
const pseudonym = (id) => (/@|%40|＠/.test(id) ? undefined : (id ?? undefined));

/** The visitor's id. For a new visitor it is made here and stored in the tracker's cookies. */
function visitor(identity) {
  const name = identity.cookieName ?? "reco_id";
  const known = cookie(name);
  if (known && ID.test(known)) return known;
  const made = id();
  const { cookieDays = COOKIE_DAYS, cookieDomain } = identity;
  setCookie(name, made, cookieDays, cookieDomain);
  setCookie(`${name}_at`, `${Math.floor(clock() / 1000)}.c`, cookieDays, cookieDomain);
  return made;
}

/** 22 letters and digits like the engine's ids. 40 characters of Base64 always have that many. */
const id = () =>
  btoa(String.fromCharCode(...crypto.getRandomValues(new Uint8Array(30))))
    .replace(/\W/g, "")
    .slice(0, 22);
