// No call throws into the page, whatever its values are: getters, proxies and conversions that throw, symbols, bigints, cycles. All public calls
// get all of these values, before and after the module has loaded; so do all options of a tracker, which then keep their defaults.

import assert from "node:assert/strict";
import { kept, QUIET_MS } from "./banners/visitor.mjs";
import { flush, ready, scenario, tagged, until, useBrowser, warnings } from "./harness.mjs";

useBrowser();

/** Defines `hostile()`, new values by their names, and `SECRET`, which all errors have. */
const VALUES = `
const SECRET = "secret of the page";
const fail = () => { throw new Error(SECRET); };
const traps = ["get", "has", "ownKeys", "getOwnPropertyDescriptor", "getPrototypeOf"];
const revoked = (target) => { const { proxy, revoke } = Proxy.revocable(target, {}); revoke(); return proxy; };
const cyclic = (value, name) => { value[name] = value; return value; };
const endless = () => ({ get itemId() { return endless(); } });
window.hostile = () => {
  return {
    "a getter": { get itemId() { return fail(); }, get userId() { return fail(); }, get source() { return fail(); } },
    "a nested getter": { itemId: 1, price: { get amount() { return fail(); } }, purposes: { get 0() { return fail(); } } },
    "a getter in a list": [{ itemId: 1 }, { get itemId() { return fail(); } }],
    "a list with a getter": Object.defineProperty([1, 2], 1, { get: fail }),
    ...Object.fromEntries(traps.map((trap) => ["a proxy with " + trap, new Proxy({ itemId: 1 }, { [trap]: fail })])),
    "a proxy of a list": new Proxy([1], { get: fail }),
    "a proxy of a function": new Proxy(() => {}, { get: fail, apply: fail }),
    "a proxy with everything": new Proxy({}, new Proxy({}, { get: () => fail })),
    "a revoked proxy": revoked({}),
    "a revoked list": revoked([]),
    "a revoked function": revoked(() => {}),
    conversions: { toString: fail, valueOf: fail, toJSON: fail, [Symbol.toPrimitive]: fail },
    "a conversion in a list": [{ toString: fail }],
    "a promise": { get then() { return fail(); } },
    "a list with an iterator": Object.assign([1], { [Symbol.iterator]: fail }),
    "a cycle": cyclic({ itemId: 1 }, "related"),
    "a cycle of lists": cyclic([1], 0),
    "endless objects": endless(),
    "a symbol": Symbol("s"),
    "a symbol in a list": [Symbol("s")],
    "a bigint": 10n,
    "a bigint in an object": { itemId: 10n },
    "no prototype": Object.create(null),
    "a function": fail,
    "the window": window,
  };
};
`;

/** Makes all calls with all values, in each place of an argument, and returns the calls that have thrown something. */
const CALLS = `
const VERBS = ["click", "basket", "buy", "rate", "consume", "rendered", "clickRecommended", "cacheHit", "search", "owns", "deleteFromBasket",
  "login", "logout", "followLink", "page", "consumeTimer", "observeRecommendations", "on", "flush", "stats", "ready", "clack",
  "constructor", "hasOwnProperty", "toString", "__defineGetter__", "__proto__"];
const places = (value) => [[value], [{ itemId: 1 }, value], [value, value], ["sent", value], [document.body, value], [value, () => {}]];
window.tried = (name, callback) => {
  try {
    callback();
    return [];
  } catch (error) {
    return [name + ": " + (attemptText(() => error.stack) || "an error")];
  }
};
const attemptText = (text) => { try { return text(); } catch {} };
function callAll(tracker) {
  const thrown = [];
  for (const [what, value] of Object.entries(hostile())) {
    for (const verb of VERBS)
      for (const [place, args] of places(value).entries()) {
        thrown.push(...tried("reco " + verb + " " + what + " " + place, () => reco(verb, ...args)));
        if (tracker && Object.hasOwn(tracker, verb) && typeof tracker[verb] === "function")
          thrown.push(...tried(verb + " " + what + " " + place, () => {
            const handle = tracker[verb](...args);
            if (verb === "consumeTimer") handle.stop();
            if (verb === "observeRecommendations") handle.disconnect();
          }));
      }
    thrown.push(...tried("reco " + what, () => reco(value, value)));
    thrown.push(...tried("consent " + what, () => reco("consent", value)));
    if (!Array.isArray(reco.q)) thrown.push(...tried("reco.q " + what, () => reco.q.push(value, [value, value, value])));
  }
  return thrown;
}
`;

