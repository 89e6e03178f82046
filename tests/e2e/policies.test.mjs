// The policies of docs/content-security-policy.md: each feature works under exactly these sources, with `default-src 'none'` and Trusted Types
// enforced, and each source is needed. The scripts come from another origin than the page and its endpoint.

import assert from "node:assert/strict";
import { BANNERS } from "./banners/index.mjs";
import { ASKS, answer } from "./banners/visitor.mjs";
import { startCdn } from "./cdn.mjs";
import { scenario, tagged, until, useBrowser } from "./harness.mjs";
import { shop } from "./ycq.mjs";

useBrowser();

const cdn = await startCdn();
const { origin } = new URL(cdn.url);

const INLINE = ["script-src", "'nonce-abc'"];
const SCRIPTS = ["script-src", origin];
const WASM = ["script-src", "'wasm-unsafe-eval'"];
const MODULE = ["connect-src", origin];
const ENDPOINT = ["connect-src", "'self'"];
const TYPES = ["trusted-types", "recobeacon"];

/** The sources as one policy. Without a name for `trusted-types` no policy may be made. */
function policyOf(sources) {
  const of = (directive) => sources.filter(([name]) => name === directive).map(([, source]) => source);
  const lists = ["script-src", "connect-src", "trusted-types"].map(
    (name) => `${name} ${of(name).join(" ") || "'none'"}`,
  );
  return `default-src 'none'; img-src data:; require-trusted-types-for 'script'; ${lists.join("; ")}`;
}
const meta = (sources) => `<meta http-equiv="Content-Security-Policy" content="${policyOf(sources)}">`;
const withNonce = (html) => html.replaceAll("<script", '<script nonce="abc"');
const tag = (file, attributes = "") => `<script async src="${cdn.url}${file}" ${attributes}></script>`;

const page = ({ head = "", ...options } = {}) => ({
  site: (sources) => ({
    "index.html": tagged({
      head: meta(sources) + withNonce(head) + tag("reco.js"),
      load: false,
      nonce: "abc",
      ...options,
    }),
  }),
});
const CLICK = { script: 'reco("click", { itemId: 1 });' };

/** The sources that each feature needs, and its page. */
const FEATURES = {
  "the script tag": { needs: [INLINE, SCRIPTS, WASM, MODULE, ENDPOINT], wasm: true, ...page(CLICK) },
  "the script tag without WebAssembly": {
    needs: [INLINE, SCRIPTS, ENDPOINT, TYPES],
    before: () => Reflect.deleteProperty(globalThis, "WebAssembly"),
    ...page(CLICK),
  },
  "attributes (measure.js)": {
    needs: [INLINE, SCRIPTS, WASM, MODULE, ENDPOINT, TYPES],
    wasm: true,
    ...page({ body: '<i data-reco="click" data-reco-item="1"></i>' }),
  },
  "attributes, with a nonce and 'strict-dynamic'": {
    needs: [INLINE, WASM, MODULE, ENDPOINT, TYPES],
    wasm: true,
    site: (sources) => ({
      "index.html": tagged({
        head: meta([["script-src", "'strict-dynamic'"], ...sources]) + withNonce(tag("reco.js")),
        load: false,
        nonce: "abc",
        body: '<i data-reco="click" data-reco-item="1"></i>',
      }),
    }),
  },
  "attributes, with reco.js as a module with a nonce": {
    needs: [INLINE, WASM, MODULE, ENDPOINT, TYPES],
    wasm: true,
    site: (sources) => ({
      "index.html": tagged({
        head: `${meta(sources)}<script type="module" nonce="abc" src="${cdn.url}reco.js"></script>`,
        load: false,
        nonce: "abc",
        body: '<i data-reco="click" data-reco-item="1"></i>',
      }),
    }),
  },
  "the npm package": {
    // The nonce of the page's script counts for what it imports.
    needs: [INLINE, WASM, ENDPOINT],
    wasm: true,
    site: (sources) => ({
      "index.html": `<!doctype html><title>A shop</title><link rel="icon" href="data:,">${meta(sources)}<i data-reco="click" data-reco-item="1"></i>
        <script type="module" nonce="abc">
          const { createTracker } = await import("${cdn.url}index.js");
          createTracker({ destinations: { protocol: "batch", endpoint: "/v1/events" }, autoTrack: true });
        </script>`,
    }),
  },
  "ycq.js": {
    needs: [INLINE, SCRIPTS, ENDPOINT],
    site: (sources) =>
      shop({
        head: meta(sources) + tag("ycq.js", 'data-endpoint="/"'),
        load: false,
        script: '_ycq.push(["_trackEvent", "1", "click", "1"]);',
      }),
  },
  "ycq.js with data-consent-from": {
    needs: [INLINE, SCRIPTS, ENDPOINT, TYPES],
    banner: BANNERS[0],
    site: (sources) => ({
      ...shop({
        head: meta(sources) + withNonce(ASKS) + tag("ycq.js", 'data-endpoint="/" data-consent-from="tcf"'),
        load: false,
        script: '_ycq.push(["_trackEvent", "1", "click", "1"]);',
      }),
    }),
  },
};
for (const banner of BANNERS) {
  FEATURES[`consentFrom: "${banner.source}"`] = {
    needs: [INLINE, SCRIPTS, WASM, MODULE, ENDPOINT, TYPES],
    wasm: true,
    banner,
    ...page({ head: ASKS, config: `consentFrom: "${banner.source}", batch: { maxWaitMs: 50 }`, ...CLICK }),
  };
}

/** Opens the page under a policy, and returns the violations that it has reported so far. */
async function open({ page, context, visit }, { before, banner }) {
  const violations = [];
  await context.exposeFunction("violated", (text) => violations.push(text));
  await context.addInitScript(() =>
    document.addEventListener("securitypolicyviolation", ({ effectiveDirective, blockedURI }) =>
      window.violated(`${effectiveDirective}: ${blockedURI}`),
    ),
  );
  if (before) await context.addInitScript(before);
  await visit();
  if (banner) await answer(page, true).catch(() => violations.push("the banner does not run"));
  return violations;
}

const siteOf = ({ site, banner }, sources) => ({ ...site(sources), ...(banner && { "banner.js": banner.script }) });
const NOISE = [/Content Security Policy|TrustedScriptURL|Trusted Type|ERR_BLOCKED|Failed to fetch/i, /uncaught/];

for (const [name, feature] of Object.entries(FEATURES)) {
  const { needs, wasm } = feature;
  scenario(`${name} works under the documented policy`, { site: siteOf(feature, needs), wasm }, async (it) => {
    const violations = await open(it, feature);
    await it.collector.expectStored({ type: "click", itemId: "1" });
    assert.deepEqual(violations, []);
  });

  for (const source of needs) {
    const fewer = needs.filter((other) => other !== source);
    scenario(
      `${name} needs ${source.join(" ").replace(origin, "the scripts' origin")}`,
      { site: siteOf(feature, fewer), wasm, allow: NOISE },
      async (it) => {
        const violations = await open(it, feature);
        await until(() => violations.length > 0, "a violation");
      },
    );
  }
}
