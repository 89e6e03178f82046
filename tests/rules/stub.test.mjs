// The stub's regular expressions and numbers match the rules.

import assert from "node:assert/strict";
import { test } from "node:test";
import { MOST_OF_A_PAGE } from "../../www/recover/bounds.js";
import { MOST_EARLY, VISITOR_CALLS } from "../../www/rules.gen.js";
import { stubPage } from "./stub-page.mjs";

/** The methods that concern the page itself. */
const OF_THE_PAGE = ["create", "ready", "on", "consent", "consumeTimer", "stopTimer", "observeRecommendations"];

// Copies, because an array of another realm is never equal.
const verbs = (calls) => [...calls].map(([verb]) => verb);

test("calls about the visitor are for the next page, all others stay with a page that comes back", () => {
  const page = stubPage();
  page.reco("create", {});
  for (const verb of [...OF_THE_PAGE.slice(1, 3), ...OF_THE_PAGE.slice(4), ...VISITOR_CALLS]) page.reco(verb, {});
  page.reco("consent", "granted");
  page.leave();
  assert.deepEqual(verbs(page.queue()).sort(), [...OF_THE_PAGE].sort());
  const [text] = page.parked();
  const parked = verbs(JSON.parse(`[${text}0]`).slice(0, -1));
  for (const verb of VISITOR_CALLS) assert.ok(parked.includes(verb), verb);
});

test("the number of kept calls matches the rules, and a consent call is always kept", () => {
  const page = stubPage();
  page.reco("create", {});
  for (let n = 1; n < MOST_EARLY + 2; n++) page.reco("click", { itemId: n });
  page.reco("consent", "granted");
  const kept = page.queue().filter(Boolean);
  assert.equal(kept.length, MOST_EARLY + 1);
  assert.equal(kept.at(-1)[0], "consent");
  assert.equal(page.queue().length - kept.length, 2);
});

test("the number of parked characters matches the rules", () => {
  const page = stubPage();
  page.reco("create", {});
  for (let n = 0; n < 20; n++) page.reco("click", { itemId: n, title: "x".repeat(MOST_OF_A_PAGE / 10) });
  page.leave();
  const [text] = page.parked();
  assert.ok(text.length > MOST_OF_A_PAGE * 0.9 && text.length < MOST_OF_A_PAGE + 100, String(text.length));
  assert.equal(text.match(/,0/g).length, 11);
});

test("with identity.hash the ids of accounts are not parked, in any order of the calls", () => {
  const create = ["create", { identity: { userId: "jane@shop.example", hash: "sha256" } }];
  const login = ["login", "jane@shop.example"];
  const click = ["click", { itemId: 1, userId: "u" }];
  for (const [calls, kept] of [
    [
      [create, click, login, click, ["logout"]],
      ["create", "click", "click", "logout"],
    ],
    [
      [create, ["consent", "granted"], login, click],
      ["create", "consent", "click"],
    ],
    // What was said before is not known to be harmless.
    [[login, create, click], undefined],
    [
      [click, create, click],
      ["click", "create", "click"],
    ],
  ]) {
    const page = stubPage();
    for (const call of calls) page.reco(...call);
    assert.equal(page.queue().length, calls.length, "the tracker of this page gets all of them");
    page.leave();
    const [text] = page.parked();
    assert.doesNotMatch(String(text), /jane/);
    assert.deepEqual(text && verbs(JSON.parse(`[${text}0]`).slice(0, -1)), kept);
    if (text) assert.match(text, /"userId":"u"/, "a field of an event is no id of an account");
  }
});

test("without identity.hash the account is parked", () => {
  const page = stubPage();
  page.reco("create", { identity: { userId: "customer-1" } });
  page.reco("login", "customer-2");
  page.leave();
  const [text] = page.parked();
  assert.match(text, /customer-1.*customer-2/);
});