const site = (options = {}) => ({
  "index.html": tagged({ head: `<script>${VALUES}${CALLS}</script>`, config: "batch: { maxWaitMs: 50 }", ...options }),
});

/** The errors of the page's own functions, which a page may see in its console. */
const OWN = [/secret of the page/, /proxy that has been revoked/, /is not a function/];

scenario(
  "no public call throws, whatever its arguments are",
  { site: site({ config: "autoTrack: { attributes: true, dataLayer: true }, batch: { maxWaitMs: 50 }" }), allow: OWN },
  async ({ page, visit, collector }) => {
    await visit();
    await ready(page);
    const thrown = await page.evaluate(
      () => new Promise((done) => window.reco("ready", (tracker) => done(window.callAll(tracker)))),
    );
    assert.deepEqual(thrown, []);
    await page.evaluate(() => window.reco("click", { itemId: "good" }));
    await flush(page);
    await until(
      async () => (await collector.stored()).some(({ itemId }) => itemId === "good"),
      "a call after all of these",
    );
    const told = await warnings(page);
    assert.ok(told.length > 50, `${told.length} warnings`);
    assert.ok(!told.some(({ code }) => code === "internal"), "nothing has failed");
  },
);

scenario(
  "no public call throws before the module has loaded",
  { site: site({ script: "window.thrown = callAll();" }), allow: OWN },
  async ({ page, visit, collector }) => {
    await visit();
    await ready(page);
    assert.deepEqual(await page.evaluate(() => window.thrown), []);
    await page.evaluate(() => window.reco("click", { itemId: "good" }));
    await flush(page);
    await until(
      async () => (await collector.stored()).some(({ itemId }) => itemId === "good"),
      "a call after all of these",
    );
    assert.ok(!(await warnings(page)).some(({ code }) => code === "internal"), "nothing has failed");
  },
);

const OPTIONS = [
  "destinations",
  "itemType",
  "identity",
  "consent",
  "consentFrom",
  "respect",
  "batch",
  "queue",
  "autoTrack",
  "debug",
  "onWarning",
  "wasmUrl",
  "baseUrl",
  "colour",
];
const NESTED = [
  ["identity", "userId"],
  ["identity", "hash"],
  ["identity", "storage"],
  ["identity", "anonymousId"],
  ["respect", "gpc"],
  ["batch", "maxEvents"],
  ["queue", "persist"],
  ["autoTrack", "dataLayer"],
  ["autoTrack", "routes"],
  ["consentFrom", "source"],
  ["consentFrom", "purposes"],
];

