// Loading of the script tag, and the effect of calls if it loads late, twice or not at all.

import assert from "node:assert/strict";
import { cpSync, rmSync } from "node:fs";
import { join } from "node:path";
import { temporaryDirectory } from "../../scripts/lib/ending.mjs";
import { blockingCookies, DIST, ready, scenario, snippet, tagged, until, useBrowser, warnings } from "./harness.mjs";

useBrowser();

const page = (options) => ({ "index.html": tagged(options) });

scenario(
  "calls made before the script has loaded keep their order and time",
  {
    site: page({
      load: false,
      script:
        'window.called = []; for (const itemId of [3, 1, 2]) { called.push(Date.now()); reco("click", { itemId }); }',
    }),
  },
  async ({ page, visit, collector }) => {
    await visit();
    const called = await page.evaluate(() => window.called);
    await until(async () => (await page.evaluate(() => Date.now())) > called.at(-1) + 50, "a later moment");
    await page.addScriptTag({ url: "/dist/reco.js" });
    await ready(page);
    await page.evaluate(() => window.reco("click", { itemId: 4 }));
    const rows = await collector.expectExactly({ itemId: "3" }, { itemId: "1" }, { itemId: "2" }, { itemId: "4" });
    rows
      .slice(0, 3)
      .forEach((row, i) =>
        assert.ok(Math.abs(row.at - called[i]) <= 5, `called at ${called[i]}, stored with ${row.at}`),
      );
    assert.ok(rows[3].at > called.at(-1) + 40);
    const ids = rows.map((row) => row.id);
    assert.deepEqual(ids, [...ids].sort(), "event ids of a stream rise");
  },
);

scenario(
  "calls made before create are kept as well",
  {
    site: {
      "index.html": `<!doctype html><title>A shop</title><link rel="icon" href="data:,"><script>${snippet()}</script>
        <script>reco("click", { itemId: 1 }); reco("create", { destinations: { protocol: "batch", endpoint: "/v1/events" } }); reco("click", { itemId: 2 });</script>
        <script async src="/dist/reco.js"></script>`,
    },
  },
  async ({ visit, collector }) => {
    await visit();
    await collector.expectExactly({ itemId: "1" }, { itemId: "2" });
  },
);

scenario(
  "a click on a link that leaves the page at once is stored",
  {
    site: {
      ...page({ body: `<a href="/next.html" onclick="reco('click', { itemId: 123 })">next</a>` }),
      "next.html": "<!doctype html><title>next</title><link rel=icon href='data:,'>",
    },
  },
  async ({ page, visit, collector }) => {
    await visit();
    await ready(page);
    await page.getByRole("link").click();
    await page.waitForURL(/next/);
    await collector.expectExactly({ type: "click", itemId: "123" });
  },
);

scenario("events queued when the tab is closed are stored", { site: page() }, async ({ page, visit, collector }) => {
  await visit();
  await ready(page);
  await page.evaluate(() => {
    for (let itemId = 1; itemId <= 45; itemId++) window.reco("click", { itemId });
  });
  await page.close();
  await collector.expectExactly(...Array.from({ length: 45 }, (_, i) => ({ type: "click", itemId: String(i + 1) })));
});

scenario(
  "an early reference to the stub still works later",
  { site: page({ load: false, script: 'window.taken = window.reco; taken("click", { itemId: 1 });' }) },
  async ({ page, visit, collector }) => {
    await visit();
    await page.addScriptTag({ url: "/dist/reco.js" });
    await ready(page);
    await page.evaluate(() => {
      window.taken("click", { itemId: 2 });
      window.taken.q.push(["click", [{ itemId: 3 }], Date.now()]);
      window.reco("click", { itemId: 4 });
    });
    await collector.expectExactly({ itemId: "1" }, { itemId: "2" }, { itemId: "3" }, { itemId: "4" });
  },
);

scenario(
  "two creates for one destination give one tracker and a warning",
  {
    site: page({
      script:
        'reco("create", { destinations: { protocol: "batch", endpoint: "/v1/events" } }); reco("click", { itemId: 1 });',
    }),
  },
  async ({ page, visit, collector }) => {
    await visit();
    await ready(page);
    await page.evaluate(() => window.reco("click", { itemId: 2 }));
    await collector.expectExactly({ itemId: "1" }, { itemId: "2" });
    assert.deepEqual(await warnings(page), [{ code: "config", field: "config.destinations" }]);
  },
);

scenario(
  "a second script tag changes nothing",
  { site: page({ script: 'reco("click", { itemId: 1 });' }) },
  async ({ page, visit, collector }) => {
    await visit();
    await ready(page);
    await page.addScriptTag({ url: "/dist/reco.js?again" });
    await page.evaluate(() => window.reco("click", { itemId: 2 }));
    await collector.expectExactly({ itemId: "1" }, { itemId: "2" });
  },
);

