// Delivery by the drop-in: under a policy, offline, in old browsers, and never twice.

import assert from "node:assert/strict";
import { startTemporary } from "../../scripts/lib/collector.mjs";
import { scenario, until, useBrowser } from "./harness.mjs";
import { witness } from "./witness.mjs";
import { commands, kept, loaded, requests, resting, shop, warned } from "./ycq.mjs";

useBrowser();

const OFFLINE = [/ERR_INTERNET_DISCONNECTED/];
const POLICY = "default-src 'none'; script-src 'self' 'nonce-abc'; img-src 'self' data:";
const policy = (content) => `<meta http-equiv="Content-Security-Policy" content="${content}">`;
const push = (page, ...items) =>
  page.evaluate(
    (all) => window._ycq.push(...all),
    items.map((item) => ["_trackEvent", "1", "buy", item, "u1"]),
  );
const buys = (...items) => items.map((item) => ({ type: "buy", itemId: String(item) }));

scenario(
  "a policy with img-src alone",
  {
    site: shop({
      head: policy(POLICY),
      script: `window.told = 0; document.addEventListener("securitypolicyviolation", () => told++); ${commands(["_trackPageview", "1", "u1"], ["_trackPageview", "2", "u1"])}`,
    }),
    allow: [/Content Security Policy|Fetch API cannot load/],
  },
  async ({ page, visit, collector }) => {
    await visit();
    await collector.expectStored({ itemId: "1" }, { itemId: "2" });
    await push(page, 3);
    await collector.expectStored({ itemId: "1" }, { itemId: "2" }, { itemId: "3" });
    await resting(page);
    assert.equal((await collector.stored()).length, 3);
    assert.ok((await requests(page, 3)).every(({ by }) => by === "img"));
    assert.equal(await page.evaluate(() => window.told), 2, "a forbidden request is not tried again");
  },
);

const violation = (disposition) =>
  `document.dispatchEvent(new SecurityPolicyViolationEvent("securitypolicyviolation", { disposition: "${disposition}", effectiveDirective: "connect-src", violatedDirective: "connect-src", blockedURI: location.origin, documentURI: location.href, originalPolicy: "connect-src 'none'", statusCode: 200, bubbles: true }))`;

scenario(
  "a browser that reports the violation before the fetch fails",
  { site: shop() },
  async ({ page, visit, collector }) => {
    await visit();
    await loaded(page);
    // Chromium reports them in the other order.
    await page.evaluate((tell) => {
      window.fetch = () =>
        new Promise((_, reject) => {
          // biome-ignore lint/security/noGlobalEval: the page's own test code
          (0, eval)(tell);
          setTimeout(reject, 50);
        });
    }, violation("enforce"));
    await push(page, 1);
    await collector.expectExactly(...buys(1));
  },
);

scenario(
  "a policy that forbids only another host changes nothing",
  {
    site: shop({ head: policy(`${POLICY}; connect-src 'self'`) }),
    allow: [/Content Security Policy|Fetch API cannot load/],
  },
  async ({ page, visit, collector }) => {
    await visit();
    await loaded(page);
    await page.evaluate(() => fetch("http://other.test/").catch(() => {}));
    await push(page, 1);
    await collector.expectExactly(...buys(1));
    assert.deepEqual(
      (await requests(page, 1)).map(({ by }) => by),
      ["fetch"],
    );
  },
);

scenario(
  "a report-only policy changes nothing",
  {
    site: shop({ script: 'window.told = 0; document.addEventListener("securitypolicyviolation", () => told++);' }),
    allow: [/Content Security Policy|Fetch API cannot load/],
  },
  async ({ page, visit, collector }) => {
    await visit();
    await loaded(page);
    // Such a policy needs a header, which the collector does not send. The event alone simulates it.
    await page.evaluate(violation("report"));
    assert.equal(await page.evaluate(() => window.told), 1);
    await push(page, 1);
    await collector.expectExactly(...buys(1));
    assert.deepEqual(
      (await requests(page, 1)).map(({ by }) => by),
      ["fetch"],
    );
  },
);

scenario("a browser without keepalive", { site: shop() }, async ({ page, visit, collector }) => {
  // Such a `fetch` does not read the option.
  await page.addInitScript(() => {
    const { fetch } = window;
    window.fetch = (url, { method, mode, credentials, cache }) => fetch(url, { method, mode, credentials, cache });
  });
  await visit();
  await loaded(page);
  await push(page, 1, 2);
  await collector.expectStored(...buys(1, 2));
  assert.ok((await requests(page, 2)).every(({ by }) => by === "img"));
});

scenario("a browser without fetch", { site: shop() }, async ({ page, visit, collector }) => {
  await page.addInitScript(() => {
    delete window.fetch;
    delete window.Request;
  });
  await visit();
  await loaded(page);
  await push(page, 1);
  await collector.expectExactly(...buys(1));
});

scenario(
  "offline, then online, in a browser without locks",
  { site: shop(), allow: OFFLINE },
  async ({ page, visit, collector, context }) => {
    await page.addInitScript(() => Object.defineProperty(navigator, "locks", { value: undefined }));
    await visit();
    await loaded(page);
    await context.setOffline(true);
    await push(page, 1);
    await context.setOffline(false);
    await collector.expectExactly(...buys(1));
    assert.deepEqual(await kept(page), []);
  },
);

