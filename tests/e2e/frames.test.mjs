// Frames: a sandboxed frame without an origin, a frame of another site with its own id, and one that gets the id of the page around it.

import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { after } from "node:test";
import { temporaryDirectory } from "../../scripts/lib/ending.mjs";
import { at } from "../../scripts/lib/project.mjs";
import { blocks } from "../readme/blocks.mjs";
import { BANNERS } from "./banners/index.mjs";
import { answer, BANNER } from "./banners/visitor.mjs";
import { flush, ready, scenario, snippet, tagged, until, useBrowser, warnings } from "./harness.mjs";
import { withProfile } from "./profile.mjs";

const HOSTS = "--host-resolver-rules=MAP * 127.0.0.1";
useBrowser({ args: [HOSTS] });

/** Chromium with the setting "block third-party cookies". */
const blocking = () => {
  const { path, remove } = temporaryDirectory();
  after(remove);
  return withProfile(path, [HOSTS, "--test-third-party-cookie-phaseout"])();
};

const EMPTY = '<!doctype html><title>outer</title><link rel="icon" href="data:,">';
const frameOf = (page, part) => until(() => page.frames().find((each) => each.url().includes(part)), "the frame");

const [{ source, script }] = BANNERS;

scenario(
  "in a sandboxed frame all features work without storage, and nothing is thrown",
  {
    site: {
      "index.html": `${EMPTY}<iframe sandbox="allow-scripts" src="/frame.html" width="600" height="400"></iframe>`,
      "frame.html": tagged({
        head: `${BANNER}<script>banner.ask()</script>`,
        config: `consentFrom: "${source}", autoTrack: { attributes: true, jsonLd: true, routes: true, dataLayer: true }`,
        body: '<i data-reco="click" data-reco-item="5"></i><p data-reco-item="6" data-reco="consume" data-reco-consume="time:1000">x</p>',
      }),
      "banner.js": script,
    },
  },
  async ({ page, visit, collector }) => {
    await visit();
    const frame = await frameOf(page, "/frame.html");
    assert.equal(await frame.evaluate(() => origin), "null");
    await ready(frame);
    await frame.evaluate(() => {
      window.reco("click", { itemId: 7 });
      window.reco("login", "ada");
      window.reco("page");
    });
    await answer(frame, true);
    await flush(frame);
    await collector.expectStored({ itemId: "7" }, { type: "click", itemId: "5" }, { type: "login" });
    const rows = (await collector.stored()).map(({ anonymous }) => anonymous);
    assert.equal(new Set(rows).size, 1, "one visitor");
    assert.deepEqual(await warnings(frame), []);
    await frame.evaluate(() => window.reco("consent", "denied"));
    // The page is left with events in its queue.
    await page.goto("about:blank");
  },
);

/** Opens `https://<top>/` with the frame `https://<inner>/frame.html`, served by the collector, which has no https. */
async function openFrame({ context, page, url }, top, inner) {
  await context.unrouteAll();
  await context.route(/^https:/, async (route) => {
    const { hostname, pathname } = new URL(route.request().url());
    if (route.request().method() === "POST") return route.fulfill({ status: 204 });
    if (pathname === "/") {
      const frame = `<iframe src="https://${inner}/frame.html"></iframe>`;
      return route.fulfill({ contentType: "text/html", body: hostname === top ? EMPTY + frame : EMPTY });
    }
    return route.fulfill({ response: await route.fetch({ url: new URL(pathname, url).href }) });
  });
  await page.goto(`https://${top}/`);
  const frame = await frameOf(page, "/frame.html");
  await ready(frame);
  await frame.evaluate(() => window.reco("click", { itemId: 1 }));
  return frame.evaluate(() => new Promise((done) => window.reco("ready", ({ anonymousId }) => done(anonymousId))));
}

scenario(
  "a frame of another site has one id for each site around it",
  { site: { "frame.html": tagged() }, allow: [/ERR_/] },
  async (it) => {
    const first = await openFrame(it, "shop.test", "widget.example");
    const again = await openFrame(it, "shop.test", "widget.example");
    const elsewhere = await openFrame(it, "other.test", "widget.example");
    assert.match(first, /^\w{22}$/);
    assert.equal(again, first, "the id lasts longer than the page");
    assert.notEqual(elsewhere, first, "another site around it, another id");
    const ids = (await it.context.cookies()).filter(({ name }) => name === "reco_id");
    assert.deepEqual(
      ids.map(({ domain, sameSite, secure, partitionKey }) => [domain, sameSite, secure, partitionKey]).sort(),
      [
        [".widget.example", "None", true, "https://other.test"],
        [".widget.example", "None", true, "https://shop.test"],
      ],
    );
    const frame = await frameOf(it.page, "/frame.html");
    await frame.evaluate(() => window.reco("consent", "denied"));
    const left = await until(async () => {
      const cookies = (await it.context.cookies()).filter(({ name }) => name === "reco_id");
      return cookies.length === 1 && cookies;
    }, "the id is deleted");
    assert.equal(left[0].partitionKey, "https://shop.test");
  },
);

