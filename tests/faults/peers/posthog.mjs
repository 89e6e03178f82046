// PostHog, with a stub like the snippet of https://posthog.com/docs/libraries/js (keeps calls, loads /static/array.js
// from `api_host`), through a reverse proxy on the shop's own origin: https://posthog.com/docs/advanced/proxy

import { gunzipSync } from "node:zlib";
import { directory, packaged } from "./packaged.mjs";

const npm = packaged("posthog-js");
const TOKEN = "phc_shop";

/** The response of /array/<token>/config for a project with events only. */
const remote = {
  token: TOKEN,
  supportedCompression: ["gzip", "gzip-js"],
  hasFeatureFlags: false,
  captureDeadClicks: false,
  capturePerformance: false,
  autocapture_opt_out: false,
  autocaptureExceptions: false,
  analytics: { endpoint: "/i/v0/e/" },
  elementsChainAsString: true,
  errorTracking: { autocaptureExceptions: false, suppressionRules: [] },
  sessionRecording: false,
  heatmaps: false,
  surveys: false,
  productTours: false,
  conversations: false,
  logs: false,
  defaultIdentifiedOnly: true,
  siteApps: [],
  isAuthenticated: false,
  toolbarParams: {},
};
const flags = { errorsWhileComputingFlags: false, flags: {}, featureFlags: {}, featureFlagPayloads: {} };

// Without `opt_out_useragent_filter` nothing is captured in an automated browser.
const options = (origin) =>
  `{ api_host: ${origin}, ui_host: "https://us.posthog.com", defaults: "2026-01-30", opt_out_useragent_filter: true }`;

/**
 * The body of a POST: JSON, gzip of it, or `data=` with base64 of it. As in PostHog's own endpoint, gzip is recognised
 * by its first bytes.
 */
function decoded(body) {
  if (body[0] === 0x1f && body[1] === 0x8b) return JSON.parse(gunzipSync(body).toString());
  const text = body.toString();
  return JSON.parse(
    text.startsWith("data=") ? Buffer.from(decodeURIComponent(text.slice(5)), "base64").toString() : text,
  );
}

export const posthog = {
  name: npm.name,
  version: npm.version,
  documentation: [
    "https://posthog.com/docs/libraries/js",
    "https://posthog.com/docs/libraries/js/config",
    "https://posthog.com/docs/advanced/proxy",
  ],
  setUp: `posthog.init("${TOKEN}", ${options("ORIGIN")})`,
  call: 'posthog.capture("add_to_basket", { item: id })',
  /** https://posthog.com/docs/data/events: events with the same `uuid`, event, timestamp and person are one event. */
  identity: "uuid",
  weighs: { "dist/array.js": npm.read("dist/array.js") },

  endpoint: "/e/",
  owns: (path) => /^\/(i\/v0\/e|e|batch|capture)\/?$/.test(path),
  files: {
    ...directory(npm, "dist", "/static/"),
    ...directory(npm, "dist", `/static/${npm.version}/`),
    [`/array/${TOKEN}/config.js`]: `(window._POSTHOG_REMOTE_CONFIG = window._POSTHOG_REMOTE_CONFIG || {})["${TOKEN}"] = { config: ${JSON.stringify(remote)}, siteApps: [] };`,
    [`/array/${TOKEN}/config`]: JSON.stringify(remote),
    "/flags/": JSON.stringify(flags),
  },
  late: /array\.js/,
  prefix: "ph_",
  head: () => `<script>
    window.posthog = Object.assign([], { _i: [], __SV: 1, people: [], capture: (...args) => posthog.push(["capture", ...args]) });
    posthog._i.push(["${TOKEN}", ${options("location.origin")}, "posthog"]);
  </script>
  <script async crossorigin="anonymous" src="/static/array.js"></script>`,
  ready: "Boolean(window.posthog && posthog.__loaded)",
  read: (body) => {
    const whole = decoded(body);
    const events = Array.isArray(whole) ? whole : (whole.batch ?? [whole]);
    return events
      .filter((event) => event.event === "add_to_basket")
      .map((event) => ({ item: event.properties.item, key: event.uuid }));
  },
  /** https://posthog.com/docs/api/capture */
  answer: { type: "application/json", body: '{"status":"Ok"}' },
};
