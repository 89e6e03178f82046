// Requests and their outcomes. The browser reports an outcome as the response to a `fetch`, as a Resource Timing entry
// of a beacon, or as a policy violation. A collector also acknowledges batches by cookies.

import { ACKNOWLEDGED, BLOCKED, FINISHED, FORBIDDEN, NONE, OPAQUE, OUTCOME } from "./codes.gen.js";
import { acknowledgements } from "./cookies.js";
import { attempt, hear } from "./env.js";
import { withResponseText } from "./messages.js";

/** A collector's response is rarely slower, and the request occupies one of the page's places in flight. It is aborted then and repeated. */
const PATIENCE_MS = 60_000;
/** Most requests that are remembered to recognise policy violations. */
const MOST_REQUESTS = 100;

/** The last requests by resolved address: the tracker's callback, and the request's number. */
const requests = new Map();

/** The callbacks of trackers that await the outcome of batches. */
const batchesOf = new Set();

/**
 * Passes an event after which the engine may send. Acknowledgement cookies are passed first, so that acknowledged
 * batches are not sent again. Each cookie is deleted after reading, because it would make the site's requests longer.
 */
export const tellWithAcknowledgements = (tell, ...happening) => {
  const batches = batchesOf.has(tell) ? acknowledgements() : [];
  if (batches.length) tell([ACKNOWLEDGED, ...batches]);
  tell(happening);
};

/** Remembers a request. */
export const note = (url, tell, id) => {
  const request = { tell, id, forbidden: false };
  attempt(() => requests.set(new URL(url, document.baseURI).href, request));
  if (requests.size > MOST_REQUESTS) requests.delete(requests.keys().next().value);
  return request;
};

/** `fetch` with `keepalive`, which outlives the page. */
export const send = async (url, method, body, toVendor, noCors, header, key, tell, id) => {
  const request = note(url, tell, id);
  let status = NONE;
  let retryAfter = 0;
  let responseText = "";
  try {
    const response = await fetch(url, {
      method,
      body,
      headers: key && { "Content-Type": "application/json", [header]: key },
      keepalive: true,
      // A collector sets cookies: the acknowledgement and the renewed identity. A vendor's cookies are not wanted.
      credentials: toVendor ? "omit" : "include",
      ...(noCors ? { mode: "no-cors" } : { redirect: "manual" }),
      // A timeout is of no use for a request that must not be repeated, as most to vendors.
      signal: toVendor ? undefined : AbortSignal.timeout?.(PATIENCE_MS),
    });
    status = response.type === "opaque" ? OPAQUE : response.status;
    retryAfter = Number.parseInt(response.headers.get("Retry-After"), 10) || 0;
    // Chromium counts a request in the page's 64 KiB until its response is read completely.
    const text = await response.text().catch(() => "");
    if (status >= 400) responseText = text;
  } catch {
    // No network, unknown host, CORS, or the browser's quota: the error does not tell which. A policy violation is
    // reported as an event in an earlier task than the next one.
    await new Promise((done) => setTimeout(done));
    if (request.forbidden) status = FORBIDDEN;
  }
  withResponseText(responseText, () => tellWithAcknowledgements(tell, OUTCOME, id, status, retryAfter));
};

/** The controllers that abort requests of `fetchLater`, by name. */
const scheduled = new Map();

/**
 * Lets the browser send a request if the page's process ends, in place of the one with this name. Without a URL it only
 * cancels: https://developer.mozilla.org/docs/Web/API/Window/fetchLater
 */
export const scheduleFetchLater = (name, url, body) => {
  scheduled.get(name)?.abort();
  scheduled.delete(name);
  // It throws if the page's quota is used up, or if a policy forbids it.
  attempt(() => {
    if (!url) return;
    const end = new AbortController();
    fetchLater(url, { method: "POST", body, credentials: "include", signal: end.signal });
    scheduled.set(name, end);
  });
};

/** Reports requests that a content security policy forbids. For another origin the browser may name only the origin. */
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
 * Reports batches that the collector has acknowledged, and batches whose beacons have ended.
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
          // For a fetch its response says more. A redirect's target has not stored anything.
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
