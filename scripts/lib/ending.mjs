// What must not outlive this process: what it has started, and what it has written to the temporary directory.

import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { manifest } from "./project.mjs";

const endings = new Set();

// One listener for them all: https://nodejs.org/api/events.html#eventsdefaultmaxlisteners
process.once("exit", () => {
  for (const end of [...endings].reverse()) end();
});

/** Calls `end`, which cannot wait for anything, when this process ends, the latest first. Returns what takes that back. */
export function atEnd(end) {
  endings.add(end);
  return () => endings.delete(end);
}

/** Ends this process on SIGINT and SIGTERM in the usual way. Node's default is to end it without its "exit" event. */
export function exitOnSignals() {
  for (const signal of ["SIGINT", "SIGTERM"]) process.once(signal, () => process.exit(1));
}

/** A new directory. `remove()` deletes it, which is done at the end of the process in any case. */
export function temporaryDirectory() {
  const path = mkdtempSync(join(tmpdir(), `${manifest.name}-`));
  const forget = atEnd(() => remove());
  const remove = () => {
    forget();
    try {
      rmSync(path, { recursive: true, force: true, maxRetries: 5 });
    } catch {
      // A browser that is still ending writes to it.
    }
  };
  return { path, remove };
}

/** A browser that is killed leaves up to 20 MB behind: from here on this process and all that it starts have a temporary directory of their own. */
export function ownTemporaryDirectory() {
  process.env.TMPDIR = temporaryDirectory().path;
}
