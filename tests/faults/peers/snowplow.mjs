// Snowplow's browser tracker from npm, as in
// https://docs.snowplow.io/docs/sources/web-trackers/tracker-setup/initialization-options.

import { bundled, packaged } from "./packaged.mjs";

const npm = packaged("@snowplow/browser-tracker");
const POST = "/com.snowplowanalytics.snowplow/tp2";
const SCRIPT = "/peer/snowplow.js";
const OPTIONS = '{ appId: "shop", appVersion: "0.1.0", cookieSameSite: "Lax", contexts: { session: true } }';
const CALL = 'trackStructEvent({ category: "shop", action: "add-to-basket", label: id })';

export const snowplow = {
  name: npm.name,
  version: npm.version,
  documentation: [
    "https://docs.snowplow.io/docs/sources/web-trackers/tracker-setup/initialization-options",
    "https://docs.snowplow.io/docs/sources/web-trackers/configuring-how-events-sent",
  ],
  setUp: `newTracker("sp", ORIGIN, ${OPTIONS})`,
  call: CALL,
  /** https://docs.snowplow.io/docs/modeling-your-data/modeling-your-data-with-dbt/package-mechanics/deduplication */
  identity: "eid",
  weighs: { "dist/index.umd.min.js": npm.read("dist/index.umd.min.js") },

  endpoint: POST,
  owns: (path) => path === POST,
  // One bundle with the page's own code, like an application: there is no stub, and no call before the bundle has
  // loaded.
  stub: false,
  get files() {
    return {
      [SCRIPT]: bundled(`
        import { newTracker, trackStructEvent } from "@snowplow/browser-tracker";
        newTracker("sp", location.origin, ${OPTIONS});
        window.track = (id) => ${CALL};
      `),
    };
  },
  late: /snowplow\.js/,
  prefix: "snowplowOutQueue_",
  head: () => `<script src="${SCRIPT}"></script>`,
  make: "track(id)",
  ready: "Boolean(window.track)",
  /** https://docs.snowplow.io/docs/sources/trackers/snowplow-tracker-protocol: a structured event is `e=se`, its label `se_la`. */
  read: (body) =>
    JSON.parse(body)
      .data.filter((event) => event.e === "se")
      .map((event) => ({ item: event.se_la, key: event.eid })),
  answer: { type: "text/plain; charset=UTF-8", body: "ok" },
};
