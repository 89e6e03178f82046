// The collector's report: every figure equals a second computation from the events that the collector returns, and the
// page works in a browser, on phones, and with names of an attacker.

import assert from "node:assert/strict";
import { after, before, test } from "node:test";
import { launch } from "../../scripts/lib/browser.mjs";
import { readAll, startTemporary } from "../../scripts/lib/collector.mjs";
import { figures } from "../../scripts/replay/figures.mjs";
import { batches, CONFIG, NAMES, PLANS, send, tests } from "./report-sessions.mjs";

const DAY = 86_400_000;
const TOKEN = "a-token-of-32-characters-or-more";
const date = (ms) => new Date(ms).toISOString().slice(0, 10);

let collector;
let browser;
let stored;
let refused;
let today;

before(async () => {
  collector = await startTemporary({ config: CONFIG, inspector: false });
  const now = Date.now();
  today = Date.parse(date(now));
  refused = await send(collector, [...batches(now), ...tests(now)], now);
  const all = await Promise.all(["events", "batches", "orders"].map((name) => readAll(collector, `/v1/${name}`, name)));
  stored = { rows: all[0], batches: all[1], orders: all[2] };
  browser = await launch();
});
after(async () => {
  await browser?.close();
  await collector?.stop();
});

async function report({ from, to, customer = "" }) {
  const query = new URLSearchParams({ from, to, customer });
  const answer = await fetch(`${collector.adminUrl}/report/report.json?${query}`);
  assert.equal(answer.status, 200, await answer.clone().text());
  return answer.json();
}

for (const [what, first, last, customer] of [
  ["30 days", 29, 0, ""],
  ["60 days", 59, 0, ""],
  ["two days by the hour", 3, 2, ""],
  ["a day", 6, 6, ""],
  ["a day without events", 300, 300, ""],
  ["a customer", 29, 0, "shop-a"],
  ["no customer", 29, 0, "/"],
  ["an unknown customer", 29, 0, "shop-x"],
]) {
  test(`every figure equals the second computation: ${what}`, async () => {
    const question = { from: date(today - first * DAY), to: date(today - last * DAY), customer };
    const { madeAt, refused: shown, orders, ...rest } = await report(question);
    const { orders: expectedOrders, ...expected } = figures({ ...stored, ...question, now: madeAt, plans: PLANS });
    assert.ok(madeAt >= today);
    assert.deepEqual(rest, expected);
    assert.deepEqual(shown, last === 0 ? refused : []);
    // The list of orders has no customer.
    if (!customer) assert.deepEqual(orders, expectedOrders);
    if (what === "60 days") {
      for (const [name, rows] of Object.entries(rest))
        if (Array.isArray(rows)) assert.ok(rows.length > 0, `${name} must have rows for a proof`);
      for (const row of [...rest.delays, ...rest.clocks, ...orders]) assert.ok(row.percent > 0, JSON.stringify(row));
      assert.ok(rest.scenarios.some(({ revenue }) => revenue.length > 1));
      assert.ok(rest.delivery[0].copies > 0 && rest.totals[0].eventsWithoutVisitor > 0);
      assert.ok(rest.totals[0].visitors > 20);
      const found = (name) => new Set(rest.variants.map((row) => row[name]));
      assert.deepEqual(found("verdict"), new Set(["reference", "tooFew", "open", "higher", "lower"]));
      assert.deepEqual(found("splitWrong"), new Set([false, true]));
      assert.ok(rest.variants.some(({ difference, others }) => difference < 0 && others > 0));
      assert.ok(rest.variants.some(({ changed, counted, visitors }) => changed > 0 && counted < visitors));
    }
  });
}

/** The cells of a CSV file (RFC 4180). */
function cells(text) {
  const found = text.matchAll(/("(?:[^"]|"")*"|[^,\r\n]*)(,|\r\n)/g);
  const rows = [[]];
  for (const [, cell, end] of found) {
    rows.at(-1).push(cell.startsWith('"') ? cell.slice(1, -1).replaceAll('""', '"') : cell);
    if (end !== ",") rows.push([]);
  }
  return rows.slice(0, -1);
}

test("each CSV file has the figures of the JSON, and no cell is a formula", async () => {
  const question = { from: date(today - 59 * DAY), to: date(today) };
  const { from: _from, to: _to, madeAt: _madeAt, ...tables } = await report(question);
  const asText = (value) =>
    Array.isArray(value)
      ? value.map(({ amount, currency }) => `${amount} ${currency}`).join("; ")
      : typeof value === "string"
        ? value.replace(/^(?=[=+@-])/, "'")
        : typeof value === "boolean"
          ? String(value)
          : value;
  for (const [name, rows] of Object.entries(tables)) {
    const answer = await fetch(`${collector.adminUrl}/report/${name}.csv?${new URLSearchParams(question)}`);
    assert.match(answer.headers.get("content-type"), /^text\/csv/);
    assert.match(answer.headers.get("content-disposition"), /^attachment/);
    const [keys, ...values] = cells(await answer.text());
    assert.equal(values.length, rows.length, name);
    for (const [place, row] of rows.entries()) {
      for (const [column, key] of keys.entries()) {
        const [shown, expected] = [values[place][column], asText(row[key])];
        if (typeof expected === "number") assert.equal(Number(shown), expected, `${name} ${key}`);
        else assert.equal(shown, expected ?? "", `${name} ${key}`);
      }
    }
    // A negative number is none.
    assert.ok(!values.flat().some((cell) => /^(?:[=+@]|-(?!\d+\.\d\d$))/.test(cell)), name);
  }
});

