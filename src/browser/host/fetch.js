// Requests and what becomes of them. The browser says that in three ways: the response to a `fetch`, an entry of Resource Timing for a
// beacon, and the violation of a policy for either. A collector also says by cookies which batches it has.

import { ACKNOWLEDGED, BLOCKED, FINISHED, FORBIDDEN, NONE, OPAQUE, OUTCOME } from "./codes.gen.js";
import { acknowledgements } from "./cookies.js";
import { attempt, hear } from "./env.js";
import { withResponseText } from "./messages.js";

/** Nothing slower is usual, and the request takes one of the page's slots: one that may be repeated is given up. */
const PATIENCE_MS = 60_000;
/** Requests that are known again when a policy forbids one. */
const MOST_REQUESTS = 100;

/** The last requests by their resolved addresses: who sent each, and its number. */
const requests = new Map();

/** The trackers that want to know the outcome of their batches. */
const batchesOf = new Set();

/**
 * Tells something upon which the engine may send. Acknowledgement cookies come first, so that acknowledged batches are not sent again. Each cookie is
 * deleted when it is read: otherwise they make the site's requests too long.
 */
export const tellWithAcknowledgements = (tell, ...happening) => {
  const batches = batchesOf.has(tell) ? acknowledgements() : [];
  if (batches.length) tell([ACKNOWLEDGED, ...batches]);
  tell(happening);
};

/** Notes what is being sent. */
export const note = (url, tell, id) => {
  const request = { tell, id, forbidden: false };
  attempt(() => requests.set(new URL(url, document.baseURI).href, request));
  if (requests.size > MOST_REQUESTS) requests.delete(requests.keys().next().value);
  return request;
};

/** `fetch` that outlives the page. */
export const send = async (url, method, body, noCors, header, key, tell, id) => {
  const request = note(url, tell, id);
  let status = NONE;
  let retryAfter = 0;
  let responseText = "";
  try {
    const vendor = noCors || key;
    const response = await fetch(url, {
      method,
      body,
      headers: key && { "Content-Type": "application/json", [header]: key },
      keepalive: true,
      // A collector's cookies are its acknowledgement, and the identity that it renews. A vendor's are not wanted.
      credentials: vendor ? "omit" : "include",
      ...(noCors ? { mode: "no-cors" } : { redirect: "manual" }),
      // A request that may be sent only once has nothing to gain from a timeout.
      signal: vendor ? undefined : AbortSignal.timeout?.(PATIENCE_MS),
    });
    status = response.type === "opaque" ? OPAQUE : response.status;
    retryAfter = Number.parseInt(response.headers.get("Retry-After"), 10) || 0;
    // Chromium counts a request against the page's 64 KiB until its response has been read to the end.
    const text = await response.text().catch(() => "");
    if (status >= 400) responseText = text;
  } catch {
    // No network, no such host, CORS, or over the browser's quota: it does not say which. A policy violation comes as an event, in a task
    // before the next one.
    await new Promise((done) => setTimeout(done));
    if (request.forbidden) status = FORBIDDEN;
  }
  withResponseText(responseText, () => tellWithAcknowledgements(tell, OUTCOME, id, status, retryAfter));
};

/** The controllers that abort requests kept for the page's sudden end, by name. */
const scheduled = new Map();

/**
 * Has a request sent if the page's process dies, in place of the one of this name; or no more:
 * https://developer.mozilla.org/docs/Web/API/Window/fetchLater
 */
export const scheduleFetchLater = (name, url, body) => {
  scheduled.get(name)?.abort();
  scheduled.delete(name);
  // It throws where the page's share is used up, or a policy forbids it.
  attempt(() => {
    if (!url) return;
    const end = new AbortController();
    fetchLater(url, { method: "POST", body, credentials: "include", signal: end.signal });
    scheduled.set(name, end);
  });
};

/** Tells which requests a content security policy forbids; of another origin the browser may name no more than that. */
export const hearPolicy = (tell) =>
  hear(document, "securitypolicyviolation", ({ disposition, effectiveDirective, blockedURI }) => {
    if (disposition === "report" || effectiveDirective !== "connect-src") return;
    for (const [url, request] of requests) {
      if (request.tell === tell && !request.forbidden && (url === blockedURI || new URL(url).origin === blockedURI)) {
        request.forbidden = true;
        tell([BLOCKED, request.id]);
      }
    }
  });

/**
 * Tells which batches the collector has, and which batches' beacons have ended.
 * https://w3c.github.io/resource-timing/#dom-performanceresourcetiming-responsestatus
 */
export const hearBatches = (tell) => {
  batchesOf.add(tell);
  const observer = attempt(
    () =>
      new PerformanceObserver((list) => {
        const entries = /** @type {PerformanceResourceTiming[]} */ (list.getEntries());
        for (const { name, initiatorType, redirectStart, responseStatus } of entries) {
          const batch = /[?&]b=(\w+\.\d+)(&|$)/.exec(name)?.[1];
          // The response to a fetch says more. Where a redirect led, nothing was stored.
          if (batch && initiatorType !== "fetch")
            tellWithAcknowledgements(tell, FINISHED, batch, redirectStart ? 0 : (responseStatus ?? 0));
        }
      }),
  );
  attempt(() => observer.observe({ type: "resource", buffered: true }));
  return [
    () => {
      batchesOf.delete(tell);
      observer?.disconnect();
    },
  ];
};
