// The build's removal of unused functions from the module's function table, on small modules in text form.

import assert from "node:assert/strict";
import { test } from "node:test";
import { withoutUnusedShims } from "../../scripts/build/table.mjs";

const CRATES = { bindgen: "wasm_bindgen[0a]", js: "js_sys[0b]", own: "recobeacon[0c]" };
const shim = (types) => `$"${CRATES.bindgen}::convert::closures::_::invoke::<${types}>"`;
const waker = `$"${CRATES.js}::futures::jspi::task_waker::raw_wake"`;
const task = `$"<${CRATES.js}::futures::jspi::SpawnedTask>::wake"`;
const rule = `$"${CRATES.own}::rule"`;

const moduleOf = (entries, functions, segment = "$0") =>
  [
    "(module",
    ` (elem ${segment} (i32.const 1) ${entries.join(" ")})`,
    ` (export "a" (func ${shim("(), true")}))`,
    ' (export "call" (func $call))',
    ...functions.map(
      ([name, ...calls]) => ` (func ${name} (param $0 i32)\n${calls.map((to) => `  (call ${to})\n`).join("")} )`,
    ),
    ")",
  ].join("\n");

const entriesOf = (text) => /\(i32\.const 1\) (.*)\)$/m.exec(text)[1];

test("a shim without an export leaves the table, an exported one stays", () => {
  const text = moduleOf([rule, shim("(), true"), shim("f64, u32, true")], [["$call", rule], [rule]]);
  assert.equal(entriesOf(withoutUnusedShims(text)), [rule, shim("(), true"), rule].join(" "));
});

test("a segment that names its table is read as well", () => {
  const entries = [rule, shim("f64, u32, true")];
  const text = moduleOf(entries, [["$call", rule], [rule]], "$0 (table $1)");
  assert.match(withoutUnusedShims(text), /\(elem \$0 \(table \$1\) /);
  assert.equal(entriesOf(withoutUnusedShims(text)), [rule, rule].join(" "));
});

test("a waker leaves the table if only it has a task", () => {
  const text = moduleOf([rule, waker], [["$call", rule], [rule], [waker, task], [task]]);
  assert.equal(entriesOf(withoutUnusedShims(text)), [rule, rule].join(" "));
});

test("a waker stays if a called function has a task, directly or indirectly", () => {
  const text = moduleOf(
    [rule, waker, shim("u32")],
    [["$call", "$start"], ["$start", task], [rule], [waker, task], [task]],
  );
  assert.equal(entriesOf(withoutUnusedShims(text)), [rule, waker, rule].join(" "));
});

test("a module whose names are unknown stops the build", () => {
  assert.throws(() => withoutUnusedShims(moduleOf([rule], [["$call", rule], [rule]])), /other names than this knows/);
  assert.throws(() => withoutUnusedShims("(module\n)"), /other names than this knows/);
});
