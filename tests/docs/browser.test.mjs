// The built site in Chromium, served by `npm run docs:preview`: its search, its tables on a phone, and the hosts that it asks.

import assert from "node:assert/strict";
import { spawn, spawnSync } from "node:child_process";
import { once } from "node:events";
import { createServer } from "node:net";
import { after, before, test } from "node:test";
import { launch } from "../../scripts/lib/browser.mjs";
import { atEnd, exitOnSignals } from "../../scripts/lib/ending.mjs";
import { at } from "../../scripts/lib/project.mjs";

const PHONE = { viewport: { width: 390, height: 844 }, isMobile: true, hasTouch: true };
/** So many results are visible without scrolling. */
const SEEN_AT_ONCE = 6;
/** The test waits for results, never for a time. This limit only ends one that has failed. */
const SEARCH_MS = 30_000;

exitOnSignals();

let server;
let site;
let chromium;

before(async () => {
  server = spawn(process.execPath, [at("scripts", "docs.mjs"), "--preview"], { stdio: ["ignore", "pipe", "inherit"] });
  atEnd(() => server.kill());
  let said = "";
  for await (const some of server.stdout.setEncoding("utf8")) {
    said += some;
    site = said.match(/http:\/\/localhost:\d+/)?.[0];
    if (site) break;
  }
  assert.ok(site, said);
  chromium = await launch();
});

after(async () => {
  await chromium?.close();
  server.kill();
  await once(server, "exit");
});

/** Opens a page of the site, and passes it to `body`. */
async function open(path, options, body) {
  const context = await chromium.newContext(options);
  try {
    const page = await context.newPage();
    await body(page, () => page.goto(site + path, { waitUntil: "networkidle" }));
  } finally {
    await context.close();
  }
}

test("the site asks no other host, with the search open and in both colours", async () => {
  await open("/", { colorScheme: "dark" }, async (page, visit) => {
    const asked = new Set();
    page.on("request", (request) => asked.add(new URL(request.url()).origin));
    const failed = [];
    page.on("response", (response) => {
      if (response.status() >= 400) failed.push(response.url());
    });
    await visit();
    await page.goto(`${site}/collector.html`, { waitUntil: "networkidle" });
    await page.locator(".VPNavBarSearch button").click();
    await page.fill(".VPLocalSearchBox input", "collector");
    await page.locator(".VPLocalSearchBox .result").first().waitFor();
    await page.keyboard.press("Escape");
    await page.locator(".VPNavBar .VPSwitchAppearance").first().click();
    await page.waitForLoadState("networkidle");
    // An image in a `data:` address has no origin.
    assert.deepEqual(
      [...asked].filter((origin) => origin !== "null"),
      [site],
    );
    assert.deepEqual(failed, []);
    assert.match(await page.locator("link[rel=icon]").getAttribute("href"), /^data:image\/svg\+xml,%3Csvg/);
  });
});

test("the search finds names with _ and -, their beginnings, and words", async () => {
  await open("/collector.html", {}, async (page, visit) => {
    await visit();
    await page.locator(".VPNavBarSearch button").click();
    for (const [query, expected] of [
      ["max_age_hours", "/forwarding.html#configuration"],
      ["address_rate", "/collector-monitoring.html#reasons"],
      ["reco_id_at", "/reference/cookies-and-keys.html#cookies"],
      ["data-reco-item-id", "/without-code.html#attributes"],
      ["missing-field", "/reference/errors.html#missing-field"],
      ["trusted_pro", "/forwarding.html#configuration"],
      ["single page", "/single-page-applications.html#single-page-applications"],
      ["dead letters", "/forwarding.html#dead-letters"],
    ]) {
      await page.fill(".VPLocalSearchBox input", query);
      const results = async () =>
        (await page.locator(".VPLocalSearchBox .result").all())
          .slice(0, SEEN_AT_ONCE)
          .map((one) => one.getAttribute("href"));
      // The results of the query before stand there for a moment. The first query waits for the index to load.
      let found;
      for (const end = performance.now() + SEARCH_MS; performance.now() < end && !found?.includes(expected); ) {
        await page.waitForTimeout(100);
        found = await Promise.all(await results());
      }
      assert.ok(found.includes(expected), `${query}: ${found}`);
    }
  });
});

test("the preview takes the port that is named", async () => {
  const probe = createServer().listen(0, "127.0.0.1");
  await once(probe, "listening");
  const { port } = probe.address();
  probe.close();
  for (const [args, env] of [
    [["--port", String(port)], {}],
    [[], { PORT: String(port) }],
  ]) {
    const child = spawn(process.execPath, [at("scripts", "docs.mjs"), "--preview", ...args], {
      env: { ...process.env, ...env },
      stdio: ["ignore", "pipe", "inherit"],
    });
    let said = "";
    for await (const some of child.stdout.setEncoding("utf8")) {
      said += some;
      if (/http:\/\/localhost:\d+/.test(said)) break;
    }
    child.kill();
    await once(child, "exit");
    assert.ok(said.includes(`http://localhost:${port}`), said);
  }
  const wrong = spawnSync(process.execPath, [at("scripts", "docs.mjs"), "--preview", "--port", "x"], {
    encoding: "utf8",
  });
  assert.equal(wrong.status, 1);
  assert.match(wrong.stderr, /--port must be a number from 1 to 65535, not "x"/);
});

test("a table that scrolls has a shadow at the edge behind which it goes on", async () => {
  await open("/collector.html", PHONE, async (page, visit) => {
    await visit();
    const table = page.locator("table").first();
    const edges = async () => {
      const box = await table.boundingBox();
      const shot = (x) => page.screenshot({ clip: { x, y: box.y + 60, width: 12, height: 40 } });
      return [await shot(box.x + 1), await shot(box.x + box.width - 13)];
    };
    await table.evaluate((one) => one.scrollIntoView({ block: "start", behavior: "instant" }));
    await page.evaluate(() => scrollBy({ top: -100, behavior: "instant" }));
    await table.evaluate((one) => {
      // Text and lines would differ between the edges, too.
      for (const cell of one.querySelectorAll("th, td, tr")) cell.style.cssText = "border: 0; color: transparent";
      for (const inner of one.querySelectorAll("td *, th *")) inner.style.cssText = "visibility: hidden";
    });
    const [left, right] = await edges();
    await table.evaluate((one) => one.scrollTo(one.scrollWidth, 0));
    const [leftAtEnd, rightAtEnd] = await edges();
    assert.notDeepEqual(right, rightAtEnd);
    assert.notDeepEqual(left, leftAtEnd);
    assert.deepEqual(left, rightAtEnd);
  });
});

test("on a phone no page is wider than the screen, and text in wide tables is not one word wide", async () => {
  for (const path of ["/collector.html", "/collector-monitoring.html", "/reference/events.html"]) {
    await open(path, PHONE, async (page, visit) => {
      await visit();
      const seen = await page.evaluate(() => ({
        page: document.documentElement.scrollWidth,
        tables: [...document.querySelectorAll("table")].map(({ clientWidth, scrollWidth }) => [
          clientWidth,
          scrollWidth,
        ]),
        text: [...document.querySelectorAll("td.text")].map(({ offsetWidth }) => offsetWidth),
      }));
      assert.equal(seen.page, PHONE.viewport.width, path);
      assert.ok(
        seen.tables.some(([shown, whole]) => shown < PHONE.viewport.width && whole > shown),
        `${path}: a table that scrolls`,
      );
      assert.ok(seen.text.length > 0 && seen.text.every((width) => width >= 200), `${path}: ${seen.text}`);
    });
  }
});
