// Segment's Analytics.js, with the snippet that npm's @segment/snippet renders, through a custom domain:
// https://segment.com/docs/connections/sources/catalog/libraries/website/javascript/custom-proxy/

import snippet from "@segment/snippet";
import { directory, packaged } from "./packaged.mjs";

const npm = packaged("@segment/analytics-next");
const KEY = "write-key";
const SETTINGS = `/v1/projects/${KEY}/settings`;
const SCRIPT = `/analytics.js/v1/${KEY}/analytics.min.js`;

/** The response of cdn.segment.com for a source without other destinations. */
const settings = {
  integrations: {
    "Segment.io": {
      apiKey: KEY,
      unbundledIntegrations: [],
      addBundledMetadata: true,
      maybeBundledConfigIds: {},
      versionSettings: { version: "4.4.7", componentTypes: ["browser"] },
    },
  },
  plan: {
    track: { __default: { enabled: true, integrations: {} } },
    identify: { __default: { enabled: true } },
    group: { __default: { enabled: true } },
  },
  edgeFunction: {},
  analyticsNextEnabled: true,
  middlewareSettings: {},
  enabledMiddleware: {},
  metrics: { sampleRate: 0 },
  legacyVideoPluginsEnabled: false,
  remotePlugins: [],
};

const HOSTS = { integrations: { "Segment.io": { apiHost: "HOST/v1", protocol: "http" } } };
const CALL = 'analytics.track("Product Added", { product_id: id })';
/** The snippet uses https, and a host that is known when it is rendered. */
const onThisOrigin = (text) =>
  text.replaceAll('"https://HOST', 'location.origin+"').replaceAll('"HOST/v1"', 'location.host+"/v1"');

export const segment = {
  name: npm.name,
  version: npm.version,
  documentation: [
    "https://segment.com/docs/connections/sources/catalog/libraries/website/javascript/quickstart/",
    "https://segment.com/docs/connections/sources/catalog/libraries/website/javascript/custom-proxy/",
  ],
  setUp: `analytics.load(KEY, ${JSON.stringify(HOSTS)}); analytics.page()`,
  call: CALL,
  /** https://segment.com/docs/guides/duplicate-data/ */
  identity: "messageId",
  weighs: { "dist/umd/standalone.js": npm.read("dist/umd/standalone.js") },

  endpoint: "/v1/t",
  owns: (path) => /^\/v1\/[a-z]+$/.test(path),
  files: {
    [SCRIPT]: npm.read("dist/umd/standalone.js"),
    [SETTINGS]: JSON.stringify(settings),
    // Files that the script loads later.
    ...directory(npm, "dist/umd", "/analytics-next/bundles/"),
  },
  late: /analytics\.min\.js/,
  prefix: "persisted-queue:v1:",
  head: () =>
    `<script>${onThisOrigin(snippet.min({ host: "HOST", apiKey: KEY, useHostForBundles: true, load: HOSTS }))}</script>`,
  ready: "Boolean(window.analytics && analytics.initialized)",
  read: (body) => {
    const one = JSON.parse(body);
    return (one.batch ?? [one])
      .filter((event) => event.type === "track")
      .map((event) => ({ item: event.properties.product_id, key: event.messageId }));
  },
  /** https://segment.com/docs/connections/sources/catalog/libraries/server/http-api/ */
  answer: { type: "application/json", body: '{"success":true}' },
};