scenario("offline, then online", { site: shop(), allow: OFFLINE }, async ({ page, visit, collector, context }) => {
  await visit();
  await loaded(page);
  await context.setOffline(true);
  await push(page, 1, 2, 3);
  await resting(page);
  assert.deepEqual(
    (await kept(page)).map((url) => new URL(url).pathname),
    ["/api/00000/buy/u1/1/1", "/api/00000/buy/u1/1/2", "/api/00000/buy/u1/1/3"],
  );
  assert.deepEqual(await requests(page), [], "no request was started");
  await context.setOffline(false);
  await collector.expectStored(...buys(1, 2, 3));
  assert.deepEqual(await kept(page), []);
  await visit();
  await loaded(page);
  await push(page, 4);
  await collector.expectStored(...buys(4));
  assert.equal((await collector.stored()).length, 4);
});

scenario(
  "offline, and the next page opens before the network is back",
  { site: shop(), allow: OFFLINE },
  async ({ page, visit, collector, context }) => {
    await visit();
    await loaded(page);
    await context.setOffline(true);
    await push(page, 1);
    await page.close();
    await context.setOffline(false);
    const next = await context.newPage();
    await next.goto(collector.url);
    await collector.expectExactly(...buys(1));
  },
);

scenario(
  "offline in three tabs: each event is sent by one of them",
  { site: shop(), allow: OFFLINE },
  async ({ page, context, collector }) => {
    const tabs = [page, await context.newPage(), await context.newPage()];
    for (const tab of tabs) {
      await tab.goto(collector.url);
      await loaded(tab);
    }
    await context.setOffline(true);
    for (const [i, tab] of tabs.entries()) await push(tab, i * 2, i * 2 + 1);
    await context.setOffline(false);
    await collector.expectStored(...buys(0, 1, 2, 3, 4, 5));
    await resting(page);
    assert.equal((await collector.stored()).length, 6);
  },
);

scenario(
  "kept requests are limited in number and age",
  { site: shop(), allow: OFFLINE },
  async ({ page, visit, collector, context }) => {
    await visit();
    await loaded(page);
    await context.setOffline(true);
    await push(page, ...Array.from({ length: 130 }, (_, i) => i));
    const urls = await kept(page);
    assert.equal(urls.length, 100);
    assert.match(urls[0], /\/30$/, "the oldest are dropped");
    await page.evaluate((day) => {
      for (const key of Object.keys(localStorage).sort().slice(1)) localStorage.removeItem(key);
      const [key] = Object.keys(localStorage);
      for (const [age, item] of [
        [day + 1000, "old"],
        [day - 60_000, "young"],
      ])
        localStorage.setItem(key.replace(/\d+/, Date.now() - age), localStorage.getItem(key).replace(/30$/, item));
    }, 86_400_000);
    await context.setOffline(false);
    await collector.expectStored(...buys("young", 30));
    assert.equal((await collector.stored()).length, 2);
    assert.deepEqual(await kept(page), []);
  },
);

scenario(
  "without storage, requests are kept in memory",
  { site: shop(), allow: OFFLINE },
  async ({ page, visit, collector, context }) => {
    await page.addInitScript(() =>
      Object.defineProperty(window, "localStorage", {
        get() {
          throw new DOMException("no", "SecurityError");
        },
      }),
    );
    await visit();
    await loaded(page);
    await context.setOffline(true);
    await push(page, 1, 2);
    await context.setOffline(false);
    await collector.expectStored(...buys(1, 2));
    assert.equal((await collector.stored()).length, 2);
  },
);

scenario(
  "kept requests are not sent after the visitor has denied consent",
  { site: shop(), allow: OFFLINE },
  async ({ page, visit, collector, context, url }) => {
    await visit();
    await loaded(page);
    await context.setOffline(true);
    await push(page, 1);
    await context.addCookies([{ name: "reco_off", value: "1", url }]);
    await context.setOffline(false);
    await until(async () => (await kept(page)).length === 0, "the kept request is deleted");
    await resting(page);
    assert.deepEqual(await collector.stored(), []);
  },
);

scenario(
  "a request that failed online may have arrived and is not repeated",
  { site: shop({ load: false }), allow: [/ERR_CONNECTION_REFUSED/] },
  async ({ page, visit }) => {
    const first = await startTemporary();
    const listen = new URL(first.url).host;
    await first.stop();
    await visit();
    await page.evaluate((endpoint) => {
      const tag = document.createElement("script");
      tag.src = "/dist/ycq.js";
      tag.dataset.endpoint = endpoint;
      document.head.append(tag);
    }, first.url);
    await loaded(page);
    await push(page, 1);
    await resting(page);
    assert.deepEqual(await kept(page), []);
    const second = await startTemporary({ listen });
    try {
      await page.evaluate(() => dispatchEvent(new Event("online")));
      await push(page, 2);
      await witness(second).expectExactly(...buys(2));
      await resting(page);
      assert.equal((await witness(second).stored()).length, 1);
    } finally {
      await second.stop();
    }
  },
);

scenario(
  "without attributes requests go to Ibexa",
  { site: shop({ attributes: "" }), allow: OFFLINE },
  async ({ page, visit, context }) => {
    await visit();
    await loaded(page);
    // Offline, so that no request reaches Ibexa.
    await context.setOffline(true);
    await push(page, 128);
    assert.deepEqual(await kept(page), ["https://event.perso.ibexa.co/api/00000/buy/u1/1/128"]);
  },
);

scenario(
  "a fetch replaced by a broken function gives a warning and no exception",
  { site: shop() },
  async ({ page, visit, collector }) => {
    const warnings = warned(page);
    await visit();
    await loaded(page);
    await page.evaluate(() => {
      window.fetch = () => {
        throw new Error("broken");
      };
    });
    await push(page, 1);
    await resting(page);
    assert.deepEqual(await collector.stored(), []);
    assert.equal(warnings.length, 1);
    assert.match(warnings[0], /^ycq\.js: an exception was thrown; not sent: _trackEvent$/);
  },
);