scenario(
  "create does not throw, whatever its options are, and other trackers work on",
  { site: site(), allow: [...OWN, /^Failed to load resource/, /^Fetch API cannot load/, /'integrity' attribute/] },
  async ({ page, visit, collector }) => {
    await visit();
    await ready(page);
    const thrown = await page.evaluate(
      ([names, nested]) => {
        const thrown = [];
        let count = 0;
        const make = (what, config) => {
          const full = Object.defineProperties(
            {
              destinations: { protocol: "batch", endpoint: `/v1/events?n=${count++}` },
              consent: "denied",
              debug: false,
            },
            Object.getOwnPropertyDescriptors(config),
          );
          // Twice, because the second one joins the first.
          for (const n of [1, 2])
            thrown.push(...window.tried(`${what} ${n}`, () => window.reco("create", full)?.dispose?.call(undefined)));
        };
        for (const [what, value] of Object.entries(window.hostile())) {
          thrown.push(...window.tried(`create ${what}`, () => window.reco("create", value)));
          for (const name of names) make(`${name}: ${what}`, { [name]: value });
          for (const [outer, inner] of nested) {
            make(`${outer}.${inner}: ${what}`, { [outer]: { source: "tcf", [inner]: value } });
          }
        }
        for (const name of names)
          make(`${name}: get`, {
            get [name]() {
              throw new Error("secret of the page");
            },
          });
        return thrown;
      },
      [OPTIONS, NESTED],
    );
    assert.deepEqual(thrown, []);
    await page.evaluate(() => {
      window.reco("create", { destinations: { protocol: "batch", endpoint: "/v1/events" } });
      window.reco("click", { itemId: "good" });
    });
    await collector.expectStored({ itemId: "good" });
  },
);

/** A page whose option cannot be read. */
const throwing = (option) => site({ config: `${option}, batch: { maxWaitMs: 50 }` });
const GET = (name) => `get ${name}() { return fail(); }`;

for (const [option, field] of [
  [GET("identity"), "config.identity"],
  [GET("itemType"), "config.itemType"],
  [GET("queue"), "config.queue"],
  [GET("autoTrack"), "config.autoTrack"],
  [`queue: { ${GET("persist")} }`, "config.queue.persist"],
  ['identity: new Proxy({ userId: "a" }, { ownKeys: fail })', "config.identity"],
  ["respect: new Proxy({}, { getPrototypeOf: fail })", "config.respect"],
])
  scenario(
    `an option that cannot be read keeps its default: ${option}`,
    { site: throwing(option) },
    async ({ page, visit, collector }) => {
      await visit();
      await ready(page);
      await page.evaluate(() => window.reco("click", { itemId: "1" }));
      await collector.expectExactly({ itemId: "1", itemType: "1" });
      assert.deepEqual(await warnings(page), [{ code: "bad-type", field }]);
    },
  );

for (const [option, ...fields] of [
  [GET("consent"), "config.consent"],
  [GET("consentFrom"), "config.consentFrom", "config.consentFrom"],
  [`consentFrom: { ${GET("source")} }`, "config.consentFrom.source", "config.consentFrom"],
  [`consentFrom: { source: "google", ${GET("types")} }`, "config.consentFrom.types", "config.consentFrom.types"],
  [
    `consentFrom: { source: "google", types: ["a", { ${GET("b")} }] }`,
    "config.consentFrom.types[1].b",
    "config.consentFrom.types",
  ],
  [GET("consentfrom"), "config.consentfrom", "config.consentfrom"],
  ["consentFrom: new Proxy({}, { ownKeys: fail })", "config.consentFrom", "config.consentFrom"],
])
  scenario(
    `an option of consent that cannot be read is no yes: ${option}`,
    {
      site: site({
        head: `<script>${VALUES}dataLayer = [];
          (function () { dataLayer.push(arguments); })("consent", "update", { a: "granted", personalization_storage: "granted" });</script>`,
        config: `${option}, batch: { maxWaitMs: 50 }`,
      }),
    },
    async ({ page, context, visit, collector }) => {
      await visit();
      await ready(page);
      await page.evaluate(() => window.reco("click", { itemId: "1" }));
      await flush(page);
      await page.waitForTimeout(QUIET_MS);
      assert.deepEqual(await collector.stored(), []);
      assert.deepEqual(await kept(page, context), []);
      assert.deepEqual(
        (await warnings(page)).map(({ field }) => field),
        fields,
      );
      await page.evaluate(() => window.reco("consent", "granted"));
      await collector.expectExactly({ itemId: "1" });
    },
  );
