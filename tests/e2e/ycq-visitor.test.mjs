// The drop-in's visitor id if the page does not name a user.

import assert from "node:assert/strict";
import { blockingCookies, scenario, useBrowser } from "./harness.mjs";
import { commands, loaded, requests, resting, shop } from "./ycq.mjs";

useBrowser();

const DAY_S = 86_400;
const GUID = /^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/;

const view = commands(["_trackPageview", "1"]);
const ycid = async (context) => (await context.cookies()).find(({ name }) => name === "YCID");

/** Whether the cookie lasts for 90 days from now. */
function lasts({ expires }) {
  const days = (expires - Date.now() / 1000) / DAY_S;
  assert.ok(Math.abs(days - 90) < 0.01, `${days} days`);
}

scenario(
  "a new visitor gets an id, and keeps it",
  {
    site: shop({
      script: commands(
        ["_trackPageview", "1"],
        ["_trackPageview", "2", ""],
        ["_trackPageview", "3", null],
        ["_trackPageview", "4", "undefined"],
      ),
    }),
  },
  async ({ page, visit, collector, context, hash }) => {
    await visit();
    const rows = await collector.expectStored({ itemId: "1" }, { itemId: "2" }, { itemId: "3" }, { itemId: "4" });
    const cookie = await ycid(context);
    assert.match(cookie.value, GUID);
    assert.deepEqual(
      { path: cookie.path, sameSite: cookie.sameSite, secure: cookie.secure, httpOnly: cookie.httpOnly },
      { path: "/", sameSite: "Lax", secure: false, httpOnly: false },
    );
    lasts(cookie);
    assert.deepEqual([...new Set(rows.map(({ user }) => user))], [hash(cookie.value)]);
    await visit();
    await collector.expectStored(...rows.map(({ user }) => ({ itemId: "1", user })).slice(0, 1), { itemId: "2" });
    assert.equal((await ycid(context)).value, cookie.value);
    await context.clearCookies();
    await page.evaluate(() => window._ycq.push(["_trackPageview", "5"]));
    const [fresh] = await collector.expectStored({ itemId: "5" });
    assert.notEqual(fresh.user, hash(cookie.value), "after deleting the cookie the visitor is a new one");
  },
);

scenario(
  "the cookie of the vendor's script is used and renewed",
  {
    site: shop({
      script: `localStorage.setItem("YCStore", '{"userId":"store"}'); document.cookie = "YCCookie=cookie"; ${view}`,
    }),
  },
  async ({ visit, collector, context, url, hash }) => {
    const id = "3F2504E0-4f89-11d3-9a0c-0305e82c3301";
    await context.addCookies([{ name: "YCID", value: id, url, expires: Date.now() / 1000 + DAY_S }]);
    await visit();
    await collector.expectExactly({ itemId: "1", user: hash(id) });
    const cookie = await ycid(context);
    assert.equal(cookie.value, id);
    lasts(cookie);
  },
);

scenario(
  "the stored id of the shop plugins is used",
  {
    site: shop({
      script: `localStorage.setItem("YCStore", JSON.stringify({ userId: "störe/1", expires: Date.now() + 60000 })); document.cookie = "YCCookie=cookie"; ${view}`,
    }),
  },
  async ({ visit, collector, context, hash }) => {
    await visit();
    await collector.expectExactly({ itemId: "1", user: hash("störe/1") });
    assert.equal((await ycid(context)).value, encodeURIComponent("störe/1"));
    await visit();
    await collector.expectExactly({ user: hash("störe/1") }, { user: hash("störe/1") });
  },
);

scenario(
  "their cookie is used, and an expired id is not",
  {
    site: shop({
      script: `localStorage.setItem("YCStore", JSON.stringify({ userId: "store", expires: Date.now() - 1 })); document.cookie = "YCCookie=cook%20ie"; ${view}`,
    }),
  },
  async ({ visit, collector, context, hash }) => {
    await visit();
    await collector.expectExactly({ itemId: "1", user: hash("cook ie") });
    assert.equal((await ycid(context)).value, "cook%20ie");
  },
);

for (const damaged of ["{", "null", "7", '{"userId":""}', '{"userId":"\\ud800"}', '{"expires":1}']) {
  scenario(
    `an invalid id is ignored: ${damaged}`,
    { site: shop({ script: `localStorage.setItem("YCStore", ${JSON.stringify(damaged)}); ${view}` }) },
    async ({ visit, collector, context, hash }) => {
      await visit();
      const [{ user }] = await collector.expectExactly({ itemId: "1" });
      const { value } = await ycid(context);
      assert.match(value, GUID);
      assert.equal(user, hash(value));
    },
  );
}

scenario(
  "cookies blocked by the visitor: the id is valid for this page",
  { site: shop({ script: commands(["_trackPageview", "1"], ["_trackPageview", "2"]) }), openContext: blockingCookies },
  async ({ page, visit, collector, context }) => {
    await visit();
    const rows = await collector.expectStored({ itemId: "1" }, { itemId: "2" });
    assert.deepEqual(await context.cookies(), []);
    assert.equal(rows[0].user, rows[1].user);
    const [{ address }] = await requests(page, 1);
    assert.match(address.split("/")[4], GUID);
  },
);

scenario(
  "the same in a sandboxed frame, where every access to storage throws",
  {
    site: {
      "index.html":
        '<!doctype html><title>outer</title><link rel="icon" href="data:,"><iframe sandbox="allow-scripts" src="/frame.html"></iframe>',
      "frame.html": shop({ script: view })["index.html"],
    },
  },
  async ({ visit, collector }) => {
    await visit();
    await collector.expectExactly({ itemId: "1", user: /./ });
  },
);

// The collector has no https, so the page and the script are served here. Only the cookie is checked.
scenario("on an https page the cookie is Secure", { site: shop() }, async ({ page, context, url }) => {
  await context.route("https://shop.test/**", async (route) => {
    const path = new URL(route.request().url()).pathname;
    if (path.startsWith("/api/")) return route.fulfill({ status: 204 });
    return route.fulfill({ response: await route.fetch({ url: new URL(path, url).href }) });
  });
  await page.goto("https://shop.test/");
  await loaded(page);
  await page.evaluate(() => window._ycq.push(["_trackPageview", "1"]));
  await resting(page);
  const cookie = await ycid(context);
  assert.deepEqual({ secure: cookie.secure, domain: cookie.domain }, { secure: true, domain: "shop.test" });
});
