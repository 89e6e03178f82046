/** @jest-environment ./browser.js */

const { createTracker } = require("recobeacon");

test("with fetch and TextDecoder in jsdom, an event arrives", async () => {
  const warnings = [];
  const tracker = createTracker({
    destinations: { protocol: "batch", endpoint: `${process.env.COLLECTOR}/v1/events` },
    onWarning: (warning) => warnings.push(warning),
  });
  tracker.click({ itemId: "jest" });
  await tracker.ready;
  await tracker.flush();
  expect(warnings).toEqual([]);
  expect(tracker.stats()).toMatchObject({ acknowledged: 1 });
});