/** The results of a page's attempts to store something. */
function reads() {
  document.cookie = "probe=1";
  try {
    localStorage.setItem("probe", "1");
    return { cookie: document.cookie, storage: "open" };
  } catch (error) {
    return { cookie: document.cookie, storage: error.name };
  }
}

scenario(
  "cookies blocked by the visitor: the id is valid for this page, and events are sent",
  { site: page(), openContext: blockingCookies },
  async ({ page, visit, collector, context }) => {
    await visit();
    assert.deepEqual(await page.evaluate(reads), { cookie: "", storage: "SecurityError" }, "the profile blocks them");
    await ready(page);
    await page.evaluate(() => {
      window.reco("click", { itemId: 1 });
      window.reco("login", "ada");
      window.reco("buy", { itemId: 1, orderId: "o1" });
    });
    const rows = await collector.expectExactly(
      { type: "click", itemId: "1" },
      { type: "login" },
      { type: "buy", itemId: "1", orderId: "o1" },
    );
    assert.match(rows[0].anonymous, /^[0-9a-f]{32}$/);
    assert.equal(new Set(rows.map((row) => row.anonymous)).size, 1);
    assert.deepEqual(await context.cookies(), []);
    assert.deepEqual(await warnings(page), []);
  },
);

scenario(
  "in a sandboxed frame, where every access to storage throws, events are sent",
  {
    site: {
      "index.html":
        '<!doctype html><title>outer</title><link rel="icon" href="data:,"><iframe sandbox="allow-scripts" src="/frame.html"></iframe>',
      "frame.html": tagged(),
    },
  },
  async ({ page, visit, collector }) => {
    await visit();
    const frame = await until(() => page.frames().find((each) => each.url().endsWith("/frame.html")), "the frame");
    const blocked = await frame.evaluate(() => {
      try {
        return Boolean(localStorage) && false;
      } catch (error) {
        return error.name;
      }
    });
    assert.equal(blocked, "SecurityError");
    await ready(frame);
    await frame.evaluate(() => window.reco("click", { itemId: 7 }));
    await collector.expectExactly({ type: "click", itemId: "7", anonymous: /^[0-9a-f]{32}$/ });
    assert.deepEqual(await warnings(frame), []);
  },
);

const csp = (script) =>
  `<meta http-equiv="Content-Security-Policy" content="default-src 'none'; script-src 'self' 'nonce-abc' ${script}; connect-src 'self'; img-src data:">`;

scenario(
  "a strict content security policy with 'wasm-unsafe-eval'",
  { site: page({ head: csp("'wasm-unsafe-eval'"), nonce: "abc" }) },
  async ({ page, visit, collector }) => {
    await visit();
    await ready(page);
    await page.evaluate(() => window.reco("click", { itemId: 1 }));
    await collector.expectExactly({ itemId: "1" });
    assert.deepEqual(await warnings(page), []);
  },
);

/** Without module: one warning, and calls neither throw nor have any effect. */
async function withoutModule({ page, visit, collector }) {
  await visit();
  await until(async () => (await warnings(page)).length > 0, "a warning");
  const results = await page.evaluate(() => {
    const called = ["click", "basket", "buy", "consent", "login", "logout", "page", "dispose"].map((verb) => {
      try {
        return window.reco(verb, { itemId: 1 }) ?? null;
      } catch (error) {
        return `${verb} threw ${error}`;
      }
    });
    return { called, text: document.querySelector("h1").textContent };
  });
  assert.deepEqual(
    results.called.filter((result) => typeof result === "string"),
    [],
  );
  assert.equal(results.text, "unharmed");
  assert.deepEqual(
    (await warnings(page)).map(({ code }) => code),
    ["wasm-unavailable"],
  );
  assert.deepEqual(await collector.stored(), []);
}
const unharmed = { body: "<h1>unharmed</h1>", script: 'reco("click", { itemId: 1 });' };

const { path: lame } = temporaryDirectory();
cpSync(DIST, lame, { recursive: true });
rmSync(join(lame, "recobeacon.wasm"));
rmSync(join(lame, "fallback.js"));

scenario(
  "a policy without 'wasm-unsafe-eval', and no fallback.js, leave the page unharmed",
  {
    site: page({ ...unharmed, head: csp(""), nonce: "abc" }),
    dist: lame,
    allow: [/Content Security Policy|unsafe-eval|404|integrity/],
  },
  withoutModule,
);

scenario(
  "a missing module does not affect the page",
  { site: page(unharmed), dist: lame, allow: [/404|integrity/] },
  withoutModule,
);

scenario(
  "an invalid configuration gives one warning and sends nothing",
  { site: page({ destinations: '{ protocol: "carrier-pigeon" }', script: 'reco("click", { itemId: 1 });' }) },
  async ({ page, visit, collector }) => {
    await visit();
    await until(async () => (await warnings(page)).length > 0, "a warning");
    await page.evaluate(() => window.reco("click", { itemId: 2 }));
    assert.deepEqual(await warnings(page), [{ code: "config", field: "config.destinations.protocol" }]);
    assert.deepEqual(await collector.stored(), []);
  },
);
