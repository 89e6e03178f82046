// Algolia's search-insights, by the snippet of https://www.algolia.com/doc/libraries/search-insights ("if you prefer hosting your own version").

import { packaged } from "./packaged.mjs";

const npm = packaged("search-insights");
const SCRIPT = "/peer/search-insights.min.js";
// `useCookie`: without it and without a token of the shop there is no visitor. `host` is for the shop's own proxy.
const options = (origin) => `{ appId: "SHOP", apiKey: "search-only-key", useCookie: true, host: ${origin} }`;

export const searchInsights = {
  name: npm.name,
  version: npm.version,
  documentation: [
    "https://www.algolia.com/doc/libraries/search-insights",
    "https://www.algolia.com/doc/libraries/sdk/v1/methods/init",
  ],
  setUp: `aa("init", ${options("ORIGIN")})`,
  call: 'aa("addedToCartObjectIDs", { eventName: "Added to basket", index: "products", objectIDs: [id] })',
  /**
   * No id in a request names the event, and https://www.algolia.com/doc/rest-api/insights has no rule for duplicates.
   */
  identity: undefined,
  weighs: { "dist/search-insights.min.js": npm.read("dist/search-insights.min.js") },

  endpoint: "/1/events",
  owns: (path) => path === "/1/events",
  files: { [SCRIPT]: npm.read("dist/search-insights.min.js") },
  late: /search-insights/,
  prefix: "Algolia",
  // Like the documented snippet: the name, the queue, the version, the script.
  head: () => `<script>
    window.AlgoliaAnalyticsObject = "aa";
    window.aa = function () { (aa.queue = aa.queue || []).push(arguments); };
    aa.version = "${npm.version}";
    aa("init", ${options("location.origin")});
  </script>
  <script async src="${SCRIPT}"></script>`,
  /** It replaces the queue's `push` when it has taken over the queue. */
  ready: "aa.queue.push !== Array.prototype.push",
  read: (body) => JSON.parse(body).events.map((event) => ({ item: event.objectIDs?.[0] })),
  answer: { type: "application/json", body: '{"status":200,"message":"OK"}' },
};
