// Cleans up at the end of this process: started processes, and temporary files.

import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { manifest } from "./project.mjs";

const endings = new Set();

// One listener for all of them: https://nodejs.org/api/events.html#eventsdefaultmaxlisteners
process.once("exit", () => {
  for (const end of [...endings].reverse()) end();
});

/**
 * Calls the synchronous function `end` when this process ends, the latest first. Returns a function that cancels it.
 */
export function atEnd(end) {
  endings.add(end);
  return () => endings.delete(end);
}

/** Ends this process normally on SIGINT and SIGTERM. By default Node ends it without its "exit" event. */
export function exitOnSignals() {
  for (const signal of ["SIGINT", "SIGTERM"]) process.once(signal, () => process.exit(1));
}

/**
 * Calls `stop` once on SIGINT or SIGTERM, and then ends this process. Returns a function that tells whether it was called. A terminal also sends
 * Ctrl-C to the started processes; `stop` then only waits for their end.
 */
export function stopOnSignals(stop) {
  let stopping = false;
  for (const signal of ["SIGINT", "SIGTERM"]) {
    process.on(signal, async () => {
      if (stopping) return;
      stopping = true;
      await stop();
      process.exit(0);
    });
  }
  return () => stopping;
}

/** A new directory, by default below the system's. `remove()` deletes it; the end of the process deletes it in any case. */
export function temporaryDirectory(parent = tmpdir()) {
  const path = mkdtempSync(join(parent, `${manifest.name}-`));
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

/**
 * A killed browser leaves up to 20 MB. From here on this process and its children use their own temporary directory.
 */
export function ownTemporaryDirectory() {
  process.env.TMPDIR = temporaryDirectory().path;
}
