// The requirements for an environment in which the tracker has no effect: no call throws, waits, returns or prints
// anything.

module.exports = async (createTracker) => {
  const printed = ["warn", "error", "log", "debug"].map((name) => jest.spyOn(console, name));
  const tracker = createTracker({ destinations: { protocol: "batch", endpoint: "/v1/events" }, autoTrack: true });
  expect(tracker.click({ itemId: 1 })).toBeUndefined();
  expect(tracker.clik).toBeUndefined();
  tracker.consumeTimer({ itemId: 1 }, { by: "time", fullAfterMs: 1_000 }).stop();
  await tracker.ready;
  await tracker.flush();
  expect(tracker.stats()).toMatchObject({ accepted: 0, queued: 0 });
  tracker.dispose();
  for (const spy of printed) expect(spy).not.toHaveBeenCalled();
};
