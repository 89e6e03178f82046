// Node, as in server-side rendering and in tests without a page.

import { createTracker } from "recobeacon";
import { expect, test, vi } from "vitest";

test("in Node every call is silently without effect", async () => {
  const printed = ["warn", "error", "log", "debug"].map((name) => vi.spyOn(console, name));
  const tracker = createTracker({ destinations: { protocol: "batch", endpoint: "/v1/events" }, autoTrack: true });
  expect(tracker.click({ itemId: 1 })).toBeUndefined();
  await tracker.ready;
  await tracker.flush();
  expect(tracker.stats()).toMatchObject({ accepted: 0 });
  for (const spy of printed) expect(spy).not.toHaveBeenCalled();
});
