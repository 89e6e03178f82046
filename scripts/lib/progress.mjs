// Shows the progress of long tasks: step n of m, seconds, and the last line of the running tool. On a terminal it
// rewrites one line; in a log it prints lines, so that the run never appears to hang.

import { spawn } from "node:child_process";
import { atEnd } from "./ending.mjs";
import { Problem } from "./project.mjs";

const REDRAW_MS = 200;
const LOG_EVERY_MS = 30_000;
const KEPT_LINES = 400;

export const seconds = (since) =>
  `${((performance.now() - since) / 1000).toFixed(performance.now() - since < 9950 ? 1 : 0)} s`;

/** Runs the needed steps in order. A step is `{ label, run(task) }`; `task.say(line)` shows its progress. */
export async function steps(list) {
  for (const [index, step] of list.entries()) {
    await showing(`[${index + 1}/${list.length}] ${step.label}`, step.run);
  }
}

/** The running tasks: `{ heading, started, last }`. */
const running = new Set();
let timer;

const clearLine = () => (process.stdout.isTTY ? "\r\x1b[2K" : "");

/** Draws the running tasks: on one line of a terminal, or as lines in a log. */
function draw() {
  const lines = [...running].map(({ heading, started, last }) => `${heading}  ${seconds(started)}  ${last}`);
  if (!process.stdout.isTTY) return lines.forEach((line) => console.log(`      ${line}`));
  const width = Math.floor(((process.stdout.columns ?? 80) - 1) / Math.max(lines.length, 1)) - 3;
  process.stdout.write(clearLine() + lines.map((line) => line.slice(0, width)).join(" | "));
}

/** Runs a task under a heading and returns its result. Several may run at the same time. */
export async function showing(heading, run) {
  const task = { heading, started: performance.now(), last: "" };
  const live = process.stdout.isTTY;
  if (!live) console.log(`${heading} ...`);
  running.add(task);
  timer ??= setInterval(draw, live ? REDRAW_MS : LOG_EVERY_MS);
  const end = (word) => console.log(`${clearLine()}${heading}: ${word} ${seconds(task.started)}`);
  try {
    const result = await run({ say: (line) => (task.last = line.trim()) });
    end("done in");
    return result;
  } catch (error) {
    end("failed after");
    throw error;
  } finally {
    running.delete(task);
    if (running.size === 0) {
      clearInterval(timer);
      timer = undefined;
    }
  }
}

/**
 * Runs a command and resolves with its output. If it fails, the error has the complete output, because the first line
 * of a build error matters as much as the last.
 * @param {string} program
 * @param {string[]} args
 * @param {{ task?: { say(line: string): void }, env?: Record<string, string | undefined>, cwd?: string, input?: string
 * }} [options]
 * @returns {Promise<{ out: string, lines: string[] }>}
 */
export function command(program, args, { task, env, cwd, input } = {}) {
  return new Promise((resolve, reject) => {
    const child = spawn(program, args, {
      cwd,
      env: { ...process.env, CARGO_TERM_COLOR: "never", CARGO_TERM_PROGRESS_WHEN: "never", ...env },
      stdio: [input === undefined ? "ignore" : "pipe", "pipe", "pipe"],
    });
    const forget = atEnd(() => child.kill());
    const lines = [];
    let out = "";
    const read = (stream, keep) => {
      let rest = "";
      stream.setEncoding("utf8");
      stream.on("data", (text) => {
        if (keep) out += text;
        const whole = (rest + text).split("\n");
        rest = whole.pop();
        for (const line of whole) {
          lines.push(line);
          if (lines.length > KEPT_LINES) lines.shift();
          if (line.trim()) task?.say(line);
        }
      });
      stream.on("end", () => rest && lines.push(rest));
    };
    read(child.stdout, true);
    read(child.stderr, false);
    if (input !== undefined) child.stdin.end(input);
    child.on("error", (error) => {
      forget();
      reject(new Problem(`${program} cannot be run: ${error.message}`));
    });
    child.on("close", (code, signal) => {
      forget();
      if (code === 0) return resolve({ out, lines });
      const failure = new Problem(
        `${lines.join("\n")}\n\n${program} ${args.join(" ")}: ${signal ?? `exit code ${code}`}`,
      );
      reject(Object.assign(failure, { out, lines, code }));
    });
  });
}
