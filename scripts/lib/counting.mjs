// Runs test programs and adds up their numbers.

import { command } from "./progress.mjs";
import { Problem, root } from "./project.mjs";

/** The summary of each test runner. A run may print several. */
const SUMMARIES = {
  // "test result: ok. 12 passed; 0 failed; 0 ignored; ...": cargo test and wasm-bindgen-test-runner
  cargo: /test result: \w+\. (?<passed>\d+) passed; (?<failed>\d+) failed; (?<skipped>\d+) ignored/g,
  // "pass 12 ... fail 0 ... cancelled 0 ... skipped 0": node --test
  node: /^\S+ pass (?<passed>\d+)\n\S+ fail (?<failed>\d+)\n\S+ cancelled (?<cancelled>\d+)\n\S+ skipped (?<skipped>\d+)/gm,
  // "35 passed, 0 failed": the scripts of this project
  script: /^(?<passed>\d+) passed, (?<failed>\d+) failed/gm,
};

function count(kind, text) {
  const sum = { passed: 0, failed: 0, skipped: 0 };
  for (const { groups } of text.matchAll(SUMMARIES[kind])) {
    sum.passed += Number(groups.passed);
    sum.failed += Number(groups.failed) + Number(groups.cancelled ?? 0);
    sum.skipped += Number(groups.skipped ?? 0);
  }
  return sum;
}

/**
 * The part of the output about failed tests. wasm-bindgen's runner prints hundreds of lines of the browser's console after
 * it, and `node --test` lines of other files before it.
 */
const FAILURES = {
  cargo: /^failures:\n[\s\S]*?^test result: .*$/gm,
  node: /^\S+ failing tests:\n[\s\S]*/gm,
};

/** A stack frame in the test module. Dozens of them precede the one of the test. */
const WASM_FRAME = /^ +at .*wasm-(?:function|bindgen)/;

/** The failed tests at the end of the message, where a truncated log still shows them. */
function withFailures(kind, error, text) {
  const failures = FAILURES[kind] && text.match(FAILURES[kind]);
  if (!failures) return error;
  const lines = failures.join("\n").split("\n");
  error.message += `\n\n${lines.filter((line) => !WASM_FRAME.test(line)).join("\n")}`;
  return error;
}

/**
 * Runs a test program and returns the numbers of passed and failed tests. A run without a test, or with a skipped one,
 * fails.
 * @param {keyof typeof SUMMARIES} kind
 * @param {{ say(line: string): void }} task
 * @param {string} program
 * @param {string[]} args
 * @param {object} [options] of `command`
 */
export async function counted(kind, task, program, args, options = {}) {
  let text;
  let error;
  try {
    text = (await command(program, args, { task, cwd: root, ...options })).out;
  } catch (failure) {
    error = failure;
    text = failure.out ?? "";
  }
  const sum = count(kind, text);
  if (!error && sum.passed === 0) error = new Problem(`${text}\n${program} ${args.join(" ")} has run no test.`);
  if (!error && sum.skipped > 0) error = new Problem(`${text}\n${sum.skipped} tests were skipped.`);
  // wasm-bindgen's runner passes without a test if `run_in_browser` is not configured.
  if (!error && /only configured to run in node/.test(text))
    error = new Problem(`${text}\nThe tests are not configured for the browser.`);
  // A crashed runner reports no failure.
  if (error) throw Object.assign(withFailures(kind, error, text), { sum: { ...sum, failed: Math.max(sum.failed, 1) } });
  return sum;
}

/** Runs a check that passes or fails as a whole. */
export async function check(task, program, args, options = {}) {
  await command(program, args, { task, cwd: root, ...options });
  return { passed: 1, failed: 0 };
}

export const total = (sums) =>
  sums.reduce((a, b) => ({ passed: a.passed + b.passed, failed: a.failed + b.failed }), { passed: 0, failed: 0 });
