// The domain of the id cookie, on real host names: they all lead to this machine. The browser's own list of public suffixes decides.

import assert from "node:assert/strict";
import { flush, ready, scenario, tagged, useBrowser, warnings } from "./harness.mjs";

useBrowser({ args: ["--host-resolver-rules=MAP * 127.0.0.1"] });

/** Host, the cookie's domain, and another host of the site that has to have the same visitor. */
const HOSTS = [
  ["www.shop.example.co.uk", ".example.co.uk", "blog.example.co.uk"],
  ["example.co.uk", ".example.co.uk", "www.example.co.uk"],
  // A private suffix: every shop of it is a site of its own.
  ["shop.github.io", ".shop.github.io", "www.shop.github.io"],
  ["my-shop.myshopify.com", ".my-shop.myshopify.com", "checkout.my-shop.myshopify.com"],
  // A suffix that has a suffix.
  ["shop.city.kawasaki.jp", ".city.kawasaki.jp", "www.city.kawasaki.jp"],
  ["localhost", "localhost", undefined],
  ["127.0.0.1", "127.0.0.1", undefined],
];

for (const [host, domain, sibling] of HOSTS)
  scenario(
    `on ${host} the id cookie is for ${domain}`,
    { site: { "index.html": tagged() } },
    async ({ page, context, url, collector, hash }) => {
      const { port } = new URL(url);
      await page.goto(`http://${host}:${port}/`);
      await ready(page);
      await page.evaluate(() => window.reco("click", { itemId: 1 }));
      await flush(page);
      const cookies = await context.cookies();
      const id = cookies.find(({ name }) => name === "reco_id");
      assert.equal(id.domain, domain);
      assert.deepEqual(
        cookies.filter(({ name }) => name === "reco_probe"),
        [],
      );
      if (sibling) {
        await page.goto(`http://${sibling}:${port}/`);
        await ready(page);
        await page.evaluate(() => window.reco("click", { itemId: 2 }));
        await flush(page);
        const same = { anonymous: hash(id.value) };
        await collector.expectStored({ itemId: "1", ...same }, { itemId: "2", ...same });
      }
      assert.deepEqual(await warnings(page), []);
    },
  );

const REFUSING = `<script>Object.defineProperty(document, "cookie", { configurable: true, get: () => "", set() {} });</script>`;

scenario(
  "cookies that a consent tool refuses at first: they are written once it accepts them",
  { site: { "index.html": tagged().replace("<head>", `<head>${REFUSING}`) } },
  async ({ page, context, visit }) => {
    await visit();
    await ready(page);
    await page.evaluate(() => window.reco("login", "ada"));
    await flush(page);
    const ofTracker = async () => (await context.cookies()).filter(({ name }) => !name.startsWith("reco_ack_"));
    assert.deepEqual(await ofTracker(), []);
    await page.evaluate(() => delete document.cookie);
    await page.evaluate(() => window.reco("login", "grace"));
    await flush(page);
    const user = (await ofTracker()).find(({ name }) => name === "reco_user");
    assert.equal(user?.value, "grace");
    assert.equal(user.sameSite, "Lax");
  },
);
