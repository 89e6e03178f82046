// Requests, and the three ways in which the browser says what became of them: the answer to a `fetch`,
// an entry of Resource Timing for a beacon, and the violation of a policy for either.

import { attempt, hear } from "./device.js";
import { BLOCKED, FINISHED, FORBIDDEN, NONE, OPAQUE, OUTCOME, quoting } from "./news.js";

/** An answer that may be asked for again is not waited for any longer: nothing slower is usual, and a slot is taken. */
const PATIENCE_MS = 60_000;
/** As many requests are known again when a policy forbids one. */
const MOST_ASKED = 100;

/** Who sent what under which number, by the address as the browser resolves it. The oldest go first. */
const asked = new Map();

const ask = (url, tell, id) => {
  const request = { tell, id, forbidden: false };
  attempt(() => asked.set(new URL(url, document.baseURI).href, request));
  if (asked.size > MOST_ASKED) asked.delete(asked.keys().next().value);
  return request;
};

/** Whether the browser takes the request. It throws where it was removed (Firefox's `beacon.enabled=false`) or the URL is none. */
export const beacon = (url, body, tell, id) => {
  ask(url, tell, id);
  // A string is sent as text/plain, for which no browser asks the server first.
  return attempt(() => navigator.sendBeacon(url, body)) ?? false;
};

/** `fetch` that outlives the page. */
export const send = async (url, method, body, noCors, header, key, tell, id) => {
  const request = ask(url, tell, id);
  let status = NONE;
  let retryAfter = 0;
  let words = "";
  try {
    const vendor = noCors || key;
    const response = await fetch(url, {
      method,
      body,
      headers: key && { "Content-Type": "application/json", [header]: key },
      keepalive: true,
      // A collector's cookies are its acknowledgement, and the identity that it renews. A vendor's are nobody's.
      credentials: vendor ? "omit" : "include",
      ...(noCors ? { mode: "no-cors" } : { redirect: "manual" }),
      // What is sent at most once has nothing to gain by giving up.
      signal: vendor ? undefined : AbortSignal.timeout?.(PATIENCE_MS),
    });
    status = response.type === "opaque" ? OPAQUE : response.status;
    retryAfter = Number.parseInt(response.headers.get("Retry-After"), 10) || 0;
    // Chromium counts a request against the page's 64 KiB until its answer has been read to the end.
    const text = await response.text().catch(() => "");
    if (status >= 400) words = text;
  } catch {
    // No network, no such host, CORS, or over the browser's quota: it does not say which. A policy
    // says so by an event, in a task that comes before the next one.
    await new Promise((done) => setTimeout(done));
    if (request.forbidden) status = FORBIDDEN;
  }
  quoting(words, () => tell([OUTCOME, id, status, retryAfter]));
};

/** Tells which requests a content security policy forbids; of another origin the browser may name no more than that. */
export const hearPolicy = (tell) =>
  hear(document, "securitypolicyviolation", ({ disposition, effectiveDirective, blockedURI }) => {
    if (disposition === "report" || effectiveDirective !== "connect-src") return;
    for (const [url, request] of asked) {
      if (request.tell === tell && !request.forbidden && (url === blockedURI || new URL(url).origin === blockedURI)) {
        request.forbidden = true;
        tell([BLOCKED, request.id]);
      }
    }
  });

/** Tells which batches' beacons have ended. https://w3c.github.io/resource-timing/#dom-performanceresourcetiming-responsestatus */
export const hearEnds = (tell) => {
  const observer = attempt(
    () =>
      new PerformanceObserver((list) => {
        for (const { name, initiatorType, redirectStart, responseStatus } of list.getEntries()) {
          const batch = /[?&]b=(\w+\.\d+)(&|$)/.exec(name)?.[1];
          // The outcome of a fetch says more. Where a redirect led, nothing was stored.
          if (batch && initiatorType !== "fetch") tell([FINISHED, batch, redirectStart ? 0 : (responseStatus ?? 0)]);
        }
      }),
  );
  attempt(() => observer.observe({ type: "resource", buffered: true }));
  return () => observer?.disconnect();
};
