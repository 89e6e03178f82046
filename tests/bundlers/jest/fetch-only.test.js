/** @jest-environment jsdom */

const { createTracker } = require("recobeacon");
const silent = require("./silent");

test("with a fetch of the tests', but no TextDecoder, too", async () => {
  globalThis.fetch = jest.fn();
  await silent(createTracker);
  expect(fetch).not.toHaveBeenCalled();
});
