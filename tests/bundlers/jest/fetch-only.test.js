/** @jest-environment jsdom */

const { createTracker } = require("recobeacon");
const silent = require("./silent");

test("with the tests' own fetch but without TextDecoder, every call is silently without effect", async () => {
  globalThis.fetch = jest.fn();
  await silent(createTracker);
  expect(fetch).not.toHaveBeenCalled();
});
