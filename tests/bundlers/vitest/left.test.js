// @vitest-environment jsdom

import { createTracker } from "recobeacon";
import { test } from "vitest";

// Vitest fails a run in which a timer or a promise throws after the end of a file, when the document no longer exists.
test("a tracker that remains after a test causes no error", async () => {
  for (const endpoint of ["/v1/events", "http://127.0.0.1:1/v1/events"]) {
    const tracker = createTracker({ destinations: { protocol: "batch", endpoint }, batch: { maxWaitMs: 20 } });
    tracker.click({ itemId: 1 });
    await tracker.ready;
    tracker.basket({ itemId: 1 });
  }
  createTracker({ destinations: { protocol: "batch", endpoint: "/not-loaded-yet" } }).click({ itemId: 1 });
});