async function open(options, address = `${collector.adminUrl}/report`) {
  const context = await browser.newContext(options);
  const page = await context.newPage();
  const messages = [];
  page.on("console", (message) => messages.push(message.text()));
  page.on("pageerror", (error) => messages.push(error.message));
  await page.goto(address);
  return { context, page, messages };
}

for (const colorScheme of ["light", "dark"]) {
  for (const width of [320, 390, 1280]) {
    test(`the page at ${width} px, ${colorScheme}`, async () => {
      const { context, page, messages } = await open({ viewport: { width, height: 800 }, colorScheme });
      const seen = await page.evaluate(() => ({
        hacked: globalThis.hacked,
        scrolls: document.documentElement.scrollWidth > innerWidth,
        scripts: document.querySelectorAll("script, img, [style], [onerror]").length,
        tables: [...document.querySelectorAll("table")].filter((table) => !table.caption?.textContent).length,
        charts: [...document.querySelectorAll("svg[role=img]")].map((svg) =>
          svg
            .getAttribute("aria-labelledby")
            .split(" ")
            .every((id) => document.getElementById(id)?.textContent),
        ),
        headings: [...document.querySelectorAll("h1, h2, h3")].map(({ localName }) => localName),
        smallest: Math.min(
          ...[...document.querySelectorAll("svg text")].map((text) =>
            Number.parseFloat(getComputedStyle(text).fontSize),
          ),
        ),
        back: getComputedStyle(document.body).backgroundColor,
      }));
      assert.deepEqual([seen.hacked, seen.scrolls, seen.scripts, seen.tables], [undefined, false, 0, 0]);
      assert.ok(seen.charts.length >= 8 && seen.charts.every(Boolean), `${seen.charts}`);
      assert.equal(seen.headings.filter((name) => name === "h1").length, 1);
      assert.ok(seen.smallest >= 13, "the labels of the charts do not shrink");
      assert.equal(seen.back === "rgb(255, 255, 255)", colorScheme === "light");
      assert.ok((await page.content()).includes("&lt;script&gt;") || (await page.content()).includes("&#60;script"));
      assert.deepEqual(messages, [], "nothing is blocked by the policy");
      await context.close();
    });
  }
}

test("the page works without JavaScript: another period and another customer", async () => {
  const { context, page } = await open({ javaScriptEnabled: false });
  const from = date(today - 3 * DAY);
  await page.fill("input[name=from]", from);
  await page.selectOption("select[name=customer]", "shop-b");
  await page.click("text=Show");
  const question = { from, to: date(today), customer: "shop-b" };
  assert.equal(new URL(page.url()).search, `?from=${from}&to=${question.to}&customer=shop-b`);
  const [{ events }] = figures({ ...stored, ...question, now: Date.now() }).totals;
  assert.equal(await page.textContent(".totals dd"), events.toLocaleString("en-US"));
  await context.close();
});

test("with a token the page asks for it once, and keeps it out of the address", async () => {
  const guarded = await startTemporary({ config: `admin_token = "${TOKEN}"\n`, inspector: false });
  try {
    const { context, page } = await open({}, `${guarded.adminUrl}/report?from=2026-01-05&to=2026-01-06`);
    await page.fill("input[name=token]", "wrong");
    await page.click("text=Show the report");
    assert.equal(await page.textContent("[role=alert]"), "The token is wrong.");
    await page.fill("input[name=token]", TOKEN);
    await page.click("text=Show the report");
    assert.equal(page.url(), `${guarded.adminUrl}/report?from=2026-01-05&to=2026-01-06`);
    assert.equal(await page.textContent("h2"), "Events over time");
    const [cookie, ...others] = await context.cookies(page.url());
    assert.deepEqual(others, []);
    const { name, path, httpOnly, sameSite } = cookie;
    assert.deepEqual([name, path, httpOnly, sameSite], ["reco_report", "/report", true, "Strict"]);
    assert.ok(!cookie.value.includes(TOKEN));
    const [file] = await Promise.all([page.waitForEvent("download"), page.click("a[href^='/report/days.csv']")]);
    assert.equal(file.suggestedFilename(), "days.csv");
    assert.equal((await page.goto(`${guarded.adminUrl}/v1/events`)).status(), 401);
    await page.goto(`${guarded.adminUrl}/report`);
    await page.click("text=Sign out");
    assert.equal(await page.locator("input[name=token]").count(), 1);
    await context.addCookies([cookie]);
    assert.equal((await page.goto(`${guarded.adminUrl}/report`)).status(), 401, "the session has ended");
    assert.ok(!guarded.log.join("\n").includes(TOKEN));
    await context.close();
  } finally {
    await guarded.stop();
  }
});

test("the names of the sessions are those of an attacker", () => {
  const scenarios = new Set(stored.rows.map(({ scenario }) => scenario));
  for (const name of Object.values(NAMES)) assert.ok(scenarios.has(name));
});
