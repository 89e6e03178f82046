// @vitest-environment jsdom

import { createTracker } from "recobeacon";
import { expect, test } from "vitest";

test("in Vitest's jsdom, which has Node's fetch and TextDecoder, an event arrives", async () => {
  const warnings = [];
  const tracker = createTracker({
    destinations: { protocol: "batch", endpoint: `${process.env.COLLECTOR}/v1/events` },
    onWarning: (warning) => warnings.push(warning),
  });
  tracker.click({ itemId: "vitest" });
  await tracker.ready;
  await tracker.flush();
  expect(warnings).toEqual([]);
  expect(tracker.stats()).toMatchObject({ acknowledged: 1 });
});