scenario(
  "where third-party cookies are blocked, a frame of another site has the same id, sends its events, and keeps none",
  { site: { "frame.html": tagged() }, allow: [/ERR_/], openContext: blocking },
  async (it) => {
    const sent = [];
    it.page.on("request", (request) => request.method() === "POST" && sent.push(request.postData()));
    const first = await openFrame(it, "shop.test", "widget.example");
    const frame = await frameOf(it.page, "/frame.html");
    await until(() => sent.length > 0, "the event");
    const { cookies, storage } = await frame.evaluate(() => {
      document.cookie = "third=1; Secure; SameSite=None";
      let storage;
      try {
        storage = localStorage.length;
      } catch (error) {
        storage = error.name;
      }
      return { cookies: document.cookie, storage };
    });
    assert.doesNotMatch(cookies, /third/, "third-party cookies are blocked");
    assert.equal(storage, "SecurityError");
    assert.deepEqual(await warnings(frame), []);
    assert.equal(await openFrame(it, "shop.test", "widget.example"), first);
    assert.notEqual(await openFrame(it, "other.test", "widget.example"), first);
  },
);

scenario(
  "a frame of the page's own site has the page's id",
  { site: { "frame.html": tagged() }, allow: [/ERR_/] },
  async (it) => {
    const framed = await openFrame(it, "www.shop.test", "widget.shop.test");
    const [{ domain, sameSite, value, partitionKey }] = (await it.context.cookies()).filter(
      ({ name }) => name === "reco_id",
    );
    assert.deepEqual([domain, sameSite, value, partitionKey], [".shop.test", "Lax", framed, undefined]);
  },
);

/** The examples, with the hosts of this test. */
const [outer, inner] = blocks(readFileSync(at("docs", "frames.md"), "utf8")).map(({ code }) =>
  // biome-ignore lint/suspicious/noTemplateCurlyInString: the page's own code.
  code.replaceAll(/"https:(\/\/\w+\.example)"/g, "`http:$1:${location.port}`"),
);

scenario(
  "a frame of another site that takes the id of the page around it, as docs/frames.md shows",
  {
    site: {
      "index.html": tagged({ script: outer, body: "<main></main>" }),
      "frame.html": `${EMPTY}<script>${snippet()}</script><script async src="/dist/reco.js"></script>
        <script>reco("click", { itemId: "in the frame" });${inner}</script>`,
    },
  },
  async ({ page, context, url, collector, hash }) => {
    const { port } = new URL(url);
    const open = async () => {
      await page.goto(`http://shop.example:${port}/`);
      await ready(page);
      await page.evaluate((source) => {
        window.reco("click", { itemId: "in the page" });
        document.querySelector("main").innerHTML = `<iframe src="${source}"></iframe>`;
      }, `http://widget.example:${port}/frame.html`);
      await flush(page);
    };
    await open();
    const rows = await collector.expectExactly({ itemId: "in the page" }, { itemId: "in the frame" });
    const id = (await context.cookies()).find(({ name }) => name === "reco_id");
    assert.equal(id.domain, ".shop.example");
    assert.deepEqual(
      rows.map(({ anonymous }) => anonymous),
      [hash(id.value), hash(id.value)],
    );
    // Another page around the frame is not answered, and the frame tracks nothing.
    await page.goto(`http://thief.example:${port}/`);
    await page.evaluate((source) => {
      window.heard = [];
      addEventListener("message", ({ data }) => window.heard.push(data));
      document.body.innerHTML = `<iframe src="${source}"></iframe>`;
    }, `http://widget.example:${port}/frame.html`);
    const frame = await frameOf(page, "/frame.html");
    await frame.waitForLoadState();
    await page.waitForTimeout(500);
    assert.deepEqual(await page.evaluate(() => window.heard), []);
    assert.equal((await collector.stored()).length, 2);
  },
);
