// npm run replay: invalid input that it refuses at the start, its report, and a small real run.

import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { test } from "node:test";
import { temporaryDirectory } from "../../scripts/lib/ending.mjs";
import { at } from "../../scripts/lib/project.mjs";
import { compare, report } from "../../scripts/replay/report.mjs";
import { parseSessions } from "../../scripts/replay/sessions.mjs";

const HEADER = "session_id;user_id;item_id;timeframe;eventdate";
const { path: directory } = temporaryDirectory();

test("views are ordered by timeframe within a session, and by file order if equal", () => {
  const sessions = parseSessions(
    `\uFEFF${HEADER}\r\n1;NA;10;500;2016-05-09\r\n2;NA;20;1;2016-05-09\r\n1;NA;11;-5;2016-05-09\r\n1;NA;12;500;2016-05-09\r\n`,
  );
  assert.deepEqual(sessions, [
    { id: "1", date: "2016-05-09", items: ["11", "10", "12"], times: [-5, 500, 500] },
    { id: "2", date: "2016-05-09", items: ["20"], times: [1] },
  ]);
});

for (const [what, lines, message] of [
  ["another header", ["session;user;item"], /f\.csv:1: expected the header/],
  ["a column too few", [HEADER, "1;NA;10;500;d", "1;NA;10;500"], /f\.csv:3: expected 5 columns .* found 4/],
  ["a column too many", [HEADER, "1;NA;10;500;d;x"], /f\.csv:2: expected 5 columns .* found 6/],
  ["an item that is not a number", [HEADER, "1;NA;x;500;d"], /f\.csv:2: item_id must be a positive integer, found "x"/],
  ["an item 0", [HEADER, "1;NA;0;500;d"], /f\.csv:2: item_id must be/],
  ["a session -1", [HEADER, "-1;NA;1;500;d"], /f\.csv:2: session_id must be/],
  ["a broken timeframe", [HEADER, "1;NA;1;1.5;d"], /f\.csv:2: timeframe must be an integer, found "1\.5"/],
  ["an empty line within", [HEADER, "1;NA;1;1;d", "", "1;NA;1;1;d"], /f\.csv:3: expected 5 columns/],
  ["no view at all", [HEADER, ""], /no product view/],
]) {
  test(`refused: ${what}`, () => assert.throws(() => parseSessions(lines.join("\n"), "f.csv"), { message }));
}

const row = (itemId, place, more = {}) => ({
  type: "click",
  anonymous: "v",
  stream: "s",
  seq: 0,
  id: `id${place}`,
  itemId,
  place,
  ...more,
});

test("the report counts what is missing, duplicated and out of order", () => {
  const made = ["1", "2", "3", "1"];
  const good = made.map((item, place) => row(item, place));
  assert.deepEqual(
    compare(made, good.toReversed()),
    { once: 4, missing: 0, duplicated: 0, outOfOrder: 0 },
    "the order of arrival does not matter",
  );
  assert.deepEqual(compare(made, good.slice(1)), { once: 3, missing: 1, duplicated: 0, outOfOrder: 0 });
  assert.deepEqual(compare(made, [...good, row("2", 9)]), { once: 4, missing: 0, duplicated: 1, outOfOrder: 0 });
  assert.deepEqual(compare(made, [row("2", 0), row("1", 1), row("3", 2), row("1", 3)]), {
    once: 4,
    missing: 0,
    duplicated: 0,
    outOfOrder: 1,
  });
  assert.equal(
    compare(made, [row("1", 0, { seq: 1 }), row("2", 1, { seq: 1 }), row("3", 0), row("1", 1)]).outOfOrder,
    2,
    "seq takes precedence over place",
  );
});

test("the report detects events of other visitors and sessions without a visitor", () => {
  const sessions = [
    { id: "1", items: ["1"] },
    { id: "2", items: ["2", "3"] },
  ];
  const result = report({
    sessions,
    visitors: new Map([["v", sessions[0]]]),
    rows: [row("1", 0), row("9", 1, { anonymous: "stranger" })],
    batches: [{ bytes: 200 }],
  });
  assert.equal(result.missing, 2);
  assert.equal(result.duplicated, 1);
  assert.equal(result.good, false);
});

const replay = (text) => {
  const file = join(directory, "sessions.csv");
  writeFileSync(file, text);
  return spawnSync(process.execPath, [at("scripts", "replay.mjs"), file], { encoding: "utf8" });
};

test("a malformed line stops the replay before anything starts", () => {
  const { status, stdout, stderr } = replay(`${HEADER}\n1;NA;1;1;d\n1;NA;one;1;d\n`);
  assert.equal(status, 1);
  assert.equal(stdout, "");
  assert.match(stderr, /sessions\.csv:3: item_id/);
});

test("a small replay stores everything once and in order", () => {
  const lines = Array.from({ length: 66 }, (_, i) => `${(i % 11) + 1};NA;${1000 - i};${(i * 7) % 66};2016-05-09`);
  // One long session whose events need several batches.
  const long = Array.from({ length: 45 }, (_, i) => `99;NA;${i + 1};${i};2016-05-09`);
  const { status, stdout, stderr } = replay([HEADER, ...lines, ...long, ""].join("\n"));
  assert.equal(status, 0, `${stdout}\n${stderr}`);
  const told = Object.fromEntries(
    [...stdout.matchAll(/^ {2}([a-z ]+?) {2,}([\d.,]+)/gm)].map(([, name, value]) => [name, value]),
  );
  assert.equal(told.sessions, "12");
  assert.equal(told.visitors, "12");
  assert.equal(told["events made"], "111");
  assert.equal(told["stored once"], "111");
  assert.deepEqual([told.missing, told.duplicated, told["out of order"]], ["0", "0", "0"]);
  assert.ok(Number(told["beacons used"]) >= 14, "one for each session, three for the long one");
});
